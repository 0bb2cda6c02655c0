"""The modality and VOI transformations on arrays of values (PS3.3 C.11.1 and C.11.2)."""

from __future__ import annotations

import math

import numpy as np

from dcmaudit.codecs.samples import Array, Lut, Samples, Window, window_problem
from dcmaudit.render.tables import Reals


def usable_rescale(modality: tuple[float, float] | Lut | None) -> tuple[float, float]:
    """Slope and intercept of a rescale; (1, 0) for a table, for nothing, and where they say nothing.

    A slope of 0 or one that is not finite would make every pixel the same level and hide whatever is written
    there, so it counts as absent.
    """
    if not isinstance(modality, tuple):
        return 1.0, 0.0
    slope, intercept = modality
    # A slope of 0 would make one grey of all values.
    if slope == 0 or not math.isfinite(slope) or not math.isfinite(intercept):
        return 1.0, 0.0
    return float(slope), float(intercept)


def after_modality(values: Array, modality: tuple[float, float] | Lut | None) -> Reals:
    """Stored ``values`` in the units that windows are given in; same axes, float64 (PS3.3 C.11.1)."""
    if isinstance(modality, Lut):
        return through_lut(values, modality)
    slope, intercept = usable_rescale(modality)
    with np.errstate(over="ignore", invalid="ignore"):
        changed: Reals = values.astype(np.float64) * slope + intercept
    return changed


def through_lut(values: Array, lut: Lut) -> Reals:
    """Table entries for ``values``; values before the first or after the last entry take that entry (C.11.1.1)."""
    last = lut.data.size - 1
    if values.dtype.kind == "f":
        # Entries are for whole numbers; NaN takes the first one.
        offset = np.nan_to_num(np.floor(values.astype(np.float64)), nan=lut.first, posinf=2**53, neginf=-(2**53))
        index = np.clip(offset - lut.first, 0, last).astype(np.intp)
    else:
        # int64: stored values of 32 bits less a first value of their own size leave int32.
        index = np.clip(values.astype(np.int64) - lut.first, 0, last)
    entries: Reals = lut.data[index].astype(np.float64)
    return entries


def lut_problem(lut: Lut) -> str | None:
    """Why a VOI table cannot be applied, None where it can."""
    if lut.data.size == 0:
        return "the VOI LUT has no entry"
    if int(lut.data.max()) == int(lut.data.min()):
        return "the VOI LUT maps every value to the same level"
    return None


def voi_choice(samples: Samples) -> Window | Lut | str:
    """The window or table that the VOI view applies, or in words why it shows the full range instead.

    The first window counts; a table only where there is no window. A first window that the standard does not
    allow is not replaced by the second: which of several is meant is for the file to say.
    """
    # Windows and VOI tables are for grey images alone (PS3.3 C.11.2.1.2).
    if samples.photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        return f"a VOI window does not apply to {samples.photometric}"
    if samples.windows:
        return window_problem(samples.windows[0]) or samples.windows[0]
    if samples.voi_luts:
        return lut_problem(samples.voi_luts[0]) or samples.voi_luts[0]
    return "the file has no VOI window or table"


def voi_levels(values: Reals, voi: Window | Lut) -> Reals:
    """Levels from 0 to 255, not rounded, for ``values`` after the modality transformation (PS3.3 C.11.2)."""
    if isinstance(voi, Window):
        return _windowed(values, voi)
    # Some tables hold more bits than they declare; then the largest entry is the brightest level.
    top = max(2**voi.bits - 1, int(voi.data.max()))
    levels: Reals = through_lut(np.floor(values + 0.5), voi) * (255.0 / top)
    return levels


def _windowed(values: Reals, window: Window) -> Reals:
    center, width = window.center, window.width
    if window.function == "SIGMOID":  # C.11.2.1.3.1
        with np.errstate(over="ignore", invalid="ignore"):
            curve: Reals = 255.0 / (1.0 + np.exp(-4.0 * (values - center) / width))
        return _numbers(curve)
    # The width counts values, of which the first and the last are inside; LINEAR_EXACT takes it as a distance.
    if window.function == "LINEAR":  # C.11.2.1.2.1
        center, width = center - 0.5, width - 1.0
    low, high = center - width / 2, center + width / 2
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        # A LINEAR width of 1 is a threshold: the line between the two limits has no length.
        levels: Reals = ((values - center) / width + 0.5) * 255.0 if width else np.zeros(values.shape)
        levels[values <= low] = 0.0
        levels[values > high] = 255.0
    return _numbers(levels)


def _numbers(levels: Reals) -> Reals:
    levels[np.isnan(levels)] = 0.0
    return levels
