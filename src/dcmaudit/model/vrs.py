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

NUMBER_SIZES = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
"""Bytes of one value of each type of numbers (table 6.2-1)."""
TEXT_VRS = frozenset({
    "AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT",
})  # fmt: skip
TEXT_LENGTHS = {"AE": 16, "AS": 4, "CS": 16, "DA": 26, "DS": 16, "DT": 54, "IS": 12, "LO": 64, "LT": 10240, "PN": 324,
                "SH": 16, "ST": 1024, "TM": 28, "UI": 64}  # fmt: skip
"""The most characters of one value; UC, UR and UT have no limit (table 6.2-1)."""

LONG_VR_CODES = frozenset(vr.encode() for vr in LONG_VRS)
SHORT_VR_CODES = frozenset(vr.encode() for vr in SHORT_VRS)
VR_CODES = LONG_VR_CODES | SHORT_VR_CODES
"""The same as they stand in a file."""

_PADDED_WITH_ZERO = BYTE_VRS | {"SQ", "UI"}


def padded(value: bytes, vr: str) -> bytes:
    """``value`` with an even length: one 00 behind an odd UID or odd bytes, one blank behind odd text (PS3.5 6.2)."""
    return value + (b"\0" if vr in _PADDED_WITH_ZERO else b" ") * (len(value) % 2)
