"""A long file in pieces, which several processes can work on. Its answer is made by the one that opened it.

What comes of a piece depends on the file and the piece alone. So it is the same, byte by byte, whoever does it, and in
one process the same pieces are done one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

Part = TypeVar("Part")
Outcome = TypeVar("Outcome")
Part_contra = TypeVar("Part_contra", contravariant=True)
Outcome_co = TypeVar("Outcome_co", covariant=True)

LONG = 100
"""Planes of a file up to which it is one piece of work."""

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


_helpers: Helpers | None = None
"""Who may help this process."""


def divided(
    work: LongWork[Part, Outcome], here: Callable[[Part], Outcome], pieces: Sequence[Part], *, ahead: int = AHEAD
) -> Iterator[Outcome]:
    """What comes of every piece, in order: of each what ``here`` makes of it, in this process or in one that helps.

    An exception of a piece is raised when its turn comes. At most ``ahead`` outcomes wait in memory for their turn.
    """
    if _helpers is None or len(pieces) < 2:
        yield from map(here, pieces)
    else:
        yield from _helpers.shared(work, here, pieces, ahead)


def stretches(count: int, size: int) -> list[range]:
    """``count`` planes or frames in runs of ``size``: one run of all where they are not more than ``LONG``."""
    if count <= LONG:
        return [range(count)] if count else []
    return [range(start, min(count, start + size)) for start in range(0, count, size)]


def have_helpers(helpers: Any) -> None:
    """Said once by a process that is one of many."""
    global _helpers  # noqa: PLW0603 - one process, one crew
    _helpers = helpers
