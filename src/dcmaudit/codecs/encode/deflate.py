"""Deflated Image Frame Compression: the native bytes of a frame in a raw deflate stream (PS3.5 A.4.13, RFC 1951)."""

from __future__ import annotations

import zlib

import numpy as np
from isal import isal_zlib

from dcmaudit.codecs.encode.spec import Cells, EncodeSpec


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """By isal; cells of one bit (``precision`` 1 in bytes) are packed, the first pixel in the lowest bit."""
    packer = isal_zlib.compressobj(
        2, isal_zlib.DEFLATED, -15
    )  # zlib's level 6 is 1 % smaller and takes 40 times as long
    return bytes(packer.compress(_native(cells, spec)) + packer.flush())


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:
    """The cells again, by zlib."""
    raw = zlib.decompress(data, -15)
    if spec.precision == 1:
        bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")
        return bits[: like.size].reshape(like.shape).astype(like.dtype)
    return np.frombuffer(raw, like.dtype.newbyteorder("<")).reshape(like.shape)


def _native(cells: Cells, spec: EncodeSpec) -> bytes:
    if spec.precision == 1:
        return np.packbits(cells.astype(np.bool_), bitorder="little").tobytes()
    return cells.astype(cells.dtype.newbyteorder("<")).tobytes()
