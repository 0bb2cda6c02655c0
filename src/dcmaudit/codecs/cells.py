"""Native (uncompressed) bytes of one frame as cells (PS3.5 8.1 and 8.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import UnsupportedError

Cells = npt.NDArray[Any]


def cells_of(data: bytes, layout: PixelLayout, *, skip_bits: int = 0, little: bool = True) -> Cells:
    """Native bytes as cells; ``skip_bits`` is where in ``data`` the frame begins."""
    shape = (layout.rows, layout.columns)
    count = layout.rows * layout.columns * layout.samples
    if layout.bits_allocated == 1:
        # One-bit frames follow each other without a gap, so a frame may begin inside a byte (PS3.5 8.1.1); the first
        # pixel is the lowest bit (PS3.5 8.2).
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[skip_bits : skip_bits + count]
        return _arranged(bits, layout)
    if layout.is_packed:
        return _arranged(_unpacked(data, layout.bits_allocated, skip_bits, count, little=little), layout)
    dtype = layout.cell.newbyteorder("<" if little else ">")
    # YBR_FULL_422 has two samples a pixel on the average: Cb and Cr are there for every other column.
    if layout.halved:
        flat = np.frombuffer(data, dtype, layout.rows * layout.columns * 2, skip_bits // 8).astype(
            layout.cell, copy=False
        )
        return _upsampled(flat, *shape)
    flat = np.frombuffer(data, dtype, count, skip_bits // 8).astype(layout.cell, copy=False)
    return _arranged(flat, layout)


def _unpacked(data: bytes, width: int, skip_bits: int, count: int, *, little: bool) -> Cells:
    """Cells of 12 or 24 bits that follow each other without a gap, the lowest bit first (PS3.5 8.1.1)."""
    if not little:
        raise UnsupportedError(f"cells of {width} bits in big endian order", hint="little endian ones are shown")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[skip_bits : skip_bits + width * count]
    whole = 16 if width == 12 else 32
    cells = np.zeros((count, whole), np.uint8)
    cells[:, :width] = bits.reshape(count, width)
    found: Cells = np.packbits(cells, axis=1, bitorder="little").view(f"<u{whole // 8}")[:, 0]
    return found.astype(found.dtype.newbyteorder("="), copy=False)


def _arranged(flat: Cells, layout: PixelLayout) -> Cells:
    if layout.samples == 1:
        return flat.reshape(layout.rows, layout.columns)
    # PlanarConfiguration 1: all of one sample, then all of the next (PS3.3 C.7.6.3.1.3).
    if layout.planar:
        return np.ascontiguousarray(np.moveaxis(flat.reshape(layout.samples, layout.rows, layout.columns), 0, 2))
    return flat.reshape(layout.rows, layout.columns, layout.samples)


def _upsampled(flat: Cells, rows: int, columns: int) -> Cells:
    """Y1 Y2 Cb Cr for each pair of columns: the chroma of a pair belongs to both (PS3.3 C.7.6.3.1.2)."""
    pairs = flat.reshape(-1, 4)
    out = np.empty((len(pairs), 2, 3), flat.dtype)
    out[:, :, 0] = pairs[:, :2]
    out[:, :, 1:] = pairs[:, np.newaxis, 2:]
    return out.reshape(rows, columns, 3)
