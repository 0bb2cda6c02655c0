"""JPEG 2000 codestreams (ISO 15444-1 annex A) and boxes (annex I; ISO 18181-2): what is not the picture."""

from __future__ import annotations

from collections.abc import Iterator

from dcmaudit.codecs.segments.pieces import BEHIND, BOX, COMMENT, UNKNOWN, Piece
from dcmaudit.model.limits import LEAST_OF_A_PICTURE

_EOC, _SOT, _SOD, _COM = 0xD9, 0x90, 0x93, 0x64
_NEEDED = {0x50, 0x51, 0x52, 0x53, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61}
_PLAIN_BOXES = {b"jP  ", b"ftyp", b"jp2h", b"JXL ", b"jxll", b"jxlp", b"jxlc", b"jxli"}


def j2k_pieces(data: bytes) -> list[Piece]:
    """Everything in a codestream but the picture: comments, unknown segments, bytes behind its end."""
    found: list[Piece] = []
    at, tile_end = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _EOC:
            break
        # Coded data follow without a length of their own: the tile-part's end is known from SOT.
        if marker == _SOD:
            at = tile_end or _last_end(data)
            tile_end = None
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOT:
            size = int.from_bytes(data[at + 6 : at + 10], "big")
            # Psot 0: the last tile-part, which reaches to EOC (T.800 A.4.2).
            tile_end = at + size if size else None
        elif marker == _COM:
            # Two bytes before the text say what it is (Rcom, T.800 A.9.2).
            found.append(Piece(COMMENT, data[at + 6 : at + 2 + length]))
        elif marker not in _NEEDED:
            found.append(Piece(UNKNOWN, data[at + 4 : at + 2 + length]))
        at += 2 + max(2, length)
    behind = data[at + 2 :] if data[at : at + 2] == b"\xff\xd9" else b""
    return [*found, Piece(BEHIND, behind)] if behind.strip(b"\0") else found


def _last_end(data: bytes) -> int:
    """Where the last EOC marker is: a tile-part without a length reaches up to it."""
    at = data.rfind(b"\xff\xd9")
    return at if at >= 0 else len(data)


def box_pieces(data: bytes) -> list[Piece]:
    """Everything in a file of boxes (JP2, JPEG XL) but the picture."""
    found: list[Piece] = []
    for kind, body in _boxes(data):
        if kind == b"jp2c":
            found += j2k_pieces(body)
        # A header box of the size of a picture holds more than a header, such as a palette or an icon.
        elif kind not in _PLAIN_BOXES or (kind == b"jp2h" and len(body) >= LEAST_OF_A_PICTURE):
            # The first bytes of an Exif box say where its TIFF header begins.
            exif = kind == b"Exif" and len(body) > 4
            found.append(Piece(BOX, b"Exif\0\0" + body[4 + int.from_bytes(body[:4], "big") :] if exif else body))
    return found


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        # A longer length follows in eight bytes (T.800 I.4).
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        # Length 0: the last box, up to the end.
        end = at + length if length else len(data)
        if end < at + head:
            yield b"", data[at:]
            return
        yield kind, data[at + head : end]
        at = end
    if data[at:].strip(b"\0"):
        yield b"", data[at:]
