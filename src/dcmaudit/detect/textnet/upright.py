"""A place of a picture turned upright and made as large as is wanted, and its contrast stretched, in whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.network import Picture
from dcmaudit.detect.textnet.slants import ONE, Slant

_RANGE, _GAIN = 200, 6
"""Levels that a picture is stretched to, and times at most."""


def turned(picture: Picture, slant: Slant, scale: float, size: tuple[int, int]) -> Picture:
    """The place in the middle of a picture of ``size`` rows and columns, upright; levels between pixels by weights."""
    step = round(ONE / scale)
    rows, columns = (np.arange(edge, dtype=np.int64) * 2 - edge + 1 for edge in size)
    along, across = np.meshgrid(columns * step // 2, rows * step // 2)
    x, y = slant.along
    centre_x, centre_y = slant.middle
    at_x = centre_x + (along * x - across * y) // ONE
    at_y = centre_y + (along * y + across * x) // ONE
    return _between(picture, at_y, at_x)


def _between(picture: Picture, at_y: npt.NDArray[np.int64], at_x: npt.NDArray[np.int64]) -> Picture:
    high, wide = picture.shape[:2]
    y, x = np.clip(at_y, 0, (high - 1) * ONE), np.clip(at_x, 0, (wide - 1) * ONE)
    top, left = y // ONE, x // ONE
    bottom, right = np.minimum(top + 1, high - 1), np.minimum(left + 1, wide - 1)
    down, over = (y % ONE) >> 6, (x % ONE) >> 6  # sixty-fourths
    if picture.ndim == 3:
        down, over = down[..., None], over[..., None]
    down, over = down.astype(np.int32), over.astype(np.int32)
    upper = picture[top, left].astype(np.int32) * (64 - over) + picture[top, right] * over
    lower = picture[bottom, left].astype(np.int32) * (64 - over) + picture[bottom, right] * over
    return np.asarray((upper * (64 - down) + lower * down + 2048) >> 12, np.uint8)


def stretched(picture: Picture) -> Picture:
    """With its darkest and brightest hundredth at the ends of the range, but at most a few times as much contrast."""
    ordered = np.sort(picture, axis=None).astype(np.int64)
    low, high = int(ordered[len(ordered) // 100]), int(ordered[-1 - len(ordered) // 100])
    if not 1 < high - low < _RANGE:
        return picture
    gain = min(_RANGE * 64 // (high - low), _GAIN * 64)
    return np.asarray(np.clip(((2 * picture.astype(np.int64) - low - high) * gain >> 7) + 128, 0, 255), np.uint8)
