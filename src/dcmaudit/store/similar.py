"""Suggestions from similar images, by the method of the original tool.

Similar is a file with a tag row that is equal in modality, image type, rows, columns and model. Its rectangles
on the same frame and overlay are taken; those that differ by at most four pixels on every edge merge into their
union, and those inside another one are dropped. Where there are very many such files the newest ones answer for
all: an archive of a hundred thousand files of one device must not slow the reviewer down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dcmaudit.model import Box, DeviceFacts, Origin, PlaneAddress, Region, Verdict
from dcmaudit.store import rows
from dcmaudit.store.database import Session

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
SELECT r."left", r."top", r."right", r."bottom", r.nerpii, t.id
FROM ({_FILES.format(kind="type")} UNION {_FILES.format(kind="former")}) AS t
JOIN "DicomRects" r ON r.filename = t.filename
WHERE r.frame = :frame AND r.overlay = :overlay
AND r."left" >= 0 AND r."top" >= 0 AND r."right" >= r."left" AND r."bottom" >= r."top"
"""  # noqa: S608 (texts of ours)


@dataclass(slots=True)
class _Found:
    box: Box
    files: int
    suspicion: int


def similar(
    session: Session, filename: str, device: DeviceFacts, address: PlaneAddress, sop_class_uid: str | None
) -> list[Region]:
    """Rectangles of similar images for one plane; the reason says in how many files the most common one is."""
    place = rows.shared_scope(address)
    if place is None or not (session.has_rects and session.has_tags):
        return []
    values = rows.device_values(device, sop_class_uid)
    image_type = str(values["imagetype"])
    found = session.rows(
        _QUERY,
        {
            "model": values["manufacturermodelname"],
            "modality": values["modality"],
            "rows": values["rows"],
            "columns": values["columns"],
            "type": image_type,
            # Older databases hold the list as Python writes it.
            "former": str(json.loads(image_type)),
            "newest": NEWEST,
            "filename": filename,
            "frame": place[0],
            "overlay": place[1],
        },
    )
    return [_region(item, address) for item in without_contained(merged(_counted(found)))]


def _counted(found: Iterable[Sequence[Any]]) -> list[_Found]:
    """Equal rectangles put together, sorted, so that what merges does not depend on the database's order.

    Counting here takes half the time of GROUP BY with a distinct count.
    """
    files: dict[tuple[int, int, int, int], set[int]] = {}
    suspicions: dict[tuple[int, int, int, int], int] = {}
    for left, top, right, bottom, verdict, file in found:
        edges = (top, left, bottom, right)
        files.setdefault(edges, set()).add(file)
        suspicions[edges] = max(suspicions.get(edges, 0), _SUSPICION.get(verdict, 1))
    return [
        _Found(Box.from_inclusive(left=left, top=top, right=right, bottom=bottom), len(files[edges]), suspicions[edges])
        for edges in sorted(files)
        for top, left, bottom, right in [edges]
    ]


def _region(item: _Found, address: PlaneAddress) -> Region:
    images = "a similar image" if item.files == 1 else f"{item.files} similar images"
    verdict = _VERDICTS[item.suspicion]
    return Region(
        item.box, address, Origin.SIMILAR, f"marked in {images} (same device, type and size)", verdict=verdict
    )


def _is_near(one: Box, other: Box) -> bool:
    return (
        abs(one.left - other.left) <= NEAR
        and abs(one.top - other.top) <= NEAR
        and abs(one.right - other.right) <= NEAR
        and abs(one.bottom - other.bottom) <= NEAR
    )


def merged(boxes: Iterable[_Found]) -> list[_Found]:
    """Near ones united, in the order given, until no two are near. A grid keeps this from comparing all with all."""
    cells: dict[tuple[int, int], list[_Found]] = {}
    for new in boxes:
        item = new
        while (near := _take_near(cells, item.box)) is not None:
            item = _Found(item.box.union(near.box), max(item.files, near.files), max(item.suspicion, near.suspicion))
        cells.setdefault(_cell(item.box), []).append(item)
    return [item for cell in cells.values() for item in cell]


def _cell(box: Box) -> tuple[int, int]:
    return box.left // _CELL, box.top // _CELL


def _take_near(cells: dict[tuple[int, int], list[_Found]], box: Box) -> _Found | None:
    """Remove and return one item near the box. Only cells that a near corner can lie in are looked at."""
    left, top, right, bottom = box.left, box.top, box.right, box.bottom
    for x in {(left - NEAR) // _CELL, (left + NEAR) // _CELL}:
        for y in {(top - NEAR) // _CELL, (top + NEAR) // _CELL}:
            cell = cells.get((x, y), ())
            for index, item in enumerate(cell):
                other = item.box
                if (
                    -NEAR <= left - other.left <= NEAR
                    and -NEAR <= top - other.top <= NEAR
                    and -NEAR <= right - other.right <= NEAR
                    and -NEAR <= bottom - other.bottom <= NEAR
                ):
                    return cells[x, y].pop(index)
    return None


def without_contained(items: Iterable[_Found]) -> list[_Found]:
    """Those that lie in no other one, top to bottom."""
    kept: list[_Found] = []
    for item in sorted(items, key=lambda item: item.box.area, reverse=True):
        if not any(other.box.contains(item.box) for other in kept):
            kept.append(item)
    return sorted(kept, key=lambda item: (item.box.top, item.box.left))
