"""JPEG XL without the boxes of its container (ISO 18181-2): they carry EXIF, comments, other pictures."""

from __future__ import annotations

from dcmaudit.errors import DecodeError, TruncatedError

_CONTAINER = b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"


def clean_jxl(data: bytes) -> tuple[bytes, frozenset[str]]:
    """The bare codestream, and whether boxes went. What may stand behind its last frame is not looked into.

    DecodeError where there is no codestream, TruncatedError where a box leads behind the end.
    """
    if data[:12] != _CONTAINER:
        return data, frozenset()
    at, parts = 12, list[bytes]()
    while at + 8 <= len(data):
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + length if length else len(data)
        if end > len(data) or (length and length < head):
            raise TruncatedError("a box of the JPEG XL container leads behind its end")
        # Whole, or in parts with four bytes of a number before each.
        if kind == b"jxlc":
            parts.append(data[at + head : end])
        elif kind == b"jxlp":
            parts.append(data[at + head + 4 : end])
        at = end
    if not parts:
        raise DecodeError("the JPEG XL container holds no codestream")
    return b"".join(parts), frozenset({"boxes of a container"})
