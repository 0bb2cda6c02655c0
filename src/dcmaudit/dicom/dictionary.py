"""What the standard's data dictionary says of an element (PS3.6)."""

from __future__ import annotations

from pydicom.datadict import dictionary_has_tag, dictionary_VR


def standard_vr(tag: int) -> str | None:
    """The value representation that PS3.6 names for an element, several joined with " or "; None for an unknown one."""
    return str(dictionary_VR(tag)) if dictionary_has_tag(tag) else None
