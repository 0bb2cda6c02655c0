"""Where the handled rectangle may go: pure arithmetic on boxes in the pixels of one plane.

The middle moves, and the whole rectangle stays inside the plane. A handle moves one or two edges; an edge that
is pulled across the opposite one turns the rectangle over, as people expect from drawing programs, and never
makes it smaller than one pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from dcmaudit.model import Box, Size


class Handle(Enum):
    """What of the rectangle is held. NEW is a drag that started on the empty image."""

    MIDDLE = "middle"
    TOP = "n"
    BOTTOM = "s"
    LEFT = "w"
    RIGHT = "e"
    TOP_LEFT = "nw"
    TOP_RIGHT = "ne"
    BOTTOM_LEFT = "sw"
    BOTTOM_RIGHT = "se"
    NEW = "new"


_WEST = {Handle.LEFT, Handle.TOP_LEFT, Handle.BOTTOM_LEFT}
_EAST = {Handle.RIGHT, Handle.TOP_RIGHT, Handle.BOTTOM_RIGHT, Handle.NEW}
_NORTH = {Handle.TOP, Handle.TOP_LEFT, Handle.TOP_RIGHT}
_SOUTH = {Handle.BOTTOM, Handle.BOTTOM_LEFT, Handle.BOTTOM_RIGHT, Handle.NEW}


_STEPS = 6


def first_box(size: Size, taken: Sequence[Box] = ()) -> Box:
    """The rectangle that a plane starts with: an upper left piece, or the first place that covers none of ``taken``.

    Where every place covers something it is the one that covers least.
    """
    width, height = max(1, size.width // 4), max(1, size.height // 8)
    left, top = size.width // 16, size.height // 16
    first = kept_inside(Box(left, top, left + width, top + height), size)
    best, least = first, _overlap(first, taken)
    for row in range(_STEPS + 1):
        for column in range(_STEPS + 1):
            if least == 0:
                return best
            left = (size.width - width) * column // _STEPS
            top = (size.height - height) * row // _STEPS
            box = kept_inside(Box(left, top, left + width, top + height), size)
            covered = _overlap(box, taken)
            if covered < least:
                best, least = box, covered
    return best


def _overlap(box: Box, taken: Sequence[Box]) -> int:
    return sum(part.area for other in taken if (part := box.intersection(other)) is not None)


def kept_inside(box: Box, size: Size) -> Box:
    """``box`` moved, and cut only where it is larger than the plane, so that it lies inside a plane of ``size``."""
    width, height = min(box.width, size.width), min(box.height, size.height)
    left = min(max(box.left, 0), size.width - width)
    top = min(max(box.top, 0), size.height - height)
    return Box(left, top, left + width, top + height)


def dragged(box: Box, handle: Handle, dx: int, dy: int, size: Size) -> Box:
    """``box`` after its ``handle`` was pulled by (dx, dy) pixels from where the drag began, inside ``size``."""
    if handle is Handle.MIDDLE:
        return kept_inside(box.moved(dx, dy), size)
    left, right = _edges(box.left, box.right, dx, low=handle in _WEST, high=handle in _EAST, limit=size.width)
    top, bottom = _edges(box.top, box.bottom, dy, low=handle in _NORTH, high=handle in _SOUTH, limit=size.height)
    return Box(left, top, right, bottom)


def _edges(first: int, last: int, move: int, *, low: bool, high: bool, limit: int) -> tuple[int, int]:
    """One axis of a resize: the edges after one of them moved, turned over and kept apart where needed."""
    first, last = min(max(first, 0), limit - 1), max(min(last, limit), 1)
    if low:
        first = min(max(first + move, 0), limit)
    elif high:
        last = min(max(last + move, 0), limit)
    # Pulled past the other edge: it goes on as that one.
    if first > last:
        first, last = last, first
    if first == last:
        # No pixel between the edges: grow towards the side where there is room.
        return (first, first + 1) if first < limit else (first - 1, first)
    return first, last
