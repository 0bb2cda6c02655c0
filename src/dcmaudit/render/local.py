"""Local contrast: text that differs from its surroundings by a few levels of many is made plain.

Equalisation alone (CLAHE) gives a small step on a flat ground almost nothing, for it shares the levels out by the
number of pixels. So each tile's curve is half the clipped equalisation and half the stretch from the tile's
smallest value to its largest; the curves of the four nearest tiles are blended in each pixel. The curves work on
places: values with the empty parts of the range shortened, so that an outlier or a padding value takes no room.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.render.tables import Levels, as_steps, values_present

Places = npt.NDArray[np.uint16]
Single = npt.NDArray[np.float32]

MOST_PLACES = 4096
"""As many as a 12-bit image has values: enough for single levels to be kept apart, few enough to be quick."""

_TILE = 80
"""Aimed-at edge of a tile in pixels: some letters high, and far less than a picture."""

_MOST_TILES = 13

_CLIP = 8.0
"""How many times its even share one place may take in the equalising half: what keeps noise down."""


def local_contrast(values: Array, *, dark_high: bool = False) -> Levels:
    """Locally stretched levels of a (rows, columns) plane of any dtype; the same axes, uint8.

    NaN counts as the largest value. A plane of one value is black.
    """
    where, count = places(values)
    if count == 1:
        return np.zeros(values.shape, dtype=np.uint8)
    if dark_high:
        where = np.uint16(count - 1) - where
    rows = _edges(values.shape[0])
    columns = _edges(values.shape[1])
    curves = np.empty((len(rows) - 1, len(columns) - 1, count), dtype=np.float32)
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            curves[i, j] = _curve(where[rows[i] : rows[i + 1], columns[j] : columns[j + 1]], count)
    return _blend(where, curves, rows, columns)


def places(values: Array, most: int = MOST_PLACES) -> tuple[Places, int]:
    """The place of every pixel, from 0, and the number of places, at most ``most``.

    Places keep the order of the values, and their distances where these are small; values share a place only
    where more than ``most`` are present (or as ``as_steps`` says).
    """
    steps = as_steps(values)
    present = values_present(steps).astype(np.int64)
    gaps = np.diff(present)
    longest = most
    # Long empty stretches are shortened first, so that neighbours stay apart as long as possible.
    while longest > 1 and np.minimum(gaps, longest).sum() >= most:
        longest //= 2
    at = np.concatenate(([0], np.cumsum(np.minimum(gaps, longest))))
    if at[-1] >= most:
        at = at * (most - 1) // at[-1]
    table = np.zeros(256**steps.dtype.itemsize, dtype=np.uint16)
    table[present] = at
    return np.take(table, steps), int(at[-1]) + 1


def _edges(length: int) -> list[int]:
    tiles = max(1, min(_MOST_TILES, round(length / _TILE)))
    return [length * tile // tiles for tile in range(tiles + 1)]


def _curve(tile: Places, count: int) -> Single:
    """The level, from 0 to 255, of every place in one tile; never falling."""
    histogram = np.bincount(tile.ravel(), minlength=count)
    used = np.flatnonzero(histogram)
    low, high = int(used[0]), int(used[-1])
    if low == high:
        # Nothing to stretch here: the value keeps its place in the whole plane.
        return np.linspace(0, 255, count, dtype=np.float32)
    curve = np.zeros(count, dtype=np.float32)
    curve[high:] = 255
    inside = histogram[low : high + 1]
    clipped = np.minimum(inside, max(1.0, _CLIP * tile.size / inside.size))
    clipped += (tile.size - clipped.sum()) / inside.size
    equalised = (np.cumsum(clipped) - clipped[0]) / (tile.size - clipped[0])
    curve[low : high + 1] = (np.linspace(0, 1, inside.size) + np.clip(equalised, 0, 1)) * 127.5
    return curve


def _blend(where: Places, curves: Single, rows: list[int], columns: list[int]) -> Levels:
    """Every pixel through the curves of its four nearest tiles, weighted by nearness to their middles."""
    picture = np.empty(where.shape, dtype=np.uint8)
    across = _spans(columns)
    for top, bottom, above, below, down in _spans(rows):
        for left, right, west, east, along in across:
            part = where[top:bottom, left:right].astype(np.intp)
            upper = _mix(curves[above, west], curves[above, east], part, along)
            # At the upper and lower edge one tile has no neighbour.
            if below != above:
                lower = _mix(curves[below, west], curves[below, east], part, along)
                lower -= upper
                lower *= down[:, np.newaxis]
                upper += lower
            upper += np.float32(0.5)
            picture[top:bottom, left:right] = upper
    return picture


def _mix(west: Single, east: Single, part: npt.NDArray[np.intp], along: Single) -> Single:
    level: Single = np.take(west, part, mode="clip")
    if east is not west:
        level += (np.take(east, part, mode="clip") - level) * along
    return level


def _spans(edges: list[int]) -> list[tuple[int, int, int, int, Single]]:
    """Stretches between the middles of neighbouring tiles: first, end, the tiles before and after, and the
    weight of the later one for each pixel."""
    tiles = len(edges) - 1
    middles = [(edges[tile] + edges[tile + 1]) // 2 for tile in range(tiles)]
    spans = [(0, middles[0], 0, 0, np.zeros(middles[0], dtype=np.float32))]
    for tile in range(tiles - 1):
        first, end = middles[tile], middles[tile + 1]
        weight = np.arange(end - first, dtype=np.float32) / np.float32(end - first)
        spans.append((first, end, tile, tile + 1, weight))
    first, end = middles[-1], edges[-1]
    spans.append((first, end, tiles - 1, tiles - 1, np.zeros(end - first, dtype=np.float32)))
    return [span for span in spans if span[1] > span[0]]
