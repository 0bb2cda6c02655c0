"""A box that holds several lines of text, cut between them: nothing of it is lost, and each part can be read."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.network import Map
from dcmaudit.model import Box

_INK = 0.5
_THIN = 3
"""Rows of a map that a line has at least: dots of letters and underlines have fewer and stay with their line."""

_LONG = 1.5
"""Heights that a line is long at least: what is shorter may be a letter of a line that runs the other way."""

_VALLEY = 0.18
"""Part of the lesser of two lines' fullest rows that a row between them may hold of ink: commas, tails of letters."""

_FULL = 4
"""Cells of ink in the fullest row from which on a valley tells two lines apart: in fewer, a letter has valleys too."""


_BOTH = ((0.45, 0.65), (0.65, 0.4))
"""The same for ink where the region map sinks as well, with the part of its lesser peak to which that sinks at least:
of small lines that lie close the ink runs together, and what lies in the middle of each does not."""

_HIGHEST = 64
"""Pixels that such lines are high together at most: what is higher is as likely a curve with a letter beside it."""


def split_rows(box: Box, ink: Map, region: Map | None = None) -> list[Box]:
    """The box cut into its lines, from the top down; the box itself where it holds one, or runs upwards.

    Cuts lie in the middle of the rows between lines that are empty or nearly so, so that the parts together are the
    box. ``box`` lies inside the picture, of which ``ink`` and ``region`` are the maps at half its size.
    """
    where = (slice(box.top // 2, -(-box.bottom // 2)), slice(box.left // 2, -(-box.right // 2)))
    part = ink[where] >= _INK
    if box.height > box.width * 2 or not part.any():
        return [box]
    # Sums of whole numbers: the same on every processor.
    middles = None
    if region is not None and box.height <= _HIGHEST:
        middles = np.floor(region[where] * 255).astype(np.int64).sum(axis=1)
    runs = [run for run in _lines(part.sum(axis=1), middles) if run[1] - run[0] >= _THIN]
    if len(runs) < 2 or any(_length(part[top:bottom]) < _LONG * (bottom - top) for top, bottom in runs):
        return [box]
    edges = [box.top]
    edges += [2 * (box.top // 2 + (above[1] + below[0]) // 2) for above, below in itertools.pairwise(runs)]
    edges.append(box.bottom)
    return [Box(box.left, top, box.right, bottom) for top, bottom in itertools.pairwise(edges)]


def _lines(counts: npt.NDArray[Any], middles: npt.NDArray[Any] | None) -> list[tuple[int, int]]:
    """Runs of rows with ink, cut once more at valleys between two full rows."""
    out = []
    for start, stop in _runs(counts > 0):
        beside = None if middles is None else middles[start:stop]
        out += [(start + top, start + bottom) for top, bottom in _cut_at_valleys(counts[start:stop], beside)]
    return out


def _cut_at_valleys(counts: npt.NDArray[Any], middles: npt.NDArray[Any] | None) -> list[tuple[int, int]]:
    high = len(counts)
    if high < 2 * _THIN + 1:
        return [(0, high)]
    low = _lesser_peak(counts)
    deep = (low >= _FULL) & (counts <= _VALLEY * low)
    if middles is not None:
        between = _lesser_peak(middles)
        for inked, within in _BOTH:
            deep |= (low >= _FULL) & (counts <= inked * low) & (middles <= within * between)
    deep[:_THIN] = deep[-_THIN:] = False
    found = _runs(deep)
    if not found:
        return [(0, high)]
    start, stop = max(found, key=lambda run: float(low[run[0] : run[1]].max()) - float(counts[run[0] : run[1]].min()))
    middle = start + int(np.argmin(counts[start:stop]))
    above, below = (None, None) if middles is None else (middles[:middle], middles[middle + 1 :])
    first = _cut_at_valleys(counts[:middle], above)
    rest = _cut_at_valleys(counts[middle + 1 :], below)
    return first + [(middle + 1 + top, middle + 1 + bottom) for top, bottom in rest]


def _lesser_peak(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Of each row the lesser of the highest values above and below it, its own included."""
    return np.minimum(np.maximum.accumulate(values), np.maximum.accumulate(values[::-1])[::-1])


def _runs(filled: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    steps = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    return [(int(start), int(stop)) for start, stop in zip(steps[::2], steps[1::2], strict=True)]


def _length(part: npt.NDArray[np.bool_]) -> int:
    columns = np.flatnonzero(part.any(axis=0))
    return int(columns[-1] - columns[0] + 1) if columns.size else 0
