"""Deflated Image Frame Compression (PS3.5 A.4.13): each frame is the native bytes, deflated (RFC 1951)."""

from __future__ import annotations

import zlib
from typing import Any

from dcmaudit.codecs.base import Codec, Decoded
from dcmaudit.codecs.cells import cells_of
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DamagedError, DecodeError, TruncatedError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame. Never more than a frame's bytes are inflated.

    Raises TruncatedError where they are not all there, DamagedError where the stream goes on behind them: it was
    made of exactly one frame, so that something in it was changed.
    """
    expected = -(-layout.frame_bits // 8)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than a frame has, to see whether the stream goes on: never all that it would inflate to.
        native = unpacker.decompress(data, expected + 1)
    except zlib.error as error:
        raise DecodeError("the deflated frame is damaged") from error
    if len(native) < expected:
        raise TruncatedError(f"the deflated frame holds {len(native)} of {expected} bytes")
    _require_end(unpacker, native[expected:])
    return Decoded(cells_of(native, layout), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def _require_end(unpacker: Any, more: bytes) -> None:
    """DamagedError unless the stream ends behind the frame, or behind a byte of padding, and nothing follows it."""
    try:
        # A frame of an odd number of bytes may carry the byte that makes it even (PS3.5 8.1.1).
        if not more.strip(b"\0") and not unpacker.eof:
            more += unpacker.decompress(unpacker.unconsumed_tail, 2)
    except zlib.error as error:
        raise DamagedError("the deflated frame is damaged: it does not end behind the last pixel") from error
    if more.strip(b"\0") or len(more) > 1 or not unpacker.eof:
        raise DamagedError("the deflated frame is damaged: it does not end behind the last pixel")
    if unpacker.unused_data.strip(b"\0"):
        raise DamagedError(f"the deflated frame is damaged: {len(unpacker.unused_data)} bytes are left over")


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("zlib", decode, _precision)
