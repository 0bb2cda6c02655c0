"""Every frame of the image compared with its original, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from dcmaudit.dicom.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.instance import samples_of
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.samples import Samples
from dcmaudit.dicom.seconds import first_decoder, second_decoder
from dcmaudit.dicom.syntaxes import Codestream
from dcmaudit.errors import DcmauditError, DicomError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.model.proof import PlaneProof
from dcmaudit.verify.asked import Asked, Boxes, FrameAsk
from dcmaudit.verify.black import fault_inside, mask_of
from dcmaudit.verify.blocks import BlockComparison, boxes_of, compare_blocks, pixels_of
from dcmaudit.verify.cells import Cells, bits_of, compare_cells
from dcmaudit.verify.leftovers import left_behind
from dcmaudit.verify.record import Record
from dcmaudit.verify.tail import same_behind

INSIDE, OUTSIDE, UNTOUCHED = "inside black", "outside identical", "untouched frames identical"
BITS, BLOCKS, SECOND, HEADERS = "other bits", "jpeg blocks", "second decoder", "codestream headers"
LEFTOVERS = "nothing behind the picture"
_CHUNK = 4 << 20
_BLOCKWISE = {0xC0, 0xC1}


@dataclass(slots=True)
class FrameComparison:
    """Compares the frames of two files; ``planes`` collects what was compared in frames that were changed."""

    before: Parts
    after: Parts
    asked: Asked
    record: Record
    transcoded: bool
    planes: list[PlaneProof] = field(default_factory=list)

    def run(self) -> None:
        """Compare everything: the number of frames, each frame, and what stands behind the last one."""
        old, new = self.before.image, self.after.image
        if old is None or new is None:
            self.record.require("planes", "image", "one of the files has an image, the other has none",
                                holds=old is new)  # fmt: skip
            return
        layouts = _without_colour(old) == _without_colour(new)
        holds = layouts and (self.transcoded or old.layout == new.layout)
        if not self.record.require("pixel description", "image", "size, bits, sign, samples, colour or order of the "
                                   "samples are described in another way", holds=holds):  # fmt: skip
            return
        self.record.require("frames", "image", f"it has {new.count} frames, the original {old.count}",
                            holds=old.count == new.count)  # fmt: skip
        native = old.index is None and new.index is None
        if (old.index is None) != (new.index is None):
            self.record.fail("frames", "image", "its frames are encapsulated in one file and native in the other")
            return
        if native and self._comparable_as_bytes(old, new):
            self._native(old, new)
            return
        for frame in range(min(old.count, new.count)):
            self._one(old, new, frame, self.asked.frame(frame))
        if native:
            self._same_length(old, new)
            swapped = not old.syntax.little_endian and old.layout.bits_allocated <= 8 and old.element.vr != "OB"
            same = same_behind(
                lambda at, length: old.body.read_at(old.element.offset + at, length),
                lambda at, length: new.body.read_at(new.element.offset + at, length),
                old.count * old.layout.frame_bits,
                min(old.element.length, new.element.length),
                swapped=swapped,
            )
            self.record.require("length", "pixel data", "what stands behind the last frame differs", holds=same)

    def _same_length(self, old: FrameReader, new: FrameReader) -> None:
        lengths = old.element.length, new.element.length
        self.record.require("length", "pixel data", f"{lengths[1]} bytes instead of {lengths[0]}",
                            holds=lengths[0] == lengths[1])  # fmt: skip

    @staticmethod
    def _comparable_as_bytes(old: FrameReader, new: FrameReader) -> bool:
        return old.layout.frame_bits % 8 == 0 and old.element.tag == new.element.tag and (
            old.syntax.little_endian or old.layout.bits_allocated > 8
        )  # fmt: skip

    def _native(self, old: FrameReader, new: FrameReader) -> None:
        """Touched frames by cells, the runs between them by bytes."""
        size = old.layout.frame_bits // 8
        start = 0
        for frame in range(min(old.count, new.count)):
            ask = self.asked.frame(frame)
            if ask.is_nothing:
                self.record.checks[UNTOUCHED] += 1
                continue
            rows, row = _rows(ask, old), size // old.layout.rows
            windows = (old.rows_of(frame, rows), new.rows_of(frame, rows)) if rows else (None, None)
            if rows is None or windows[0] is None or windows[1] is None:
                self._bytes(old, new, start, frame * size)
                self._one(old, new, frame, ask)
                start = (frame + 1) * size
                continue
            self._bytes(old, new, start, frame * size + rows.start * row)
            self._window(windows[0], windows[1], frame, ask, rows.start)
            start = frame * size + rows.stop * row
        self._bytes(old, new, start, None)

    def _window(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk, top: int) -> None:
        """Compare the rows of one frame from ``top`` on that the boxes reach; the others are compared as bytes."""
        try:
            self._cells(old, new, frame, ask, top=top)
        except DcmauditError as error:
            self.record.fail("decoding", f"frame {frame + 1}", error.message)

    def _bytes(self, old: FrameReader, new: FrameReader, start: int, end: int | None) -> None:
        """Compare the values of the two elements from ``start`` to ``end``, or to their ends."""
        if end is None:
            self._same_length(old, new)
            end = min(old.element.length, new.element.length)
        for at in range(start, end, _CHUNK):
            length = min(_CHUNK, end - at)
            a = old.body.read_at(old.element.offset + at, length)
            b = new.body.read_at(new.element.offset + at, length)
            if a != b:
                frame = (at + _first_difference(a, b)) * 8 // old.layout.frame_bits
                ask, known = self.asked.frame(frame), len(self.record.findings())
                if ask.is_nothing:
                    self.record.fail(UNTOUCHED, f"frame {frame + 1}", "it differs although nothing was asked of it")
                    return
                self._one(old, new, frame, ask)  # the whole frame, to say what of it differs
                if len(self.record.findings()) == known:
                    self.record.fail(OUTSIDE, f"frame {frame + 1}", "bytes differ outside the rectangles")
                return

    def _one(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        where = f"frame {frame + 1}"
        try:
            if old.index is not None and ask.is_nothing and not self.transcoded:
                a, b = old.codestream(frame), new.codestream(frame)
                same = a == b or (len(a) % 2 == 1 and a + b"\0" == b)
                self.record.require(UNTOUCHED, where, "its codestream differs although nothing was asked of it",
                                    holds=same)  # fmt: skip
                return
            if self._is_blockwise(old, frame):
                self._blocks(old, new, frame, ask)
            else:
                self._cells(old, new, frame, ask)
        except DcmauditError as error:
            self.record.fail("decoding", where, error.message)

    def _is_blockwise(self, reader: FrameReader, frame: int) -> bool:
        if self.transcoded or reader.syntax.codestream is not Codestream.JPEG or reader.index is None:
            return False
        return jpeg_header(reader.codestream(frame)).frame in _BLOCKWISE

    def _cells(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk, top: int | None = None) -> None:
        """Compare one frame, or with ``top`` its rows from there on, which are then the readers' frame 0."""
        where, layout = f"frame {frame + 1}", old.layout
        asked, place = ask, frame if top is None else 0
        if top is not None:
            ask = replace(ask, boxes=tuple(_moved_up(box, top) for box in ask.boxes))
        (a, meaning_a), (b, meaning_b) = old.cells(place), new.cells(place)
        self.record.require("meaning of the samples", where, f"they are {meaning_b}, they were {meaning_a}",
                            holds=meaning_a == meaning_b)  # fmt: skip
        if a.shape != b.shape or a.dtype != b.dtype:
            self.record.fail(OUTSIDE, where, "its cells are of another number or size")
            return
        widened = _shared(ask.boxes, layout.columns) if layout.halved else ask.boxes
        faults = compare_cells(a, b, layout, ask, widened, self.asked.claimed(frame))
        outside = OUTSIDE if not ask.is_nothing else UNTOUCHED
        self.record.require(outside, where, f"{faults.stored} pixels differ outside the rectangles",
                            holds=not faults.stored)  # fmt: skip
        self.record.require(BITS, where, f"bits outside the stored range differ in {faults.others} pixels",
                            holds=not faults.others)  # fmt: skip
        self.record.require(BITS, where, f"bits that had to be cleared are on in {faults.left_on} pixels",
                            holds=not faults.left_on)  # fmt: skip
        self._headers(old, new, place)
        self._black(new, frame, b, meaning_b, widened)
        changed = widened if top is None else tuple(_moved_up(box, -top) for box in widened)
        self._noted(frame, asked, changed, self._second(old, new, place, b, 0, frame))

    def _blocks(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        where, layout = f"frame {frame + 1}", old.layout
        a, b = old.codestream(frame), new.codestream(frame)
        if not ask.boxes:
            self.record.require(UNTOUCHED, where, "its codestream differs although no pixel of it was asked for",
                                holds=a == b or a + b"\0" == b)  # fmt: skip
            if any(ask.bits.values()):
                self.record.fail(BITS, where, "bits beside the stored values cannot be changed in a lossy JPEG")
            return
        drops = self.asked.plan.options.remove_private_bulk
        found = compare_blocks(a, b, ask.boxes, may_drop_segments=drops)
        self.record.checks[BLOCKS] += found.blocks
        if found.has_segments:
            self.record.note("application or comment segments of a JPEG were kept: a thumbnail or text can be in them")
        for fault in found.faults:
            self.record.fail(BLOCKS, where, fault)
        (cells_a, meaning_a), (cells_b, meaning_b) = old.cells(frame), new.cells(frame)
        self.record.require("meaning of the samples", where, f"they are {meaning_b}, they were {meaning_a}",
                            holds=meaning_a == meaning_b)  # fmt: skip
        seen = pixels_of(found.changed, found.mcu, found.ring, layout.size)
        differing = bits_of(cells_a) != bits_of(cells_b)
        if differing.ndim == 3:
            differing = differing[..., 0] | differing[..., 1] | differing[..., 2]
        strange = int((differing & ~seen).sum())
        self.record.require(OUTSIDE, where, f"{strange} pixels differ outside the changed blocks", holds=not strange)
        self._headers(old, new, frame)
        self._black(new, frame, cells_b, meaning_b, ask.boxes, blocks=found)
        changed = boxes_of(found.changed, found.mcu, layout.size)
        self._noted(frame, ask, changed, self._second(old, new, frame, cells_b, 2))

    def _black(self, new: FrameReader, frame: int, cells: Cells, meaning: str, boxes: Boxes, *,
               blocks: BlockComparison | None = None) -> None:  # fmt: skip
        if not boxes:
            return
        layout = new.layout
        samples: Samples = samples_of(cells, meaning, new, self.after.header, frame)
        mask = mask_of(boxes, layout.rows, layout.columns)
        fault = fault_inside(samples, mask, precision=None if blocks is None else new.precision(frame))
        self.record.require(INSIDE, f"frame {frame + 1}", fault or "", holds=fault is None)

    def _headers(self, old: FrameReader, new: FrameReader, frame: int) -> None:
        """The codestream's own words on precision and sign must fit the original's and the data set's."""
        if new.index is None:
            return
        where = f"frame {frame + 1}"
        kind = new.syntax.codestream
        rest = left_behind(kind, new.codestream(frame), old.codestream(frame), new.layout)
        self.record.require(LEFTOVERS, where, f"its codestream: {rest}", holds=rest is None)
        if kind is Codestream.JPEG_XL:
            self.record.note("what a JPEG XL codestream carries beside its picture was not looked into")
        if self.transcoded:
            return
        was, now = old.precision(frame), new.precision(frame)
        if was is not None and now is not None:
            self.record.require(HEADERS, where, f"its codestream has {now} bits a sample, the original's {was}",
                                holds=now == was or was < now <= new.layout.bits_stored)  # fmt: skip
        if new.syntax.codestream is Codestream.JPEG_2000:
            signs = j2k_header(old.codestream(frame)).signed, j2k_header(new.codestream(frame)).signed
            self.record.require(HEADERS, where, "its codestream has another sign", holds=signs[0] == signs[1])

    def _second(
        self, old: FrameReader, new: FrameReader, frame: int, cells: Cells, play: int, number: int | None = None
    ) -> tuple[str, ...]:
        """The names of all decoders that decoded the written frame, and agree on it up to ``play`` levels.

        ``number`` is what the frame is called, where it is not the readers' frame of that number.
        """
        first = first_decoder(new)
        second = second_decoder(new, frame)
        if second is None:
            return (first,)
        try:
            other = second.cells(new, frame)
            agrees = _agree(cells, other, play)
            reason = "it shows other pixels"
        except DicomError as error:
            agrees, reason = False, error.message
        if not agrees and not self._agreed_before(old, frame, play):
            self.record.note(f"{second.name} does not read the original's frames as {first} does either")
            return (first,)
        named = frame if number is None else number
        self.record.require(SECOND, f"frame {named + 1}", f"{second.name}: {reason}", holds=agrees)
        return (first, second.name)

    @staticmethod
    def _agreed_before(old: FrameReader, frame: int, play: int) -> bool:
        second = second_decoder(old, frame)
        if second is None:
            return True
        try:
            return _agree(old.cells(frame)[0], second.cells(old, frame), play)
        except DicomError:
            return False

    def _noted(self, frame: int, ask: FrameAsk, changed: Boxes, decoders: tuple[str, ...]) -> None:
        for address, boxes in ask.planes:
            where = changed if address == FrameAddress(frame) else boxes
            self.planes.append(PlaneProof(address, boxes, where, decoders))


def _rows(ask: FrameAsk, reader: FrameReader) -> range | None:
    """The rows that a frame's boxes reach, where nothing else is asked of it; None where all of it has to be compared.

    Black of floating point is the smallest number of the whole frame.
    """
    if not ask.boxes or ask.bits or ask.strip or reader.layout.floating:
        return None
    return range(max(0, min(b.top for b in ask.boxes)), min(reader.layout.rows, max(b.bottom for b in ask.boxes)))


def _moved_up(box: Box, rows: int) -> Box:
    return Box(box.left, box.top - rows, box.right, box.bottom - rows)


def _without_colour(reader: FrameReader) -> tuple[int, ...]:
    one = reader.layout
    return (one.rows, one.columns, one.samples, one.bits_allocated, one.bits_stored, one.high, one.signed, one.floating)


def _shared(boxes: Boxes, columns: int) -> tuple[Box, ...]:
    """Boxes widened to even columns: native 4:2:2 keeps one colour for two pixels (PS3.3 C.7.6.3.1.2)."""
    return tuple(
        Box(box.left - box.left % 2, box.top, min(columns, box.right + box.right % 2), box.bottom) for box in boxes
    )


def _agree(one: Cells, other: Cells, play: int) -> bool:
    if one.shape != other.shape:
        return False
    if not play:
        return bool(np.array_equal(bits_of(one), bits_of(other)))
    if one.dtype != other.dtype or one.dtype.kind != "u":
        return int(np.abs(one.astype(np.int32) - other.astype(np.int32)).max(initial=0)) <= play
    return int((np.maximum(one, other) - np.minimum(one, other)).max(initial=0)) <= play


def _first_difference(a: bytes, b: bytes) -> int:
    return next((i for i, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), min(len(a), len(b)))
