"""Small pictures of planes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.errors import UsageError
from dcmaudit.render.tables import Levels, to_byte


def thumbnail(picture: Levels, edge: int) -> Levels:
    """``picture`` made smaller, never larger, so that its longer side is at most ``edge`` pixels; axes as before.

    A pixel of the result is half the mean of the pixels it stands for and half the one of them that differs most
    from that mean: averaging alone would wash thin writing out, extremes alone would turn noise into speckle.
    UsageError for an edge below 1.
    """
    if edge < 1:
        raise UsageError(f"a thumbnail of {edge} pixels has no pixels", hint="1 or more are allowed")
    rows, columns = picture.shape[:2]
    longer = max(rows, columns)
    if longer <= edge:
        return picture
    size = (max(1, round(rows * edge / longer)), max(1, round(columns * edge / longer)))
    # Whole blocks first: quick, and what remains is small.
    whole = max(1, longer // edge)
    mean = _divided(_blocks(picture, whole, np.add, np.float32) / np.float32(whole * whole), size, np.add)
    ones = np.ones((-(-rows // whole), -(-columns // whole)) + (1,) * (picture.ndim - 2), dtype=np.float32)
    mean /= _divided(ones, size, np.add)
    above = _divided(_blocks(picture, whole, np.maximum, np.uint8), size, np.maximum) - mean
    below = mean - _divided(_blocks(picture, whole, np.minimum, np.uint8), size, np.minimum)
    return to_byte((mean + np.where(above >= below, above, -below) / 2).astype(np.float64))


def _blocks(picture: Levels, edge: int, choose: np.ufunc, kind: npt.DTypeLike) -> Array:
    """``choose`` over squares of ``edge`` pixels; the last ones are filled up with their last pixels."""
    if edge == 1:
        return picture.astype(kind)
    rows, columns = (-(-length // edge) for length in picture.shape[:2])
    filling = [(0, rows * edge - picture.shape[0]), (0, columns * edge - picture.shape[1])]
    filled = np.pad(picture, filling + [(0, 0)] * (picture.ndim - 2), mode="edge")
    rest = picture.shape[2:]
    down = choose.reduce(filled.reshape(rows, edge, -1), axis=1, dtype=kind)
    across: Array = choose.reduce(down.reshape(rows, columns, edge, *rest), axis=2, dtype=kind)
    return across


def _divided(values: Array, size: tuple[int, int], choose: np.ufunc) -> Array:
    """``choose`` over as many parts down and across as ``size`` says, of nearly the same length."""
    down, across = (np.arange(parts) * length // parts for parts, length in zip(size, values.shape, strict=False))
    divided: Array = choose.reduceat(choose.reduceat(values, down, axis=0), across, axis=1)
    return divided
