"""The files to review: a list that grows while a thread still walks the folders.

A file keeps its place, its number in the list: nothing is ever taken out. What one reviewer walks through is a
``Selection`` over it, which leaves out what the options and the filter leave out.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from dcmaudit.errors import ReviewError
from dcmaudit.model import Reference, ReviewState
from dcmaudit.review.state.name_list import NameList, mark_of

ID_STEP = 1_000_000_000
"""Distance between the first ids of two worklists: an id never means a file of another list."""

BATCH = 500
"""Files that are asked about in one query."""

_STATES = tuple(ReviewState)
_CODE = {state: code for code, state in enumerate(_STATES)}


@dataclass(frozen=True, slots=True)
class Named:
    """Something that is not in the list, and why in words."""

    name: str
    words: str


@dataclass
class WalkReport:
    """What the walk through folders and lists met beside files; its numbers count all, its names are limited."""

    passed_over: int = 0
    problem_count: int = 0
    problems: list[Named] = field(default_factory=list)
    not_opened: list[Named] = field(default_factory=list)


class Worklist:
    """Every file found so far, in order, with its review state.

    ``reopen`` makes a reference from a name again, so that a million names are not a million objects. A service adds
    what it finds and says ``finish`` at the end; safe to use from several threads.
    """

    def __init__(
        self, *, reopen: Callable[[str], Reference], serial: int = 0, title: str = "", is_opened: bool = False
    ) -> None:
        self.title = title
        self.is_opened = is_opened
        """Whether it was opened from a page, and not by the command line."""
        self.growing = True
        self.report = WalkReport()
        self._reopen = reopen
        self._base = serial * ID_STEP
        self._names = NameList()
        self._states = array("B")
        self._counts = [0] * len(_STATES)
        self._failures: dict[int, str] = {}
        self._gaps: dict[int, str] = {}
        self._noticed: dict[int, str] = {}
        self._renewed: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._states)

    def add(self, names: Sequence[str], states: Mapping[str, ReviewState], gaps: Mapping[str, str]) -> None:
        """Add files at the end, with what the database says about them, and tell those who listen."""
        for name in names:
            self._note(self._gaps, len(self._states), gaps.get(name))
            self._names.append(name)
            code = _CODE[states.get(name, ReviewState.NOT_REVIEWED)]
            with self._lock:
                self._states.append(code)
                self._counts[code] += 1
        self.tell()

    def finish(self) -> None:
        """Note that there is nothing more to come."""
        self.growing = False
        self.tell()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener``, from the thread that adds, whenever there is more, and at the end."""
        with self._lock:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)

    def file_id(self, place: int) -> int:
        """The id of the file at ``place``; another one after ``renew``."""
        return self._renewed.get(place, self._base + place)

    def renew(self, place: int) -> int:
        """Give the file at ``place`` a new id, for it was changed: whatever is kept or reported under the old one
        (open instance, pictures, planes painted) is not taken for the present content. The new id."""
        with self._lock:
            new = self._base + ID_STEP - 1 - len(self._places)
            self._places[new] = place
            self._renewed[place] = new
        return new

    def place(self, file_id: int) -> int:
        """The place of the file with that id; ReviewError where it is no file of this list."""
        place = self._places.get(file_id, file_id - self._base)
        if not 0 <= place < len(self) or self.file_id(place) != file_id:
            raise ReviewError("that file is not in the open list", hint="open it first")
        return place

    def name(self, place: int) -> str:
        """The full name of the file at ``place``."""
        return self._names[place]

    def find(self, name: str) -> int | None:
        """The place of the file with that full name; None where the list has none. Reads every name."""
        return next((place for place in range(len(self)) if self._names[place] == name), None)

    def find_mark(self, mark: str, start: int = 0) -> int | None:
        """The place from ``start`` on of the file whose name has this mark (``mark_of``); None where there is none."""
        return next((place for place in range(start, len(self)) if mark_of(self._names[place]) == mark), None)

    def places(self, names: AbstractSet[str], go_on: Callable[[], bool] = lambda: True) -> list[int]:
        """The places of the files with these full names, in order. Reads every name, and asks now and then whether to
        ``go_on``."""
        found: list[int] = []
        for place in range(len(self)):
            if place % BATCH == 0 and not go_on():
                break
            if self._names[place] in names:
                found.append(place)
        return found

    def reference(self, place: int) -> Reference:
        """A reference to the file at ``place``."""
        return self._reopen(self._names[place])

    def referrer(self, place: int) -> Callable[[], Reference]:
        """A function that makes the reference when it is needed."""
        return lambda: self.reference(place)

    def state(self, place: int) -> ReviewState:
        """The state as it was known last."""
        return _STATES[self._states[place]]

    def set_state(self, place: int, state: ReviewState) -> None:
        """Note a state that changed."""
        with self._lock:
            self._counts[self._states[place]] -= 1
            self._states[place] = _CODE[state]
            self._counts[_CODE[state]] += 1

    def failure(self, place: int) -> str | None:
        """Why the file could not be opened when it was tried last; None where it was not tried, or could."""
        return self._failures.get(place)

    def note_failure(self, place: int, reason: str | None) -> None:
        """Note why a file could not be opened, None that it could."""
        if reason is None:
            self._failures.pop(place, None)
        else:
            self._failures[place] = reason

    def gap(self, place: int) -> str | None:
        """What could not be audited of the file, as far as it is known: noticed here, or kept in the database."""
        return self._noticed.get(place) or self._gaps.get(place)

    def note_gap(self, place: int, reason: str | None) -> None:
        """Note what cannot be audited of a file that was opened here, None that all can."""
        self._note(self._noticed, place, reason)

    def _note(self, kept: dict[int, str], place: int, reason: str | None) -> None:
        with self._lock:
            if reason is None:
                kept.pop(place, None)
            else:
                kept[place] = reason

    def take(self, places: Sequence[int], states: Mapping[str, ReviewState], gaps: Mapping[str, str]) -> None:
        """Take in what the database says now about the files at these places, by their names."""
        for place in places:
            name = self.name(place)
            self.set_state(place, states.get(name, ReviewState.NOT_REVIEWED))
            self._note(self._gaps, place, gaps.get(name))

    def count(self, *states: ReviewState) -> int:
        """How many files are in one of these states."""
        return sum(self._counts[_CODE[state]] for state in states)

    def codes(self, start: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """A copy of the states from ``start`` on as numbers (the order of ReviewState), axes (place,)."""
        with self._lock:
            return np.array(self._states[start:], dtype=np.uint8)

    def tell(self) -> None:
        """Call everybody who listens."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()
