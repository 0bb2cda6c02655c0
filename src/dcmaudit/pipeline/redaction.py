"""One file redacted and proved, from its requests to its output; batches call it in every worker."""

from __future__ import annotations

import errno
from dataclasses import replace

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import DcmauditError, ProofError, SourceError
from dcmaudit.model import Outcome, Result
from dcmaudit.model.proof import TextCheck
from dcmaudit.model.redaction import Removal
from dcmaudit.pipeline.asked import Stamp, input_stamp, lies, seal_of
from dcmaudit.pipeline.content import instance_key
from dcmaudit.pipeline.copies import Copy, copy_of
from dcmaudit.pipeline.delivery import deliver, stays_as_it_is
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport, RedactionTask
from dcmaudit.pipeline.plans import plan_for
from dcmaudit.pipeline.remote import Target
from dcmaudit.report.redaction_lines import Telling, ToldRedaction
from dcmaudit.report.redactions import plan_lines


def redact_file(job: RedactionJob, task: RedactionTask) -> RedactionReport:
    """Redact one file and prove it; no output exists unless the proof passed.

    Never raises for anything that an input can cause. DONE: written and proved. COPIED: nothing was asked and every
    plane was looked at, so it was copied. PARTLY: written and proved, but the
    file holds parts that nobody could look at. TEXT_LEFT: written and proved, but text is seen on it. REFUSED: the
    plan, the file's encoding or the output's name does not allow it. FAILED: the file cannot be read, or the proof
    failed.
    """
    name = task.reference.name
    try:
        # Before a byte of it is read: an input that is replaced meanwhile has another one then.
        before = input_stamp(task.reference) if job.asked else None
        with open_instance(task.reference) as instance:
            report = _redact(job, task, instance)
            key = instance_key(instance.sop_instance_uid)
            return replace(report, instance=key, seal=_seal(job, task, before, report.output))
    except DcmauditError as error:
        # Refused: the file or what was asked is such that it cannot be done. Failed: it could go well another time.
        outcome = Outcome.FAILED if isinstance(error, (ProofError, SourceError)) else Outcome.REFUSED
        return RedactionReport(Result(name, outcome, (error.words,)))
    except (OSError, MemoryError) as error:
        return RedactionReport(Result(name, Outcome.FAILED, (_what_was_missing(error),)))


def _seal(job: RedactionJob, task: RedactionTask, before: Stamp | None, output: Target | None) -> bytes:
    """What a run that goes on knows the output by; empty where it has to be proved again."""
    # Of an input without a stamp nobody could tell whether it is the same one then.
    if not job.asked or output is None or before is None:
        return b""
    try:
        there = lies(output)
    except SourceError:  # it is written and proved: that nobody can ask for it now costs another proof, no more
        return b""
    return b"" if there is None else seal_of(job.asked, task, before, output, there)


def redact_and_tell(job: RedactionJob, telling: Telling, task: RedactionTask) -> ToldRedaction:
    """``redact_file``, and what is said of it."""
    report = redact_file(job, task)
    return telling.of(report, report.instance, report.seal)


def _what_was_missing(error: OSError | MemoryError) -> str:
    """What the system did not give, and what to do about it."""
    if isinstance(error, MemoryError):
        return "there is not enough memory (fewer processes need less: -j)"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no room for its output: {error.strerror} (make room there, or name another folder with -o)"
    return error.strerror or type(error).__name__


def _redact(job: RedactionJob, task: RedactionTask, instance: Instance) -> RedactionReport:
    plan, notes = plan_for(job, task, instance)
    lines = tuple(plan_lines(plan))
    if plan.problems:
        reasons = tuple(map(str, plan.problems))
        return RedactionReport(Result(plan.name, Outcome.REFUSED, reasons), plan=lines, notes=tuple(notes))
    copy: Copy | None = None
    if job.copy_clean and plan.is_empty:
        copy = copy_of(instance, task.ledger, job.options, job.accepted, is_exact=stays_as_it_is(job, plan))
        if copy.clearance.reasons:
            return RedactionReport(Result(plan.name, Outcome.REFUSED, copy.clearance.reasons), plan=lines)
    whole = Outcome.COPIED if copy is not None and copy.is_exact else Outcome.DONE
    output = deliver(job, task.reference, instance, plan, copy)
    unseen = tuple(f"not audited: {name}: {reason}" for name, reason in output.unshown)
    result = Result(plan.name, Outcome.PARTLY if unseen else whole, unseen)
    result = result if output.proof.text is None else _after_look(result, output.proof.text)
    lines = (*lines, *(f"left out: {removal}" for removal in output.removals))
    notes = [*notes, *output.notes]
    if job.dry_run:
        told = (*lines, f"output: {output.target}")
        return RedactionReport(result, plan=told, notes=tuple(notes), partly=output.partly)
    notes += _told(output.removals)
    return RedactionReport(result, output.target, lines, tuple(notes), output.record, partly=output.partly,
                           uids=output.uids)  # fmt: skip


def _told(removals: tuple[Removal, ...], most: int = 8) -> list[str]:
    """What was left out, in notes; all of it is in the record and in the plan's lines."""
    notes = [f"left out: {removal}" for removal in removals[:most]]
    left = len(removals) - most
    return [*notes, f"left out: {left} more (--json and --proof name all)"] if left > 0 else notes


def _after_look(result: Result, text: TextCheck) -> Result:
    """The outcome once the written planes were looked at for text: what is left outweighs what could not be seen."""
    if text.is_clear:
        return result
    left = tuple(str(one) for one in text.left)
    unseen = tuple(f"not looked at for text: {reason}" for reason in text.unseen)
    return Result(result.name, Outcome.TEXT_LEFT if left else Outcome.PARTLY, (*left, *result.reasons, *unseen))
