"""MONOCHROME1 and MONOCHROME2 to 8-bit levels: the whole range of values present, or a VOI window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array, Lut, Samples, Window
from dcmaudit.render.tables import Levels, Reals, is_tabular, through_table, to_byte, values_present
from dcmaudit.render.voi import after_modality, through_lut, usable_rescale, voi_levels

_MARGIN = 32
"""Levels kept free at an end of the scale for values that are no numbers, so that text written with them shows."""

_FAR = 1e300


def full_range(samples: Samples) -> Levels:
    """The plane with its smallest displayed value black and its largest white; (rows, columns).

    A plane of one value is black: there is nothing in it to see, and no noise to make of it. NaN and negative
    infinity are darker, positive infinity is brighter than every number, with a gap between. Values are taken in
    the order in which they are displayed: after a falling rescale or table, and reversed for MONOCHROME1. A table
    of the modality LUT sequence is applied unless it rises or falls throughout and makes different values equal:
    text can hide in values that a table runs together.
    """
    array, dark_high = _in_order(samples)
    if array.dtype.kind == "f":
        return _real_range(array, dark_high=dark_high)
    low, high = int(array.min()), int(array.max())
    if low == high:
        return np.zeros(array.shape, dtype=np.uint8)

    def stretch(values: npt.NDArray[np.int64] | Array) -> Levels:
        levels = (values.astype(np.float64) - low) * 255.0 / (high - low)
        return to_byte(255.0 - levels if dark_high else levels)

    return through_table(array, stretch) if is_tabular(array) else stretch(array)


def windowed(samples: Samples, voi: Window | Lut) -> Levels:
    """The plane through its modality transformation and ``voi`` (PS3.3 C.11.1, C.11.2); (rows, columns)."""

    def convert(values: npt.NDArray[np.int64] | Array) -> Levels:
        levels = voi_levels(after_modality(values, samples.modality), voi)
        return to_byte(255.0 - levels if samples.photometric == "MONOCHROME1" else levels)

    return through_table(samples.array, convert) if is_tabular(samples.array) else convert(samples.array)


def is_dark_high(samples: Samples) -> bool:
    """Whether larger stored values are displayed darker: MONOCHROME1 or a negative slope, but not both."""
    slope, _ = usable_rescale(samples.modality)
    return (samples.photometric == "MONOCHROME1") != (slope < 0)


def _in_order(samples: Samples) -> tuple[Array, bool]:
    """Values whose order is the displayed one, and whether the largest is the darkest."""
    dark_high = is_dark_high(samples)
    lut = samples.modality
    if not isinstance(lut, Lut) or lut.data.size == 0:
        return samples.array, dark_high
    steps = np.diff(through_lut(values_present(samples.array), lut))
    rising, falling = bool((steps >= 0).all()), bool((steps <= 0).all())
    # A monotone table keeps the order of values, so that they can be shown by the table or as they are.
    if rising or falling:
        # Where it makes no two values equal nothing is lost by it.
        if (steps != 0).all():
            return through_lut(samples.array, lut).astype(np.uint16), dark_high
        return samples.array, dark_high != (falling and not rising)
    return through_lut(samples.array, lut).astype(np.uint16), dark_high


def _real_range(array: Array, *, dark_high: bool) -> Levels:
    values: Reals = array.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    # min() is NaN where any value is.
    if np.isfinite(low) and np.isfinite(high):
        return to_byte(_spread(values, low, high, 0.0, 255.0, dark_high=dark_high))
    finite = np.isfinite(values)
    levels = np.zeros(values.shape)
    if finite.any():
        numbers = values[finite]
        low, high = float(numbers.min()), float(numbers.max())
        levels[finite] = _spread(numbers, low, high, float(_MARGIN), 255.0 - _MARGIN, dark_high=dark_high)
    # NaN and the other infinity stay black, apart from the lowest number by the margin.
    levels[np.isneginf(values) if dark_high else np.isposinf(values)] = 255.0
    return to_byte(levels)


def _spread(values: Reals, low: float, high: float, bottom: float, top: float, *, dark_high: bool) -> Reals:
    if low == high:
        return np.full(values.shape, bottom)
    if high / 2 - low / 2 > _FAR:
        # The range of float64 itself overflows.
        values, low, high = values / 1024, low / 1024, high / 1024
    levels: Reals = (values - low) * (top - bottom) / (high - low)
    return top - levels if dark_high else bottom + levels
