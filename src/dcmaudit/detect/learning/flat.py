"""Whether there is anything at all under a suggestion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmaudit.model import Box, Size


def is_flat(array: NDArray[Any], box: Box, tolerance: int = 0) -> bool:
    """Whether nothing can be written under ``box``: every sample in it is the same.

    ``array`` holds stored values, (rows, columns) or (rows, columns, samples); the part of the box outside it does
    not count, and where nothing is left the answer is true. ``tolerance`` is how far samples of one channel may lie
    apart: 0 unless the compression blurs a flat area, for text can hide in a few grey levels.
    """
    inside = box.clipped(Size(array.shape[1], array.shape[0]))
    if inside is None:
        return True
    part = array[inside.top : inside.bottom, inside.left : inside.right]
    if part.dtype.kind == "f":
        # Neither a number nor flat: whatever stands there, it is not one value.
        return bool(np.isfinite(part).all() and (np.ptp(part, axis=(0, 1)) <= tolerance).all())
    # Python's integers: the difference of two 16-bit values may not fit into 16 bits.
    low, high = part.min(axis=(0, 1)).astype(object), part.max(axis=(0, 1)).astype(object)
    return bool(np.all(np.asarray(high - low) <= tolerance))
