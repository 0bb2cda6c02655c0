"""What is left of a string in another program's output: its contrast, piece by piece."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmaudit.model.scores import Trace

Values = NDArray[Any]

_LIKE = 0.6
"""Correlation from which on a piece of the output has the shape of the original."""
_CONTRAST = 0.05
"""Share of the original's contrast from which on it can be made visible."""
_INK = 0.15
"""A piece has ink where its values spread by this share of what the whole place spreads by."""


def trace(before: Values, after: Values) -> Trace:
    """What is left of the string under one place: its pixels before and after, (rows, columns), any dtype.

    The place is cut into pieces as long as it is high, about a letter each. A piece is left where the output follows
    the original: correlated with it, with a twentieth of its contrast or more. So black, a flat colour, noise and
    another text hide a string; a paler, inverted or blurred one does not.
    """
    first, second = before.astype(np.float64), after.astype(np.float64)
    if first.shape[0] > first.shape[1]:
        first, second = first.T, second.T
    whole = float(first.std())
    if whole == 0:
        return Trace.EMPTY
    height, length = first.shape
    count = max(1, round(length / max(height, 4)))
    pieces = zip(np.array_split(first, count, axis=1), np.array_split(second, count, axis=1), strict=True)
    left = [_is_left(one, other) for one, other in pieces if one.std() >= _INK * whole]
    if not any(left):
        return Trace.HIDDEN
    return Trace.LEFT if all(left) else Trace.IN_PART


def _is_left(before: Values, after: Values) -> bool:
    one, other = before - before.mean(), after - after.mean()
    spread, kept = float((one**2).sum()), float((other**2).sum())
    if kept == 0:
        return False
    shared = abs(float((one * other).sum()))
    return shared >= _LIKE * (spread * kept) ** 0.5 and shared >= _CONTRAST * spread
