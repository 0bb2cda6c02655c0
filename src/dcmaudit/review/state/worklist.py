"""The files to review: a list that grows while a thread still walks the folders.

A file keeps its place, so that a place can be used as its id: nothing is ever taken out. What one reviewer walks
through is a ``Selection`` over it, which leaves out what the options and the filter leave out.
"""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Reference, ReviewState
from dcmaudit.review.state.name_list import NameList
from dcmaudit.sources import Found, Problem, Tally

ID_STEP = 1_000_000_000
"""Distance between the first ids of two worklists: an id never means a file of another list."""

_BATCH = 500
_PATIENCE = 0.05
_STATES = tuple(ReviewState)
_CODE = {state: code for code, state in enumerate(_STATES)}


States = Callable[[Sequence[str]], Mapping[str, ReviewState]]
GAPPED = "not wholly audited"
"""What the filter of the list calls files of which a part could not be audited, beside the states."""

Gaps = Callable[[Sequence[str]], Mapping[str, str]]


class Worklist:
    """Every file found so far, in order, with its review state.

    ``found`` is walked in a thread of its own after ``start``. ``states`` answers for a batch of names in one
    query, ``gaps`` for what could not be audited of them. ``reopen`` makes a reference from a name again, so that a
    million names are not a million objects. ``let_through`` is called between two batches: it returns once nothing
    more urgent than the walk is going on.
    """

    def __init__(
        self,
        found: Iterable[Found],
        *,
        states: States,
        gaps: Gaps = lambda _names: {},
        reopen: Callable[[str], Reference],
        serial: int = 0,
        title: str = "",
        let_through: Callable[[], None] = lambda: None,
    ) -> None:
        self.title = title
        self._let_through = let_through
        self.growing = True
        self.tally = Tally()
        self._found = found
        self._query = states
        self._query_gaps = gaps
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
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="dcmaudit-worklist", daemon=True)

    def __len__(self) -> int:
        return len(self._states)

    def start(self) -> None:
        """Begin to walk."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End the walk; what was found stays."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` from the walking thread whenever there is more, and at the end."""
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

    def places(self, names: AbstractSet[str]) -> list[int]:
        """The places of the files with these full names, in order. Reads every name."""
        found: list[int] = []
        for place in range(len(self)):
            if place % _BATCH == 0:
                self._let_through()
                if self._stop.is_set():
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

    def refresh(self, places: Sequence[int]) -> None:
        """Ask the database again for the states of these places, in one query."""
        names = [self.name(place) for place in places]
        states = self._query(names)
        for place, name in zip(places, names, strict=True):
            self.set_state(place, states.get(name, ReviewState.NOT_REVIEWED))
        missing = self._query_gaps(names)
        for place, name in zip(places, names, strict=True):
            self._note(self._gaps, place, missing.get(name))

    def refresh_all(self) -> None:
        """Ask the database again for every state: another database was opened."""
        for start in range(0, len(self), _BATCH):
            self.refresh(range(start, min(start + _BATCH, len(self))))

    def count(self, *states: ReviewState) -> int:
        """How many files are in one of these states."""
        return sum(self._counts[_CODE[state]] for state in states)

    def codes(self, start: int = 0) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """A copy of the states from ``start`` on as numbers (the order of ReviewState), axes (place,)."""
        with self._lock:
            return np.array(self._states[start:], dtype=np.uint8)

    def _walk(self) -> None:
        batch: list[str] = []
        limit, last = 1, time.monotonic()
        try:
            for found in self._found:
                if self._stop.is_set():
                    break
                reference = self.tally.add(found)
                if reference is not None:
                    batch.append(reference.name)
                if len(batch) >= limit or time.monotonic() - last > _PATIENCE:
                    self._add(batch)
                    self._let_through()
                    batch, limit, last = [], min(limit * 4, _BATCH), time.monotonic()
        except DcmauditError as error:
            self.tally.add(Problem(error.file or self.title, error))
        except Exception as error:  # whatever stops the walk must be shown, not end a thread silently
            reason = ReviewError(f"the walk through the files ended early: {type(error).__name__}", file=self.title)
            self.tally.add(Problem(self.title, reason))
        try:
            self._add(batch)
        finally:
            self.growing = False
            self._tell()

    def _add(self, names: list[str]) -> None:
        if names:
            try:
                states, missing = self._query(names), self._query_gaps(names)
            except DcmauditError as error:
                # The files must be seen even where the database cannot be asked: better twice than never.
                self.tally.add(Problem(names[0], error, where="the review state is not known"))
                states, missing = {}, {}
            for name in names:
                self._note(self._gaps, len(self._states), missing.get(name))
                self._names.append(name)
                code = _CODE[states.get(name, ReviewState.NOT_REVIEWED)]
                with self._lock:
                    self._states.append(code)
                    self._counts[code] += 1
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()


@dataclass(frozen=True, slots=True)
class Filter:
    """What is walked through: the options of the Options menu, and the filter of the list."""

    ignore_done: bool = True
    tagged_only: bool = False
    status: ReviewState | None = None
    text: str = ""
    is_gapped: bool = False
    """Whether only files that could not be audited wholly are shown."""

    def allowed(self) -> list[bool]:
        """For every state, in the order of ReviewState, whether files in it are shown."""
        return [self._allows(state) for state in _STATES]

    def _allows(self, state: ReviewState) -> bool:
        if self.status is not None and state is not self.status:
            return False
        if self.tagged_only:
            return state is ReviewState.TAGGED
        return not (self.ignore_done and state.is_done and self.status is None and not self.is_gapped)


class Selection:
    """The places of a worklist that pass a filter, in order; grows with the list when ``sync`` is called.

    A file whose state the reviewer changes stays until the filter is set again, so that numbers do not move while
    somebody works; one that somebody else finished leaves with ``follow``. ``keep`` is a place that stays in whatever
    the filter says: the file that is open.
    """

    def __init__(self, worklist: Worklist, filter_: Filter, keep: int | None = None) -> None:
        self.worklist = worklist
        self.filter = filter_
        self._keep = keep
        self._places = array("Q")
        self._scanned = 0
        self.sync()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> int:
        return self._places[index]

    @property
    def places(self) -> Sequence[int]:
        """The places in order."""
        return self._places

    def sync(self) -> None:
        """Take in what the worklist found since the last time."""
        codes = self.worklist.codes(self._scanned)
        chosen = np.array(self.filter.allowed(), dtype=bool)[codes]
        start, end = self._scanned, self._scanned + len(codes)
        if self._keep is not None and start <= self._keep < end:
            chosen[self._keep - start] = True
        for offset in np.flatnonzero(chosen).tolist():
            if start + offset == self._keep or self._matches(start + offset):
                self._places.append(start + offset)
        self._scanned = end

    def index(self, place: int) -> int | None:
        """The number, from 0, of a place in the selection; None where it is left out."""
        index = bisect_left(self._places, place)
        return index if index < len(self._places) and self._places[index] == place else None

    def left(self) -> int:
        """How many files of the selection still wait: not done, or with ``tagged_only`` still tagged."""
        wanted = [(self.filter.tagged_only and state is ReviewState.TAGGED) or not state.is_done for state in _STATES]
        if not self._places:
            return 0
        if not self.filter.text and self.filter.status is None and not self.filter.is_gapped:
            return self.worklist.count(*(s for s, wait in zip(_STATES, wanted, strict=True) if wait))
        codes = self.worklist.codes()[np.array(self._places)]
        return int(np.count_nonzero(np.array(wanted)[codes]))

    def include(self, place: int) -> None:
        """Take one place in, whatever the filter says: somebody asked for that file."""
        index = bisect_left(self._places, place)
        if index == len(self._places) or self._places[index] != place:
            self._places.insert(index, place)

    def follow(self, places: Iterable[int]) -> bool:
        """Take out those of the places that the filter leaves out now, and in those that it lets through; whether
        that is a change."""
        allowed = dict(zip(_STATES, self.filter.allowed(), strict=True))
        is_changed = False
        for place in places:
            index = self.index(place)
            if index is not None and not allowed[self.worklist.state(place)]:
                del self._places[index]
                is_changed = True
            elif index is None and self._would_take(place) and allowed[self.worklist.state(place)]:
                self.include(place)
                is_changed = True
        return is_changed

    def narrowed(self, text: str) -> list[int]:
        """Those of the places whose name holds ``text``, whatever became of the files since."""
        wanted = text.casefold()
        return [place for place in self._places if wanted in self.worklist.name(place).casefold()]

    def _would_take(self, place: int) -> bool:
        # What was not scanned yet is taken in by ``sync``.
        return place < self._scanned and self._matches(place)

    def _matches(self, place: int) -> bool:
        if self.filter.is_gapped and self.worklist.gap(place) is None:
            return False
        text = self.filter.text.casefold()
        return not text or text in self.worklist.name(place).casefold()
