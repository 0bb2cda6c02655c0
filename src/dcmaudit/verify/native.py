"""Native frames of two files compared: what nothing was asked of by its bytes, the rest by its cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from dcmaudit.codecs.second_decoders import SecondDecoder
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.second_decoders import first_decoder, native_bytes, second_decoder
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box
from dcmaudit.verify.agreement import SECOND, Decoders, agree, look_again
from dcmaudit.verify.cells import Cells
from dcmaudit.verify.demands import Asked, Boxes, FrameAsk
from dcmaudit.verify.record import Record
from dcmaudit.verify.tail import same_behind

UNTOUCHED, OUTSIDE = "untouched frames identical", "outside identical"
CHUNK = 256 << 10
"""Bytes that are compared at once: two of them fit into the cache of a core, and are compared as fast as read."""
_TOGETHER = 1 << 20
_MOST_ROWS = 0xFFFF


class FrameByFrame(Protocol):
    """What compares frames one at a time, as cells; where bytes cannot tell, it is asked."""

    asked: Asked
    record: Record

    def one(self, old: FrameReader, new: FrameReader, frame: int, ask: FrameAsk) -> None:
        """Compare one whole frame."""
        ...

    def compare(
        self, readers: tuple[FrameReader, FrameReader], frame: int, place: int, ask: FrameAsk
    ) -> tuple[Cells, Boxes] | None:
        """Compare the cells of a frame that is number ``place`` in its readers; None where the shapes differ."""
        ...

    def noted(self, frame: int, ask: FrameAsk, changed: Boxes, decoders: Decoders) -> None:
        """Keep what was compared in one frame for the record."""
        ...


@dataclass(slots=True)
class _Window:
    """The rows of one frame that boxes reach: compared, but not shown to a second decoder yet."""

    frame: int
    ask: FrameAsk
    changed: Boxes
    readers: tuple[FrameReader, FrameReader]
    cells: Cells


@dataclass(slots=True)
class NativeComparison:
    """Compares native pixel data of whole bytes in one pass over both files, in small pieces.

    Rows that no box reaches are compared as bytes; what stands beside the boxes in other rows, too. What is inside
    is looked at as cells, rendered, and read by a second decoder; that one is asked for the rows of several frames
    at once, because asking costs more than reading.
    """

    frames: FrameByFrame
    old: FrameReader
    new: FrameReader
    _waiting: list[_Window] = field(default_factory=list)

    def stretch(self, frames: range) -> None:
        """Compare a run of frames, to the last byte of the last one."""
        old, new = self.old, self.new
        size = old.layout.frame_bits // 8
        row, start = size // old.layout.rows, frames.start * size
        for frame in frames:
            ask = self.frames.asked.frame(frame)
            if ask.is_nothing:
                self.frames.record.checks[UNTOUCHED] += 1
                continue
            rows = _rows(ask, old)
            windows = (old.rows_of(frame, rows), new.rows_of(frame, rows)) if rows else (None, None)
            # Where rows do not lie one behind the other in the bytes, the whole frame is decoded.
            if rows is None or windows[0] is None or windows[1] is None:
                self._bytes(start, frame * size)
                self._again()
                self.frames.one(old, new, frame, ask)
                start = (frame + 1) * size
                continue
            self._bytes(start, frame * size + rows.start * row)
            self._window((windows[0], windows[1]), frame, ask, rows.start)
            start = frame * size + rows.stop * row
        self._again()
        self._bytes(start, frames.stop * size)

    def rest(self) -> None:
        """Compare what stands behind the last frame."""
        old, new = self.old, self.new
        require_length(self.frames.record, old, new)
        same = same_behind(
            lambda at, length: old.body.read_at(old.element.offset + at, length),
            lambda at, length: new.body.read_at(new.element.offset + at, length),
            min(old.count, new.count) * old.layout.frame_bits,
            min(old.element.length, new.element.length),
            swapped=False,
        )
        self.frames.record.require("length", "pixel data", "what stands behind the last frame differs", holds=same)

    def _window(self, readers: tuple[FrameReader, FrameReader], frame: int, ask: FrameAsk, top: int) -> None:
        """Compare the rows of one frame from ``top`` on that the boxes reach; they are the readers' frame 0."""
        moved = replace(ask, boxes=tuple(_moved_up(box, top) for box in ask.boxes))
        try:
            found = self.frames.compare(readers, frame, 0, moved)
        except DcmauditError as error:
            self.frames.record.fail("decoding", f"frame {frame + 1}", error.message)
            return
        if found is None:
            return
        cells, changed = found
        window = _Window(frame, ask, tuple(_moved_up(box, -top) for box in changed), readers, cells)
        # A frame has 65,535 rows at most, and memory has an end.
        if self._waiting and not self._fits(window):
            self._again()
        self._waiting.append(window)

    def _fits(self, window: _Window) -> bool:
        """Whether one more window can be shown to the second decoder together with those that wait."""
        first, count = self._waiting[0].cells, len(self._waiting) + 1
        return (
            first.shape == window.cells.shape
            and count * first.shape[0] <= _MOST_ROWS
            and count * first.nbytes <= _TOGETHER
        )

    def _again(self) -> None:
        """Show the second decoder what waits: windows of one size below each other are a frame of more rows."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        reader = waiting[0].readers[1]
        second = second_decoder(reader, 0)
        together = second is not None and _agrees(second, waiting)
        for window in waiting:
            if together and second is not None:
                decoders = Decoders((first_decoder(reader), second.name))
                self.frames.record.require(SECOND, f"frame {window.frame + 1}", "", holds=True)
            else:  # one by one, to say which is not as it should be
                decoders = look_again(self.frames.record, window.readers, 0, window.cells, 0, window.frame)
            self.frames.noted(window.frame, window.ask, window.changed, decoders)

    def _bytes(self, start: int, end: int) -> None:
        """Compare the values of the two elements from ``start`` to ``end``."""
        old, new, record = self.old, self.new, self.frames.record
        for at in range(start, end, CHUNK):
            length = min(CHUNK, end - at)
            a = old.body.read_at(old.element.offset + at, length)
            b = new.body.read_at(new.element.offset + at, length)
            if a == b:
                continue
            frame = (at + _first_difference(a, b)) * 8 // old.layout.frame_bits
            ask, known = self.frames.asked.frame(frame), len(record.findings())
            if ask.is_nothing:
                record.fail(UNTOUCHED, f"frame {frame + 1}", "it differs although nothing was asked of it")
                return
            self.frames.one(old, new, frame, ask)  # the whole frame, to say what of it differs
            if len(record.findings()) == known:
                record.fail(OUTSIDE, f"frame {frame + 1}", "bytes differ outside the rectangles")
            return


def require_length(record: Record, old: FrameReader, new: FrameReader) -> None:
    """The pixel data of both files must have the same length."""
    lengths = old.element.length, new.element.length
    record.require("length", "pixel data", f"{lengths[1]} bytes instead of {lengths[0]}",
                   holds=lengths[0] == lengths[1])  # fmt: skip


def _agrees(second: SecondDecoder, windows: list[_Window]) -> bool:
    readers = [window.readers[1] for window in windows]
    data = b"".join(native_bytes(reader, 0) for reader in readers)
    layout = replace(readers[0].layout, rows=readers[0].layout.rows * len(readers))
    try:
        cells = second.cells_of(data, layout)
    except Exception:  # whatever it is, each window is asked for alone, and says it then
        return False
    return agree(np.concatenate([window.cells for window in windows]), cells, 0)


def _rows(ask: FrameAsk, reader: FrameReader) -> range | None:
    """The rows that a frame's boxes reach, where nothing else is asked of it; None where all of it has to be compared.

    Black of floating point is the smallest number of the whole frame.
    """
    if not ask.boxes or ask.bits or ask.strip or reader.layout.floating:
        return None
    return range(max(0, min(b.top for b in ask.boxes)), min(reader.layout.rows, max(b.bottom for b in ask.boxes)))


def _moved_up(box: Box, rows: int) -> Box:
    return Box(box.left, box.top - rows, box.right, box.bottom - rows)


def _first_difference(a: bytes, b: bytes) -> int:
    return next((i for i, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), min(len(a), len(b)))
