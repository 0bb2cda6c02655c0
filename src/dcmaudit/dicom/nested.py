"""Pixel data, overlays and thumbnails inside sequences, where no plane comes from: found, so that they are named."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from pydicom.dataelem import RawDataElement

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import PIXEL_TAGS, Header
from dcmaudit.dicom.icons import DEEPEST, ICON_SEQUENCE
from dcmaudit.model import UnshownKind
from dcmaudit.model.planes import Unshown
from dcmaudit.model.texts import tag_text

_ITEM = 0xFFFEE000
_FRAME_GROUPS = 0x52009230
"""Per-frame Functional Groups Sequence (PS3.3 C.7.6.16)."""
_SOMETHING = "what may be pixel data, an overlay or a thumbnail"


def find_nested(header: Header) -> list[Unshown]:
    """Each top-level element in whose items pixels lie that are not shown.

    Items of Icon Image Sequences are planes of their own and not named, but for those that are nested more deeply
    than they are looked for. A private element that begins like a sequence is searched byte by byte, whatever its
    VR: in implicit data sets nothing says that it is one.
    """
    search = _Search(little=header.syntax.little_endian)
    found = [
        _named(tag, f"{', '.join(what)} inside it: not shown")
        for tag in header.attributes.tags()
        if tag != ICON_SEQUENCE and (what := sorted(set(search.in_element(header.attributes, tag, 0))))
    ]
    icons = getattr(header.attributes.element(ICON_SEQUENCE), "value", None)
    # Bytes that are no items: pydicom gives no item, and nothing else would name them.
    if isinstance(icons, bytes) and icons and not header.attributes.items(ICON_SEQUENCE):
        found.append(Unshown(UnshownKind.ICON, "icon", "the Icon Image Sequence is damaged"))
    groups = header.frame_groups
    if groups is not None and groups.holds(search.mark(PIXEL_TAGS[-1])):
        items = (groups.item(index) for index in range(len(groups)))
        if any("pixel data" in search.in_items(item, 1) for item in items if item is not None):
            found.append(_named(_FRAME_GROUPS, "pixel data inside it: not shown"))
    return found


def _named(tag: int, reason: str) -> Unshown:
    """The entry of an element: a private one can be removed, what another holds cannot be reached."""
    if (tag >> 16) % 2:
        return Unshown(UnshownKind.PRIVATE, f"private element {tag_text(tag)}", reason)
    return Unshown(UnshownKind.NESTED_PIXELS, f"nested pixels in {tag_text(tag)}", reason)


class _Search:
    def __init__(self, *, little: bool) -> None:
        self._order = "<" if little else ">"
        overlay = b"[\\x00-\\xff]\\x60\\x00\\x30" if little else b"\\x60[\\x00-\\xff]\\x30\\x00"
        parts = [re.escape(self.mark(tag)) for tag in (*PIXEL_TAGS, ICON_SEQUENCE)]
        self._marks = re.compile(b"|".join([*parts, overlay]), re.DOTALL)

    def mark(self, tag: int) -> bytes:
        """A tag as it stands in the file."""
        return struct.pack(f"{self._order}HH", tag >> 16, tag & 0xFFFF)

    def in_element(self, attributes: Attributes, tag: int, depth: int) -> Iterator[str]:
        """What of pixels lies in the items of one element, once for each place."""
        element = attributes.element(tag)
        value = getattr(element, "value", None)
        if isinstance(value, bytes):
            if not self._marks.search(value):
                return
            # A value that merely has the bytes of a tag in it is no sequence.
            if attributes.vr(tag) != "SQ":
                # UN hides implicit little endian (PS3.5 6.2.2), whatever the data set is
                if value.startswith((self.mark(_ITEM), struct.pack("<HH", 0xFFFE, 0xE000))):
                    yield _SOMETHING
                return
        elif element is None or isinstance(element, RawDataElement) or element.VR != "SQ":
            return
        items = attributes.items(tag)
        # It should be a sequence, has the mark of pixels in it, and cannot be parsed.
        if not items and isinstance(value, bytes):
            yield _SOMETHING
        for item in items:
            yield from self.in_items(item, depth + 1)

    def in_items(self, item: Attributes, depth: int) -> Iterator[str]:
        """The same for one item."""
        for tag in item.tags():
            if tag in PIXEL_TAGS:
                yield "pixel data"
            elif 0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x3000:
                yield "an overlay"
            elif tag == ICON_SEQUENCE:
                # Thumbnails that lie less deep are planes of their own.
                if depth > DEEPEST:
                    yield "a thumbnail"
            else:
                yield from self.in_element(item, tag, depth)
