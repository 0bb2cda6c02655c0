"""Large boxes of another detector count where dcmaudit's own half sees lines as well.

RapidOCR boxes whole paragraphs and, on pictures without text, bodies. Boxes as small as a line are always believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.ocr.finding import Candidate
from dcmaudit.model import Box

Map = npt.NDArray[np.float32]

_HALF_SEEN = 0.3
"""From here a cell of the region map is half seen."""
_FILLED = 0.2
"""Part of a box that must be half seen."""
_SMALL = 0.01
"""Part of the plane up to which a box is that of a line, which the own detector need not see."""
_INSIDE = 0.6
"""Part of a line that lies in a box that holds it."""
_LEFT = 0.1
"""Part of what is half seen in a box that may lie outside of lines that were found for it to say nothing new."""
_FURTHER = 1.5
"""Heights of a line that a box goes on beside it, or between two, where it may say something new."""
_LINES = 3
"""So many lines below each other in a box, each found, say that it is none."""


@dataclass(slots=True)
class Backing:
    """The own detector's region maps, by the number of the plane's picture, each with the pixels of a cell's edge."""

    regions: dict[int, list[tuple[Map, int]]] = field(default_factory=dict)
    lines: list[Box] = field(default_factory=list)
    """What it found itself."""

    def take(self, number: int, region: Map, edge: int) -> None:
        """Keep the map of a picture, of which a cell is ``edge`` pixels of the plane wide and high."""
        self.regions.setdefault(number, []).append((region, edge))

    def backs(self, candidate: Candidate) -> bool:
        """Whether a box is no paragraph of lines that were found, and is small or holds what is half seen."""
        box = candidate.box
        if _rows(self.lines, box) >= _LINES:
            return False
        maps = self.regions.get(candidate.picture) or self.regions.get(0, [])
        if not maps:
            return True
        region, edge = maps[0]
        if all(self._says_nothing_new(one, pixels, box) for one, pixels in maps):
            return False
        if box.area <= _SMALL * region.size * edge**2:
            return True
        return max(_half_seen(one, pixels, box) for one, pixels in maps) >= _FILLED

    def _says_nothing_new(self, region: Map, edge: int, box: Box) -> bool:
        """Whether what is half seen in a box lies in lines that were found, but for little, and none of them may go
        on in it."""
        half = _part(region, edge, box) >= _HALF_SEEN
        if not half.any():
            return False
        seen = int(half.sum())
        for line in self.lines:
            common = line.intersection(box)
            if common is not None:
                half[_cells(edge, common, box)] = False
        return bool(half.sum() <= _LEFT * seen) and not _goes_on(self.lines, box)


def _cells(edge: int, inner: Box, box: Box) -> tuple[slice, slice]:
    top, left = box.top // edge, box.left // edge
    return (
        slice(inner.top // edge - top, -(-inner.bottom // edge) - top),
        slice(inner.left // edge - left, -(-inner.right // edge) - left),
    )


def _part(region: Map, edge: int, box: Box) -> Map:
    return region[box.top // edge : -(-box.bottom // edge), box.left // edge : -(-box.right // edge)]


def _half_seen(region: Map, edge: int, box: Box) -> float:
    part = _part(region, edge, box)
    return float((part >= _HALF_SEEN).mean()) if part.size else 0.0


def _goes_on(lines: Sequence[Box], box: Box) -> bool:
    """Whether a box leaves room for more letters along its longer side than those of the lines in it: of a faint line
    only the first ones may have been seen."""
    commons = [common for line in lines if (common := line.intersection(box)) is not None]
    high = max((min(common.width, common.height) for common in commons), default=0)
    if box.width >= box.height:
        spans, end, reached = [(common.left, common.right) for common in commons], box.right, box.left
    else:
        spans, end, reached = [(common.top, common.bottom) for common in commons], box.bottom, box.top
    longest = 0
    for first, last in [*sorted(spans), (end, end)]:
        longest, reached = max(longest, first - reached), max(reached, last)
    return longest > _FURTHER * high


def _rows(lines: Sequence[Box], box: Box) -> int:
    """How many lines below each other a box holds."""
    inside = []
    for line in lines:
        common = line.intersection(box)
        if common is not None and common.area >= _INSIDE * line.area and 5 * line.width >= 4 * line.height:
            inside.append(line)
    count, last = 0, -1
    for line in sorted(inside, key=lambda one: one.top + one.bottom):
        if line.top + line.bottom > 2 * last:
            count, last = count + 1, line.bottom
    return count
