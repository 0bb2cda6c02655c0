"""One stack of planes that is projected: read by a thread, and shown while it is."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import CancelledError, Future
from functools import partial

import numpy as np

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.errors import DcmauditError, DecodeError, ReviewError
from dcmaudit.model import Point, Projection, Size
from dcmaudit.render import encode_png
from dcmaudit.render.project import Strokes
from dcmaudit.render.shown import BlindShares
from dcmaudit.render.stack import PlaneStack, to_strokes
from dcmaudit.render.tables import Levels
from dcmaudit.review.services.protocols import Instances
from dcmaudit.review.services.stack_members import Member
from dcmaudit.review.services.stack_text_map import StackTextMap
from dcmaudit.review.services.threads import Workers

_SERIALS = itertools.count()
_IDLE = 3.0
"""Seconds after which a stack that nobody asks for is not read on."""

_FIRST = 2
"""Planes of the first picture of a text map."""

_PREVIEW, _NEXT = 0.15, 0.6
"""Seconds of reading that the first picture of what is there so far has at least, and each one after that: pictures
take time that the reading needs."""

_LONGEST = 10.0
"""Seconds that a page waits for one answer: it asks again."""

_MOST_HIDDEN = 0.01
"""Share of a plane in which a view may fail to show writing, and still counts as showing the plane."""


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
        self._stack, self._text = PlaneStack(), StackTextMap(len(self.members))
        self._through = 0
        self._failed: dict[int, str] = {}
        self._painted: dict[str, set[int]] = {}
        self._blind: dict[int, dict[Projection, float]] = {}
        self._judged = False
        self._asked_for_text = False
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
                    through = self._text.through if is_text else self._through
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
            if not self._stack.count or (projection is Projection.TEXT and self._text.is_empty):
                raise DecodeError("none of its planes can be decoded", hint="look at the planes one by one")
            if projection is Projection.TEXT:
                return encode_png(self._text.picture(sheet))
            taken = self._stack.taken(projection)
        # The reading goes on meanwhile.
        return encode_png(taken.picture(projection))

    def has_picture(self, projection: Projection) -> bool:
        """Whether any plane is in it so far."""
        with self._lock:
            return not self._text.is_empty if projection is Projection.TEXT else bool(self._stack.count)

    def maker(self, projection: Projection, point: Point, sheet: int = 0) -> int:
        """The number of the plane that the projection shows at ``point``, in pixels of the plane."""
        with self._lock:
            if not self._stack.count:
                raise ReviewError("none of the planes can be decoded", hint="look at the planes one by one")
            if projection is Projection.TEXT and not self._text.is_empty:
                return self._text.maker(point, sheet)
            return self._stack.maker(projection, point)

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
            return self._text.sheets

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
            return [n for n in range(len(self.members)) if n not in self._failed and self._text.is_alone(n)]

    @property
    def has_sheets(self) -> bool:
        """Whether it is known what each sheet of the text map shows."""
        with self._lock:
            return self._text.is_laid_out

    def shows(self, projection: Projection, sheets: AbstractSet[int] = frozenset({0})) -> list[bool]:
        """Of each plane, whether writing on it would show in the projection; all False before that is known.

        Of the text map, on these ``sheets``. A plane that could not be read is not in the picture at all, and False.
        """
        with self._lock:
            if projection is Projection.TEXT:
                shown, failed = self._text.shows, self._failed
                return [number not in failed and shown(number, sheets) for number in range(len(self.members))]
            if not self._judged:
                return [False] * len(self.members)
            hidden = [self._blind.get(number, {}).get(projection, 1.0) for number in range(len(self.members))]
            return [share <= _MOST_HIDDEN for share in hidden]

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
                if self._asked_for_text and not self._text.mapped:
                    # The first picture of the text map waits for these alone, and not for a thousand others.
                    self._read_values(_FIRST)
                    self._map(_FIRST)
                self._read_values(len(self.members))
                if self._asked_for_text and not self._text.is_laid_out and not self._is_idle():
                    self._map(len(self.members))
                    self._lay_out()
                else:
                    # After the text map: it is what somebody is looking at.
                    self._judge()
                with self._lock:
                    if self._text.is_laid_out and self._judged:
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
                self._fail(number, error)
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
                self._fail(number, error)
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
        following = self._text.mapped
        ahead = 2 * self._mappers.count
        while self._text.mapped < until and not self._is_idle():
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
                self._fail(number, error)
            # Before the last plane is told of: the picture of all of them has what stays, too.
            is_last = self._text.mapped + 1 == len(self.members)
            still = self._strokes(self._stack.mean()) if is_last and self._stack.count > 1 else None
            with self._lock:
                self._text.keep_still(still)
                if made is not None and number not in self._failed:
                    self._text.add(number, *made)
                self._text.mapped += 1
                self._lock.notify_all()
        for _number, future in coming:
            future.cancel()

    def _lay_out(self) -> None:
        """The further sheets of the text map: planes with writing are read again, and shown where another one covers
        them."""
        if self._text.mapped < len(self.members):
            return
        with self._lock:
            self._text.begin_sheets()
        while self._text.laid < len(self.members) and not self._is_idle():
            number = self._text.laid
            values: Array | None = None
            try:
                values = to_strokes(self._plane(number)) if self._text.has_writing(number) else None
            except (DcmauditError, MemoryError) as error:  # it could be read a moment ago
                self._fail(number, error)
            with self._lock:
                self._text.lay(number, values)
                self._lock.notify_all()

    def _fail(self, number: int, error: DcmauditError | MemoryError) -> None:
        """Leave the plane out of what is shown, and name the first reason."""
        why = error.message if isinstance(error, DcmauditError) else "there is not enough memory"
        with self._lock:
            self._failed.setdefault(number, why)

    def _strokes_of(self, number: int) -> tuple[Levels, Array]:
        samples = self._plane(number)
        self._stack.accept(samples)
        values = to_strokes(samples)
        return self._strokes(values), values
