"""The two files of a proof, the plan between them, and the record of what is compared."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.dicom.overlays import EmbeddedOverlay
from dcmaudit.model import PlaneKind
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan
from dcmaudit.verify.demands import Boxes
from dcmaudit.verify.record import Record
from dcmaudit.verify.shapes import asked_boxes
from dcmaudit.verify.side import Side


@dataclass(frozen=True, slots=True)
class Pair:
    """``before`` is the original, ``after`` what was written by ``plan``; findings go into ``record``."""

    before: Side
    after: Side
    plan: RedactionPlan
    record: Record
    new_uids: bool

    def boxes(self, number: int) -> Boxes:
        """What is blacked in every plane of a group, by its place in the plan's listing."""
        return asked_boxes(self.plan.groups.get(number, ()))

    def icon_boxes(self, icon: int) -> Boxes:
        """What is blacked in one icon, by its number in the original."""
        found: list[Boxes] = []
        for number, group in enumerate(self.plan.listing.groups):
            if group.kind is PlaneKind.ICON and group.number == icon:
                own = self.plan.planes.get(group.address(0), ())
                found.append((*self.boxes(number), *asked_boxes(own)))
        return tuple(dict.fromkeys(box for boxes in found for box in boxes))

    def removed_overlays(self) -> set[int]:
        """Overlay groups that may vanish."""
        places = self.before.instance.parts.overlays.places
        options = self.plan.options
        if options.overlays is OverlayPolicy.REMOVE:
            return set(places)
        return {n for n, place in places.items() if options.remove_high_bits and isinstance(place, EmbeddedOverlay)}
