"""What may differ between a file and its redacted version, element by element (PS3.3 C.7.6.1, PS3.15 E.3).

This is the list that the proof believes in; the writer has its own. Whatever is not allowed here must be identical.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from dcmaudit.dicom.unshown import PRIVATE_LIMIT
from dcmaudit.model import PlaneKind
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RedactionPlan

IMAGE_TYPE, SOP_INSTANCE, DERIVATION, METHODS = 0x00080008, 0x00080018, 0x00082111, 0x00120064
PHOTOMETRIC, PLANAR, BURNED_IN, LOSSY, ICONS = 0x00280004, 0x00280006, 0x00280301, 0x00282110, 0x00880200
FRAME_TYPE = 0x00089007
STALE = frozenset({0x00280106, 0x00280107, 0x00280110, 0x00280111, 0x4FFE0001, 0xFFFAFFFA, 0x7FE00001, 0x7FE00002})
"""What pixels or bytes made true: smallest and largest values, signatures and their MACs, extended offset tables."""
_SIGNATURES = frozenset({0x4FFE0001, 0xFFFAFFFA})
_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
BULKY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN", None})


@dataclass(frozen=True, slots=True)
class Change:
    """What one element was and is now; a value is None where the element is absent. ``length`` is the old one's."""

    tag: int
    old: bytes | None
    new: bytes | None
    old_vr: str | None = None
    length: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one file. ``changed``: pixels, overlays or bits of it are changed at all."""

    plan: RedactionPlan
    transcoded: bool
    new_uids: bool
    changed: bool
    may_derive: bool
    """Whether it may be called derived: a change was asked for, though there may have been nothing to change."""
    colour: bool
    embedded: frozenset[int]
    """Groups of overlays that lie in the pixel data and have no data of their own."""
    little: bool
    removable_icons: bool
    """Whether the top-level icons may vanish: asked for, or not to be redacted in their encoding."""
    widened: bool = False
    """Whether values of a lossy codestream go beyond BitsStored: what is coded exactly now was lossy once."""
    relabelled: bool = False
    """Whether YBR_ICT has to be YBR_RCT now: no frame is coded by the irreversible transformation any more."""

    def must_go(self, tag: int, vr: str | None, length: int) -> str | None:
        """Why an element may not be in the written file, None where it may."""
        group = tag >> 16
        options = self.plan.options
        if options.overlays is OverlayPolicy.REMOVE and 0x6000 <= group <= 0x60FE and group % 2 == 0:
            return "overlays were to be removed"
        if options.remove_private_bulk and group % 2 and length >= PRIVATE_LIMIT and vr in BULKY:
            return "large private elements were to be removed"
        if options.icons is IconPolicy.REMOVE and tag == ICONS:
            return "icons were to be removed"
        if self.changed and tag in _SIGNATURES:
            return "a digital signature of the original is not true any more"
        return None

    def may_go(self, tag: int, vr: str | None, length: int) -> bool:
        """Whether an element of the original may be left out."""
        group = tag >> 16
        if tag & 0xFFFF == 0 or tag in STALE or self.must_go(tag, vr, length) is not None:
            return True
        if self.plan.options.remove_private_bulk and group % 2 and length >= PRIVATE_LIMIT:
            return True  # a private sequence goes as a whole where it holds such an element
        if tag == ICONS:
            return self.removable_icons
        return self.plan.options.remove_high_bits and group in self.embedded

    def fault(self, change: Change) -> str | None:  # noqa: PLR0911 - one return a rule
        """Why an element that was added or changed may not be so, None where it may; whole values are given."""
        old, new = _bare(change.old), _bare(change.new)
        match change.tag:
            case 0x00080008:
                return None if self.may_derive and old and new == _derived(old) else "only its first value may change"
            case 0x00082111:
                held = old or b""
                return None if self.may_derive and new and new.startswith(held) else "text may only be added at its end"
            case 0x00280301:
                asserted = self.plan.options.assert_clean and new == b"NO"
                return None if asserted else "it may only become NO, and only where somebody asserts it"
            case 0x00120064:
                return self._methods(change)
            case 0x00080018 | 0x0020000D | 0x0020000E if change.tag in self.plan.options.uids_of.tags:
                valid = self.new_uids and new is not None and _UID.fullmatch(new) and len(new) <= 64 and new != old
                return None if valid else "the UID changed without being asked to, or is none"
            case 0x00282110:
                return None if (self.transcoded or self.widened) and new == b"01" else "it may not change"
            case 0x00280004:
                if self.relabelled and new == b"YBR_RCT":
                    return None
                return None if self.transcoded and self.colour and new == b"RGB" else "it may not change"
            case 0x00280006:
                zero = struct.pack("<H" if self.little else ">H", 0)
                valid = self.transcoded and self.colour and change.new == zero
                return None if valid else "it may not change"
        return "it is new" if change.old is None else "its value changed"

    def missing(self, tags: frozenset[int], old: dict[int, bytes], new: dict[int, bytes]) -> list[tuple[int, str]]:
        """What has to be there and is not; values of the elements that ``WATCHED`` names, and all tags written."""
        found: list[tuple[int, str]] = []
        kind = _bare(new.get(IMAGE_TYPE))
        if self.changed and IMAGE_TYPE in old and (kind or b"").split(b"\\")[0].strip() != b"DERIVED":
            found.append((IMAGE_TYPE, "its first value has to be DERIVED"))
        if self.transcoded and _bare(new.get(LOSSY)) != b"01":
            found.append((LOSSY, "it has to say 01: the pixels were compressed lossily once"))
        if self.transcoded and self.colour and _bare(new.get(PHOTOMETRIC)) != b"RGB":
            found.append((PHOTOMETRIC, "it has to be RGB now"))
        if self.relabelled and _bare(new.get(PHOTOMETRIC)) != b"YBR_RCT":
            found.append((PHOTOMETRIC, "it has to be YBR_RCT now: every frame is coded reversibly"))
        if self.plan.options.assert_clean and _bare(new.get(BURNED_IN)) != b"NO":
            found.append((BURNED_IN, "it has to be NO"))
        if self.plan.options.assert_clean and METHODS not in tags:
            found.append((METHODS, "the methods of de-identification have to be there"))
        tags_of_new = self.plan.options.uids_of.tags if self.new_uids else ()
        found += [
            (tag, "it has to be a new UID") for tag in tags_of_new if _bare(old.get(tag)) and old[tag] == new.get(tag)
        ]
        return found

    def nested_fault(self, change: Change, uids: dict[bytes, bytes]) -> str | None:
        """Why a value inside a sequence may not be what it is, changed or not, None where it may.

        ``uids`` are the instance's own UIDs with what became of them: whatever refers to it has to go along. Frames of
        an image that was changed are DERIVED as it is itself (PS3.3 C.8.16.1.1).
        """
        old, new = _bare(change.old), _bare(change.new)
        if change.tag == FRAME_TYPE and old:
            if old == new:
                holds = not self.changed or old.split(b"\\")[0].strip() == b"DERIVED"
                return None if holds else "its first value has to be DERIVED, as that of the image is"
            return None if self.may_derive and new == _derived(old) else "only its first value may change"
        if old in uids and change.old_vr in {None, "UI", "UN"}:
            return None if new == uids[old] else "it refers to the instance by a UID that it does not have any more"
        return None if change.old == change.new else "its value changed"

    def _methods(self, change: Change) -> str | None:
        """Code items may be added at the end: 113101, and 113103 where overlays were looked after (CID 7050)."""
        old, new = change.old or b"", change.new or b""
        if not self.plan.options.assert_clean:
            return "it may only change where somebody asserts that the file is clean"
        if not new.startswith(old):
            return "items that were there changed"
        codes = re.findall(rb"\b1131\d\d\b", new[len(old) :])
        overlays = (
            any(g.kind in {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY} for g in self.plan.listing.groups)
            or self.plan.options.overlays is OverlayPolicy.REMOVE
        )
        allowed = {b"113101", b"113103"} if overlays else {b"113101"}
        true = b"113101" in new and set(codes) <= allowed and len(codes) == len(set(codes))
        return None if true else "other codes were added than the assertion means"


WATCHED = frozenset({IMAGE_TYPE, LOSSY, PHOTOMETRIC, BURNED_IN, SOP_INSTANCE, 0x0020000D, 0x0020000E})
"""Elements whose values ``Rules.missing`` wants."""


def _derived(value: bytes) -> bytes:
    return b"\\".join([b"DERIVED", *value.split(b"\\")[1:]])


def _bare(value: bytes | None) -> bytes | None:
    return None if value is None else value.strip(b" \0")
