"""What the data dictionaries say of an element: PS3.6, and the private ones that pydicom knows."""

from __future__ import annotations

from functools import cache, lru_cache

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_description, dictionary_VM, dictionary_VR, private_dictionary_VR


@lru_cache(maxsize=4096)
def standard_vr(tag: int) -> str | None:
    """The value representation that PS3.6 names for an element, several joined with " or "; None for an unknown one.

    Repeating groups (60xx and the like) are known by their pattern.
    """
    try:
        return str(dictionary_VR(tag))
    except KeyError:
        return None


@lru_cache(maxsize=4096)
def standard_vm(tag: int) -> str | None:
    """The value multiplicity of a standard element ("1", "2-n"), None for one that is unknown."""
    try:
        return str(dictionary_VM(tag))
    except KeyError:
        return None


@cache
def one_vr(tag: int) -> str:
    """One value representation of a standard element: OW where words and numbers may stand in it, UN where unknown."""
    vr = standard_vr(tag)
    if vr is None:
        return "UN"
    return "OW" if " or O" in vr else vr.partition(" ")[0]


@cache
def private_vr(tag: int, creator: str) -> str:
    """The value representation of a private element by its creator, UN where nobody knows."""
    try:
        return str(private_dictionary_VR(tag, creator)).partition(" ")[0]
    except KeyError:
        return "UN"


def is_registered(uid: str) -> bool:
    """Whether PS3.6 table A-1 names this UID: a class, a syntax, a scheme, a well-known instance or frame of reference.

    It says nothing about where a file comes from.
    """
    return uid in UID_dictionary


def storage_class(name: str) -> str | None:
    """The UID of a SOP class by its UID or its keyword ("CTImageStorage"), None where PS3.6 has none."""
    for uid, (_, kind, _, _, keyword) in UID_dictionary.items():
        if kind == "SOP Class" and name in {uid, keyword}:
            return uid
    return None


@cache
def title(tag: int) -> str:
    """The name of a standard element, empty for others."""
    try:
        return str(dictionary_description(tag)) if not tag >> 16 & 1 else ""
    except KeyError:
        return ""
