"""The frames of a long file written anew run by run: whoever works on a run makes the same of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.mark import Mark
from dcmaudit.errors import SourceUnreadableError
from dcmaudit.model import Reference
from dcmaudit.model.redaction import RedactionPlan
from dcmaudit.model.runs import LONG, run_size
from dcmaudit.redact.frame_edits import FrameEdits
from dcmaudit.redact.frames.codestreams import FrameWork
from dcmaudit.redact.frames.pixels import codestream_of, named_frame
from dcmaudit.redact.paint import Painter

STRETCH = 25
"""Frames in each run of a long file, at most."""

_RUN = 8 << 20
"""Bytes of decoded frames in a run, unless one frame alone has more."""

_WAITING = 256 << 20
"""Bytes of decoded frames whose codestreams may wait to be written."""


@dataclass(frozen=True, slots=True)
class WrittenRun:
    """The codestreams of a run of frames, and the names of what was left out of them."""

    codestreams: tuple[bytes, ...]
    extras: frozenset[str]


MakeRun = Callable[[range], WrittenRun]


class Divide(Protocol):
    """Has each run made, here or by another process that opens ``work``; they come in order.

    At most ``ahead`` of them wait in memory for their turn.
    """

    def __call__(
        self, work: LongWriting, here: MakeRun, pieces: Sequence[range], *, ahead: int
    ) -> Iterator[WrittenRun]:
        """Do it."""
        ...


@dataclass(frozen=True, slots=True)
class FrameRuns:
    """Makes runs of frames. ``only_reads``: no frame changes, and each is decoded to know that one can."""

    work: FrameWork
    edits: FrameEdits
    transcode: bool
    only_reads: bool

    def run(self, frames: range) -> WrittenRun:
        """The run; errors name the frame, and are those of ``FrameWork`` and of the readers."""
        made = []
        for frame in frames:
            with named_frame(frame):
                if self.only_reads:
                    self.work.require_readable(frame)
                else:
                    made.append(codestream_of(self.work, self.edits.of(frame), transcode=self.transcode))
        return WrittenRun(tuple(made), frozenset(self.work.extras))


@dataclass(frozen=True, slots=True)
class LongWriting:
    """The original as another process opens it: as it was when the writing began."""

    reference: Reference
    mark: Mark | None
    plan: RedactionPlan
    painter: Painter
    transcode: bool
    only_reads: bool

    @contextmanager
    def opened(self) -> Iterator[MakeRun]:
        """The original opened anew; errors as of reading it."""
        with open_instance(self.reference) as instance:
            parts = instance.parts
            # A file that was replaced meanwhile would give frames of another picture.
            if instance.mark != self.mark or parts.image is None:
                raise SourceUnreadableError("it changed while it was read", file=self.reference.name)
            work = FrameWork(parts.image, parts.header, self.painter, parts.overlays, clean=self.plan.blacks)
            yield FrameRuns(work, FrameEdits(parts, self.plan), self.transcode, self.only_reads).run


@dataclass(frozen=True, slots=True)
class Division:
    """How the frames of one file are written: by whom else (``divide`` None: nobody)."""

    instance: Instance
    plan: RedactionPlan
    painter: Painter
    divide: Divide | None

    def runs(self, frames: FrameRuns) -> Iterator[WrittenRun]:
        """Every run of the image's frames, in order."""
        reader = frames.work.reader
        size = max(1, reader.layout.frame_bits // 8)
        most = run_size(reader.count, min(STRETCH, max(1, _RUN // size))) if reader.count > LONG else 1
        runs = [range(start, min(reader.count, start + most)) for start in range(0, reader.count, most)]
        mark = self.instance.mark
        # What has no mark may be something else when it is opened again.
        if self.divide is None or mark is None or reader.count <= LONG:
            yield from map(frames.run, runs)
            return
        work = LongWriting(self.instance.reference, mark, self.plan, self.painter, frames.transcode, frames.only_reads)
        yield from self.divide(work, frames.run, runs, ahead=max(2, _WAITING // (most * size)))
