"""Suggestions from similar images, by the method of the original tool.

Similar is a file with a tag row that is equal in modality, image type, rows, columns and model. Its rectangles
on the same frame and overlay are taken; those that differ by at most four pixels on every edge merge into their
union, and those inside another one are dropped. A shape is suggested as it is, see ``_shapes``. Where there are very
many such files the newest ones answer for all: an archive of a hundred thousand files of one device must not slow the
reviewer down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, Origin, PlaneAddress, Region, Verdict
from dcmaudit.model.addresstexts import scope_text, shared_columns
from dcmaudit.model.shapes import Shape, parse_stored, stored_text
from dcmaudit.store import rows
from dcmaudit.store.schema import hidden
from dcmaudit.store.session import Session

NEAR = 4
_CELL = 64
_VERDICTS = (Verdict.HARMLESS, Verdict.UNKNOWN, Verdict.IDENTIFYING)
_SUSPICION = {0: 0, 1: 2}
"""One identifying text among many harmless ones decides; what nobody judged is not harmless."""

NEWEST = 60
"""How many similar files are looked at."""

_FILES = """
SELECT id, filename FROM (SELECT id, filename FROM "DicomTags"
WHERE manufacturermodelname = :model AND modality = :modality AND "rows" = :rows AND "columns" = :columns
AND imagetype = :{kind} AND filename <> :filename ORDER BY id DESC LIMIT :newest) AS some_{kind}
"""
_QUERY = f"""
SELECT r."left", r."top", r."right", r."bottom", r.nerpii, t.id, {{everywhere}}
FROM ({_FILES.format(kind="type")} UNION {_FILES.format(kind="former")}) AS t
JOIN "DicomRects" r ON r.filename = t.filename {{linked}}
WHERE r.frame = :frame AND r.overlay = :overlay
AND r."left" >= 0 AND r."top" >= 0 AND r."right" >= r."left" AND r."bottom" >= r."top"{{alone}}
"""  # noqa: S608 (texts of ours)
_NO_SHAPE = """ AND NOT EXISTS (SELECT 1 FROM dcmaudit_expanded c JOIN dcmaudit_rects s ON s.id = c.own_id
WHERE c.rect_id = r.id AND s.shape IS NOT NULL)"""
"""Rectangles that cover a shape are suggested as that shape."""


_LINKED = {
    True: {
        "everywhere": "e.own_id IS NOT NULL",
        "linked": "LEFT JOIN dcmaudit_expanded e ON e.rect_id = r.id",
    },
    False: {"everywhere": "0", "linked": ""},
}
"""Whether the row stands for one frame of a rectangle on all frames; a database of an earlier version cannot tell."""

Found = tuple[int, ...]
"""Left, top, right and bottom, half-open; in how many files; how suspicious; whether (1 or 0) all frames were meant.

A plain tuple: hundreds are compared.
"""


_SHAPES = f"""
SELECT x.shape, x.scope, t.id
FROM ({_FILES.format(kind="type")} UNION {_FILES.format(kind="former")}) AS t
JOIN dcmaudit_rects x ON x.filename = t.filename
WHERE x.shape IS NOT NULL AND x.scope IN (:place, :everywhere)
ORDER BY t.id DESC, x.id DESC
"""  # noqa: S608 (texts of ours)
MOST_SHAPES = 5
"""Shapes that are suggested for one plane: the newest; and of regions to keep one alone, the device's mask."""


def similar(
    session: Session, filename: str, device: DeviceFacts, address: PlaneAddress, sop_class_uid: str | None
) -> list[Region]:
    """Rectangles of similar images for one plane; the reason says in how many files the most common one is."""
    place = shared_columns(address)
    if not (session.has_rects and session.has_tags):
        return []
    shapes = list(_shapes(session, filename, device, address, sop_class_uid)) if session.has_shapes else []
    # DicomRects has no numbers for such a plane: only shapes of our own table can lie on it.
    if place is None:
        return shapes
    found = session.rows(
        _QUERY.format(**_LINKED[session.has_expanded], alone=_NO_SHAPE if session.has_shapes else ""),
        {**_alike(filename, device, sop_class_uid), "frame": place[0], "overlay": place[1]},
    )
    return [*shapes, *(_region(item, address) for item in without_contained(merged(_counted(found))))]


def _alike(filename: str, device: DeviceFacts, sop_class_uid: str | None) -> dict[str, object]:
    """The values of the question which files are similar."""
    values = rows.device_values(device, sop_class_uid)
    image_type = str(values["imagetype"])
    return {
        "model": values["manufacturermodelname"],
        "modality": values["modality"],
        "rows": values["rows"],
        "columns": values["columns"],
        "type": image_type,
        # Older databases hold the list as Python writes it.
        "former": str(json.loads(image_type)),
        "newest": NEWEST,
        "filename": filename,
    }


def _shapes(
    session: Session, filename: str, device: DeviceFacts, address: PlaneAddress, sop_class_uid: str | None
) -> Iterator[Region]:
    """The shapes of similar images: the newest region that is kept, and the newest of those that are black inside."""
    places = {"place": scope_text(address), "everywhere": _everywhere(address)}
    found = session.rows(_SHAPES, {**_alike(filename, device, sop_class_uid), **places})
    files: dict[Shape, set[int]] = {}
    scopes: dict[Shape, str] = {}
    for text, scope, file in found:
        try:
            shape = parse_stored(str(text))
        except DcmauditError:
            continue
        files.setdefault(shape, set()).add(file)
        scopes.setdefault(shape, str(scope))
    refused = _refusals(session, files)
    kept = False
    # A mask that was refused in more images than it was drawn in is none of the device.
    for shape in [one for one in files if refused.get(one, 0) <= len(files[one])][: MOST_SHAPES + 1]:
        box = None if shape.size is None else shape.box(shape.size)
        # Two regions to keep would black each other's inside.
        if box is None or (shape.keep and kept):
            continue
        kept |= shape.keep
        images = "a similar image" if len(files[shape]) == 1 else f"{len(files[shape])} similar images"
        everywhere = scopes[shape] == Everywhere.ALL_FRAMES.value
        yield Region(
            box,
            address,
            Origin.SIMILAR,
            f"{shape.title}, drawn in {images} (same device, type and size)",
            applies_to=Everywhere.ALL_FRAMES if everywhere else None,
            shape=shape,
        )


def _refusals(session: Session, shapes: Iterable[Shape]) -> dict[Shape, int]:
    """In how many files each of the shapes was suggested and refused; the text of a shape names the size of its plane.

    A file in which it was refused on several planes counts once.
    """
    names = {stored_text(shape): shape for shape in shapes}
    query = select(hidden.c.shape, func.count(hidden.c.filename.distinct())).group_by(hidden.c.shape)
    found = session.connection.execute(query.where(hidden.c.shape.in_(names))) if names else ()
    return {names[str(text)]: int(count) for text, count in found}


def _everywhere(address: PlaneAddress) -> str:
    """The other scope that means this plane."""
    return Everywhere.ALL_FRAMES.value if isinstance(address, FrameAddress) else scope_text(address)


def _counted(found: Iterable[Sequence[Any]]) -> list[Found]:
    """Equal rectangles put together, sorted, so that what merges does not depend on the database's order.

    Counting here takes half the time of GROUP BY with a distinct count.
    """
    files: dict[tuple[int, int, int, int], set[int]] = {}
    suspicions: dict[tuple[int, int, int, int], int] = {}
    everywhere: set[tuple[int, int, int, int]] = set()
    for left, top, right, bottom, verdict, file, is_everywhere in found:
        if not type(left) is type(top) is type(right) is type(bottom) is int:
            continue  # SQLite keeps a word in a column for numbers
        edges = (top, left, bottom, right)
        suspicion = _SUSPICION.get(verdict, 1)
        if is_everywhere:
            everywhere.add(edges)
        known = files.get(edges)
        if known is None:
            files[edges], suspicions[edges] = {file}, suspicion
            continue
        known.add(file)
        suspicions[edges] = max(suspicions[edges], suspicion)
    return [
        (left, top, right + 1, bottom + 1, len(files[edges]), suspicions[edges], int(edges in everywhere))
        for edges in sorted(files)
        for top, left, bottom, right in [edges]
    ]


def _region(item: Found, address: PlaneAddress) -> Region:
    left, top, right, bottom, files, suspicion, everywhere = item
    images = "a similar image" if files == 1 else f"{files} similar images"
    return Region(
        Box(left, top, right, bottom),
        address,
        Origin.SIMILAR,
        f"marked in {images} (same device, type and size)",
        verdict=_VERDICTS[suspicion],
        applies_to=Everywhere.ALL_FRAMES if everywhere else None,
    )


def merged(boxes: Iterable[Found]) -> list[Found]:
    """Near ones united, in the order given, until no two are near. A grid keeps this from comparing all with all."""
    cells: dict[tuple[int, int], list[Found]] = {}
    for new in boxes:
        item = new
        while (near := _take_near(cells, item)) is not None:
            item = _united(item, near)
        cells.setdefault((item[0] // _CELL, item[1] // _CELL), []).append(item)
    return [item for cell in cells.values() for item in cell]


def _united(one: Found, other: Found) -> Found:
    """The box around both, with what the worse of them says."""
    left, top, right, bottom, *said = one
    left_2, top_2, right_2, bottom_2, *said_2 = other
    return (
        min(left_2, left),
        min(top_2, top),
        max(right_2, right),
        max(bottom_2, bottom),
        *map(max, said_2, said),
    )


def _take_near(cells: dict[tuple[int, int], list[Found]], box: Found) -> Found | None:
    """Remove and return one item near the box. Only cells that a near corner can lie in are looked at."""
    left, top, right, bottom, *_ = box
    first_x, last_x = (left - NEAR) // _CELL, (left + NEAR) // _CELL
    first_y, last_y = (top - NEAR) // _CELL, (top + NEAR) // _CELL
    for x in (first_x,) if first_x == last_x else (first_x, last_x):
        for y in (first_y,) if first_y == last_y else (first_y, last_y):
            cell = cells.get((x, y), ())
            for index, other in enumerate(cell):
                if (
                    -NEAR <= left - other[0] <= NEAR
                    and -NEAR <= top - other[1] <= NEAR
                    and -NEAR <= right - other[2] <= NEAR
                    and -NEAR <= bottom - other[3] <= NEAR
                ):
                    return cells[x, y].pop(index)
    return None


def without_contained(items: Iterable[Found]) -> list[Found]:
    """Those that lie in no other one, top to bottom."""
    kept: list[Found] = []
    for item in sorted(items, key=_area, reverse=True):
        left, top, right, bottom, *_ = item
        for other in kept:
            if other[0] <= left and other[1] <= top and other[2] >= right and other[3] >= bottom:
                break
        else:
            kept.append(item)
    return sorted(kept, key=lambda item: (item[1], item[0]))


def _area(item: Found) -> int:
    return (item[2] - item[0]) * (item[3] - item[1])
