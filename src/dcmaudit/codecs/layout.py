"""How the samples of a frame lie in cells: all that a codec is told about a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.model import Size

FRAME_LIMIT = 512 << 20
"""Bytes that one decoded frame may have: a 16-bit image of 16,000 x 16,000 pixels fits, a lying header does not."""

CELL_BYTES = {1: 1, 8: 1, 12: 2, 16: 2, 24: 4, 32: 4}
"""Bytes of a cell in memory for each BitsAllocated that can be shown."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How samples lie in cells. ``low`` and ``high`` are the lowest and highest stored bit of a cell.

    ``halved`` says that native chroma samples are shared by two columns (YBR_FULL_422, PS3.3 C.7.6.3.1.2), ``lossless``
    that the transfer syntax promises that its JPEG 2000 codestreams were not cut anywhere.
    """

    rows: int
    columns: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high: int
    signed: bool
    planar: bool
    floating: bool
    halved: bool = False
    lossless: bool = False

    @property
    def size(self) -> Size:
        """Pixels of a frame."""
        return Size(self.columns, self.rows)

    @property
    def low(self) -> int:
        """The lowest stored bit of a cell."""
        return self.high - self.bits_stored + 1

    @property
    def cell(self) -> np.dtype[np.unsignedinteger | np.floating]:
        """The dtype of one cell, unsigned unless it is floating point."""
        if self.floating:
            return np.dtype(np.float32 if self.bits_allocated == 32 else np.float64)
        return np.dtype(f"u{CELL_BYTES[self.bits_allocated]}")

    @property
    def is_packed(self) -> bool:
        """Whether native cells are no whole number type: 12 bits without gaps, or 3 bytes (PS3.5 8.1.1)."""
        return self.bits_allocated in {12, 24} and not self.floating

    @property
    def frame_bits(self) -> int:
        """Bits that one native frame takes (frames of 1-bit images follow each other without padding)."""
        pixels = self.rows * self.columns
        return pixels * 2 * self.bits_allocated if self.halved else pixels * self.samples * self.bits_allocated

    @property
    def unclaimed_mask(self) -> int:
        """The bits of a cell outside the stored range; 0 where there can be none."""
        # Float cells are their value to the last bit, and a cell of one bit has none to spare.
        if self.floating or self.bits_allocated == 1:
            return 0
        stored = ((1 << self.bits_stored) - 1) << self.low
        return ((1 << self.bits_allocated) - 1) & ~stored


def stored_values(cells: npt.NDArray[Any], layout: PixelLayout) -> npt.NDArray[Any]:
    """The stored bits of each cell, shifted down to bit 0 and sign-extended where the layout is signed."""
    bits, width = layout.bits_stored, cells.dtype.itemsize * 8
    if bits == width:
        return cells.view(np.dtype(f"i{cells.dtype.itemsize}")) if layout.signed else cells
    if layout.signed:
        # up to the top of the cell, then back: the right shift of a signed type repeats the sign
        top = np.left_shift(cells, width - 1 - layout.high).view(np.dtype(f"i{cells.dtype.itemsize}"))
        extended: npt.NDArray[Any] = np.right_shift(top, width - bits)
        return extended
    shifted = np.right_shift(cells, layout.low) if layout.low else cells
    stored: npt.NDArray[Any] = np.bitwise_and(shifted, (1 << bits) - 1)
    return stored
