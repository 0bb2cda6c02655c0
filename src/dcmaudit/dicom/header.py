"""Reading everything but the pixels: the data set, where the pixel data lie, and what was left in the file."""

from __future__ import annotations

import re
import struct
import tempfile
import zlib
from dataclasses import dataclass, field
from typing import Any, cast

from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import data_element_generator

from dcmaudit.codecs.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax, transfer_syntax
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource, Cursor
from dcmaudit.dicom.fragments import Fragments, extended_places, walk_fragments
from dcmaudit.dicom.framegroups import PER_FRAME, FrameGroups, frame_groups
from dcmaudit.dicom.mending import mended
from dcmaudit.dicom.quiet import quietly
from dcmaudit.errors import DicomError, HeaderError, NotDicomError, TruncatedError
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.model.vrs import BYTE_VRS, LONG_VR_CODES, VR_CODES

FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010
PIXEL_TAGS = (FLOAT_PIXELS, DOUBLE_PIXELS, PIXELS)
DEFER_SIZE = 64 * 1024
"""Values longer than this stay in the file when they are binary: overlays, documents, private blocks."""
INFLATED_LIMIT = 4 << 30
"""What a deflated data set may grow to: the longest value a 32-bit length can announce. It is spooled to disk."""
_SPOOL_IN_MEMORY = 16 << 20
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that was left in the file: where it lies in the body, and how it is written."""

    tag: int
    vr: str | None
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where one pixel data element lies in the body. ``length`` is what is there, ``declared`` what was promised.

    ``fragments`` is set when the value is encapsulated; ``declared`` is then None.
    """

    tag: int
    vr: str | None
    offset: int
    length: int
    declared: int | None
    fragments: Fragments | None = None


@dataclass(slots=True)
class Header:
    """One data set without its pixel values. ``body`` holds the bytes that all offsets refer to."""

    body: ByteSource
    syntax: TransferSyntax
    meta: Dataset
    dataset: Dataset
    pixels: list[PixelElement] = field(default_factory=list)
    kept: dict[int, Kept] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loose_ends: list[str] = field(default_factory=list)
    """What could not be read at the end of the file: things that are not audited."""

    frame_groups: FrameGroups | None = None
    end: int | None = None
    """Where the last element ends that could be read, where pixel data are before it; None where that is not known."""
    behind: str | None = None
    """The one of ``loose_ends`` that is about what stands behind ``end``."""

    is_mended: bool = False
    """Whether ``body`` is not the file but a copy with stray delimiters and items taken out."""

    @property
    def attributes(self) -> Attributes:
        """The data set, decoded on demand; without what ``kept`` and ``frame_groups`` name."""
        return Attributes(self.dataset)

    def value_of(self, tag: int) -> bytes | None:
        """The raw value of an element, fetched from the file where it was left there; None where absent."""
        kept = self.kept.get(tag)
        if kept is not None:
            return self.body.read_at(kept.offset, kept.length)
        return self.attributes.raw(tag)


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
    if declared is not None and declared.deflated:
        (body, left), position = _inflated(source, position), 0
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
        in_order = _read_elements(header, position)
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
        _read_elements(second, position)
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
        raise TruncatedError(f"it ends inside its file meta information, at {_tag(cut[0])}", file=cursor.source.name)
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
        if explicit != (not declared.implicit) or little != declared.little_endian:
            return TransferSyntax(declared.uid, not explicit, little, declared.deflated, declared.codestream)
        return declared
    guess = EXPLICIT_LITTLE if explicit and group_little < group_big else EXPLICIT_BIG if explicit else IMPLICIT_LITTLE
    tag = struct.unpack("<HH" if guess.little_endian else ">HH", start[:4])
    number = tag[0] << 16 | tag[1]
    length = struct.unpack("<L", start[4:8])[0]
    known = dictionary_has_tag(number) or (tag[1] == 0 and tag[0] in {0x0008, 0x0010})
    fits = explicit or length == _UNDEFINED or length <= body.size - position - 8
    if raw and not (known and tag[0] in {0x0004, 0x0008, 0x0010, 0x0018, 0x0020, 0x0028} and fits):
        raise NotDicomError("it does not begin like a DICOM file", file=body.name,
                            hint="neither 'DICM' after 128 bytes nor a known element at the start")  # fmt: skip
    return guess


def _byte_order(start: bytes, declared: TransferSyntax) -> bool:
    """The declared order, unless the first tag is known in the other one only."""
    known = [dictionary_has_tag(group << 16 | number)
             for group, number in (struct.unpack("<HH", start[:4]), struct.unpack(">HH", start[:4]))]  # fmt: skip
    return known[0] if known[0] != known[1] else declared.little_endian


def _inflated(source: ByteSource, position: int) -> tuple[ByteSource, int]:
    """The data set behind ``position`` inflated (PS3.5 A.5) into a temporary file that holds nothing else.

    The number is how many bytes of the file lie behind it, 0 where they are zeros.
    """
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - lives as long as the instance
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    try:
        while not unpacker.eof:
            chunk = unpacker.unconsumed_tail or source.read_at(position, 1 << 16)
            if not unpacker.unconsumed_tail:
                position += len(chunk)
            if not chunk:
                raise TruncatedError("its deflated data set ends early", file=source.name)
            piece = unpacker.decompress(chunk, 1 << 20)
            total += len(piece)
            if total > INFLATED_LIMIT:
                raise HeaderError(f"its deflated data set grows beyond {INFLATED_LIMIT >> 30} GiB", file=source.name)
            spool.write(piece)
    except zlib.error as error:
        spool.close()
        raise HeaderError("its deflated data set is damaged", file=source.name) from error
    except DicomError:
        spool.close()
        raise
    behind = position - len(unpacker.unused_data)
    left = 0 if is_zero_from(source, behind) else source.size - behind
    return ByteSource(cast("Any", spool), name=source.name), left


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
        if tag in PIXEL_TAGS or (tag == PER_FRAME and self.header.frame_groups is None):
            return True
        if tag >> 16 in {0xFFFE, 0} or (self.behind_pixels and tag <= self.last):
            self.disorder = self.done = True
        elif length != _UNDEFINED and length > self.cursor.remaining:
            self.cut, self.done = tag, True
        self.last = tag
        return self.done


def _read_elements(header: Header, position: int) -> bool:
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
        cursor.seek(cursor.position - cursor.cut_head)
        more = not reading.done and _step_over(header, cursor, reading) and not reading.done
    rest = cursor.remaining
    in_order = reading.cut is not None or rest == 0 or is_zero_from(header.body, cursor.position)
    if not in_order and not header.pixels and reading.disorder and rest > 8:
        raise HeaderError(f"what follows {rest} bytes before its end is no DICOM element", file=header.body.name)
    _name_the_rest(header, cursor, reading)
    return in_order


def _keep(header: Header, element: RawDataElement | DataElement) -> None:
    tag = int(element.tag)
    if isinstance(element, RawDataElement) and element.value is None and element.length > DEFER_SIZE:
        length, is_joined = element.length, element.length == _UNDEFINED
        if is_joined:  # fragments: their delimiter tells where they end
            length = walk_fragments(header.body, element.value_tell, trusting=False).end - 8 - element.value_tell
        kept = Kept(tag, element.VR, element.value_tell, length)
        if _may_stay(tag, element.VR) and not (is_joined and 0x6000 <= tag >> 16 <= 0x60FF):
            header.kept[tag] = kept
            return
        element = element._replace(value=header.body.read_at(kept.offset, kept.length))
    if tag in header.dataset or tag in header.kept:
        twice = f"{_tag(tag)} occurs twice, only the later one was read"
        holds_pixels = tag >> 16 & 1 or tag >> 16 >= 0x5000 or tag == 0x00880200
        (header.loose_ends if holds_pixels else header.notes).append(twice)
    header.dataset[element.tag] = element


def _may_stay(tag: int, vr: str | None) -> bool:
    group, number = tag >> 16, tag & 0xFFFF
    if group % 2:
        return vr is None or vr in BYTE_VRS
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
    if length == _UNDEFINED:
        places = extended_places(header.value_of(0x7FE00001) or b"") if tag == PIXELS else ()
        fragments = walk_fragments(header.body, offset, extended=places)
        header.pixels.append(PixelElement(tag, vr, offset, fragments.end - offset, None, fragments))
        cursor.seek(fragments.end)
        reading.done = fragments.cut
    else:
        present = min(length, cursor.remaining)
        header.pixels.append(PixelElement(tag, vr, offset, present, length))
        cursor.seek(offset + present)
    reading.behind_pixels, reading.last = True, tag
    return True


def _keep_frame_groups(header: Header, cursor: Cursor, vr: str | None, length: int) -> None:
    start, syntax = cursor.position, header.syntax
    if length != _UNDEFINED and length > cursor.remaining:
        raise TruncatedError(f"it ends inside {_tag(PER_FRAME)}, before any pixel data", file=header.body.name)
    implicit = syntax.implicit or vr == "UN"  # PS3.5 6.2.2: what an unknown VR hides is implicit
    groups = frame_groups(header.body, start, length, implicit=implicit, little=syntax.little_endian)
    header.frame_groups = groups
    header.kept[PER_FRAME] = Kept(PER_FRAME, "SQ", start, groups.end - start)
    cursor.seek(groups.end)


def _name_the_rest(header: Header, cursor: Cursor, reading: _Reading) -> None:
    if reading.cut is not None and not header.pixels:
        raise TruncatedError(f"it ends inside {_tag(reading.cut)}, before any pixel data", file=header.body.name)
    if reading.behind_pixels and not any(one.fragments and one.fragments.cut for one in header.pixels):
        header.end = cursor.position
    if reading.cut is not None:
        header.behind = f"the file ends inside {_tag(reading.cut)}"
        header.loose_ends.append(header.behind)
        return
    rest = cursor.remaining
    if reading.disorder or rest:
        is_zero = is_zero_from(header.body, cursor.position)
        if not header.pixels and 0 < rest < 8 and not is_zero:
            raise TruncatedError("it ends inside the head of an element, before any pixel data", file=header.body.name)
        if not is_zero:
            header.behind = f"{rest} bytes behind the data set are no DICOM elements"
            header.loose_ends.append(header.behind)


def is_zero_from(body: ByteSource, start: int) -> bool:
    """Whether nothing but zeros stands between ``start`` and the end; over a network not more than 64 MiB are read."""
    step, most = 1 << 20, (64 << 20) if body.is_remote else body.size
    if body.size - start > most:
        return False
    return not any(body.read_at(at, step).strip(b"\0") for at in range(start, body.size, step))


def _require_data_set(header: Header, *, raw: bool) -> None:
    if not len(header.dataset.keys()) and not header.pixels:
        raise NotDicomError("it holds no data set", file=header.body.name)
    telling = (0x00080016, 0x00080018, 0x00080060, 0x0020000D, 0x0020000E, 0x00280010, 0x00041220)
    if raw and not header.pixels and not any(tag in header.attributes for tag in telling):
        raise NotDicomError("its elements are not those of a DICOM instance", file=header.body.name,
                            hint="no SOP class, instance, modality or image attribute in it")  # fmt: skip


def _tag(tag: int) -> str:
    return re.sub(r"(.{4})(.{4})", r"(\1,\2)", f"{tag:08X}")
