"""What the plan asks of each frame, worked out from the plan alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.dicom.overlays import EmbeddedOverlay
from dcmaudit.dicom.parts import Parts
from dcmaudit.model import Box, FrameAddress, OverlayAddress, PlaneAddress, PlaneKind, StrayBitAddress
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan
from dcmaudit.verify.shapes import asked_boxes

Boxes = tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class FrameAsk:
    """What may and must happen to one frame's cells.

    ``boxes`` must be black. ``bits`` are single bits of the cell (overlays in the pixel data, stray bits) that must
    be off in their boxes; an empty tuple stands for the whole frame. ``strip``: every bit outside the stored range
    must be off. ``planes`` are the addresses that this comes from, with the boxes asked in each.
    """

    boxes: Boxes = ()
    bits: dict[int, Boxes] = field(default_factory=dict)
    strip: bool = False
    planes: tuple[tuple[PlaneAddress, Boxes], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether the frame must stay as it is."""
        return not self.boxes and not self.bits and not self.strip


@dataclass(frozen=True, slots=True)
class _BitGroup:
    """A group of planes that are single bits of cells; plane k lies in image frame ``first + k``, or in ``frames``."""

    bit: int
    group: int | None
    first: int
    frames: range | frozenset[int]
    everywhere: Boxes


class Asked:
    """The plan, asked frame by frame: nothing here grows with the number of frames."""

    def __init__(self, plan: RedactionPlan, before: Parts) -> None:
        self.plan = plan
        self.removes_overlays = plan.options.overlays is OverlayPolicy.REMOVE
        layout = before.image.layout if before.image is not None else None
        self.strips = plan.options.remove_high_bits and layout is not None and layout.unclaimed_mask != 0
        self._frames: Boxes = ()
        self._bits: list[_BitGroup] = []
        for number, group in enumerate(plan.listing.groups):
            common = asked_boxes(plan.groups.get(number, ()))
            if group.kind is PlaneKind.FRAME:
                self._frames = _unique(common)
            elif group.kind is PlaneKind.EMBEDDED_OVERLAY:
                place = before.overlays.places.get(group.number)
                if isinstance(place, EmbeddedOverlay):
                    frames = range(place.first_frame, place.first_frame + len(group.frames))
                    self._bits.append(_BitGroup(place.bit, group.number, place.first_frame, frames, common))
            elif group.kind is PlaneKind.STRAY_BIT:
                self._bits.append(_BitGroup(group.number, None, 0, frozenset(group.frames), common))
        self._single: dict[int, list[PlaneAddress]] = {}
        for address, items in plan.planes.items():
            if items and isinstance(address, StrayBitAddress):
                self._single.setdefault(address.frame, []).append(address)

    def boxes_of(self, address: PlaneAddress) -> Boxes:
        """The boxes of one plane that the plan names for it alone."""
        return asked_boxes(self.plan.planes.get(address, ()))

    def frame(self, frame: int) -> FrameAsk:
        """What is asked of one frame."""
        own = self.boxes_of(FrameAddress(frame))
        boxes = _unique((*self._frames, *own)) if own else self._frames
        planes: list[tuple[PlaneAddress, Boxes]] = [(FrameAddress(frame), boxes)] if boxes else []
        bits: dict[int, Boxes] = {}
        for address, bit, wanted, whole in self._bits_of(frame):
            if wanted:
                planes.append((address, wanted))
            # All of the bit goes, whatever boxes are on it.
            if whole:
                bits[bit] = ()
            elif wanted and (bit not in bits or bits[bit]):
                bits[bit] = _unique((*bits.get(bit, ()), *wanted))
        return FrameAsk(boxes, bits, self.strips, tuple(planes))

    def _bits_of(self, frame: int) -> Iterator[tuple[PlaneAddress, int, Boxes, bool]]:
        address: PlaneAddress
        known = set()
        for one in self._bits:
            if frame not in one.frames:
                continue
            if one.group is not None:
                address, whole = OverlayAddress(one.group, frame - one.first), self.removes_overlays
            else:
                address, whole = StrayBitAddress(one.bit, frame), False
            known.add(address)
            yield address, one.bit, _unique((*one.everywhere, *self.boxes_of(address))), whole
        for address in self._single.get(frame, ()):
            if isinstance(address, StrayBitAddress) and address not in known:
                yield address, address.bit, _unique(self.boxes_of(address)), False

    def claimed(self, frame: int) -> int:
        """The bits of one frame's cells that overlays use."""
        mask = 0
        for one in self._bits:
            if one.group is not None and frame in one.frames:
                mask |= 1 << one.bit
        return mask


def _unique(boxes: Boxes) -> Boxes:
    return tuple(dict.fromkeys(boxes))
