"""ICC profiles (ISO 15076-1): whether every byte of one belongs to something that is no picture.

The numbers in brackets are clauses of ICC.1:2022, which is ISO 15076-1.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from dcmaudit.dicom.blobs.signatures import small_picture

_HEAD = 128
_MOST = 1 << 20
"""Bytes above which a profile is none that a scanner writes."""
_MOST_TAGS = 100
_PLAIN = {b"XYZ ", b"curv", b"para", b"sf32", b"chrm", b"sig ", b"meas", b"view", b"dtim", b"ui08", b"clrt"}
"""Types whose values are numbers by which colours are converted."""
_WORDS = {b"text", b"desc", b"mluc", b"ui32", b"pseq", b"psid", b"dict", b"vcgt"}
_TABLES = {b"mft1": 1, b"mft2": 2}
_REGISTERED = frozenset(
    b"A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2D0 B2D1 B2D2 B2D3 D2B0 D2B1 D2B2 D2B3 bTRC bXYZ bfd bkpt bACS c2sp calt "
    b"cept chad chrm ciis cicp clot clro clrt cprt crdi csnm desc devs dmdd dmnd gamt gTRC gXYZ gbd0 gbd1 gbd2 gbd3 "
    b"kTRC lumi meas ncl2 ncol pre0 pre1 pre2 ps2i ps2s ps2c psd0 psd1 psd2 psd3 pseq psid rTRC rXYZ resp rig0 rig2 "
    b"s2cp scrd scrn svcn targ tech ucrI vcgt view vued wtpt".split()
)
"""Signatures of tags in the registry of the ICC, retired ones too."""
_MOST_WORDS, _MOST_CURVE = 4096, 3 * (4096 * 2 + 12)


class Tag(NamedTuple):
    """One entry of the table of tags (7.3): its signature, and where its value lies, in bytes from the start."""

    signature: bytes
    start: int
    length: int


def stray_bytes_of_profile(data: bytes, least: int) -> str | None:
    """What is wrong with a profile in which ``least`` bytes could be something else, in words; None: nothing.

    This is what is named to people. What may stay in a redacted file is ``is_plain_profile``, which asks for more.
    """
    if not _is_profile(data):
        return "it is no ICC profile"
    size = _declared_size(data)
    if len(data) - size >= least:
        return f"{len(data) - size} bytes behind the ICC profile"
    tags = _tags(data)
    if tags is None:
        return "its table of tags is damaged"
    for tag in tags:
        value = data[tag.start : tag.start + tag.length]
        if len(value) >= least and not _is_plain(value):
            name = tag.signature.decode("ascii", "replace") if tag.signature.isalnum() else "unknown"
            return f"{len(value)} bytes in its tag {name}"
    gaps = sum(end - start for start, end in _gaps(data, tags))
    return f"{gaps} bytes that no tag of it names" if gaps >= least else None


def is_plain_profile(value: bytes) -> bool:
    """Whether a value is a profile in which nothing else can be: every byte belongs to its head or a known tag.

    One byte of padding may follow the size that it declares: values of DICOM have an even length (PS3.5 7.1.1).
    """
    if len(value) > _MOST or not _is_profile(value):
        return False
    size = _declared_size(value)
    profile, tags = value[:size], _tags(value[:size])
    if value[size:] not in {b"", b"\0"} or len(value) < size or tags is None:
        return False
    if any(tag.signature.strip(b" ") not in _REGISTERED or tag.start + tag.length > size for tag in tags):
        return False
    # Values begin at multiples of four; at most three zeros stand before one (clause 7).
    return all(end - start <= 3 and not profile[start:end].strip(b"\0") for start, end in _gaps(profile, tags))


def _is_profile(data: bytes) -> bool:
    return len(data) >= _HEAD + 4 and data[36:40] == b"acsp"  # the profile file signature (7.2.9)


def _declared_size(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def _tags(data: bytes) -> list[Tag] | None:
    """The table of tags; None where it says that it is longer than the profile, or than any real one."""
    count = int.from_bytes(data[_HEAD : _HEAD + 4], "big")
    end = _HEAD + 4 + 12 * count
    if count > _MOST_TAGS or end > len(data):
        return None
    return [Tag(*struct.unpack_from(">4s2L", data, at)) for at in range(_HEAD + 4, end, 12)]


def _gaps(data: bytes, tags: list[Tag]) -> list[tuple[int, int]]:
    """Stretches that neither the head, nor the table, nor a value covers. Tags may share a value (7.3)."""
    at, gaps = _HEAD + 4 + 12 * len(tags), []
    spans = sorted((tag.start, tag.start + tag.length) for tag in tags)
    for start, end in [*spans, (len(data), len(data))]:
        if start > at:
            gaps.append((at, min(start, len(data))))
        at = min(max(at, end), len(data))
    return [(start, end) for start, end in gaps if end > start]


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
    # The size of the grid is a power of it: a lying number must not make one of millions of digits.
    if inputs > 8:
        return -1
    return int(head + width * (entries[0] * inputs + grid**inputs * outputs + entries[1] * outputs))
