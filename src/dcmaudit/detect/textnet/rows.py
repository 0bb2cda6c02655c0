"""A box that holds several lines of text, cut between them: nothing of it is lost, and each part can be read."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.network import Map
from dcmaudit.model import Box

_INK = 0.5
_THIN = 3
"""Rows of a map that a line has at least: dots of letters and underlines have fewer and stay with their line."""

_LONG = 1.5
"""Heights that a line is long at least: what is shorter may be a letter of a line that runs the other way."""


def split_rows(box: Box, ink: Map) -> list[Box]:
    """The box cut into its lines, from the top down; the box itself where it holds one, or runs upwards.

    Cuts lie in the middle of the empty rows between lines, so that the parts together are the box. ``box`` lies inside
    the picture, of which ``ink`` is the map at half its size.
    """
    part = ink[box.top // 2 : -(-box.bottom // 2), box.left // 2 : -(-box.right // 2)] >= _INK
    if box.height > box.width * 2 or not part.any():
        return [box]
    runs = [run for run in _runs(np.asarray(part.any(axis=1))) if run[1] - run[0] >= _THIN]
    if len(runs) < 2 or any(_length(part[top:bottom]) < _LONG * (bottom - top) for top, bottom in runs):
        return [box]
    edges = [box.top]
    edges += [2 * (box.top // 2 + (above[1] + below[0]) // 2) for above, below in itertools.pairwise(runs)]
    edges.append(box.bottom)
    return [Box(box.left, top, box.right, bottom) for top, bottom in itertools.pairwise(edges)]


def _runs(filled: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    steps = np.flatnonzero(np.diff(np.concatenate([[0], filled.astype(np.int8), [0]])))
    return [(int(start), int(stop)) for start, stop in zip(steps[::2], steps[1::2], strict=True)]


def _length(part: npt.NDArray[np.bool_]) -> int:
    columns = np.flatnonzero(part.any(axis=0))
    return int(columns[-1] - columns[0] + 1) if columns.size else 0
