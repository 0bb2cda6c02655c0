"""The walk over the top-level elements of a data set: what is read, what stays in the file, what is left at its end."""

from __future__ import annotations

import struct
from typing import Any, cast

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filereader import data_element_generator

from dcmaudit.dicom.bytesource import Cursor, is_zero_from
from dcmaudit.dicom.fragments import extended_places, walk_fragments
from dcmaudit.dicom.framegroups import PER_FRAME, frame_groups
from dcmaudit.dicom.header import PIXEL_TAGS, PIXELS, UNDEFINED, Header, Kept, PixelElement
from dcmaudit.dicom.quiet import quietly
from dcmaudit.errors import HeaderError, TruncatedError
from dcmaudit.model.texts import tag_text
from dcmaudit.model.vrs import BYTE_VRS, LONG_VR_CODES, VR_CODES

DEFER_SIZE = 64 * 1024
"""Values longer than this stay in the file when they are binary: overlays, documents, private blocks."""


class _Reading:
    """The callback that decides before each value whether it is read."""

    def __init__(self, header: Header, cursor: Cursor) -> None:
        self.header = header
        self.cursor = cursor
        self.last = 0
        self.behind_pixels = False
        self.cut: int | None = None
        self.disorder = False
        self.done = False

    def stop(self, tag: int, _vr: str | None, length: int) -> bool:
        tag = int(tag)
        # Both are taken in by ``_step_over``, which does not read them.
        if tag in PIXEL_TAGS or (tag == PER_FRAME and self.header.frame_groups is None):
            return True
        # Tags rise within a data set (PS3.5 7.1): behind pixel data anything else is no element.
        if tag >> 16 in {0xFFFE, 0} or (self.behind_pixels and tag <= self.last):
            self.disorder = self.done = True
        # A length that leads behind the end: pydicom would hand out what is there as if it were whole.
        elif length != UNDEFINED and length > self.cursor.remaining:
            self.cut, self.done = tag, True
        self.last = tag
        return self.done


def read_elements(header: Header, position: int) -> bool:
    """Read every top-level element, stepping over pixel data; what follows them is part of the data set too.

    The answer is whether nothing stood where it does not belong, but for zeros at the end.
    """
    cursor = Cursor(header.body, position)
    reading = _Reading(header, cursor)
    more = True
    while more and cursor.remaining >= 8:
        with quietly():
            for element in data_element_generator(
                cast("Any", cursor),
                header.syntax.implicit,
                header.syntax.little_endian,
                stop_when=reading.stop,
                defer_size=DEFER_SIZE,
            ):
                _keep(header, element)
        # Fewer than eight bytes are no head: they belong to what is left at the end.
        cursor.seek(cursor.position - cursor.cut_head)
        more = not reading.done and _step_over(header, cursor, reading) and not reading.done
    rest = cursor.remaining
    in_order = reading.cut is not None or rest == 0 or is_zero_from(header.body, cursor.position)
    # Without pixel data behind it, disorder means that the syntax is another than the file says, or that it is
    # damaged.
    if not in_order and not header.pixels and reading.disorder and rest > 8:
        raise HeaderError(f"what follows {rest} bytes before its end is no DICOM element", file=header.body.name)
    _name_the_rest(header, cursor, reading)
    return in_order


def _keep(header: Header, element: RawDataElement | DataElement) -> None:
    tag = int(element.tag)
    if isinstance(element, RawDataElement) and element.value is None and element.length > DEFER_SIZE:
        length, is_joined = element.length, element.length == UNDEFINED
        if is_joined:  # fragments: their delimiter tells where they end
            length = walk_fragments(header.body, element.value_tell, trusting=False).end - 8 - element.value_tell
        kept = Kept(tag, element.VR, element.value_tell, length)
        if _may_stay(tag, element.VR) and not (is_joined and 0x6000 <= tag >> 16 <= 0x60FF):
            header.kept[tag] = kept
            return
        element = element._replace(value=header.body.read_at(kept.offset, kept.length))
    held = header.dataset._dict  # noqa: SLF001 - by its own way in, pydicom converts private elements
    if element.tag in held or tag in header.kept:
        twice = f"{tag_text(tag)} occurs twice, only the later one was read"
        holds_pixels = tag >> 16 & 1 or tag >> 16 >= 0x5000 or tag == 0x00880200
        (header.loose_ends if holds_pixels else header.notes).append(twice)
    if isinstance(element, RawDataElement):
        held[element.tag] = element
    else:
        header.dataset[element.tag] = element


def _may_stay(tag: int, vr: str | None) -> bool:
    group, number = tag >> 16, tag & 0xFFFF
    # Private binary values can be of any size, and nothing but the search for pictures asks for them.
    if group % 2:
        return vr is None or vr in BYTE_VRS
    # Curves, retired: their data and their audio samples.
    if 0x5000 <= group <= 0x50FF:
        return number in {0x3000, 0x200C}
    return (0x6000 <= group <= 0x60FF and number == 0x3000) or tag == 0x00420011


def _step_over(header: Header, cursor: Cursor, reading: _Reading) -> bool:
    """Note the pixel data or per-frame groups at the cursor and move behind them; False where there are none."""
    start = cursor.position
    head = cursor.read(8)
    if len(head) < 8:
        cursor.seek(start)
        return False
    order = "<" if header.syntax.little_endian else ">"
    group, number = struct.unpack(f"{order}HH", head[:4])
    tag = group << 16 | number
    if tag not in PIXEL_TAGS and tag != PER_FRAME:
        cursor.seek(start)
        return False
    vr: str | None = None
    # Bytes 4 and 5 of a length of pixel data hardly ever spell a VR.
    if head[4:6] in VR_CODES:  # an explicit VR, also in a data set that calls itself implicit
        vr = head[4:6].decode()
        length = struct.unpack(f"{order}L", cursor.read(4).ljust(4, b"\0"))[0] if head[4:6] in LONG_VR_CODES else \
            struct.unpack(f"{order}H", head[6:8])[0]  # fmt: skip
    else:
        length = struct.unpack(f"{order}L", head[4:8])[0]
    offset = cursor.position
    if tag == PER_FRAME:
        _keep_frame_groups(header, cursor, vr, length)
        return True
    # Encapsulated (PS3.5 A.4): the items tell where it ends.
    if length == UNDEFINED:
        places = extended_places(header.value_of(0x7FE00001) or b"") if tag == PIXELS else ()
        fragments = walk_fragments(header.body, offset, extended=places)
        header.pixels.append(PixelElement(tag, vr, offset, fragments.end - offset, None, fragments))
        cursor.seek(fragments.end)
        reading.done = fragments.cut
    else:
        # A file that ends early still shows the frames that are there; the others are named.
        present = min(length, cursor.remaining)
        header.pixels.append(PixelElement(tag, vr, offset, present, length))
        cursor.seek(offset + present)
    reading.behind_pixels, reading.last = True, tag
    return True


def _keep_frame_groups(header: Header, cursor: Cursor, vr: str | None, length: int) -> None:
    start, syntax = cursor.position, header.syntax
    if length != UNDEFINED and length > cursor.remaining:
        raise TruncatedError(f"it ends inside {tag_text(PER_FRAME)}, before any pixel data", file=header.body.name)
    implicit = syntax.implicit or vr == "UN"  # PS3.5 6.2.2: what an unknown VR hides is implicit
    groups = frame_groups(header.body, start, length, implicit=implicit, little=syntax.little_endian)
    header.frame_groups = groups
    header.kept[PER_FRAME] = Kept(PER_FRAME, "SQ", start, groups.end - start)
    cursor.seek(groups.end)


def _name_the_rest(header: Header, cursor: Cursor, reading: _Reading) -> None:
    if reading.cut is not None and not header.pixels:
        raise TruncatedError(f"it ends inside {tag_text(reading.cut)}, before any pixel data", file=header.body.name)
    if reading.behind_pixels and not any(one.fragments and one.fragments.cut for one in header.pixels):
        header.end = cursor.position
    if reading.cut is not None:
        header.behind = f"the file ends inside {tag_text(reading.cut)}"
        header.loose_ends.append(header.behind)
        return
    rest = cursor.remaining
    if reading.disorder or rest:
        is_zero = is_zero_from(header.body, cursor.position)
        # Before any pixel data nobody can say that only padding is missing.
        if not header.pixels and 0 < rest < 8 and not is_zero:
            raise TruncatedError("it ends inside the head of an element, before any pixel data", file=header.body.name)
        if not is_zero:
            header.behind = f"{rest} bytes behind the data set are no DICOM elements"
            header.loose_ends.append(header.behind)
