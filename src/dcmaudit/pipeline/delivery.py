"""The output of one file: written, proved, named, and what lies beside it; or nothing of all that."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import ProofError, UsageError
from dcmaudit.model import PlaneKind, Reference, UnshownKind
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import RedactionPlan, Removal
from dcmaudit.pipeline.asked import lies
from dcmaudit.pipeline.copies import Copy
from dcmaudit.pipeline.division import divided
from dcmaudit.pipeline.jobs import RedactionJob
from dcmaudit.pipeline.output import Draft, draft, is_input, require_free
from dcmaudit.pipeline.painter import BlackPainter
from dcmaudit.pipeline.plans import changes_anything
from dcmaudit.pipeline.process import is_one_of_many
from dcmaudit.pipeline.remote import Target
from dcmaudit.pipeline.sidefiles import RECORD, WORD, differs
from dcmaudit.pipeline.text_check import with_text_check
from dcmaudit.pipeline.uids import uid_maker
from dcmaudit.redact import Written, write_redacted
from dcmaudit.report.proofs import proof_record
from dcmaudit.report.redactions import copy_record, record_of, sidecar_of
from dcmaudit.sources import reference_to
from dcmaudit.verify import prove

_CHUNK = 1 << 20
_LEFT_OUT = frozenset({
    UnshownKind.PRIVATE, UnshownKind.ELEMENT, UnshownKind.CODESTREAM, UnshownKind.THUMBNAIL, UnshownKind.FILE_END,
})  # fmt: skip
"""Kinds of unshown parts of which most are left out where something is blacked."""


@dataclass(frozen=True, slots=True)
class _DraftReference:
    """A file without a name, read again from disk."""

    name: str
    path: Path

    def open(self) -> BinaryIO:
        return self.path.open("rb")


def stays_as_it_is(job: RedactionJob, plan: RedactionPlan) -> bool:
    """Whether nothing of the file changes, so that its output is a copy."""
    return job.uid_key is None and plan.is_empty and not changes_anything(job.options)


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
            raise _misplaced(place)
    return chosen


def _require_apart(job: RedactionJob, reference: Reference, there: Target, *, partly: bool) -> None:
    """UsageError where a partly audited output lies among the others, as a run with --allow-partly put it."""
    if partly and str(there) != str(job.naming.path_for(reference, partly=True)):
        raise _misplaced(there)


def _misplaced(place: Target) -> UsageError:
    return UsageError(f"an output of it lies at {place}, where it no longer belongs", hint="take it away first")


def _earlier(job: RedactionJob, reference: Reference) -> Target | None:
    """The output that is there, which a run that goes on proves again; None for none, and for one of two."""
    places = job.naming.places_for(reference) if job.resume else ()
    there = [each for each in places if lies(each) is not None]
    return there[0] if len(there) == 1 else None


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was written and proved; ``unshown`` are names and reasons of what of it nobody can look at."""

    target: Target
    proof: Proof
    notes: list[str]
    record: dict[str, Any]
    partly: bool
    unshown: tuple[tuple[str, str], ...]
    removals: tuple[Removal, ...]
    uids: dict[str, str]


def deliver(
    job: RedactionJob,
    reference: Reference,
    instance: Instance,
    plan: RedactionPlan,
    copy: Copy | None,
) -> Delivered:
    """Write, prove and name the output and what goes beside it; in a dry run everything but name it.

    Other processes may help with a long file.

    So a dry run promises nothing that the run refuses.
    """
    unshown_before = [group for group in plan.listing.groups if group.kind is PlaneKind.UNSHOWN]
    # What is left of it is known once the output is there: then it may have to move.
    expected = any(not (plan.blacks and group.unshown in _LEFT_OUT) for group in unshown_before)
    there, overwrite = _earlier(job, reference), job.naming.overwrite
    got = ", and got its side files" if there is not None and job.sides.missing(there) else ""
    target = there or _room(job, reference, partly=expected, is_final=False)
    is_new = there is None and not job.dry_run
    unnamed = target if is_new else Path(tempfile.gettempdir()) / f"dcmaudit-{uuid.uuid4()}"
    # The output has no name until it is proved: whatever ends the program here leaves nothing that looks like one.
    with draft(unnamed, overwrite=overwrite) as unfinished, ExitStack() as again:
        filled = _fill(job, reference, instance, plan, unfinished.stream)
        # On the disk before it is proved: what is proved is what was written, not what is on its way.
        unfinished.sync() if is_new else unfinished.stream.flush()
        written = _DraftReference(plan.name, unfinished.shared_path) if there is None else reference_to(str(there))
        # The original may have been exchanged since it was asked about.
        if copy is not None:
            copy.require_same(reference, written)
        proof, final = _proof(job, reference, written, plan, there), unfinished
        # Of what was written, not of the plan: some parts are known only once they are in the file.
        unshown = _unshown(written) if unshown_before else ()
        partly = bool(unshown) or (proof.text is not None and bool(proof.text.unseen))
        if there is not None:
            _require_apart(job, reference, there, partly=partly)
        target = there or _room(job, reference, partly=partly)
        # It belongs into the other folder, perhaps on another file system: the bytes are put there anew.
        if partly != expected and is_new:
            final = again.enter_context(_drafted_again(unfinished, target, overwrite=overwrite))
        # Words for nobody take a tenth of the time of a small file.
        record = _record(job, proof, plan, copy, filled) if job.keeps_record or job.sides.suffixes else {}
        content = {WORD: sidecar_of(plan, proof), RECORD: record} if job.sides.suffixes else {}
        if is_new:
            job.sides.keep(final, target, content, overwrite=overwrite)
        elif there is not None and not job.dry_run:
            job.sides.complete(there, content)
    again_proved = [] if there is None else [f"its output was there and was proved again{got}"]
    return Delivered(target, proof, [*filled.notes, *again_proved], record, partly, unshown, filled.removals,
                     filled.uids)  # fmt: skip


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
    left_out = {"left_out": list(map(str, filled.removals))}
    copied = {} if copy is None else copy_record(is_exact=copy.is_exact, by=copy.clearance.by)
    proved = proof_record(proof) | left_out | copied
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
        # Many processes with many threads each would be in each other's way.
        threads=1 if is_one_of_many() else job.threads,
        divide=divided,
    )
    if not proof.passed:
        # An output that lay there is not deleted by us: it may be somebody else's.
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
    if stays_as_it_is(job, plan):
        # Byte by byte, preamble and all: an exact copy is not written by pydicom.
        with reference.open() as original:
            shutil.copyfileobj(original, out, _CHUNK)
        note = "nothing is asked for it and all of it was looked at, so it was copied as it is"
        return Written(instance.parts.header.syntax.uid, [note])
    new_uid = uid_maker(job.uid_key) if job.uid_key else None
    return write_redacted(instance, plan, out, BlackPainter(), new_uid=new_uid, divide=divided)


def _first(proof: Proof, most: int = 3) -> str:
    shown = "; ".join(map(str, proof.findings[:most]))
    left = len(proof.findings) - most
    return f"{shown}; and {left} more" if left > 0 else shown
