"""A place of a picture turned upright and made as large as is wanted, and its contrast stretched, in whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.network import Picture
from dcmaudit.detect.textnet.slants import ONE, Slant
from dcmaudit.detect.vision import cv2

_RANGE, _GAIN = 200, 6
"""Levels that a picture is stretched to, and times at most."""

_BITS = ONE.bit_length() - 1
_PARTS = 64
"""Steps from one pixel to the next."""
_FINER = _BITS - 6

Whole = npt.NDArray[np.int64]
Place = npt.NDArray[np.int32]
Steps = npt.NDArray[np.int16]


def turned(picture: Picture, slant: Slant, scale: float, size: tuple[int, int]) -> Picture:
    """The place in the middle of a picture of ``size`` rows and columns, upright; levels between pixels by weights."""
    step = round(ONE / scale)
    across, along = ((np.arange(edge, dtype=np.int64) * 2 - edge + 1) * step // 2 for edge in size)
    x, y = slant.along
    centre_x, centre_y = slant.middle
    high, wide = picture.shape[:2]
    if not y:  # most lines are upright: each row and column of them is one of the picture
        return _crossed(picture, centre_y + (across * x >> _BITS), centre_x + (along * x >> _BITS))
    if not x:
        seen = _crossed(picture, centre_y + (along * y >> _BITS), centre_x + (-across * y >> _BITS))
        return np.ascontiguousarray(np.swapaxes(seen, 0, 1))
    left, over = _between(centre_x + (np.add.outer(-across * y, along * x) >> _BITS), wide)
    top, down = _between(centre_y + (np.add.outer(across * x, along * y) >> _BITS), high)
    flat, first = picture.reshape(-1, *picture.shape[2:]), top * wide + left
    # Behind the last pixel of a row or column there is none, and its weight is 0: any will do.
    corners = [flat.take(first + more, axis=0, mode="clip") for more in (0, 1, wide, wide + 1)]
    return _blended(corners, down, over)


def _crossed(picture: Picture, at_y: Whole, at_x: Whole) -> Picture:
    (top, down), (left, over) = _between(at_y, picture.shape[0]), _between(at_x, picture.shape[1])
    bands = [picture.take(top + more, axis=0, mode="clip") for more in (0, 1)]
    corners = [band.take(left + more, axis=1, mode="clip") for band in bands for more in (0, 1)]
    return _blended(corners, down[:, None], over[None, :])


def _between(at: Whole, edge: int) -> tuple[Place, Steps]:
    """For places along one axis, in parts of one: the pixel before each, and steps from there to the next."""
    inside = np.clip(at, 0, (edge - 1) * ONE)
    return (inside >> _BITS).astype(np.int32), ((inside >> _FINER) & (_PARTS - 1)).astype(np.int16)


def _blended(corners: list[Picture], down: Steps, over: Steps) -> Picture:
    """The levels between four neighbours, by steps ``down`` and ``over``."""
    if corners[0].ndim == 3:
        down, over = down[..., None], over[..., None]
    a, b, c, d = (corner.astype(np.int16) for corner in corners)
    upper, lower = a * _PARTS + (b - a) * over, c * _PARTS + (d - c) * over
    whole = upper.astype(np.int32) * _PARTS + (lower - upper).astype(np.int32) * down
    return np.asarray((whole + _PARTS**2 // 2) >> 12, np.uint8)


def stretched(picture: Picture) -> Picture:
    """With its darkest and brightest hundredth at the ends of the range, but at most a few times as much contrast."""
    upto = np.cumsum(np.bincount(picture.ravel(), minlength=256))
    place = picture.size // 100
    low, high = (int(np.searchsorted(upto, one, side="right")) for one in (place, picture.size - 1 - place))
    if not 1 < high - low < _RANGE:
        return picture
    gain = min(_RANGE * 64 // (high - low), _GAIN * 64)
    levels = np.clip(((2 * np.arange(256, dtype=np.int64) - low - high) * gain >> 7) + 128, 0, 255)
    return np.asarray(cv2.LUT(picture, levels.astype(np.uint8)), np.uint8)
