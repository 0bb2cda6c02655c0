"""Reading everything but the pixels: the data set, where the pixel data lie, and what was left in the file."""

from __future__ import annotations

import struct
from typing import Any, cast

from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator

from dcmaudit.codecs.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax, transfer_syntax
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource, Cursor
from dcmaudit.dicom.elements import read_elements
from dcmaudit.dicom.header import UNDEFINED, Header
from dcmaudit.dicom.inflation import inflated
from dcmaudit.dicom.quiet import quietly
from dcmaudit.dicom.repair import mended
from dcmaudit.errors import DicomError, HeaderError, NotDicomError, TruncatedError
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.texts import tag_text
from dcmaudit.model.vrs import VR_CODES


def read_header(source: ByteSource) -> Header:
    """The header of the data set in ``source``.

    Raises NotDicomError where there is no data set, TruncatedError where the bytes end before the pixel data are
    reached, HeaderError where elements are malformed beyond reading.
    """
    try:
        return _read(source)
    except (DicomError, MemoryError):
        raise
    except RecursionError as error:
        raise HeaderError("its sequences are nested too deeply to be a data set", file=source.name) from error
    except Exception as error:
        if hasattr(error, "hint"):
            raise
        raise HeaderError(f"its data set cannot be parsed ({type(error).__name__})", file=source.name,
                          hint="it is damaged, or no DICOM file") from error  # fmt: skip


def _read(source: ByteSource) -> Header:
    name = source.name
    if source.size == 0:
        raise NotDicomError("it is empty", file=name, hint="a DICOM file holds at least a data set")
    start = source.read_at(0, 132)
    has_preamble = start[128:132] == b"DICM"
    cursor = Cursor(source, 132 if has_preamble else 0)
    meta, declared = _read_meta(cursor, required=has_preamble)
    if cursor.remaining == 0:
        raise TruncatedError("it ends after its file meta information, where the data set should begin",
                             file=name) if meta else NotDicomError("it holds no data set", file=name)  # fmt: skip
    body, position, left = source, cursor.position, 0
    # Everything behind the file meta information is one deflate stream (PS3.5 A.5).
    if declared is not None and declared.deflated:
        (body, left), position = inflated(source, position), 0
    try:
        syntax = _checked_syntax(body, position, declared, raw=not has_preamble and not meta)
        header = _with_elements(Header(body, syntax, meta, Dataset()), position)
        _require_data_set(header, raw=not has_preamble)
        if left:  # a few are check sums of writers that took it for a zlib stream
            ends = header.loose_ends if left >= LEAST_OF_A_PICTURE else header.notes
            ends.append(f"{left} bytes behind the deflated data set")
    except BaseException:
        if body is not source:
            body.close()
        raise
    return header


def _with_elements(header: Header, position: int) -> Header:
    """``header`` with its elements, or one of the data set put right where delimiters or items are out of place."""
    trouble: Exception | None = None
    try:
        in_order = read_elements(header, position)
    except (TruncatedError, NotDicomError):
        raise
    except Exception as error:
        trouble, in_order = error, False
    if in_order:
        return header
    syntax = header.syntax
    better = mended(header.body, position, implicit=syntax.implicit, little=syntax.little_endian)
    if better is not None:
        second = Header(better.body, syntax, header.meta, Dataset(), is_mended=True)
        read_elements(second, position)
        second.notes.extend(better.notes)
        if better.orphans >= LEAST_OF_A_PICTURE:
            second.loose_ends.append(f"{better.orphans} bytes in items that belong to no sequence")
        return second
    if trouble is not None:
        raise trouble
    return header


def _read_meta(cursor: Cursor, *, required: bool) -> tuple[Dataset, TransferSyntax | None]:
    start = cursor.source.read_at(cursor.position, 6)
    meta = Dataset()
    # Files without meta information were written before PS3.10, and by devices that never learnt it.
    if start[:2] != b"\x02\0":
        if required and len(start) < 6:
            raise TruncatedError("it ends after the preamble", file=cursor.source.name)
        return meta, None
    cut: list[int] = []

    def stop(tag: int, _vr: str | None, length: int) -> bool:
        if tag >> 16 != 2:
            return True
        if length > cursor.remaining:
            cut.append(tag)
        return bool(cut)

    with quietly():
        for element in data_element_generator(
            cast("Any", cursor), start[4:6] not in VR_CODES, is_little_endian=True, stop_when=stop
        ):
            meta[element.tag] = element
    if cut:
        raise TruncatedError(
            f"it ends inside its file meta information, at {tag_text(cut[0])}", file=cursor.source.name
        )
    uid = Attributes(meta).code(0x00020010)
    return meta, transfer_syntax(uid) if uid else None


def _checked_syntax(body: ByteSource, position: int, declared: TransferSyntax | None, *, raw: bool) -> TransferSyntax:
    """How the data set is really written: the first element tells, whatever the file meta information says."""
    start = body.read_at(position, 8)
    if len(start) < 8 and raw:
        raise NotDicomError(f"it holds {body.size} bytes and no data set", file=body.name)
    if len(start) < 8:
        raise TruncatedError("it ends where the data set should begin", file=body.name)
    group_little, group_big = struct.unpack("<H", start[:2])[0], struct.unpack(">H", start[:2])[0]
    explicit = start[4:6] in VR_CODES
    if declared is not None:
        little = _byte_order(start, declared)
        # Programs that copy a data set under another syntax leave the old UID in the meta information.
        if explicit != (not declared.implicit) or little != declared.little_endian:
            return TransferSyntax(declared.uid, not explicit, little, declared.deflated, declared.codestream)
        return declared
    # Groups begin at 8: the order in which the number is the smaller one is the right one.
    guess = EXPLICIT_LITTLE if explicit and group_little < group_big else EXPLICIT_BIG if explicit else IMPLICIT_LITTLE
    tag = struct.unpack("<HH" if guess.little_endian else ">HH", start[:4])
    number = tag[0] << 16 | tag[1]
    length = struct.unpack("<L", start[4:8])[0]
    known = dictionary_has_tag(number) or (tag[1] == 0 and tag[0] in {0x0008, 0x0010})
    fits = explicit or length == UNDEFINED or length <= body.size - position - 8
    if raw and not (known and tag[0] in {0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028} and fits):
        raise NotDicomError("it does not begin like a DICOM file", file=body.name,
                            hint="neither 'DICM' after 128 bytes nor a known element at the start")  # fmt: skip
    return guess


def _byte_order(start: bytes, declared: TransferSyntax) -> bool:
    """The declared order, unless the first tag is known in the other one only."""
    known = [dictionary_has_tag(group << 16 | number)
             for group, number in (struct.unpack("<HH", start[:4]), struct.unpack(">HH", start[:4]))]  # fmt: skip
    # A tag that both orders know, or neither, tells nothing.
    return known[0] if known[0] != known[1] else declared.little_endian


def _require_data_set(header: Header, *, raw: bool) -> None:
    if not len(header.dataset.keys()) and not header.pixels:
        raise NotDicomError("it holds no data set", file=header.body.name)
    telling = (0x00080016, 0x00080018, 0x00080060, 0x0020000D, 0x0020000E, 0x00280010, 0x00041220)
    if raw and not header.pixels and not any(tag in header.attributes for tag in telling):
        raise NotDicomError("its elements are not those of a DICOM instance", file=header.body.name,
                            hint="no SOP class, instance, modality or image attribute in it")  # fmt: skip
