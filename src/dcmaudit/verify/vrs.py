"""The proof's own table of value representations: it must not be wrong where the writer's is wrong."""

from __future__ import annotations

_LONG_LENGTH = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
LONG = frozenset(_LONG_LENGTH)
"""Followed by two reserved bytes and a length of four bytes in explicit encoding (PS3.5 table 7.1-1)."""
LONG_CODES = frozenset(vr.encode("ascii") for vr in _LONG_LENGTH)
"""The same as they stand in a file."""
_SHORT_LENGTH = ("AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST",
                 "TM", "UI", "UL", "US")  # fmt: skip
SHORT = frozenset(_SHORT_LENGTH)
"""Followed by a length of two bytes (table 7.1-2)."""
BYTES = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""Strings of bytes or words."""
