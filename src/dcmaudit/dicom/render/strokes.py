"""Where strokes like those of writing are: a map for people to look at, not a detector.

A stroke is narrower than a few pixels in one direction, lighter or darker than what lies on both sides of it, and
has strokes of the other direction beside it. Lines, edges of organs and frames have no such neighbours; noise and
texture raise what counts as a difference in their part of the plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.render.tables import Levels, as_steps
from dcmaudit.dicom.samples import Array

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
    lighter, darker = np.maximum(light_upright, light_level), np.maximum(dark_upright, dark_level)
    contrast = np.maximum(lighter, darker)
    ground = _ground(contrast)
    dense = np.sqrt(_density(upright, ground) * _density(level, ground))
    np.minimum(dense * np.float32(4.0), np.float32(1.0), out=dense)
    likely = _likely(contrast, _fill(ground, contrast.shape, _GROUP * _GROUND))
    likely *= _fill(dense, contrast.shape, _GROUP)
    # Between the strokes of light letters lie dark ones: darker, so that the letters stay legible either way.
    likely *= np.where(lighter >= darker, np.float32(255), np.float32(150))
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


def _ground(contrast: Array) -> Single:
    """The usual contrast around each square: the median of 5 x 5 squares, which lines of writing do not fill."""
    means = _means(contrast, _GROUP * _GROUND)
    padded = np.pad(means, 2, mode="edge")
    rows, columns = means.shape
    around = [padded[i : i + rows, j : j + columns] for i in range(5) for j in range(5)]
    ground: Single = np.median(np.stack(around), axis=0).astype(np.float32)
    return ground


def _density(thin: Array, ground: Single) -> Single:
    """The share of pixels around each group that belong to strokes, from 0 to 1."""
    groups = _means(thin, _GROUP)
    likely = _likely(groups * np.float32(2), _fill(ground, groups.shape, _GROUND))
    padded = np.pad(likely, ((1, 1), (2, 2)))
    rows, columns = likely.shape
    total = np.zeros_like(likely)
    for i in range(3):
        for j in range(5):
            total += padded[i : i + rows, j : j + columns]
    return total / np.float32(15)


def _likely(contrast: Array, ground: Single) -> Single:
    """0 for the contrast usual here, near 1 for many times as much."""
    floor = ground * np.float32(2.1) + np.float32(0.25)
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
