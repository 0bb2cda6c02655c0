"""Whether areas are black as people see them, and hold nothing that another rendering could show."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array, Lut, Samples
from dcmaudit.model import Box, Rendering, View
from dcmaudit.render.view import render

Mask = npt.NDArray[np.bool_]
FULL = View(Rendering.FULL)


def mask_of(boxes: tuple[Box, ...], rows: int, columns: int) -> Mask:
    """True (rows, columns) in the boxes; parts of a box outside the plane are nowhere. Nobody else has this array."""
    return _mask_of(boxes, rows, columns).copy()


@lru_cache(maxsize=8)
def _mask_of(boxes: tuple[Box, ...], rows: int, columns: int) -> Mask:
    """The same for frame after frame; a shape has a thousand boxes."""
    mask = np.zeros((rows, columns), np.bool_)
    for box in boxes:
        mask[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)] = True
    return mask


def fault_inside(  # noqa: PLR0911 - one return a kind of samples
    samples: Samples, mask: Mask, *, precision: int | None = None
) -> str | None:
    """In words what is not black inside the mask, None where all of it is.

    Rendering in 8 bits makes equal what differs by little, so it does not suffice: all pixels inside must also have
    one and the same value, and no value that the samples could have may be shown darker. ``precision`` is the number
    of bits that the codestream can hold, where those are fewer than ``bits_stored``.
    """
    inside = _inside(samples.array, mask)
    if not len(inside):
        return None
    # Of a bit plane any bit that is on may be ink.
    if samples.photometric == "BITS":
        lit = int(np.count_nonzero(inside))
        return f"{lit} of {len(inside)} bits are still on" if lit else None
    first = inside[0]
    plain = inside.view(f"u{inside.itemsize}") if inside.dtype.kind == "f" else inside  # -0 and 0 are equal numbers
    differing = (plain != plain[0]).reshape(len(inside), -1).any(axis=1)
    if differing.any():
        return f"its {len(inside)} pixels are not all of one value ({int(differing.sum())} differ from the first)"
    if samples.array.ndim == 3:
        return _colour_fault(samples, mask, inside)
    if samples.array.dtype.kind == "f":
        return _float_fault(samples, float(first))
    if samples.photometric == "PALETTE COLOR":
        return _palette_fault(samples, int(first))
    return _rendered_fault(samples, mask, inside) or _grey_fault(samples, int(first), precision)


def _inside(array: Array, mask: Mask) -> Array:
    """The samples of the pixels of the mask, one after the other; nothing far from them is looked at."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return array[:0, 0]
    band = slice(int(rows[0]), int(rows[-1]) + 1)
    columns = np.flatnonzero(mask[band].any(axis=0))
    area = band, slice(int(columns[0]), int(columns[-1]) + 1)
    found: Array = array[area][mask[area]]
    return found


def _rendered_fault(samples: Samples, mask: Mask, inside: Array) -> str | None:
    """``inside`` are pixels of one value: what is rendered is that value among all that decide how it is shown."""
    levels = _levels_inside(samples, mask, inside)
    brightest = int(levels.max())
    return f"it is rendered with level {brightest} of 255 instead of black" if brightest else None


def _levels_inside(samples: Samples, mask: Mask, inside: Array) -> npt.NDArray[np.uint8]:
    """The levels with which the pixels inside are rendered in the whole picture.

    Grey is stretched between the least and the largest value of the picture, and 8-bit colour is shown as it is, so
    that no more than these have to be rendered. With a table, or deeper colour, every other value may matter.
    """
    array = samples.array
    # The full range depends on the extremes alone: three pixels are rendered like all.
    if array.ndim == 2 and not isinstance(samples.modality, Lut):
        few = np.array([[inside[0], array.min(), array.max()]], array.dtype)
        return render(replace(samples, array=few), FULL)[0, :1]
    if array.ndim == 3 and array.dtype == np.uint8 and samples.bits_stored == 8:
        return render(replace(samples, array=inside[np.newaxis, :1]), FULL)[0]  # type: ignore[no-any-return]
    return render(samples, FULL)[mask]


def _colour_fault(samples: Samples, mask: Mask, inside: Array) -> str | None:
    # Level 1 of 65,535 is rendered black and is not.
    if samples.photometric == "RGB" and inside[0].any():
        return "its red, green and blue are not all 0"
    return _rendered_fault(samples, mask, inside)


def _grey_fault(samples: Samples, value: int, precision: int | None) -> str | None:
    """The value must be the end of the scale that is shown darkest, present in the picture or not."""
    ends = {_ends(samples.bits_stored, signed=samples.signed)}
    if precision is not None and precision < samples.bits_stored:
        # A codestream of fewer bits cannot hold the end of BitsStored: its own end is the darkest that it has.
        ends.add(_ends(precision, signed=samples.signed))
        ends.add((0, (1 << precision) - 1))
    # A table may turn the order of values round anywhere.
    if isinstance(samples.modality, Lut):
        low, high = _ends(samples.bits_stored, signed=samples.signed)
        every = np.arange(low, high + 1) if high - low < 1 << 17 else np.array([low, value, high])
        levels = _levels_of(samples, every)
        dark = levels[int(np.flatnonzero(every == value)[0])] == levels.min()
        return None if dark else "darker values than the one it is filled with exist"
    darkest = {low if _levels_of(samples, np.array([low, high]))[0] == 0 else high for low, high in ends if low < high}
    return None if value in darkest else "darker values than the one it is filled with exist"


def _levels_of(samples: Samples, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    levels: npt.NDArray[np.uint8] = render(replace(samples, array=values.astype(samples.array.dtype)[np.newaxis]), FULL)
    return levels[0]  # type: ignore[no-any-return]


def _ends(bits: int, *, signed: bool) -> tuple[int, int]:
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)


def _float_fault(samples: Samples, value: float) -> str | None:
    if not np.isfinite(value):
        return "it is filled with something that is no number"
    # -0.0 is equal to 0.0, and its sign could say something.
    if value == 0 and np.signbit(value):
        return "it is filled with a zero below zero"
    probe = np.array([[0.0, 1.0]], samples.array.dtype)
    dark_high = render(replace(samples, array=probe), FULL)[0, 0] != 0
    array: Array = samples.array
    finite = array[np.isfinite(array)]
    darker = (finite > value) if dark_high else (finite < value)
    return f"{int(darker.sum())} pixels of the picture are darker" if darker.any() else None


def _palette_fault(samples: Samples, value: int) -> str | None:
    low, high = _ends(samples.bits_stored, signed=samples.signed)
    every = np.arange(low, high + 1)
    colours = _levels_of(samples, every).astype(np.float64)
    luma = colours @ np.array([0.299, 0.587, 0.114])
    found = np.flatnonzero(every == value)
    if not len(found):
        return "it is filled with an index outside the palette"
    # One level of play: the entries have 16 bits, of which 8 are rendered.
    return None if luma[int(found[0])] <= luma.min() + 1 else "the palette has darker colours"
