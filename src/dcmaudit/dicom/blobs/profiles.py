"""ICC profiles (ISO 15076-1): whether every byte of one belongs to something that is no picture."""

from __future__ import annotations

import struct

from dcmaudit.dicom.blobs.signatures import small_picture

_HEAD = 128
_PLAIN = {b"XYZ ", b"curv", b"para", b"sf32", b"chrm", b"sig ", b"meas", b"view", b"dtim", b"ui08", b"clrt"}
"""Types whose values are numbers by which colours are converted."""
_WORDS = {b"text", b"desc", b"mluc", b"ui32", b"pseq", b"psid", b"dict", b"vcgt"}
_TABLES = {b"mft1": 1, b"mft2": 2}
_MOST_WORDS, _MOST_CURVE = 4096, 3 * (4096 * 2 + 12)


def stray_bytes_of_profile(data: bytes, least: int) -> str | None:
    """What is wrong with a profile in which ``least`` bytes could be something else, in words; None: nothing."""
    if len(data) < _HEAD + 4 or data[36:40] != b"acsp":
        return "it is no ICC profile"
    size, count = int.from_bytes(data[:4], "big"), int.from_bytes(data[_HEAD : _HEAD + 4], "big")
    if len(data) - size >= least:
        return f"{len(data) - size} bytes behind the ICC profile"
    if count > 100 or _HEAD + 4 + 12 * count > len(data):
        return "its table of tags is damaged"
    covered = bytearray(len(data))
    covered[: _HEAD + 4 + 12 * count] = b"\1" * (_HEAD + 4 + 12 * count)
    for number in range(count):
        at = _HEAD + 4 + 12 * number
        signature, offset, length = data[at : at + 4], *struct.unpack(">LL", data[at + 4 : at + 12])
        value = data[offset : offset + length]
        covered[offset : offset + length] = b"\1" * len(value)
        if len(value) >= least and not _is_plain(value):
            name = signature.decode("ascii", "replace") if signature.isalnum() else "unknown"
            return f"{len(value)} bytes in its tag {name}"
    gaps = covered.count(0)
    return f"{gaps} bytes that no tag of it names" if gaps >= least else None


def _is_plain(value: bytes) -> bool:
    kind = value[:4]
    if small_picture(value[8:]) is not None:
        return False
    if kind in _WORDS:
        return len(value) <= _MOST_WORDS
    if kind in _PLAIN:
        return len(value) <= _MOST_CURVE
    if kind in _TABLES and len(value) >= 52:
        return _length_of_table(value, _TABLES[kind]) in range(len(value) - 4, len(value) + 1)
    return False


def _length_of_table(value: bytes, width: int) -> int:
    """Bytes that an lut8Type or lut16Type takes by what it says of itself (10.10, 10.11)."""
    inputs, outputs, grid = value[8], value[9], value[10]
    entries = struct.unpack(">2H", value[48:52]) if width == 2 else (256, 256)
    head = 52 if width == 2 else 48
    if inputs > 8:
        return -1
    return int(head + width * (entries[0] * inputs + grid**inputs * outputs + entries[1] * outputs))
