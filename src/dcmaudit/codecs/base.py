"""What every codec is, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DecodeError, HeaderError

Cells = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The cells of one frame, (rows, columns) or (rows, columns, 3), unsigned, of the layout's cell dtype.

    ``photometric`` is what the samples mean now. ``note`` is a remark for people about how the frame was read, the same
    for all frames of its kind.
    """

    cells: Cells
    photometric: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Codec:
    """A named way to decode the frames of one kind of codestream.

    ``precision(data)`` is the number of bits a sample can have by the codestream's own header, None where that is
    not known without decoding: it spares the search for stray bits a decode where there can be none.
    """

    name: str
    decode: Callable[[bytes, PixelLayout], Decoded]
    precision: Callable[[bytes], int | None]


def require_size(layout: PixelLayout, *, columns: int, rows: int, samples: int, precision: int) -> None:
    """Refuse a codestream that contradicts the header: whose coordinates would the rectangles have?"""
    if (columns, rows) != (layout.columns, layout.rows):
        raise HeaderError(
            f"the codestream is {columns} x {rows} pixels, Columns x Rows are {layout.columns} x {layout.rows}"
        )
    if samples != layout.samples:
        raise HeaderError(f"the codestream has {samples} samples a pixel, SamplesPerPixel is {layout.samples}")
    # Fewer bits than BitsAllocated are usual (12 in 16); more could not be put into a cell.
    if precision > layout.bits_allocated:
        raise HeaderError(f"the codestream has {precision} bits a sample, BitsAllocated is {layout.bits_allocated}")


def as_cells(array: npt.NDArray[Any], layout: PixelLayout) -> Cells:
    """A decoder's array as contiguous unsigned cells of the layout; negative values keep their bits.

    Raises DecodeError where the shape is not what the layout wants.
    """
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    # Some decoders leave an axis of one sample at the end.
    if array.shape == (*shape, 1):
        array = array[..., 0]
    if array.shape != shape or array.dtype.kind not in "iu":
        raise DecodeError(f"the decoder returned {array.shape} {array.dtype}, {shape} was expected")
    # Signed values are sign-extended to the whole cell, as native ones lie there, so that views of bits agree.
    if array.dtype.kind == "i":
        array = array.astype(np.dtype(f"i{layout.cell.itemsize}"), copy=False).view(layout.cell)
    return np.ascontiguousarray(array, layout.cell)
