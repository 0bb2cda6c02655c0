"""What may differ between a file and its redacted version, element by element (PS3.3 C.7.6.1, PS3.15 E.3).

This is the list that the proof believes in; the writer has its own. Whatever is not allowed here must be identical, and
whatever is allowed is one of a few values, made here from the original and the plan.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dcmaudit.dicom.blobs.kinds import is_content, is_right
from dcmaudit.dicom.dictionary import standard_vr
from dcmaudit.model import PlaneKind
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.redaction import IconPolicy, NewUids, OverlayPolicy, PrivatePolicy, RedactionPlan
from dcmaudit.verify.dataset import PIXELS
from dcmaudit.verify.grammar import bare, code_items, derived, descriptions, equipment_item, is_made_uid, is_text
from dcmaudit.verify.vrs import BYTES

IMAGE_TYPE, SOP_INSTANCE, DERIVATION = 0x00080008, 0x00080018, 0x00082111
METHOD, METHODS, EQUIPMENT = 0x00120063, 0x00120064, 0x0018A001
PHOTOMETRIC, PLANAR, BURNED_IN, LOSSY, ICONS = 0x00280004, 0x00280006, 0x00280301, 0x00282110, 0x00880200
FRAME_TYPE = 0x00089007
STALE = frozenset({
    0x00280106, 0x00280107, 0x00280110, 0x00280111, 0x4FFE0001, 0xFFFAFFFA, 0x7FE00001, 0x7FE00002, 0x7FE00003,
})  # fmt: skip
"""What pixels or bytes made true: smallest and largest values, signatures and their MACs, extended offset tables."""
PADDING, ICC_PROFILE = 0xFFFCFFFC, 0x00282000
RETIRED_PIXELS = frozenset({0x7FE00020, 0x7FE00030, 0x7FE00040, 0x00281200})
_SIGNATURES = frozenset({0x4FFE0001, 0xFFFAFFFA})
_INSIDE_TOO = frozenset({*_SIGNATURES, 0x7FE00001, 0x7FE00002, 0x7FE00003, PADDING, ICC_PROFILE, *RETIRED_PIXELS})
_NEW_VRS = {DERIVATION: "ST", BURNED_IN: "CS", METHODS: "SQ",
            METHOD: "LO", EQUIPMENT: "SQ", LOSSY: "CS", PHOTOMETRIC: "CS", PLANAR: "US",
            IMAGE_TYPE: "CS"}  # fmt: skip
_TABLES = frozenset({
    0x00283006, 0x00281408, *range(0x00281201, 0x00281205), *range(0x00281211, 0x00281214),
    *range(0x00281221, 0x00281225),
})  # fmt: skip
"""Look-up table data, which may be cut to what their descriptor says."""
_SEGMENTED = frozenset(range(0x00281221, 0x00281225))
LARGE_DESCRIPTORS = frozenset(range(0x00281111, 0x00281114))
"""Descriptors (retired) whose number of entries takes two words."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one element was and is now; a value is None where the element is absent. ``length`` is the old one's."""

    tag: int
    old: bytes | None
    new: bytes | None
    old_vr: str | None = None
    length: int = 0
    entries: int = 0
    """Of a look-up table, what its descriptor counts."""


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
    implicit: bool
    widened: bool = False
    """Whether values of a lossy codestream go beyond BitsStored: what is coded exactly now was lossy once."""
    has_palette: bool = True
    """Whether palette tables decide how the image is shown."""
    relabelled: bool = False
    """Whether YBR_ICT has to be YBR_RCT now: no frame is coded by the irreversible transformation any more."""
    interleaved: bool = False
    """Whether the codestreams hold the samples of a pixel together, whatever PlanarConfiguration says (PS3.5 8.2)."""
    labels: frozenset[bytes] = frozenset()
    """Photometric interpretations that the codestreams themselves name."""

    @property
    def all_uids(self) -> bool:
        """Whether every UID has to be a new one, in whatever element it stands."""
        return self.new_uids and self.plan.options.uids_of is NewUids.ALL

    def must_go(self, tag: int) -> str | None:
        """Why an element may not be in the written file, None where it may."""
        group = tag >> 16
        options = self.plan.options
        if options.overlays is OverlayPolicy.REMOVE and 0x6000 <= group <= 0x60FE and group % 2 == 0:
            return "overlays were to be removed"
        if options.icons is IconPolicy.REMOVE and tag == ICONS:
            return "icons were to be removed"
        if self.changed and tag in _SIGNATURES:
            return "a digital signature of the original is not true any more"
        return None

    def may_go(self, tag: int, vr: str | None, length: int) -> bool:
        """Whether an element of the original's top level may be left out."""
        group = tag >> 16
        if tag in STALE or self.must_go(tag) is not None or self.may_go_inside(tag, vr, length):
            return True
        if _is_palette(tag) and self.changed and not self.has_palette:
            return True
        return self.plan.options.remove_high_bits and group in self.embedded

    def may_go_inside(self, tag: int, vr: str | None, length: int, *, private: bool = False) -> bool:
        """Whether an element may be left out wherever it stands: it could hold a picture that nobody was shown.

        ``private``: it stands inside a private sequence.
        """
        group = tag >> 16
        if tag & 0xFFFF == 0:
            return True
        if self.removes_private and (group % 2 or _is_misplaced(tag, vr)):
            return True
        if self.removes_private and length >= LEAST_OF_A_PICTURE and (private or not is_right(tag, vr, length)):
            return True
        if not self.changed:
            return False
        is_bytes = length >= LEAST_OF_A_PICTURE and vr in BYTES | {None} and _names_bytes(tag) and not is_content(tag)
        return tag in _INSIDE_TOO or self._is_selector(tag, length) or self._is_retired(group) or is_bytes

    @property
    def removes_private(self) -> bool:
        """Whether private and unknown elements that could hold a picture were to be left out."""
        options = self.plan.options
        return options.private is PrivatePolicy.REMOVE and (self.changed or options.remove_private_bulk)

    def _is_selector(self, tag: int, length: int) -> bool:
        return 0x00720060 <= tag <= 0x00720083 and length >= LEAST_OF_A_PICTURE

    @staticmethod
    def _is_retired(group: int) -> bool:
        """Groups 7Fxx of retired variable pixel data (PS3.6)."""
        return 0x7F02 <= group <= 0x7FDE and group % 2 == 0

    def vr_of(self, tag: int, old: str | None) -> str | None:
        """The VR that a new or changed element has: what it had, else what the standard names."""
        return _NEW_VRS.get(tag, old) if old is None else old

    def _is_cut(self, change: Change) -> bool:
        """Whether look-up table data were cut to what their descriptor counts: not less, and nothing else changed."""
        old, new = change.old or b"", change.new or b""
        if change.tag not in _TABLES or not self.changed or not old.startswith(new) or not change.entries:
            return False
        lengths = {2 * change.entries, change.entries + change.entries % 2}  # words, or bytes (PS3.3 C.7.6.3.1.6)
        if change.tag in _SEGMENTED:
            lengths = {6 * change.entries}  # three words for each at most (C.7.9.2)
        return len(new) in lengths and len(new) < len(old)

    @staticmethod
    def is_table(tag: int) -> bool:
        """Whether an element holds the data of a look-up table, which may be cut to what its descriptor says."""
        return tag in _TABLES

    def items_added(self, tag: int, old: bytes) -> tuple[bytes, ...]:
        """The items that have to stand behind those that the sequence ``tag`` of the top level had; ``old`` is what it
        held. Codes of methods that are true of the file (CID 7050), and who cleaned it."""
        marking = self.plan.options.marking
        if tag == METHODS:
            codes = [code for code in self._codes if code not in old]
            return code_items(codes, implicit=self.implicit, little=self.little)
        if tag == EQUIPMENT and marking is not None:
            own = equipment_item(marking.version.encode("ascii"), implicit=self.implicit, little=self.little)
            return () if own in old else (own,)
        return ()

    @property
    def _codes(self) -> tuple[bytes, ...]:
        options = self.plan.options
        overlays = options.overlays is OverlayPolicy.REMOVE or any(
            g.kind in {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY} for g in self.plan.listing.groups
        )
        clean = () if not options.says_clean else (b"113101", b"113103") if overlays else (b"113101",)
        claimed = () if options.marking is None else options.marking.codes
        return (*clean, *(code for code in (one.encode("ascii") for one in claimed) if code not in clean))

    def _method(self, old: bytes) -> bytes | None:
        """What Deidentification Method has to be, None where it has to stay."""
        if self.plan.options.marking is None:
            return None
        text = self.plan.options.marking.method.encode("ascii")
        return None if text in map(bare, old.split(b"\\")) else b"\\".join([old, text] if old else [text])

    def fault(self, change: Change) -> str | None:  # noqa: PLR0911 - one return a rule
        """Why an element that was added or changed may not be so, None where it may; whole values are given."""
        new, old = change.new or b"", None if change.old is None else bare(change.old)
        vr = change.old_vr
        match change.tag:
            case 0x00080008:
                holds = self.may_derive and bool(old) and is_text(new, derived(old or b""), vr)
                return None if holds else "only its first value may change"
            case 0x00082111:
                allowed = descriptions(old or b"") if self.may_derive else set()
                text = f"{len(new)} bytes; only a sentence of dcmaudit's may be added at its end"
                return None if any(is_text(new, one, vr) for one in allowed) else text
            case 0x00280301:
                asserted = self.plan.options.says_clean and is_text(new, b"NO", vr)
                return None if asserted else "it may only become NO, and only where somebody asserts it"
            case 0x00120063:
                wanted = self._method(old or b"")
                valid = wanted is not None and is_text(new, wanted, vr)
                return None if valid else "only the name of the program and the policy may be added at its end"
            case 0x00120064 | 0x0018A001:
                added = self.items_added(change.tag, b"") if change.old is None else ()
                valid = bool(added) and new == b"".join(added)
                return None if valid else "other items were added than somebody stands for"
            case 0x00080018 | 0x0020000D | 0x0020000E if change.tag in self.plan.options.uids_of.tags:
                valid = self.new_uids and is_made_uid(bare(new)) and is_text(new, bare(new), "UI") and bare(new) != old
                return None if valid else "the UID changed without being asked to, or is none that is made from a UUID"
            case 0x00282110:
                holds = (self.transcoded or self.widened) and is_text(new, b"01", vr)
                return None if holds else "it may not change"
            case 0x00280004:
                labels = {b"YBR_RCT"} if self.relabelled else {b"RGB"} if self.transcoded and self.colour else set()
                labels |= self.labels if self.changed else set()
                return None if any(is_text(new, label, vr) for label in labels) else "it may not change"
            case 0x00280006:
                zero = struct.pack("<H" if self.little else ">H", 0)
                valid = self.colour and change.new == zero and (self.transcoded or self.interleaved)
                return None if valid else "it may not change"
        if self._is_cut(change):
            return None
        return f"it is new ({len(new)} bytes)" if change.old is None else "its value changed"

    def missing(self, tags: frozenset[int], old: dict[int, bytes], new: dict[int, bytes]) -> list[tuple[int, str]]:
        """What has to be there and is not; values of the elements that ``WATCHED`` names, and all tags written."""
        found: list[tuple[int, str]] = []
        kind = bare_or_none(new.get(IMAGE_TYPE))
        if self.changed and bare_or_none(old.get(IMAGE_TYPE)) and (kind or b"").split(b"\\")[0].strip() != b"DERIVED":
            found.append((IMAGE_TYPE, "its first value has to be DERIVED"))
        if self.transcoded and bare_or_none(new.get(LOSSY)) != b"01":
            found.append((LOSSY, "it has to say 01: the pixels were compressed lossily once"))
        if self.transcoded and self.colour and bare_or_none(new.get(PHOTOMETRIC)) != b"RGB":
            found.append((PHOTOMETRIC, "it has to be RGB now"))
        if self.relabelled and bare_or_none(new.get(PHOTOMETRIC)) != b"YBR_RCT":
            found.append((PHOTOMETRIC, "it has to be YBR_RCT now: every frame is coded reversibly"))
        if self.plan.options.says_clean and bare_or_none(new.get(BURNED_IN)) != b"NO":
            found.append((BURNED_IN, "it has to be NO"))
        found += [
            (tag, "what was done to the file has to be there")
            for tag in (METHODS, EQUIPMENT)
            if tag not in tags and self.items_added(tag, old.get(tag, b""))
        ]
        if (
            self._method(bare(old.get(METHOD, b""))) is not None
            and self._method(bare(new.get(METHOD, b""))) is not None
        ):
            found.append((METHOD, "the name of the program and the policy has to be there"))
        tags_of_new = self.plan.options.uids_of.tags if self.new_uids else ()
        found += [
            (tag, "it has to be a new UID")
            for tag in tags_of_new
            if bare_or_none(old.get(tag)) and old[tag] == new.get(tag)
        ]
        return found

    def nested_fault(self, change: Change, uids: dict[bytes, bytes]) -> str | None:
        """Why a value inside a sequence may not be what it is, changed or not, None where it may.

        ``uids`` are the instance's own UIDs with what became of them: whatever refers to it has to go along. Frames of
        an image that was changed are DERIVED as it is itself (PS3.3 C.8.16.1.1).
        """
        raw, new = change.old or b"", change.new or b""
        old = bare(raw)
        if change.tag == FRAME_TYPE and old:
            if raw == new:
                holds = not self.changed or derived(old) == old
                return None if holds else "its first value has to be DERIVED, as that of the image is"
            wanted = derived(old)
            holds = self.may_derive and (is_text(new, wanted, change.old_vr) or new == wanted.ljust(len(raw)))
            return None if holds else "only its first value may change"
        if old in uids and change.old_vr in {None, "UI", "UN"}:
            holds = is_text(new, uids[old], "UI")
            return None if holds else "it refers to the instance by a UID that it does not have any more"
        if raw == new:
            return None
        if self._is_cut(change):
            return None
        return "its value changed"


def descriptor_of(tag: int) -> int:
    """The element that describes the data of a look-up table; 0 where there is none."""
    others = {0x00283006: 0x00283002, 0x00281408: 0x00281407}
    if tag in _SEGMENTED:
        return tag - 0x120
    return tag - 0x100 if 0x00281201 <= tag <= 0x00281214 else others.get(tag, 0)


WATCHED = frozenset({IMAGE_TYPE, LOSSY, PHOTOMETRIC, BURNED_IN, SOP_INSTANCE, 0x0020000D, 0x0020000E, METHOD, METHODS,
                    EQUIPMENT})  # fmt: skip
"""Elements whose values ``Rules.missing`` wants."""


def _names_bytes(tag: int) -> bool:
    """Whether PS3.6 names bytes that are no pixels, overlays or tables of an image."""
    named = standard_vr(tag) or ""
    is_own = tag in PIXELS or tag in _TABLES or (0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x3000)
    return any(kind in BYTES for kind in named.split(" or ")) and not is_own


def _is_misplaced(tag: int, vr: str | None) -> bool:
    """Whether an element is none of the standard's, or holds bytes where the standard names another kind of value."""
    named = standard_vr(tag)
    return named is None or (vr in BYTES and vr not in named)


def _is_palette(tag: int) -> bool:
    """Palette tables (PS3.3 C.7.6.3.1.5, C.7.9), which mean something beside PALETTE COLOR alone."""
    return tag >> 16 == 0x0028 and (
        0x1101 <= tag & 0xFFFF <= 0x1113 or 0x1201 <= tag & 0xFFFF <= 0x1214 or 0x1221 <= tag & 0xFFFF <= 0x1223
    )


def bare_or_none(value: bytes | None) -> bytes | None:
    """A text without its padding, None where there is none."""
    return None if value is None else bare(value)
