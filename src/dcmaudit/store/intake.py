"""Marks that come from a list and not from a person at the screen: exports of this program or of the original."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import TableClause, update

from dcmaudit.errors import UsageError
from dcmaudit.model import Everywhere, FrameAddress
from dcmaudit.model.records import NewRect, RectRow, TagRecord
from dcmaudit.store import ledger, marks, rows, schema
from dcmaudit.store.part import StorePart
from dcmaudit.store.rect_ids import RectTable, rect_ref
from dcmaudit.store.session import Session


@dataclass(frozen=True, slots=True)
class ListedRect:
    """A rectangle of a list. ``modified`` and ``by`` say when and by whom it was made, where the list says so."""

    rect: NewRect
    modified: str | None = None
    by: str | None = None


class KnownPlaces:
    """What the database has of one file: asked for each line of a list, which may have ten thousands of them."""

    def __init__(self, rows: Iterable[RectRow]) -> None:
        sound = [row for row in rows if row.problem is None]
        self._places = {(row.box, row.scope, int(row.engine), row.shape) for row in sound}
        self._everywhere = {row.shape for row in sound if row.scope is Everywhere.ALL_FRAMES}

    def has(self, rect: NewRect) -> bool:
        """Whether a row has the same place, scope and engine; of a shape, one on all frames has its own."""
        if rect.shape is not None and isinstance(rect.scope, FrameAddress) and rect.shape in self._everywhere:
            # Lists have a shape once for each frame; here it may be one row for all of them.
            return True
        return (rect.box, rect.scope, int(rect.engine), rect.shape) in self._places


def listed_tag(values: Mapping[str, object]) -> TagRecord:
    """The tag row of a line with the columns of DicomTags, in lower case. UsageError where its mark is none."""
    mark = str(values.get("mark") or "").strip().upper()
    if mark not in _MARKS:
        raise UsageError("mark is neither true nor false", hint="allowed: True, False, T, F, 1, 0")
    numbers = {name: _whole(values.get(name)) for name in ("rows", "columns")}
    comment = str(values.get("comment") or "") or None
    return rows.tag_record({**values, **numbers, "mark": _MARKS[mark], "comment": comment})


_MARKS = {"T": "T", "TRUE": "T", "1": "T", "F": "F", "FALSE": "F", "0": "F"}


def _whole(value: object) -> int | None:
    # Spreadsheets write whole numbers as 512.0 where a column has gaps.
    text = str(value or "").strip().removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) < 10 else None


class Intake(StorePart):
    """Takes the marks of one file into the database, all of them or none."""

    def take_in(self, filename: str, rects: Sequence[ListedRect], tag: TagRecord | None) -> None:
        """Add the rectangles and write the tag row, each with the time and user that the list names.

        UsageError for a name that no row can hold, or a box outside every plane. What is known of how far somebody
        looked at the file is forgotten where its tag row changes, for a list says nothing about that.
        """
        rows.check_name(filename)
        with self._database.writing(filename) as session:
            ids = marks.add_rects(session, filename, [one.rect for one in rects], self.user)
            for name, one in zip(ids, rects, strict=True):
                source, number = rect_ref(name)
                table = schema.rects if source is RectTable.SHARED else schema.extra_rects
                _stamp(session, table, {"id": number}, one.modified, one.by)
            if rects:
                self._note(session, "rectangles imported", filename, len(rects))
            if tag is not None:
                self._take_tag(session, filename, tag)

    def _take_tag(self, session: Session, filename: str, tag: TagRecord) -> None:
        marks.write_tag(
            session, filename, marked=tag.marked, comment=tag.comment, device=tag.device, sop_class_uid=None,
            user=self.user,
        )  # fmt: skip
        modified = None if tag.modified is None else tag.modified.strftime("%Y-%m-%d %H:%M:%S")
        _stamp(session, schema.tags, {"filename": filename}, modified, tag.modified_by)
        ledger.forget_done(session, filename)
        self._note(session, "tag imported" if tag.marked else "done, imported", filename, 1)


def _stamp(
    session: Session, table: TableClause, where: Mapping[str, Any], modified: str | None, by: str | None
) -> None:
    values = {"last_modified": modified, "last_modified_by": by}
    named = {name: rows.storable(value) for name, value in values.items() if value}
    if named:
        found = [table.c[name] == value for name, value in where.items()]
        session.connection.execute(update(table).where(*found).values(**named))
