"""Text on a run of planes of one file. The runs of a long file can be looked at by several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum

from dcmaudit.audit import Resting, TextLook, TextSearch, header_rectangles
from dcmaudit.detect.ultrasound import UltrasoundRegions
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.mark import Mark
from dcmaudit.errors import DcmauditError, SourceUnreadableError
from dcmaudit.model import (
    Box,
    Finding,
    FrameAddress,
    Judgement,
    Plane,
    PlaneKind,
    PlaneReading,
    Reference,
    Verdict,
    worst,
)
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.runs import runs_of
from dcmaudit.pipeline.division import divided, is_helped

STRETCH = 16
"""Planes of a long file that are looked at one after the other, at most: what changed since the plane before is not
known of the first of them, so fewer cost more in all, and more keep others waiting."""

_OVERLAYS = {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}


def run_starts(first_planes: int) -> set[int]:
    """The places of planes before which everything that was seen is forgotten; ``first_planes`` as of an instance."""
    runs = runs_of(first_planes, STRETCH)
    return {run.stop for run in runs} if len(runs) > 1 else set()


class Ultrasound(Enum):
    """What is done with the ultrasound regions of a file."""

    IGNORE = "ignore"
    USE = "use"
    """The areas outside of them are reported as well."""
    EXCEPT = "except"
    """Text that lies wholly outside of them is left out, for those areas are redacted anyway."""


@dataclass(frozen=True, slots=True)
class OcrJob(TextSearch):
    """What is the same for every file of a run; picklable.

    ``notes_content``: what the file held when it was looked at is told as well, for which it is read once more.
    """

    overlays: bool = True
    ultrasound: Ultrasound = Ultrasound.IGNORE
    notes_content: bool = False

    @property
    def leaves_nothing_out(self) -> bool:
        """Whether no option keeps a plane, or a place of one, from being looked at."""
        return self.overlays and self.ultrasound is not Ultrasound.EXCEPT


@dataclass(frozen=True, slots=True)
class StretchReading:
    """What was found on a run of planes, and the digests of those that an engine really looked at.

    ``is_last``: the work was interrupted, so that nothing comes after it.
    """

    planes: tuple[PlaneReading, ...]
    looked_at: frozenset[bytes]
    is_last: bool = False


class FileLook:
    """One open file while text is looked for on its planes. EngineError and others as ``OcrJob.make_finder``."""

    def __init__(
        self,
        job: OcrJob,
        instance: Instance,
        stop: Callable[[], bool] | None = None,
        resting: Resting | None = None,
    ) -> None:
        """``resting`` as for ``TextLook``."""
        self._job, self._instance, self._mark, self._stop = job, instance, instance.mark, stop
        self._look = TextLook(job, job.make_finder(), instance, in_order=True, resting=resting)
        self.notes: list[str] = []
        self.looked_at: set[bytes] = set()
        """Digests of the planes that an engine really looked at."""
        self._regions = UltrasoundRegions(present=False)
        if job.ultrasound is not Ultrasound.IGNORE and any(
            group.kind is PlaneKind.FRAME for group in instance.planes.groups
        ):
            self._regions = header_rectangles(instance, None, ultrasound=True).ultrasound or self._regions
            self.notes += [problem.message for problem in self._regions.problems]

    def run(self) -> Iterator[PlaneReading]:
        """Look at every plane, in order; errors as of reading the list of planes."""
        runs = runs_of(len(self._instance.first_planes), STRETCH)
        for found in self._runs(runs):
            self.looked_at |= found.looked_at
            yield from found.planes
            if found.is_last:
                return
        # What rests in the planes before is of another run, perhaps of another process.
        if len(runs) > 1:
            self._look.forget()
        for plane in self._instance.last_planes():
            reading = self._reading(plane)
            if reading is None:
                yield _interrupted(plane)
                return
            yield reading
        self.looked_at |= self._look.looked_at
        blocking = [problem for problem in self._regions.problems if problem.is_blocking]
        # Regions were asked for and cannot be had: the file must not count as looked at wholly.
        if self._job.ultrasound is Ultrasound.USE and blocking:
            yield PlaneReading(FrameAddress(0), "ultrasound regions", reason=blocking[0].message)

    def _runs(self, runs: list[range]) -> Iterator[StretchReading]:
        # What says stop is of this process; what has no mark may be another file when it is opened again.
        if len(runs) < 2 or self._stop is not None or self._mark is None:
            yield from map(self.stretch, runs)
            return
        job, resting = self._job, self._resting()
        if is_helped() and job.threads > 1:  # a core for each process, not all of them for each
            job = replace(job, threads=1)
            self._look = TextLook(job, job.make_finder(), self._instance, in_order=True, resting=resting)
        work = _LongLook(job, self._instance.reference, self._mark, resting)
        yield from divided(work, self.stretch, runs)

    def _resting(self) -> Resting | None:
        """What rests in the frames: looked for once, whoever looks at them. None where that fails, or there is none."""
        groups = [group for group in self._instance.planes.groups if group.kind is PlaneKind.FRAME]
        try:
            return self._look.resting(groups[0]) if groups else None
        except (DcmauditError, MemoryError):
            return None  # each run says it for its planes

    def stretch(self, places: range) -> StretchReading:
        """Look at a run of the first planes, as if there were no others."""
        self._look.forget()
        self._look.looked_at = set()
        planes = self._instance.first_planes
        found: list[PlaneReading] = []
        for place in places:
            plane = planes[place]
            if plane.kind in _OVERLAYS and not self._job.overlays:
                continue
            reading = self._reading(plane)
            if reading is None:
                return StretchReading((*found, _interrupted(plane)), frozenset(self._look.looked_at), is_last=True)
            found.append(reading)
        return StretchReading(tuple(found), frozenset(self._look.looked_at))

    def _reading(self, plane: Plane) -> PlaneReading | None:
        """What was found on one plane; None where an end was asked for before."""
        if plane.kind is PlaneKind.UNSHOWN:
            return PlaneReading(plane.address, plane.title, reason=plane.group.reason or "it cannot be shown")
        if self._stop is not None and self._stop():
            return None
        try:
            seen = self._look.look_at(plane)
            findings = seen.findings
        except DcmauditError as error:
            return PlaneReading(plane.address, plane.title, reason=error.words)
        except MemoryError:
            return PlaneReading(plane.address, plane.title, reason="there is not enough memory for it")
        if plane.kind is PlaneKind.FRAME:
            findings = self._with_regions(findings)
        # A plane is as bad as the worst text on it.
        whole = worst(finding.judgement for finding in findings)
        return PlaneReading(plane.address, plane.title, findings, whole, doubts=seen.doubts)

    def _with_regions(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        if not self._regions.redact:
            return findings
        if self._job.ultrasound is Ultrasound.EXCEPT:
            return tuple(finding for finding in findings if not _is_covered(finding.box, self._regions.redact))
        reason = Judgement(Verdict.UNKNOWN, "it lies outside the ultrasound regions")
        areas = [Finding(box, "", None, reason, OcrEngine.ULTRASOUND) for box in self._regions.redact]
        return (*areas, *findings)


@dataclass(frozen=True, slots=True)
class _LongLook:
    """A long file as another process opens it: only as it was when its owner did."""

    job: OcrJob
    reference: Reference
    mark: Mark | None
    resting: Resting | None

    @contextmanager
    def opened(self) -> Iterator[Callable[[range], StretchReading]]:
        with open_instance(self.reference) as instance:
            if instance.mark != self.mark:
                raise SourceUnreadableError("it changed while it was looked at", file=self.reference.name)
            yield FileLook(self.job, instance, resting=self.resting).stretch


def _interrupted(plane: Plane) -> PlaneReading:
    return PlaneReading(plane.address, plane.title, reason="interrupted")


def _is_covered(box: Box, areas: tuple[Box, ...]) -> bool:
    # The areas do not overlap each other.
    return sum(part.area for area in areas if (part := area.intersection(box)) is not None) == box.area
