"""Whether UIDs became new ones: each of them, the same one for the same, and none that PS3.6 gives a meaning to.

The list of what stays is the proof's own, and not that of ``redact.elements.uids``; a test holds both to the
dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dcmaudit.dicom.dictionary import is_registered, private_vr, standard_vr
from dcmaudit.verify.dataset import DataSet, Element
from dcmaudit.verify.grammar import bare, is_made_uid, padded

_NAMES_OF_KINDS = frozenset({
    0x00020002, 0x00020010, 0x00020012, 0x00020032, 0x00041510, 0x00041512, 0x0004151A, 0x00080016, 0x0008001A,
    0x0008001B, 0x00080062, 0x0008010C, 0x00080117, 0x00080118, 0x0008040E, 0x00081150, 0x0008115A, 0x00083002,
    0x00340003, 0x04000010, 0x04000510, 0x30100052, 0x30100053,
})  # fmt: skip
"""Classes, transfer syntaxes, coding schemes and resources: they stay as they are."""
_LONGEST = 1 << 20
_LONGEST_UNKNOWN = 1024
_FEWEST = 6


def holds_uids(data: DataSet, element: Element, level: Mapping[int, Element]) -> bool:
    """Whether an element holds UIDs of instances, frames of reference, devices and the like; ``level`` are the elements
    that it stands among."""
    if element.tag in _NAMES_OF_KINDS or element.length > _LONGEST:
        return False
    if element.vr not in {None, "UN"}:
        return element.vr == "UI"
    named = standard_vr(element.tag)
    if element.tag >> 16 & 1:
        creator = level.get(element.tag & 0xFFFF0000 | (element.tag & 0xFFFF) >> 8)
        named = None if creator is None else private_vr(element.tag, bare(data.raw(creator, 64)).decode("latin-1"))
    if named not in {None, "UN"}:
        return named == "UI"
    parts = bare(data.raw(element)).split(b"\\") if element.length <= _LONGEST_UNKNOWN else []
    return bool(parts) and all(map(_looks_like_uid, parts))


def _looks_like_uid(value: bytes) -> bool:
    """Whether a value of which nobody knows the type is a UID: six numbers and more without leading zeros."""
    numbers = value.split(b".")
    is_plain = all(one.isdigit() and (one == b"0" or one[:1] != b"0") for one in numbers)
    return len(numbers) >= _FEWEST and is_plain and numbers[0] in {b"0", b"1", b"2"}


@dataclass(slots=True)
class UidComparison:
    """What became of each UID of one file, and back."""

    _new: dict[bytes, bytes] = field(default_factory=dict)
    _old: dict[bytes, bytes] = field(default_factory=dict)

    def fault(self, old: bytes, new: bytes, *, own: bool = False) -> str | None:
        """Why the UIDs of one element may not be what they are, None where they may.

        ``own``: they are the instance's own, which change whatever they are.
        """
        was, now = old.split(b"\\"), bare(new).split(b"\\")
        if len(was) != len(now):
            return "it has another number of UIDs"
        for one, other in zip(map(bare, was), now, strict=True):
            if not one or (not own and is_registered(one.decode("ascii", "replace")) and one not in self._new):
                if other != one:
                    return "a UID with a meaning of its own changed, or one is new"
                continue
            if other == one or not is_made_uid(other):
                return "a UID did not become a new one that is made from a UUID"
            if self._new.setdefault(one, other) != other or self._old.setdefault(other, one) != one:
                return "one UID became two, or two became one"
        return None if new == padded(b"\\".join(now), "UI") or new == old else "its UIDs are padded in another way"
