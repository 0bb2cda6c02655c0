"""RLE Lossless (PS3.5 annex G)."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import rle.utils

from dcmaudit.codecs.encode.spec import Cells, EncodeSpec
from dcmaudit.errors import UnsupportedError


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """One segment a byte of a sample, the most significant first, the samples one behind the other (G.2).

    Cells of one bit (``precision`` 1 in bytes) are packed, the first pixel in the lowest bit.
    """
    # One bit to a pixel, eight in a byte, as it is without compression (PS3.5 8.1.1): RLE packs bytes.
    if spec.precision == 1:
        cells = np.packbits(cells.astype(np.bool_), bitorder="little")[np.newaxis]
    rows, columns = cells.shape[:2]
    width = cells.dtype.itemsize
    samples = 1 if cells.ndim == 2 else cells.shape[2]
    # The header has room for 15 offsets (PS3.5 G.5).
    if samples * width > 15:
        raise UnsupportedError(f"RLE holds 15 bytes a pixel at most, these have {samples * width}")
    planes = cells.astype(cells.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, columns, samples * width)
    segments = [_segment(planes[..., i].copy()) for i in range(samples * width)]
    offsets = [64 + sum(len(segment) for segment in segments[:i]) for i in range(len(segments))]
    if offsets[-1] + len(segments[-1]) > 0xFFFFFFFE:
        raise UnsupportedError("the frame is larger than RLE offsets can say")
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def _segment(plane: Cells) -> bytes:
    # The library encodes row by row, as G.3.1 asks.
    packed = bytes(imagecodecs.packbits_encode(plane))
    # Each segment has an even number of bytes (PS3.5 annex G).
    return packed + b"\0" * (len(packed) % 2)


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:
    """The cells again, by pylibjpeg-rle."""
    if spec.precision == 1:
        packed = np.frombuffer(bytes(rle.utils.decode_frame(data, -(-like.size // 8), 8, "<")), np.uint8)  # type: ignore[attr-defined] # not in its __all__
        return np.unpackbits(packed, bitorder="little")[: like.size].reshape(like.shape).astype(like.dtype)
    samples = 1 if like.ndim == 2 else like.shape[2]
    pixels, bits = like.shape[0] * like.shape[1], 8 * like.dtype.itemsize
    raw = bytes(rle.utils.decode_frame(data, pixels, bits, "<"))  # type: ignore[attr-defined] # not in its __all__
    flat = np.frombuffer(raw, like.dtype.newbyteorder("<")).astype(like.dtype)
    # pylibjpeg-rle gives the samples of colour one behind the other, as the segments lie.
    if samples == 1:
        return flat.reshape(like.shape)
    return flat.reshape(samples, *like.shape[:2]).transpose(1, 2, 0)
