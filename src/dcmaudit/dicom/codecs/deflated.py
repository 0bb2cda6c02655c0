"""Deflated Image Frame Compression (PS3.5 A.4.13): each frame is the native bytes, deflated (RFC 1951)."""

from __future__ import annotations

import zlib

from dcmaudit.dicom.codecs.base import Codec, Decoded
from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.dicom.native import cells_of
from dcmaudit.errors import DecodeError, TruncatedError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame. Never more than a frame's bytes are inflated. Raises TruncatedError where they are not all there."""
    expected = -(-layout.frame_bits // 8)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        native = unpacker.decompress(data, expected + 1)
    except zlib.error as error:
        raise DecodeError("the deflated frame is damaged") from error
    if len(native) < expected:
        raise TruncatedError(f"the deflated frame holds {len(native)} of {expected} bytes")
    return Decoded(cells_of(native, layout), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("zlib", decode, _precision)
