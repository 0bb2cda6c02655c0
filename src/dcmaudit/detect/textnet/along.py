"""Lines that lie askew, looked at upright: the network sees pieces of them, and all of a line along its own direction.

What lies askew and is long is turned, with what goes on at its ends, and looked at once more. All in whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import RULE, SHRUNK, Rule, TextLine, box_around, lines_of
from dcmaudit.detect.textnet.network import Map, Picture, TextMaps, TextNet
from dcmaudit.detect.textnet.slants import ONE, Corners, Slant, direction_of, slant_in
from dcmaudit.detect.textnet.upright import turned
from dcmaudit.detect.vision import components, cv2, highest_of
from dcmaudit.model import Box

Marks = npt.NDArray[np.uint8]

_REGION, _INK = 0.3, 0.5
"""A piece reaches as far as either map stays above these ..."""
_LIKELY = 0.4
"""... and the region map comes up to this in it somewhere."""
_FEWEST = 8
"""Cells of a piece."""
_GAP, _LEAST = 5, 3
"""Cells between letters that are still close, and of the lesser side of what can be askew."""
_SLENDER = 1.4
"""Times that a piece is longer than wide."""
_ASKEW = 0.2
"""The sine of what a piece lies askew at least: less is seen well as it is."""
_MOST = 10
"""Pieces of one picture that are looked at, the longest of them."""
_HIGHEST = 48
"""Pixels that a line is high at most."""
_FURTHER = 9.0
"""Heights that are looked at beyond both ends of a piece: a line of which only the first letters were seen goes on."""
_SURE = 0.92
"""How sure a line must be in a look: curves and edges of teeth are less so."""
_FIRST = 0.7
"""What the region map must come up to in a look at the piece alone for what goes on at its ends to be looked at."""
_AROUND = 1.0
"""Heights of surroundings above and below."""
_HEIGHT = 20
"""Pixels that the line is high in the look."""
_LARGEST = 3
"""Times that a place is enlarged at most."""
_WIDEST = 1024
_BESIDE = 0.6
"""Heights by which the middle of a line that is seen may lie off the middle of the look: others have looks of their own
and are cut off here."""
_TIGHT, _MARGIN, _PART = 0.3, 2.0, 0.08
"""A box lies close around cells of this much ink: so many pixels of the look, and so many heights, from them."""
_NEW, _APART = 0.05, 0.7
"""Part of a line's ink outside of its pieces from which on it says something new, and heights of its ink between pieces
from which on they are no line."""
_MOSTLY = 0.7
"""Part of a piece's box that lies in that of its line."""


@dataclass(frozen=True, slots=True)
class _Piece:
    slant: Slant
    middle: tuple[int, int]

    @property
    def height(self) -> float:
        """Of the line, in pixels."""
        return max(8.0, 2 * self.slant.thickness / (1 - SHRUNK))


def slanted_lines(net: TextNet, picture: Picture, maps: TextMaps, rule: Rule = RULE) -> list[TextLine]:
    """Lines that lie askew, each whole, in pixels of the picture that ``maps`` are of."""
    out: list[TextLine] = []
    for piece in _pieces(maps):
        if not any(_holds(line.corners, piece.middle) for line in out if line.corners is not None):
            out += _looked(net, picture, piece, rule)
    return out


def _pieces(maps: TextMaps) -> list[_Piece]:
    marks = np.asarray((maps.region >= _REGION) | (maps.ink >= _INK), np.uint8)
    if not marks.any():
        return []
    # Of small lines each letter may be a piece by itself: what lies close is looked at as one as well.
    joined = cv2.dilate(marks, np.ones((_GAP, _GAP), np.uint8))
    out = [piece for names in (joined, marks) for piece in _pieces_in(maps, marks, np.asarray(names, np.uint8))]
    return sorted(out, key=lambda piece: -piece.slant.length)[:_MOST]


def _pieces_in(maps: TextMaps, marks: Marks, parts: Marks) -> Iterator[_Piece]:
    """The pieces of marks that lie in the same part."""
    count, found, stats = components(parts)
    names = np.asarray(found)
    highest = highest_of(count, names, marks, maps.region)
    marked = np.bincount(names[marks > 0], minlength=count)
    # Along a row or a column there is nothing askew in so little.
    likely = (stats[:, 2:4].min(axis=1) >= _LEAST) & (marked >= _FEWEST) & (highest >= np.float32(_LIKELY))
    for label in (1 + np.flatnonzero(likely[1:])).tolist():
        left, top, wide, high, _ = stats[label].tolist()
        where = (slice(top, top + high), slice(left, left + wide))
        rows, columns = np.nonzero((names[where] == label) & (marks[where] > 0))
        along = direction_of(rows + top, columns + left)
        if min(map(abs, along)) < _ASKEW * ONE:
            continue
        slant = slant_in(rows + top, columns + left, along)
        if slant.length < _SLENDER * slant.thickness:
            continue
        piece = _Piece(slant, (2 * left + wide, 2 * top + high))
        if piece.height <= _HIGHEST:
            yield piece


def _looked(net: TextNet, picture: Picture, piece: _Piece, rule: Rule) -> list[TextLine]:
    """Lines along the middle of the place turned upright."""
    near = _Look.at(piece, _AROUND)
    first = net.maps(near.shown(picture))
    # Most of what lies askew is an edge of a body, and is none when it is turned upright.
    if float(_middle_rows(first.region).max()) < _FIRST:
        return []
    look = _Look.at(piece, _FURTHER)
    seen = net.maps(look.shown(picture))
    return [
        look.line(line, seen.ink)
        for line in lines_of(seen.ink, seen.region, rule)
        if abs(line.box.top + line.box.bottom - look.size[0]) <= 2 * _BESIDE * _HEIGHT
        and line.box.width > line.box.height
        and line.score >= _SURE
    ]


def _middle_rows(region: Map) -> Map:
    """The third in the middle."""
    third = region.shape[0] // 3
    return region[third : region.shape[0] - third]


@dataclass(frozen=True, slots=True)
class _Look:
    """Where a look of some rows and columns lies in the picture."""

    slant: Slant
    scale: float
    size: tuple[int, int]

    @staticmethod
    def at(piece: _Piece, further: float) -> _Look:
        """At a piece and so many heights further at both ends."""
        scale = min(_HEIGHT / piece.height, float(_LARGEST))
        high = round((1 + 2 * _AROUND) * piece.height * scale)
        wide = min(_WIDEST, round((2 * piece.slant.length + 2 * further * piece.height) * scale))
        return _Look(piece.slant, scale, (high, wide))

    def shown(self, picture: Picture) -> Picture:
        """What is seen."""
        return turned(picture, self.slant, self.scale, self.size)

    def back(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Places of the look, (n, 2) of x and y in sixteenths of a pixel, in the picture, in parts of one."""
        step = round(ONE / self.scale)
        along = (2 * places[:, 0] - 16 * self.size[1]) * step // 32
        aside = (2 * places[:, 1] - 16 * self.size[0]) * step // 32
        x, y = self.slant.along
        middle_x, middle_y = self.slant.middle
        return np.stack([middle_x + (along * x - aside * y) // ONE, middle_y + (along * y + aside * x) // ONE], axis=1)

    def line(self, line: TextLine, ink: Map) -> TextLine:
        """A line of the look in the picture; its box lies close around its ink, for a slanted rectangle has corners
        without any."""
        corners = line.corners if line.corners is not None else _corners(line.box)
        turned_back = self.back(np.round(16 * corners).astype(np.int64))
        whole = np.asarray((16 * turned_back + ONE // 2) // ONE, np.float32) / np.float32(16)
        box = box_around(whole)
        rows, columns = np.nonzero(ink[_cells(line.box)] >= _TIGHT)
        if rows.size:
            top, left = 2 * (line.box.top // 2), 2 * (line.box.left // 2)
            inked = self.back(16 * np.stack([2 * columns + left + 1, 2 * rows + top + 1], axis=1).astype(np.int64))
            more = round((_MARGIN + _PART * min(line.box.width, line.box.height)) * ONE / self.scale)
            lows, highs = (inked.min(axis=0) - more) // ONE, (inked.max(axis=0) + more) // ONE + 1
            close = Box(max(0, int(lows[0])), max(0, int(lows[1])), max(1, int(highs[0])), max(1, int(highs[1])))
            box = box.intersection(close) or box
        return TextLine(box, line.score, whole)


def _corners(box: Box) -> Corners:
    ends = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
    return np.array(ends, np.float32)


def _cells(box: Box) -> tuple[slice, slice]:
    return slice(box.top // 2, -(-box.bottom // 2)), slice(box.left // 2, -(-box.right // 2))


def _holds(corners: Corners, place: tuple[int, int]) -> bool:
    return bool(cv2.pointPolygonTest(corners, (float(place[0]), float(place[1])), measureDist=False) >= 0)


def with_slanted(lines: Sequence[TextLine], slanted: Sequence[TextLine], ink: Map) -> list[TextLine]:
    """All of the lines, without those that are pieces of one that lies askew: its box grows to hold theirs.

    ``ink`` is the map of the picture at half its size. A line askew that only joins some that were found, far from each
    other, says nothing new and is none: labels that lie below and beside each other make such.
    """
    whole = [one for one in slanted if not _only_joins(one, [line for line in lines if _is_piece(line, one)], ink)]
    out = []
    for line in lines:
        place = next((place for place, one in enumerate(whole) if _is_piece(line, one)), None)
        if place is None:
            out.append(line)
        else:
            whole[place] = replace(whole[place], box=whole[place].box.union(line.box))
    return [*out, *whole]


def _only_joins(whole: TextLine, pieces: Sequence[TextLine], ink: Map) -> bool:
    """Whether the ink of a line askew lies in its ``pieces``, and leaves a gap between them that is none of a line."""
    if len(pieces) < 2 or whole.corners is None:
        return False
    place = np.zeros(ink.shape, np.uint8)
    cv2.fillPoly(place, [np.round(whole.corners / 2).astype(np.int32)], 1)
    place[ink < _INK] = 0
    rows, columns = np.nonzero(place)
    if not rows.size:
        return False
    for piece in pieces:
        place[_cells(piece.box)] = 0
    if place.sum() > _NEW * rows.size:
        return False
    x, y = np.round(16 * (whole.corners[1] - whole.corners[0])).astype(np.int64).tolist()
    gap = int(np.diff(np.sort(columns * x + rows * y)).max(initial=0))
    return gap >= _APART * int(np.ptp(rows * x - columns * y))


def _is_piece(line: TextLine, whole: TextLine) -> bool:
    box = line.box
    common = box.intersection(whole.box)
    if whole.corners is None or common is None or common.area < _MOSTLY * box.area:
        return False
    return _holds(whole.corners, ((box.left + box.right) // 2, (box.top + box.bottom) // 2))
