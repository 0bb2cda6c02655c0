"""Stored values to 8-bit levels through one table: the quick way for every cell of 8 or 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array

Levels = npt.NDArray[np.uint8]
Reals = npt.NDArray[np.float64]


def is_tabular(array: Array) -> bool:
    """Whether the values are integers of at most 16 bits, so that a table can hold an answer for each."""
    return array.dtype.kind in "iub" and array.dtype.itemsize <= 2


def through_table(array: Array, convert: Callable[[npt.NDArray[np.int64]], Levels]) -> Levels:
    """``convert`` of every value of a tabular ``array``, computed once for each value between its extremes.

    ``convert`` takes the values, ascending and one-dimensional, and returns as many levels, or as many rows of
    three. The result has the axes of ``array``, then those of a row.
    """
    unsigned = np.uint8 if array.dtype.itemsize == 1 else np.uint16
    values = np.arange(int(array.min()), int(array.max()) + 1, dtype=np.int64)
    levels = convert(values)
    table = np.zeros((256**array.dtype.itemsize, *levels.shape[1:]), dtype=np.uint8)
    # A negative value stands at the place of its bit pattern, where the unsigned view of the cell will look.
    table[values & (table.shape[0] - 1)] = levels
    if levels.ndim == 1:
        return np.take(table, array.view(unsigned))
    # Three single takes into their places are quicker than one take of rows of three bytes.
    index = array.view(unsigned).astype(np.intp)
    picture = np.empty((*array.shape, levels.shape[1]), dtype=np.uint8)
    for channel in range(levels.shape[1]):
        picture[..., channel] = np.take(np.ascontiguousarray(table[:, channel]), index, mode="clip")
    return picture


def values_present(array: Array) -> Array:
    """The different values of ``array``, ascending, in its dtype; NaN counts once, last."""
    # 32 bits and fractions have no table of all values.
    if not is_tabular(array):
        return np.unique(array)
    low = int(array.min())
    unsigned: Any = np.uint8 if array.dtype.itemsize == 1 else np.uint16
    seen = np.zeros(256**array.dtype.itemsize, dtype=bool)
    seen[array.view(unsigned)] = True
    values = np.arange(low, int(array.max()) + 1, dtype=np.int64)
    present: Array = values[seen[values & (seen.size - 1)]].astype(array.dtype)
    return present


def to_byte(levels: Reals) -> Levels:
    """Levels rounded to the nearest whole one and held between 0 and 255."""
    whole: Levels = np.clip(np.floor(levels + 0.5), 0, 255).astype(np.uint8)
    return whole


def as_steps(array: Array) -> Array:
    """The values as steps from 0, (same axes) uint8 or uint16, for work that needs their order and distance only.

    Integers keep every difference as long as 16 bits hold them all. Other values are divided into equal steps
    between bounds that hold all but the most remote; infinities and, last, NaN take steps of their own.
    """
    if is_tabular(array):
        # Without the sign: the subtraction wraps to the same distance.
        kind: Any = np.uint8 if array.dtype.itemsize == 1 else np.uint16
        steps: Array = array.view(kind) - kind(int(array.min()) & np.iinfo(kind).max)
        return steps
    if array.dtype.kind in "iu" and int(array.max()) - int(array.min()) < 65536:
        shifted: Array = (array - array.min()).astype(np.uint16)
        return shifted
    values = array.astype(np.float64) / 2
    low, high = _bounds(values)
    # NaN and the infinities get places of their own below.
    with np.errstate(over="ignore", invalid="ignore"):
        share = (values - low) / (high - low) if low < high else np.zeros(values.shape)
    share = np.clip(np.floor(share * 65532), 0, 65532) + 1
    for step, special in ((0, np.isneginf(values)), (65534, np.isposinf(values)), (65535, np.isnan(values))):
        share[special] = step
    return share.astype(np.uint16)


def _bounds(values: Reals) -> tuple[float, float]:
    """The range of finite ``values``, cut where it goes on far beyond the middle 99 %; (0, 0) without any."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    first, last = np.percentile(finite[:: max(1, finite.size // 65536)], [0.5, 99.5])
    far = 4 * float(last - first)
    return (max(low, float(first) - far), min(high, float(last) + far)) if far > 0 else (low, high)
