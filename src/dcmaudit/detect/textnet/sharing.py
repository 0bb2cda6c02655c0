"""Lines that lie so close that the maps run together: whose is what, cell by cell.

A region that holds a line and a letter below it falls apart where more is asked of the region map. Ink that touches two
lines (tails of letters, dots, a curve on paper) belongs to each as far as it lies nearer to it. All in whole numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.vision import components, cv2

Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.int32]
Span = list[int]
"""Left, top, right, bottom of cells, the last ones outside."""

_LEVELS = (0.6, 0.7, 0.8, 0.88)
"""What is asked of a region, in turn, to see whether it falls apart into lines."""
_SURER = 0.04
"""What each of the parts comes up to above that."""
_FEWEST = 4
"""Cells of such a part."""
_HIGH = 5
"""Rows of a region from which on there may be two lines in it."""
_BESIDE = 0.4
"""Part of the lesser height up to which two parts may lie beside each other and still be lines below each other."""
_WIDE = 1.3
"""Heights that the longer of two such lines is wide at least: in text that runs upwards letters lie so, too."""
_ACROSS = 0.2
"""Part of the narrower line that must lie below the other one for the two to be neighbours."""
_INK = 0.3
"""From here a cell may be ink of a letter."""

_SINKS = 0.95
"""Part of the lesser of the highest rows above and below it that a row of one line comes up to."""
_FILLED, _LONG = 0.34, 2
"""Part of its longest row that a row of a line fills at least, and times that this one is longer than the line is high.
"""
_SURE = 0.84
"""What the region map comes up to in a line that lies above or below that."""


def divided(member: Mask, region: Map) -> list[Mask]:
    """The cells of one region by the lines below each other in it; ``member`` itself where it holds one."""
    if member.shape[0] < _HIGH or _is_even(member, region):
        return [member]
    for level in _LEVELS:
        names, cores = _cores(member & (region >= level), region, level + _SURER, fewest=2)
        rows = _rows_of(cores)
        if len(rows) > 1:
            parts = _nearest(member, [np.isin(names, row) for row in rows])
            return [line for part in parts for line in divided(part, region)]
    return _without_edges(member, region)


def _is_even(member: Mask, region: Map) -> bool:
    """Whether all rows are filled about alike, and the region map sinks nowhere between them, as in most lines."""
    counts = member.sum(axis=1)
    if 2 * counts.min() < counts.max():
        return False
    levels = np.floor(np.where(member, region, 0) * 255).astype(np.int64).sum(axis=1)
    peaks = np.minimum(np.maximum.accumulate(levels), np.maximum.accumulate(levels[::-1])[::-1])
    return bool((levels >= _SINKS * peaks).all())


def _without_edges(member: Mask, region: Map) -> list[Mask]:
    """The rows of a line of which much is filled, and by itself what is as sure as a line above or below them.

    What else sticks out is a curve's or a body's; letters that stick out come back with their ink.
    """
    counts = member.sum(axis=1)
    full, most = counts >= counts.max() * _FILLED, int(counts.argmax())
    top = most - int((~full[:most][::-1]).argmax()) if not full[:most].all() else 0
    bottom = most + int((~full[most:]).argmax()) if not full[most:].all() else len(full)
    if counts.max() < _LONG * (bottom - top):
        return [member]
    rest = member.copy()
    rest[top:bottom] = False
    names, cores = _cores(rest, region, _SURE)
    return [member & ~rest, *(names == label for label in cores)]


def _cores(strong: Mask, region: Map, least: float, *, fewest: int = 1) -> tuple[Names, dict[int, Span]]:
    """The figures of ``strong`` cells: a map of their numbers, and the spans of those that come up to ``least``; none
    where there are not ``fewest`` figures."""
    count, found, stats = components(strong.view(np.uint8))
    names = np.asarray(found)
    out: dict[int, Span] = {}
    if count <= fewest:
        return names, out
    for label in range(1, count):
        left, top, wide, high, cells = stats[label].tolist()
        if cells < _FEWEST:
            continue
        where = (slice(top, top + high), slice(left, left + wide))
        if float(region[where][names[where] == label].max()) >= least:
            out[label] = [left, top, left + wide, top + high]
    return names, out


def _rows_of(cores: Mapping[int, Span]) -> list[list[int]]:
    """The numbers of cores by their lines, from the top down; all together where they are no lines below each other."""
    rows: list[tuple[list[int], Span]] = []
    for label, span in cores.items():
        # What joins two rows makes one of them.
        joined = [row for row in rows if _beside(row[1], span)]
        rows = [row for row in rows if row not in joined]
        rows.append(
            ([label, *itertools.chain(*(row[0] for row in joined))], _around(span, *(row[1] for row in joined)))
        )
    rows.sort(key=lambda row: row[1][1] + row[1][3])
    if any(not _is_below(upper[1], lower[1]) for upper, lower in itertools.pairwise(rows)):
        return [list(cores)]
    return [labels for labels, _ in rows]


def _beside(one: Span, other: Span) -> bool:
    common = min(one[3], other[3]) - max(one[1], other[1])
    return common > _BESIDE * min(one[3] - one[1], other[3] - other[1])


def _is_below(upper: Span, lower: Span) -> bool:
    return any(one[2] - one[0] >= _WIDE * (one[3] - one[1]) for one in (upper, lower))


def _nearest(member: Mask, cores: Sequence[Mask]) -> list[Mask]:
    """The cells by the core that is nearest, along rows and columns: in steps, which are whole numbers."""
    away = np.stack([cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L1, 3) for core in cores])
    nearest = away.argmin(axis=0)
    return [member & (nearest == place) for place in range(len(cores))]


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of touching ink: the map of their numbers, 0 being none, and the span of each."""

    names: Names
    spans: Sequence[Span]

    @staticmethod
    def of(marks: npt.NDArray[np.uint8]) -> Figures:
        """Of cells that are not 0."""
        count, names, stats = components(marks)
        return Figures(np.asarray(names), [_inner(stats[label].tolist()) for label in range(count)])


def with_ink(lines: Sequence[tuple[Span, float]], figures: Figures) -> list[Span]:
    """The spans of lines, each with its thickness, made larger by the ink that begins in them.

    Ink that reaches far outside is no letter of that line. What lies in another line is that one's, and what lies in
    none goes to the nearest of those in which it begins.
    """
    inside = np.zeros(figures.names.shape, bool)
    owners: dict[int, list[int]] = {}
    for place, (span, thickness) in enumerate(lines):
        inside[span[1] : span[3], span[0] : span[2]] = True
        for label in _taken(span, thickness, figures):
            owners.setdefault(label, []).append(place)
    out = [list(span) for span, _ in lines]
    lefts, tops, rights, bottoms = np.array(out or [[0] * 4]).T
    for label, places in owners.items():
        left, top, right, bottom = figures.spans[label]
        met = np.flatnonzero((lefts < right) & (rights > left) & (tops < bottom) & (bottoms > top))
        # Most figures are of one line and meet no other.
        if len(met) == 1:
            out[places[0]] = _around(out[places[0]], figures.spans[label])
            continue
        for place, rest in zip(places, _shared(label, [lines[one][0] for one in places], figures, inside), strict=True):
            if rest is not None:
                out[place] = _around(out[place], rest)
    return out


def cut_between(wholes: Sequence[Span], cores: Sequence[Span], ink: Map) -> list[Span]:
    """The spans of lines, each pair of which the cores lie below each other cut between these, where least ink is.

    A core is what the region map says of a line, before it is grown.
    """
    out = [list(span) for span in wholes]
    order = sorted(range(len(out)), key=lambda place: (cores[place][1], cores[place][0]))
    for number, upper in enumerate(order):
        for lower in order[number + 1 :]:
            one, other = out[upper], out[lower]
            first, last = cores[upper][3], cores[lower][1]
            across = min(one[2], other[2]) - max(one[0], other[0])
            if first > last or min(one[3], other[3]) <= max(one[1], other[1]):
                continue
            if across < _ACROSS * min(one[2] - one[0], other[2] - other[0]):
                continue
            cut = _emptiest(ink[first : last + 1, max(one[0], other[0]) : min(one[2], other[2])]) + first
            one[3], other[1] = max(first, min(one[3], cut)), min(last, max(other[1], cut))
    return out


def _emptiest(rows: Map) -> int:
    """The row of least ink, of several the one in the middle."""
    inked = (rows >= _INK).sum(axis=1)
    places = np.flatnonzero(inked == inked.min())
    return int(places[len(places) // 2])


def _taken(span: Span, thickness: float, figures: Figures) -> Iterator[int]:
    left, top, right, bottom = span
    reach = 1.5 * thickness + 4
    for label in np.flatnonzero(np.bincount(figures.names[top:bottom, left:right].ravel())).tolist():
        one = figures.spans[label]
        if label and max(left - one[0], top - one[1], one[2] - right, one[3] - bottom) <= reach:
            yield label


def _shared(label: int, lines: Sequence[Span], figures: Figures, inside: Mask) -> list[Span | None]:
    """Of the cells of a figure that lie in no line the span of those nearest to each of ``lines``, None without any."""
    left, top, right, bottom = figures.spans[label]
    where = (slice(top, bottom), slice(left, right))
    rows, columns = np.nonzero((figures.names[where] == label) & ~inside[where])
    if not rows.size:
        return [None] * len(lines)
    rows, columns = rows + top, columns + left
    away = np.stack([
        np.maximum(
            np.maximum(one[0] - columns, columns - one[2] + 1), np.maximum(one[1] - rows, rows - one[3] + 1)
        )
        for one in lines
    ])  # fmt: skip
    nearest = away.argmin(axis=0)
    out: list[Span | None] = []
    for place in range(len(lines)):
        x, y = columns[nearest == place], rows[nearest == place]
        out.append([int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1] if x.size else None)
    return out


def _around(*spans: Span) -> Span:
    lefts, tops, rights, bottoms = zip(*spans, strict=True)
    return [min(lefts), min(tops), max(rights), max(bottoms)]


def _inner(stat: Sequence[int]) -> Span:
    left, top, wide, high = stat[:4]
    return [left, top, left + wide, top + high]
