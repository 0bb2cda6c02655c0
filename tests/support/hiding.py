"""What somebody has in hand who wants to hide an original in its redacted file: bytes of it, and places to put them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from support.proofs import Redacted, element_start

Hide = Callable[[Redacted], bytes]
"""Makes a damaged file of a redacted one and its original."""
PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}


def original(found: Redacted) -> Dataset:
    """The original data set."""
    return dcmread(found.before.open())


def pixels(found: Redacted, size: int | None = None) -> bytes:
    """Bytes of the original's pixels, of even length."""
    data = original(found)
    value = bytes(next(data[tag].value for tag in PIXELS if tag in data))
    return value[: len(value) // 2 * 2] if size is None else (value * (1 + size // max(len(value), 1)))[:size]


def text(found: Redacted, size: int) -> bytes:
    """The original's pixels in letters."""
    return base64.b64encode(pixels(found, size))[:size]


def frames(found: Redacted) -> list[bytes]:
    """The original's codestreams."""
    data = original(found)
    return list(generate_frames(data.PixelData, number_of_frames=int(data.get("NumberOfFrames", 1))))


def head(tag: int, vr: str, length: int, reserved: bytes = b"\0\0") -> bytes:
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return start + (reserved + struct.pack("<L", length) if vr in _LONG else struct.pack("<H", length))


def element(tag: int, vr: str, value: bytes, reserved: bytes = b"\0\0") -> bytes:
    """A whole element in explicit little endian."""
    return head(tag, vr, len(value), reserved) + value


def items(*contents: bytes, undefined: bool = False, delimiter: int = 0) -> bytes:
    """Items of a sequence, of defined length or with delimiters (that have a length of their own)."""
    if not undefined:
        return b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(one)) + one for one in contents)
    end = struct.pack("<HHL", 0xFFFE, 0xE00D, delimiter)
    return b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + one + end for one in contents)


def walk(data: bytes, at: int = -1) -> Iterator[tuple[int, str, int, int, int]]:
    """Tag, VR, start, value and end of each top-level element of an explicit little endian file."""
    if at < 0:
        at = 132 + 12 + struct.unpack("<L", data[140:144])[0]
    while at + 8 <= len(data):
        group, number, vr = *struct.unpack("<HH", data[at : at + 4]), data[at + 4 : at + 6].decode("latin-1")
        long = vr in _LONG
        value = at + (12 if long else 8)
        length = struct.unpack("<L" if long else "<H", data[value - (4 if long else 2) : value])[0]
        end = value + length
        if length == 0xFFFFFFFF:
            end = data.index(b"\xfe\xff\xdd\xe0", value) + 8
        yield group << 16 | number, vr, at, value, end
        at = end


def inserted(data: bytes, tag: int, raw: bytes) -> bytes:
    """``raw`` put where an element of that tag belongs."""
    at = next((start for other, _, start, _, _ in walk(data) if other >= tag), len(data))
    return data[:at] + raw + data[at:]


def swapped(data: bytes, tag: int, raw: bytes) -> bytes:
    """The top-level element of that tag replaced by other bytes."""
    start, end = next((start, end) for other, _, start, _, end in walk(data) if other == tag)
    return data[:start] + raw + data[end:]


def value_of(data: bytes, tag: int) -> bytes:
    return next(data[value:end] for other, _, _, value, end in walk(data) if other == tag)


def with_meta(data: bytes, tag: int, raw: bytes) -> bytes:
    """A group 0002 element added or replaced, the group length true to it."""
    end = 144 + struct.unpack("<L", data[140:144])[0]
    found = {t: data[start:stop] for t, _, start, _, stop in walk(data[:end], 144)}
    found[tag] = raw
    body = b"".join(found[key] for key in sorted(found))
    return data[:140] + struct.pack("<L", len(body)) + body + data[end:]


def reframed_raw(data: bytes, new: list[bytes], *, table: bytes | None = None, more: bytes = b"") -> bytes:
    """Other fragments in the pixel data, with a right offset table; ``more`` are bytes before the delimiter."""
    at = element_start(data, 0x7FE00010) + 12
    body, offsets = b"", []
    for one in new:
        padded = one + b"\0" * (len(one) % 2)
        offsets.append(len(body))
        body += struct.pack("<HHL", 0xFFFE, 0xE000, len(padded)) + padded
    table = struct.pack(f"<{len(offsets)}L", *offsets) if table is None else table
    first = struct.pack("<HHL", 0xFFFE, 0xE000, len(table)) + table
    return data[:at] + first + body + more + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def written_frames(found: Redacted) -> list[bytes]:
    """The codestreams of the redacted file, each with its padding."""
    at = element_start(found.after, 0x7FE00010) + 12
    out: list[bytes] = []
    while found.after[at : at + 4] == b"\xfe\xff\x00\xe0":
        length = struct.unpack("<L", found.after[at + 4 : at + 8])[0]
        out.append(found.after[at + 8 : at + 8 + length])
        at += 8 + length
    return out[1:]


def with_frame(found: Redacted, number: int, codestream: bytes) -> bytes:
    """The redacted file with one codestream changed."""
    new = written_frames(found)
    new[number] = codestream
    return reframed_raw(found.after, new)


def cells(found: Redacted, dtype: str = "<u2") -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """Copies of the native cells of original and output, flat, and where those of the output begin."""
    places = ((value, found.after[value:end]) for tag, _, _, value, end in walk(found.after) if tag in PIXELS)
    at, value = next(places)
    return np.frombuffer(pixels(found), dtype).copy(), np.frombuffer(value, dtype).copy(), at
