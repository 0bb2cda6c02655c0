"""The frames of one pixel data element: how many there are, and each of them alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from dcmaudit.codecs import codec_for
from dcmaudit.codecs.cells import Cells
from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.layout import FRAME_LIMIT, PixelLayout
from dcmaudit.codecs.syntaxes import Codestream, TransferSyntax
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import Fragments, FrameIndex, extended_places, index_frames
from dcmaudit.dicom.header import PixelElement
from dcmaudit.dicom.layout import pixel_layout
from dcmaudit.dicom.native import native_frame
from dcmaudit.errors import DecodeError, DicomError, HeaderError, TruncatedError, UnsupportedError

_LOSSY_ONCE = 0x00282110
_LOSSY_SYNTAXES = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81, 91, 93, 203)}
_RINGING = 2
"""Bits above BitsStored that lossy coding can reach."""
_LOSSY = {Codestream.JPEG, Codestream.JPEG_LS, Codestream.JPEG_2000}


@dataclass(slots=True)
class FrameReader:
    """Reads frames of one pixel data element; immutable after it was made, so that threads can share it.

    ``count`` frames can be addressed: those that are there, at most or at least ``declared``. ``missing`` and
    ``notes`` say in words where the two differ.
    """

    body: ByteSource
    element: PixelElement
    layout: PixelLayout
    syntax: TransferSyntax
    declared: int
    count: int
    index: FrameIndex | None = None
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    widened: bool = False
    """Whether the stored bits are those of a lossy codestream, more than BitsStored."""

    def cells(self, frame: int) -> tuple[Cells, str]:
        """The cells of one frame and what its samples mean, see :class:`codecs.Decoded`.

        Raises TruncatedError, DecodeError, HeaderError or UnsupportedError.
        """
        if self.index is None:
            cells = native_frame(self.body, self.element, self.layout, frame, little=self.syntax.little_endian)
            return cells, "YBR_FULL" if self.layout.halved else self.layout.photometric
        codec = codec_for(self.syntax.codestream)
        if codec is None:
            raise UnsupportedError(f"{self.syntax.codestream.value} frames cannot be decoded")
        data = self.codestream(frame)
        try:
            decoded = codec.decode(data, self.layout)
        except (DicomError, MemoryError):
            raise
        except Exception as error:
            raise DecodeError(f"{codec.name} failed on it ({type(error).__name__})") from error
        if decoded.note is not None and decoded.note not in self.notes:
            self.notes.append(decoded.note)
        return decoded.cells, decoded.photometric

    def codestream(self, frame: int) -> bytes:
        """The bytes of an encapsulated frame, its fragments joined; TruncatedError where the file cuts it."""
        if self.index is None:
            raise UnsupportedError("native frames have no codestream")
        spans = self.index.spans(frame)
        total = sum(length for _, length in spans)
        if total > 2 * FRAME_LIMIT:
            raise HeaderError(f"the codestream of frame {frame + 1} has {total} bytes",
                              hint=f"at most {2 * FRAME_LIMIT >> 20} MiB are read at once")  # fmt: skip
        data = b"".join(self.body.read_at(offset, length) for offset, length in spans)
        if self.index.is_cut(frame) and self.index.fragments.lengths:
            self._refuse_cut(data, frame)
        return data

    def _refuse_cut(self, data: bytes, frame: int) -> None:
        """The file ends in or right behind this frame: fine where only the delimiter is lost."""
        ending = data.rstrip(b"\0")[-2:]
        # EOI of JPEG and EOC of JPEG 2000 have the same bytes.
        if ending != b"\xff\xd9":
            raise TruncatedError(f"the file ends inside the codestream of frame {frame + 1}")

    def rows_of(self, frame: int, rows: range) -> FrameReader | None:
        """A reader whose one frame is these rows of a native frame; None where rows do not lie apart in the bytes."""
        layout = self.layout
        # With planes of colour the rows of one sample lie apart from those of the next.
        apart = layout.samples == 1 or not layout.planar
        # Big-endian bytes lie in words of two: a row of an odd number would begin in the middle of one.
        in_order = self.syntax.little_endian or layout.bits_allocated > 8
        size, left = divmod(layout.frame_bits, 8 * layout.rows)
        if self.index is not None or layout.bits_allocated == 1 or not apart or not in_order or left:
            return None
        start = (frame * layout.rows + rows.start) * size
        length = len(rows) * size
        if start + length > self.element.length:
            return None
        element = replace(self.element, offset=self.element.offset + start, length=length)
        return replace(self, element=element, layout=replace(layout, rows=len(rows)), declared=1, count=1)

    def precision(self, frame: int) -> int | None:
        """Bits a sample can have by the codestream's own header, None where unknown."""
        codec = codec_for(self.syntax.codestream)
        if self.index is None or codec is None:
            return None
        try:
            return codec.precision(self._head(frame))
        except DicomError:
            return None

    def lossy_precision(self, frame: int) -> tuple[int | None, bool]:
        """Bits a sample of the codestream can have, None where that is unknown, and whether it is lossy."""
        try:
            if self.syntax.codestream is Codestream.JPEG_2000:
                j2k = j2k_header(self._head(frame))
                return None if j2k.signed else j2k.precision, not j2k.reversible
            jpeg = jpeg_header(self._head(frame))
        except DicomError:
            return None, False
        return jpeg.precision, jpeg.is_lossy

    def _head(self, frame: int) -> bytes:
        """The first bytes of a frame's codestream, with its header."""
        if self.index is None:
            raise UnsupportedError("native frames have no codestream")
        spans = self.index.spans(frame)[:1]
        return b"".join(self.body.read_at(offset, min(length, 65536)) for offset, length in spans)


def frame_reader(
    body: ByteSource, element: PixelElement, attributes: Attributes, syntax: TransferSyntax, *, table: bytes = b""
) -> FrameReader:
    """A reader for ``element``, described by ``attributes``; ``table`` is the value of the Extended Offset Table.

    Raises HeaderError and UnsupportedError where no frame at all can be shown, with the reason.
    """
    layout = replace(pixel_layout(attributes, element=element.tag), lossless=syntax.only_lossless)
    written = attributes.integers(0x00280008)
    declared = written[0] if written else 1
    declared = max(declared, 1)
    # What is encapsulated goes by items, whatever the syntax says (PS3.5 A.4).
    if element.fragments is not None:
        encapsulated = _encapsulated(body, element, layout, syntax, declared, table)
        _widen(encapsulated, attributes)
        return encapsulated
    if syntax.codestream is Codestream.REMOTE:
        raise UnsupportedError("its pixel data are kept elsewhere (PixelDataProviderURL)")
    layout = _with_chroma(layout, element, declared)
    if syntax.big_endian_pixels:
        syntax = _with_big_words(layout, syntax)
    reader = FrameReader(body, element, layout, replace(syntax, codestream=Codestream.NATIVE), declared, declared)
    if syntax.encapsulated:
        reader.notes.append("the pixel data are native although the transfer syntax is a compressed one")
    _count_native(reader)
    return reader


def _with_big_words(layout: PixelLayout, syntax: TransferSyntax) -> TransferSyntax:
    """The syntax by which the samples are read; UnsupportedError for samples of bytes.

    Nothing says whether two samples of 8 bits change places in a word, as in Explicit VR Big Endian (PS3.5 8.1.1):
    dcmtk swaps them and other programs do not.
    """
    if layout.bits_allocated <= 8:
        raise UnsupportedError(
            f"samples of {layout.bits_allocated} bits in transfer syntax {syntax.uid} lie in an order that programs "
            "read differently",
            hint="change the file to another transfer syntax first",
        )
    return replace(syntax, little_endian=False)


def _with_chroma(layout: PixelLayout, element: PixelElement, declared: int) -> PixelLayout:
    """Native YBR_FULL_422 shares chroma; some writers name it so and store all three samples nevertheless."""
    # Samples that share chroma exist only pixel by pixel (PS3.3 C.7.6.3.1.2).
    if layout.photometric != "YBR_FULL_422" or layout.planar:
        return replace(layout, photometric="YBR_FULL") if layout.photometric == "YBR_FULL_422" else layout
    full = layout.frame_bits // 8 * declared
    # Long enough for three samples a pixel: then it is what the name should have been, YBR_FULL.
    if element.length >= full:
        return replace(layout, photometric="YBR_FULL")
    if layout.columns % 2:
        raise HeaderError(f"Columns is {layout.columns}", hint="YBR_FULL_422 needs an even number")
    return replace(layout, halved=True)


def _count_native(reader: FrameReader) -> None:
    layout, element = reader.layout, reader.element
    available = element.length * 8 // layout.frame_bits
    rest = element.length - -(-min(available, reader.declared) * layout.frame_bits // 8)
    reader.count = available
    if layout.bits_allocated == 1 and rest < max(2, layout.frame_bits // 8 + 1):
        reader.count = min(available, reader.declared)  # padding to a whole word holds no frame
    elif available > reader.declared:
        reader.notes.append(f"the pixel data hold {available} frames, NumberOfFrames is {reader.declared}")
    if available < reader.declared:
        bytes_needed = -(-layout.frame_bits // 8)
        lost = reader.declared - available
        reader.missing.append(
            f"{_frames(lost)} of {reader.declared} not in the file: {element.length} bytes of pixel data, "
            f"{bytes_needed} bytes a frame"
        )
    used = -(-reader.count * layout.frame_bits // 8)
    # One byte makes the length even (PS3.5 7.1.1); anything longer that is not zero may be a picture.
    if available >= reader.declared and element.length - used > 1:
        left = reader.body.read_at(element.offset + used, min(element.length - used, 1 << 20))
        if element.length - used > len(left) or left.strip(b"\0"):
            reader.missing.append(f"{element.length - used} bytes of pixel data behind the last frame")


def _kind_of(body: ByteSource, fragments: Fragments) -> Codestream:
    """What the first fragment that is not empty begins like; NATIVE for anything that is not known."""
    places = zip(fragments.offsets, fragments.lengths, strict=True)
    start = next((body.read_at(at, min(length, 1 << 16)) for at, length in places if length), b"")
    # JPEG and JPEG-LS both begin with SOI: the frame header tells.
    if start.startswith(b"\xff\xd8\xff"):
        try:
            return Codestream.JPEG_LS if jpeg_header(start).frame == 0xF7 else Codestream.JPEG
        except DicomError:
            return Codestream.JPEG
    if start.startswith(b"\xff\x4f\xff\x51") or start[4:8] == b"jP  ":
        return Codestream.JPEG_2000
    if start.startswith(b"\xff\x0a") or start[4:8] == b"JXL ":
        return Codestream.JPEG_XL
    count, first = struct.unpack("<2L", start[:8].ljust(8, b"\0"))
    return Codestream.RLE if 1 <= count <= 15 and first == 64 else Codestream.NATIVE


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def _encapsulated(
    body: ByteSource,
    element: PixelElement,
    layout: PixelLayout,
    syntax: TransferSyntax,
    declared: int,
    table: bytes,
) -> FrameReader:
    fragments = element.fragments
    # Some programs decompress a header alone: the bytes of the first frame say what is really there.
    is_mislabelled = fragments is not None and syntax.codestream is Codestream.NATIVE
    if fragments is not None and is_mislabelled:
        syntax = replace(syntax, codestream=_kind_of(body, fragments))
    if fragments is None or codec_for(syntax.codestream) is None:
        what = {
            Codestream.VIDEO: "its frames are a video",
            Codestream.NATIVE: "its pixel data are encapsulated although its transfer syntax is native",
        }.get(syntax.codestream, f"no decoder for transfer syntax {syntax.uid}")
        raise UnsupportedError(what)
    extended = extended_places(table)
    one_each = syntax.codestream in {Codestream.DEFLATED_FRAME, Codestream.PLAIN}
    segments = layout.samples * layout.cell.itemsize if syntax.codestream is Codestream.RLE else None
    index = index_frames(body, fragments, declared=declared, extended=extended, one_each=one_each, segments=segments)
    reader = FrameReader(body, element, layout, syntax, declared, len(index), index)
    reader.notes.extend(index.notes)
    if is_mislabelled:
        reader.notes.append(
            f"the pixel data are {syntax.codestream.value} although the transfer syntax is a native one"
        )
    if len(index) > declared:
        reader.notes.append(f"the pixel data hold {len(index)} frames, NumberOfFrames is {declared}")
    if len(index) < declared:
        reader.missing.append(f"{_frames(declared - len(index))} of {declared} not in the file: "
                              f"the pixel data hold {len(index)} codestreams")  # fmt: skip
    if fragments.cut:
        reader.notes.append("the pixel data end without their delimiter")
    return reader


def _widen(reader: FrameReader, attributes: Attributes) -> None:
    """Let all bits of a lossy codestream be stored ones where BitsStored says that fewer are.

    Lossy coding rings: next to an edge a sample can come out above 2 to BitsStored. Cut to BitsStored it would turn
    black, and the bit above would look like a plane of its own. In lossy data no bit is kept for itself, so that there
    can be none, unless a 60xx group says so. Frames that were lossy and are coded exactly now (LossyImageCompression
    01, PS3.3 C.7.6.1.1.5) still have such values: in a syntax that is lossy otherwise, or up to two bits more.
    """
    layout = reader.layout
    if reader.index is None or not len(reader.index) or layout.signed or layout.low or layout.floating:
        return
    # Only lossy coding makes values that the original did not have.
    if layout.bits_stored >= layout.bits_allocated or reader.syntax.codestream not in _LOSSY:
        return
    # Bits above the stored ones are an overlay's: they belong to it.
    if any(attributes.integer(group << 16 | 0x0102) for group in range(0x6000, 0x6100, 2)):
        return
    precision, lossy = reader.lossy_precision(0)
    if precision is None or not layout.bits_stored < precision <= layout.bits_allocated:
        return
    # LossyImageCompression 01 stays when a lossy image is coded again without loss (PS3.3 C.7.6.1.1.5).
    once = attributes.code(_LOSSY_ONCE) == "01" and (
        reader.syntax.uid in _LOSSY_SYNTAXES or precision - layout.bits_stored <= _RINGING
    )
    if not lossy and not once:
        return
    reader.widened = True
    reader.layout = replace(layout, bits_stored=precision, high=precision - 1)
    reader.notes.append(
        f"the lossy codestream has {precision} bits a sample, BitsStored is {layout.bits_stored}: values above are "
        "shown as they are"
    )
