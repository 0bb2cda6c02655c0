"""One frame, changed: block by block where it is a sequential JPEG, else decoded and encoded again exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from dcmaudit.codecs import codec_for
from dcmaudit.codecs.cells import Cells
from dcmaudit.codecs.codestreams import JpegHeader, j2k_header, jpeg_header
from dcmaudit.codecs.encode import (
    EncodeSpec,
    NativeLayout,
    Target,
    encode_frame,
    native_bytes,
    needed_precision,
    original_parameters,
)
from dcmaudit.codecs.jpeg.codec import is_transformed
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.rle import packs_bits
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.overlays import FoundOverlays, claimed_mask
from dcmaudit.dicom.plane_samples import samples_of
from dcmaudit.errors import DcmauditError, UnsupportedError
from dcmaudit.model import Box
from dcmaudit.redact.clean import cleaned
from dcmaudit.redact.frame_edits import FrameEdit, FrameEdits
from dcmaudit.redact.frames.cells import clear_bits, clear_outside, put_stored
from dcmaudit.redact.frames.labels import say_rgb
from dcmaudit.redact.jpeg.blocks import redact_blocks
from dcmaudit.redact.paint import Painter

_AS_THEY_LIE = {Codestream.NATIVE, Codestream.PLAIN, Codestream.DEFLATED_FRAME}
BASELINE, EXTENDED, LOSSLESS = 0xC0, 0xC1, 0xC3
TRANSCODED = Target.JPEG_LOSSLESS_SV1
"""Where frames go that nobody can write again in their own syntax (progressive and arithmetic JPEG)."""


@dataclass(frozen=True, slots=True)
class FrameWork:
    """What is needed to change the frames of one image: its reader, its header, who decides on black.

    ``overlays`` tells which bits of a cell overlays use, which can differ from frame to frame. ``extras`` collects the
    names of what codestreams had beside their pictures; ``clean`` leaves it out of every frame.
    """

    reader: FrameReader
    header: Header
    painter: Painter
    overlays: FoundOverlays
    clean: bool = False
    extras: set[str] = field(default_factory=set)

    def window(self, edit: FrameEdit) -> FrameReader | None:
        """A reader of the rows that change alone, None where the whole frame has to be looked at.

        Black of floating point depends on the whole frame, and so does whether bits above a signed value repeat its
        sign.
        """
        layout, rows = self.reader.layout, edit.rows
        whole = layout.floating or any(edit.bits.values()) or (layout.signed and layout.unclaimed_mask)
        return None if rows is None or whole else self.reader.rows_of(edit.frame, rows)

    def cells(self, edit: FrameEdit, window: FrameReader | None = None) -> Cells:
        """The cells of one frame after its edit, or of ``window(edit)``; (rows, columns[, 3]), unsigned or floating."""
        reader, boxes = self.reader, edit.boxes
        if reader.layout.is_packed and reader.syntax.codestream in _AS_THEY_LIE:
            raise UnsupportedError(
                f"native cells of {reader.layout.bits_allocated} bits are shown and not written",
                hint="have another program write the file with 16 or 32 bits allocated first",
            )
        cells, photometric = reader.cells(edit.frame) if window is None else window.cells(0)
        if window is not None and edit.rows is not None:
            reader, top = window, edit.rows.start
            boxes = tuple(Box(box.left, box.top - top, box.right, box.bottom - top) for box in boxes)
        layout = reader.layout
        if boxes:
            if photometric.startswith("YBR_") and layout.low:
                raise UnsupportedError(
                    f"HighBit is {layout.high} and BitsStored {layout.bits_stored}: chroma above the lowest bits is "
                    "read in different ways, and nothing is black for all programs",
                    hint="correct HighBit first",
                )
            samples = samples_of(cells, photometric, reader, self.header, edit.frame)
            claimed = claimed_mask(self.overlays.places.values(), edit.frame)
            painted, carried = self.painter.paint(samples, boxes), self._carried(edit.frame)
            cells = put_stored(cells, painted, boxes, layout, claimed, carried=carried)
        cells = clear_bits(cells, edit.bits)
        if not edit.strip:
            return cells
        room = self._carried(edit.frame)
        # What the encoding has no room for is no bit of the file's.
        cleared: Cells = clear_outside(cells, layout) & cells.dtype.type(room & (1 << 8 * cells.dtype.itemsize) - 1)
        return cleared

    def _carried(self, frame: int) -> int:
        """The bits of a cell that the frame's encoding has room for; decoders repeat the sign of JPEG 2000 upwards."""
        precision = self.reader.precision(frame)
        # Native cells are written as they are, to their last bit.
        if precision is None:
            return -1
        is_j2k = self.reader.syntax.codestream is Codestream.JPEG_2000
        return -1 if is_j2k and j2k_header(self.reader.codestream(frame)).signed else (1 << precision) - 1

    def needs_transcoding(self, touched: Iterable[FrameEdit]) -> bool:
        """Whether one of these frames cannot be written in the file's own transfer syntax, but as lossless JPEG."""
        reader = self.reader
        if reader.index is None or reader.syntax.codestream is not Codestream.JPEG:
            return False
        return any(
            jpeg_header(reader.codestream(edit.frame)).frame not in {BASELINE, EXTENDED, LOSSLESS} for edit in touched
        )

    def is_reversible_after(self, edits: FrameEdits) -> bool:
        """Whether every frame of JPEG 2000 is coded by the reversible colour transformation once these are written.

        What is changed is coded reversibly, with a colour transformation where there was one.
        """
        for frame in range(self.reader.count):
            header = j2k_header(self.reader.codestream(frame))
            if not header.transformed or (edits.of(frame).is_empty and not header.reversible):
                return False
        return True

    def require_readable(self, frame: int) -> None:
        """Decode an untouched frame: one that no decoder reads was looked at by nobody. DecodeError, TruncatedError."""
        if self.reader.index is not None:
            self.reader.cells(frame)

    def untouched(self, frame: int) -> bytes:
        """The codestream of a frame that does not change; with ``clean`` without anything beside its picture.

        Errors as of ``require_readable``; UnsupportedError where the picture would be another without it.
        """
        cells, data = self.reader.cells(frame)[0], self.reader.codestream(frame)
        if not self.clean:
            return data
        kind, layout = self.reader.syntax.codestream, self.reader.layout
        found = cleaned(kind, data, layout)
        self.extras.update(found.names)
        codec = codec_for(kind)
        # Something went that a decoder may look at: the picture decides.
        if not found.is_plain and codec is not None:
            again = codec.decode(found.data, layout).cells
            if not np.array_equal(cells, again):
                names = ", ".join(sorted(found.names))
                raise UnsupportedError(f"its codestream cannot be written without {names}: another picture comes of it")
        return self._said(found.data)

    def _said(self, data: bytes) -> bytes:
        """A JPEG of untransformed colour that says so: else programs that do not go by the header guess otherwise."""
        layout = self.reader.layout
        if self.reader.syntax.codestream is not Codestream.JPEG or layout.samples != 3:
            return data
        return data if is_transformed(jpeg_header(data), layout.photometric) else say_rgb(data)

    def codestream(self, edit: FrameEdit) -> bytes:
        """The codestream of one touched frame after its edit, in the file's own transfer syntax.

        Raises UnsupportedError for a transfer syntax in which nothing exact can be written, RedactionError where
        the encoder failed, DecodeError where the frame cannot be decoded.
        """
        kind, layout = self.reader.syntax.codestream, self.reader.layout
        codestream = self.reader.codestream(edit.frame)
        data: bytes | None = None
        if kind is Codestream.JPEG:
            header = jpeg_header(codestream)
            if header.frame in {BASELINE, EXTENDED}:
                data = self._blocks(edit, codestream, header)
        if data is None:
            data = self._encoded(edit.frame, self.cells(edit))
        if not self.clean:
            return data
        if kind is Codestream.RLE:
            return data  # nothing but its runs was written
        with suppress(DcmauditError):  # what it had is only told, for nothing of it is written
            self.extras.update(cleaned(kind, codestream, layout).names)
        return self._said(cleaned(kind, data, layout).data)

    def transcoded(self, edit: FrameEdit) -> bytes:
        """The codestream of one frame, touched or not, as lossless JPEG."""
        cells = self.cells(edit)
        data = encode_frame(cells, EncodeSpec(TRANSCODED, max(2, self._bits_in_use(cells))))
        return cleaned(Codestream.JPEG, data, self.reader.layout).data

    def _bits_in_use(self, cells: Cells) -> int:
        """BitsStored, or more where bits above (overlays, a repeated sign) are set."""
        return max(self.reader.layout.bits_stored, needed_precision(cells, signed=False))

    def _blocks(self, edit: FrameEdit, codestream: bytes, header: JpegHeader) -> bytes:
        layout = self.reader.layout
        # A block holds all bits of its pixels at once.
        if any(edit.bits.values()) or (edit.strip and header.precision > layout.bits_stored):
            raise UnsupportedError("bits beside the stored values cannot be changed in a lossy JPEG")
        if not edit.boxes:
            return codestream
        black: Sequence[int]
        # As coded: black of YCbCr is no luminance and the middle of both chromas.
        if len(header.components) == 3:
            middle = 1 << (header.precision - 1)
            transformed = is_transformed(header, layout.photometric)
            if transformed:
                self._require_true_bits(header.precision)
            black = (0, middle, middle) if transformed else (0, 0, 0)
        else:
            black = (self._grey_black(edit.frame, header.precision),)
        return redact_blocks(codestream, edit.boxes, black=black).data

    def _require_true_bits(self, precision: int) -> None:
        """UnsupportedError where readers that cut samples to BitsStored see another colour than the codestream has."""
        stored = self.header.attributes.integer(0x00280101)
        if stored is not None and stored != precision:
            raise UnsupportedError(
                f"its codestream has {precision} bits a sample of YCbCr and BitsStored is {stored}: what is black for "
                "programs that go by the one has a colour for those that go by the other",
                hint="correct BitsStored first",
            )

    def _grey_black(self, frame: int, precision: int) -> int:
        """The coded level of black of a grey or palette frame, without decoding it."""
        layout = self.reader.layout
        nothing = np.zeros((1, 1), layout.cell)
        samples = samples_of(nothing, layout.photometric, self.reader, self.header, frame)
        level = int(self.painter.black(samples)[0])
        # White of eight bits is dark grey of twelve.
        if level and precision < layout.bits_stored and layout.photometric != "PALETTE COLOR":
            raise UnsupportedError(
                f"its codestream has {precision} bits a sample and BitsStored is {layout.bits_stored}: what is black "
                "for programs that go by the one is bright for those that go by the other",
                hint="correct BitsStored first",
            )
        if level < 0:
            level += 1 << precision  # signed values are coded as the bits they have
        is_largest = level == (1 << layout.bits_stored) - 1 and layout.photometric != "PALETTE COLOR"
        return (1 << precision) - 1 if is_largest else level

    def _encoded(self, frame: int, cells: Cells) -> bytes:
        layout, syntax = self.reader.layout, self.reader.syntax
        if syntax.codestream is Codestream.PLAIN:
            native = NativeLayout(layout.bits_allocated, planar=layout.planar)
            return b"".join(native_bytes([cells], native))
        try:
            target = Target(syntax.uid)
        except ValueError:
            raise UnsupportedError(
                f"frames of transfer syntax {syntax.uid} cannot be written again exactly",
                hint="change the file to another transfer syntax first",
            ) from None
        # In the way in which the original packs its bits.
        if target is Target.RLE and layout.bits_allocated == 1:
            packed = packs_bits(self.reader.codestream(frame), layout)
            return encode_frame(cells, EncodeSpec(target, 1 if packed else 8))
        # Both hold whole cells, bits above BitsStored included.
        if target in {Target.RLE, Target.DEFLATED_FRAME}:
            return encode_frame(cells, EncodeSpec(target, layout.bits_allocated))
        if target is Target.JPEG_XL_LOSSLESS:
            return encode_frame(cells, EncodeSpec(target, self._bits_in_use(cells)))
        spec = EncodeSpec.like(target, original_parameters(self.reader.codestream(frame)))
        if self.clean and syntax.codestream is Codestream.JPEG_2000 and spec.signed != layout.signed:
            # Programs that go by the codestream and those that go by the header then read the same values.
            cells, spec = _resigned(cells, spec.precision, layout), replace(spec, signed=layout.signed)
        # Black of a file with 16 bits stored may need more bits than the codestream of one quiet frame was given.
        precision = max(spec.precision, needed_precision(cells, signed=spec.signed))
        return encode_frame(cells, replace(spec, precision=precision))


def _resigned(cells: Cells, precision: int, layout: PixelLayout) -> Cells:
    """Cells with the header's sign above the bits of their codestream, which had another one.

    UnsupportedError where the codestream's bits are not the stored ones: its sign would be another bit.
    """
    if precision == layout.bits_allocated:
        return cells  # it holds whole cells, as native pixel data do
    if precision != layout.bits_stored or layout.high != layout.bits_stored - 1:
        raise UnsupportedError(
            f"its codestream has {precision} bits of another sign than PixelRepresentation says, BitsStored is "
            f"{layout.bits_stored}: programs read other values from it, and nothing is black for all"
        )
    kind, mask = cells.dtype.type, (1 << precision) - 1
    kept: Cells = cells & kind(mask)
    if layout.signed:
        above = ((1 << 8 * cells.dtype.itemsize) - 1) & ~mask
        kept = np.where(kept & kind(1 << precision - 1), kept | kind(above), kept)
    return kept
