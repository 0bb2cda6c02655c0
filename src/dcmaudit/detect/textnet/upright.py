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
    if not y:  # most lines are upright: each row and column of them is one of the picture
        return _crossed(picture, centre_y + (across * x >> _BITS), centre_x + (along * x >> _BITS))
    if not x:
        seen = _crossed(picture, centre_y + (along * y >> _BITS), centre_x + (-across * y >> _BITS))
        return np.ascontiguousarray(np.swapaxes(seen, 0, 1))
    left, over = _between(centre_x + (np.add.outer(-across * y, along * x) >> _BITS), picture.shape[1])
    top, down = _between(centre_y + (np.add.outer(across * x, along * y) >> _BITS), picture.shape[0])
    planes, first = _planes(picture, top, left)
    wide = planes.shape[2]
    flat, places = planes.reshape(len(planes), -1), (top - first[0]) * wide + left - first[1]
    # Behind the last pixel of a row or column there is none, and its weight is 0: any will do.
    a, b, c, d = (flat.take(places + more, axis=1, mode="clip") for more in (0, 1, wide, wide + 1))
    return _whole(_levels(_mixed(a, b, over), _mixed(c, d, over), down))


def _crossed(picture: Picture, at_y: Whole, at_x: Whole) -> Picture:
    """Between the rows and columns at these places: first along the rows that are asked for, then across them."""
    (top, down), (left, over) = _between(at_y, picture.shape[0]), _between(at_x, picture.shape[1])
    planes, first = _planes(picture, top, left)
    top, left = top - first[0], left - first[1]
    if planes.shape[1] > 2 * top.size:  # made smaller: not all rows are asked for
        planes = np.stack([planes.take(top + more, axis=1, mode="clip") for more in (0, 1)], axis=2)
        planes = planes.reshape(len(planes), -1, planes.shape[3])
        top = 2 * np.arange(top.size, dtype=np.int32)
    before, behind = (planes.take(left + more, axis=2, mode="clip") for more in (0, 1))
    between = _mixed(before, behind, over)
    upper, lower = (between.take(top + more, axis=1, mode="clip") for more in (0, 1))
    return _whole(_levels(upper, lower, down[:, None]))


def _planes(picture: Picture, top: Place, left: Place) -> tuple[Picture, tuple[int, int]]:
    """The rows and columns that are asked for, (channels, rows, columns), and where they begin in the picture."""
    first = int(top.min()), int(left.min())
    part = picture[first[0] : int(top.max()) + 2, first[1] : int(left.max()) + 2]
    return part[None] if part.ndim == 2 else np.stack(cv2.split(part)), first


def _whole(planes: Picture) -> Picture:
    return planes[0] if len(planes) == 1 else np.asarray(cv2.merge(list(planes)), np.uint8)


def _between(at: Whole, edge: int) -> tuple[Place, Steps]:
    """For places along one axis, in parts of one: the pixel before each, and steps from there to the next."""
    inside = np.minimum(np.maximum(at, 0), (edge - 1) * ONE)
    return (inside >> _BITS).astype(np.int32), ((inside >> _FINER) & (_PARTS - 1)).astype(np.int16)


def _mixed(one: Picture, other: Picture, over: Steps) -> Steps:
    """The levels between neighbours in a row, by steps, in parts of a level."""
    # Two bytes hold each part of it: nothing is larger than 255 * 64.
    mixed = (other.astype(np.int16) - one) * over
    mixed += one.astype(np.int16) * np.int16(_PARTS)
    return np.asarray(mixed, np.int16)


def _levels(upper: Steps, lower: Steps, down: Steps) -> Picture:
    """The levels between neighbours in a column, of parts of levels, by steps."""
    whole = (lower - upper) * down.astype(np.int32)
    whole += upper.astype(np.int32) * _PARTS + _PARTS**2 // 2
    whole >>= 12
    return whole.astype(np.uint8)


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
