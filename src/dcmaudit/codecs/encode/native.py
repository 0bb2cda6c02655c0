"""Uncompressed pixel data, streamed frame by frame (PS3.5 section 8.1 and annex D)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dcmaudit.codecs.encode.spec import Cells
from dcmaudit.errors import UnsupportedError


@dataclass(frozen=True, slots=True)
class NativeLayout:
    """How native frames lie in the value of Pixel Data.

    ``bits_allocated`` is 1 or a multiple of 8. ``planar`` is PlanarConfiguration 1. ``big_endian`` swaps the bytes
    of each cell; ``word_swapped`` swaps the bytes of each 16-bit word instead: cells of 8 bits or fewer in OW of a
    big endian file. ``subsampled`` is YBR_FULL_422: two pixels share their chrominance (PS3.3 C.7.6.3.1.2).
    """

    bits_allocated: int
    planar: bool = False
    big_endian: bool = False
    word_swapped: bool = False
    subsampled: bool = False


def native_bytes(frames: Iterable[Cells], layout: NativeLayout) -> Iterator[bytes]:
    """The value of Pixel Data in pieces, one or two a frame, an even number of bytes in all.

    Each frame has the axes (rows, columns[, 3]); its dtype is as wide as a cell (float cells too), uint8 or bool
    for 1 bit. Frames of single bits follow each other without a gap, the first pixel in the lowest bit. Raises
    UnsupportedError for a dtype that does not match, and for YBR_FULL_422 where two pixels that share their
    chrominance have different ones or a row is odd.
    """
    pieces = _bit_packed(frames) if layout.bits_allocated == 1 else (_frame(frame, layout) for frame in frames)
    total, odd = 0, b""
    for piece in pieces:
        total += len(piece)
        if not layout.word_swapped:
            yield piece
            continue
        whole = odd + piece
        # A frame of an odd number of bytes leaves half a word, which belongs to the next frame's first byte.
        odd = whole[len(whole) & ~1 :]
        yield _words_swapped(whole[: len(whole) & ~1])
    if layout.word_swapped and odd:
        yield _words_swapped(odd + b"\0")
    # Values have an even length (PS3.5 7.1.1); that of OB is padded with a zero (PS3.5 6.2).
    elif total % 2:
        yield b"\0"


def _frame(frame: Cells, layout: NativeLayout) -> bytes:
    if 8 * frame.dtype.itemsize != layout.bits_allocated:
        raise UnsupportedError(f"cells of {frame.dtype} where BitsAllocated is {layout.bits_allocated}")
    if layout.subsampled:
        frame = _shared_chrominance(frame)
    elif layout.planar and frame.ndim == 3:
        frame = frame.transpose(2, 0, 1)
    return frame.astype(frame.dtype.newbyteorder(">" if layout.big_endian else "<")).tobytes()


def _shared_chrominance(frame: Cells) -> Cells:
    if frame.ndim != 3 or frame.shape[1] % 2:
        raise UnsupportedError("YBR_FULL_422 needs three samples a pixel and an even number of columns")
    # One Cb and Cr for two columns: a rectangle that ends between them would change a pixel outside of it.
    if not np.array_equal(frame[:, ::2, 1:], frame[:, 1::2, 1:]):
        raise UnsupportedError(
            "two pixels that share their chrominance in YBR_FULL_422 have different values",
            hint="widen the rectangle to even columns",
        )
    return np.stack([frame[:, ::2, 0], frame[:, 1::2, 0], frame[:, ::2, 1], frame[:, ::2, 2]], axis=-1)


def _bit_packed(frames: Iterable[Cells]) -> Iterator[bytes]:
    rest = np.zeros(0, np.bool_)
    for frame in frames:
        bits = np.concatenate([rest, frame.astype(np.bool_).ravel()])
        # One-bit frames are not padded to bytes: the rest begins the next frame's first byte (PS3.5 8.1.1).
        whole = len(bits) & ~7
        rest = bits[whole:]
        yield np.packbits(bits[:whole], bitorder="little").tobytes()
    if len(rest):
        yield np.packbits(rest, bitorder="little").tobytes()


def _words_swapped(data: bytes) -> bytes:
    return np.frombuffer(data, np.dtype(">u2")).astype(np.dtype("<u2")).tobytes()
