"""Local contrast: text that differs from its surroundings by a few levels of many is made plain.

Equalisation alone (CLAHE) gives a small step on a flat ground almost nothing, for it shares the levels out by the
number of pixels. So each tile's curve is half the clipped equalisation and half the stretch from the tile's
smallest value to its largest; the curves of the four nearest tiles are blended in each pixel. The curves work on
the ranks of the values present: an outlier, a padding value or an empty part of the range takes no room.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.render.tables import Levels, is_tabular, values_present
from dcmaudit.dicom.samples import Array

Ranks = npt.NDArray[np.uint16]
Single = npt.NDArray[np.float32]

MOST_RANKS = 4096
"""Ranks kept apart: as many as a 12-bit image has values. Above it neighbours share one."""

_TILE = 80
"""Aimed-at edge of a tile in pixels: some letters high, and far less than a picture."""

_MOST_TILES = 12

_CLIP = 8.0
"""How many times its even share one rank may take in the equalising half: what keeps noise down."""


def local_contrast(values: Array, *, dark_high: bool = False) -> Levels:
    """Locally stretched levels of a (rows, columns) plane of any dtype; the same axes, uint8.

    NaN ranks as the largest value. A plane of one value is black.
    """
    ranks, count = rank(values)
    if count == 1:
        return np.zeros(values.shape, dtype=np.uint8)
    if dark_high:
        ranks = np.uint16(count - 1) - ranks
    rows = _edges(values.shape[0])
    columns = _edges(values.shape[1])
    curves = np.empty((len(rows) - 1, len(columns) - 1, count), dtype=np.float32)
    for i in range(len(rows) - 1):
        for j in range(len(columns) - 1):
            curves[i, j] = _curve(ranks[rows[i] : rows[i + 1], columns[j] : columns[j + 1]], count)
    return _blend(ranks, curves, rows, columns)


def rank(values: Array, most: int = MOST_RANKS) -> tuple[Ranks, int]:
    """The place of every pixel's value among the values present, from 0, and the number of places."""
    if is_tabular(values):
        present = values_present(values)
        count = min(present.size, most)
        places = (np.arange(present.size, dtype=np.int64) * count // present.size).astype(np.uint16)
        unsigned = np.uint8 if values.dtype.itemsize == 1 else np.uint16
        table = np.zeros(256**values.dtype.itemsize, dtype=np.uint16)
        table[present.view(unsigned)] = places
        return np.take(table, values.view(unsigned)), count
    present, inverse = np.unique(values, return_inverse=True)
    count = min(present.size, most)
    return (inverse.reshape(values.shape) * count // present.size).astype(np.uint16), count


def _edges(length: int) -> list[int]:
    tiles = max(1, min(_MOST_TILES, round(length / _TILE)))
    return [length * tile // tiles for tile in range(tiles + 1)]


def _curve(tile: Ranks, count: int) -> Single:
    """The level, from 0 to 255, of every rank in one tile; never falling."""
    histogram = np.bincount(tile.ravel(), minlength=count)
    used = np.flatnonzero(histogram)
    low, high = int(used[0]), int(used[-1])
    place = np.arange(count, dtype=np.float32)
    if low == high:
        # Nothing to stretch here: the value keeps its place in the whole plane.
        return np.asarray(place * np.float32(255 / (count - 1)), dtype=np.float32)
    stretch = np.clip((place - low) / (high - low), 0, 1)
    limit = max(1.0, _CLIP * tile.size / (high - low + 1))
    clipped = np.minimum(histogram, limit)
    clipped[low : high + 1] += (tile.size - clipped.sum()) / (high - low + 1)
    equalised = (np.cumsum(clipped) - clipped[low]) / (tile.size - clipped[low])
    curve: Single = ((stretch + np.clip(equalised, 0, 1)) * 127.5).astype(np.float32)
    return curve


def _blend(ranks: Ranks, curves: Single, rows: list[int], columns: list[int]) -> Levels:
    """Every pixel through the curves of its four nearest tiles, weighted by nearness to their middles."""
    picture = np.empty(ranks.shape, dtype=np.uint8)
    across = _spans(columns)
    for top, bottom, above, below, down in _spans(rows):
        for left, right, west, east, along in across:
            part = ranks[top:bottom, left:right].astype(np.intp)
            upper = _mix(curves[above, west], curves[above, east], part, along)
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
