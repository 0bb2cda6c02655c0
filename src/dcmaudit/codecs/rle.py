"""RLE Lossless (PS3.5 annex G): unpacked by a loop of our own in C, or by imagecodecs where that was not built."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.base import Cells, Codec, Decoded
from dcmaudit.codecs.jpeg.loops import library, unpack
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DamagedError, DecodeError, HeaderError, TruncatedError

Bytes = npt.NDArray[np.uint8]


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame: a segment for each byte of each sample, the most significant byte first.

    Raises HeaderError where the number of segments is not that of the layout, TruncatedError or DamagedError where a
    segment does not unpack to exactly the pixels there are.
    """
    if len(data) < 64:
        raise TruncatedError("the RLE frame ends inside its header")
    # The header is always 16 numbers of 32 bits; those without a segment are 0 (PS3.5 G.5).
    count, *offsets = struct.unpack("<16L", data[:64])
    width = layout.cell.itemsize
    # One segment for each byte of a sample, of each colour (PS3.5 G.2).
    if count != layout.samples * width:
        raise HeaderError(f"the RLE frame has {count} segments, {layout.samples * width} are expected")
    bounds = [*offsets[:count], len(data)]
    # The first segment begins behind the header, the others one after the other (PS3.5 G.4, G.5).
    if bounds[0] < 64 or any(a > b for a, b in pairwise(bounds)):
        raise DecodeError("the RLE frame's segment offsets are wrong or lie behind its end")
    # Nothing reads what lies there, so that it could be anything.
    if data[64 : bounds[0]].strip(b"\0"):
        raise DamagedError(f"the RLE frame has {bounds[0] - 64} bytes between its header and its first segment")
    if any(offsets[count:]):
        raise DamagedError("the RLE frame's header points at more segments than it says there are")
    # Two ways of writing single bits are met, see ``packs_bits``.
    if layout.bits_allocated == 1:
        return Decoded(_single_bits(data[bounds[0] :], layout), layout.photometric)
    pixels = layout.rows * layout.columns
    cells = np.empty((pixels, layout.samples, width), np.uint8)
    for number, (start, stop) in enumerate(pairwise(bounds)):
        sample, byte = divmod(number, width)
        # The most significant byte of a sample is in its first segment (PS3.5 G.2).
        _unpack(data[start:stop], cells[:, sample, width - 1 - byte], odd=start % 2)
    native = cells.view(layout.cell.newbyteorder("<")).astype(layout.cell, copy=False)
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    return Decoded(native.reshape(shape), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def packs_bits(data: bytes, layout: PixelLayout) -> bool:
    """Whether a frame of single bits has eight pixels to a byte (PS3.5 8.1.1), not one, as some writers have it.

    Raises TruncatedError or DamagedError where it is neither.
    """
    pixels = layout.rows * layout.columns
    segment = data[int.from_bytes(data[4:8], "little") :]
    packed = np.empty(-(-pixels // 8), np.uint8)
    try:
        _unpack(segment, packed)
    except (TruncatedError, DamagedError):
        _unpack(segment, np.empty(pixels, np.uint8))
        return False
    return True


def _single_bits(segment: bytes, layout: PixelLayout) -> Cells:
    """The cells, 0 and 1, of the one segment of a frame of single bits."""
    shape, pixels = (layout.rows, layout.columns), layout.rows * layout.columns
    packed = np.empty(-(-pixels // 8), np.uint8)
    try:
        _unpack(segment, packed)
    except (TruncatedError, DamagedError):
        plain = np.empty(pixels, np.uint8)
        _unpack(segment, plain)
        bits: Cells = (plain != 0).astype(np.uint8)
    else:
        bits = np.unpackbits(packed, bitorder="little")[:pixels]
    return bits.reshape(shape)


def _unpack(data: bytes, into: Bytes, *, odd: int = 0) -> None:
    """Unpack a segment. Every byte of it must be used, and every pixel be filled, exactly (PS3.5 G.3.1).

    ``odd`` is 1 where the segment begins at an odd byte of the frame: writers that do not pad each segment to an even
    length pad the frame.
    """
    # PackBits grows its input 64 times at most: what cannot reach the size is refused without a look at it
    pixels = len(into)
    if len(data) * 64 < pixels:
        raise TruncatedError(f"an RLE segment of {len(data)} bytes cannot hold {pixels} pixels")
    found = library()
    used, problem = unpack(found, data, into) if found is not None else _unpacked(data, into)
    if problem is not None:
        kind = TruncatedError if used >= len(data) else DamagedError
        raise kind(f"an RLE segment of {pixels} pixels is damaged: {problem}")
    # A segment is padded to an even length (G.3.1); some writers pad with whatever lies there.
    rest = data[used + (used + odd) % 2 :]
    if rest.strip(b"\x00\x80"):
        raise DamagedError(f"an RLE segment is damaged: {len(rest)} bytes are left over behind the last pixel")


def _unpacked(data: bytes, into: Bytes) -> tuple[int, str | None]:
    """What ``unpack`` does, without the compiled loop."""
    import imagecodecs

    at = count = 0
    while count < len(into):
        if at >= len(data):
            return at, "it ends before the last pixel"
        code = data[at]
        # PackBits (PS3.5 G.3.1): up to 127 a run of different bytes, from 129 a byte repeated, 128 nothing.
        count += code + 1 if code < 128 else 257 - code if code > 128 else 0
        at += code + 2 if code < 128 else 2 if code > 128 else 1
    if count > len(into):
        return at, "a run goes on beyond the last pixel"
    if at > len(data):
        return len(data), "it ends before the last pixel"
    into[:] = np.frombuffer(imagecodecs.packbits_decode(data[:at]), np.uint8)
    return at, None


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("PackBits", decode, _precision)
