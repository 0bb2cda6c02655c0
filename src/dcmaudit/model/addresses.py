"""Where on a file something is: one plane, all planes of a group, or a run of them.

Inside the program nothing else says it. Texts for it (keys of pages, columns of the database and of
CSV lists) are made and read by ``addresstexts``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from dcmaudit.errors import UsageError
from dcmaudit.model.travel import Travels

OVERLAY_GROUPS = range(0x6000, 0x6100, 2)
"""The repeating groups of overlays (PS3.5 7.6): even ones from 6000 to 60FE."""


def _check_overlay(group: int) -> None:
    # Odd groups are private (PS3.5 7.8).
    if group not in OVERLAY_GROUPS:
        raise UsageError(f"overlay group {group:04X} is not an even group from 6000 to 60FE")


class AddressKind(Enum):
    """What a plane or a group of planes is; the value is the first letter of its key."""

    FRAME = "f"
    OVERLAY = "o"
    STRAY_BIT = "b"
    ICON = "i"
    THUMBNAIL = "t"
    UNSHOWN = "x"

    @property
    def has_frames(self) -> bool:
        """Whether its groups have a plane a frame; an icon or an unshown entry is a group of one."""
        return self not in {AddressKind.ICON, AddressKind.UNSHOWN}


@dataclass(frozen=True, slots=True, order=True)
class FrameRange:
    """Frames ``start`` to ``stop``, counted from 0, without ``stop``; never empty."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise UsageError(
                f"frames {self.start} to {self.stop} (not included) are none",
                hint="they count from 0",
            )

    @classmethod
    def of(cls, frame: int) -> FrameRange:
        """One frame alone."""
        return cls(frame, frame + 1)

    @property
    def last(self) -> int:
        """The last frame that is among them."""
        return self.stop - 1

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.start <= frame < self.stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))


@dataclass(frozen=True, slots=True)
class GroupAddress:
    """All planes of one kind that differ only in their frame.

    ``number`` is the overlay group (0x6000 to 0x60FE, even), the stray bit, the icon, the thumbnail's
    place within its frame or the entry that cannot be shown; 0 for the image frames. Overlays in the
    high bits of the pixel data are overlays like others. An icon and an entry that cannot be shown are
    groups of one plane, whose frame is 0.
    """

    kind: AddressKind
    number: int = 0

    def __post_init__(self) -> None:
        if self.kind is AddressKind.OVERLAY:
            _check_overlay(self.number)
        elif self.number < 0 or (self.kind is AddressKind.FRAME and self.number):
            raise UsageError(f"there is no group {self.number} of {self.kind.name.lower()} planes")

    def plane(self, frame: int = 0) -> PlaneAddress:
        """The plane of that frame; UsageError for a second plane where there is only one."""
        match self.kind:
            case AddressKind.FRAME:
                return FrameAddress(frame)
            case AddressKind.OVERLAY:
                return OverlayAddress(self.number, frame)
            case AddressKind.STRAY_BIT:
                return StrayBitAddress(self.number, frame)
            case AddressKind.THUMBNAIL:
                return ThumbnailAddress(frame, self.number)
            case AddressKind.ICON | AddressKind.UNSHOWN:
                if frame:
                    raise UsageError(f"there is no frame {frame} in a group of one plane")
                return IconAddress(self.number) if self.kind is AddressKind.ICON else UnshownAddress(self.number)

    @property
    def is_of_pixels(self) -> bool:
        """Whether its planes lie in the pixel data element, so that equal bytes of it are equal planes."""
        return self.kind in {AddressKind.FRAME, AddressKind.STRAY_BIT, AddressKind.THUMBNAIL}

    @property
    def key(self) -> str:
        """The short text: ``f``, ``o6000``, ``b12``, ``i0``, ``t0``, ``x0``."""
        match self.kind:
            case AddressKind.FRAME:
                return "f"
            case AddressKind.OVERLAY:
                return f"o{self.number:04X}"
            case kind:
                return f"{kind.value}{self.number}"


@dataclass(frozen=True, slots=True)
class PlaneSpan:
    """Planes of one group whose frames follow each other."""

    group: GroupAddress
    frames: FrameRange

    @classmethod
    def of(cls, address: PlaneAddress) -> PlaneSpan:
        """The span that holds one plane."""
        return cls(group_of(address), FrameRange.of(frame_of(address)))

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, PlaneAddress):
            return False
        return group_of(address) == self.group and frame_of(address) in self.frames


@dataclass(frozen=True, slots=True, order=True)
class FrameAddress(Travels):
    """An image frame, counted from 0."""

    frame: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"f{self.frame}"


@dataclass(frozen=True, slots=True, order=True)
class OverlayAddress:
    """A frame, counted from 0, of the overlay in the even ``group`` 0x6000 to 0x60FE."""

    group: int
    frame: int

    def __post_init__(self) -> None:
        _check_overlay(self.group)

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"o{self.group:04X}.{self.frame}"


@dataclass(frozen=True, slots=True, order=True)
class StrayBitAddress:
    """One bit of every cell of one image frame that no attribute accounts for; 0 is the lowest."""

    bit: int
    frame: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"b{self.bit}.{self.frame}"


@dataclass(frozen=True, slots=True, order=True)
class IconAddress:
    """A thumbnail, counted from 0 in the order in which the data set holds them."""

    index: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"i{self.index}"


@dataclass(frozen=True, slots=True, order=True)
class ThumbnailAddress:
    """A picture inside the codestream of an image frame, beside it (EXIF, JFIF...), both from 0."""

    frame: int
    index: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"t{self.frame}.{self.index}"


@dataclass(frozen=True, slots=True, order=True)
class UnshownAddress:
    """Something that cannot be shown, counted from 0: it has a place in the list, with its reason."""

    index: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"x{self.index}"


PlaneAddress = FrameAddress | OverlayAddress | StrayBitAddress | IconAddress | ThumbnailAddress | UnshownAddress

FRAMES = GroupAddress(AddressKind.FRAME)
"""The image frames."""


@lru_cache(maxsize=1024)
def group_address(kind: AddressKind, number: int) -> GroupAddress:
    """The group, the same object each time: it is asked for far more often than there are groups."""
    return GroupAddress(kind, number)


def group_of(address: PlaneAddress) -> GroupAddress:
    """The group that a plane belongs to."""
    match address:
        case FrameAddress():
            return FRAMES
        case OverlayAddress(group, _):
            return group_address(AddressKind.OVERLAY, group)
        case StrayBitAddress(bit, _):
            return group_address(AddressKind.STRAY_BIT, bit)
        case IconAddress(index):
            return group_address(AddressKind.ICON, index)
        case ThumbnailAddress(_, index):
            return group_address(AddressKind.THUMBNAIL, index)
        case UnshownAddress(index):
            return group_address(AddressKind.UNSHOWN, index)


def frame_of(address: PlaneAddress) -> int:
    """The frame of a plane within its group, 0 in a group of one plane."""
    match address:
        case FrameAddress(frame) | OverlayAddress(_, frame) | StrayBitAddress(_, frame) | ThumbnailAddress(frame, _):
            return frame
        case IconAddress() | UnshownAddress():
            return 0
