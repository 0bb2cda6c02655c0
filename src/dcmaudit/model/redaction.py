"""What a redaction is asked to do, and the plan that it becomes: either complete or with named problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from dcmaudit.model.geometry import Box
from dcmaudit.model.planes import Plane, PlaneAddress, PlaneGroup, PlaneList
from dcmaudit.model.regions import Origin, Scope


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to black out: ``box`` in the pixels of its plane (None: the whole plane) wherever ``scope`` says."""

    box: Box | None
    scope: Scope
    origin: Origin
    reason: str


class OverlayPolicy(Enum):
    """What happens to overlays beside the requests that name them."""

    SAME = "same"
    """A rectangle of the image is also blacked in every overlay, at the same place of the image."""
    NONE = "none"
    """Overlays change only where a request names them."""
    REMOVE = "remove"
    """Every overlay is removed from the file, in the high bits too."""


class IconPolicy(Enum):
    """What happens to thumbnails, which may show what was blacked in the image."""

    REDACT = "redact"
    """The image's rectangles are blacked in the icon, scaled and widened."""
    REMOVE = "remove"
    """Icons are removed."""
    KEEP = "keep"
    """Icons stay as they are: only for people who looked at them."""


class NewUids(Enum):
    """Which of an instance's own UIDs are new where new ones are asked for."""

    INSTANCE = "instance"
    SERIES = "series"
    STUDY = "study"

    @property
    def tags(self) -> tuple[int, ...]:
        """The elements that hold them: SOP Instance UID, then those of the series and of the study."""
        return {
            NewUids.INSTANCE: (0x00080018,),
            NewUids.SERIES: (0x00080018, 0x0020000E),
            NewUids.STUDY: (0x00080018, 0x0020000E, 0x0020000D),
        }[self]


@dataclass(frozen=True, slots=True)
class RedactionOptions:
    """How a file is redacted beside its rectangles."""

    overlays: OverlayPolicy = OverlayPolicy.NONE
    icons: IconPolicy = IconPolicy.REDACT
    remove_high_bits: bool = False
    """Clear every bit outside the stored range: overlays in the pixel data and bits that nothing claims."""
    remove_private_bulk: bool = False
    """Drop large private binary elements, which may hold a second copy of the pixels."""
    assert_clean: bool = False
    """The operator asserts that no identifying text is left (PS3.15 E.3)."""
    uids_of: NewUids = NewUids.INSTANCE
    """Which UIDs are new, where new ones are asked for at all."""


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why a plan cannot be carried out as asked, in words; ``where`` names the plane or rectangle."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Blackened:
    """One box that the plan blacks out, and why."""

    box: Box
    origin: Origin
    reason: str


@dataclass(frozen=True)
class RedactionPlan:
    """What is blacked in every plane of one file. It is carried out only where ``problems`` is empty.

    Boxes are clipped to nothing: each is inside its plane. ``groups`` holds what applies to every plane of a group (by
    its place in the plane list's groups), ``planes`` what applies to one plane beside that.
    """

    name: str
    listing: PlaneList
    options: RedactionOptions
    groups: Mapping[int, tuple[Blackened, ...]] = field(default_factory=dict)
    planes: Mapping[PlaneAddress, tuple[Blackened, ...]] = field(default_factory=dict)
    problems: tuple[PlanProblem, ...] = ()
    notes: tuple[str, ...] = ()

    def for_group(self, group: PlaneGroup) -> tuple[Blackened, ...]:
        """What is blacked in every plane of ``group``."""
        return self.groups.get(self.listing.groups.index(group), ())

    def for_plane(self, plane: Plane) -> tuple[Blackened, ...]:
        """What is blacked in ``plane``, without repeated boxes."""
        found = {item.box: item for item in (*self.for_group(plane.group), *self.planes.get(plane.address, ()))}
        return tuple(found.values())

    def boxes(self, plane: Plane) -> tuple[Box, ...]:
        """The boxes alone, in the pixels of ``plane``."""
        return tuple(item.box for item in self.for_plane(plane))

    def touched(self) -> Iterator[Plane]:
        """The planes in which something is blacked, in order."""
        single = {address for address, items in self.planes.items() if items}
        for number, group in enumerate(self.listing.groups):
            everywhere = bool(self.groups.get(number))
            for position in range(len(group.frames)):
                address = group.address(position)
                if everywhere or address in single:
                    yield Plane(address, group)

    @property
    def is_empty(self) -> bool:
        """Whether no pixel of any plane is blacked."""
        return not any(self.groups.values()) and not any(self.planes.values())
