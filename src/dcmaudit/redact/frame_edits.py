"""Which frames of the image a plan touches, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.dicom.overlays import EmbeddedOverlay
from dcmaudit.dicom.parts import Parts
from dcmaudit.errors import UnsupportedError
from dcmaudit.model import Box, FrameAddress, OverlayAddress, PlaneGroup, PlaneKind, StrayBitAddress
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan, boxes_of

Boxes = tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class FrameEdit:
    """What happens to the cells of one frame.

    ``boxes`` are blacked in the stored values, ``bits`` cleared in single bits, and ``strip`` clears every bit
    outside the stored range.
    """

    frame: int
    boxes: Boxes = ()
    bits: dict[int, Boxes] = field(default_factory=dict)
    strip: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the frame stays as it is, bit by bit."""
        return not (self.boxes or any(self.bits.values()) or self.strip)

    @property
    def rows(self) -> range | None:
        """The rows from the first to the last that changes, None where all may."""
        boxes = [*self.boxes, *(box for found in self.bits.values() for box in found)]
        if self.strip or not boxes:
            return None
        return range(min(box.top for box in boxes), max(box.bottom for box in boxes))


class FrameEdits:
    """The edits of every frame, worked out one by one: a plan may be for a million frames.

    UnsupportedError where the plan clears an overlay whose bit is one of the stored values' own.
    """

    def __init__(self, parts: Parts, plan: RedactionPlan) -> None:
        self._plan = plan
        self._everywhere: Boxes = ()
        self._overlays: list[tuple[EmbeddedOverlay, Boxes, int]] = []
        self._stray: list[tuple[int, Boxes, frozenset[int]]] = []
        remove = plan.options.overlays is OverlayPolicy.REMOVE
        for group in plan.listing.groups:
            common = boxes_of(plan.for_group(group))
            if group.kind is PlaneKind.FRAME:
                self._everywhere = common
            elif group.kind is PlaneKind.EMBEDDED_OVERLAY:
                place = parts.overlays.places[group.number]
                if isinstance(place, EmbeddedOverlay):
                    common = self._of_overlay(parts, place, common, group, remove=remove)
                    self._overlays.append((place, common, len(group.frames)))
            # Stray bits belong to single frames, wherever they were found.
            elif group.kind is PlaneKind.STRAY_BIT and common:
                self._stray.append((group.number, common, frozenset(group.frames)))
        layout = parts.image.layout if parts.image else None
        self.strips = plan.options.remove_high_bits and layout is not None and layout.unclaimed_mask != 0
        self._single_bits: dict[int, list[tuple[int, Boxes]]] = {}
        for address, items in plan.planes.items():
            if isinstance(address, StrayBitAddress) and items:
                boxes = boxes_of(items)
                self._single_bits.setdefault(address.frame, []).append((address.bit, boxes))

    def _of_overlay(
        self, parts: Parts, place: EmbeddedOverlay, common: Boxes, group: PlaneGroup, *, remove: bool
    ) -> Boxes:
        """What is cleared in every frame of an overlay in the pixel data."""
        layout = parts.image.layout if parts.image else None
        # A bit of its own can be cleared without touching the image.
        if layout is None or not layout.low <= place.bit <= layout.high:
            return (Box.whole(group.size),) if remove and group.size else common
        if remove or common or any(self._plan.planes.get(group.address(k)) for k in range(len(group.frames))):
            raise UnsupportedError(
                f"bit {place.bit} of overlay {place.group:04X} is also a bit of the image's own values",
                hint="black out the same place in the image frames instead",
            )
        return ()

    def of(self, frame: int) -> FrameEdit:
        """The edit of one frame."""
        single = self._plan.planes.get(FrameAddress(frame), ())
        # Those of a group are apart from each other already, and a fan has a thousand of them.
        boxes = tuple(dict.fromkeys((*self._everywhere, *boxes_of(single)))) if single else self._everywhere
        bits: dict[int, Boxes] = {}
        for place, common, count in self._overlays:
            position = frame - place.first_frame
            if 0 <= position < count:
                own = self._plan.planes.get(OverlayAddress(place.group, position), ())
                _add(bits, place.bit, (*common, *boxes_of(own)))
        for bit, common, frames in self._stray:
            if frame in frames:
                _add(bits, bit, common)
        for bit, found in self._single_bits.get(frame, ()):
            _add(bits, bit, found)
        return FrameEdit(frame, boxes, bits, self.strips)

    def touched(self, count: int) -> Iterator[FrameEdit]:
        """The edits of the frames that change, in order."""
        for frame in range(count):
            edit = self.of(frame)
            if not edit.is_empty:
                yield edit


def _add(bits: dict[int, Boxes], bit: int, boxes: Boxes) -> None:
    if boxes:
        bits[bit] = (*bits.get(bit, ()), *boxes)
