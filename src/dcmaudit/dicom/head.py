"""The beginning of a header, for whoever asks for a few attributes of many files and for no picture.

An ordinary file is read to the last attribute that is asked for, and no further: what its pixels are, or whether they
are all there, nobody learns here. Whatever is not ordinary (no preamble, a deflated data set, elements out of order, an
end too early) is opened as a whole by ``open_instance``, which names what is wrong with it.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from contextlib import suppress

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator

from dcmaudit.codecs.syntaxes import transfer_syntax
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header_view import HeaderView, header_view
from dcmaudit.dicom.opener import open_instance
from dcmaudit.dicom.quiet import quietly
from dcmaudit.model import Reference
from dcmaudit.model.vrs import VR_CODES

_BLOCKS = (8 * 1024, 256 * 1024)
"""Bytes of a file that are read first, and where those do not reach."""

_CHARACTER_SET, _SOP_CLASS, _DIRECTORY = 0x00080005, 0x00020002, "1.2.840.10008.1.3.10"
SERIES = 0x0020000E
_PIXELS = 0x7FE00000
_UNDEFINED = 0xFFFFFFFF


def head_of(reference: Reference, fields: Collection[str]) -> tuple[HeaderView, str | None]:
    """The header of a file as far as ``fields`` (keywords of PS3.6) need it, and its SeriesInstanceUID.

    Errors as ``open_instance``; a file whose pixel data are damaged or missing is none here.
    """
    tags = {tag_for_keyword(field) for field in fields}
    if None not in tags:
        wanted = {tag for tag in tags if tag is not None} | {SERIES}
        found = _head(reference, wanted)
        if found is not None:
            return found
    with open_instance(reference) as instance:
        return header_view(instance), instance.facts.series_uid


def _head(reference: Reference, wanted: set[int]) -> tuple[HeaderView, str | None] | None:
    """None where the file is not ordinary, or cannot be read at all: ``open_instance`` says why."""
    last = max(wanted)
    # What lies behind the pixel data is not in the beginning of a file.
    if last >= _PIXELS:
        return None
    with suppress(Exception), reference.open() as stream:
        for size in _BLOCKS:
            stream.seek(0)
            data = stream.read(size)
            # pydicom raises nearly anything where a value goes on behind the block, or where it is malformed.
            with suppress(Exception):
                found = _parsed(data, wanted)
                if found is not None:
                    return found
            if len(data) < size:
                return None
    return None


def _parsed(data: bytes, wanted: set[int]) -> tuple[HeaderView, str | None] | None:
    # Without the usual beginning the careful reader decides.
    if data[128:134] != b"DICM\x02\0":
        return None
    stream = io.BytesIO(data)
    stream.seek(132)
    meta = Dataset()
    with quietly():
        explicit = data[136:138] in VR_CODES
        for element in data_element_generator(stream, not explicit, is_little_endian=True, stop_when=_is_data):
            meta[element.tag] = element
    syntax = transfer_syntax(Attributes(meta).code(0x00020010) or "")
    # Neither is an ordinary image that can be read from the front.
    if syntax.deflated or Attributes(meta).code(_SOP_CLASS) == _DIRECTORY:
        return None
    dataset = _elements(stream, len(data), wanted, implicit=syntax.implicit, little=syntax.little_endian)
    if dataset is None:
        return None
    return HeaderView(dataset, meta=meta), Attributes(dataset).code(SERIES)


def _is_data(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 != 2


def _elements(stream: io.BytesIO, size: int, wanted: set[int], *, implicit: bool, little: bool) -> Dataset | None:
    """These elements, unconverted; None where elements do not rise, or where the bytes end before the last one."""
    dataset, last, kept = Dataset(), max(wanted), {*wanted, _CHARACTER_SET}
    reached, before, is_odd = False, 0, False

    def stop(tag: int, vr: str | None, length: int) -> bool:
        nonlocal reached, before, is_odd
        if tag > last and not is_odd:
            reached = True
            return True
        # Anything unusual is left to the careful reader, so that both say the same of every file.
        wrong = tag <= before or tag >> 16 < 8 or (not implicit and (vr or "").encode() not in VR_CODES)
        is_odd = wrong or (length != _UNDEFINED and length > size - stream.tell())
        before = tag
        return is_odd

    with quietly():
        for element in data_element_generator(stream, implicit, little, stop_when=stop):
            if element.tag in kept:  # pydicom converts private elements as they are put in
                dataset[element.tag] = element
    return dataset if reached else None
