"""The plan for one open file: what was asked for it, what its header leads to, and what keeps it from being done."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dcmaudit.audit import header_rectangles, rules_of
from dcmaudit.detect.ultrasound import UltrasoundRegions
from dcmaudit.dicom import Instance
from dcmaudit.model import PlaneGroup, UnshownKind
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, PlanProblem, RedactionOptions, RedactionPlan, Request
from dcmaudit.pipeline.jobs import RedactionJob, RedactionTask
from dcmaudit.pipeline.previews import WAYS_OUT, not_in_plan, perhaps_shown
from dcmaudit.pipeline.same_file import Sameness, sameness
from dcmaudit.pipeline.stored_marks import unpacked
from dcmaudit.redact import make_plan

if TYPE_CHECKING:
    from dcmaudit.detect.rules import Suggestions

BEHIND_OVERLAY = ", behind its last frame"
"""How the names of unshown parts end that stand behind the frames of an overlay."""


def plan_for(job: RedactionJob, task: RedactionTask, instance: Instance) -> tuple[RedactionPlan, list[str]]:
    """The plan for an open file, and remarks.

    Rules and ultrasound regions are looked up in the file's header and join what was asked. What was wrong with the
    requests, and pixels that cannot be seen, are problems of the plan.
    """
    task = unpacked(task)
    planes = instance.scan_frames()
    asked = _from_header(job, instance)
    notes = asked.notes
    plan = make_plan(instance.reference.name, planes, [*task.requests, *asked.requests], job.options)
    # A file without marks need not be done where it is copied: its clearance says who looked.
    is_copy = job.copy_clean and plan.is_empty and not (task.ledger and task.ledger.rectangles)
    wrong = [*task.problems, *([task.undone] if task.undone and not is_copy else [])]
    # A copy asks nothing of the database, and its clearance compares what was seen with what is there.
    is_same = Sameness() if task.noted is None or is_copy else sameness(task.noted, instance)
    wrong += [is_same.problem] if is_same.problem else []
    notes += [is_same.note] if is_same.note else []
    found = [*plan.problems, *(PlanProblem("request", text) for text in wrong), *asked.problems]
    uncovered = not_in_plan(task.screen, plan)
    # Finished by a version that kept no record of the screen: what the rules of today show is the best guess.
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
    # An output equal to its input would look as if it had been redacted.
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
    # The writer writes the frames anew, and nothing behind them.
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
        or options.marking is not None
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


@dataclass(slots=True)
class _Asked:
    """What the header asks for, with what keeps it from being whole, and remarks."""

    requests: list[Request] = field(default_factory=list)
    problems: list[PlanProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, where: str, found: Suggestions | UltrasoundRegions, nothing: str) -> None:
        """Take in what rules or regions say; ``nothing`` is what is said where they ask for nothing."""
        self.requests += [Request(region.box, region.scope, region.origin, region.reason) for region in found.regions]
        if not found.regions:
            self.notes.append(nothing)
        # A rule that was understood only in part may ask for more than is blacked.
        if found.is_complete:
            self.notes += [f"{where}: {problem.message}" for problem in found.problems]
        else:
            self.problems += [PlanProblem(where, problem.message) for problem in found.problems]


def _from_header(job: RedactionJob, instance: Instance) -> _Asked:
    asked = _Asked()
    if not (job.rules or job.ultrasound):
        return asked
    found = header_rectangles(instance, rules_of(job.rules) if job.rules else None, ultrasound=job.ultrasound)
    # Whoever wrote a rule that denies the whole file meant that it is not released.
    asked.problems += [
        PlanProblem("deid rules", f"the rule {rule.name} of %filter {rule.group} denies the file")
        for rule in found.denials
    ]
    if found.rules is not None:
        asked.add("deid rules", found.rules, "no deid rule asks for anything in it")
    if found.ultrasound is not None:
        present = found.ultrasound.present
        nothing = (
            "its ultrasound regions leave nothing to black out" if present else "its header names no ultrasound region"
        )
        asked.add("ultrasound regions", found.ultrasound, nothing)
    return asked
