"""From requests to a plan: every rectangle finds its planes, or the plan says which one does not and why.

Nothing is clipped away in silence. A rectangle that names one plane, or all frames, must lie wholly inside it. One that
names all overlays or every plane lies in each at the same pixels of that plane, as the reviewer shows it: it must fit
into one of them and is clipped in the others. A rectangle of the image that is carried to overlays or icons is clipped
to them, because there it stands for a place of the image; that such a plane does not reach that place is then no
problem.

A shape lies on one plane or on all image frames, and on planes of the size that it was drawn on alone. It is carried to
overlays as a shape; in icons the box around what it blacks is black, rounded outwards as a rectangle is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from dcmaudit.model.addresses import (
    FrameAddress,
    IconAddress,
    OverlayAddress,
    PlaneAddress,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
)
from dcmaudit.model.geometry import Box, Size
from dcmaudit.model.planes import PlaneGroup, PlaneKind, PlaneList
from dcmaudit.model.redaction import (
    Blackened,
    IconPolicy,
    OverlayPolicy,
    PlanProblem,
    RedactionOptions,
    RedactionPlan,
    Request,
)
from dcmaudit.model.regions import Everywhere, Origin
from dcmaudit.model.shapes import Shape
from dcmaudit.redact.fit import is_scaled, scaled, shape_fault, without_contained

OVERLAYS = (PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY)


def make_plan(
    name: str, planes: PlaneList, requests: Sequence[Request], options: RedactionOptions | None = None
) -> RedactionPlan:
    """The plan for one file.

    ``planes`` is the complete list of the file's planes, stray bits included. Each request becomes boxes in the pixels
    of every plane that its scope means; requests that fit no plane, or do not fit their plane, become ``problems``.
    """
    return _Planner(name, planes, options or RedactionOptions()).plan(requests)


class _Planner:
    def __init__(self, name: str, planes: PlaneList, options: RedactionOptions) -> None:
        self.name = name
        self.listing = planes
        self.options = options
        self.groups: dict[int, list[Blackened]] = defaultdict(list)
        self.planes: dict[PlaneAddress, list[Blackened]] = defaultdict(list)
        self.problems: list[PlanProblem] = []
        self.notes: list[str] = []

    def plan(self, requests: Sequence[Request]) -> RedactionPlan:
        for request in self._together(requests):
            self._place(request)
        self._note_stray_bits()
        return RedactionPlan(
            self.name,
            self.listing,
            self.options,
            {number: without_contained(items) for number, items in self.groups.items()},
            {address: left for address, items in self.planes.items() if (left := self._beyond_group(address, items))},
            tuple(self.problems),
            tuple(self.notes),
        )

    def _together(self, requests: Sequence[Request]) -> Iterator[Request]:
        """The requests, those for one box on every single frame as one for all frames.

        Lists and the original's database have one line a frame for a rectangle on all frames; the plan is the same.
        """
        frames = [frame for _, group in self._of_kind(PlaneKind.FRAME) for frame in group.frames[:2]]
        alike: dict[_Key, dict[int, Request]] = defaultdict(dict)
        # Of one frame "every frame" and "this frame" are the same thing.
        if len(frames) > 1:
            for request in requests:
                if isinstance(request.scope, FrameAddress):
                    alike[_key(request)].setdefault(request.scope.frame, request)
        every = {key for key, found in alike.items() if self._are_all_frames(found)}
        for request in requests:
            key = _key(request)
            if key not in every or not isinstance(request.scope, FrameAddress):
                yield request
            elif request is alike[key][min(alike[key])]:
                yield replace(request, scope=Everywhere.ALL_FRAMES)

    def _beyond_group(self, address: PlaneAddress, items: Sequence[Blackened]) -> tuple[Blackened, ...]:
        """What is blacked in one plane and not in every plane of its group anyway."""
        index = self.listing.find(address)
        group = None if index is None else self.listing[index].group
        everywhere = self.groups.get(self.listing.groups.index(group), []) if group is not None else []
        return without_contained(item for item in items if not any(wide.covers(item) for wide in everywhere))

    def _are_all_frames(self, numbers: Collection[int]) -> bool:
        groups = [group for _, group in self._of_kind(PlaneKind.FRAME)]
        return len(numbers) >= sum(len(group.frames) for group in groups) and all(
            frame in numbers for group in groups for frame in group.frames
        )

    def _note_stray_bits(self) -> None:
        """Programs that take the whole cell for the value show stray bits in the blacked area: say that they stay."""
        everywhere = {group.kind for number, group in enumerate(self.listing.groups) if self.groups.get(number)}
        frames = PlaneKind.FRAME in everywhere or any(isinstance(address, FrameAddress) for address in self.planes)
        named = {address.bit for address in self.planes if isinstance(address, StrayBitAddress)}
        stray = [
            (number, group)
            for number, group in self._of_kind(PlaneKind.STRAY_BIT)
            if not self.groups.get(number) and group.number not in named
        ]
        if stray and frames and not self.options.remove_high_bits:
            bits = ", ".join(str(group.number) for _, group in stray)
            self.notes.append(f"stray bits beside the image's values stay as they are (bit {bits} of its cells)")

    def _place(self, request: Request) -> None:
        if request.shape is not None and request.scope in _MANY_SIZES:
            self._refuse(request, "a shape lies on one plane or on all frames, and not on planes of several sizes")
            return
        match request.scope:
            case Everywhere.ALL_FRAMES:
                self._on_all_frames(request)
            case Everywhere.ALL_OVERLAYS:
                self._on_all_overlays(request)
            case Everywhere.ALL_PLANES:
                self._on_all_planes(request)
            case FrameAddress() as address:
                if self._on_one_plane(request, address):
                    self._carry(request, self._frame_size(), address.frame)
            case address:
                self._on_one_plane(request, address)

    def _on_all_frames(self, request: Request) -> None:
        frames = self._of_kind(PlaneKind.FRAME)
        if not frames:
            self._refuse(request, "the file has no image frame that can be shown")
            return
        for number, group in frames:
            self._add_to_group(request, number, group)
        self._carry(request, frames[0][1].size, None)

    def _on_all_overlays(self, request: Request) -> None:
        overlays = self._of_kind(*OVERLAYS)
        if not overlays:
            self.notes.append(f"{_where(request)}: the file has no overlay")
            return
        self._on_each(request, overlays)

    def _on_all_planes(self, request: Request) -> None:
        """Every plane: the box lies at the same pixels of each, and in icons where the image's place shows as well."""
        kinds = [PlaneKind.FRAME, *OVERLAYS, PlaneKind.STRAY_BIT]
        if self.options.icons is not IconPolicy.KEEP:
            kinds.append(PlaneKind.ICON)
        size = self._frame_size()
        if self._on_each(request, self._of_kind(*kinds)) and (
            request.box is None or (size is not None and request.box.clipped(size) is not None)
        ):
            self._carry(request, size, None)

    def _on_each(self, request: Request, groups: Sequence[tuple[int, PlaneGroup]]) -> bool:
        """Put the box on every group that it reaches; it must fit one of them wholly."""
        sizes = [(number, group.size) for number, group in groups if group.size is not None]
        if not sizes:
            self._refuse(request, "the file has no plane that can be shown")
            return False
        box = request.box
        if box is not None and not any(box.is_inside(size) for _, size in sizes):
            self._refuse(request, f"it reaches outside {_sizes(size for _, size in sizes)}")
            return False
        for number, size in sizes:
            inside = Box.whole(size) if box is None else box.clipped(size)
            if inside is not None:
                self.groups[number].append(Blackened(inside, request.origin, request.reason))
        return True

    def _carry(self, request: Request, size: Size | None, frame: int | None) -> None:
        """Take a rectangle of the image to where the same place shows again: overlays if asked, and icons."""
        # Nothing of the image is black by it.
        if request.shape is not None and (size is None or request.shape.box(size) is None):
            return  # it keeps all of the image
        if self.options.overlays is OverlayPolicy.SAME and size is not None:
            self._on_overlays_by_origin(request, request.box or Box.whole(size), frame)
        self._on_icons(request, size)

    def _on_overlays_by_origin(self, request: Request, box: Box, frame: int | None) -> None:
        shape = request.shape
        for number, group in self._of_kind(*OVERLAYS):
            if group.size is None:
                continue
            origin = group.origin
            shifted = box.moved(-origin.x, -origin.y) if origin else box
            moved = None if shape is None else shape.moved(-origin.x, -origin.y) if origin else shape
            inside = shifted.clipped(group.size) if moved is None else moved.box(group.size)
            if inside is None:
                continue
            item = _blackened(request, inside, moved, group.size)
            if frame is None:
                self.groups[number].append(item)
                continue
            position = frame - group.image_frame_origin
            if len(group.frames) == 1 and group.kind is PlaneKind.OVERLAY:
                position = 0  # a single overlay frame belongs to every image frame (PS3.3 C.9.3.1.1)
            if 0 <= position < len(group.frames):
                self.planes[group.address(position)].append(item)

    def _on_icons(self, request: Request, size: Size | None) -> None:
        if self.options.icons is not IconPolicy.REDACT or size is None:
            return
        for number, group in self._of_kind(PlaneKind.ICON):
            if group.size is None:
                continue
            asked = request.box if request.shape is None else request.shape.box(size)
            whole = asked is None or not is_scaled(size, group.size)
            box = Box.whole(group.size) if whole or asked is None else scaled(asked, size, group.size)
            self.groups[number].append(Blackened(box, request.origin, f"{request.reason}, in the icon"))

    def _on_one_plane(self, request: Request, address: PlaneAddress) -> bool:
        index = self.listing.find(address)
        # A mark that finds no plane must not vanish: the plan is refused.
        if index is None:
            self._refuse(request, _absent(address, self.listing))
            return False
        plane = self.listing[index]
        if plane.size is None:
            self._refuse(request, f"it cannot be shown ({plane.group.reason}) and so cannot be redacted")
            return False
        item = self._fitting(request, plane.size)
        if item is None:
            return False
        self.planes[address].append(item)
        return True

    def _add_to_group(self, request: Request, number: int, group: PlaneGroup) -> None:
        if group.size is None:
            self._refuse(request, f"{group.title} cannot be shown ({group.reason})")
            return
        item = self._fitting(request, group.size)
        if item is not None:
            self.groups[number].append(item)

    def _fitting(self, request: Request, size: Size) -> Blackened | None:
        if request.shape is not None:
            return self._shape_fitting(request, request.shape, size)
        if request.box is None or request.box.is_inside(size):
            return _blackened(request, request.box or Box.whole(size), None, size)
        self._refuse(request, f"it reaches outside the plane of {size.width} x {size.height} pixels")
        return None

    def _shape_fitting(self, request: Request, shape: Shape, size: Size) -> Blackened | None:
        fault = shape_fault(shape, size)
        if fault is not None:
            self._refuse(request, fault)
            return None
        box = shape.box(size)
        if box is None:
            self.notes.append(f"{_where(request)}: it keeps all of the plane, so that nothing is black by it")
            return None
        return _blackened(request, box, shape, size)

    def _frame_size(self) -> Size | None:
        frames = self._of_kind(PlaneKind.FRAME)
        return frames[0][1].size if frames else None

    def _of_kind(self, *kinds: PlaneKind) -> list[tuple[int, PlaneGroup]]:
        return [(number, group) for number, group in enumerate(self.listing.groups) if group.kind in kinds]

    def _refuse(self, request: Request, text: str) -> None:
        self.problems.append(PlanProblem(_where(request), text))


_MANY_SIZES = (Everywhere.ALL_OVERLAYS, Everywhere.ALL_PLANES)
_Key = tuple[Box | None, Shape | None, Origin]


def _key(request: Request) -> _Key:
    """What is the same for one rectangle or shape on several frames."""
    return request.box, request.shape, request.origin


def _blackened(request: Request, box: Box, shape: Shape | None, size: Size) -> Blackened:
    if shape is None:
        return Blackened(box, request.origin, request.reason)
    return Blackened(box, request.origin, request.reason, replace(shape, size=None), size)


def _sizes(sizes: Iterable[Size]) -> str:
    names = sorted({(size.width, size.height) for size in sizes})
    planes = " and ".join(f"{width} x {height}" for width, height in names)
    return f"the plane of {planes} pixels" if len(names) == 1 else f"every plane (they have {planes} pixels)"


def _where(request: Request) -> str:
    box = request.box
    area = "the whole plane" if box is None else box.text
    area = area if request.shape is None else request.shape.text
    scope = request.scope.value if isinstance(request.scope, Everywhere) else _named(request.scope)
    # Of many rows the reason says which one.
    asker = request.reason if request.origin in {Origin.LIST, Origin.STORED} else request.origin.value
    return f"{area} on {scope} ({asker})"


def _named(address: PlaneAddress) -> str:
    """A plane in words. People and every other message count from 1; a list or a database says one less."""
    match address:
        case FrameAddress(frame):
            return f"frame {_counted(frame)}"
        case OverlayAddress(group, frame):
            return f"overlay {group:04X} frame {_counted(frame)}"
        case StrayBitAddress(bit, frame):
            return f"stray bit {bit} of frame {_counted(frame)}"
        case IconAddress(index):
            return f"icon {_counted(index)}"
        case ThumbnailAddress(frame, index):
            return f"thumbnail {_counted(index)} of frame {_counted(frame)}"
        case UnshownAddress(index):
            return f"unshown part {_counted(index)}"


def _counted(index: int) -> str:
    return f"{index + 1} ({index} in lists)"


def _absent(address: PlaneAddress, listing: PlaneList) -> str:
    kinds: tuple[PlaneKind, ...]
    match address:
        case FrameAddress():
            kinds, what = (PlaneKind.FRAME,), "image frames"
        case OverlayAddress():
            kinds, what = OVERLAYS, "overlay frames"
        case StrayBitAddress():
            kinds, what = (PlaneKind.STRAY_BIT,), "stray bit planes"
        case ThumbnailAddress():
            kinds, what = (PlaneKind.THUMBNAIL,), "thumbnails"
        case _:
            kinds, what = (PlaneKind.ICON,), "icons"
    there = [group for group in listing.groups if group.kind in kinds]
    names = ", ".join(f"{len(group.frames)} in {group.title}" for group in there) or "none"
    return f"the file has no such plane; its {what}: {names}"
