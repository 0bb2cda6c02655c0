"""The proof of files that are there already, whoever wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference
from dcmaudit.model.proof import Finding, Proof
from dcmaudit.pipeline.division import divided
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.plans import plan_for
from dcmaudit.pipeline.text_check import with_text_check
from dcmaudit.verify import prove


@dataclass(frozen=True, slots=True)
class VerificationTask:
    """An original (the reference of ``asked``), what was asked for it, and the file that is to be proved."""

    asked: RedactionTask
    after: Reference


def verify_pair(job: RedactionJob, task: VerificationTask) -> Proof:
    """The proof of one file against its original and what was asked; never raises for what a file holds.

    The plan is made as ``redact_file`` makes it, so that rules and ultrasound regions of ``job`` count. What is wrong
    with the requests is a finding, for then it is unknown what the file should be. New UIDs are expected where
    ``job.uid_key`` is set.
    """
    before = task.asked.reference
    try:
        with open_instance(before) as instance:
            plan, _ = plan_for(job, task.asked, instance)
    except DcmauditError as error:
        return Proof(before.name, "", "", {}, (Finding("reading", "the original", error.message),))
    if plan.problems:
        findings = tuple(Finding("plan", problem.where, problem.text) for problem in plan.problems)
        return Proof(before.name, "", "", {}, findings)
    proof = prove(before, task.after, plan, new_uids=job.uid_key is not None, divide=divided)
    return with_text_check(proof, task.after) if job.check_text else proof
