"""Stacks of planes that are projected: read once, shown while they are, kept as long as somebody looks."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.errors import DcmauditError, DecodeError, ReviewError
from dcmaudit.model import FrameAddress, PlaneAddress, Point, Projection, Reference, Size
from dcmaudit.render import encode_png
from dcmaudit.render.project import Strokes
from dcmaudit.render.sheets import TextSheets
from dcmaudit.render.shown import BlindShares, packed_ink
from dcmaudit.render.stack import PlaneStack, StrokeStack, to_strokes
from dcmaudit.render.strokes import stroke_map
from dcmaudit.render.tables import Levels
from dcmaudit.review.services.protocols import Instances
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.stack import SeriesStack

_SERIALS = itertools.count()
_KEPT = 2
_IDLE = 3.0
"""Seconds after which a stack that nobody asks for is not read on."""

_FIRST = 2
"""Planes of the first picture of a text map."""

_PREVIEW, _NEXT = 0.15, 0.6
"""Seconds of reading that the first picture of what is there so far has at least, and each one after that: pictures
take time that the reading needs."""

_LONGEST = 10.0
MOST_FRAMES = 200_000
"""Frames of a series that are projected: headers say how many there are, and may say anything."""

_REACH = 3
"""Pixels around a point of the text map in which its strongest stroke is looked for: strokes are thin."""

PIXELS = (Projection.MAX, Projection.MIN, Projection.MEAN, Projection.RANGE)


@dataclass(frozen=True, slots=True)
class Member:
    """One plane of a stack: its file, how to get at it, and where in the file it is."""

    file_id: int
    reference: Callable[[], Reference]
    address: PlaneAddress


@dataclass(frozen=True, slots=True)
class StackKey:
    """Which planes: those of a group of a file, or the frames of the series that a list has around that file."""

    file_id: int
    label: str


SERIES = "series"
"""In the place of the number of a group: the image frames of all files of the series."""


def series_stack(session: Session, file_id: int) -> SeriesStack:
    """The series of the open file; ReviewError where it is not looked at as one, or not wholly found yet."""
    stack, file = session.stack, session.opened()
    if file.file_id != file_id or stack is None or stack.index(file.place) is None:
        raise ReviewError(
            "this file is not looked at as part of a series", hint="choose “A series as one stack” in the View menu"
        )
    if not stack.is_complete:
        raise ReviewError("the list is still being searched for this series", hint="try again in a moment")
    return stack


def series_key(stack: SeriesStack, file_id: int) -> StackKey:
    """The key of the frames of a series, for the one file from which it is looked at."""
    return StackKey(file_id, f"{SERIES} of {len(stack.places)} {stack.uid}")


def series_members(stack: SeriesStack) -> list[Member]:
    """Every image frame of every file of the series, in its order; ReviewError for more than ``MOST_FRAMES``."""
    if sum(stack.frames) > MOST_FRAMES:
        raise ReviewError(
            f"the headers of this series tell of {sum(stack.frames):,} frames, and {MOST_FRAMES:,} can be projected",
            hint="project its files one by one",
        )
    worklist = stack.worklist
    return [
        Member(worklist.file_id(place), worklist.referrer(place), FrameAddress(frame))
        for place, frames in zip(stack.places, stack.frames, strict=True)
        for frame in range(frames)
    ]


class StackReading:
    """The planes of one stack, read in order by a thread of the service.

    Three passes: the values of all planes; then each plane again, for what each view can show of it; and the text
    map, where somebody asked for it, which has further sheets for writing that lies over that of other planes. Planes
    that cannot be read are left out, and named.
    """

    def __init__(self, members: Sequence[Member], instances: Instances, strokes: Strokes, mappers: Workers) -> None:
        self.members = tuple(members)
        self._serial = next(_SERIALS)
        self._instances, self._strokes, self._mappers = instances, strokes, mappers
        self._lock = threading.Condition()
        self._stack, self._maps = PlaneStack(), StrokeStack()
        self._through = self._mapped = 0
        self._failed: dict[int, str] = {}
        self._inks: dict[int, bytes] = {}
        self._sheets: TextSheets | None = None
        self._laid = 0
        self._painted: dict[str, set[int]] = {}
        self._blind: dict[int, dict[Projection, float]] = {}
        self._judged = False
        self._asked_for_text = False
        self._still: npt.NDArray[np.uint8] | None = None
        self._wanted = time.monotonic()
        self._waiting = 0
        self._is_running = False
        self._given_up = False
        self._failure = ""
        self._later: list[Callable[[], None]] = []

    # Asking

    def signed(self, label: str) -> str:
        """What tickets of its pictures say in the place of ``label``: one of an earlier reading is none of this."""
        return f"{label} of reading {self._serial}"

    def want_text(self) -> None:
        """Have the text map made, too."""
        with self._lock:
            self._asked_for_text = True
            self._lock.notify_all()

    def wait(self, projection: Projection, after: int) -> int:
        """How many planes are through (read, or for TEXT mapped): more than ``after``, and all where that is quick."""
        is_text = projection is Projection.TEXT
        start = time.monotonic()
        with self._lock:
            self._asked_for_text |= is_text
            self._waiting += 1
            try:
                while True:
                    # The last plane is through once it is known what of all of them the map cannot show.
                    mapped = self._mapped if self._has_sheets else min(self._mapped, len(self.members) - 1)
                    through = mapped if is_text else self._through
                    taken = time.monotonic() - start
                    if self._failure:
                        raise ReviewError(f"the reading ended early: {self._failure}", hint="look at its planes")
                    is_whole = through == len(self.members)
                    least = _NEXT if after else _PREVIEW
                    # A picture of few planes at once, then better ones: nobody looks at an empty stage.
                    if is_whole or self._given_up or taken > _LONGEST or (through > after and taken >= least):
                        return through
                    self._lock.wait(_PREVIEW)
            finally:
                self._waiting -= 1
                self._wanted = time.monotonic()

    def picture(self, projection: Projection, sheet: int = 0) -> bytes:
        """What is through so far as PNG; ``sheet`` (from 0) of the text map. DecodeError where no plane can be read."""
        with self._lock:
            if not self._stack.count or (projection is Projection.TEXT and not self._maps.count):
                raise DecodeError("none of its planes can be decoded", hint="look at the planes one by one")
            if projection is Projection.TEXT:
                if self._sheets is None or not self._has_sheets:
                    return encode_png(self._maps.picture(self._still))
                if sheet >= len(self._sheets.sheets):
                    raise ReviewError("the text map has no such sheet", hint="look at its planes")
                return encode_png(self._sheets.sheets[sheet])
            taken = self._stack.taken(projection)
        # The reading goes on meanwhile.
        return encode_png(taken.picture(projection))

    def has_picture(self, projection: Projection) -> bool:
        """Whether any plane is in it so far."""
        with self._lock:
            return bool(self._maps.count if projection is Projection.TEXT else self._stack.count)

    def maker(self, projection: Projection, point: Point, sheet: int = 0) -> int:
        """The number of the plane that the projection shows at ``point``, in pixels of the plane."""
        with self._lock:
            if not self._stack.count:
                raise ReviewError("none of the planes can be decoded", hint="look at the planes one by one")
            if projection is not Projection.TEXT or not self._maps.count:
                return self._stack.maker(projection, point)
            rows, columns = self._maps.strongest.shape
            y, x = min(max(point.y, 0), rows - 1), min(max(point.x, 0), columns - 1)
            if sheet and self._sheets is not None and sheet < len(self._sheets.sheets):
                return int(self._sheets.makers[sheet - 1][y, x])
            top, left = max(0, y - _REACH), max(0, x - _REACH)
            around = self._maps.strongest[top : y + _REACH + 1, left : x + _REACH + 1]
            row, column = np.unravel_index(int(around.argmax()), around.shape)
            return int(self._maps.by[top + row, left + column])

    @property
    def size(self) -> Size | None:
        """Pixels of the planes; None while none is read."""
        with self._lock:
            return self._stack.size

    @property
    def left_out(self) -> dict[int, str]:
        """The numbers of planes that could not be read so far, with the reason."""
        with self._lock:
            return dict(self._failed)

    @property
    def sheets(self) -> int:
        """How many sheets the text map has: 1 where nothing lies over anything else, or that is not known yet."""
        with self._lock:
            return len(self._sheets.sheets) if self._sheets is not None and self._has_sheets else 1

    def paint(self, session: str, sheet: int) -> frozenset[int]:
        """The sheets of the text map that were on the stage of ``session``, now that ``sheet`` was."""
        with self._lock:
            painted = self._painted.setdefault(session, set())
            painted.add(sheet)
            return frozenset(painted)

    @property
    def alone(self) -> list[int]:
        """The numbers of the planes with writing that no sheet of the text map shows; none before that is known."""
        with self._lock:
            if self._sheets is None or not self._has_sheets:
                return []
            sheets, failed = self._sheets, self._failed
            return [n for n in range(len(self.members)) if n not in failed and not sheets.is_on_any(n)]

    @property
    def has_sheets(self) -> bool:
        """Whether it is known what each sheet of the text map shows."""
        with self._lock:
            return self._has_sheets

    @property
    def _has_sheets(self) -> bool:
        return self._sheets is not None and self._laid == len(self.members)

    def shows(self, projection: Projection, sheets: AbstractSet[int] = frozenset({0})) -> list[bool]:
        """Of each plane, whether writing on it would show in the projection; all False before that is known.

        Of the text map, on these ``sheets``. A plane that could not be read is not in the picture at all, and False.
        """
        with self._lock:
            if projection is Projection.TEXT:
                found = self._sheets if self._has_sheets else None
                return [
                    found is not None and number not in self._failed and found.shows(number, sheets)
                    for number in range(len(self.members))
                ]
            if not self._judged:
                return [False] * len(self.members)
            return [self._blind.get(number, {}).get(projection, 1.0) <= 0.01 for number in range(len(self.members))]

    def when_judged(self, do: Callable[[], None]) -> None:
        """Call ``do`` once it is known what the views show: now, or in the thread that reads."""
        with self._lock:
            if not (self._judged or self._given_up):
                self._later.append(do)
                return
        do()

    # Reading

    def begin(self, workers: Workers) -> None:
        """Go on reading in a thread of ``workers``, unless one does."""
        with self._lock:
            self._wanted, self._given_up = time.monotonic(), False
            if self._is_running:
                return
            self._is_running, self._failure = True, ""
        workers.submit(self._read)

    def stop(self) -> None:
        """Read no further."""
        with self._lock:
            self._given_up = True
            self._lock.notify_all()

    def _read(self) -> None:
        try:
            if self._asked_for_text:
                # Detectors take a while to start: meanwhile the planes are read.
                for _ in range(self._mappers.count):
                    self._mappers.submit(partial(self._strokes, np.zeros((16, 16), np.uint8)))
            while not self._is_unwanted():
                if self._asked_for_text and not self._mapped:
                    # The first picture of the text map waits for these alone, and not for a thousand others.
                    self._read_values(_FIRST)
                    self._map(_FIRST)
                self._read_values(len(self.members))
                if self._asked_for_text and not self._has_sheets and not self._is_idle():
                    self._map(len(self.members))
                    self._lay_out()
                else:
                    # After the text map: it is what somebody is looking at.
                    self._judge()
                with self._lock:
                    if self._has_sheets and self._judged:
                        break
                    if self._judged and not self._asked_for_text:
                        self._lock.wait(_PREVIEW)
        except Exception as error:  # its words may quote a value; whoever waits must hear that nothing more comes
            with self._lock:
                self._failure, self._given_up = type(error).__name__, True
            raise
        finally:
            with self._lock:
                self._is_running = False
                self._lock.notify_all()
            self._tell()

    def _is_idle(self) -> bool:
        """Whether nobody looks any more."""
        with self._lock:
            return self._given_up or (not self._waiting and time.monotonic() - self._wanted > _IDLE)

    def _is_unwanted(self) -> bool:
        """Whether nobody looks, and nothing is to be noted that takes more reading."""
        with self._lock:
            if self._is_idle() and not self._later:
                self._given_up = True
            return self._given_up

    def _plane(self, number: int) -> Samples:
        member = self.members[number]
        with self._instances.lease(member.file_id, member.reference) as instance:
            return instance.read(member.address)

    def _read_values(self, until: int) -> None:
        while self._through < min(until, len(self.members)) and not self._is_unwanted():
            number = self._through
            try:
                samples = self._plane(number)
                with self._lock:
                    self._stack.add(samples, number)
            except (DcmauditError, MemoryError) as error:
                why = error.message if isinstance(error, DcmauditError) else "there is not enough memory"
                with self._lock:
                    self._failed[number] = why
            with self._lock:
                self._through += 1
                self._lock.notify_all()

    def _judge(self) -> None:
        # What one plane hides of another is known only once all of them are in.
        if self._through < len(self.members) or self._judged:
            return
        shares = BlindShares(self._stack) if self._stack.count else None
        for number in range(len(self.members)):
            if shares is None or number in self._failed or number in self._blind:
                continue
            if self._is_unwanted():
                return
            try:
                self._blind[number] = shares.of(self._plane(number))
            except (DcmauditError, MemoryError) as error:  # it could be read a moment ago
                self._failed[number] = getattr(error, "message", "there is not enough memory")
        with self._lock:
            self._judged = True
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            later, self._later = self._later, []
        for do in later:
            do()

    def _map(self, until: int) -> None:
        """The text map of the planes before ``until``: they are looked at side by side and taken in one by one."""
        until = min(until, len(self.members))
        coming: deque[tuple[int, Future[tuple[Levels, Array]]]] = deque()
        following = self._mapped
        ahead = 2 * self._mappers.count
        while self._mapped < until and not self._is_idle():
            while following < until and len(coming) < ahead:
                # In order, so that the same plane wins where two are equally strong, whoever was quicker.
                coming.append((following, self._mappers.submit(partial(self._strokes_of, following))))
                following += 1
            number, future = coming.popleft()
            made = None
            try:
                made = future.result()
            except CancelledError:
                break
            except (DcmauditError, MemoryError) as error:
                with self._lock:
                    self._failed.setdefault(number, getattr(error, "message", "there is not enough memory"))
            # Before the last plane is told of: the picture of all of them has what stays, too.
            is_last = self._mapped + 1 == len(self.members)
            still = self._strokes(self._stack.mean()) if is_last and self._stack.count > 1 else None
            with self._lock:
                self._still = still
                if made is not None and number not in self._failed:
                    self._maps.add(made[0], number, made[1])
                    if (ink := packed_ink(made[0])) is not None:
                        self._inks[number] = ink
                self._mapped += 1
                self._lock.notify_all()
        for _number, future in coming:
            future.cancel()

    def _lay_out(self) -> None:
        """The further sheets of the text map: planes with writing are read again, and shown where another one covers
        them."""
        if self._mapped < len(self.members):
            return
        if self._sheets is None:
            with self._lock:
                maps = self._maps
                first = maps.picture(self._still) if maps.count else np.zeros((0, 0), np.uint8)
                self._sheets = TextSheets(first, maps.shown() if maps.count else first)
        while self._laid < len(self.members) and not self._is_idle():
            number = self._laid
            ink = self._inks.get(number)
            values: Array | None = None
            try:
                values = to_strokes(self._plane(number)) if ink is not None else None
            except (DcmauditError, MemoryError) as error:  # it could be read a moment ago
                with self._lock:
                    self._failed.setdefault(number, getattr(error, "message", "there is not enough memory"))
            with self._lock:
                if ink is None:
                    self._sheets.pass_over(number)
                elif values is not None:
                    self._sheets.add(number, ink, values)
                # Not before: without its ink a plane on which a fault ends the reading would pass for an empty one.
                self._inks.pop(number, None)
                self._laid += 1
                self._lock.notify_all()

    def _strokes_of(self, number: int) -> tuple[Levels, Array]:
        samples = self._plane(number)
        self._stack.accept(samples)
        values = to_strokes(samples)
        return self._strokes(values), values


class PlaneStacks:
    """The stacks that were asked for last. ``strokes`` says where writing is, for several threads at once."""

    def __init__(self, instances: Instances, strokes: Strokes = stroke_map, *, mappers: int = 2) -> None:
        self._instances, self._strokes = instances, strokes
        self._readers, self._mappers = Workers(_KEPT, "projection"), Workers(mappers, "text-map")
        self._kept: OrderedDict[StackKey, StackReading] = OrderedDict()
        self._unshown: dict[int, set[PlaneAddress]] = {}
        """By file, planes that no sheet shows of stacks that are not kept any more."""
        self._lock = threading.Lock()

    def open(
        self, key: StackKey, members: Callable[[], Sequence[Member]], *, is_for_text: bool = False
    ) -> StackReading:
        """The stack of that key, which is being read from now on; with its text map where that is asked for."""
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            made = StackReading(members(), self._instances, self._strokes, self._mappers)
            with self._lock:
                found = self._kept.setdefault(key, made)
                # A stack holds a plane's worth of memory for each of its projections.
                while len(self._kept) > _KEPT:
                    least = self._kept.popitem(last=False)[1]
                    least.stop()
                    _add_alone(least, self._unshown)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        if is_for_text:
            found.want_text()
        found.begin(self._readers)
        return found

    def known(self, key: StackKey) -> StackReading | None:
        """The stack of that key, where it is kept."""
        with self._lock:
            return self._kept.get(key)

    def drop(self, file_id: int) -> None:
        """Forget every stack that has planes of that file: it is another one now."""
        with self._lock:
            gone = [key for key, kept in self._kept.items() if any(one.file_id == file_id for one in kept.members)]
            for key in gone:
                stack = self._kept.pop(key)
                stack.stop()
                _add_alone(stack, self._unshown)
            self._unshown.pop(file_id, None)

    def alone(self) -> dict[int, set[PlaneAddress]]:
        """By file, the planes whose writing no sheet of a text map shows, of all stacks that were read to their end."""
        with self._lock:
            kept = list(self._kept.values())
            found = {file_id: set(addresses) for file_id, addresses in self._unshown.items()}
        for reading in kept:
            _add_alone(reading, found)
        return found

    def close(self) -> None:
        """End the threads."""
        with self._lock:
            for kept in self._kept.values():
                kept.stop()
            self._kept.clear()
        self._mappers.stop()
        self._readers.stop()


def _add_alone(reading: StackReading, found: dict[int, set[PlaneAddress]]) -> None:
    """Add, by file, the planes of the stack whose writing no sheet of its text map shows."""
    for number in reading.alone:
        member = reading.members[number]
        found.setdefault(member.file_id, set()).add(member.address)
