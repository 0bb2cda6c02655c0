"""What one reviewer walks through: the files of a worklist that the options and the filter let through."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from dcmaudit.model import ReviewState
from dcmaudit.review.state.worklist import Worklist

_STATES = tuple(ReviewState)
GAPPED = "not wholly audited"
"""What the filter of the list calls files of which a part could not be audited, beside the states."""


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


@dataclass(frozen=True, slots=True)
class Walk:
    """What the list of files shows, and so what the keys for the next and the previous file walk through."""

    status: ReviewState | None = None
    text: str = ""
    is_gapped: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether the list shows whatever the options let through."""
        return self.status is None and not self.text and not self.is_gapped

    def shows(self, worklist: Worklist, place: int) -> bool:
        """Whether the file at that place is shown."""
        fits = self.status is None or worklist.state(place) is self.status
        fits = fits and (not self.is_gapped or worklist.gap(place) is not None)
        return fits and self.text.lower() in worklist.name(place).lower()


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
