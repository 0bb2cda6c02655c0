"""What was black on the screen without being a mark when a file was finished, as a row of ours a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select

from dcmaudit.errors import StoreCorruptError, UsageError
from dcmaudit.model import Box, Origin
from dcmaudit.model.addresstexts import parse_scope, scope_text
from dcmaudit.model.records import Stored
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.store import rows
from dcmaudit.store.bulk import among
from dcmaudit.store.schema import shown
from dcmaudit.store.session import Session


def read_screen(session: Session, filename: str) -> Screen | None:
    """The record of one file, None where it was finished by an earlier version, by another program or not at all.

    StoreCorruptError where it cannot be understood: what it says must not be passed over.
    """
    found = read_stored(session, filename)
    return None if found is None else _screen(found)


def read_many(session: Session, filenames: Sequence[str]) -> dict[str, Screen | StoreCorruptError]:
    """The same for each of the files that has a record, the error in its place where it cannot be understood."""
    if not session.has_expanded or not filenames:
        return {}
    chosen, bound = among(session, filenames)
    query = f"SELECT filename, policy, options, areas FROM dcmaudit_shown WHERE filename IN ({chosen})"  # noqa: S608
    found: dict[str, Screen | StoreCorruptError] = {}
    for row in session.rows(query, bound):
        stored = dict(zip(("filename", "policy", "options", "areas"), row, strict=True))
        try:
            found[str(row[0])] = _screen(stored)
        except StoreCorruptError as error:
            found[str(row[0])] = error
    return found


def _screen(found: Stored) -> Screen:
    try:
        areas = tuple(_area(item) for item in json.loads(str(found["areas"])))
        options = tuple(map(str, json.loads(str(found["options"]))))
        return Screen(PreviewPolicy(found["policy"]), options, areas)
    except (ValueError, TypeError, KeyError, UsageError) as error:
        raise StoreCorruptError(
            "what was shown black when the file was finished cannot be read",
            file=str(found["filename"]),
            hint="finish the file again in the reviewer",
        ) from error


def read_stored(session: Session, filename: str) -> Stored | None:
    """The row itself, for putting it back."""
    if not session.has_expanded:
        return None
    found = session.connection.execute(select(shown).where(shown.c.filename == filename)).mappings().first()
    return None if found is None else dict(found)


def write_screen(session: Session, filename: str, screen: Screen, user: str) -> None:
    """Replace the record of a file. The caller holds the file's lock."""
    areas = [
        {
            "scope": scope_text(area.scope),
            "box": list(area.box.inclusive),
            "origin": area.origin.value,
        }
        for area in screen.areas
    ]
    values = {
        "filename": filename,
        "policy": screen.policy.value,
        "options": json.dumps(screen.options),
        "areas": json.dumps(areas),
        "shown_at": rows.utc_now(),
        "shown_by": user,
    }
    restore(session, filename, values)


def restore(session: Session, filename: str, stored: Mapping[str, object] | None) -> None:
    """Put a row back as it was, or take the row away."""
    session.connection.execute(delete(shown).where(shown.c.filename == filename))
    if stored is not None:
        session.connection.execute(insert(shown).values(**stored))


def _area(item: Mapping[str, object]) -> ShownArea:
    box = item["box"]
    if not isinstance(box, list):
        raise TypeError("no box")
    left, top, right, bottom = map(int, box)
    scope = parse_scope(str(item["scope"]))
    return ShownArea(Box.from_inclusive(left=left, top=top, right=right, bottom=bottom), scope, Origin(item["origin"]))
