"""What lies in the codestream of a frame beside the frame: segments, boxes, trailing bytes, and thumbnails in them."""

from __future__ import annotations

from dcmaudit.codecs.segments.jpeg import jpeg_pieces
from dcmaudit.codecs.segments.jpeg2000 import box_pieces, j2k_pieces
from dcmaudit.codecs.segments.pieces import Piece
from dcmaudit.codecs.segments.thumbnails import Thumbnail, thumbnails_in

__all__ = ["Piece", "Thumbnail", "pieces_of", "thumbnails_in"]


def pieces_of(data: bytes) -> list[Piece]:
    """Every part of ``data`` that is not the picture; of a damaged codestream, those before the damage.

    RLE, deflated and plain frames have none: what lies behind their pixels makes their decoders refuse them.
    """
    if data[:2] == b"\xff\xd8":
        return jpeg_pieces(data)
    if data[:4] == b"\xff\x4f\xff\x51":
        return j2k_pieces(data)
    return box_pieces(data) if data[4:8] in {b"jP  ", b"JXL "} else []
