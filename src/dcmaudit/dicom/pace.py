"""How fast frames follow each other, from the header."""

from __future__ import annotations

import math
from collections.abc import Iterable

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.model import Pace

_DISPLAY_RATE, _VECTOR, _TIME, _CINE_RATE = 0x00082144, 0x00181065, 0x00181063, 0x00180040
_LONGEST = 60_000.0


def pace_of(attributes: Attributes, frames: int) -> Pace | None:
    """How long each of ``frames`` frames is to be shown; None where the header does not say it.

    Recommended Display Frame Rate goes first, then Frame Time Vector, Frame Time and Cine Rate (PS3.3 C.7.6.5.1). A
    vector has the time from the frame before, its first value is 0: the last frame stays as long as the one before.
    """
    rate = _usable(1000 / value for value in _rates(attributes, _DISPLAY_RATE))
    if rate:
        return Pace(rate[:1])
    vector = attributes.decimals(_VECTOR)
    # FrameTimeVector: the first value is 0, the others the time from the frame before (PS3.3 C.7.6.5.1.2).
    if frames > 1 and len(vector) >= frames:
        times = _usable(vector[1:frames])
        if len(times) == frames - 1:
            return Pace((*times, times[-1]))
    found = _usable(attributes.decimals(_TIME)[:1]) or _usable(1000 / value for value in _rates(attributes, _CINE_RATE))
    return Pace(found[:1]) if found else None


def _rates(attributes: Attributes, tag: int) -> list[float]:
    values = attributes.integers(tag) or attributes.decimals(tag)
    return [value for value in values[:1] if math.isfinite(value) and value > 0]


def _usable(times: Iterable[float]) -> tuple[float, ...]:
    return tuple(time for time in times if math.isfinite(time) and 0 < time <= _LONGEST)
