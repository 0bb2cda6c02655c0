"""Blacking out, and the proof of what was written."""

from __future__ import annotations

import operator
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from dcmaudit.api.references import Source, paths_of, reference_of
from dcmaudit.audit import checked_rules
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.errors import PlanRefusedError, ProofError, UsageError
from dcmaudit.model import Box, Origin, Outcome, Scope
from dcmaudit.model.addresstexts import parse_scope
from dcmaudit.model.proof import Proof
from dcmaudit.model.redaction import RedactionOptions, RedactionPlan, Request
from dcmaudit.model.shapes import Shape, parse_shape
from dcmaudit.pipeline import redaction
from dcmaudit.pipeline.jobs import RedactionJob, RedactionReport, RedactionTask
from dcmaudit.pipeline.output import Naming
from dcmaudit.pipeline.plans import plan_for
from dcmaudit.pipeline.verification import VerificationTask, verify_pair

Edges = Box | Sequence[int] | None
"""Left, top, right and bottom in the pixels of the plane, the last two outside; None: the whole plane."""


def black(box: Edges, where: Scope | str = "all frames", *, reason: str = "asked for") -> Request:
    """Something to be blacked out: a box, or with None whole planes, wherever ``where`` says.

    ``where`` is a plane (``f0``, ``o6000.3``), ``all frames``, ``all overlays`` or ``all planes``. UsageError for
    anything else, and for edges that are not four whole numbers.

    >>> dcmaudit.black((0, 0, 100, 20)).box
    Box(left=0, top=0, right=100, bottom=20)
    >>> dcmaudit.black(None, "o6000.0").scope.key
    'o6000.0'
    """
    area = box if isinstance(box, Box) or box is None else _box_of(box)
    scope = parse_scope(where) if isinstance(where, str) else where
    return Request(area, scope, Origin.COMMAND, reason)


def _box_of(edges: Sequence[int]) -> Box:
    try:
        left, top, right, bottom = map(operator.index, edges)
    except (TypeError, ValueError):
        raise UsageError(
            f"{edges!r} is no rectangle", hint="four whole numbers: left, top, right, bottom; the last two outside"
        ) from None
    return Box(left, top, right, bottom)


def black_shape(shape: Shape | str, where: Scope | str = "all frames", *, reason: str = "asked for") -> Request:
    """A polygon, fan, or region to keep, to be blacked on one plane or on all frames.

    ``shape`` is text such as ``polygon 10,20 90,20 50,80`` or ``keep fan 320,-40 60,440 580,440``: corners of pixels,
    ``keep`` for what stays while all outside is black. UsageError for anything else.

    >>> dcmaudit.black_shape("keep rectangle 10,10 60,60").shape.keep
    True
    """
    asked = parse_shape(shape) if isinstance(shape, str) else shape
    scope = parse_scope(where) if isinstance(where, str) else where
    return Request.for_shape(asked, scope, Origin.COMMAND, reason)


def plan_of(
    instance: Instance,
    requests: Iterable[Request],
    rules: str | Sequence[str],
    options: RedactionOptions,
    *,
    ultrasound: bool,
) -> RedactionPlan:
    """The plan for an open file."""
    job = _job(Naming(), rules, options, ultrasound=ultrasound)
    plan, _ = plan_for(job, RedactionTask(instance.reference, tuple(requests)), instance)
    return plan


def redact_file(  # noqa: PLR0913 - keywords, each an option of the command
    source: Source,
    output: str | os.PathLike[str],
    requests: Iterable[Request] = (),
    *,
    rules: str | Sequence[str] = (),
    ultrasound: bool = False,
    options: RedactionOptions | None = None,
    overwrite: bool = False,
    new_uids: bool = False,
    check_text: bool = False,
    name: str | None = None,
) -> RedactionReport:
    """Black out what is asked in ``source`` and write the file ``output``, which exists only once it is proved.

    ``report.result.outcome`` is DONE; PARTLY where the file holds parts that nobody can look at, which are named in its
    reasons; TEXT_LEFT where ``check_text`` saw text on what was written. ``report.proof`` is the record of the proof.
    ``rules`` are files of deid rules or CTP scripts.

    SourceError or DicomError where the file cannot be read, PlanRefusedError where it cannot be done exactly as asked,
    ProofError where what was written did not pass: then there is no output. The input is never replaced.

    >>> report = dcmaudit.redact_file(example_file, output_file, [dcmaudit.black((0, 0, 20, 10))])
    >>> report.result.outcome, report.proof["passed"]
    (<Outcome.DONE: 'done'>, True)
    """
    place = Path(output).absolute()
    naming = Naming(place.parent, overwrite=overwrite, exact=place, mixed=True)
    job = _job(
        naming, rules, options or RedactionOptions(), ultrasound=ultrasound, new_uids=new_uids, check_text=check_text
    )
    reference = reference_of(source, name)
    open_instance(reference).close()  # what is no usable file says so with its own error
    report = redaction.redact_file(job, RedactionTask(reference, tuple(requests)))
    result = report.result
    if result.outcome is Outcome.REFUSED:
        raise PlanRefusedError("; ".join(result.reasons), file=result.name, hint="nothing was written")
    if result.outcome is Outcome.FAILED:
        raise ProofError("; ".join(result.reasons), file=result.name, hint="nothing was written")
    return report


def verify_file(
    before: Source,
    after: Source,
    requests: Iterable[Request] = (),
    *,
    rules: str | Sequence[str] = (),
    ultrasound: bool = False,
    options: RedactionOptions | None = None,
    new_uids: bool = False,
    check_text: bool = False,
) -> Proof:
    """Whether ``after`` is ``before`` with nothing changed but what was asked, whoever wrote it; never an error.

    What cannot be read is a finding. ``new_uids``: new UIDs are expected.

    >>> proof = dcmaudit.verify_file(example_file, example_file)
    >>> proof.passed, proof.findings
    (True, ())
    """
    job = _job(
        Naming(), rules, options or RedactionOptions(), ultrasound=ultrasound, new_uids=new_uids,
        check_text=check_text, copy_clean=True,
    )  # fmt: skip
    asked = RedactionTask(reference_of(before), tuple(requests))
    return verify_pair(job, VerificationTask(asked, reference_of(after)))


def _job(
    naming: Naming,
    rules: str | Sequence[str],
    options: RedactionOptions,
    *,
    ultrasound: bool,
    new_uids: bool = False,
    check_text: bool = False,
    copy_clean: bool = False,
) -> RedactionJob:
    paths = paths_of(rules)
    if paths:
        checked_rules(paths)  # a faulty rule ends the work before anything is written
    return RedactionJob(
        naming,
        options,
        rules=paths,
        ultrasound=ultrasound,
        uid_key=secrets.token_bytes(32) if new_uids else None,
        check_text=check_text,
        copy_clean=copy_clean,
    )
