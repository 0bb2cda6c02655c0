"""One reviewer in front of one page: which file, which plane, what is marked, what can be taken back."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from dcmaudit.errors import ReviewError
from dcmaudit.model import Box, Plane, PlaneAddress, ReviewState, View
from dcmaudit.review.state.class_decision import ClassDecision
from dcmaudit.review.state.handled_rectangle import first_box, kept_inside
from dcmaudit.review.state.history import History
from dcmaudit.review.state.kept import Keeps
from dcmaudit.review.state.open_file import OpenFile, is_shown
from dcmaudit.review.state.options import Options
from dcmaudit.review.state.pace import Pace
from dcmaudit.review.state.selection import Filter, Selection, Walk
from dcmaudit.review.state.series_plan import SeriesPlan
from dcmaudit.review.state.stack import SeriesStack
from dcmaudit.review.state.worklist import Worklist

PREFETCHED = 3

_STACKS = 3
"""Series that are remembered: the open one as it was before the list grew, and the one before."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell the reviewer; ``kind`` is info, notice (info that stays), warning or error."""

    text: str
    kind: str = "info"
    number: int = 0
    """Counts the messages of a session, so that the same one is not shown anew with every state."""
    rect: str | None = None
    """The id of the rectangle that it is about: the page says it beside that."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A file that is shown as soon as the list has it, at ``plane``, else at its first one.

    ``mark`` stands for its name (``mark_of``); ``start`` is the place from which the list is still to be searched.
    """

    mark: str
    plane: PlaneAddress | None
    start: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask: answering yes repeats ``command`` with ``arguments``, the other answer with its own."""

    text: str
    command: str
    arguments: dict[str, object]
    yes: str
    no: str
    other: str | None = None
    other_arguments: dict[str, object] | None = None


class Session:
    """The state behind one browser tab. Whoever changes it holds ``lock``; commands do so for as long as they run."""

    def __init__(self, identifier: str, worklist: Worklist, options: Options) -> None:
        self.id = identifier
        self.lock = threading.RLock()
        self.revision = 1
        self.options = options
        self.history = History()
        self.pace = Pace()
        self.file: OpenFile | None = None
        self.left_file: OpenFile | None = None
        """The file that was open before: what the page still reports of it counts."""
        self.view = View()
        self.redacted = True
        self.shows_rejected = False
        self.keeps: Keeps | None = None
        """The policy of a release, where the program was started with one."""
        self.held: Box | None = None
        """The handled rectangle as the person gave it; None while nobody has moved it."""
        self._chosen: tuple[int, PlaneAddress, str] | None = None
        self._pointed: tuple[int, PlaneAddress, tuple[Box, ...]] | None = None
        self.walk = Walk()
        self.message: Message | None = None
        self.question: Question | None = None
        self.plan: SeriesPlan | None = None
        self.decision: ClassDecision | None = None
        self.asked_series: SeriesStack | None = None
        """The files, in ``places``, that the last question about a series was about."""
        self.stack: SeriesStack | None = None
        """The series of the open file, where its files are walked through as one stack."""
        self.whole_stacks: deque[SeriesStack] = deque(maxlen=_STACKS)
        """The series that were wholly found last, the newest at the end: late questions are about one of them."""
        self.awaited: Awaited | None = None
        """What the page had open when the program ended; given up once the person does something."""
        self.own: set[int] = set()
        """Places of files whose marks this session changed: they stay in its list."""
        self.worklist = worklist
        self.selection = Selection(worklist, self.filter_of_options())
        self._listeners: list[Callable[[], None]] = []
        self._said = 0

    # Revisions

    def bump(self) -> None:
        """Note that the state is another one, and wake those who wait for it."""
        with self.lock:
            self.revision += 1
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, from whatever thread, at every new revision."""
        with self.lock:
            self._listeners.append(listener)

    @property
    def is_watched(self) -> bool:
        """Whether a page waits for news of this session."""
        return bool(self._listeners)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        with self.lock, suppress(ValueError):
            self._listeners.remove(listener)

    def say(self, text: str, kind: str = "info", *, rect: str | None = None) -> None:
        """Tell the reviewer something, beside the rectangle with the id ``rect`` where it is about one."""
        self._said += 1
        self.message = Message(text, kind, self._said, rect)

    def take_message(self) -> Message | None:
        """The message, which is gone then: whoever takes it says it in other words."""
        found, self.message = self.message, None
        return found

    def say_too(self, text: str, kind: str) -> None:
        """Tell the reviewer something beside what was just said: neither may hide the other."""
        said = self.message
        if said is not None and text not in said.text:
            text = f"{said.text} {text}"
        if said is None or text != said.text:
            self.say(text, kind)

    # What is pointed at

    def point(self, file_id: int, address: PlaneAddress | None, places: Iterable[Box]) -> None:
        """Outline ``places`` on that plane, and no others, until something else is pointed at."""
        self._pointed = (file_id, address, tuple(places)) if address is not None else None

    def pointed_on(self, file_id: int, address: PlaneAddress) -> tuple[Box, ...]:
        """The places that are pointed at on that plane."""
        pointed = self._pointed
        return pointed[2] if pointed is not None and pointed[:2] == (file_id, address) else ()

    # The worklist

    def filter_of_options(
        self, status: ReviewState | None = None, text: str = "", *, is_gapped: bool = False
    ) -> Filter:
        """The filter that the options ask for."""
        return Filter(self.options["ignore-done"], self.options["tagged-only"], status, text, is_gapped)

    def follow(self, places: Iterable[int]) -> None:
        """Let files leave the list, or come back, that somebody else finished or opened again; the open file stays."""
        with self.lock:
            kept = {*self.own, self.file.place} if self.file else self.own
            if self.selection.follow(place for place in places if place not in kept):
                self.bump()

    def neighbour(self, step: int) -> int | None:
        """The place of the next (1) or previous (-1) file that the list shows, None where there is none."""
        everything = (
            range(len(self.worklist)) if self.walk.status is not None or self.walk.is_gapped else self.selection.places
        )
        current = self.file.place if self.file else -1
        start = bisect_right(everything, current) if step > 0 else bisect_left(everything, current) - 1
        places = range(start, len(everything)) if step > 0 else range(start, -1, -1)
        found = (everything[index] for index in places)
        return next((place for place in found if self.walk.shows(self.worklist, place)), None)

    @property
    def walks_series(self) -> bool:
        """Whether the files of a series are walked through as one stack."""
        return self.options.choices["series"] == "stack"

    def beside_in_series(self, step: int) -> int | None:
        """The place of the next (1) or previous (-1) file of the series; None at its ends, or where files go alone."""
        if not self.walks_series or self.stack is None or self.file is None or self.stack.worklist is not self.worklist:
            return None
        return self.stack.neighbour(self.file.place, step)

    # The open file

    def opened(self) -> OpenFile:
        """The open file; ReviewError where there is none."""
        if self.file is None:
            raise ReviewError("no file is open", hint="open files or a folder from the File menu")
        return self.file

    def plane(self) -> Plane:
        """The plane on screen; ReviewError where there is none."""
        plane = self.file.plane if self.file else None
        if plane is None:
            raise ReviewError("no plane is on screen", hint="open a file first")
        return plane

    def address(self) -> PlaneAddress | None:
        """The plane on screen, None where there is none."""
        plane = self.file.plane if self.file else None
        return plane.address if plane else None

    def shown_file(self, file_id: int) -> OpenFile | None:
        """The file with that id, where it is the open one or the one just left."""
        return next((file for file in (self.file, self.left_file) if file and file.file_id == file_id), None)

    def upcoming(self) -> list[tuple[int, Plane]]:
        """The planes that are likely wanted next, with their places in the worklist: the page fetches them ahead."""
        file = self.file
        if file is None:
            return []
        ahead = range(file.index + 1, min(file.index + 1 + PREFETCHED, len(file.planes)))
        return [(file.place, file.planes[index]) for index in ahead if is_shown(file.planes[index])]

    def choose(self, suggestion: str | None) -> None:
        """Choose the suggestion with that id on the plane on screen, for the keys that decide; None for none."""
        file, address = self.file, self.address()
        self._chosen = None
        if suggestion is not None and file is not None and address is not None:
            self._chosen = file.file_id, address, suggestion

    def chosen_here(self) -> str | None:
        """The id of the suggestion that was chosen, as long as its plane is on screen and it still waits."""
        file, plane = self.file, self.file.plane if self.file else None
        if self._chosen is None or file is None or plane is None:
            return None
        file_id, address, wanted = self._chosen
        is_here = file_id == file.file_id and address == plane.address
        return wanted if is_here and any(item.id == wanted for item in file.suggestions_on(plane)) else None

    def handled(self) -> Box | None:
        """The handled rectangle, inside the plane on screen."""
        plane = self.file.plane if self.file else None
        return self.handled_on(plane) if plane is not None else None

    def handled_on(self, plane: Plane) -> Box | None:
        """The handled rectangle as it lies on a plane; None where that cannot be shown.

        A small plane only cuts what is shown of it: on the next one it has the size again that the person gave it.
        One that nobody has moved yet keeps out of the way of rectangles and of text that was found.
        """
        if plane.size is None or self.file is None:
            return None
        if self.held is not None:
            return kept_inside(self.held, plane.size)
        taken = [row.box for row in self.file.rects_on(plane) if row.box]
        return first_box(plane.size, [*taken, *(item.region.box for item in self.file.suggestions_on(plane))])
