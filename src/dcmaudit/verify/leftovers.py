"""What a rewritten codestream carries beside its picture: decoders pass over it, and the original could hide there."""

from __future__ import annotations

import re
import struct
import zlib
from itertools import pairwise

from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.dicom.syntaxes import Codestream

_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_LS_MARKER = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_OWN_WORDS = 64
"""Bytes that an encoder may say about itself in a comment."""


def left_behind(  # noqa: PLR0911 - one return a kind of codestream
    kind: Codestream, data: bytes, before: bytes, layout: PixelLayout
) -> str | None:
    """In words what stands in or behind a codestream that is no part of its picture, None for nothing.

    ``before`` is the original codestream: comments and application segments of it may be kept. At most one byte of
    padding may follow the end (PS3.5 A.4). JPEG XL is not looked into.
    """
    match kind:
        case Codestream.JPEG | Codestream.JPEG_LS:
            return _of_jpeg(data, before, is_ls=kind is Codestream.JPEG_LS)
        case Codestream.JPEG_2000:
            return _of_j2k(data, before)
        case Codestream.RLE:
            return _of_rle(data, layout)
        case Codestream.DEFLATED_FRAME:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            unpacked = len(unpacker.decompress(data))
            if unpacked > -(-layout.frame_bits // 16) * 2:
                return "more than a frame is deflated in it"
            return _behind(unpacker.unused_data)
        case Codestream.PLAIN:
            return _behind(data[-(-layout.frame_bits // 8) :])
        case _:
            return None


def _behind(rest: bytes) -> str | None:
    return None if rest in {b"", b"\0"} else f"{len(rest)} bytes stand behind its end"


def _of_jpeg(data: bytes, before: bytes, *, is_ls: bool) -> str | None:
    at, length = 2, len(data)
    while at + 2 <= length:
        if data[at] != 0xFF:
            return f"its byte {at} begins no segment"
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xD9:
            return _behind(data[at + 2 :])
        elif at + 4 > length:
            break
        else:
            end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
            if (0xE0 <= marker <= 0xEF or marker == 0xFE) and _is_strange(data[at + 4 : end], before):
                return "it has a comment or application segment that the original does not have"
            at = _entropy_end(data, end, is_ls=is_ls) if marker == 0xDA else end
    return "it has no end marker"


def _entropy_end(data: bytes, at: int, *, is_ls: bool) -> int:
    """Where the entropy-coded bytes end: at the first marker that is no restart (T.81 B.1.1.5, T.87 A.1)."""
    found = (_LS_MARKER if is_ls else _MARKER).search(data, at)
    return len(data) if found is None else found.start()


def _of_j2k(data: bytes, before: bytes) -> str | None:
    at = max(0, data.find(b"\xff\x4f\xff\x51")) + 2
    while at + 2 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF:
            return f"its byte {at} begins no segment"
        if marker == 0xD9:
            return _behind(data[at + 2 :])
        if at + 12 > len(data):
            break
        if marker == 0x90:
            part = struct.unpack(">L", data[at + 6 : at + 10])[0]
            if part == 0:  # up to the end marker, which then has to be the last thing there is
                return None if data.rstrip(b"\0").endswith(b"\xff\xd9") else "it has no end marker"
            at += max(12, part)
            continue
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0x64 and _is_strange(data[at + 6 : end], before):
            return "it has a comment that the original does not have"
        at = max(end, at + 2)
    return "it has no end marker"


def _is_strange(content: bytes, before: bytes) -> bool:
    return len(content) > _OWN_WORDS and content not in before


def _of_rle(data: bytes, layout: PixelLayout) -> str | None:
    """Every segment must end where its last pixel does, and they must follow each other (PS3.5 annex G)."""
    count, *offsets = struct.unpack("<16L", data[:64])
    if any(offsets[count:]):
        return "its header names more than its segments"
    bounds = [*offsets[:count], len(data)]
    if bounds[0] != 64:
        return "bytes stand before its first segment"
    for start, end in pairwise(bounds):
        rest = end - _packbits_end(data, start, end, layout.rows * layout.columns)
        if rest > 1:
            return f"{rest} bytes stand behind the last pixel of a segment"
    return None


def _packbits_end(data: bytes, at: int, end: int, pixels: int) -> int:
    while pixels > 0 and at < end:
        code = data[at]
        if code < 128:
            at, pixels = at + code + 2, pixels - code - 1
        elif code > 128:
            at, pixels = at + 2, pixels + code - 257
        else:
            at += 1
    return at
