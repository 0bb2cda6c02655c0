"""What a redaction is asked to do, and the plan that it becomes: either complete or with named problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.geometry import Box, Size
from dcmaudit.model.planes import Plane, PlaneGroup, PlaneKind, PlaneList, UnshownKind
from dcmaudit.model.regions import Origin, Scope
from dcmaudit.model.shapes import Shape
from dcmaudit.model.texts import tag_text
from dcmaudit.model.travel import Travels


@dataclass(frozen=True, slots=True)
class Request(Travels):
    """One thing to black out: ``box`` in the pixels of its plane (None: the whole plane) wherever ``scope`` says.

    With ``shape`` the shape is meant, on one plane or on all frames; ``box`` then is around it, or None.
    """

    box: Box | None
    scope: Scope
    origin: Origin
    reason: str
    shape: Shape | None = None

    @classmethod
    def for_shape(cls, shape: Shape, scope: Scope, origin: Origin, reason: str) -> Request:
        """What asks for a shape; the box around it is None where it depends on the size of a plane."""
        size = shape.size
        around = shape.box(size) if size is not None else None if shape.keep else shape.bounds()
        return cls(around, scope, origin, reason, shape)


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


class PrivatePolicy(Enum):
    """What happens, in a file where something is blacked, to private and unknown elements that could hold a picture."""

    REMOVE = "remove"
    """They are left out, and listed."""
    KEEP = "keep"
    """They stay as they are, not audited."""
    REFUSE = "refuse"
    """A file that has one is refused."""


class RemovalReason(Enum):
    """Why an element, or a part of it, is left out of a redacted file; the value is what people read."""

    PRIVATE = "private element in which a picture could hide"
    UNKNOWN = "element that PS3.6 does not know, or knows as another type, in which a picture could hide"
    BYTES = "element of bytes that is no part of the image, in which a picture could hide"
    PADDING = "padding of the data set"
    BEHIND = "bytes behind the last element"
    RETIRED = "retired element of pixel data or lengths"
    SIGNATURE = "digital signature, which is not true any more"
    SELECTOR = "value of a selector, in which a picture could hide"
    PALETTE = "palette of an image that is no palette image"
    PROFILE = "colour profile that holds more than colours"
    TABLE = "look-up table longer than its descriptor says"
    OVERLAY = "bytes behind the last frame of an overlay"
    ICON = "icon that is more than one plain picture"
    ICON_ASKED = "icon, as asked"
    ITEMS = "bytes behind the last item"
    META = "element of the file meta information that could hold a picture"


@dataclass(frozen=True, slots=True)
class Removal:
    """What of one element is left out: ``path`` are the tags from the top of the data set down to it.

    ``count`` is in how many items, ``length`` how many bytes in all, ``kept`` how many bytes of it stay.
    """

    path: tuple[int, ...]
    vr: str
    length: int
    reason: RemovalReason
    count: int = 1
    kept: int = 0

    def __str__(self) -> str:
        where = " in ".join(tag_text(tag) for tag in reversed(self.path))
        times = f", {self.count} times" if self.count > 1 else ""
        rest = f", {self.kept} bytes stay" if self.kept else ""
        return f"{where} {self.vr}: {self.length} bytes{times}{rest}: {self.reason.value}"


class NewUids(Enum):
    """Which of an instance's own UIDs are new where new ones are asked for."""

    INSTANCE = "instance"
    SERIES = "series"
    STUDY = "study"
    ALL = "all"
    """And every other UID that is none of PS3.6 and names no class, syntax or scheme: those of frames of reference, of
    devices and of other instances too, at any depth (PS3.15 table E.1-1, action U)."""

    @property
    def tags(self) -> tuple[int, ...]:
        """The elements of the instance's own: SOP Instance UID, then those of the series and of the study."""
        return {
            NewUids.INSTANCE: (0x00080018,),
            NewUids.SERIES: (0x00080018, 0x0020000E),
            NewUids.STUDY: (0x00080018, 0x0020000E, 0x0020000D),
            NewUids.ALL: (0x00080018, 0x0020000E, 0x0020000D),
        }[self]


@dataclass(frozen=True, slots=True)
class Marking:
    """What a file is to say of how it was cleaned, behind what it said already.

    ``method`` is a value of Deidentification Method (0012,0063), at most 64 characters; ``version`` that of the program
    in an item of the Contributing Equipment Sequence (0018,A001); ``codes`` are of PS3.16 CID 7050. ``is_clean``:
    somebody stands for it that no identifying text is left in the pixels (PS3.15 E.3.1).
    """

    method: str
    version: str
    codes: tuple[str, ...] = ()
    is_clean: bool = False


@dataclass(frozen=True, slots=True)
class RedactionOptions:
    """How a file is redacted beside its rectangles."""

    overlays: OverlayPolicy = OverlayPolicy.NONE
    icons: IconPolicy = IconPolicy.REDACT
    remove_high_bits: bool = False
    """Clear every bit outside the stored range: overlays in the pixel data and bits that nothing claims."""
    private: PrivatePolicy = PrivatePolicy.REMOVE
    remove_private_bulk: bool = False
    """Leave private elements out that could hold a picture, in files where nothing is blacked too."""
    assert_clean: bool = False
    """The operator asserts that no identifying text is left (PS3.15 E.3)."""
    marking: Marking | None = None
    """What else is written of it, None for nothing."""
    uids_of: NewUids = NewUids.INSTANCE
    """Which UIDs are new, where new ones are asked for at all."""
    plain_meta: bool = False
    """Leave out of the file meta information what only says where the file has been: titles and addresses of
    application entities, private information (PS3.10 7.1)."""

    @property
    def says_clean(self) -> bool:
        """Whether the file is to say that no identifying text is left in its pixels."""
        return self.assert_clean or (self.marking is not None and self.marking.is_clean)


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why a plan cannot be carried out as asked, in words; ``where`` names the plane or rectangle."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Blackened:
    """One box that the plan blacks out, and why. With ``shape`` it is that shape; ``box`` then is around it.

    ``size`` is that of the plane, which decides what a shape blacks; None beside a box.
    """

    box: Box
    origin: Origin
    reason: str
    shape: Shape | None = None
    size: Size | None = None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Exactly the pixels that are blacked; those of a shape do not overlap."""
        return (self.box,) if self.shape is None or self.size is None else self.shape.boxes(self.size)

    @property
    def text(self) -> str:
        """What it is, for plans and messages."""
        return self.box.text if self.shape is None else replace(self.shape, size=None).text

    def covers(self, other: Blackened) -> bool:
        """Whether everything of ``other`` is black by this one, as far as boxes tell."""
        if self.shape is not None:
            return self.shape == other.shape and self.size == other.size
        return self.box.contains(other.box)


def boxes_of(items: Iterable[Blackened]) -> tuple[Box, ...]:
    """The boxes of all of them, in their order; of a shape those that it is made of."""
    return tuple(box for item in items for box in item.boxes)


_OVERLAYS = (PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY)


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
        asked = (*self.for_group(plane.group), *self.planes.get(plane.address, ()))
        return tuple({(item.box, item.shape): item for item in asked}.values())

    def boxes(self, plane: Plane) -> tuple[Box, ...]:
        """The boxes alone, in the pixels of ``plane``; shapes as the boxes that they are made of."""
        return boxes_of(self.for_plane(plane))

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

    @property
    def blacks(self) -> bool:
        """Whether something that the file shows, or may show, is blacked or taken out of it.

        Nothing of what was there may then survive anywhere else in the file.
        """
        options = self.options

        def has(unshown: UnshownKind, *kinds: PlaneKind) -> bool:
            return any(group.kind in kinds or group.unshown is unshown for group in self.listing.groups)

        return (
            not self.is_empty
            or (options.overlays is OverlayPolicy.REMOVE and has(UnshownKind.OVERLAY, *_OVERLAYS))
            or (options.icons is IconPolicy.REMOVE and has(UnshownKind.ICON, PlaneKind.ICON))
            or (
                options.remove_high_bits
                and has(UnshownKind.UNUSED_BITS, PlaneKind.EMBEDDED_OVERLAY, PlaneKind.STRAY_BIT)
            )
        )
