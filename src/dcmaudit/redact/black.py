"""Painting the plan on to arrays, and the stored value that is black."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.errors import RedactionError
from dcmaudit.model.geometry import Box, Size

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class PixelMeaning:
    """What stored values mean for black.

    ``photometric`` as stored (PhotometricInterpretation, or BITS for overlays and bit planes); ``bits_stored`` of the
    cell; ``inverted`` where a larger value after the modality transformation means a smaller stored one, so that the
    darkest stored value is at the other end; ``darkest_index`` for PALETTE COLOR.
    """

    photometric: str
    bits_stored: int
    signed: bool = False
    inverted: bool = False
    darkest_index: int | None = None


def black_level(meaning: PixelMeaning, array: Array) -> tuple[int | float, ...]:
    """The stored value of black, one number a sample.

    MONOCHROME2: the smallest representable value; MONOCHROME1: the largest (the other way round where ``inverted``).
    Float: the smallest finite value present in ``array``, for there is no smallest sensible one; the largest for
    MONOCHROME1. YBR_FULL: (0, middle, middle); RGB: 0; PALETTE COLOR: the darkest entry's index; bits: 0.
    RedactionError for a photometric interpretation whose black is not known, and for signed YBR, which some programs
    take for unsigned: nothing is black for all of them (PS3.3 C.7.6.3.1.2 knows unsigned colour only).
    """
    photometric = meaning.photometric
    if photometric == "BITS":
        return (0,)
    # A negative rescale slope turns the order round, as MONOCHROME1 does.
    if photometric in {"MONOCHROME1", "MONOCHROME2"}:
        bright = (photometric == "MONOCHROME1") != meaning.inverted
        return (_grey_end(meaning, array, largest=bright),)
    if photometric == "PALETTE COLOR":
        if meaning.darkest_index is None:
            raise RedactionError("a palette image without a usable palette has no known black")
        return (meaning.darkest_index,)
    if photometric in {"RGB", "YBR_RCT", "YBR_ICT"} and array.shape[-1:] == (3,):
        # After decoding, reversible and irreversible colour transformations are RGB again.
        return (0, 0, 0)
    if meaning.signed and photometric.startswith("YBR_"):
        raise RedactionError(
            f"signed samples of {photometric} are read as unsigned ones by some programs: no value is black for all",
            hint="PixelRepresentation has to be 0 for colour; correct the header first",
        )
    # No chroma is the middle of the range (PS3.3 C.7.6.3.1.2).
    if photometric in {"YBR_FULL", "YBR_FULL_422"}:
        middle = 1 << (meaning.bits_stored - 1)
        return (0, middle, middle)
    if photometric in {"YBR_PARTIAL_422", "YBR_PARTIAL_420"}:
        middle = 1 << (meaning.bits_stored - 1)
        # Black of YBR_PARTIAL is 16 of 256 levels.
        return (1 << (meaning.bits_stored - 4), middle, middle)
    raise RedactionError(
        f"black is not known for the photometric interpretation {photometric!r}",
        hint="known are MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB and YBR_*",
    )


def _grey_end(meaning: PixelMeaning, array: Array, *, largest: bool) -> int | float:
    if np.issubdtype(array.dtype, np.floating):
        finite = array[np.isfinite(array)]
        # NaN and infinities alone: nothing is darker than 0.
        if not finite.size:
            return 0.0
        return float(finite.max() if largest else finite.min()) + 0.0  # never -0.0: its sign bit would say something
    bits = meaning.bits_stored
    if meaning.signed and array.dtype.kind == "i":  # single bits packed into bytes have no sign
        return (1 << (bits - 1)) - 1 if largest else -(1 << (bits - 1))
    return (1 << bits) - 1 if largest else 0


def blacken(array: Array, boxes: Iterable[Box], black: tuple[int | float, ...]) -> Array:
    """A copy of ``array`` with every pixel of every box set to ``black``.

    ``array`` has the axes (rows, columns) or (rows, columns, samples); boxes are in its pixels and must lie inside
    it, else RedactionError: a plan is checked before it is carried out, so that is a fault of the program.
    """
    size = Size(array.shape[1], array.shape[0])
    painted = array.copy()
    value = np.asarray(black, dtype=array.dtype)
    for box in boxes:
        if not box.is_inside(size):
            raise RedactionError(f"a rectangle reaches outside its plane of {size.width} x {size.height} pixels")
        painted[box.top : box.bottom, box.left : box.right] = value if array.ndim == 3 else value[0]
    return painted
