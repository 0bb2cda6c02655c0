"""Suggestions that somebody has hidden for a file: they stay hidden when it is opened again."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, insert, text

from dcmaudit.model import Box, Origin
from dcmaudit.model.addresstexts import parse_scope, scope_text
from dcmaudit.model.screen import ShownArea
from dcmaudit.model.shapes import stored_text
from dcmaudit.store import rows
from dcmaudit.store.covers import shape_of
from dcmaudit.store.part import StorePart
from dcmaudit.store.schema import HIDING, hidden


class Hiding(StorePart):
    """Places of a file that somebody has said no to."""

    def hide(self, filename: str, area: ShownArea) -> None:
        """Note that the suggestion of that place and origin is not wanted for the file; once, however often."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            session.connection.execute(delete(hidden).where(*_same(filename, area)))
            values = {"hidden_at": rows.utc_now(), "hidden_by": self.user}
            session.connection.execute(insert(hidden).values(filename=filename, **_values(area), **values))
            self._note(session, "suggestion hidden", filename, 1)

    def unhide(self, filename: str, area: ShownArea) -> None:
        """Take that back."""
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            session.connection.execute(delete(hidden).where(*_same(filename, area)))
            self._note(session, "suggestion shown again", filename, 1)

    def hidden(self, filename: str) -> set[ShownArea]:
        """What anybody has hidden for the file. UsageError for a row that is not understood."""
        if not rows.is_storable_name(filename):
            return set()
        with self._database.reading() as session:
            if not session.has(HIDING):
                return set()
            query = text("SELECT * FROM dcmaudit_hidden WHERE filename = :filename")  # an older shape has no shapes
            found = session.connection.execute(query, {"filename": filename}).mappings()
            return {
                ShownArea(
                    Box.from_inclusive(left=row["left"], top=row["top"], right=row["right"], bottom=row["bottom"]),
                    parse_scope(row["scope"]),
                    Origin(row["origin"]),
                    shape_of(dict(row)),
                )
                for row in found
            }


def _values(area: ShownArea) -> dict[str, object]:
    box = area.box
    edges = {"left": box.left, "top": box.top, "right": box.last_x, "bottom": box.last_y}
    shape = None if area.shape is None else stored_text(area.shape)
    return {**edges, "scope": scope_text(area.scope), "origin": area.origin.value, "shape": shape}


def _same(filename: str, area: ShownArea) -> list[ColumnElement[bool]]:
    return [hidden.c.filename == filename, *(hidden.c[name] == value for name, value in _values(area).items())]
