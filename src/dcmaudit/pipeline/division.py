"""A long file in pieces, which several processes can work on. Its answer is made by the one that opened it.

What comes of a piece depends on the file and the piece alone. So it is the same, byte by byte, whoever does it, and in
one process the same pieces are done one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")
Part_contra = TypeVar("Part_contra", contravariant=True)
Outcome_co = TypeVar("Outcome_co", covariant=True)

AHEAD = 1 << 20
"""Pieces that may be done before the first of them is used, where what comes of them is small."""


class LongWork(Protocol[Part_contra, Outcome_co]):
    """What a process that helps is told: picklable, and enough to open the file anew."""

    def opened(self) -> AbstractContextManager[Callable[[Part_contra], Outcome_co]]:
        """The file opened, and what does one piece of it. Whatever is raised here lets the owner do it alone."""
        ...


class Helpers(Protocol):
    """Other processes that may have nothing to do."""

    def shared(
        self, work: LongWork[Part, Outcome], here: Callable[[Part], Outcome], pieces: Sequence[Part], ahead: int
    ) -> Iterator[Outcome]:
        """As ``divided``."""
        ...


class _Thread(threading.local):
    """Who may help this thread: nobody, or other processes."""

    helpers: Helpers | None = None


_here = _Thread()


def divided(
    work: LongWork[Part, Outcome], here: Callable[[Part], Outcome], pieces: Sequence[Part], *, ahead: int = AHEAD
) -> Iterator[Outcome]:
    """What comes of every piece, in order: of each what ``here`` makes of it, in this process or in one that helps.

    An exception of a piece is raised when its turn comes. At most ``ahead`` outcomes wait in memory for their turn.
    """
    helpers = _here.helpers
    if helpers is None or len(pieces) < 2:
        yield from map(here, pieces)
    else:
        yield from helpers.shared(work, here, pieces, ahead)


def have_helpers(helpers: Helpers | None) -> None:
    """Said by a process that is one of many, or by one that works alone and may have help, for this thread."""
    _here.helpers = helpers


def is_helped() -> bool:
    """Whether other processes may work on a long file of this thread, so that one thread a process is enough."""
    return _here.helpers is not None
