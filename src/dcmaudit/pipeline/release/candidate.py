"""One input on its whole way: opened, looked at, judged, decided by the policy, redacted, proved, looked at again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import (
    Box,
    FileReading,
    Finding,
    Origin,
    Outcome,
    PlaneAddress,
    PlaneReading,
    Reference,
    ReviewState,
    Verdict,
    covered_area,
)
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import Look
from dcmaudit.model.redaction import NewUids, RedactionOptions, Request
from dcmaudit.pipeline.clearance import AcceptedText, Ledger, clear
from dcmaudit.pipeline.content import content_of
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport, RedactionTask
from dcmaudit.pipeline.ocr import OcrJob, read_file
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.release.headers import IDENTIFYING, filled_names
from dcmaudit.pipeline.release.policy import Eyes, Headers, Policy
from dcmaudit.sources import reference_to

_ROUNDS = 3
"""So often what is left is blacked, too, before the file is held back."""
_COVERED = 0.7
"""Part of a place that must lie in blacked or kept areas for it to be no text that is left."""


class Ending(Enum):
    """How one input of a release ends; the value is written in records and lists."""

    RELEASED = "released"
    """Blacked, proved, looked at again."""
    UNCHANGED = "released unchanged"
    """No pixel was blacked: only UIDs and notes in the header are new."""
    HELD = "held back"
    """It may not leave; the reason says why."""
    FAILED = "failed"
    """It could not be read or written."""

    @property
    def is_released(self) -> bool:
        """Whether a file of it lies among the outputs."""
        return self in {Ending.RELEASED, Ending.UNCHANGED}


class Why(Enum):
    """Why an input is held back or failed, as a kind: the value is written in records, which leave the house."""

    UNREADABLE = "it cannot be read"
    NOT_LOOKED_AT = "planes that nobody could look at"
    HEADER = "identifying attributes are filled"
    MODALITY = "a modality that the policy does not name"
    MODEL = "a device that the policy does not name"
    TAGGED = "tagged by a person for another look"
    EYES = "no person is known to have seen all of it"
    UNSTORED = "marks in the database that cannot be used"
    FORM = "a page of text"
    REFUSED = "it cannot be redacted as the policy asks"
    NOT_PROVED = "the proof failed"
    TEXT_LEFT = "text is left"
    NO_UID = "it has no UID to be named by"
    TWIN = "another input became the same output"
    CHANGED = "it changed while it was worked on"
    FAULT = "a fault of the program"


@dataclass(frozen=True, slots=True)
class ReleaseJob:
    """What all inputs of a release have in common; picklable. ``uid_key`` makes new UIDs, ``record_key`` the keyed
    digests of inputs. ``staging`` is a folder beside the outputs where nothing is released yet."""

    policy: Policy
    look: OcrJob
    rules: tuple[str, ...]
    uid_key: bytes
    record_key: bytes
    staging: Path


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """One input, and what the database knows of it. ``in_sample``: it was drawn, so that a person has to see it."""

    reference: Reference
    asked: RedactionTask
    state: ReviewState = ReviewState.NOT_REVIEWED
    ledger: Ledger | None = None
    in_sample: bool = False


@dataclass(slots=True)
class Release:
    """How one input ended. ``staged`` is the finished output, not yet among the others, and ``place`` its name there.

    ``details`` are for the people of the house: they may name planes, never a text or a value of the header. What
    else is here may leave the house.
    """

    name: str
    ending: Ending
    why: Why | None = None
    details: tuple[str, ...] = ()
    staged: Path | None = None
    place: str | None = None
    uids: tuple[tuple[str, str], ...] = ()
    """Old and new UIDs of instance, series and study, for those who asked for the list."""
    input_digest: str = ""
    """HMAC of the input's bytes: a plain digest of an original would be a code that identifies it."""
    output_digest: str | None = None
    plan_digest: str | None = None
    proof_digest: str | None = None
    device: tuple[str, str] = ("", "")
    """Modality and model."""
    planes: int = 0
    seen_by: tuple[str, ...] = ()
    """Who is known to have looked at every plane: ``detector``, ``person``."""
    found: Counter[str] = field(default_factory=Counter)
    """Places of text by what became of them: blacked, kept."""
    sources: Counter[str] = field(default_factory=Counter)
    """Blacked rectangles by who proposed them."""
    removals: int = 0
    is_in_sample: bool = False
    missed: int = 0
    """Rectangles of people under which neither the detector nor a rule had anything to black."""


@dataclass(frozen=True, slots=True)
class Unfound:
    """A name that leads to no instance, and why."""

    name: str
    reason: str


def release_file(job: ReleaseJob, task: ReleaseTask | Unfound) -> Release:
    """The whole way of one input; never raises for anything that an input can cause. Whatever is not known to be
    right holds the file back."""
    if isinstance(task, Unfound):
        return Release(task.name, Ending.FAILED, Why.UNREADABLE, (task.reason,))
    report = Release(task.reference.name, Ending.FAILED, Why.UNREADABLE, is_in_sample=task.in_sample)
    try:
        report.input_digest = _keyed(job.record_key, task.reference)
        _decide(job, task, report)
        if report.ending.is_released and _keyed(job.record_key, task.reference) != report.input_digest:
            _hold(report, Why.CHANGED)
    except DcmauditError as error:
        report.details = (error.words,)
    except (OSError, MemoryError) as error:
        report.details = (getattr(error, "strerror", None) or "there is not enough memory",)
    if not report.ending.is_released and report.staged is not None:
        with suppress(OSError):
            report.staged.unlink(missing_ok=True)
        report.staged = None
    return report


def _hold(report: Release, why: Why, *details: str) -> None:
    report.ending, report.why, report.details = Ending.HELD, why, tuple(details)


def _keyed(key: bytes, reference: Reference) -> str:
    digest = hmac.new(key, digestmod=hashlib.sha256)
    with reference.open() as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _decide(job: ReleaseJob, task: ReleaseTask, report: Release) -> None:
    policy = job.policy
    with open_instance(task.reference) as instance:
        device = instance.facts.device
        report.device = (device.modality or "", device.model or "")
        held = _by_header(policy, instance, report) or _by_state(policy, task, report)
    if held:
        return
    reading = read_file(job.look, task.reference)
    report.planes = len(reading.planes)
    if _by_reading(policy, reading, report):
        return
    report.seen_by = ("detector",)
    if _by_eyes(policy, task, report):
        return
    blacked, kept = _parted(policy, reading)
    report.found.update(kept=sum(map(len, kept.values())))
    staged = job.staging / f"{report.input_digest[:32]}.dcm"
    for _ in range(_ROUNDS):
        report.found.update({"blacked": sum(map(len, blacked.values())) - report.found["blacked"]})
        redacted = _redact(job, task, reading, blacked, staged)
        if _by_redaction(redacted, report):
            return
        report.staged = staged
        _note(job.record_key, redacted, report)
        left, unseen = _left(job, staged, redacted, kept)
        if unseen or not left:
            break
        # Beside bright letters others are not seen until those are black. They count as text that nobody could judge.
        for address, findings in left.items():
            blacked.setdefault(address, []).extend(findings)
    if unseen or left:
        _hold(report, Why.TEXT_LEFT, *unseen, *(f"{address.key}: {len(one)} places" for address, one in left.items()))
        return
    _name(report, task.reference, staged)


# --- what holds a file back -----------------------------------------------------------------------------------------


def _by_header(policy: Policy, instance: Instance, report: Release) -> bool:
    modality, model = report.device
    if policy.headers is Headers.REFUSE:
        names = filled_names(instance.filled(IDENTIFYING))
        if names:
            _hold(report, Why.HEADER, *names)
            return True
    if policy.modalities and modality not in policy.modalities:
        _hold(report, Why.MODALITY)
        return True
    if policy.models and model not in policy.models:
        _hold(report, Why.MODEL)
        return True
    return False


def _by_state(policy: Policy, task: ReleaseTask, report: Release) -> bool:
    if task.state is ReviewState.TAGGED:
        _hold(report, Why.TAGGED)
        return True
    if policy.marks and task.asked.problems:
        _hold(report, Why.UNSTORED, *task.asked.problems)
        return True
    return False


def _by_reading(policy: Policy, reading: FileReading, report: Release) -> bool:
    if reading.result.outcome is not Outcome.DONE:
        why = Why.UNREADABLE if reading.result.outcome is Outcome.FAILED else Why.NOT_LOOKED_AT
        _hold(report, why, *reading.result.reasons)
        return True
    if not reading.planes:
        _hold(report, Why.NOT_LOOKED_AT, "it has no plane that can be shown")
        return True
    forms = [plane.title for plane in reading.planes if plane.is_form]
    if forms and policy.hold_forms:
        _hold(report, Why.FORM, *forms)
        return True
    return False


def _by_eyes(policy: Policy, task: ReleaseTask, report: Release) -> bool:
    """Whether the policy wants a person's eyes on this file, and nobody is known to have seen all of it as it is."""
    wanted = policy.eyes is Eyes.ALL or (policy.eyes is Eyes.SAMPLE and task.in_sample)
    ledger = task.ledger
    if ledger is not None:
        # Rectangles and what an engine saw are matters of the plan; here only a person's eyes count.
        alone = replace(ledger, rectangles=0, looks=())
        with open_instance(task.reference) as instance:
            instance.scan_frames()
            content = content_of(task.reference)
            found = clear(instance, content, alone, _options(policy), AcceptedText.NONE)
        if not found.reasons:
            report.seen_by = (*report.seen_by, "person")
            return False
        if wanted:
            _hold(report, Why.EYES, *found.reasons)
            return True
        return False
    if wanted:
        _hold(report, Why.EYES, "there is no database that says who saw it")
    return wanted


def _by_redaction(redacted: RedactionReport, report: Release) -> bool:
    result = redacted.result
    if result.outcome in {Outcome.DONE, Outcome.COPIED} and not redacted.partly:
        return False
    if result.outcome is Outcome.FAILED:
        why = Why.NOT_PROVED
    else:
        why = Why.NOT_LOOKED_AT if result.outcome is Outcome.PARTLY or redacted.partly else Why.REFUSED
    if redacted.output is not None:
        with suppress(OSError):
            Path(str(redacted.output)).unlink(missing_ok=True)
    _hold(report, why, *result.reasons)
    return True


# --- what is blacked ------------------------------------------------------------------------------------------------

Places = dict[PlaneAddress, list[Finding]]


def _parted(policy: Policy, reading: FileReading) -> tuple[Places, Places]:
    """The places of text that the policy blacks, and those that it keeps."""
    blacked: Places = {}
    kept: Places = {}
    for plane in reading.planes:
        for finding in plane.findings:
            side = blacked if finding.judgement.verdict in policy.black or finding.is_form else kept
            side.setdefault(plane.address, []).append(finding)
    return blacked, kept


def _options(policy: Policy) -> RedactionOptions:
    return RedactionOptions(
        overlays=policy.overlays, icons=policy.icons, private=policy.private,
        remove_high_bits=policy.remove_high_bits, uids_of=NewUids.STUDY,
    )  # fmt: skip


def _redact(job: ReleaseJob, task: ReleaseTask, reading: FileReading, blacked: Places, staged: Path) -> RedactionReport:
    policy = job.policy
    requests = [
        Request(one.box, address, Origin.OCR, f"text found by {one.engine.label}: {one.judgement.verdict.name.lower()}")
        for address, findings in blacked.items()
        for one in findings
    ]
    asked = replace(
        task.asked,
        reference=task.reference,
        requests=(*(task.asked.requests if policy.marks else ()), *requests),
        # This very run has looked at every plane of it.
        ledger=Ledger(looks=(_look(reading, content_of(task.reference).digest),)),
        undone=None,
    )
    redaction = RedactionJob(
        Naming(exact=staged, mixed=True, overwrite=True),
        _options(policy),
        rules=job.rules if policy.rules else (),
        ultrasound=policy.ultrasound,
        uid_key=job.uid_key,
        copy_clean=True,
        accepted=AcceptedText.NONE if Verdict.HARMLESS in policy.black else AcceptedText.HARMLESS,
    )
    return redact_file(redaction, asked)


def _look(reading: FileReading, digest: str) -> Look:
    return Look(
        OcrEngine.LINES, Outcome.DONE, complete=True, planes=len(reading.planes), places=reading.boxes,
        worst=_worst_kept(reading), digest=digest,
    )  # fmt: skip


def _worst_kept(reading: FileReading) -> Verdict | None:
    """With places to black there is no copy; where there are none, what is left is kept by the policy."""
    return None if reading.verdict is None else Verdict.HARMLESS


# --- after the proof ------------------------------------------------------------------------------------------------


def _note(key: bytes, redacted: RedactionReport, report: Release) -> None:
    record = redacted.proof or {}
    report.proof_digest = _digest_of(key, record.get("digest"))
    rectangles = record.get("rectangles", [])
    report.sources.update(str(one["source"]) for one in rectangles)
    report.removals = len(record.get("left_out", ()))
    plan: dict[str, Any] = {"options": record.get("options"), "rectangles": rectangles}
    report.plan_digest = _digest_of(key, plan)
    report.missed = _missed(rectangles)
    is_unchanged = not rectangles and not report.removals
    report.ending, report.why = (Ending.UNCHANGED if is_unchanged else Ending.RELEASED), None


def _missed(rectangles: list[dict[str, Any]]) -> int:
    """How many rectangles of people the machine did not see: what a drawn sample is counted by."""
    machine = [_box(one["box"]) for one in rectangles if one["source"] != Origin.STORED.value]
    people = [_box(one["box"]) for one in rectangles if one["source"] == Origin.STORED.value]
    return sum(not _is_covered(box, machine) for box in people)


def _box(edges: list[int]) -> Box:
    left, top, right, bottom = edges
    return Box(left, top, right + 1, bottom + 1)


def _digest_of(key: bytes, value: object) -> str:
    """A keyed digest: the record of a proof holds the input's name and its plain digest."""
    return hmac.new(key, json.dumps(value, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _left(job: ReleaseJob, staged: Path, redacted: RedactionReport, kept: Places) -> tuple[Places, list[str]]:
    """What is still to be seen on the output, outside of what is black and of what the policy keeps; and in words what
    could not be looked at."""
    reading = read_file(replace(job.look, read=False), reference_to(str(staged)))
    found: Places = {}
    for plane in reading.planes:
        areas = [*_black_areas(redacted, plane), *(one.box for one in kept.get(plane.address, ()))]
        left = [one for one in plane.findings if not one.is_form and not _is_covered(one.box, areas)]
        if left:
            found[plane.address] = left
    return found, [f"not looked at: {reason}" for reason in reading.result.reasons]


def _black_areas(redacted: RedactionReport, plane: PlaneReading) -> Iterator[Box]:
    for one in (redacted.proof or {}).get("planes", ()):
        if one.get("plane") == plane.address.key:
            yield from map(_box, (*one.get("asked", ()), *one.get("changed", ())))


def _is_covered(box: Box, areas: list[Box]) -> bool:
    parts = [part for area in areas if (part := area.intersection(box)) is not None]
    return covered_area(parts) >= _COVERED * box.area


def _name(report: Release, before: Reference, staged: Path) -> None:
    """The name among the outputs, made of the new UIDs alone."""
    with open_instance(reference_to(str(staged))) as instance:
        facts = instance.facts
    new = (facts.sop_instance_uid, facts.series_uid, facts.study_uid)
    with open_instance(before) as instance:
        facts = instance.facts
    old = (facts.sop_instance_uid, facts.series_uid, facts.study_uid)
    if not new[0] or any(a and a == b for a, b in zip(old, new, strict=True)):
        _hold(report, Why.NO_UID)
        return
    instance_uid, series, study = (uid or "none" for uid in new)
    report.place = f"{study}/{series}/{instance_uid}.dcm"
    report.uids = tuple((a, b) for a, b in zip(old, new, strict=True) if a and b)
    report.output_digest = content_of(reference_to(str(staged))).digest.removeprefix("sha256:")
