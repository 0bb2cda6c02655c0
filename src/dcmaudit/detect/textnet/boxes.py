"""From the network's two maps to boxes: every line of text one box, all of its ink inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.sharing import Figures, cut_between, divided, with_ink
from dcmaudit.detect.textnet.slants import ONE, Corners, projections, slant_of
from dcmaudit.detect.vision import components, cv2, highest_of
from dcmaudit.model import Box

Map = npt.NDArray[np.float32]
"""(rows, columns) at half the picture's size, probabilities."""


@dataclass(frozen=True)
class Rule:
    """The thresholds, chosen on the training half (see the model card)."""

    region_low: float = 0.55
    """A line region reaches as far as its probability stays above this ..."""
    region_high: float = 0.84
    """... and counts if it comes up to this somewhere."""
    ink_within: float = 0.5
    """... and holds ink that comes up to this: a line without a letter is none."""
    ink_ends: float = 0.3
    """A line ends a little behind its last cell of this much ink: regions have tails without any."""
    ink: float = 0.5
    """From here a cell counts as ink."""
    ink_alone: float = 0.7
    """Ink outside of every region counts where it comes up to this."""
    alone_cells: int = 4
    """Fewer cells of such ink are noise."""


RULE = Rule()

ENHANCED = Rule(region_high=0.87, ink_alone=0.87)
"""For further renderings of a plane, a window or local contrast: they show what the full range hides, and make noise
look like strokes. Chosen like the others: on the training half nothing less is found, with less than half of the area
that is no text."""

MARKS = Rule(region_high=0.94, ink_alone=0.98)
"""For marks on flat grounds alone: without anything around them specks and edges look most like letters. Chosen on
pictures drawn for it, and on planes of many levels in the test files, which hold no text."""
SHRUNK = 0.2
"""The region target is the line's box less this part of its lesser side, on all four sides."""
_BEHIND = 0.25
"""Of a line's height: how far its box goes on behind the last of its ink."""
_FILLED = 0.4
"""A region that fills less of its box than this is covered by several boxes."""
_LEAST_PART = 6
"""Cells: what is no higher or wider than this is not divided."""
_LOOSE = 0.62
"""A region that fills less of its box than this may be a line that lies askew ..."""
_PACKED, _SLENDER, _LEAST_SLANT = 0.6, 3.0, 0.09
"""... if it fills this much of the turned rectangle around it, which is so many times as long as wide, and as much
askew (the sine of five degrees)."""
_Span = list[int]


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text: its box in pixels of the picture, the highest probability in it, and where it lies askew its
    four corners, (4, 2) of x and y, clockwise from where it begins if it is read from left to right."""

    box: Box
    score: float
    corners: Corners | None = None


def boxes_of(ink: Map, region: Map, rule: Rule = RULE) -> list[tuple[Box, float]]:
    """The boxes of ``lines_of`` with their confidences."""
    return [(line.box, line.score) for line in lines_of(ink, region, rule)]


def lines_of(ink: Map, region: Map, rule: Rule = RULE) -> list[TextLine]:
    """Lines in pixels of the whole picture, from the top down; boxes may pass the edge by a pixel.

    The region map says what is one line; being shrunk in training, each region is grown back. Ink that touches a line
    belongs to it, as far as it is none of another's (``sharing``). Strong ink outside of all regions makes boxes of its
    own.
    """
    if not ink.size or (region.max() < rule.region_high and ink.max() < rule.ink_alone):
        return []  # nothing counts: so it is of most small pictures
    marks = (ink >= rule.ink).astype(np.uint8)
    spans: list[tuple[_Span, float]] = []
    cores: list[_Span] = []
    sure: list[float] = []
    tilted: list[TextLine] = []
    covered = np.zeros(ink.shape, np.uint8)
    for span, thickness, confidence, slant in _regions(ink, region, rule):
        if slant is not None:
            tilted.append(TextLine(box_around(slant), confidence, slant))
            cv2.fillPoly(covered, [np.round(slant / 2).astype(np.int32)], 1)
            continue
        height = thickness / (1 - 2 * SHRUNK)
        grown = _grown(span, height * SHRUNK + 0.5, ink.shape)
        spans.append((_ended(grown, ink, round(_BEHIND * height), rule), thickness))
        cores.append(span)
        sure.append(confidence)
    found = list(zip(cut_between(with_ink(spans, Figures.of(marks)), cores, ink), sure, strict=True))
    for whole, _ in found:
        covered[whole[1] : whole[3], whole[0] : whole[2]] = 1
    found += _alone(ink, marks, covered, rule)
    lines = [*(TextLine(_box(span), confidence) for span, confidence in found), *tilted]
    return sorted(lines, key=lambda line: (line.box.top, line.box.left))


def _regions(ink: Map, region: Map, rule: Rule) -> list[tuple[_Span, float, float, Corners | None]]:
    """Regions by hysteresis: span, thickness, highest probability, and the corners of a line that lies askew."""
    weak = (region >= rule.region_low).astype(np.uint8)
    count, names, stats = components(weak)
    best = highest_of(count, np.asarray(names), weak, region)
    answer: list[tuple[_Span, float, float, Corners | None]] = []
    for label in range(1, count):
        if best[label] >= rule.region_high:
            span = _inner(stats[label])
            longest = max(span[2] - span[0], span[3] - span[1])
            thickness = float(stats[label, cv2.CC_STAT_AREA]) / longest
            left, top, right, bottom = span
            member = np.asarray(names)[top:bottom, left:right] == label
            if float(ink[top:bottom, left:right][member].max()) < rule.ink_within:
                continue
            slant = _askew(member, ink[top:bottom, left:right])
            if slant is not None:
                answer.append((span, thickness, float(best[label]), slant + np.array([2 * left, 2 * top], np.float32)))
                continue
            for line in divided(member, region[top:bottom, left:right]):
                answer += _upright(line, region[top:bottom, left:right], (left, top))
    return answer


def _upright(
    member: npt.NDArray[np.bool_], region: Map, at: tuple[int, int]
) -> list[tuple[_Span, float, float, Corners | None]]:
    """The boxes of one line, the cells of ``member``, of a part of the map that begins ``at`` left and top."""
    rows, columns = np.flatnonzero(member.any(axis=1)), np.flatnonzero(member.any(axis=0))
    longest = max(int(np.ptp(rows)), int(np.ptp(columns))) + 1
    thickness, best = float(member.sum()) / longest, float(region[member].max())
    left, top = at
    return [
        ([x0 + left, y0 + top, x1 + left, y1 + top], thickness, best, None)
        for x0, y0, x1, y1 in _parts(member, [0, 0, member.shape[1], member.shape[0]])
    ]


def _askew(member: npt.NDArray[np.bool_], ink: Map) -> Corners | None:
    """The corners of the line in pixels of the part, where the region is one that lies askew; None for any other.

    Across, the line is as wide as its region grown back; along, it reaches a little behind its last ink.
    """
    high, wide = member.shape
    filled = member.sum()
    if min(high, wide) <= _LEAST_PART or filled >= _LOOSE * high * wide:
        return None
    rows, columns = np.nonzero(member)
    slant = slant_of(rows, columns)
    length, thick = slant.length, slant.thickness
    if (
        length < _SLENDER * thick
        or filled < _PACKED * length * thick
        or min(map(abs, slant.along)) < _LEAST_SLANT * ONE
    ):
        return None
    height = thick / (1 - 2 * SHRUNK)
    more = height * SHRUNK + 1
    before = behind = more
    inked_rows, inked_columns = np.nonzero(ink >= RULE.ink_ends)
    forward, aside = projections(inked_rows, inked_columns, slant.along)
    reach = round(more * ONE)
    forward = forward[(aside >= slant.top - reach) & (aside <= slant.bottom + reach)]
    forward = forward[(forward >= slant.first - reach) & (forward <= slant.last + reach)]
    if forward.size:
        tail = max(1.0, _BEHIND * height)
        before = min(more, (slant.first - int(forward.min())) / ONE + tail)
        behind = min(more, (int(forward.max()) - slant.last) / ONE + tail)
    return 2 * slant.corners(before, behind, more) + 1


def box_around(corners: Corners) -> Box:
    """The smallest box around corners, cut where it would pass the first row or column."""
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    return Box(max(0, int(left)), max(0, int(top)), max(int(right), 1), max(int(bottom), 1))


def _parts(member: npt.NDArray[np.bool_], span: _Span) -> list[_Span]:
    """The span; where little of it is filled (a tilted line, a winding one), halves of it, and halves of these."""
    left, top, right, bottom = span
    inside = member[top:bottom, left:right]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return []
    left, right = left + int(columns[0]), left + int(columns[-1]) + 1
    top, bottom = top + int(rows[0]), top + int(rows[-1]) + 1
    wide, high = right - left, bottom - top
    if min(wide, high) <= _LEAST_PART or inside.sum() >= _FILLED * wide * high:
        return [[left, top, right, bottom]]
    if wide >= high:
        middle = left + wide // 2
        halves = [left, top, middle, bottom], [middle, top, right, bottom]
    else:
        middle = top + high // 2
        halves = [left, top, right, middle], [left, middle, right, bottom]
    return [part for half in halves for part in _parts(member, half)]


def _ended(span: _Span, ink: Map, behind: int, rule: Rule) -> _Span:
    """The span less what lies farther than ``behind`` cells from any ink in it; all of it where there is none."""
    left, top, right, bottom = span
    marks = ink[top:bottom, left:right] >= rule.ink_ends
    rows, columns = np.flatnonzero(marks.any(axis=1)), np.flatnonzero(marks.any(axis=0))
    if not len(rows):
        return span
    more = max(1, behind)
    return [
        max(left, left + int(columns[0]) - more),
        max(top, top + int(rows[0]) - more),
        min(right, left + int(columns[-1]) + 1 + more),
        min(bottom, top + int(rows[-1]) + 1 + more),
    ]


def _alone(
    ink: Map, marks: npt.NDArray[np.uint8], covered: npt.NDArray[np.uint8], rule: Rule
) -> list[tuple[_Span, float]]:
    rest = marks & (1 - covered)
    if not rest.any():
        return []
    near = cv2.dilate(rest, np.ones((3, 3), np.uint8))
    count, names, stats = components(near)
    answer = []
    for label in range(1, count):
        left, top, right, bottom = _inner(stats[label])
        member = (np.asarray(names)[top:bottom, left:right] == label) & (rest[top:bottom, left:right] > 0)
        best = float(ink[top:bottom, left:right][member].max())
        if best >= rule.ink_alone and int(member.sum()) >= rule.alone_cells:
            rows, columns = np.nonzero(member)
            span = [left + int(columns.min()), top + int(rows.min()), left + int(columns.max()) + 1, 0]
            span[3] = top + int(rows.max()) + 1
            answer.append((span, best))
    return answer


def _inner(stat: npt.NDArray[Any]) -> _Span:
    left, top, wide, high = (int(stat[k]) for k in range(4))
    return [left, top, left + wide, top + high]


def _grown(span: _Span, by: float, shape: tuple[int, ...]) -> _Span:
    more = max(1, round(by))
    return [
        max(0, span[0] - more),
        max(0, span[1] - more),
        min(shape[1], span[2] + more),
        min(shape[0], span[3] + more),
    ]


def _box(span: _Span) -> Box:
    """Half-size cells to pixels, with a margin for what is drawn softly at the edges of letters."""
    left, top, right, bottom = span
    return Box(max(0, 2 * left - 2), max(0, 2 * top - 2), 2 * right + 2, 2 * bottom + 2)
