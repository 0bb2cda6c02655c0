"""Making a suggestion as large as the text that stands under it: devices and hands are not exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmaudit.model import Box, Size

Steps = NDArray[np.float64]
TextMask = Callable[[Box], NDArray[np.bool_] | None]
"""Which pixels of a window of the plane lie on a line of text; None where nobody can tell."""

_SIDEWAYS, _UPWARDS = 3.0, 0.6
_LETTER = 0.8
"""The gap that text goes on after, in heights of its line."""
_LOWEST = 4

_LIKE_TEXT = 0.35
_IN_COLUMN, _IN_ROW = 0.2, 0.04
_TIMES, _MOST_NOISE = 3.0, 0.5
_TIMES_BUSY = 1.5
_MARGIN = 1
_LEAST_MARGIN, _KEPT = 3, 0.25


def widened(array: NDArray[Any], box: Box, busy: float, most: int, text: TextMask) -> Box:
    """``box``, grown over what stands at its edges and looks as sharp as what is in it; itself where nothing does.

    ``array`` holds stored values, (rows, columns) or (rows, columns, samples), ``box`` lies in it, ``busy`` is how
    much neighbours differ in most of the plane. It grows by three of its heights to a side and by 60 % of one
    upwards and downwards at most, to no more than ``most`` pixels, and never shrinks: faint ends of a text are not
    seen here. Where ``text`` knows the lines of text it grows over nothing else: speckle is as sharp as letters.
    """
    size = Size(array.shape[1], array.shape[0])
    inside = box.clipped(size)
    if inside is None or inside.width < 2:
        return box
    height = inside.height
    across, along = int(_SIDEWAYS * height), max(2, int(_UPWARDS * height))
    window = Box(
        max(inside.left - across, 0), max(inside.top - along, 0),
        min(inside.right + across, size.width), min(inside.bottom + along, size.height),
    )  # fmt: skip
    ink, noise = _ink(array, window, inside, busy)
    lines = text(window)
    # What the detector takes for no line of text (a ruler, the edge of the image) is not grown over.
    if lines is not None:
        ink &= lines[:, :-1]
    left, right = inside.left - window.left, inside.right - window.left
    top, bottom = inside.top - window.top, inside.bottom - window.top
    rows = ink[:, left : right - 1].mean(axis=1) >= max(_IN_ROW, noise)
    upper, lower = len(rows) - _line_end(rows[::-1], len(rows) - top), _line_end(rows, bottom)
    start, stop = left, right
    for first, last in _runs(rows, upper, lower):
        columns = ink[first:last].mean(axis=0) >= max(_IN_COLUMN, noise)
        gap = int(_LETTER * (last - first))
        start = min(start, len(columns) - _end(columns[::-1], len(columns) - left, gap))
        stop = max(stop, _end(columns, right - 1, gap) + 1)
    found = Box(
        window.left + start - _MARGIN * (start < left), window.top + upper - _MARGIN * (upper < top),
        window.left + stop + _MARGIN * (stop > right), window.top + lower + _MARGIN * (lower > bottom),
    )  # fmt: skip
    return _bounded(found.clipped(size) or box, inside, most)


def _bounded(grown: Box, box: Box, most: int) -> Box:
    """``grown`` within ``most`` pixels. Text becomes longer rather than higher: what was grown in height goes first."""
    most = max(most, box.area)
    if grown.area <= most:
        return grown
    spare = max(0, most // box.height - box.width)
    left, right = box.left - grown.left, grown.right - box.right
    if left + right <= spare:
        rows = max(0, most // grown.width - box.height)
        above = min(rows * (box.top - grown.top) // (grown.height - box.height), box.top - grown.top)
        below = min(rows - above, grown.bottom - box.bottom)
        return Box(grown.left, box.top - above, grown.right, box.bottom + below)
    before = spare * left // (left + right)
    return Box(box.left - before, box.top, box.right + spare - before, box.bottom)


def trimmed(array: NDArray[Any], box: Box, tolerance: int = 0) -> Box:
    """``box`` without the part at its edges that is one flat value, but for a margin of a quarter of its height.

    Nothing can be written there, so nothing is cut off. A box over nothing but one value stays as it is.
    """
    inside = box.clipped(Size(array.shape[1], array.shape[0]))
    if inside is None:
        return box
    part = array[inside.top : inside.bottom, inside.left : inside.right]
    margin = max(_LEAST_MARGIN, int(_KEPT * inside.height))
    top, bottom = _flat_lines(part, tolerance), _flat_lines(part[::-1], tolerance)
    sideways = part.swapaxes(0, 1)
    left, right = _flat_lines(sideways, tolerance), _flat_lines(sideways[::-1], tolerance)
    # All of it is flat: nothing tells which part to keep.
    if top + bottom >= inside.height or left + right >= inside.width:
        return box
    return Box(
        inside.left + max(0, left - margin), inside.top + max(0, top - margin),
        inside.right - max(0, right - margin), inside.bottom - max(0, bottom - margin),
    )  # fmt: skip


def _flat_lines(part: NDArray[Any], tolerance: int) -> int:
    """How many of the first lines are, all of them together, one value."""
    lines = part.reshape(part.shape[0], -1, part.shape[2] if part.ndim == 3 else 1).astype(np.float64)
    flat = (np.abs(lines - lines[0, 0]) <= tolerance).all(axis=(1, 2))
    return int(np.argmin(flat)) if not flat.all() else len(flat)


def _ink(array: NDArray[Any], window: Box, box: Box, busy: float) -> tuple[NDArray[np.bool_], float]:
    """Where in ``window`` neighbours differ as they do in the box, and the share that a column has by chance."""
    steps = _steps(array[window.top : window.bottom, window.left : window.right])
    part = steps[box.top - window.top : box.bottom - window.top, box.left - window.left : box.right - window.left - 1]
    ink = steps > max(_TIMES_BUSY * busy, _LIKE_TEXT * float(np.quantile(part, 0.95)))
    # A fifth of the rows has no text: the window is higher than its lines.
    return ink, min(_TIMES * float(np.quantile(ink.mean(axis=1), 0.2)), _MOST_NOISE)


def _steps(array: NDArray[Any]) -> Steps:
    """How much neighbours in a row differ, in the sample where they differ most; axes (rows, columns - 1)."""
    steps = np.abs(np.diff(np.nan_to_num(array.astype(np.float64)), axis=1))
    return np.asarray(steps.max(axis=2) if steps.ndim == 3 else steps)


def _runs(ink: NDArray[np.bool_], start: int, stop: int) -> list[tuple[int, int]]:
    """The lines between two rows, half-open; what is too low for a letter is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ink[start:stop], [False])).astype(np.int8)))
    lines = [(start + int(first), start + int(last)) for first, last in edges.reshape(-1, 2)]
    return [line for line in lines if line[1] - line[0] >= _LOWEST]


def _line_end(ink: NDArray[np.bool_], stop: int) -> int:
    """Where the line that crosses ``stop`` ends; ``stop`` where none does, or most of it lies beyond: another line."""
    first = last = stop
    while first > 0 and ink[first - 1]:
        first -= 1
    while last < len(ink) and ink[last]:
        last += 1
    return last if 0 < last - stop <= stop - first else stop


def _end(ink: NDArray[np.bool_], stop: int, gap: int) -> int:
    """Where ink ends that reaches ``stop``, or nearly so: letters follow each other within ``gap``."""
    if not ink[max(stop - 1 - gap, 0) : stop].any():
        return stop
    end, last = stop, stop - 1
    for place in range(stop, len(ink)):
        if ink[place]:
            end, last = place + 1, place
        elif place - last > gap:
            break
    return end
