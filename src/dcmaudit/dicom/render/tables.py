"""Stored values to 8-bit levels through one table: the quick way for every cell of 8 or 16 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.samples import Array

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
