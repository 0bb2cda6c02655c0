"""The value representations of PS3.5, and how an element that has one is written: the one table of the program.

Only the proof has another one (``verify.vrs``): it must not be wrong where the writer is wrong. A test holds the two
equal.
"""

from __future__ import annotations

LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Followed by two reserved bytes and a length of four bytes in explicit encoding (PS3.5 7.1.2, table 7.1-1)."""
SHORT_VRS = frozenset({
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI",
    "UL", "US",
})  # fmt: skip
"""Followed by a length of two bytes (table 7.1-2)."""
BYTE_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""Strings of bytes or words, without a meaning of their own."""

LONG_VR_CODES = frozenset(vr.encode() for vr in LONG_VRS)
SHORT_VR_CODES = frozenset(vr.encode() for vr in SHORT_VRS)
VR_CODES = LONG_VR_CODES | SHORT_VR_CODES
"""The same as they stand in a file."""

_PADDED_WITH_ZERO = BYTE_VRS | {"SQ", "UI"}


def padded(value: bytes, vr: str) -> bytes:
    """``value`` with an even length: one 00 behind an odd UID or odd bytes, one blank behind odd text (PS3.5 6.2)."""
    return value + (b"\0" if vr in _PADDED_WITH_ZERO else b" ") * (len(value) % 2)
