"""Lines that lie close: their boxes are cut so that each holds its own line, and together they cover what they did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcmaudit.detect.textnet.network import Map
from dcmaudit.model import Box

_INK = 0.3
"""From here ink may not be cut off by making a box smaller: less than what counts as ink elsewhere."""

_WIDE = 0.2
"""Part of the narrower box that must lie below the other for the two to be neighbours."""

_MOST = 0.6
"""Part of the lower box's height up to which two boxes may overlap and still be two lines."""


def set_apart(lines: Sequence[tuple[Box, float]], ink: Map) -> list[tuple[Box, float]]:
    """The boxes, each pair of neighbours one above the other cut where the least ink is between them.

    ``ink`` is the map at half the size of the picture in which the boxes lie. A cut is only made where no ink is lost
    by it: what one box gives up is in the other, or is empty.
    """
    boxes = [box for box, _ in lines]
    order = sorted(range(len(boxes)), key=lambda place: (boxes[place].top, boxes[place].left))
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            # All further ones begin below it, too: a cut makes boxes smaller only.
            if lines[other][0].top >= boxes[one].bottom:
                break
            cut = _cut(boxes[one], boxes[other], ink)
            if cut is not None:
                boxes[one], boxes[other] = cut
    return [(box, score) for box, (_, score) in zip(boxes, lines, strict=True)]


def _cut(upper: Box, lower: Box, ink: Map) -> tuple[Box, Box] | None:
    overlap, across = _overlap(upper, lower)
    if overlap <= 0 or overlap > _MOST * min(upper.height, lower.height):
        return None
    if across < _WIDE * min(upper.width, lower.width) or not upper.top < lower.top <= upper.bottom <= lower.bottom:
        return None
    left, right = max(upper.left, lower.left), min(upper.right, lower.right)
    rows = ink[lower.top // 2 : -(-upper.bottom // 2), left // 2 : -(-right // 2)].sum(axis=1)
    if not rows.size:
        return None
    middle = (rows.size - 1) / 2
    order = sorted(range(rows.size), key=lambda row: (round(float(rows[row]), 2), abs(row - middle)))
    for row in order:
        edge = min(upper.bottom, max(lower.top, 2 * (lower.top // 2 + row) + 1))
        if edge - upper.top < 2 or lower.bottom - edge < 2:
            continue
        lost = _beside(Box(upper.left, edge, upper.right, upper.bottom), lower) if edge < upper.bottom else []
        lost += _beside(Box(lower.left, lower.top, lower.right, edge), upper) if lower.top < edge else []
        # A cut may not leave letters outside of both boxes.
        if not any(_holds_ink(part, ink) for part in lost):
            return Box(upper.left, upper.top, upper.right, edge), Box(lower.left, edge, lower.right, lower.bottom)
    return None


def _overlap(upper: Box, lower: Box) -> tuple[int, int]:
    """Rows and columns that both have."""
    down = min(upper.bottom, lower.bottom) - max(upper.top, lower.top)
    return down, min(upper.right, lower.right) - max(upper.left, lower.left)


def _beside(strip: Box, other: Box) -> list[Box]:
    """What of a strip lies left and right of the other box."""
    out = []
    if strip.left < other.left:
        out.append(Box(strip.left, strip.top, min(strip.right, other.left), strip.bottom))
    if strip.right > other.right:
        out.append(Box(max(strip.left, other.right), strip.top, strip.right, strip.bottom))
    return out


def _holds_ink(box: Box, ink: Map) -> bool:
    part = ink[box.top // 2 : -(-box.bottom // 2), box.left // 2 : -(-box.right // 2)]
    return bool(np.any(part >= _INK))
