"""Rectangles on all frames, and shapes, written once more as rows where the original's scripts look for them.

Such a rectangle is one row of our own table, for DicomRects has no numbers for "all frames" (frame -1 with overlay -1
means overlays too). Beside it stand *expanded* rows in DicomRects, frame 0 to the last, each linked to it. Whoever
reads through the store gets the one row and never the others. Where another program has deleted or changed an expanded
row, the one row says so as its problem, and the rows that are left count frame by frame.

A shape stands there as rectangles that cover it, see ``covers``; ``frames`` of such a row is the number of planes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, text, update

from dcmaudit.model import Everywhere
from dcmaudit.store import covers, schema
from dcmaudit.store.session import Session

MOST = covers.MOST
"""A rectangle on more frames than this stays one row."""

_PLACE = ("left", "top", "right", "bottom", "frame", "overlay")
_COPIED = tuple(name for name in schema.RECT_COLUMNS if name not in {"id", "frame", "overlay"})
_SAME = " AND ".join(f'r."{name}" = x."{name}"' for name in ("filename", "left", "top", "right", "bottom"))
_PAIRS = f"""
FROM dcmaudit_rects x LEFT JOIN dcmaudit_expanded e ON e.own_id = x.id
LEFT JOIN "DicomRects" r ON r.id = e.rect_id AND r.frame = e.frame AND r.overlay = -1 AND {_SAME}
"""
_COUNTS = f"SELECT x.id, x.frames, COUNT(r.id) {_PAIRS} WHERE x.frames IS NOT NULL"
_SHAPES = """
SELECT x.id, x.scope, x.frames, x.shape, r."left", r."top", r."right", r."bottom", r.frame, r.overlay
FROM dcmaudit_rects x LEFT JOIN dcmaudit_expanded e ON e.own_id = x.id
LEFT JOIN "DicomRects" r ON r.id = e.rect_id AND r.filename = x.filename
WHERE x.shape IS NOT NULL AND x.frames IS NOT NULL
"""
_LEFT = f"SELECT e.frame {_PAIRS} WHERE x.id = :own AND r.id IS NOT NULL"
_DELETE = 'DELETE FROM "DicomRects" WHERE id IN (SELECT rect_id FROM dcmaudit_expanded WHERE own_id = :own)'
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Expansions:
    """The rows of our own table that were expanded: those whose expanded rows are all there, and those where not."""

    whole: frozenset[int] = frozenset()
    broken: Mapping[int, int] = field(default_factory=dict)
    """By id the number of frames."""


def expansions(session: Session, filename: str | None = None) -> Expansions:
    """What became of the expanded rows of one file, or of all."""
    if filename is None:
        return _expansions(session, "", {})
    return _expansions(session, " AND x.filename = :filename", {"filename": filename})


def _expansions(session: Session, mine: str, values: dict[str, object]) -> Expansions:
    if not session.has_expanded:
        return Expansions()
    boxes = " AND x.shape IS NULL" if session.has_shapes else ""
    found = session.connection.execute(text(f"{_COUNTS}{boxes}{mine} GROUP BY x.id, x.frames"), values).all()
    whole = {own for own, frames, there in found if there == frames}
    broken = {own: frames for own, frames, there in found if there != frames}
    for own, (row, there) in (_of_shapes(session, mine, values) if session.has_shapes else {}).items():
        if covers.may_be_read(row) and Counter(covers.places(row, row["frames"])) == there:
            whole.add(own)
        else:
            broken[own] = row["frames"]
    return Expansions(frozenset(whole), broken)


def _of_shapes(
    session: Session, mine: str, values: dict[str, object]
) -> dict[int, tuple[dict[str, Any], Counter[Any]]]:
    """The shapes that are expanded, each with the places of the rows that are there for it."""
    found: dict[int, tuple[dict[str, Any], Counter[Any]]] = {}
    for own, scope, frames, shape, *place in session.connection.execute(text(f"{_SHAPES}{mine}"), values):
        there = found.setdefault(own, ({"scope": scope, "frames": frames, "shape": shape}, Counter()))[1]
        if place[4] is not None:
            there[tuple(place)] += 1
    return found


def problem(session: Session, own: int, frames: int, *, is_shape: bool = False) -> str:
    """What is wrong with a broken one, in words; frames count from 0, as in the database."""
    if is_shape:
        return (
            "a shape: rows in DicomRects that cover it for other programs were deleted or changed; what is left counts "
            "as rectangles; remove this entry in the reviewer, or draw the shape again"
        )
    left = set(session.connection.scalars(text(_LEFT), {"own": own}))
    missing = [frame for frame in range(frames) if frame not in left]
    named = ", ".join(map(str, missing[:_SHOWN])) + (f" and {len(missing) - _SHOWN} more" if missing[_SHOWN:] else "")
    rows = "all its rows" if not left else f"its rows for frame {named} of {frames}"
    return (
        f"a rectangle on all frames: {rows} in DicomRects were deleted or changed by another program; what is left "
        "counts frame by frame; remove this entry in the reviewer, or mark all frames again"
    )


def links(session: Session, own: int) -> tuple[tuple[int, int], ...]:
    """The ids and frames of the expanded rows of the row ``own`` of our table."""
    query = text("SELECT rect_id, frame FROM dcmaudit_expanded WHERE own_id = :own ORDER BY rect_id")
    return tuple((row[0], row[1]) for row in session.connection.execute(query, {"own": own}))


def expand(
    session: Session,
    own: int,
    values: Mapping[str, object],
    frames: int,
    former: Sequence[tuple[int, int]] = (),
) -> bool:
    """Write one row a frame for the row ``own`` of our table, with the columns ``values``; whether that can be done.

    ``former`` are the ids and frames that its rows had before they were removed: they get the same ones again.
    """
    copies = rows_of(values, frames)
    if not copies:
        return False
    # Put back under the same ids: whoever noted them still means the same rows.
    if len(former) == len(copies):
        copies = [{**copy, "id": number} for copy, (number, _) in zip(copies, sorted(former), strict=True)]
    rects = schema.rects
    made = session.connection.execute(insert(rects).returning(rects.c.id, rects.c.frame), copies).all()
    session.connection.execute(
        insert(schema.expanded), [{"rect_id": row[0], "own_id": own, "frame": row[1]} for row in made]
    )
    mine = schema.extra_rects
    session.connection.execute(update(mine).where(mine.c.id == own).values(frames=frames))
    return True


def rows_of(values: Mapping[str, object], frames: int) -> list[dict[str, object]]:
    """The rows of DicomRects, without ids, that stand for a row of our own table; empty where none may."""
    copied = {name: values.get(name) for name in _COPIED}
    return [{**copied, **dict(zip(_PLACE, place, strict=True))} for place in covers.places(values, frames)]


def withdraw(session: Session, owns: Collection[int]) -> None:
    """Delete the expanded rows of these rows of our table. Where another program was at them, what is left stays."""
    table = schema.expanded
    for own in owns:
        if _expansions(session, " AND x.id = :own", {"own": own}).whole:
            session.connection.execute(text(_DELETE), {"own": own})
        session.connection.execute(delete(table).where(table.c.own_id == own))


def to_expand(session: Session, filename: str, frames: int) -> list[Mapping[str, Any]]:
    """Rows of our table on all frames of the file that are not expanded yet, or to another number of frames."""
    if not session.has_own:
        return []
    query = text("SELECT * FROM dcmaudit_rects WHERE filename = :filename AND scope = :scope ORDER BY id")
    found = session.connection.execute(query, {"filename": filename, "scope": Everywhere.ALL_FRAMES.value})
    broken = expansions(session, filename).broken
    return [
        row
        for row in map(dict, found.mappings())
        if row.get("frames") != frames and row["id"] not in broken and _may_be_expanded(row, frames)
    ]


def not_expanded(session: Session) -> Iterator[tuple[Mapping[str, Any], int | None]]:
    """Rows of our table on all frames that are not expanded, each with the number of frames where that is known."""
    if not session.has_own:
        return
    kinds = "SELECT frames FROM dcmaudit_kinds k WHERE k.filename = x.filename" if session.has_learning else "NULL"
    query = text(f"SELECT x.*, ({kinds}) AS known FROM dcmaudit_rects x WHERE x.scope = :scope ORDER BY x.id")  # noqa: S608
    found = session.connection.execute(query, {"scope": Everywhere.ALL_FRAMES.value})
    for row in found.mappings():
        if row.get("frames") is None:
            values = dict(row)
            known = values.pop("known")
            yield values, known if isinstance(known, int) and _may_be_expanded(values, known) else None


def _may_be_expanded(row: Mapping[str, object], frames: int) -> bool:
    return 0 < frames <= MOST and covers.may_be_read(row) and bool(covers.places(row, 1))


def without_expanded(session: Session, table: str = '"DicomRects"') -> str:
    """A condition of SQL that leaves every expanded row out; empty for a database that has none."""
    if not session.has_expanded:
        return ""
    return f" AND NOT EXISTS (SELECT 1 FROM dcmaudit_expanded e WHERE e.rect_id = {table}.id)"  # noqa: S608
