"""The list of all planes of one instance.

An instance is a list of planes in a fixed order: every image frame; then overlay by overlay every frame of each;
then stray high bits, icons, thumbnails inside the frames' codestreams, and last what cannot be shown. Overlays in the
high bits of the pixel data share ``OverlayAddress`` with classic ones: both are one 60xx group, and a database row
cannot tell them apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate
from typing import overload

from dcmaudit.model.addresses import (
    AddressKind,
    FrameAddress,
    GroupAddress,
    IconAddress,
    OverlayAddress,
    PlaneAddress,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    frame_of,
    group_address,
    group_of,
)
from dcmaudit.model.geometry import Point, Size


class PlaneKind(Enum):
    """What a plane is made of."""

    FRAME = "frame"
    OVERLAY = "overlay"
    EMBEDDED_OVERLAY = "embedded overlay"
    STRAY_BIT = "stray bit"
    ICON = "icon"
    THUMBNAIL = "thumbnail"
    UNSHOWN = "not audited"


class UnshownKind(Enum):
    """What an entry stands for that cannot be shown."""

    FRAMES = "image frames"
    OVERLAY = "overlay"
    ICON = "icon"
    THUMBNAIL = "thumbnail"
    UNUSED_BITS = "unused bits"
    NESTED_PIXELS = "pixels inside a sequence"
    FILE_END = "the end of the file"
    FRAME_GROUPS = "functional groups"
    NO_PIXELS = "no pixel data"
    REMOTE_PIXELS = "pixel data elsewhere"
    DOCUMENT = "document"
    GRAPHICS = "graphics"
    PRIVATE = "private element"
    """A private element, at whatever depth, in which a picture could hide."""
    ELEMENT = "element"
    """An element of the standard in which a picture could hide."""
    CODESTREAM = "codestream"
    """What lies in the codestreams of frames beside the frames: comments, application segments, trailing bytes."""

    @property
    def hides_pixels(self) -> bool:
        """Whether pixels that a redaction must reach cannot be seen, so that it cannot be known to be complete."""
        return self in _HIDING


_ADDRESSED_AS = {
    PlaneKind.FRAME: AddressKind.FRAME,
    PlaneKind.OVERLAY: AddressKind.OVERLAY,
    PlaneKind.EMBEDDED_OVERLAY: AddressKind.OVERLAY,
    PlaneKind.STRAY_BIT: AddressKind.STRAY_BIT,
    PlaneKind.ICON: AddressKind.ICON,
    PlaneKind.THUMBNAIL: AddressKind.THUMBNAIL,
    PlaneKind.UNSHOWN: AddressKind.UNSHOWN,
}

_HIDING = frozenset({
    UnshownKind.FRAMES, UnshownKind.OVERLAY, UnshownKind.ICON, UnshownKind.UNUSED_BITS, UnshownKind.NESTED_PIXELS,
    UnshownKind.FILE_END, UnshownKind.NO_PIXELS, UnshownKind.REMOTE_PIXELS,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unshown:
    """Something that cannot be shown: what kind of thing, what it is called, and why it is not shown."""

    kind: UnshownKind
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlaneGroup:
    """A run of planes of one kind that differ only in their frame number.

    ``number`` is the overlay group (0x6000...), the stray bit, the icon's, the thumbnail's (within its frame) or the
    unshown entry's index; 0 for the image frames. ``frames`` names the frames that are there, in order (a range, or
    the frames of a stray bit in which it is set, or of a thumbnail that have it). ``origin`` is the position of an
    overlay's first pixel in image pixels, counted from 0 (PS3.3 C.9.2: OverlayOrigin less 1). ``image_frame_origin``
    is the image frame, from 0, that the overlay's first frame belongs to (ImageFrameOrigin less 1). ``reason`` says
    why something cannot be shown and is None for everything else, and ``unshown`` what kind of thing it is; ``size``
    is None only where nothing can be shown. ``name`` says what an unshown entry is, or which part of an icon is shown
    ("frame 2 of icon 1").
    """

    kind: PlaneKind
    number: int
    frames: Sequence[int]
    size: Size | None
    origin: Point | None = None
    image_frame_origin: int = 0
    reason: str | None = None
    name: str = ""
    unshown: UnshownKind | None = None

    @property
    def where(self) -> GroupAddress:
        """The group's address. Overlays in the pixel data are addressed as those in elements of their own."""
        return group_address(_ADDRESSED_AS[self.kind], self.number)

    def address(self, position: int) -> PlaneAddress:
        """The address of the ``position``-th plane of the group, from 0."""
        frame = self.frames[position]
        match self.kind:  # not by way of ``where``: there may be a million
            case PlaneKind.FRAME:
                return FrameAddress(frame)
            case PlaneKind.OVERLAY | PlaneKind.EMBEDDED_OVERLAY:
                return OverlayAddress(self.number, frame)
            case PlaneKind.STRAY_BIT:
                return StrayBitAddress(self.number, frame)
            case PlaneKind.ICON:
                return IconAddress(self.number)
            case PlaneKind.THUMBNAIL:
                return ThumbnailAddress(frame, self.number)
            case PlaneKind.UNSHOWN:
                return UnshownAddress(self.number)

    @property
    def title(self) -> str:
        """The group in words: ``frames``, ``overlay 6000``, ``bit 12``, ``icon``."""
        match self.kind:
            case PlaneKind.FRAME:
                return "frames" if len(self.frames) > 1 else "frame"
            case PlaneKind.OVERLAY:
                return f"overlay {self.number:04X}"
            case PlaneKind.EMBEDDED_OVERLAY:
                return f"overlay {self.number:04X} (in the pixel data)"
            case PlaneKind.STRAY_BIT:
                return f"stray bit {self.number}"
            case PlaneKind.ICON | PlaneKind.THUMBNAIL:
                word = self.kind.value
                return self.name or (word if self.number == 0 else f"{word} {self.number + 1}")
            case PlaneKind.UNSHOWN:
                return f"not audited: {self.name}"


@dataclass(frozen=True, slots=True)
class Plane:
    """One entry of the list: where it is, and the group that describes it."""

    address: PlaneAddress
    group: PlaneGroup

    @property
    def kind(self) -> PlaneKind:
        """What the plane is made of."""
        return self.group.kind

    @property
    def size(self) -> Size | None:
        """Pixels of the plane, None where it cannot be shown."""
        return self.group.size

    @property
    def title(self) -> str:
        """The plane in words, frames counted from 1 as people do: ``frame 3/30``, ``overlay 6000 frame 1/2``."""
        group = self.group
        match self.address:
            case FrameAddress(frame):
                return f"frame {frame + 1}/{len(group.frames)}"
            case OverlayAddress(_, frame):
                return f"{group.title} frame {frame + 1}/{len(group.frames)}"
            case StrayBitAddress(_, frame):
                return f"{group.title} of frame {frame + 1}"
            case ThumbnailAddress(frame, _):
                return f"{group.title} of frame {frame + 1}"
            case _:
                return group.title


class PlaneList(Sequence[Plane]):
    """Every plane of an instance, in order, without holding one object a plane (there may be a million)."""

    def __init__(self, groups: Sequence[PlaneGroup]) -> None:
        # A group without planes would have no place in the list, and two groups the same start.
        self.groups = tuple(group for group in groups if len(group.frames))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(group.frames) for group in self.groups)]

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Plane: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Plane]: ...
    def __getitem__(self, index: int | slice) -> Plane | Sequence[Plane]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        number = bisect_right(self._starts, index) - 1
        group = self.groups[number]
        return Plane(group.address(index - self._starts[number]), group)

    def __iter__(self) -> Iterator[Plane]:
        for group in self.groups:
            for position in range(len(group.frames)):
                yield Plane(group.address(position), group)

    def find(self, address: PlaneAddress) -> int | None:
        """The place of ``address`` in the list, None where the instance has no such plane."""
        wanted, frame = group_of(address), frame_of(address)
        for group, start in zip(self.groups, self._starts, strict=False):
            if group.where != wanted:
                continue
            if not wanted.kind.has_frames:
                return start
            with suppress(ValueError):  # thumbnails of several sizes are several groups with one address
                return start + group.frames.index(frame)
        return None

    def group_start(self, index: int) -> int:
        """The place of the first plane of the group that ``index`` belongs to."""
        return self._starts[bisect_right(self._starts, index) - 1]

    def next_group(self, index: int) -> int | None:
        """The place of the first plane after the group that ``index`` belongs to, None after the last group."""
        after = self._starts[bisect_right(self._starts, index)]
        return after if after < len(self) else None
