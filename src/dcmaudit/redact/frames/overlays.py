"""Classic overlays of the written file: boxes blacked where they lie, nothing left behind the last frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from dcmaudit.dicom.header import Kept
from dcmaudit.dicom.overlays import ClassicOverlay
from dcmaudit.dicom.parts import Parts
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import OverlayAddress, PlaneGroup, PlaneKind
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan, boxes_of
from dcmaudit.redact.frames.native import clear_behind, clear_overlay


def patch_overlays(out: BinaryIO, placed: Mapping[int, int], parts: Parts, plan: RedactionPlan) -> dict[int, int]:
    """Black what the plan asks for in the overlays of a file that is written but for them.

    ``placed`` gives for each element that was copied where its value lies in ``out``. The answer is how many bytes
    behind the last frame of an overlay were cleared, by its tag, where these are more than the padding.
    """
    cleared: dict[int, int] = {}
    if plan.options.overlays is OverlayPolicy.REMOVE:
        return cleared
    for group in plan.listing.groups:
        place = parts.overlays.places[group.number] if group.kind is PlaneKind.OVERLAY else None
        if not isinstance(place, ClassicOverlay):
            continue
        tag = group.number << 16 | 0x3000
        _black(out, placed, group, place, plan)
        # Bits behind the last frame could hold another one.
        if plan.blacks and not place.joined:
            used = (len(group.frames) - 1) * place.frame_bits + place.size.area
            length = place.value.length if isinstance(place.value, Kept) else len(place.value)
            behind = clear_behind(out, placed[tag], used, length, swapped=place.swapped)
            if behind > 1:
                cleared[tag] = behind
    return cleared


def _black(
    out: BinaryIO, placed: Mapping[int, int], group: PlaneGroup, place: ClassicOverlay, plan: RedactionPlan
) -> None:
    common = boxes_of(plan.for_group(group))
    for frame in group.frames:
        own = plan.planes.get(OverlayAddress(group.number, frame), ())
        boxes = (*common, *boxes_of(own))
        if not boxes:
            continue
        if place.joined:
            raise UnsupportedError(
                f"OverlayData of group {place.group:04X} are in fragments, in which nothing can be blacked",
                hint="--overlays remove takes them out",
            )
        clear_overlay(out, placed[group.number << 16 | 0x3000], place, frame, boxes)
