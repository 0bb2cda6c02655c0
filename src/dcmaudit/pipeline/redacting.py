"""One file redacted and proved, from its requests to its output; batches call it in every worker."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from dcmaudit.detect.rules import suggest_by_rules
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.dicom.header_view import header_view
from dcmaudit.dicom.unshown import hides_pixels
from dcmaudit.dicom.write import rehearse, write_redacted
from dcmaudit.errors import DcmauditError, ProofError, SourceError, UsageError
from dcmaudit.model import Outcome, PlaneKind, Reference, Region, Result, Size
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PlanProblem, RedactionOptions, RedactionPlan, Request
from dcmaudit.pipeline import workers
from dcmaudit.pipeline.holding import hold
from dcmaudit.pipeline.output import Naming, draft, is_input, require_free
from dcmaudit.pipeline.painter import BlackPainter
from dcmaudit.pipeline.remote import Target
from dcmaudit.pipeline.residual import with_text_check
from dcmaudit.pipeline.rules import rules_of
from dcmaudit.redact import make_plan
from dcmaudit.verify import prove

_CHUNK = 1 << 20
NO_PIXELS = "the whole instance"
"""The name of the unshown part of an instance that has no pixels at all (PS3.3 A.1.2: plans, structures)."""


@dataclass(frozen=True, slots=True)
class RedactionJob:
    """What all files of a batch have in common.

    ``rules`` are files of deid rules or CTP scripts, () for none. ``uid_key`` is the secret of the run from which
    new SOP Instance UIDs are made, None to keep them. ``copy_clean``: a file for which nothing is asked is copied
    as it is. ``check_text``: every plane of what was written is looked at for text that is left. ``keeps_record``: the
    caller keeps the record of the proof, which then names both files by their digests; side files always do.
    ``threads``: how many frames of one file may be compared at once, where nobody else works in this process's stead.
    """

    naming: Naming
    options: RedactionOptions = field(default_factory=RedactionOptions)
    rules: tuple[str, ...] = ()
    ultrasound: bool = False
    uid_key: bytes | None = None
    sidecar: bool = False
    proof_file: bool = False
    copy_clean: bool = False
    dry_run: bool = False
    check_text: bool = False
    keeps_record: bool = True
    threads: int = 1


@dataclass(frozen=True, slots=True)
class RedactionTask:
    """One file: its reference, what was asked for it, and what is wrong with what was asked."""

    reference: Reference
    requests: tuple[Request, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionReport:
    """How one file ended. ``output`` exists only where the proof passed; ``plan`` lines are for people."""

    result: Result
    output: Target | None = None
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    proof: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _DraftReference:
    """A file without a name, read again from disk."""

    name: str
    path: Path

    def open(self) -> BinaryIO:
        return self.path.open("rb")


def redact_file(job: RedactionJob, task: RedactionTask) -> RedactionReport:
    """Redact one file and prove it; no output exists unless the proof passed.

    Never raises for anything that an input can cause. DONE: written and proved. PARTLY: written and proved, but the
    file holds parts that nobody could look at. TEXT_LEFT: written and proved, but text is seen on it. REFUSED: the
    plan, the file's encoding or the output's name does not allow it. FAILED: the file cannot be read, or the proof
    failed.
    """
    name = task.reference.name
    try:
        with open_instance(task.reference) as instance:
            return _redact(job, task, instance)
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
    unshown = tuple(
        f"not audited: {group.name}: {group.reason}" for group in plan.listing.groups if group.kind is PlaneKind.UNSHOWN
    )
    result = Result(plan.name, Outcome.PARTLY if unshown else Outcome.DONE, unshown)
    target = job.naming.path_for(task.reference)
    if is_input(target, task.reference):
        raise UsageError(f"its output {target} is the input itself: inputs are never replaced")
    require_free(target, overwrite=job.naming.overwrite)
    if job.dry_run:
        # What only the encoders can tell must be in a plan too, else a plan promises what is then refused.
        written = rehearse(instance, plan, BlackPainter())
        return RedactionReport(result, plan=(*lines, f"output: {target}"), notes=(*notes, *written.notes))
    proof, more = _write(job, task.reference, instance, plan, target)
    return RedactionReport(_after_look(result, proof), target, lines, (*notes, *more), proof.record())


def _after_look(result: Result, proof: Proof) -> Result:
    """The outcome once the written planes were looked at for text: what is left outweighs what could not be seen."""
    if proof.text is None or proof.text.is_clear:
        return result
    left = tuple(str(one) for one in proof.text.left)
    unseen = tuple(f"not looked at for text: {reason}" for reason in proof.text.unseen)
    return Result(result.name, Outcome.TEXT_LEFT if left else Outcome.PARTLY, (*left, *result.reasons, *unseen))


def _write(
    job: RedactionJob, reference: Reference, instance: Instance, plan: RedactionPlan, target: Target
) -> tuple[Proof, list[str]]:
    """Write, prove and name the output and what goes beside it; the proof, and notes of the writer."""
    overwrite = job.naming.overwrite
    with draft(target, overwrite=overwrite) as unfinished, ExitStack() as beside:
        # Taken names are found before the work, and the output gets its name last: with it, everything is there.
        wanted = {".json": job.sidecar, ".proof.json": job.proof_file}
        paths = {suffix: target.with_suffix(suffix) for suffix, is_wanted in wanted.items() if is_wanted}
        sides = {suffix: beside.enter_context(draft(path, overwrite=overwrite)) for suffix, path in paths.items()}
        notes = _fill(job, reference, instance, plan, unfinished.stream)
        unfinished.sync()
        proof = prove(
            reference,
            _DraftReference(plan.name, unfinished.path),
            plan,
            new_uids=job.uid_key is not None,
            digests=job.keeps_record or bool(sides),
            threads=1 if workers.is_one_of_many() else job.threads,
        )
        if not proof.passed:
            raise ProofError("the written file did not pass its proof and was dropped: " + _first(proof))
        if job.check_text:
            proof = with_text_check(proof, _DraftReference(plan.name, unfinished.path))
        content = {".json": sidecar_of(plan, proof), ".proof.json": proof.record()}
        for suffix, side in sides.items():
            side.stream.write(json.dumps(content[suffix], indent=1).encode() + b"\n")
        named: list[Target] = []
        hold.begin()  # from here on it is done, and must be told
        try:
            for suffix, side in sides.items():
                side.keep(paths[suffix], overwrite=overwrite)
                named.append(paths[suffix])
            unfinished.keep(target, overwrite=overwrite, synced=True)
        except BaseException:
            for path in named:
                path.unlink(missing_ok=True)
            raise
    return proof, notes


def _fill(job: RedactionJob, reference: Reference, instance: Instance, plan: RedactionPlan, out: BinaryIO) -> list[str]:
    if job.uid_key is None and plan.is_empty and not changes_anything(job.options):
        with reference.open() as original:
            shutil.copyfileobj(original, out, _CHUNK)
        return ["nothing is asked for it, so it was copied as it is"]
    new_uid = uid_maker(job.uid_key) if job.uid_key else None
    return write_redacted(instance, plan, out, BlackPainter(), new_uid=new_uid).notes


def plan_for(job: RedactionJob, task: RedactionTask, instance: Instance) -> tuple[RedactionPlan, list[str]]:
    """The plan for an open file, and remarks.

    Rules and ultrasound regions are looked up in the file's header and join what was asked. What was wrong with the
    requests, and pixels that cannot be seen, are problems of the plan.
    """
    planes = instance.scan_stray()
    requests, problems, notes = _from_header(job, instance)
    plan = make_plan(instance.reference.name, planes, [*task.requests, *requests], job.options)
    found = [*plan.problems, *(PlanProblem("request", text) for text in task.problems), *problems]
    found += [
        PlanProblem(group.name, f"it cannot be looked at: {group.reason}{_way_out(group.name)}")
        for group in planes.groups
        if group.kind is PlaneKind.UNSHOWN and hides_pixels(group.name) and not _is_removed(group.name, job.options)
        and not (job.copy_clean and group.name == NO_PIXELS)
    ]  # fmt: skip
    if not found and plan.is_empty and not changes_anything(job.options) and not job.copy_clean:
        found.append(
            PlanProblem("the whole file", "nothing is asked for it; --copy-clean copies such files as they are")
        )
    return replace(plan, problems=tuple(found)), [*notes, *plan.notes]


def changes_anything(options: RedactionOptions) -> bool:
    """Whether the options alone, without any rectangle, ask for something."""
    return (
        options.overlays is OverlayPolicy.REMOVE
        or options.icons is IconPolicy.REMOVE
        or options.remove_high_bits
        or options.remove_private_bulk
        or options.assert_clean
    )


def _is_removed(name: str, options: RedactionOptions) -> bool:
    """Whether an unshown part of that name goes with the overlays or icons that are removed."""
    return (name.startswith("overlay") and options.overlays is OverlayPolicy.REMOVE) or (
        name.startswith("icon") and options.icons is IconPolicy.REMOVE
    )


def _way_out(name: str) -> str:
    """The option that takes out what cannot be looked at, where there is one."""
    kind = next((kind for kind in ("overlay", "icon") if name.startswith(kind)), None)
    return "" if kind is None else f" (--{kind}s remove takes it out)"


def _from_header(job: RedactionJob, instance: Instance) -> tuple[list[Request], list[PlanProblem], list[str]]:
    device = instance.facts.device
    if not (job.rules or job.ultrasound) or not device.rows or not device.columns:
        return [], [], []
    size, header = Size(device.columns, device.rows), header_view(instance)
    regions: list[Region] = []
    problems: list[PlanProblem] = []
    notes: list[str] = []
    if job.rules:
        suggestions = suggest_by_rules(rules_of(job.rules), header, size)
        regions += suggestions.regions
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


def describe(plan: RedactionPlan) -> list[str]:
    """The plan in lines: what is blacked where and why, edges inclusive; and what cannot be done."""
    lines: list[str] = []
    for group in plan.listing.groups:
        for item in plan.for_group(group):
            box = item.box
            what = f"every plane of {group.title}" if len(group.frames) > 1 else group.title
            lines.append(f"{what}: {box.left},{box.top},{box.last_x},{box.last_y}: {item.origin.value}: {item.reason}")
    for address, items in plan.planes.items():
        index = plan.listing.find(address)
        title = plan.listing[index].title if index is not None else address.key
        for item in items:
            box = item.box
            lines.append(f"{title}: {box.left},{box.top},{box.last_x},{box.last_y}: {item.origin.value}: {item.reason}")
    lines.extend(f"cannot be done: {problem}" for problem in plan.problems)
    return lines


def uid_maker(key: bytes) -> Callable[[str], str]:
    """New UIDs for old ones: the same for the same key, and not to be led back without it (PS3.5 B.2)."""

    def new_uid(old: str) -> str:
        digest = hmac.digest(key, old.encode(), hashlib.sha256)[:16]
        return f"2.25.{uuid.UUID(bytes=digest, version=5).int}"

    return new_uid


def sidecar_of(plan: RedactionPlan, proof: Proof) -> dict[str, Any]:
    """What a researcher who gets the image may know: which areas are black, and that it was proved; nothing else."""
    return {
        "redacted": [
            {"plane": plane.address.key, "boxes": [[b.left, b.top, b.last_x, b.last_y] for b in plane.changed]}
            for plane in proof.touched
        ],
        "edges": "left, top, right, bottom; the last two are inside",
        "overlays": plan.options.overlays.value,
        "high_bits_removed": plan.options.remove_high_bits,
        "file": proof.after,
    }


def _first(proof: Proof, most: int = 3) -> str:
    shown = "; ".join(map(str, proof.findings[:most]))
    left = len(proof.findings) - most
    return f"{shown}; and {left} more" if left > 0 else shown
