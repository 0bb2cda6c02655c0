"""Where strokes like those of writing are: a map for people to look at, not a detector.

A stroke is narrower than a few pixels in one direction, lighter or darker than what lies on both sides of it, and
has strokes of the other direction beside it. Lines, edges of organs and frames have no such neighbours; noise and
texture raise what counts as a difference in their part of the plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.render.tables import Levels, as_steps

Single = npt.NDArray[np.float32]

_GROUP = 4
"""Edge of the squares of pixels that density is counted in."""

_GROUND = 8
"""Edge, in groups, of the squares that the contrast of the surroundings is measured in."""


def stroke_map(plane: Array) -> Levels:
    """How much every pixel of ``plane`` looks like part of writing, from 0 to 255; (rows, columns).

    ``plane`` is (rows, columns) of any dtype, or (rows, columns, 3) of uint8: then the channel that says most
    counts, so that writing which differs in colour alone is found too. Only differences of values matter.
    """
    if plane.ndim == 3:
        # Grey saved as colour: one map instead of three equal ones.
        if (plane[..., :1] == plane[..., 1:]).all():
            return stroke_map(np.ascontiguousarray(plane[..., 0]))
        maps = [stroke_map(np.ascontiguousarray(plane[..., channel])) for channel in range(plane.shape[2])]
        return np.maximum(np.maximum(maps[0], maps[1]), maps[2])
    steps = as_steps(plane)
    if not steps.any():
        return np.zeros(plane.shape, dtype=np.uint8)
    width = _widest_stroke(plane.shape)
    light_upright, dark_upright = _thin(steps, width, axis=1)
    light_level, dark_level = _thin(steps, width, axis=0)
    upright, level = np.maximum(light_upright, dark_upright), np.maximum(light_level, dark_level)
    contrast = np.maximum(upright, level)
    floor = _floor(contrast)
    dense = np.sqrt(_density(upright, floor) * _density(level, floor))
    np.minimum(dense * np.float32(4.0), np.float32(1.0), out=dense)
    likely = _likely(contrast, _fill(floor, contrast.shape, _GROUP * _GROUND))
    likely *= _fill(dense, contrast.shape, _GROUP)
    likely *= _ink(steps, contrast)
    return likely.astype(np.uint8)


def _widest_stroke(shape: tuple[int, ...]) -> int:
    """Pixels that a stroke may be wide: letters grow with the picture, but not as fast."""
    return 7 if max(shape) <= 300 else 9 if max(shape) <= 1400 else 13


def _thin(values: Array, width: int, *, axis: int) -> tuple[Array, Array]:
    """How far a pixel stands out, up and down, from what is wider than ``width`` along ``axis``."""
    opened = _slide(_slide(values, width, np.minimum, axis), width, np.maximum, axis)
    closed = _slide(_slide(values, width, np.maximum, axis), width, np.minimum, axis)
    return values - opened, closed - values


def _slide(values: Array, width: int, choose: Any, axis: int) -> Array:
    """The extreme of ``width`` (odd) pixels around each along ``axis``, by doubling; ends repeat."""
    half = width // 2
    pad = [(half, half) if at == axis else (0, 0) for at in range(2)]
    reach, done = np.pad(values, pad, mode="edge"), 1
    while done < width:
        step = min(done, width - done)
        ahead = [slice(None), slice(None)]
        behind = [slice(None), slice(None)]
        ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
        reach = choose(reach[tuple(ahead)], reach[tuple(behind)])
        done += step
    return reach


def _calm(means: Single, place: int) -> Single:
    """Of the 5 x 5 squares around each square the value at ``place`` in ascending order: 12 is the median."""
    # Beyond the border the plane is mirrored: a corner full of writing is not its own surroundings.
    padded = np.pad(means, 2, mode="reflect")
    rows, columns = means.shape
    around = [padded[i : i + rows, j : j + columns] for i in range(5) for j in range(5)]
    calm: Single = np.partition(np.stack(around), place, axis=0)[place]
    return calm


def _floor(contrast: Array) -> Single:
    """What contrast counts for nothing around each square.

    Twice the usual one there, which is that of the calmer of the squares around, for blocks of writing are large;
    and a small part of what the strongest strokes of the plane have, or the traces that lossy compression leaves
    beside them would be strokes themselves.
    """
    usual = _calm(_means(contrast, _GROUP * _GROUND), 6)
    strongest = np.percentile(contrast[::3, ::3], 99.5)
    return usual * np.float32(2.1) + np.float32(max(0.25, 0.03 * strongest))


def _ink(steps: Array, contrast: Array) -> Single:
    """The level that a certain stroke is shown with, 255 or less.

    The gaps between strokes are strokes too, of the other kind, but of the ground's own level: shown darker, they
    leave the letters legible.
    """
    ground = _calm(_means(steps, _GROUP * _GROUND), 12)
    away = np.abs(steps - _fill(ground, steps.shape, _GROUP * _GROUND))
    away /= np.maximum(contrast, 1)
    np.minimum(away, np.float32(1), out=away)
    away *= np.float32(185)
    away += np.float32(70)
    return away


def _density(thin: Array, floor: Single) -> Single:
    """The share of pixels around each group that belong to strokes, from 0 to 1."""
    groups = _means(thin, _GROUP)
    likely = _likely(groups * np.float32(2), _fill(floor, groups.shape, _GROUND))
    padded = np.pad(likely, ((1, 1), (2, 2)))
    rows, columns = likely.shape
    total = np.zeros_like(likely)
    for i in range(3):
        for j in range(5):
            total += padded[i : i + rows, j : j + columns]
    return total / np.float32(15)


def _likely(contrast: Array, floor: Single) -> Single:
    """0 up to the floor, near 1 for many times as much."""
    over = np.maximum(contrast.astype(np.float32) - floor, np.float32(0))
    likely: Single = over / (over + floor)
    return likely


def _means(values: Array, edge: int) -> Single:
    """Means of squares of ``edge`` pixels; the last ones are filled up with their last pixels."""
    down, across = (-(-length // edge) for length in values.shape)
    filling = [(0, down * edge - values.shape[0]), (0, across * edge - values.shape[1])]
    filled = np.pad(values, filling, mode="edge") if any(after for _, after in filling) else values
    sums = filled.reshape(down, edge, across * edge).sum(axis=1, dtype=np.float32)
    means: Single = sums.reshape(down, across, edge).sum(axis=2) / np.float32(edge * edge)
    return means


def _fill(squares: Single, shape: tuple[int, ...], edge: int) -> Single:
    return np.repeat(np.repeat(squares, edge, axis=0)[: shape[0]], edge, axis=1)[:, : shape[1]]
