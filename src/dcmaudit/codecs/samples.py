"""The stored samples of one plane, and what is needed to show them: the meeting point of reading and rendering."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Window:
    """One VOI window (PS3.3 C.11.2): centre and width in the units after the modality transformation."""

    center: float
    width: float
    function: str = "LINEAR"


def window_problem(window: Window) -> str | None:
    """Why a window cannot be applied, None where it can (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    if window.function not in {"LINEAR", "LINEAR_EXACT", "SIGMOID"}:
        return "VOI LUT Function is not one of LINEAR, LINEAR_EXACT, SIGMOID"
    if not (math.isfinite(window.center) and math.isfinite(window.width)):
        return "Window Center or Window Width is not a finite number"
    # LINEAR divides by the width less one; the other two by the width.
    if window.function == "LINEAR" and window.width < 1:
        return f"Window Width {window.width:g} is less than 1"
    if window.width <= 0:
        return f"Window Width {window.width:g} is not greater than 0"
    return None


@dataclass(frozen=True, slots=True)
class Lut:
    """One lookup table (PS3.3 C.11.1, C.11.2): ``data[0]`` is the output for the input ``first``."""

    first: int
    bits: int
    data: npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Palette:
    """The three tables of PALETTE COLOR (PS3.3 C.7.6.3.1.5), segments expanded, each of 2**bits levels."""

    red: Lut
    green: Lut
    blue: Lut


@dataclass(frozen=True, slots=True)
class Samples:
    """The stored values of one plane as they are, before any conversion for display.

    ``array`` has the axes (rows, columns) or (rows, columns, 3), native byte order, and the dtype of the cell:
    uint8/16/32, int8/16/32, float32 or float64; bit planes are uint8 of 0 and 1. Only the ``bits_stored`` bits
    ending at the high bit are in it, shifted down to bit 0 and sign-extended where ``signed``; other bits of the
    cell are planes of their own. ``photometric`` names what the samples mean after decoding (a JPEG decoder may
    already have turned YBR_FULL_422 into RGB): MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB, YBR_FULL, YBR_RCT,
    YBR_ICT, or ``BITS`` for overlays and stray bits. ``modality`` is a rescale (slope, intercept) or a lookup
    table; ``unit`` says what comes out of it, None where the header does not.
    """

    array: Array
    photometric: str
    bits_stored: int
    signed: bool = False
    palette: Palette | None = None
    modality: tuple[float, float] | Lut | None = None
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[Lut, ...] = ()
    unit: str | None = None
