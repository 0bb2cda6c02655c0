"""Every frame of the image compared with its original, one at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.samples import Samples
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.plane_samples import samples_of
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.model.proof import PlaneProof
from dcmaudit.model.runs import runs_of
from dcmaudit.verify.agreement import Decoders, look_again
from dcmaudit.verify.black import Mask, fault_inside, mask_of
from dcmaudit.verify.blocks import BlockComparison, boxes_of, compare_blocks, pixels_of
from dcmaudit.verify.cells import Cells, bits_of, compare_near
from dcmaudit.verify.demands import Asked, Boxes, FrameAsk
from dcmaudit.verify.guard import Guard, GuardFound
from dcmaudit.verify.leftovers import fault_of_kept, fault_of_rewritten, left_over
from dcmaudit.verify.native import OUTSIDE, UNTOUCHED, NativeComparison, require_length
from dcmaudit.verify.record import Record
from dcmaudit.verify.tail import same_behind

INSIDE, BITS, BLOCKS, HEADERS = "inside black", "other bits", "jpeg blocks", "codestream headers"
LEFTOVERS = "nothing behind the picture"
_BY_HEADER = {Codestream.RLE, Codestream.DEFLATED_FRAME, Codestream.PLAIN}
"""Kinds of frames whose order of samples stands in the header alone, or is fixed."""
_BLOCKWISE = {0xC0, 0xC1}


STRETCH = 25
"""Frames in each run of a long file that is compared, at most."""


@dataclass(frozen=True, slots=True)
class FramesFound:
    """What the comparison of a run of frames found."""

    record: Record
    planes: list[PlaneProof]
    guard: GuardFound


@dataclass(slots=True)
class FrameComparison:
    """Compares the frames of two files; ``planes`` collects what was compared in frames that were changed.

    ``threads`` are how many frames may be worked on at once; what is found is the same, and in the same order.
    ``relabelled``: what was YBR_ICT has to be YBR_RCT. ``labels`` are what the codestreams name themselves.
    """

    before: Parts
    after: Parts
    asked: Asked
    record: Record
    transcoded: bool
    threads: int = 1
    relabelled: bool = False
    guard: Guard = field(default_factory=Guard)
    labels: frozenset[str] = frozenset()
    planes: list[PlaneProof] = field(default_factory=list)

    def run(self, divided: Callable[[Sequence[range]], Iterator[FramesFound]] | None = None) -> None:
        """Compare everything: the number of frames, each frame, and what stands behind the last one.

        ``divided`` has the runs of a long file compared, by whomever; else they are one after the other.
        """
        old, new = self.before.image, self.after.image
        if old is None or new is None:
            self.record.require("planes", "image", "one of the files has an image, the other has none",
                                holds=old is new)  # fmt: skip
            return
        layouts = _without_colour(old) == _without_colour(new)
        label = "YBR_RCT" if self.relabelled else old.layout.photometric
        # The header said something else than every codestream: the writer may have put it right.
        if new.layout.photometric in self.labels:
            label = new.layout.photometric
        wanted = replace(old.layout, photometric=label)
        if new.index is not None and new.syntax.codestream not in _BY_HEADER:  # PS3.5 8.2
            wanted = replace(wanted, planar=wanted.planar and new.layout.planar)
        holds = layouts and (self.transcoded or wanted == new.layout)
        if not self.record.require("pixel description", "image", "size, bits, sign, samples, colour or order of the "
                                   "samples are described in another way", holds=holds):  # fmt: skip
            return
        self.record.require("frames", "image", f"it has {new.count} frames, the original {old.count}",
                            holds=old.count == new.count)  # fmt: skip
        native = old.index is None and new.index is None
        # No redaction needs that, and the bytes could not be held against each other.
        if (old.index is None) != (new.index is None):
            self.record.fail("frames", "image", "its frames are encapsulated in one file and native in the other")
            return
        runs = runs_of(min(old.count, new.count), STRETCH)
        for found in map(self.stretch, runs) if divided is None or len(runs) < 2 else divided(runs):
            self._absorb(found)
            self.guard.add(found.guard)
        if native and self._comparable_as_bytes(old, new):
            NativeComparison(self, old, new).rest()
        elif native:
            require_length(self.record, old, new)
            swapped = not old.syntax.little_endian and old.layout.bits_allocated <= 8 and old.element.vr != "OB"
            same = same_behind(
                lambda at, length: old.body.read_at(old.element.offset + at, length),
                lambda at, length: new.body.read_at(new.element.offset + at, length),
                old.count * old.layout.frame_bits,
                min(old.element.length, new.element.length),
                swapped=swapped,
            )
            self.record.require("length", "pixel data", "what stands behind the last frame differs", holds=same)

    def stretch(self, frames: range) -> FramesFound:
        """Compare a run of frames, with a record of its own; both files have an image."""
        mine = FrameComparison(
            self.before, self.after, self.asked, Record(), self.transcoded, self.threads, guard=self.guard
        )
        old, new = self.before.image, self.after.image
        if old is not None and new is not None:
            if old.index is None and new.index is None and self._comparable_as_bytes(old, new):
                NativeComparison(mine, old, new).stretch(frames)
            else:
                mine._all(old, new, frames)
        return FramesFound(mine.record, mine.planes, self.guard.taken())

    def _all(self, old: FrameReader, new: FrameReader, frames: range) -> None:
        """Compare frame by frame; with several threads, as many frames are in memory."""
        if self.threads < 2 or len(frames) < 2:
            for frame in frames:
                self.one(old, new, frame, self.asked.frame(frame))
            return
        waiting: deque[Future[FrameComparison]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            for frame in frames:
                waiting.append(pool.submit(self._alone, old, new, frame))
                if len(waiting) > self.threads:
                    self._absorb(waiting.popleft().result())
            while waiting:
                self._absorb(waiting.popleft().result())

    def _alone(self, old: FrameReader, new: FrameReader, frame: int) -> FrameComparison:
        """One frame compared with a record of its own."""
        mine = FrameComparison(self.before, self.after, self.asked, Record(), self.transcoded, guard=self.guard)
        mine.one(old, new, frame, self.asked.frame(frame))
        return mine

    def _absorb(self, other: FrameComparison | FramesFound) -> None:
        self.record.absorb(other.record)
        self.planes += other.planes

    @staticmethod
    def _comparable_as_bytes(old: FrameReader, new: FrameReader) -> bool:
        return old.layout.frame_bits % 8 == 0 and old.element.tag == new.element.tag and (
            old.syntax.little_endian or old.layout.bits_allocated > 8
        )  # fmt: skip

    def one(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        """Compare one whole frame."""
        where = f"frame {frame + 1}"
        try:
            # Compared as it lies: decoding would pass over what stands beside the picture.
            if old.index is not None and ask.is_nothing and not self.transcoded:
                self._kept(old, new, frame)
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

    def _cells(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        found = self.compare((old, new), frame, frame, ask)
        if found is not None:
            cells, changed = found
            self.noted(frame, ask, changed, look_again(self.record, (old, new), frame, cells, 0, frame))

    def compare(
        self, readers: tuple[FrameReader, FrameReader], frame: int, place: int, ask: FrameAsk
    ) -> tuple[Cells, Boxes] | None:
        """Compare the cells of one frame, which is number ``place`` in its readers.

        The cells of the written frame come back, and the boxes in which they may have changed; None where they are of
        another shape. No second decoder is asked. Raises DcmauditError where a frame cannot be read.
        """
        where, (old, new) = f"frame {frame + 1}", readers
        (a, meaning_a), (b, meaning_b) = old.cells(place), new.cells(place)
        self.record.require("meaning of the samples", where, f"they are {meaning_b}, they were {meaning_a}",
                            holds=meaning_a == meaning_b)  # fmt: skip
        if a.shape != b.shape or a.dtype != b.dtype:
            self.record.fail(OUTSIDE, where, "its cells are of another number or size")
            return None
        # The old codestream could be kept whole in some other element.
        if old.index is not None:
            self.guard.see_bytes(frame, old.codestream(place))
        self.guard.see(frame, a, old.layout, ask.boxes)
        widened = _shared(ask.boxes, old.layout.columns) if old.layout.halved else ask.boxes
        mask = _common_bits(old, new, place)
        then, now = (a, b) if mask is None else (a & a.dtype.type(mask), b & b.dtype.type(mask))
        faults = compare_near(then, now, old.layout, ask, widened, self.asked.claimed(frame))
        outside = OUTSIDE if not ask.is_nothing else UNTOUCHED
        self.record.require(outside, where, f"{faults.stored} pixels differ outside the rectangles",
                            holds=not faults.stored)  # fmt: skip
        self.record.require(BITS, where, f"bits outside the stored range differ in {faults.others} pixels",
                            holds=not faults.others)  # fmt: skip
        self.record.require(BITS, where, f"bits that had to be cleared are on in {faults.left_on} pixels",
                            holds=not faults.left_on)  # fmt: skip
        self._headers(old, new, place)
        self._black(new, frame, b, meaning_b, widened)
        return b, widened

    def _blocks(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        where, layout = f"frame {frame + 1}", old.layout
        a, b = old.codestream(frame), new.codestream(frame)
        # Only bits were asked for, or nothing.
        if not ask.boxes:
            self._kept(old, new, frame)
            if any(ask.bits.values()):
                self.record.fail(BITS, where, "bits beside the stored values cannot be changed in a lossy JPEG")
            return
        found = compare_blocks(a, b, ask.boxes)
        self.record.checks[BLOCKS] += found.blocks
        if self.asked.plan.blacks:
            self._require_nothing(frame, found.unneeded)
        for fault in found.faults:
            self.record.fail(BLOCKS, where, fault)
        rest = found.leftovers
        self.record.require(LEFTOVERS, where, f"its codestream: {'; '.join(rest)}", holds=not rest)
        (cells_a, meaning_a), (cells_b, meaning_b) = old.cells(frame), new.cells(frame)
        self.record.require("meaning of the samples", where, f"they are {meaning_b}, they were {meaning_a}",
                            holds=meaning_a == meaning_b)  # fmt: skip
        self.guard.see(frame, cells_a, layout, ask.boxes)
        seen = pixels_of(found.changed, found.mcu, found.ring, layout.size)
        strange = _differing_outside(bits_of(cells_a), bits_of(cells_b), seen)
        self.record.require(OUTSIDE, where, f"{strange} pixels differ outside the changed blocks", holds=not strange)
        self._headers(old, new, frame, found)
        self._black(new, frame, cells_b, meaning_b, ask.boxes, blocks=found)
        changed = boxes_of(found.changed, found.mcu, layout.size)
        wide = (box.grown(found.ring).clipped(layout.size) for box in changed) if found.ring else ()
        around = tuple(box for box in wide if box is not None)
        self.noted(frame, ask, changed, look_again(self.record, (old, new), frame, cells_b, 2, frame), around)

    def _black(self, new: FrameReader, frame: int, cells: Cells, meaning: str, boxes: Boxes, *,
               blocks: BlockComparison | None = None) -> None:  # fmt: skip
        if not boxes:
            return
        layout = new.layout
        samples: Samples = samples_of(cells, meaning, new, self.after.header, frame)
        mask = mask_of(boxes, layout.rows, layout.columns)
        fault = fault_inside(samples, mask, precision=None if blocks is None else new.precision(frame))
        self.record.require(INSIDE, f"frame {frame + 1}", fault or "", holds=fault is None)

    def _kept(self, old: FrameReader, new: FrameReader, frame: int) -> None:
        """A frame of which nothing was asked is the original's codestream, or that without what no decoder needs."""
        fault = fault_of_kept(old.syntax.codestream, old.codestream(frame), new.codestream(frame), new.layout)
        text = f"its codestream differs although nothing was asked of it: {fault}"
        self.record.require(UNTOUCHED, f"frame {frame + 1}", text, holds=fault is None)
        self._nothing_left(new, frame)

    def _nothing_left(self, new: FrameReader, frame: int) -> None:
        """Where anything is blacked, no frame keeps what decoders pass over: a thumbnail there shows the original."""
        if not self.asked.plan.blacks:
            return
        try:
            left = left_over(new.syntax.codestream, new.codestream(frame))
        except DcmauditError as error:  # what nobody can take apart is what it was, or was found above
            self.record.note(f"frame {frame + 1}: {error.message}; what it carries beside its picture is not known")
            return
        self._require_nothing(frame, left)

    def _require_nothing(self, frame: int, left: str | None) -> None:
        self.record.require(LEFTOVERS, f"frame {frame + 1}", f"its codestream has {left}", holds=left is None)

    def _headers(self, old: FrameReader, new: FrameReader, frame: int, blocks: BlockComparison | None = None) -> None:
        """The codestream's own words on precision and sign must fit the original's and the data set's."""
        if new.index is None:
            return
        where = f"frame {frame + 1}"
        # Blocks were taken apart already, see ``compare_blocks``.
        if blocks is None:
            rest = fault_of_rewritten(new.syntax.codestream, new.codestream(frame), new.layout)
            self.record.require(LEFTOVERS, where, f"its codestream: {rest}", holds=rest is None)
        # Another process has a precision of its own.
        if self.transcoded:
            return
        was, now, layout = old.precision(frame), new.precision(frame), new.layout
        if was is not None and now is not None:
            self.record.require(HEADERS, where, f"its codestream has {now} bits a sample, the original's {was}",
                                holds=now in {was, layout.bits_stored} or was < now <= layout.bits_stored)  # fmt: skip
        if new.syntax.codestream is Codestream.JPEG_2000:
            signs = j2k_header(old.codestream(frame)).signed, j2k_header(new.codestream(frame)).signed
            self.record.require(
                HEADERS, where, "its codestream has another sign", holds=signs[1] in {signs[0], new.layout.signed}
            )

    def noted(self, frame: int, ask: FrameAsk, changed: Boxes, decoders: Decoders, around: Boxes = ()) -> None:
        """Put what was compared in one frame into ``planes``."""
        for address, boxes in ask.planes:
            is_frame = address == FrameAddress(frame)
            where, beside = (changed, around) if is_frame else (boxes, ())
            self.planes.append(PlaneProof(address, boxes, where, decoders.names, decoders.alone, beside))


def _differing_outside(a: Cells, b: Cells, seen: Mask) -> int:
    """How many pixels differ where ``seen`` (rows, columns) is false; rows without a difference are passed over."""
    differing = a != b
    rows = np.flatnonzero(differing.reshape(len(differing), -1).any(axis=1))
    found = differing[rows]
    if found.ndim == 3:
        found = found[..., 0] | found[..., 1] | found[..., 2]
    return int(np.count_nonzero(found & ~seen[rows]))


def _without_colour(reader: FrameReader) -> tuple[int, ...]:
    one = reader.layout
    return (one.rows, one.columns, one.samples, one.bits_allocated, one.bits_stored, one.high, one.signed, one.floating)


def _shared(boxes: Boxes, columns: int) -> tuple[Box, ...]:
    """Boxes widened to even columns: native 4:2:2 keeps one colour for two pixels (PS3.3 C.7.6.3.1.2)."""
    return tuple(
        Box(box.left - box.left % 2, box.top, min(columns, box.right + box.right % 2), box.bottom) for box in boxes
    )


def _common_bits(old: FrameReader, new: FrameReader, frame: int) -> int | None:
    """The bits that both codestreams of JPEG 2000 hold where one is signed as the header says and the other was not.

    What decoders put above them repeats a sign, or is 0, and says nothing. None where all bits are compared.
    """
    if old.index is None or new.index is None or new.syntax.codestream is not Codestream.JPEG_2000:
        return None
    was, now = j2k_header(old.codestream(frame)), j2k_header(new.codestream(frame))
    # Only a sign that was put right changes what stands above the bits of the codestream.
    if was.signed == now.signed or was.precision != now.precision or now.signed != new.layout.signed:
        return None
    return (1 << now.precision) - 1
