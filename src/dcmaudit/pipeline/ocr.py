"""Text on every plane of one file: read, render, find, judge. One instance along the whole path."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from hashlib import blake2b

from dcmaudit.detect.ocr import (
    UNREAD_NAME,
    UNREAD_NUMBER,
    FinderKind,
    Line,
    Memory,
    Mode,
    Picture,
    TextFinder,
    engine_kind,
    finder_for,
    forms,
    make_finder,
    still,
)
from dcmaudit.detect.ocr.pictures import telling
from dcmaudit.detect.ocr.spots import grey_of
from dcmaudit.detect.pii import NOT_READ, Chain, ChainPlan, Judgement, worst
from dcmaudit.detect.ultrasound import UltrasoundRegions, ultrasound_regions
from dcmaudit.dicom import Instance, Lut, Samples, open_instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Box,
    DeviceFacts,
    FrameAddress,
    Identity,
    Outcome,
    Plane,
    PlaneAddress,
    PlaneGroup,
    PlaneKind,
    Reference,
    Result,
    Size,
    Verdict,
)
from dcmaudit.pipeline.content import Content, content_of, instance_key, stamp_of
from dcmaudit.render import pictures_for_text

_OVERLAYS = {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY}
_KEPT = 4096
"""Different planes of one file whose answers are kept for later planes that are the same."""

ULTRASOUND_NUMBER = 4
ULTRASOUND_NAME = "ultrasoundregions"
FORM_NAME = "scannedform"


class Ultrasound(Enum):
    """What is done with the ultrasound regions of a file."""

    IGNORE = "ignore"
    USE = "use"
    """The areas outside of them are reported as well."""
    EXCEPT = "except"
    """Text that lies wholly outside of them is left out, for those areas are redacted anyway."""


@dataclass(frozen=True, slots=True)
class OcrJob:
    """What is the same for every file of a run; picklable.

    ``finder`` None: who finds is what ``mode`` says. ``read`` False: lines are found and not read.
    ``notes_content``: what the file held when it was looked at is told as well, for which it is read once more.
    """

    engine: str
    mode: Mode
    plan: ChainPlan
    threads: int = 1
    tessdata: str | None = None
    overlays: bool = True
    ultrasound: Ultrasound = Ultrasound.IGNORE
    finder: FinderKind | None = None
    read: bool = True
    notes_content: bool = False

    @property
    def leaves_nothing_out(self) -> bool:
        """Whether no option keeps a plane, or a place of one, from being looked at."""
        return self.overlays and self.ultrasound is not Ultrasound.EXCEPT

    @property
    def reader(self) -> tuple[str, int]:
        """Name and number under which findings are stored: those of the engine that reads, or of nobody."""
        if not self.read:
            return UNREAD_NAME, UNREAD_NUMBER
        kind = engine_kind(self.engine)
        return kind.name, kind.number

    def make_finder(self) -> TextFinder:
        """The finder of this process, its models loaded once; MissingExtraError or EngineError where that fails."""
        return finder_of(
            self.engine if self.read else None,
            self.mode,
            self.threads,
            self.tessdata,
            finder_for(self.finder, self.mode),
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of text on a plane, or an area that stands for one; ``engine`` and ``number`` say who found it."""

    box: Box
    text: str = field(repr=False)
    confidence: float | None
    judgement: Judgement
    engine: str
    number: int


@dataclass(frozen=True, slots=True)
class PlaneReading:
    """What was found on one plane; ``reason`` says why it could not be looked at, None where it was.

    ``whole`` is the judgement of all its text together, None where there is none.
    """

    address: PlaneAddress
    title: str
    findings: tuple[Finding, ...] = ()
    whole: Judgement | None = None
    reason: str | None = None

    @property
    def text(self) -> str:
        """The whole text of the plane, line after line."""
        return " ".join(finding.text for finding in self.findings if finding.text)


@dataclass(frozen=True, slots=True)
class FileReading:
    """What was found in one file. ``notes`` are remarks that keep nothing from being found."""

    result: Result
    planes: tuple[PlaneReading, ...] = ()
    device: DeviceFacts = field(default_factory=DeviceFacts)
    notes: tuple[str, ...] = ()
    looked_at: int = 0
    """Planes that an engine really looked at; the others were empty, or the same as one of those."""
    seconds: float = 0.0
    content: Content | None = None
    """What was looked at; None where nobody asked for it, or it could not be told."""
    identity: Identity | None = None
    """What stays the same when the file is moved; None as for ``content``."""
    instance: bytes | None = None
    """What tells two files of one instance, ``instance_key``."""

    @property
    def boxes(self) -> int:
        """How many places of text were found."""
        return sum(len(plane.findings) for plane in self.planes)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that counts for the whole file; None where no text was found."""
        decided = worst(finding.judgement for plane in self.planes for finding in plane.findings)
        return None if decided is None else decided.verdict


@lru_cache(maxsize=4)
def finder_of(engine: str | None, mode: Mode, threads: int, tessdata: str | None, kind: FinderKind) -> TextFinder:
    """The finder of this process, its models loaded once; MissingExtraError or EngineError where that fails."""
    return make_finder(engine, kind, mode, threads=threads, tessdata=tessdata)


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
        failure = _words(error)
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
        self._job, self._finder, self._instance, self._stop = job, finder, instance, stop
        header = header_view(instance)
        self._chain: Chain = job.plan.chain(header)
        self._known: dict[bytes, tuple[Finding, ...]] = {}
        self._still: list[still.StillLine] = []
        self._still_of: PlaneGroup | None = None
        self._memory: Memory | None = None
        self._memory_of: PlaneGroup | None = None
        self.looked_at = 0
        self.notes: list[str] = []
        self._regions = UltrasoundRegions(present=False)
        size = next((group.size for group in instance.planes.groups if group.kind is PlaneKind.FRAME), None)
        if job.ultrasound is not Ultrasound.IGNORE and size is not None:
            self._regions = ultrasound_regions(header, size)
            self.notes += [problem.message for problem in self._regions.problems]

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
            findings = self._findings(plane)
        except DcmauditError as error:
            return PlaneReading(plane.address, plane.title, reason=_words(error))
        except MemoryError:
            return PlaneReading(plane.address, plane.title, reason="there is not enough memory for it")
        if plane.kind is PlaneKind.FRAME:
            findings = self._with_regions(findings)
        return PlaneReading(plane.address, plane.title, findings, worst(finding.judgement for finding in findings))

    def _findings(self, plane: Plane) -> tuple[Finding, ...]:
        samples = self._instance.read(plane.address)
        key = _digest(samples)
        known = self._known.get(key)
        if known is not None:
            return known
        quick, thorough = self._job.mode is Mode.FAST, self._job.mode is Mode.THOROUGH
        pictures = telling(pictures_for_text(samples, quick=quick, thorough=thorough))
        findings: tuple[Finding, ...] = ()
        if pictures:
            self.looked_at += 1
            resting = self._still_lines(plane, pictures[0])
            lines = self._finder.find(pictures, known=resting, memory=self._remembered(plane))
            findings = self._judged(pictures[0], lines)
        if len(self._known) < _KEPT:
            self._known[key] = findings
        return findings

    def _judged(self, picture: Picture, lines: list[Line]) -> tuple[Finding, ...]:
        engine = self._finder.engine
        name, number = (UNREAD_NAME, UNREAD_NUMBER) if engine is None else (engine.name, engine.number)
        judgements = [NOT_READ] * len(lines)
        if engine is not None:
            judgements = self._chain.judge_all(
                [line.text for line in lines], [line.box for line in lines], [line.confidence for line in lines]
            )
        findings = [
            Finding(line.box, line.text, line.confidence, judgement, name, number)
            for line, judgement in zip(lines, judgements, strict=True)
        ]
        if forms.is_form(picture, lines):
            rows, columns = picture.shape[:2]
            whole = Box.whole(Size(int(columns), int(rows)))
            sure = forms.is_read(lines)
            verdict, judge = (Verdict.IDENTIFYING, FORM_NAME) if sure else (Verdict.UNKNOWN, "")
            reason = Judgement(verdict, forms.reason(lines), judge, forms.JUDGE_NUMBER if sure else -1)
            findings.insert(0, Finding(whole, "", None, reason, FORM_NAME, forms.NUMBER))
        return tuple(findings)

    def _remembered(self, plane: Plane) -> Memory | None:
        """What is kept from frame to frame of the group that the plane is in."""
        if len(plane.group.frames) < 2:
            return None
        if self._memory_of is not plane.group:
            self._memory_of, self._memory = plane.group, Memory()
        return self._memory

    def _still_lines(self, plane: Plane, picture: Picture) -> list[Line]:
        if plane.kind is not PlaneKind.FRAME or len(plane.group.frames) < still.FEWEST_FRAMES:
            return []
        if self._still_of is not plane.group:
            self._still_of, self._still = plane.group, self._find_still(plane.group)
        grey = grey_of(picture) if self._still else picture
        return [line.line for line in self._still if line.is_in(grey)]

    def _find_still(self, group: PlaneGroup) -> list[still.StillLine]:
        frames: list[Picture] = []
        area = group.size.area if group.size else 1
        for place in still.sampled(len(group.frames), area):
            if self._stop():
                return []
            try:
                frames += pictures_for_text(self._instance.read(group.address(place)), quick=True)
            except DcmauditError:
                continue  # it is named when its turn comes
        return still.find_still(self._finder, frames) if len(frames) >= still.FEWEST_FRAMES else []

    def _with_regions(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        if not self._regions.redact:
            return findings
        if self._job.ultrasound is Ultrasound.EXCEPT:
            return tuple(finding for finding in findings if not _is_covered(finding.box, self._regions.redact))
        reason = Judgement(Verdict.UNKNOWN, "it lies outside the ultrasound regions", "", -1)
        areas = [Finding(box, "", None, reason, ULTRASOUND_NAME, ULTRASOUND_NUMBER) for box in self._regions.redact]
        return (*areas, *findings)


def _is_covered(box: Box, areas: tuple[Box, ...]) -> bool:
    # The areas do not overlap each other.
    return sum(part.area for area in areas if (part := area.intersection(box)) is not None) == box.area


def _digest(samples: Samples) -> bytes:
    """The same for two planes that look the same in every rendering."""
    digest = blake2b(samples.array.tobytes(), digest_size=16)
    looks = (samples.array.shape, samples.array.dtype.str, samples.photometric, samples.windows)
    digest.update(repr(looks).encode())
    palette = samples.palette
    tables = (*samples.voi_luts, *((palette.red, palette.green, palette.blue) if palette else ()))
    for table in (samples.modality, *tables):
        digest.update(repr((table.first, table.bits)).encode() if isinstance(table, Lut) else repr(table).encode())
        digest.update(table.data.tobytes() if isinstance(table, Lut) else b"")
    return digest.digest()


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


def _words(error: DcmauditError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
