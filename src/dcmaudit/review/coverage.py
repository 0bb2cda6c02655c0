"""Whether a place of a file is marked: by one rectangle or several, on one plane or on all of a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dcmaudit.model import Box, Everywhere, FrameAddress, PlaneAddress, PlaneKind, PlaneList, Scope, covered_area
from dcmaudit.review.openfile import applies
from dcmaudit.store import RectRow

_KINDS = {
    Everywhere.ALL_FRAMES: {PlaneKind.FRAME},
    Everywhere.ALL_OVERLAYS: {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY},
}


def frame_count(planes: PlaneList) -> int:
    """The number of image frames that can be shown."""
    return sum(len(group.frames) for group in planes.groups if group.kind is PlaneKind.FRAME)


def is_stored(rows: Iterable[RectRow], planes: PlaneList, box: Box, scope: Scope) -> bool:
    """Whether this very box is marked wherever ``scope`` says, by one mark or by one a plane."""
    return _on_each([row for row in rows if row.box == box], planes, scope, bool)


def is_covered(rows: Iterable[RectRow], planes: PlaneList, box: Box, scope: Scope) -> bool:
    """Whether marks leave no pixel of the box out wherever ``scope`` says."""
    return _on_each([row for row in rows if row.box], planes, scope, lambda found: _covers(found, box))


def _covers(rows: Sequence[RectRow], box: Box) -> bool:
    parts = [part for row in rows if row.box and (part := row.box.intersection(box)) is not None]
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
