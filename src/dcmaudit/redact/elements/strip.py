"""What of the elements of a file could hold what its pixels said, and so does not go into a redacted one.

A picture can hide in any element that is long enough, at any depth. What is an image's own is a plane and is blacked;
what is content of another kind is named as not audited; the rest is left out here, or cut to what it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dcmaudit.dicom.blobs import has_signature
from dcmaudit.dicom.blobs.kinds import is_content, is_right
from dcmaudit.dicom.blobs.profiles import is_plain_profile
from dcmaudit.dicom.blobs.tables import LUT_DATA, SEGMENTED
from dcmaudit.dicom.dictionary import standard_vr
from dcmaudit.dicom.header import PIXEL_TAGS
from dcmaudit.errors import UnsupportedError
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.redaction import IconPolicy, PrivatePolicy, Removal, RemovalReason
from dcmaudit.model.vrs import BYTE_VRS
from dcmaudit.redact.elements.iconrules import is_plain_icon
from dcmaudit.redact.elements.spans import Span
from dcmaudit.redact.elements.tables import DESCRIBED, PALETTE_TAGS, is_supplemental, most_of_segments, table_length

ICONS, PROFILE, PADDING = 0x00880200, 0x00282000, 0xFFFCFFFC
PHOTOMETRIC, PRESENTATION = 0x00280004, 0x00089205
SIGNED = frozenset({0x4FFE0001, 0xFFFAFFFA})
_POLICY = {RemovalReason.PRIVATE, RemovalReason.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Level:
    """The elements of a data set or item: ``path`` leads to it, ``raw`` gives a value, ``items`` those of a sequence.

    ``private``: it lies inside a private sequence. ``order`` is the byte order as struct names it. ``walks`` tells
    whether an element is a sequence whose items fill it exactly.
    """

    spans: Sequence[Span]
    path: tuple[int, ...]
    raw: Callable[[Span], bytes]
    items: Callable[[Span], Iterator[Sequence[Span]]]
    walks: Callable[[Span], bool]
    order: str
    private: bool = False

    def values(self, tags: frozenset[int]) -> Mapping[int, bytes]:
        """The values of those elements of this level that are there."""
        return {span.tag: self.raw(span) for span in self.spans if span.tag in tags}


@dataclass(slots=True)
class Stripper:
    """Decides, level by level, what of the elements stays, and keeps count of what does not.

    ``whole``: something is blacked, so that nothing may survive anywhere; else only private elements are looked at.
    """

    policy: PrivatePolicy
    icons: IconPolicy
    whole: bool = True
    safe: Callable[[str, int], bool] = lambda _creator, _tag: False
    left: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Paths of elements that stay by the policy KEEP, with their bytes."""
    _found: dict[tuple[tuple[int, ...], str, RemovalReason], list[int]] = field(default_factory=dict)

    @property
    def removals(self) -> tuple[Removal, ...]:
        """What is left out, in order."""
        return tuple(
            Removal(path, vr, length, reason, count, kept)
            for (path, vr, reason), (count, length, kept) in sorted(self._found.items(), key=lambda one: one[0][0])
        )

    def edits(self, level: Level) -> dict[int, bytes]:
        """What becomes of elements of a level, by where they begin: b"" goes; other bytes are the new value."""
        found: dict[int, bytes] = {}
        creators = _creators(level)
        for span in level.spans:
            if _is_harmless(level, span):
                continue
            # A group length has four bytes; in a longer one anything could be.
            if span.tag & 0xFFFF == 0 and span.end - span.value != 4:
                found[span.start] = self.note(level, span, RemovalReason.RETIRED)
                continue
            reason = self._reason(level, span, creators)
            if reason is None:
                cut = self._cut(level, span) if self.whole else None
                if cut is not None:
                    found[span.start] = cut
            # Asked for in so many words: the file then says that it was not audited.
            elif reason in _POLICY and self.policy is PrivatePolicy.KEEP:
                path = (*level.path, span.tag)
                self.left[path] = self.left.get(path, 0) + span.value_end - span.value
            else:
                found[span.start] = self.note(level, span, reason)
        return found

    def note(self, level: Level, span: Span, reason: RemovalReason, kept: int = 0) -> bytes:
        """Count one removal; b"" comes back. UnsupportedError where such elements are to be refused."""
        path, vr = (*level.path, span.tag), (span.vr or b"--").decode("latin-1")
        length = span.value_end - span.value - kept
        self.count(path, vr, length, reason, kept)
        if reason in _POLICY and self.policy is PrivatePolicy.REFUSE:
            removal = Removal(path, vr, length, reason)
            raise UnsupportedError(f"it holds {removal}", hint="--private remove leaves such elements out")
        return b""

    def count(self, path: tuple[int, ...], vr: str, length: int, reason: RemovalReason, kept: int = 0) -> None:
        """Count one removal of ``length`` bytes."""
        entry = self._found.setdefault((path, vr, reason), [0, 0, 0])
        entry[0], entry[1], entry[2] = entry[0] + 1, entry[1] + length, entry[2] + kept

    def _reason(self, level: Level, span: Span, creators: Mapping[int, str]) -> RemovalReason | None:
        """Why an element is left out as a whole, None where it is not."""
        tag = span.tag
        if self.whole:
            reason = _always(tag) or self._icon(level, span) or self._pictures(level, span)
            if reason is not None:
                return reason
        is_private = bool(tag >> 16 & 1) or level.private
        if tag & 0xFFFF == 0 or (tag in PIXEL_TAGS and not level.private) or not (is_private or self.whole):
            return None
        # Sequences are gone through element by element instead.
        if (_kind(span) == "SQ" and not is_private and span.vr != b"UN") or level.walks(span):
            return None
        if span.end - span.value < LEAST_OF_A_PICTURE and not has_signature(level.raw(span)) and not _is_overlay(tag):
            return None
        if is_private:
            creator = creators.get(tag >> 8)
            return None if creator is not None and self.safe(creator, tag) else RemovalReason.PRIVATE
        return _of_the_standard(span)

    def _icon(self, level: Level, span: Span) -> RemovalReason | None:
        if span.tag != ICONS or self.icons is IconPolicy.KEEP:
            return None
        if self.icons is IconPolicy.REMOVE:
            return RemovalReason.ICON_ASKED
        # An icon that is one plain picture is redacted with the image; anything more goes.
        plain = level.walks(span) and all(is_plain_icon(item, level.raw, level.order) for item in level.items(span))
        return None if plain else RemovalReason.ICON

    @staticmethod
    def _pictures(level: Level, span: Span) -> RemovalReason | None:
        """Standard elements that are pictures' own and hold more than they should."""
        tag = span.tag
        if tag == PROFILE:
            return None if is_plain_profile(level.raw(span)) else RemovalReason.PROFILE
        if tag in PALETTE_TAGS:
            values = level.values(frozenset({PHOTOMETRIC, PRESENTATION}))
            photometric = values.get(PHOTOMETRIC, b"").strip(b" \0")
            # Nobody looks up colours of a grey image, so that its table could hold a picture.
            if photometric and photometric != b"PALETTE COLOR" and not is_supplemental(values):
                return RemovalReason.PALETTE
        return None

    def _cut(self, level: Level, span: Span) -> bytes | None:
        """The value of a table without what its descriptor does not account for, None where it is as it should be."""
        if span.tag not in DESCRIBED and span.tag not in SEGMENTED:
            return None

        def read(tag: int) -> bytes | None:
            return next((level.raw(one) for one in level.spans if one.tag == tag), None)

        length = span.value_end - span.value
        if span.tag in SEGMENTED:
            most = most_of_segments(span.tag, read, level.order)
            if most is not None and length > most:
                raise UnsupportedError("a segmented palette is longer than its descriptor allows")
            return None
        wanted = table_length(span.tag, length, read, level.order)
        # Without a descriptor nobody knows how many entries are used.
        if wanted is None and length >= LEAST_OF_A_PICTURE:
            return self.note(level, span, RemovalReason.TABLE)
        if wanted is None or wanted >= length:
            return None
        self.note(level, span, RemovalReason.TABLE, kept=wanted)
        return level.raw(span)[:wanted]


_SPECIAL = frozenset({ICONS, PROFILE, PADDING, 0x7FE00003, 0x7FE00020, 0x7FE00030, 0x7FE00040, 0x00281200,
                      *SIGNED, *PALETTE_TAGS, *DESCRIBED})  # fmt: skip


def _kind(span: Span) -> str | None:
    """The VR of an element as written, or as PS3.6 has it; None where neither tells."""
    if span.vr is not None:
        return span.vr.decode("latin-1")
    known = standard_vr(span.tag)
    return None if known is None else known.split(" or ")[-1]


def _is_overlay(tag: int) -> bool:
    """Whether an element is named like OverlayData, of a private group too: eight pixels lie in each byte of it."""
    return 0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x3000


def _is_harmless(level: Level, span: Span) -> bool:
    """Whether an element is a short one of the standard, of a type of words or numbers: most are."""
    tag, length = span.tag, span.end - span.value
    if (
        tag >> 16 & 1
        or level.private
        or length >= LEAST_OF_A_PICTURE
        or tag in _SPECIAL
        or 0x7F01 <= tag >> 16 <= 0x7FDF
    ):
        return False
    kind = _kind(span)
    return kind is not None and kind not in BYTE_VRS and (tag & 0xFFFF != 0 or length == 4)


def _always(tag: int) -> RemovalReason | None:
    """Elements that are never in a redacted file."""
    group = tag >> 16
    if tag == PADDING:
        return RemovalReason.PADDING
    # Coefficients, variable pixel data and the old palette: retired, and never shown.
    if tag in {0x7FE00020, 0x7FE00030, 0x7FE00040, 0x00281200} or (0x7F01 <= group <= 0x7FDF and group % 2 == 0):
        return RemovalReason.RETIRED
    if tag in SIGNED:
        return RemovalReason.SIGNATURE
    return RemovalReason.RETIRED if tag == 0x7FE00003 else None


def _of_the_standard(span: Span) -> RemovalReason | None:
    """Why a long standard element is left out, None where it is what it should be, or content of its own."""
    tag, vr = span.tag, None if span.vr is None else span.vr.decode("latin-1")
    group = tag >> 16
    # Selector values of hanging protocols: values of any element, copied.
    if 0x00720060 <= tag <= 0x00720083:
        return RemovalReason.SELECTOR
    if not is_right(tag, vr, span.value_end - span.value):
        return RemovalReason.UNKNOWN
    known = standard_vr(tag)
    is_bytes = known is not None and any(kind in BYTE_VRS for kind in known.split(" or "))
    is_own = tag in {*DESCRIBED, *SEGMENTED, PROFILE, LUT_DATA} or (
        0x6000 <= group <= 0x60FF and tag & 0xFFFF == 0x3000
    )
    if not is_bytes or is_own or is_content(tag) or tag in PIXEL_TAGS or tag in {0x7FE00001, 0x7FE00002}:
        return None
    return RemovalReason.BYTES


def _creators(level: Level) -> dict[int, str]:
    """Private creators of a level, by the group and block that they reserve (PS3.5 7.8)."""
    return {
        (span.tag >> 16) << 8 | (span.tag & 0xFF): level.raw(span).strip(b" \0").decode("latin-1")
        for span in level.spans
        if span.tag >> 16 & 1 and 0x10 <= span.tag & 0xFFFF <= 0xFF and span.end - span.value <= 64
    }
