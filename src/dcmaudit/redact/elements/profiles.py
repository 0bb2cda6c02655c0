"""ICC profiles (ISO 15076-1): whether one has room for anything but colours."""

from __future__ import annotations

import struct

_HEAD = 128
_MOST = 1 << 20
_TAGS = frozenset(
    b"A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2D0 B2D1 B2D2 B2D3 D2B0 D2B1 D2B2 D2B3 bTRC bXYZ bfd bkpt bACS c2sp calt "
    b"cept chad chrm ciis cicp clot clro clrt cprt crdi csnm desc devs dmdd dmnd gamt gTRC gXYZ gbd0 gbd1 gbd2 gbd3 "
    b"kTRC lumi meas ncl2 ncol pre0 pre1 pre2 ps2i ps2s ps2c psd0 psd1 psd2 psd3 pseq psid rTRC rXYZ resp rig0 rig2 "
    b"s2cp scrd scrn svcn targ tech ucrI vcgt view vued wtpt".split()
)
"""Signatures of tags in the registry of the ICC, retired ones too."""


def is_plain_profile(value: bytes) -> bool:
    """Whether a value is a profile in which nothing else can be: every byte belongs to its head or a known tag.

    One byte of padding may follow the size that it declares.
    """
    if len(value) < _HEAD + 4 or len(value) > _MOST or value[36:40] != b"acsp":
        return False
    size, count = struct.unpack(">L", value[:4])[0], struct.unpack(">L", value[_HEAD : _HEAD + 4])[0]
    if value[size:] not in {b"", b"\0"} or len(value) < size or count > 100 or _HEAD + 4 + 12 * count > size:
        return False
    spans = [(0, _HEAD + 4 + 12 * count)]
    for at in range(_HEAD + 4, _HEAD + 4 + 12 * count, 12):
        name, start, length = value[at : at + 4], *struct.unpack(">2L", value[at + 4 : at + 12])
        if name.strip(b" ") not in _TAGS or start + length > size:
            return False
        spans.append((start, start + length))
    return _covers(value[:size], sorted(spans))


def _covers(value: bytes, spans: list[tuple[int, int]]) -> bool:
    """Whether the spans leave nothing uncovered but up to three zeros between them (7.2.1)."""
    at = 0
    for start, end in [*spans, (len(value), len(value))]:
        if start > at and (start - at > 3 or value[at:start].strip(b"\0")):
            return False
        at = max(at, end)
    return True
