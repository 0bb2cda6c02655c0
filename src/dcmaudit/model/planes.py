"""Addresses of planes, and the list of all planes of one instance.

An instance is a list of planes in a fixed order: every image frame; then overlay by overlay every frame of each;
then stray high bits, icons, thumbnails inside the frames' codestreams, and last what cannot be shown. Overlays in the
high bits of the pixel data share ``OverlayAddress`` with classic ones: both are one 60xx group, and a database row
cannot tell them apart.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate
from typing import overload

from dcmaudit.errors import UsageError
from dcmaudit.model.geometry import Point, Size


@dataclass(frozen=True, slots=True, order=True)
class FrameAddress:
    """An image frame, counted from 0."""

    frame: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"f{self.frame}"


@dataclass(frozen=True, slots=True, order=True)
class OverlayAddress:
    """A frame, counted from 0, of the overlay in repeating group ``group`` (0x6000 to 0x60FE, even)."""

    group: int
    frame: int

    def __post_init__(self) -> None:
        if not 0x6000 <= self.group <= 0x60FE or self.group % 2:
            raise UsageError(f"overlay group {self.group:04X} is not an even group from 6000 to 60FE")

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"o{self.group:04X}.{self.frame}"


@dataclass(frozen=True, slots=True, order=True)
class StrayBitAddress:
    """One bit plane of one image frame that no attribute accounts for; ``bit`` 0 is the lowest of the cell."""

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
    """A picture inside the codestream of one image frame beside the frame itself (EXIF, JFIF...), both from 0."""

    frame: int
    index: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"t{self.frame}.{self.index}"


@dataclass(frozen=True, slots=True, order=True)
class UnshownAddress:
    """Something that cannot be shown, counted from 0: it takes a place in the list, with its reason."""

    index: int

    @property
    def key(self) -> str:
        """The short text for addresses in pages and files."""
        return f"x{self.index}"


PlaneAddress = FrameAddress | OverlayAddress | StrayBitAddress | IconAddress | ThumbnailAddress | UnshownAddress

_KEY = re.compile(r"(?:f(?P<f>\d{1,10})|o(?P<g>60[0-9A-F]{2})\.(?P<o>\d{1,10})|b(?P<n>\d{1,2})\.(?P<b>\d{1,10})"
                  r"|i(?P<i>\d{1,10})|t(?P<f2>\d{1,10})\.(?P<t>\d{1,4})|x(?P<x>\d{1,10}))")  # fmt: skip


def parse_key(key: str) -> PlaneAddress:
    """The address with that ``key``; UsageError for anything else."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise UsageError(
            f"{key!r} is no plane",
            hint="allowed: f3, o6000.3, b12.3, i0, t3.0, x0 (frame, overlay, bit, icon, thumbnail, unshown)",
        )
    part = found.groupdict()
    if part["f"] is not None:
        return FrameAddress(int(part["f"]))
    if part["g"] is not None:
        return OverlayAddress(int(part["g"], 16), int(part["o"]))
    if part["n"] is not None:
        return StrayBitAddress(int(part["n"]), int(part["b"]))
    if part["i"] is not None:
        return IconAddress(int(part["i"]))
    if part["t"] is not None:
        return ThumbnailAddress(int(part["f2"]), int(part["t"]))
    return UnshownAddress(int(part["x"]))


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


_HIDING = frozenset({
    UnshownKind.FRAMES, UnshownKind.OVERLAY, UnshownKind.ICON, UnshownKind.UNUSED_BITS, UnshownKind.NESTED_PIXELS,
    UnshownKind.FILE_END, UnshownKind.NO_PIXELS, UnshownKind.REMOTE_PIXELS,
})  # fmt: skip


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

    def address(self, position: int) -> PlaneAddress:
        """The address of the ``position``-th plane of the group, from 0."""
        frame = self.frames[position]
        match self.kind:
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
        for group, start in zip(self.groups, self._starts, strict=False):
            position = _position(group, address)
            if position is not None:
                return start + position
        return None

    def group_start(self, index: int) -> int:
        """The place of the first plane of the group that ``index`` belongs to."""
        return self._starts[bisect_right(self._starts, index) - 1]

    def next_group(self, index: int) -> int | None:
        """The place of the first plane after the group that ``index`` belongs to, None after the last group."""
        after = self._starts[bisect_right(self._starts, index)]
        return after if after < len(self) else None


def _position(group: PlaneGroup, address: PlaneAddress) -> int | None:
    if not len(group.frames):
        return None
    first = group.address(0)
    if type(first) is not type(address):
        return None
    match address:
        case FrameAddress(frame):
            number = 0
        case OverlayAddress(number, frame) | StrayBitAddress(number, frame) | ThumbnailAddress(frame, number):
            pass
        case IconAddress(number) | UnshownAddress(number):
            frame = group.frames[0]
    if number != group.number:
        return None
    try:
        return group.frames.index(frame)
    except ValueError:
        return None
