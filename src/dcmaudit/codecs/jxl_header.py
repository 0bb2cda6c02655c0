"""The size of a JPEG XL image, read from its first bits (ISO 18181-1 annex D), before memory is asked for.

Ours because the library tells the size only by decoding, which takes the memory that the file claims.
"""

from __future__ import annotations

from dcmaudit.errors import DecodeError, TruncatedError

_CONTAINER = b"\0\0\0\x0cJXL \x0d\x0a\x87\x0a"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_WIDE = ((9, 1), (13, 1), (18, 1), (30, 1))


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._number = int.from_bytes(data, "little")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise TruncatedError("the JPEG XL codestream ends inside its header")
        value = self._number & ((1 << count) - 1)
        self._number >>= count
        self._left -= count
        return value


def jxl_size(data: bytes) -> tuple[int, int]:
    """Columns and rows of the image. Raises DecodeError where ``data`` is no JPEG XL image."""
    start = _codestream(data)
    bits = _Bits(data[start + 2 : start + 34])
    # Sizes of up to 256 that are multiples of eight have a short form.
    small = bits.take(1)
    rows = (bits.take(5) + 1) * 8 if small else _number(bits)
    ratio = bits.take(3)
    # The width by one of seven usual ratios to the height.
    if ratio:
        wide, high = _RATIOS[ratio - 1]
        return rows * wide // high, rows
    return (bits.take(5) + 1) * 8 if small else _number(bits), rows


def _number(bits: _Bits) -> int:
    count, offset = _WIDE[bits.take(2)]
    return bits.take(count) + offset


def _codestream(data: bytes) -> int:
    if data[:2] == b"\xff\x0a":
        return 0
    if data[:12] != _CONTAINER:
        raise DecodeError("the frame is no JPEG XL codestream")
    at = 12
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        head = 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if kind in {b"jxlc", b"jxlp"}:
            # A partial codestream box begins with four bytes of its number.
            inner = at + head + (4 if kind == b"jxlp" else 0)
            if data[inner : inner + 2] == b"\xff\x0a":
                return inner
        if length < head:
            break
        at += length
    raise DecodeError("the JPEG XL container holds no codestream")
