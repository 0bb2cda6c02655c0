"""Encapsulated Uncompressed Explicit VR Little Endian (PS3.5 A.4.11): native frames, one to an item."""

from __future__ import annotations

from dcmaudit.codecs.base import Codec, Decoded
from dcmaudit.codecs.cells import cells_of
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import TruncatedError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame. Raises TruncatedError where the item is shorter than a frame."""
    expected = -(-layout.frame_bits // 8)
    if len(data) < expected:
        raise TruncatedError(f"the frame holds {len(data)} of {expected} bytes")
    return Decoded(cells_of(data, layout), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("numpy", decode, _precision)
