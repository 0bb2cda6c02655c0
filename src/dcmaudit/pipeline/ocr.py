"""Text on every plane of one file: opened, looked at plane by plane, with how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from dcmaudit.audit import TextLook, TextSearch, header_rectangles
from dcmaudit.detect.ocr import TextFinder
from dcmaudit.detect.ultrasound import UltrasoundRegions
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Box,
    Content,
    DeviceFacts,
    FileReading,
    Finding,
    FrameAddress,
    Identity,
    Judgement,
    Outcome,
    Plane,
    PlaneKind,
    PlaneReading,
    Reference,
    Result,
    Verdict,
    worst,
)
from dcmaudit.model.engines import OcrEngine
from dcmaudit.pipeline.content import content_of, instance_key, stamp_of

_OVERLAYS = {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}


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


def read_file(job: OcrJob, reference: Reference, *, stop: Callable[[], bool] = lambda: False) -> FileReading:
    """Find and judge the text on every plane of one file.

    Nothing raises but what no input can cause: what fails is the reason of its plane, or of the file. DONE means
    that every plane was looked at (with ``overlays`` off: every other plane).
    """
    started, stamp = time.monotonic(), stamp_of(reference)
    content: Content | None = None
    identity: Identity | None = None
    instance_of: bytes | None = None
    planes: list[PlaneReading] = []
    device, work, failure = DeviceFacts(), None, None
    notes: tuple[str, ...] = ()
    try:
        finder = job.make_finder()
        with open_instance(reference) as instance:
            device, notes = instance.facts.device, instance.notes
            instance_of = instance_key(instance.facts.sop_instance_uid)
            work = _Work(job, finder, instance, stop)
            planes.extend(work.run())
            identity = instance.identity() if job.notes_content else None
        if job.notes_content:
            content = content_of(reference)
            if stamp != stamp_of(reference):
                failure, content = "it changed while it was looked at", None
    except DcmauditError as error:
        failure = error.words
    except MemoryError:
        failure = "there is not enough memory for it"
    more = work.notes if work is not None else []
    return FileReading(
        _outcome(reference.name, planes, failure),
        tuple(planes),
        device,
        (*notes, *more),
        work.looked_at if work is not None else 0,
        time.monotonic() - started,
        content,
        identity if content is not None else None,
        instance_of,
    )


class _Work:
    """One file while it is being read."""

    def __init__(self, job: OcrJob, finder: TextFinder, instance: Instance, stop: Callable[[], bool]) -> None:
        self._job, self._instance, self._stop = job, instance, stop
        self._look = TextLook(job, finder, instance, in_order=True)
        self.notes: list[str] = []
        self._regions = UltrasoundRegions(present=False)
        if job.ultrasound is not Ultrasound.IGNORE and any(
            group.kind is PlaneKind.FRAME for group in instance.planes.groups
        ):
            self._regions = header_rectangles(instance, None, ultrasound=True).ultrasound or self._regions
            self.notes += [problem.message for problem in self._regions.problems]

    @property
    def looked_at(self) -> int:
        """Planes that an engine really looked at."""
        return self._look.looked_at

    def run(self) -> Iterator[PlaneReading]:
        for plane in self._instance.all_planes():
            if plane.kind in _OVERLAYS and not self._job.overlays:
                continue
            if plane.kind is PlaneKind.UNSHOWN:
                yield PlaneReading(plane.address, plane.title, reason=plane.group.reason or "it cannot be shown")
            elif self._stop():
                yield PlaneReading(plane.address, plane.title, reason="interrupted")
                return
            else:
                yield self._plane(plane)
        blocking = [problem for problem in self._regions.problems if problem.is_blocking]
        if self._job.ultrasound is Ultrasound.USE and blocking:
            yield PlaneReading(FrameAddress(0), "ultrasound regions", reason=blocking[0].message)

    def _plane(self, plane: Plane) -> PlaneReading:
        try:
            seen = self._look.look_at(plane)
            findings = seen.findings
        except DcmauditError as error:
            return PlaneReading(plane.address, plane.title, reason=error.words)
        except MemoryError:
            return PlaneReading(plane.address, plane.title, reason="there is not enough memory for it")
        if plane.kind is PlaneKind.FRAME:
            findings = self._with_regions(findings)
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


def _is_covered(box: Box, areas: tuple[Box, ...]) -> bool:
    # The areas do not overlap each other.
    return sum(part.area for area in areas if (part := area.intersection(box)) is not None) == box.area


def _outcome(name: str, planes: list[PlaneReading], failure: str | None) -> Result:
    reasons = [f"{plane.title}: {plane.reason}" for plane in planes if plane.reason]
    if failure is not None:
        reasons.append(failure)
    seen = any(plane.reason is None for plane in planes)
    if seen or (not reasons and not planes and failure is None):
        return Result(name, Outcome.PARTLY if reasons else Outcome.DONE, tuple(reasons))
    if failure is None:
        return Result(name, Outcome.REFUSED, tuple(reasons))
    return Result(name, Outcome.FAILED, tuple(reasons))
