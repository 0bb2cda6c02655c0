"""One file redacted and proved, from its requests to its output; batches call it in every worker."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from dcmaudit.detect.rules import Suggestions, suggest_by_rules
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.errors import DcmauditError, ProofError, SourceError, UsageError
from dcmaudit.model import Outcome, PlaneGroup, PlaneKind, Reference, Region, Result, Size, UnshownKind
from dcmaudit.model.proof import Proof, TextCheck
from dcmaudit.model.redaction import (
    IconPolicy,
    OverlayPolicy,
    PlanProblem,
    RedactionOptions,
    RedactionPlan,
    Removal,
    Request,
)
from dcmaudit.model.screen import Screen
from dcmaudit.pipeline import workers
from dcmaudit.pipeline.clearance import AcceptedText, Ledger
from dcmaudit.pipeline.content import instance_key
from dcmaudit.pipeline.copies import Copy, copy_of
from dcmaudit.pipeline.description import describe, sidecar_of
from dcmaudit.pipeline.output import Draft, Naming, draft, is_input, require_free
from dcmaudit.pipeline.painter import BlackPainter
from dcmaudit.pipeline.remote import Target
from dcmaudit.pipeline.residual import with_text_check
from dcmaudit.pipeline.rules import rules_of
from dcmaudit.pipeline.screened import WAYS_OUT, not_in_plan, perhaps_shown
from dcmaudit.pipeline.sidefiles import RECORD, WORD, SideFiles, differs, record_of
from dcmaudit.redact import Written, make_plan, write_redacted
from dcmaudit.sources import reference_to
from dcmaudit.verify import prove

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class RedactionJob:
    """What all files of a batch have in common.

    ``rules`` are files of deid rules or CTP scripts, () for none. ``uid_key`` is the secret of the run from which
    new SOP Instance UIDs are made, None to keep them. ``copy_clean``: a file for which nothing is asked is copied
    as it is, where it is known that every plane was looked at; by an engine, where it found no text beyond
    ``accepted``. ``check_text``: every plane of what was written is looked at for text that is left.
    ``allow_unstored``: what a reviewer's screen showed black and is not in the plan is no reason to refuse a file.
    ``reviewer_rules``: the files of rules that a reviewer's screen shows black by default, for files of which no record
    says what was black.
    ``keeps_record``: the caller keeps the record of the proof, which then names both files by their digests; side files
    always do.
    ``threads``: how many frames of one file may be compared at once, where nobody else works in this process's stead.
    ``resume``: an output that is there without its side files is proved again and gets them. ``user`` is noted in
    records.
    """

    naming: Naming
    options: RedactionOptions = field(default_factory=RedactionOptions)
    rules: tuple[str, ...] = ()
    ultrasound: bool = False
    uid_key: bytes | None = None
    sidecar: bool = False
    proof_file: bool = False
    copy_clean: bool = False
    accepted: AcceptedText = AcceptedText.NONE
    dry_run: bool = False
    check_text: bool = False
    allow_unstored: bool = False
    reviewer_rules: tuple[str, ...] = ()
    keeps_record: bool = True
    threads: int = 1
    resume: bool = False
    user: str = ""

    @property
    def sides(self) -> SideFiles:
        """The files that are to lie beside each output."""
        wanted = {WORD: self.sidecar, RECORD: self.proof_file}
        return SideFiles(tuple(suffix for suffix, is_wanted in wanted.items() if is_wanted))


@dataclass(frozen=True, slots=True)
class RedactionTask:
    """One file: its reference, what was asked for it, and what is wrong with what was asked.

    ``ledger`` is what the database knows of looks at it; None where nobody asked, or there is no database. ``undone``
    is why the file may not be redacted by the database; a copy, of which something else is asked, may be made.
    ``screen`` is what a reviewer's screen showed black when the file was finished; None where nobody knows, and
    ``is_unrecorded`` says that it was finished all the same, by an earlier version or another program.
    """

    reference: Reference
    requests: tuple[Request, ...] = ()
    problems: tuple[str, ...] = ()
    ledger: Ledger | None = None
    undone: str | None = None
    screen: Screen | None = None
    notes: tuple[str, ...] = ()
    """What has to be said of the file whatever becomes of it."""
    is_unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class RedactionReport:
    """How one file ended. ``output`` exists only where the proof passed; ``plan`` lines are for people."""

    result: Result
    output: Target | None = None
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proof: dict[str, Any] | None = None
    partly: bool = False
    """The file holds parts that nobody could look at, whatever its outcome."""
    instance: bytes | None = None
    """What tells two files of one instance, ``instance_key``."""


@dataclass(frozen=True, slots=True)
class _DraftReference:
    """A file without a name, read again from disk."""

    name: str
    path: Path

    def open(self) -> BinaryIO:
        return self.path.open("rb")


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
        with open_instance(task.reference) as instance:
            return replace(_redact(job, task, instance), instance=instance_key(instance.sop_instance_uid))
    except DcmauditError as error:
        hint = f" ({error.hint})" if error.hint else ""
        outcome = Outcome.FAILED if isinstance(error, (ProofError, SourceError)) else Outcome.REFUSED
        return RedactionReport(Result(name, outcome, (f"{error.message}{hint}",)))
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "there is not enough memory"
        return RedactionReport(Result(name, Outcome.FAILED, (reason,)))


def _redact(job: RedactionJob, task: RedactionTask, instance: Instance) -> RedactionReport:
    plan, notes = plan_for(job, task, instance)
    lines = tuple(describe(plan))
    if plan.problems:
        reasons = tuple(map(str, plan.problems))
        return RedactionReport(Result(plan.name, Outcome.REFUSED, reasons), plan=lines, notes=tuple(notes))
    copy: Copy | None = None
    if job.copy_clean and plan.is_empty:
        copy = copy_of(instance, task.ledger, job.options, job.accepted, is_exact=_stays(job, plan))
        if copy.clearance.reasons:
            return RedactionReport(Result(plan.name, Outcome.REFUSED, copy.clearance.reasons), plan=lines)
    whole = Outcome.COPIED if copy is not None and copy.is_exact else Outcome.DONE
    output = _write(job, task.reference, instance, plan, copy)
    unseen = tuple(f"not audited: {name}: {reason}" for name, reason in output.unshown)
    result = Result(plan.name, Outcome.PARTLY if unseen else whole, unseen)
    result = result if output.proof.text is None else _after_look(result, output.proof.text)
    lines = (*lines, *(f"left out: {removal}" for removal in output.removals))
    notes = [*notes, *output.notes]
    if job.dry_run:
        told = (*lines, f"output: {output.target}")
        return RedactionReport(result, plan=told, notes=tuple(notes), partly=output.partly)
    notes += _told(output.removals)
    return RedactionReport(result, output.target, lines, tuple(notes), output.record, partly=output.partly)


def _told(removals: tuple[Removal, ...], most: int = 8) -> list[str]:
    """What was left out, in notes; all of it is in the record and in the plan's lines."""
    notes = [f"left out: {removal}" for removal in removals[:most]]
    left = len(removals) - most
    return [*notes, f"left out: {left} more (--json and --proof name all)"] if left > 0 else notes


def _stays(job: RedactionJob, plan: RedactionPlan) -> bool:
    """Whether nothing of the file changes, so that its output is a copy."""
    return job.uid_key is None and plan.is_empty and not changes_anything(job.options)


BEHIND_OVERLAY = ", behind its last frame"
"""How the names of unshown parts end that stand behind the frames of an overlay."""
_LEFT_OUT = frozenset({
    UnshownKind.PRIVATE, UnshownKind.ELEMENT, UnshownKind.CODESTREAM, UnshownKind.THUMBNAIL, UnshownKind.FILE_END,
})  # fmt: skip
"""Kinds of unshown parts of which most are left out where something is blacked."""


def _place(job: RedactionJob, reference: Reference, *, partly: bool, is_final: bool = True) -> Target:
    """The name that the output gets; UsageError where it, or the other one that it could have, is taken.

    Not ``is_final``: the output may still get the other name.
    """
    chosen = job.naming.path_for(reference, partly=partly)
    for place in job.naming.places_for(reference):
        if is_input(place, reference):
            raise UsageError(f"its output {place} is the input itself: inputs are never replaced")
        if place == chosen:
            require_free(place, overwrite=job.naming.overwrite)
        elif place.exists() and (is_final or not job.naming.overwrite):
            # Of one input there is one output: an older one in the other folder would pass for the present one.
            raise UsageError(f"an output of it lies at {place}, where it no longer belongs", hint="take it away first")
    return chosen


def _half_done(job: RedactionJob, reference: Reference) -> Target | None:
    """The output that is there, where a run that goes on with another one has only to make its side files."""
    places = job.naming.places_for(reference) if job.resume else ()
    return next((each for each in places if each.exists() and job.sides.missing(each)), None)


@dataclass(frozen=True, slots=True)
class _Output:
    """What was written and proved; ``unshown`` are names and reasons of what of it nobody can look at."""

    target: Target
    proof: Proof
    notes: list[str]
    record: dict[str, Any]
    partly: bool
    unshown: tuple[tuple[str, str], ...]
    removals: tuple[Removal, ...]


def _after_look(result: Result, text: TextCheck) -> Result:
    """The outcome once the written planes were looked at for text: what is left outweighs what could not be seen."""
    if text.is_clear:
        return result
    left = tuple(str(one) for one in text.left)
    unseen = tuple(f"not looked at for text: {reason}" for reason in text.unseen)
    return Result(result.name, Outcome.TEXT_LEFT if left else Outcome.PARTLY, (*left, *result.reasons, *unseen))


def _write(
    job: RedactionJob, reference: Reference, instance: Instance, plan: RedactionPlan, copy: Copy | None
) -> _Output:
    """Write, prove and name the output and what goes beside it; in a dry run everything but name it.

    So a dry run promises nothing that the run refuses.
    """
    unshown_before = [group for group in plan.listing.groups if group.kind is PlaneKind.UNSHOWN]
    # What is left of it is known once the output is there: then it may have to move.
    expected = any(not (plan.blacks and group.unshown in _LEFT_OUT) for group in unshown_before)
    there, overwrite = _half_done(job, reference), job.naming.overwrite
    target = there or _room(job, reference, partly=expected, is_final=False)
    is_new = there is None and not job.dry_run
    unnamed = target if is_new else Path(tempfile.gettempdir()) / f"dcmaudit-{uuid.uuid4()}"
    with draft(unnamed, overwrite=overwrite) as unfinished, ExitStack() as again:
        filled = _fill(job, reference, instance, plan, unfinished.stream)
        unfinished.sync() if is_new else unfinished.stream.flush()
        written = _DraftReference(plan.name, unfinished.path) if there is None else reference_to(str(there))
        if copy is not None:
            copy.require_same(reference, written)
        proof, final = _proof(job, reference, written, plan, there), unfinished
        unshown = _unshown(written) if unshown_before else ()
        partly = bool(unshown) or (proof.text is not None and bool(proof.text.unseen))
        target = there or _room(job, reference, partly=partly)
        if partly != expected and is_new:
            final = again.enter_context(_drafted_again(unfinished, target, overwrite=overwrite))
        record = _record(job, proof, plan, copy, filled)
        content = {WORD: sidecar_of(plan, proof), RECORD: record}
        if is_new:
            job.sides.keep(final, target, content, overwrite=overwrite)
        elif there is not None and not job.dry_run:
            job.sides.complete(there, content)
    again_proved = [] if there is None else ["its output was there and was proved again, and got its side files"]
    return _Output(target, proof, [*filled.notes, *again_proved], record, partly, unshown, filled.removals)


def _room(job: RedactionJob, reference: Reference, *, partly: bool, is_final: bool = True) -> Target:
    """The name that the output gets, where there is room for it and for what goes beside it; UsageError where not."""
    target = _place(job, reference, partly=partly, is_final=is_final)
    job.sides.require_room(target, overwrite=job.naming.overwrite, clear=not job.dry_run)
    return target


def _unshown(written: Reference) -> tuple[tuple[str, str], ...]:
    """Names and reasons of what of the written file nobody can look at."""
    with open_instance(written) as instance:
        groups = instance.scan_frames().groups
        return tuple((group.name, group.reason or "") for group in groups if group.kind is PlaneKind.UNSHOWN)


def _record(job: RedactionJob, proof: Proof, plan: RedactionPlan, copy: Copy | None, filled: Written) -> dict[str, Any]:
    run = {
        "rules": [Path(rule).name for rule in job.rules],
        "ultrasound": job.ultrasound,
        "new_uids": job.uid_key is not None,
        "copy_clean": job.copy_clean,
    }
    proved = proof.record() | {"left_out": list(map(str, filled.removals))} | ({} if copy is None else copy.record())
    return record_of(proved, plan, run, job.user)


def _proof(
    job: RedactionJob, reference: Reference, written: Reference, plan: RedactionPlan, there: Target | None
) -> Proof:
    """The proof of the written file, or of the output that is ``there``; ProofError, or UsageError, where it failed."""
    proof = prove(
        reference,
        written,
        plan,
        new_uids=job.uid_key is not None,
        digests=job.keeps_record or bool(job.sides.suffixes),
        threads=1 if workers.is_one_of_many() else job.threads,
    )
    if not proof.passed:
        if there is not None:
            raise differs(there, _first(proof))
        raise ProofError("the written file did not pass its proof and was dropped: " + _first(proof))
    return with_text_check(proof, written) if job.check_text else proof


@contextmanager
def _drafted_again(unfinished: Draft, target: Target, *, overwrite: bool) -> Iterator[Draft]:
    """The same bytes in a draft of another place."""
    with draft(target, overwrite=overwrite) as other, unfinished.path.open("rb") as source:
        shutil.copyfileobj(source, other.stream, _CHUNK)
        other.sync()
        yield other


def _fill(job: RedactionJob, reference: Reference, instance: Instance, plan: RedactionPlan, out: BinaryIO) -> Written:
    if _stays(job, plan):
        with reference.open() as original:
            shutil.copyfileobj(original, out, _CHUNK)
        note = "nothing is asked for it and all of it was looked at, so it was copied as it is"
        return Written(instance.parts.header.syntax.uid, [note])
    new_uid = uid_maker(job.uid_key) if job.uid_key else None
    return write_redacted(instance, plan, out, BlackPainter(), new_uid=new_uid)


def plan_for(job: RedactionJob, task: RedactionTask, instance: Instance) -> tuple[RedactionPlan, list[str]]:
    """The plan for an open file, and remarks.

    Rules and ultrasound regions are looked up in the file's header and join what was asked. What was wrong with the
    requests, and pixels that cannot be seen, are problems of the plan.
    """
    planes = instance.scan_frames()
    requests, problems, notes = _from_header(job, instance)
    plan = make_plan(instance.reference.name, planes, [*task.requests, *requests], job.options)
    is_copy = job.copy_clean and plan.is_empty and not (task.ledger and task.ledger.rectangles)
    wrong = [*task.problems, *([task.undone] if task.undone and not is_copy else [])]
    found = [*plan.problems, *(PlanProblem("request", text) for text in wrong), *problems]
    uncovered = not_in_plan(task.screen, plan)
    if task.is_unrecorded and job.reviewer_rules:
        uncovered += perhaps_shown(instance, job.reviewer_rules, plan)
    if job.allow_unstored:
        notes += [f"{one}; left as it is, as asked" for one in uncovered]
    else:
        found += [PlanProblem(one.where, f"{one.text} ({WAYS_OUT})") for one in uncovered]
    found += [
        PlanProblem(group.name, f"it cannot be looked at: {group.reason}{_way_out(group.unshown)}")
        for group in planes.groups
        if group.unshown is not None and group.unshown.hides_pixels and not _goes(group, plan, instance)
        and not (job.copy_clean and group.unshown is UnshownKind.NO_PIXELS)
    ]  # fmt: skip
    if not found and plan.is_empty and not changes_anything(job.options) and not job.copy_clean:
        found.append(
            PlanProblem(
                "the whole file",
                "nothing is asked for it; --copy-clean copies such files where all of it was looked at",
            )
        )
    return replace(plan, problems=tuple(found)), [*task.notes, *notes, *plan.notes]


def _goes(group: PlaneGroup, plan: RedactionPlan, instance: Instance) -> bool:
    """Whether an unshown part of the file is not in what will be written."""
    if plan.blacks and (group.reason == instance.parts.header.behind or group.name.endswith(BEHIND_OVERLAY)):
        return True
    return group.unshown is not None and _is_removed(group.unshown, plan.options)


def changes_anything(options: RedactionOptions) -> bool:
    """Whether the options alone, without any rectangle, ask for something."""
    return (
        options.overlays is OverlayPolicy.REMOVE
        or options.icons is IconPolicy.REMOVE
        or options.remove_high_bits
        or options.remove_private_bulk
        or options.assert_clean
    )


def _is_removed(kind: UnshownKind, options: RedactionOptions) -> bool:
    """Whether an unshown part of that kind goes with the overlays or icons that are removed."""
    return (kind is UnshownKind.OVERLAY and options.overlays is OverlayPolicy.REMOVE) or (
        kind is UnshownKind.ICON and options.icons is IconPolicy.REMOVE
    )


def _way_out(kind: UnshownKind) -> str:
    """The option that takes out what cannot be looked at, where there is one."""
    if kind is UnshownKind.OVERLAY:
        return " (--overlays remove takes it out)"
    return " (--icons remove takes it out)" if kind is UnshownKind.ICON else ""


def _denials(found: Suggestions | None) -> list[PlanProblem]:
    """The rules that deny the whole file: whoever wrote them meant that it is not released."""
    rules = found.denials if found is not None else ()
    return [
        PlanProblem("deid rules", f"the rule {rule.name} of %filter {rule.group} denies the file") for rule in rules
    ]


def _from_header(job: RedactionJob, instance: Instance) -> tuple[list[Request], list[PlanProblem], list[str]]:
    if not (job.rules or job.ultrasound):
        return [], [], []
    device = instance.facts.device
    header = header_view(instance)
    if not device.rows or not device.columns:  # no place for a rectangle, but a rule may deny the file all the same
        matched = suggest_by_rules(rules_of(job.rules), header, Size(1, 1)) if job.rules else None
        return [], _denials(matched), []
    size = Size(device.columns, device.rows)
    regions: list[Region] = []
    problems: list[PlanProblem] = []
    notes: list[str] = []
    if job.rules:
        suggestions = suggest_by_rules(rules_of(job.rules), header, size)
        regions += suggestions.regions
        problems += _denials(suggestions)
        where = "deid rules"
        if not suggestions.regions:
            notes.append("no deid rule asks for anything in it")
        if suggestions.is_complete:
            notes += [f"{where}: {problem.message}" for problem in suggestions.problems]
        else:
            problems += [PlanProblem(where, problem.message) for problem in suggestions.problems]
    if job.ultrasound:
        found = ultrasound_regions(header, size)
        regions += found.regions
        if not found.regions:
            notes.append("its header names no ultrasound region" if not found.present else
                         "its ultrasound regions leave nothing to black out")  # fmt: skip
        if found.is_complete:
            notes += [f"ultrasound regions: {problem.message}" for problem in found.problems]
        else:
            problems += [PlanProblem("ultrasound regions", problem.message) for problem in found.problems]
    requests = [Request(region.box, region.scope, region.origin, region.reason) for region in regions]
    return requests, problems, notes


def uid_maker(key: bytes) -> Callable[[str], str]:
    """New UIDs for old ones: the same for the same key, and not to be led back without it (PS3.5 B.2)."""

    def new_uid(old: str) -> str:
        digest = hmac.digest(key, old.encode(), hashlib.sha256)[:16]
        return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"

    return new_uid


def _first(proof: Proof, most: int = 3) -> str:
    shown = "; ".join(map(str, proof.findings[:most]))
    left = len(proof.findings) - most
    return f"{shown}; and {left} more" if left > 0 else shown
