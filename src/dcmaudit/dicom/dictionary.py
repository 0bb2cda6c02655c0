"""What the standard's data dictionary says of an element (PS3.6)."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR


def standard_vr(tag: int) -> str | None:
    """The value representation that PS3.6 names for an element, several joined with " or "; None for an unknown one.

    Repeating groups (60xx and the like) are known by their pattern.
    """
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return None
