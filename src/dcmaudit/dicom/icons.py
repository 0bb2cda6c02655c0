"""Thumbnails: the items of every IconImageSequence (PS3.3 F.7) of a data set, at whatever depth."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import walk_fragments
from dcmaudit.dicom.frames import FrameReader, frame_reader
from dcmaudit.dicom.header import PIXELS, Header, PixelElement
from dcmaudit.errors import DicomError

ICON_SEQUENCE = 0x00880200
DEEPEST = 24
"""How many sequences inside each other are searched for icons."""
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Icon:
    """One thumbnail: ``header`` is its own little data set; ``reader`` is None where ``problem`` says why."""

    number: int
    header: Header
    reader: FrameReader | None
    problem: str | None = None


def find_icons(header: Header) -> list[Icon]:
    """Every icon, in the order in which the data set holds them."""
    return _icons(header, _all_icon_items(header))


def icons_inside(header: Header) -> list[Icon]:
    """The icons inside an icon, whose data set ``header`` is."""
    return _icons(header, _icon_items(header, header.attributes, 0))


def _icons(header: Header, items: Iterator[Attributes]) -> list[Icon]:
    icons: list[Icon] = []
    for item in items:
        own = Header(header.body, header.syntax, Dataset(), item.dataset)
        try:
            icons.append(Icon(len(icons), own, _reader(header, item)))
        except DicomError as error:
            icons.append(Icon(len(icons), own, None, error.message))
    return icons


def _all_icon_items(header: Header) -> Iterator[Attributes]:
    yield from _icon_items(header, header.attributes, 0)
    groups = header.frame_groups
    # Ten thousand items are parsed only where the bytes of the tag are in them at all.
    if groups is not None and groups.holds(_marker(header)):
        for index in range(len(groups)):
            item = groups.item(index)
            if item is not None:
                yield from _icon_items(header, item, 1)


def _marker(header: Header) -> bytes:
    return struct.pack("<HH" if header.syntax.little_endian else ">HH", 0x0088, 0x0200)


def _icon_items(header: Header, attributes: Attributes, depth: int) -> Iterator[Attributes]:
    marker = _marker(header)
    for tag in attributes.tags():
        if tag == ICON_SEQUENCE:
            yield from attributes.items(tag)
            continue
        element = attributes.element(tag)
        if isinstance(element, RawDataElement):
            # an unparsed sequence is parsed only when an icon can be in it: there may be 10,000 items
            if attributes.vr(tag) != "SQ" or not element.value or marker not in element.value:
                continue
        elif element is None or element.VR != "SQ":
            continue
        if depth < DEEPEST:
            for item in attributes.items(tag):
                yield from _icon_items(header, item, depth + 1)


def _reader(header: Header, item: Attributes) -> FrameReader:
    value = item.raw(PIXELS)
    if not value:
        raise DicomError("the icon has no pixel data")
    element = item.element(PIXELS)
    undefined = element is not None and (
        element.is_undefined_length if isinstance(element, DataElement) else element.length == _UNDEFINED
    )
    vr = item.vr(PIXELS)
    # pydicom keeps the items without the delimiter that ended them.
    if undefined:
        whole = value + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        body = ByteSource(io.BytesIO(whole), name=header.body.name)
        fragments = walk_fragments(body, 0)
        return frame_reader(body, PixelElement(PIXELS, vr, 0, len(value), None, fragments), item, header.syntax)
    body = ByteSource(io.BytesIO(value), name=header.body.name)
    # Icons may be native in a file whose frames are compressed.
    syntax = replace(header.syntax, codestream=Codestream.NATIVE)
    reader = frame_reader(body, PixelElement(PIXELS, vr, 0, len(value), len(value)), item, syntax)
    if reader.count < 1:
        raise DicomError(f"the icon's pixel data have {len(value)} bytes, too few for its size")
    return reader
