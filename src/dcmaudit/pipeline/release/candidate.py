"""One input on its whole way: opened, looked at, judged, decided by the policy, redacted, proved, looked at again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import FileReading, Origin, Outcome, Reference, Verdict
from dcmaudit.model.counts import counted
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import Look
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.clearance import AcceptedText, Ledger
from dcmaudit.pipeline.content import content_of
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport
from dcmaudit.pipeline.ocr import read_file
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.redaction import redact_file
from dcmaudit.pipeline.release.ending import Ending, Release, Unfound, Why
from dcmaudit.pipeline.release.pictures import pictures_of, section
from dcmaudit.pipeline.release.places import Places, left_places, missed_by_machine, parted
from dcmaudit.pipeline.release.reasons import by_eyes, by_header, by_reading, by_redaction, by_state
from dcmaudit.pipeline.release.task import ReleaseJob, ReleaseTask
from dcmaudit.sources import reference_to

_ROUNDS = 8
"""So often what is left is blacked, too, before the file is held back: dense screens show their last letters late."""


def release_file(job: ReleaseJob, task: ReleaseTask | Unfound) -> Release:
    """The whole way of one input; never raises for anything that an input can cause. Whatever is not known to be
    right holds the file back."""
    if isinstance(task, Unfound):
        return Release(task.name, Ending.FAILED, Why.UNREADABLE, (task.reason,))
    report = Release(task.reference.name, Ending.FAILED, Why.UNREADABLE, is_in_sample=task.in_sample)
    try:
        report.input_digest = _keyed(job.record_key, task.reference)
        _decide(job, task, report)
        # Opened several times on its way: what was looked at must be what was redacted.
        if report.ending.is_released and _keyed(job.record_key, task.reference) != report.input_digest:
            report.hold(Why.CHANGED)
    except DcmauditError as error:
        report.fail(Why.UNREADABLE, error.words)
    except (OSError, MemoryError) as error:
        report.fail(Why.UNREADABLE, getattr(error, "strerror", None) or "there is not enough memory")
    if not report.ending.is_released and report.staged is not None:
        with suppress(OSError):
            report.staged.unlink(missing_ok=True)
        report.staged = None
    return report


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
        held = by_header(job, instance, report) or by_state(policy, task, report)
    # Before the engine, which takes the time.
    if held:
        return
    reading = read_file(job.look, task.reference)
    report.planes = len(reading.planes)
    if by_reading(policy, reading, report):
        return
    report.seen_by = ("detector",)
    report.looks["detector"] = report.planes
    report.verdicts.update(one.judgement.verdict.name.lower() for plane in reading.planes for one in plane.findings)
    if by_eyes(job, task, report):
        return
    # Until it is known, all that people marked counts as missed: it may be held back before.
    report.missed = sum(one.origin is Origin.STORED for one in task.asked.requests) if policy.marks else 0
    blacked, kept = parted(policy, reading)
    report.found.update(kept=sum(map(len, kept.values())))
    # Named by the keyed digest and the place among the inputs: neither two of one name nor two of the same bytes, on
    # which two processes work at once, meet there, and no name of the house gets into OUT.
    staged = job.staging / f"{report.input_digest[:32]}-{task.position}.dcm"
    for turn in range(_ROUNDS):
        report.found.update({"blacked": sum(map(len, blacked.values())) - report.found["blacked"]})
        redacted = _redact(job, task, reading, blacked, staged, is_seen="person" in report.seen_by)
        if by_redaction(redacted, report):
            return
        report.staged = staged
        _note(job.record_key, redacted, report)
        if turn == 0:  # what is seen later around a person's black rectangle was not seen in the original
            report.missed = _missed(task.reference, redacted)
        left, unseen = left_places(job, staged, redacted, kept)
        if unseen or not left:
            break
        # Beside bright letters others are not seen until those are black. They count as text that nobody could judge.
        for address, findings in left.items():
            blacked.setdefault(address, []).extend(findings)
    if unseen or left:
        report.hold(
            Why.TEXT_LEFT, *unseen, *(f"{address.key}: {counted(len(one), 'place')}" for address, one in left.items())
        )
        return
    _name(report, task.reference, staged)
    touched = [one["plane"] for one in (redacted.proof or {}).get("planes", ()) if one.get("changed")]
    if touched and report.place is not None:
        pictures = pictures_of(task.reference, reference_to(str(staged)), touched)
        report.section = section(report.name, report.place, pictures, len(touched))


def _redact(
    job: ReleaseJob, task: ReleaseTask, reading: FileReading, blacked: Places, staged: Path, *, is_seen: bool
) -> RedactionReport:
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
        job.options(is_seen=is_seen),
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


def _note(key: bytes, redacted: RedactionReport, report: Release) -> None:
    record = redacted.proof or {}
    report.uids = tuple(sorted(redacted.uids.items()))
    # Not under which name the input was found: a copy of it elsewhere gives the same chain.
    proved = {name: value for name, value in record.items() if name not in {"file", "digest", "made"}}
    report.proof_digest = _digest_of(key, proved)
    rectangles = record.get("rectangles", [])
    report.sources = Counter(str(one["source"]) for one in rectangles)
    report.removals = len(record.get("left_out", ()))
    plan: dict[str, Any] = {"options": record.get("options"), "rectangles": rectangles}
    report.plan_digest = _digest_of(key, plan)
    is_unchanged = not rectangles and not report.removals
    report.ending, report.why = (Ending.UNCHANGED if is_unchanged else Ending.RELEASED), None


def _missed(before: Reference, redacted: RedactionReport) -> int:
    rectangles = (redacted.proof or {}).get("rectangles", [])
    if all(one["source"] != Origin.STORED.value for one in rectangles):
        return 0
    with open_instance(before) as instance:
        instance.scan_frames()
        return missed_by_machine(rectangles, instance.planes.groups)


def _digest_of(key: bytes, value: object) -> str:
    """A keyed digest: the record of a proof holds the input's plain digest."""
    return hmac.new(key, json.dumps(value, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _name(report: Release, before: Reference, staged: Path) -> None:
    """The name among the outputs, made of the new UIDs alone."""
    with open_instance(reference_to(str(staged))) as instance:
        facts = instance.facts
    new = (facts.sop_instance_uid, facts.series_uid, facts.study_uid)
    with open_instance(before) as instance:
        facts = instance.facts
    old = (facts.sop_instance_uid, facts.series_uid, facts.study_uid)
    # A UID that stayed the same would lead from the output back to the original.
    if not new[0] or any(a and a == b for a, b in zip(old, new, strict=True)):
        report.hold(Why.NO_UID)
        return
    instance_uid, series, study = (uid or "none" for uid in new)
    report.place = f"{study}/{series}/{instance_uid}.dcm"
    report.output_digest = content_of(reference_to(str(staged))).digest.removeprefix("sha256:")
