"""What the standard's data dictionary says of an element (PS3.6)."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR

LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Value representations that are followed by two reserved bytes and a length of four (PS3.5 7.1.2)."""


def standard_vr(tag: int) -> str | None:
    """The value representation that PS3.6 names for an element, several joined with " or "; None for an unknown one.

    Repeating groups (60xx and the like) are known by their pattern.
    """
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return None
