"""What holds an input back before and after it is redacted. Each answers whether it does, and says so in the ending."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from dcmaudit.audit import header_rectangles, rules_of
from dcmaudit.dicom import Instance, open_instance
from dcmaudit.model import FileReading, HowSeen, Outcome, ReviewState, UnshownAddress
from dcmaudit.model.counts import counted
from dcmaudit.pipeline.clearance import AcceptedText, clear, planes_by_look
from dcmaudit.pipeline.content import content_of
from dcmaudit.pipeline.jobs import RedactionReport
from dcmaudit.pipeline.release.ending import Ending, Release, Why
from dcmaudit.pipeline.release.headers import IDENTIFYING, filled_names
from dcmaudit.pipeline.release.policy import Headers, Policy
from dcmaudit.pipeline.release.rule_places import covering
from dcmaudit.pipeline.release.task import ReleaseJob, ReleaseTask


def by_header(job: ReleaseJob, instance: Instance, report: Release) -> bool:
    """No name, filled attributes, a kind of file that the policy does not name, or a rule that denies it."""
    policy, facts = job.policy, instance.facts
    modality, model = report.device
    if not facts.sop_instance_uid:
        report.hold(Why.NO_UID)
    elif policy.headers is Headers.REFUSE and (names := filled_names(instance.filled(IDENTIFYING))):
        report.hold(Why.HEADER, *names)
    elif not modality:
        report.hold(Why.MODALITY, "it names none")
    elif policy.modalities and modality not in policy.modalities:
        report.hold(Why.MODALITY, modality)
    elif policy.models and model not in policy.models:
        report.hold(Why.MODEL, model or "it names none")
    elif policy.classes and facts.sop_class_uid not in policy.classes:
        report.hold(Why.CLASS, facts.sop_class_uid or "it names none")
    elif policy.hold_unlisted and not job.lists(instance):
        report.hold(Why.UNLISTED)
    elif policy.rules and job.rules:
        _by_rules(job, instance, report)
    return report.ending is Ending.HELD


def _by_rules(job: ReleaseJob, instance: Instance, report: Release) -> None:
    found = header_rectangles(instance, rules_of(job.rules))
    report.rules = covering(job.rules, job.rule_digests, () if found.rules is None else found.rules.matches)
    if found.denials:
        report.hold(Why.DENIED, *(f"the rule {rule.name} of %filter {rule.group}" for rule in found.denials))


def by_state(policy: Policy, task: ReleaseTask, report: Release) -> bool:
    """What the database says of it."""
    if task.state is ReviewState.TAGGED:
        report.hold(Why.TAGGED)
        return True
    if policy.marks and task.asked.problems:
        report.hold(Why.UNSTORED, *task.asked.problems)
        return True
    return False


def by_reading(policy: Policy, reading: FileReading, report: Release) -> bool:
    """Planes that could not be looked at, and pages of text."""
    shown = [plane for plane in reading.planes if not isinstance(plane.address, UnshownAddress)]
    lost = [f"{plane.title}: {plane.reason}" for plane in shown if plane.reason is not None]
    is_whole = len(reading.result.reasons) == sum(
        bool(plane.reason) for plane in reading.planes
    )  # it was not broken off
    if reading.result.outcome is Outcome.FAILED:
        report.hold(Why.UNREADABLE, *reading.result.reasons)
        return True
    if lost or not shown or not is_whole:
        report.hold(Why.NOT_LOOKED_AT, *(lost or reading.result.reasons or ("it has no plane that can be shown",)))
        return True
    # What else cannot be shown may be taken out: what of it is in the output holds that back.
    forms = [plane.title for plane in reading.planes if plane.is_form]
    if forms and policy.hold_forms:
        report.hold(Why.FORM, *forms)
        return True
    return _by_confidence(policy, reading, report)


def _by_confidence(policy: Policy, reading: FileReading, report: Release) -> bool:
    """Text that would be kept and was read unsurely, and what the detector saw and did not count."""
    for plane in reading.planes:
        kept = [one.confidence for one in plane.findings if not one.is_form and not policy.blacks(one.judgement)]
        if any(sure is not None and sure < policy.confidence for sure in kept):
            report.hold(Why.UNSURE, plane.title)
            return True
        doubts = sum(one.score >= policy.doubts for one in plane.doubts)
        if doubts and policy.doubts < 1:
            report.hold(Why.DOUBT, f"{plane.title}: {counted(doubts, 'place')}")
            return True
    return False


def by_eyes(job: ReleaseJob, task: ReleaseTask, report: Release) -> bool:
    """Whether the policy wants a person's eyes on this file, and nobody is known to have seen all of it as it is."""
    policy = job.policy
    modality, model = report.device
    wanted = policy.needs_person(modality, model, in_sample=task.in_sample)
    ledger = task.ledger
    if ledger is not None:
        # Rectangles and what an engine saw are matters of the plan; here only a person's eyes count.
        alone = replace(ledger, rectangles=0, looks=())
        with open_instance(task.reference) as instance:
            instance.scan_frames()
            content = content_of(task.reference)
            found = clear(instance, content, alone, job.options(is_seen=False), AcceptedText.NONE)
            looks = planes_by_look(instance, content, ledger)
        report.looks.update({_who(how): planes for how, planes in looks.items()})
        if not found.reasons:
            report.seen_by = (*report.seen_by, "person")
            return False
        if wanted:
            report.hold(Why.EYES, *found.reasons)
            return True
        return False
    if wanted:
        report.hold(Why.EYES, "there is no database that says who saw it")
    return wanted


def by_redaction(redacted: RedactionReport, report: Release) -> bool:
    """A redaction that was refused, or not proved, or left something unaudited."""
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
    report.hold(why, *result.reasons)
    return True


def _who(how: HowSeen) -> str:
    """A way in which people saw planes, as the report of the release has it."""
    return f"person: {how.value}" if how.is_seen else f"person, at a glance: {how.value}"
