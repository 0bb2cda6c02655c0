"""Whether a plan blacks what a reviewer's screen showed black when the file was finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dcmaudit.audit import header_rectangles, rules_of
from dcmaudit.dicom import Instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere, PlaneGroup, PlaneKind, covered_area
from dcmaudit.model.redaction import PlanProblem, RedactionPlan, boxes_of
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea

WAYS_OUT = (
    "store it in the reviewer, or give the same rules with --deid or --ultrasound; --allow-unstored-previews leaves it "
    "as it is"
)
_KINDS = {
    Everywhere.ALL_FRAMES: {PlaneKind.FRAME},
    Everywhere.ALL_OVERLAYS: {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY},
}


BLACK = "black on the reviewer's screen when the file was finished"
PERHAPS = "perhaps black on the reviewer's screen when the file was finished, of which no record was kept"


def perhaps_shown(instance: Instance, rules: tuple[str, ...], plan: RedactionPlan) -> list[PlanProblem]:
    """What the rules of today would show black and the plan does not black, for a file without a record.

    Empty where the rules cannot be read or decided: then they show nothing in the reviewer either.
    """
    try:
        found = header_rectangles(instance, rules_of(rules))
    except DcmauditError:
        return []
    areas = tuple(ShownArea(region.box, region.scope, region.origin) for region in found.regions)
    return not_in_plan(Screen(PreviewPolicy.LEAVE, areas=areas), plan, PERHAPS)


def not_in_plan(screen: Screen | None, plan: RedactionPlan, how: str = BLACK) -> list[PlanProblem]:
    """The areas that were black on the screen and are not wholly black in the plan, each with where that is.

    Areas are compared, and not the names of options: rules may have changed since. The part of an area that lies
    outside of a plane was never on the screen. Empty for a file of which nobody knows what was shown. ``how`` says how
    sure that is.
    """
    found = []
    for area in screen.areas if screen is not None else ():
        missing = list(_missing(area, plan))
        if missing:
            where = f"{_place(missing)}: {area.box.text}"
            found.append(PlanProblem(where, f"{how} ({area.origin.value}), and not in the plan"))
    return found


def _missing(area: ShownArea, plan: RedactionPlan) -> Iterator[tuple[PlaneGroup, int, int]]:
    """Each group of planes in which some leave a part of the area out, how many do, and the position of the first."""
    for number, group in enumerate(plan.listing.groups):
        # What lies outside of the plane was never on a screen.
        inside = area.box.clipped(group.size) if group.size is not None else None
        if inside is None or not _means(area, group):
            continue
        wide = boxes_of(plan.groups.get(number, ()))
        # Rectangles for the whole group first: a file may have thousands of planes.
        if _covers(wide, inside):
            continue
        left = [
            position
            for position in range(len(group.frames))
            if isinstance(area.scope, Everywhere) or group.address(position) == area.scope
            if not _covers([*wide, *boxes_of(plan.planes.get(group.address(position), ()))], inside)
        ]
        if left:
            yield group, len(left), left[0]


def _means(area: ShownArea, group: PlaneGroup) -> bool:
    if area.scope is Everywhere.ALL_PLANES:
        return True
    if isinstance(area.scope, Everywhere):
        return group.kind in _KINDS[area.scope]
    return type(group.address(0)) is type(area.scope)


def _covers(boxes: Sequence[Box], box: Box) -> bool:
    parts = [part for one in boxes if (part := one.intersection(box)) is not None]
    return covered_area(parts) >= box.area


def _place(missing: Sequence[tuple[PlaneGroup, int, int]]) -> str:
    """The planes in words; frames count from 1, as people do."""
    parts = []
    for group, count, first in missing:
        total = len(group.frames)
        if total == 1:
            parts.append(group.title)
        elif count == total:
            parts.append(f"all {total} {group.title}")
        elif count == 1:
            parts.append(f"{group.title} {group.frames[first] + 1}")
        else:
            parts.append(f"{count} of {total} {group.title}, first {group.frames[first] + 1}")
    return " and ".join(parts)
