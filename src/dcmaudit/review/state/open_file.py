"""The file that is on screen: what its header says, what was marked, what was seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Concatenate, ParamSpec

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import (
    Box,
    Everywhere,
    FrameAddress,
    HowSeen,
    InstanceFacts,
    Origin,
    OverlayAddress,
    Plane,
    PlaneAddress,
    PlaneKind,
    PlaneList,
    Reference,
    Region,
    ReviewState,
    Scope,
)
from dcmaudit.model.records import Looked, RectRow, TagRecord
from dcmaudit.model.screen import ShownArea
from dcmaudit.review.state.seen import SeenPlanes


class FrameSearch(Enum):
    """How far the search of every frame has come for what no attribute tells: stray bits, thumbnails."""

    NONE = "none possible"
    WAITING = "not looked at yet"
    SCANNING = "being looked at"
    DONE = "looked at"
    FAILED = "could not be looked at"


@dataclass(frozen=True, slots=True)
class InstanceSummary:
    """What opening a file tells."""

    facts: InstanceFacts
    planes: PlaneList
    search: FrameSearch
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rectangle that somebody may want, with a number of its own within the open file."""

    number: int
    region: Region
    is_empty: bool = False
    """Whether there is nothing but one flat value under it."""
    is_set_aside: bool = False
    """Whether it was looked at and not taken for text; those have numbers of their own."""

    @property
    def id(self) -> str:
        """The name by which page and server speak of it; it is compared, and never taken apart."""
        return f"{'a' if self.is_set_aside else 's'}{self.number}"


@dataclass(frozen=True, kw_only=True, eq=False)
class FileFields:
    """What is known of an open file, apart from who it is. Only ``OpenFile.change`` puts another value into a field."""

    opening: bool = True
    error: DcmauditError | None = None
    facts: InstanceFacts | None = None
    planes: PlaneList = field(default_factory=lambda: PlaneList(()))
    search: FrameSearch = FrameSearch.NONE
    search_progress: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    index: int = 0
    wanted: PlaneAddress | None = None
    """The plane to show once the file is open, where it is not the first."""
    from_end: bool = False
    """Whether its last plane is shown once it is open: somebody came from the file behind it."""
    changed: bool = False
    """Whether it was noticed that the file on disk is another one now than when it was opened."""
    seen_loaded: bool = False
    comparing: bool = False
    """Whether the pixels are being compared with those that were seen before; nothing seen is stored meanwhile."""
    noted: bool = False
    """Whether the database knows which content it is of which planes were seen."""
    fingerprint: tuple[object, ...] | None = None
    """The database's rows for the file as they were last compared with what is known here."""
    rects: Sequence[RectRow] = ()
    tag: TagRecord | None = None
    seen: SeenPlanes = field(default_factory=SeenPlanes)
    suggestions: Sequence[Suggestion] = ()
    searches: int = 0
    """How many searches for suggestions were asked for and have not ended."""
    reading: frozenset[str] = frozenset()
    """Titles of the planes that text is looked for on at the moment."""
    identified: bool = False
    header_searched: bool = False
    searched: frozenset[PlaneAddress] = frozenset()
    """Keys of the planes that suggestions were looked for on since the marks changed last."""
    rejected: frozenset[str] = frozenset()
    """Ids of the suggestions that somebody has said no to."""
    hidden: frozenset[ShownArea] = frozenset()
    """Areas that somebody has said no to, now or before: the database keeps them."""
    accepted: frozenset[Box] = frozenset()
    """Boxes of the suggestions that were applied: what is learned from them weighs less."""
    refused: frozenset[tuple[PlaneAddress, Box]] = frozenset()
    """Plane and box of the suggestions that the reviewer said no to."""
    set_aside: Mapping[PlaneAddress, tuple[Region, ...]] = field(default_factory=dict)
    """By plane, what OCR looked at and did not take for text."""
    heat: Mapping[PlaneAddress, float] = field(default_factory=dict)
    """By plane, how likely it is (0 to 1) that the plane shows text, where a detector said so."""


P = ParamSpec("P")


def _of_fields(
    _fields: Callable[P, FileFields],
) -> Callable[[Callable[..., None]], Callable[Concatenate[OpenFile, P], None]]:
    """Give a method the keyword arguments of ``FileFields``, so that the type checker knows each field's type."""
    return lambda method: method


@dataclass(frozen=True, eq=False)
class OpenFile(FileFields):
    """One file while a reviewer looks at it; ``error`` says why it cannot be shown. Several threads read and change it.

    Frozen, so that nothing can be assigned: every change goes through ``change``, under ``lock``. Whoever works out a
    new value from the present one holds the lock meanwhile.
    """

    place: int
    """Its number in the list of files."""
    file_id: int
    name: str
    referrer: Callable[[], Reference]
    lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    storing: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    """Held while what was seen is stored, which takes a while; ``lock`` is never held that long."""

    @_of_fields(FileFields)
    def change(self, **fields: object) -> None:
        """Put new values into fields: the only way. All of them at once, for whoever holds the lock to read."""
        with self.lock:
            for name, value in fields.items():
                object.__setattr__(self, name, value)

    @property
    def suggesting(self) -> bool:
        """Whether suggestions are being looked for."""
        return self.searches > 0

    @property
    def plane(self) -> Plane | None:
        """The plane on screen, None where the file has none or is not open."""
        return self.planes[self.index] if self.index < len(self.planes) else None

    @property
    def group_number(self) -> int:
        """Which group of the plane list the plane on screen is in."""
        return self.group_at(self.index)

    def group_at(self, index: int) -> int:
        """Which group of the plane list the plane at ``index`` is in."""
        start = self.planes.group_start(index)
        position = 0
        for number, group in enumerate(self.planes.groups):
            if position == start:
                return number
            position += len(group.frames)
        raise ReviewError("the file has no plane to show", file=self.name)

    @property
    def is_unsearched(self) -> bool:
        """Whether there may be stray bits or thumbnails that nobody has looked for yet."""
        return self.search in {FrameSearch.WAITING, FrameSearch.SCANNING, FrameSearch.FAILED}

    def take(self, summary: InstanceSummary) -> None:
        """Take in what opening it told."""
        index = summary.planes.find(self.wanted) if self.wanted is not None else None
        self.change(
            opening=False,
            facts=summary.facts,
            planes=summary.planes,
            search=summary.search,
            notes=summary.notes,
            index=max(0, len(summary.planes) - 1) if self.from_end and self.wanted is None else index or 0,
        )

    def fail(self, error: DcmauditError | None) -> None:
        """Note that it could not be opened; None where opening was given up."""
        self.change(opening=False, error=error)

    def replace_planes(self, planes: PlaneList) -> None:
        """Take in a list of planes that has grown (stray bits, thumbnails), staying on the plane that is on screen."""
        with self.lock:
            plane = self.plane
            index = planes.find(plane.address) if plane is not None else None
            self.change(planes=planes, index=self.index if plane is None else index or 0)

    def note(self, *words: str) -> None:
        """Add to what there is to say about the file."""
        with self.lock:
            self.change(notes=(*self.notes, *words))

    def forget_records(self) -> None:
        """Forget what one database said about the file, before another one is asked."""
        gone = {Origin.SIMILAR, Origin.LEARNED}
        with self.storing, self.lock:
            self.change(
                rects=(),
                tag=None,
                seen=SeenPlanes(),
                seen_loaded=False,
                comparing=False,
                noted=False,
                identified=False,
                searched=frozenset(),
                rejected=frozenset(),
                hidden=frozenset(),
                accepted=frozenset(),
                refused=frozenset(),
                suggestions=[item for item in self.suggestions if item.region.origin not in gone],
            )

    @property
    def looked(self) -> Looked:
        """How far its planes were looked at, as it is stored."""
        is_known = not self.is_unsearched and not self.opening and self.error is None
        return self.seen.looked(self.planes, is_searched=is_known)

    def unseen(self) -> int:
        """How many planes were not seen whole."""
        return len(self.planes) - self.seen.count(self.planes, HowSeen.SEEN)

    def rects_here(self) -> list[RectRow]:
        """The stored rectangles that apply to the plane on screen."""
        return self.rects_on(self.plane) if self.plane else []

    def rects_on(self, plane: Plane) -> list[RectRow]:
        """The stored rectangles that apply to a plane."""
        return [row for row in self.rects if row.box and row.scope and applies(row.scope, plane.address)]

    def set_aside_on(self, plane: Plane) -> list[Suggestion]:
        """What OCR looked at on a plane and did not take for text, with ids by which it can be applied all the same."""
        regions = self.set_aside.get(plane.address, ())
        stored = {row.box for row in self.rects_on(plane) if row.shape is None}
        return [
            Suggestion(number, region, is_set_aside=True)
            for number, region in enumerate(regions)
            if region.box not in stored
        ]

    def suggestions_here(self) -> list[Suggestion]:
        """The suggestions for the plane on screen that were neither rejected nor stored."""
        return self.suggestions_on(self.plane) if self.plane else []

    def suggestions_on(self, plane: Plane) -> list[Suggestion]:
        """The suggestions for a plane that were neither rejected nor stored where they mean."""
        here = [
            item for item in self.suggestions if not self.is_out(item) and applies(item.region.scope, plane.address)
        ]
        same = {(row.box, row.shape) for row in self.rects_on(plane)}
        return [
            item for item in here if (item.region.box, item.region.shape) not in same or not self.is_marked(item.region)
        ]

    def is_out(self, item: Suggestion) -> bool:
        """Whether a suggestion was hidden."""
        return item.id in self.rejected or is_hidden(item.region, self.hidden)

    def hidden_on(self, plane: Plane) -> list[Suggestion]:
        """The suggestions for a plane that were hidden, now or before."""
        return [item for item in self.suggestions if self.is_out(item) and applies(item.region.scope, plane.address)]

    def is_marked(self, region: Region) -> bool:
        """Whether a suggestion whose box is marked on one plane is marked wherever it means."""
        if region.scope is not Everywhere.ALL_FRAMES:
            return True
        frames = {row.scope for row in self.rects if (row.box, row.shape) == (region.box, region.shape)}
        if frames & {Everywhere.ALL_FRAMES, Everywhere.ALL_PLANES}:
            return True
        return len(frames) >= sum(len(group.frames) for group in self.planes.groups if group.kind is PlaneKind.FRAME)


def hidden_area(region: Region) -> ShownArea:
    """By what a hidden suggestion is known again. What was learned may rest on other images the next time."""
    origin = Origin.LEARNED if region.origin is Origin.SIMILAR else region.origin
    return ShownArea(region.box, region.scope, origin, region.shape)


_NEAR = 4
"""How far the edges of a rectangle may lie from those of a hidden one to be the same: as far as similar ones merge."""


def is_hidden(region: Region, hidden: frozenset[ShownArea]) -> bool:
    """Whether an area that somebody said no to is this one, but for the few pixels that learning moves edges by."""
    area = hidden_area(region)
    if area in hidden:
        return True
    if area.shape is not None or area.origin is not Origin.LEARNED:
        return False
    return any(
        (other.origin, other.scope, other.shape) == (area.origin, area.scope, None) and _is_near(other.box, area.box)
        for other in hidden
    )


def _is_near(one: Box, other: Box) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one.inclusive, other.inclusive, strict=True))


def applies(scope: Scope, address: PlaneAddress) -> bool:
    """Whether a rectangle with that scope lies on the plane at ``address``."""
    match scope:
        case Everywhere.ALL_PLANES:
            return True
        case Everywhere.ALL_FRAMES:
            return isinstance(address, FrameAddress)
        case Everywhere.ALL_OVERLAYS:
            return isinstance(address, OverlayAddress)
        case _:
            return scope == address


def is_shown(plane: Plane) -> bool:
    """Whether there is a picture of the plane at all."""
    return plane.kind is not PlaneKind.UNSHOWN and plane.size is not None


def state_of(file: OpenFile) -> ReviewState:
    """The state that the records of the file mean."""
    if file.tag is not None:
        return ReviewState.TAGGED if file.tag.marked else ReviewState.DONE
    return ReviewState.IN_WORK if file.rects else ReviewState.NOT_REVIEWED
