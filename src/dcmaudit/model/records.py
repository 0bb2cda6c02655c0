"""What goes into the store and what comes out of it. No field here is in the database's own conventions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from dcmaudit.errors import StoreCorruptError, UsageError
from dcmaudit.model import (
    Box,
    Coverage,
    DeviceFacts,
    Everywhere,
    GroupAddress,
    HowSeen,
    Identity,
    Outcome,
    PlaneAddress,
    PlaneSpan,
    ReviewState,
    Scope,
    Verdict,
)
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import NerEngine, OcrEngine
from dcmaudit.model.packed import PackedRects
from dcmaudit.model.screen import Screen
from dcmaudit.model.shapes import Shape
from dcmaudit.model.travel import Travels

RectId = NewType("RectId", str)
"""The name of one stored rectangle: ``r12`` in the shared table, ``x3`` in the table of our own."""

Stored = Mapping[str, object]
"""A row as the database has it, column by column; only the store itself reads it."""


@dataclass(frozen=True, slots=True)
class NewRect:
    """A rectangle to be stored. ``box`` is None for a summary row, which holds the whole text of its scope.

    The engines may be plain numbers that this version has no name for. ``frames`` is the number of image frames of the
    file where the scope is all of them: with it the rectangle is written one row a frame for other programs, too.
    With ``shape``, which names the size of its plane, ``box`` is around what it blacks; ``shape_rect`` makes one.
    """

    box: Box | None
    scope: Scope
    engine: OcrEngine | int = OcrEngine.NONE
    text: str = field(default="", repr=False)
    ner: NerEngine | int = NerEngine.NONE
    verdict: Verdict = Verdict.UNKNOWN
    frames: int | None = None
    shape: Shape | None = None


def shape_rect(
    shape: Shape, scope: Scope, *, engine: OcrEngine | int = OcrEngine.NONE, frames: int | None = None
) -> NewRect:
    """A shape to be stored; it must name the size of its plane.

    UsageError where it does not, where it blacks no pixel there or keeps none, and for a scope of planes of several
    sizes.
    """
    if shape.size is None:
        raise UsageError("a shape to be stored needs the size of its plane", hint="end it with: in WIDTHxHEIGHT")
    if scope in {Everywhere.ALL_PLANES, Everywhere.ALL_OVERLAYS}:
        raise UsageError("a shape lies on one plane or on all frames", hint="allowed: f0, o6000.0, all frames")
    box = shape.box(shape.size)
    if box is None:
        raise UsageError(f"the {shape.title} blacks no pixel of a plane of {shape.size.width} x {shape.size.height}")
    # Everything black is no region that is kept.
    if shape.keep and sum(part.area for part in shape.boxes(shape.size)) == shape.size.area:
        raise UsageError(
            f"the {shape.title} keeps no pixel of a plane of {shape.size.width} x {shape.size.height}",
            hint="mark the whole plane with a rectangle",
        )
    return NewRect(box, scope, engine, frames=frames, shape=shape)


@dataclass(frozen=True, slots=True)
class RectRow:
    """One stored row.

    ``box`` and ``scope`` are None where the row cannot be understood; ``problem`` then says why, in words without
    any recognised text. ``box`` alone is None for a summary row. Engines are NONE where the database has none
    noted, plain numbers where they are unknown here. ``modified`` carries the local time zone, None where the
    database has no usable time. ``stored`` is the row itself, for putting it back; ``expanded`` names, for the same
    purpose, the rows of DicomRects that stand for it, with their frames, where they were asked for. With ``shape`` the
    shape is what is marked, and ``box`` only around it.
    """

    id: RectId
    filename: str
    box: Box | None
    scope: Scope | None
    engine: OcrEngine | int
    text: str | None = field(repr=False)
    ner: NerEngine | int
    verdict: Verdict
    modified: datetime | None
    modified_by: str | None
    problem: str | None = None
    stored: Stored = field(default_factory=dict, repr=False, compare=False)
    expanded: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)
    shape: Shape | None = None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Exactly what is marked: the box, or the boxes that a shape is made of; empty where nothing is."""
        if self.shape is not None and self.shape.size is not None:
            return self.shape.boxes(self.shape.size)
        return () if self.box is None else (self.box,)

    @property
    def is_summary(self) -> bool:
        """Whether the row holds the whole text of its scope and no rectangle."""
        return self.box is None and self.problem is None


@dataclass(frozen=True, slots=True)
class TagRecord:
    """The one row a file has once it is done: marked (needs another look) or not.

    ``device`` is what the file is compared by; placeholders for absent attributes have become None again.
    """

    filename: str
    marked: bool
    comment: str | None = field(repr=False)
    device: DeviceFacts
    modified: datetime | None = None
    modified_by: str | None = None
    stored: Stored = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that was marked on one file, as ``Store.clear`` removed it."""

    filename: str
    rects: tuple[RectRow, ...]
    tag: TagRecord | None


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """What one person saw of a file in one way; the spans of a group are sorted and apart.

    There is one a row of the database, which has all icons, and all that cannot be shown, in one row.
    """

    filename: str
    how: HowSeen
    spans: tuple[PlaneSpan, ...]
    by: str
    first: datetime
    last: datetime

    def holds(self, address: PlaneAddress) -> bool:
        """Whether that plane is among those seen."""
        return any(address in span for span in self.spans)

    @property
    def count(self) -> int:
        """How many planes were seen."""
        return sum(len(span.frames) for span in self.spans)


@dataclass(frozen=True, slots=True)
class SeenPart:
    """What was on the stage of a plane that was not seen whole."""

    address: PlaneAddress
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class PartRecord:
    """The same as it is stored: of which file, and who saw it."""

    filename: str
    part: SeenPart
    by: str


@dataclass(frozen=True, slots=True)
class Looked:
    """How many planes a file has and how many of them one person saw: whole, in part, or only at a glance.

    ``glanced`` counts every way that is neither whole nor in part, planes skipped on purpose included; what is
    left of ``planes`` was never shown. ``is_searched`` is False where there may be planes that nobody has looked
    for yet (unused bits of the pixels). ``unshown`` counts the parts that could not be shown at all.
    """

    planes: int
    seen: int
    in_part: int
    glanced: int
    is_searched: bool
    unshown: int = 0

    @property
    def unseen(self) -> int:
        """Planes that were not seen whole."""
        return self.planes - self.seen

    @property
    def is_whole(self) -> bool:
        """Whether every plane was seen whole, and no other plane can turn up."""
        return self.is_searched and self.seen >= self.planes


def only_seen(records: Iterable[SeenRecord], how: HowSeen) -> int:
    """How many planes were seen in this way and in no stronger one."""
    stronger = list(HowSeen)[: list(HowSeen).index(how)]
    found, before = set[tuple[GroupAddress, int]](), set[tuple[GroupAddress, int]]()
    for record in records:
        planes = {(span.group, frame) for span in record.spans for frame in span.frames}
        if record.how is how:
            found |= planes
        elif record.how in stronger:
            before |= planes
    return len(found - before)


@dataclass(frozen=True, slots=True)
class DoneRecord:
    """What was noted when somebody marked a file done, tagged it or commented on it.

    ``replaced_at``: when it was noticed that another file lies under the name since; None where nobody noticed that.
    """

    filename: str
    looked: Looked
    at: datetime
    by: str
    replaced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FinishMark:
    """A point in time, as the newest ids of the tag rows and of the history."""

    tags: int
    acts: int


class RemovalKind(StrEnum):
    """Why rows were removed; the value is stored."""

    CLEARED = "cleared"
    """Everything marked on a file was removed."""
    REMOVED = "removed"
    """Somebody removed rectangles."""
    TAKEN_BACK = "taken back"
    """A change was undone (or a removal done again)."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Rows of one file that were removed together and have not been put back."""

    act: str
    kind: RemovalKind
    filename: str
    count: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who did what and when. ``count`` is the number of rows; never a text or a comment."""

    id: int
    at: datetime
    by: str
    action: str
    filename: str | None
    count: int


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """What is known of the contents behind a file name; ``size`` in bytes, ``modified_ns`` as the file had it."""

    filename: str
    identity: Identity
    size: int | None
    modified_ns: int | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Look(Travels):
    """How the last look of one engine at one whole file ended.

    ``complete``: every plane was reached, and no place of it was left out by an option. ``places`` counts what was
    found, ``worst`` is the verdict that counts for all of it, None where nothing was found. ``digest`` is ``sha256:``
    and the hexadecimal digest of the whole file as it was looked at, None where it could not be read; ``size`` is in
    bytes. ``reasons`` is empty only for DONE, and never holds recognised text. ``effort`` is None where nobody noted
    what the look was asked.
    """

    engine: OcrEngine | int
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    complete: bool = False
    planes: int = 0
    places: int = 0
    worst: Verdict | None = None
    digest: str | None = None
    size: int | None = None
    modified_ns: int | None = None
    at: datetime | None = None
    by: str = ""
    effort: Effort | None = None


Values = tuple[object, ...]
"""The columns of one row, see ``rows.SHARED_VALUES`` and ``rows.OWN_VALUES``: plain, for they travel between
processes."""


@dataclass(frozen=True, slots=True)
class FileRows(Travels):
    """What one file's look leaves behind, ready to be stored with that of many others; made by ``file_rows``.

    ``shared`` and ``own`` are rows of rectangles without names, ``former`` the rows in whose place they come. ``size``
    (bytes) and ``modified_ns`` belong to ``identity``. ``look`` and ``identity`` None: nothing is noted.
    """

    filename: str
    shared: tuple[Values, ...] = field(default=(), repr=False)
    own: tuple[Values, ...] = field(default=(), repr=False)
    former: tuple[RectId, ...] = ()
    look: Look | None = None
    identity: Identity | None = None
    size: int | None = None
    modified_ns: int | None = None


@dataclass(frozen=True, slots=True)
class MarkedFile:
    """Everything that the database asks for one file, answered with that of many others.

    ``corrupt`` says that the file's marks are not those that were stored; nothing else is told then. ``screen`` and
    ``done`` are None where the file is not finished, or where nobody noted it; ``screen_problem`` says that the record
    of what was shown cannot be read. ``look`` is the newest look of an engine that did not see the file wholly.
    ``noted`` is what lay behind the name when it was marked or looked at last; None where nobody noted that. Where it
    was asked for, ``packed`` has the rectangles instead of ``rects``, and nobody has looked yet whether they are those
    that were stored; it is None where there are none, and where they had to be read.
    """

    filename: str
    state: ReviewState
    rects: tuple[RectRow, ...] = ()
    screen: Screen | None = None
    screen_problem: StoreCorruptError | None = None
    done: DoneRecord | None = None
    look: Look | None = None
    corrupt: StoreCorruptError | None = None
    noted: IdentityRecord | None = None
    packed: PackedRects | None = None


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """The store at a glance; ``notes`` are sentences about what is unusual and what it means."""

    location: str
    kind: str
    writable: bool
    version: str | None
    journal: str | None
    rects: int
    extra_rects: int
    tags: int
    files: int
    problems: int
    not_all_seen: int
    """Files that are done although not all of their planes were seen."""
    not_noted: int
    """Done files of which nobody noted how far they were looked at (earlier versions, other tools)."""
    old_columns: tuple[str, ...]
    notes: tuple[str, ...]
    looks: Mapping[Outcome, int] = field(default_factory=dict)
    """Files by how the newest look of an engine at them ended."""
    has_sums: bool = False
    shapes: int = 0
    """Rows that are shapes; for other programs rectangles that cover them stand in DicomRects."""
    searched: tuple[int, int] = (0, 0)
    """Planes that were read, and files that a detector looked at, whose answers are kept for the next time."""
