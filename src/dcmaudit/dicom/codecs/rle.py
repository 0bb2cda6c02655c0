"""RLE Lossless (PS3.5 annex G); decoded by imagecodecs, segment lengths checked here."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np

from dcmaudit.dicom.codecs.base import Codec, Decoded
from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.errors import DecodeError, HeaderError, TruncatedError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame: a segment for each byte of each sample, the most significant byte first.

    Raises HeaderError where the number of segments is not that of the layout, TruncatedError where a segment
    holds too few pixels.
    """
    if len(data) < 64:
        raise TruncatedError("the RLE frame ends inside its header")
    count, *offsets = struct.unpack("<16L", data[:64])
    width = layout.cell.itemsize
    if count != layout.samples * width:
        raise HeaderError(f"the RLE frame has {count} segments, {layout.samples * width} are expected")
    bounds = [*offsets[:count], len(data)]
    if bounds[0] < 64 or any(a > b for a, b in pairwise(bounds)):
        raise DecodeError("the RLE frame's segment offsets are wrong or lie behind its end")
    pixels = layout.rows * layout.columns
    planes = [_segment(data[a:b], pixels) for a, b in pairwise(bounds)]
    cells = np.empty((pixels, layout.samples, width), np.uint8)
    for number, plane in enumerate(planes):
        sample, byte = divmod(number, width)
        cells[:, sample, width - 1 - byte] = plane
    native = cells.view(layout.cell.newbyteorder("<")).astype(layout.cell, copy=False)
    shape = (layout.rows, layout.columns) if layout.samples == 1 else (layout.rows, layout.columns, layout.samples)
    return Decoded(native.reshape(shape), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def _segment(data: bytes, pixels: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    import imagecodecs

    # PackBits grows its input 64 times at most: what cannot reach the size is refused before memory is asked for
    if len(data) * 64 < pixels:
        raise TruncatedError(f"an RLE segment of {len(data)} bytes cannot hold {pixels} pixels")
    plane = np.frombuffer(imagecodecs.packbits_decode(data), np.uint8)
    if len(plane) < pixels:
        raise TruncatedError(f"an RLE segment holds {len(plane)} of {pixels} pixels")
    return plane[:pixels]


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("imagecodecs (PackBits)", decode, _precision)
