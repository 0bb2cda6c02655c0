"""The parts of one frame's codestream that are not the picture, by marker, box or place."""

from __future__ import annotations

from dataclasses import dataclass

COMMENT, APPLICATION, BEHIND, FILL, TABLES, UNKNOWN, BOX = (
    "comment segments", "application segments", "bytes behind the picture", "fill bytes",
    "tables that nothing uses", "segments of unknown kind", "boxes beside the picture",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a codestream: ``what`` they are in words, ``number`` the n of APPn, else None."""

    what: str
    data: bytes
    number: int | None = None


def pieces_of(data: bytes) -> list[Piece]:
    """Every part of ``data`` that is not the picture; of a damaged codestream, those before the damage.

    RLE, deflated and plain frames have none: what lies behind their pixels makes their decoders refuse them.
    """
    from dcmaudit.codecs.segments.jpeg import jpeg_pieces
    from dcmaudit.codecs.segments.jpeg2000 import box_pieces, j2k_pieces

    if data[:2] == b"\xff\xd8":
        return jpeg_pieces(data)
    if data[:4] == b"\xff\x4f\xff\x51":
        return j2k_pieces(data)
    return box_pieces(data) if data[4:8] in {b"jP  ", b"JXL "} else []
