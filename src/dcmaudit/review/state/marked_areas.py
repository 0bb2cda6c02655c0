"""Whether an area of a file is marked: by one rectangle or several, on one plane or on all of a kind."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dcmaudit.model import (
    Box,
    Everywhere,
    FrameAddress,
    Origin,
    PlaneAddress,
    PlaneKind,
    PlaneList,
    Scope,
    covered_area,
)
from dcmaudit.model.records import RectRow
from dcmaudit.model.shapes import Shape
from dcmaudit.review.state.open_file import OpenFile, Suggestion, applies

HEADER = frozenset({Origin.RULE, Origin.ULTRASOUND})
"""What the header of a file leads to."""

_KINDS = {
    Everywhere.ALL_FRAMES: {PlaneKind.FRAME},
    Everywhere.ALL_OVERLAYS: {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY},
}


def frame_count(planes: PlaneList) -> int:
    """The number of image frames that can be shown."""
    return sum(len(group.frames) for group in planes.groups if group.kind is PlaneKind.FRAME)


def is_stored(rows: Iterable[RectRow], planes: PlaneList, box: Box, scope: Scope, shape: Shape | None = None) -> bool:
    """Whether this very box, or shape, is marked wherever ``scope`` says, by one mark or by one a plane."""
    return _on_each([row for row in rows if (row.box, row.shape) == (box, shape)], planes, scope, bool)


def is_covered(rows: Iterable[RectRow], planes: PlaneList, box: Box, scope: Scope) -> bool:
    """Whether marks leave no pixel of the box out wherever ``scope`` says."""
    return _on_each([row for row in rows if row.box], planes, scope, lambda found: _covers(found, box))


@dataclass(frozen=True, slots=True)
class _Covered:
    rects: Sequence[RectRow]
    suggestions: Sequence[Suggestion]
    planes: PlaneList
    ids: frozenset[str]


_KEPT: weakref.WeakKeyDictionary[OpenFile, _Covered] = weakref.WeakKeyDictionary()


def covered_ids(file: OpenFile) -> frozenset[str]:
    """The suggestions of the header that marks cover wherever they mean.

    Worked out once for every state of the marks, for it is asked at every step.
    """
    kept = _KEPT.get(file)
    if (
        kept is not None
        and kept.rects is file.rects
        and kept.suggestions is file.suggestions
        and kept.planes is file.planes
    ):
        return kept.ids
    found = frozenset(
        item.id
        for item in file.suggestions
        if item.region.origin in HEADER
        and is_covered(file.rects, file.planes, item.region.box, single_frame(file.planes, item.region.scope))
    )
    _KEPT[file] = _Covered(file.rects, file.suggestions, file.planes, found)
    return found


def _covers(rows: Sequence[RectRow], box: Box) -> bool:
    parts = [part for row in rows for one in row.boxes if (part := one.intersection(box)) is not None]
    return covered_area(parts) >= box.area


def _on_each(
    rows: Sequence[RectRow], planes: PlaneList, scope: Scope, enough: Callable[[Sequence[RectRow]], bool]
) -> bool:
    if not isinstance(scope, Everywhere):
        return enough([row for row in rows if row.scope is not None and applies(row.scope, scope)])
    wide = [row for row in rows if row.scope in {scope, Everywhere.ALL_PLANES}]
    if enough(wide):
        return True
    if scope is Everywhere.ALL_PLANES:
        return False
    single: dict[PlaneAddress, list[RectRow]] = {}
    for row in rows:
        if row.scope is not None and not isinstance(row.scope, Everywhere):
            single.setdefault(row.scope, []).append(row)
    groups = [group for group in planes.groups if group.kind in _KINDS[scope]]
    if len(single) < sum(len(group.frames) for group in groups) or not groups:
        return False
    addresses = (group.address(position) for group in groups for position in range(len(group.frames)))
    return all(enough([*wide, *single.get(address, ())]) for address in addresses)


def single_frame(planes: PlaneList, scope: Scope) -> Scope:
    """The scope, and for all frames of a file that has one only, that frame: older programs understand it, too."""
    return FrameAddress(0) if scope is Everywhere.ALL_FRAMES and frame_count(planes) == 1 else scope
