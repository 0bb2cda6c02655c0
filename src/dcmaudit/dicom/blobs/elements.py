"""Every value of a data set, at every depth, that could hold a picture of 24 x 24 pixels or begins like one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from pydicom.dataelem import DataElement, RawDataElement

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.blobs.blob import Blob
from dcmaudit.dicom.blobs.kinds import is_known, most_values, vr_of
from dcmaudit.dicom.blobs.profiles import stray_bytes_of_profile
from dcmaudit.dicom.blobs.safe_private import cannot_hold_a_picture
from dcmaudit.dicom.blobs.signatures import Look, looks_like, small_picture, text_that_is_none
from dcmaudit.dicom.blobs.tables import DESCRIPTORS, PALETTES, fault_of_table
from dcmaudit.dicom.blobs.walk import NotItemsError, Place, walk_items
from dcmaudit.dicom.framegroups import PER_FRAME
from dcmaudit.dicom.header import PIXEL_TAGS, Header
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.vrs import NUMBER_SIZES, TEXT_VRS

DEEPEST = 24
_SHORTEST = 24
"""Bytes below which no value is looked at."""
_ICONS = 0x00880200
_SHOWN_OR_NAMED = {0x00420011, 0x00287FE0, 0x56000020}
"""What has an entry of its own: documents, remote pixel data, spectra."""
_NAMED_WHOLE = {0x0040A730, 0x54000100, 0x00700001}
"""Sequences that have an entry of their own: structured reports, waveforms, graphic annotations."""
_TABLES = {0x7FE00001, 0x7FE00002}
_CERTIFICATES = {0x04000115, 0x04000120, 0x04000310, 0x04000402, 0x04000404}


def find_blobs(header: Header, *, inside: tuple[int, ...] = ()) -> list[Blob]:
    """Every such value of the data set but for those of its per-frame groups (``blobs_of_frames``), in order.

    ``inside`` are the tags that lead to the data set where it is that of an icon.

    Not found are: pixel data, overlays and icons, which are planes or named; what has an entry of its own; what a plane
    is shown by (palettes, LUTs of the right length, offset tables); words and sentences; zeros in elements of the
    standard.
    """
    search = _Search(header)
    # The file meta information can hold private bytes of any length, too (PS3.10 7.1).
    search.data_set(Attributes(header.meta), (), 0)
    search.data_set(header.attributes, inside, len(inside))
    for tag, kept in header.kept.items():
        if tag != PER_FRAME and not search.has_entry(tag):
            search.kept(tag, kept.vr, kept.offset, kept.length)
    return search.found()


def blobs_of_frames(header: Header) -> list[Blob]:
    """The same for the Per-frame Functional Groups Sequence, which may have ten thousand items."""
    groups = header.frame_groups
    if groups is None:
        return []
    search = _Search(header)
    data = header.body.read_at(groups.start, groups.end - groups.start)
    search.sequence(data, (PER_FRAME,), implicit=groups.implicit, little=groups.little, whole=False)
    return search.found()


class _Search:
    def __init__(self, header: Header) -> None:
        self._header = header
        self._found: dict[tuple[tuple[int, ...], str | None], Blob] = {}
        self._palette = header.attributes.code(0x00280004) == "PALETTE COLOR"
        self._frames = max(1, header.attributes.integer(0x00280008) or 1)

    def found(self) -> list[Blob]:
        return sorted(self._found.values(), key=lambda blob: blob.path)

    @staticmethod
    def has_entry(tag: int) -> bool:
        """Whether planes or entries of other kinds stand for the element."""
        group = tag >> 16
        is_overlay = 0x6000 <= group <= 0x60FF and group % 2 == 0 and tag & 0xFFFF == 0x3000
        is_curve = 0x5000 <= group <= 0x50FF and group % 2 == 0
        return is_overlay or is_curve or tag in PIXEL_TAGS or tag in _SHOWN_OR_NAMED or tag == _ICONS

    def data_set(self, attributes: Attributes, path: tuple[int, ...], depth: int) -> None:
        """Look at every element of a data set or item."""
        if depth > DEEPEST:
            return
        for tag, element in list(attributes.elements()):
            value = element.value
            # A picture that shows a letter takes more.
            if isinstance(value, bytes | str) and len(value) < _SHORTEST:
                continue
            if value is None or self.has_entry(tag) or tag in _NAMED_WHOLE:
                continue
            here = (*path, tag)
            if isinstance(value, bytes):
                self._value(here, element, value, attributes)
            elif element.VR == "SQ":
                for item in attributes.items(tag):
                    self.data_set(item, here, depth + 1)
            else:
                self._converted(here, str(element.VR), value, attributes)

    def _value(
        self, path: tuple[int, ...], element: RawDataElement | DataElement, data: bytes, attributes: Attributes
    ) -> None:
        creator = _creator(attributes, path[-1])
        vr = vr_of(path[-1], element.VR, creator)
        syntax, is_raw = self._header.syntax, isinstance(element, RawDataElement)
        # Bytes that begin with an item are a sequence, whatever VR a writer gave them: UN, or none in implicit VR.
        if (vr == "SQ" and is_raw) or (vr in {"SQ", "UN"} and _begins_with_item(data)):
            implicit = element.is_implicit_VR if isinstance(element, RawDataElement) else syntax.implicit
            self.sequence(data, path, implicit=implicit, little=syntax.little_endian, whole=True, unknown=vr == "UN")
        else:
            self._judge(path, vr, data, attributes.integers, creator)

    def sequence(self, data: bytes, path: tuple[int, ...], *, implicit: bool, little: bool, whole: bool,
                 unknown: bool = False) -> None:  # fmt: skip
        """Look at what lies in the items of a sequence that is still bytes."""
        # PS3.5 6.2.2: what an unknown VR hides is implicit little endian; some writers did not know
        ways = [(True, True), (implicit, little), (False, little)] if unknown else [(implicit, little)]
        for is_implicit, is_little in dict.fromkeys(ways):
            try:
                places = list(walk_items(data, implicit=is_implicit, little=is_little, deepest=DEEPEST))
            except NotItemsError:
                continue
            for place in places:
                self._placed(place, path, data)
            return
        # It is no sequence after all, so it is judged as the bytes that it is.
        if whole:
            self._judge(path, "UN", data, lambda _tag: (), None)

    def _placed(self, place: Place, path: tuple[int, ...], data: bytes) -> None:
        if any(self.has_entry(tag) or tag in _NAMED_WHOLE for tag in place.path):
            return
        value = data[place.start : place.end]
        vr = vr_of(place.path[-1], place.vr, place.creator)
        self._judge((*path, *place.path), vr, value, place.numbers, place.creator)

    def _converted(self, path: tuple[int, ...], vr: str, value: object, attributes: Attributes) -> None:
        """A value that pydicom has converted already: as text, or as so many numbers."""
        is_one = isinstance(value, str) or hasattr(value, "components") or not hasattr(value, "__iter__")
        parts: list[object] = [value] if is_one else list(cast("Iterable[object]", value))
        if len(parts) * NUMBER_SIZES.get(vr, 16) < LEAST_OF_A_PICTURE and vr not in TEXT_VRS:
            return
        text = "\\".join(str(part) for part in parts).encode("utf-8", "replace")
        # As long as it was in the file: the text of a number may be shorter or longer than its bytes.
        if vr in NUMBER_SIZES:
            text = text.ljust(NUMBER_SIZES[vr] * len(parts), b" ")
        self._judge(path, vr, text, attributes.integers, _creator(attributes, path[-1]))

    def kept(self, tag: int, vr: str | None, offset: int, length: int) -> None:
        """A value that was left in the file."""
        creator = _creator(self._header.attributes, tag)
        head = self._header.body.read_at(offset, 1 << 16)
        known = vr_of(tag, vr, creator)
        if known == "UN" and _begins_with_item(head):
            data = self._header.body.read_at(offset, length)
            syntax = self._header.syntax
            self.sequence(data, (tag,), implicit=syntax.implicit, little=syntax.little_endian, whole=True, unknown=True)
        else:
            self._add((tag,), known, length, looks_like(head), None)

    def _judge(self, path: tuple[int, ...], vr: str, data: bytes, numbers: Callable[[int], tuple[int, ...]],
               creator: str | None) -> None:  # fmt: skip
        tag = path[-1]
        if len(data) < LEAST_OF_A_PICTURE:
            look = small_picture(data)
            if look is not None or _is_private_overlay(tag):
                self._add(path, vr, len(data), look, None)
            return
        # Nobody says what is in a private or unknown element, so its length alone makes it one to name.
        if tag >> 16 & 1 or not is_known(tag):
            if cannot_hold_a_picture(creator, tag) and looks_like(data) is None:
                return
            look = text_that_is_none(data, LEAST_OF_A_PICTURE) if vr in TEXT_VRS else looks_like(data)
            if vr not in TEXT_VRS or look is not None:
                self._add(path, vr, len(data), look, None)
            return
        # Zeros show nothing.
        if not data.strip(b"\0"):
            return
        look, fault = self._of_the_standard(tag, vr, data, numbers)
        if look is not None or fault is not None:
            self._add(path, vr, len(data), look, fault)

    def _of_the_standard(
        self, tag: int, vr: str, data: bytes, numbers: Callable[[int], tuple[int, ...]]
    ) -> tuple[Look | None, str | None]:
        """What an element of the standard looks like that could hold a picture, and what is wrong with it."""
        if vr in TEXT_VRS:
            return text_that_is_none(data, LEAST_OF_A_PICTURE), None
        fault: str | None = None
        if tag in DESCRIPTORS or tag in PALETTES:
            fault = fault_of_table(tag, data, numbers, palette=self._palette)
        # ICC Profile: it has a table of its own parts, which is followed.
        elif tag == 0x00282000:
            fault = stray_bytes_of_profile(data, LEAST_OF_A_PICTURE)
        elif vr in NUMBER_SIZES:
            fault = self._too_many(tag, len(data) // NUMBER_SIZES[vr])
        # Certificates are one DER value; an Extended Offset Table has eight bytes a frame.
        elif not (tag in _CERTIFICATES and _is_der(data)) and not (tag in _TABLES and len(data) == 8 * self._frames):
            return looks_like(data), "in which a picture could hide"
        return None, fault

    def _too_many(self, tag: int, count: int) -> str | None:
        """A vector with a value or three for every frame is what the standard asks for; anything longer is named."""
        most = most_values(tag)
        if most is None and count <= 3 * self._frames:
            return None
        if most is not None and count <= most:
            return None
        return f"{count} numbers, in which a picture could hide"

    def _add(self, path: tuple[int, ...], vr: str, length: int, look: Look | None, fault: str | None) -> None:
        before = self._found.get((path, fault))
        if before is None:
            self._found[path, fault] = Blob(path, vr, length, 1, look, fault)
        else:
            self._found[path, fault] = Blob(
                path, vr, before.length + length, before.count + 1, before.look or look, fault
            )


def _is_private_overlay(tag: int) -> bool:
    """OverlayData of an odd group: some writers put overlays there."""
    return 0x6001 <= tag >> 16 <= 0x60FF and tag >> 16 & 1 == 1 and tag & 0xFFFF == 0x3000


def _begins_with_item(data: bytes) -> bool:
    return data[:4] in {b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"}


def _is_der(data: bytes) -> bool:
    """Whether it is one DER value of its own length: a certificate, a signature, a time stamp."""
    if data[:1] != b"\x30" or data[1] & 0x80 == 0:
        return False
    # The long form of a DER length: so many bytes of it follow.
    width = data[1] & 0x7F
    return 0 <= len(data) - 2 - width - int.from_bytes(data[2 : 2 + width], "big") <= 1


def _creator(attributes: Attributes, tag: int) -> str | None:
    if not tag >> 16 & 1:
        return None
    return attributes.code((tag >> 16 << 16) | (tag >> 8 & 0xFF)) if tag & 0xFFFF > 0xFF else None
