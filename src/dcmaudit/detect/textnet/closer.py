"""A second look at what was half seen: each place turned upright, at the size that the network knows best, stretched.

Faint lines, and lines that lie askew, are seen well like that; what is no text is not. All of it in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dcmaudit.detect.textnet.boxes import RULE, SHRUNK, Rule, TextLine, box_around
from dcmaudit.detect.textnet.network import Picture, TextMaps, TextNet
from dcmaudit.detect.textnet.slants import Slant, slant_along, slant_of
from dcmaudit.detect.textnet.upright import stretched, turned
from dcmaudit.detect.vision import components, highest_of
from dcmaudit.model import Box

_LOW, _LIKELY = 0.3, 0.4
"""A place reaches as far as the region map stays above the first, and is looked at where it comes up to the second."""

_FEWEST = 6
"""Cells of a place."""
_MOST = 24
"""Places of one picture that are looked at, the likeliest of them."""

_HIGHEST, _AREA = 64, 0.05
"""Pixels that a line is high at most, and part of the picture that it takes: what is half seen and larger is a body."""

_HEIGHTS = (20, 14, 28)
"""Pixels that the line is high in each of the looks; the last is without stretching."""
_FIRST, _ALL = 0.7, 0.85
"""What the first look must say for the others to be taken, and what all of them must say on average."""

_AROUND = 1.2
"""Heights of surroundings on each side."""
_LARGEST = 4
"""Times that a place is enlarged at most."""
_WIDEST, _SMALLEST = 512, 48
"""Pixels of a look's edge."""
_SLENDER = 2.0
"""A place so many times as long as wide lies along its own direction, any other one upright."""
_TAKEN = 0.5
"""Part of a place that lies in lines that were found: then it is the end of one."""


@dataclass(frozen=True, slots=True)
class _Place:
    slant: Slant
    best: float

    @property
    def height(self) -> float:
        """Of the line, in pixels."""
        return max(6.0, 2 * self.slant.thickness / (1 - 2 * SHRUNK))

    @property
    def length(self) -> float:
        """In pixels."""
        return 2 * self.slant.length


def closer_lines(
    net: TextNet, picture: Picture, maps: TextMaps, taken: Sequence[Box], rule: Rule = RULE
) -> list[TextLine]:
    """Lines that a closer look shows where ``maps`` half saw some, in pixels of the picture; not those in ``taken``.

    Where ``rule`` asks for more than usual, so do the looks.
    """
    out = []
    for place in _places(maps, taken, rule):
        seen = _seen(net, picture, place, _ALL + rule.region_high - RULE.region_high)
        if seen is not None:
            more = place.height * SHRUNK / 2 + 1
            corners = 2 * place.slant.corners(more, more, more) + 1
            out.append(TextLine(box_around(corners), seen, corners))
    return out


def _seen(net: TextNet, picture: Picture, place: _Place, least: float) -> float | None:
    """What the looks say on average, None where that is too little."""
    said = []
    for number, height in enumerate(_HEIGHTS):
        said.append(_look(net, picture, place, height, strengthened=number < len(_HEIGHTS) - 1))
        # Nothing is surer than 1: what cannot come up to enough any more is not looked at again.
        left = len(_HEIGHTS) - len(said)
        if said[0] < _FIRST or (left and sum(said) + left < least * len(_HEIGHTS)):
            return None
    mean = sum(said) / len(said)
    return mean if mean >= least else None


def _places(maps: TextMaps, taken: Sequence[Box], rule: Rule) -> list[_Place]:
    marks = (maps.region >= _LOW).astype(np.uint8)
    count, found, stats = components(marks)
    names = np.asarray(found)
    highest = highest_of(count, names, marks, maps.region)
    told = np.zeros(marks.shape, bool)
    for box in taken:
        told[max(0, box.top // 2) : -(-box.bottom // 2), max(0, box.left // 2) : -(-box.right // 2)] = True
    out = []
    for label in range(1, count):
        left, top, wide, high, cells = stats[label].tolist()
        best = float(highest[label])
        if cells < _FEWEST or not _LIKELY <= best < rule.region_high:
            continue
        where = (slice(top, top + high), slice(left, left + wide))
        member = names[where] == label
        if told[where][member].mean() >= _TAKEN:
            continue
        rows, columns = np.nonzero(member)
        slant = slant_of(rows + top, columns + left)
        if slant.length < _SLENDER * slant.thickness:
            slant = slant_along(rows + top, columns + left, 0.0 if wide >= 0.7 * high else 90.0)
        place = _Place(slant, best)
        if place.height <= _HIGHEST and place.height * place.length <= _AREA * 4 * marks.size:
            out.append(place)
    return sorted(out, key=lambda place: -place.best)[:_MOST]


def _look(net: TextNet, picture: Picture, place: _Place, height: int, *, strengthened: bool) -> float:
    """The highest value of the region map where the line is."""
    scale = min(height / place.height, float(_LARGEST))
    around = _AROUND * place.height
    wide = min(_WIDEST, max(_SMALLEST, int((place.length + 2 * around) * scale)))
    high = min(_WIDEST, max(_SMALLEST, int((place.height + 2 * around) * scale)))
    shown = turned(picture, place.slant, scale, (high, wide))
    maps = net.maps(stretched(shown) if strengthened else shown)
    top, left = max(0, int((high - place.height * scale) / 4)), max(0, int((wide - place.length * scale) / 4))
    part = maps.region[top : maps.region.shape[0] - top, left : maps.region.shape[1] - left]
    return float(part.max()) if part.size else 0.0
