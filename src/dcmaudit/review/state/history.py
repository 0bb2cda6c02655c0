"""What can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dcmaudit.errors import ReviewError, StoreConflictError, StoreError
from dcmaudit.model import PlaneAddress
from dcmaudit.review.state.worklist import Worklist

_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """One change that was made: what it was, where, and how to take it back and do it again.

    ``worklist`` is the list that ``place`` belongs to; ``address`` is the plane that was on screen, None where there
    was none. ``place`` is None for a change that the database remembers from before this session was opened.
    """

    label: str
    worklist: Worklist
    place: int | None
    name: str
    address: PlaneAddress | None
    undo: Callable[[], None]
    redo: Callable[[], None]
    notes: list[str] = field(default_factory=list)
    """What taking it back or doing it again has left as it was, for whoever did that."""


class History:
    """Two stacks of changes. A new change forgets what was taken back before it."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def next_undo(self) -> Change | None:
        """What ``undo`` would take back."""
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> Change | None:
        """What ``redo`` would do again."""
        return self._undone[-1] if self._undone else None

    def add(self, change: Change) -> None:
        """Note a change that was just made."""
        self._done.append(change)
        self._undone.clear()
        del self._done[:-_LIMIT]

    def remember(self, earlier: Sequence[Change]) -> None:
        """Put changes of before this session below everything that can be taken back; the newest comes last."""
        self._done[:0] = earlier

    def undo(self) -> Change:
        """Take the last change back and return it; ReviewError where there is none. A failure changes nothing."""
        if not self._done:
            raise ReviewError("there is nothing to undo")
        change = self._done[-1]
        try:
            change.undo()
        except StoreError as error:
            if change.place is None or isinstance(error, StoreConflictError):
                # Somebody else took it back, or put something in its place: it must not bar the way to the others.
                self._done.pop()
            raise
        self._undone.append(self._done.pop())
        return change

    def redo(self) -> Change:
        """Do again what was taken back last and return it; ReviewError where there is none."""
        if not self._undone:
            raise ReviewError("there is nothing to redo")
        change = self._undone[-1]
        try:
            change.redo()
        except StoreConflictError:
            self._undone.pop()
            raise
        self._done.append(self._undone.pop())
        return change

    def clear(self) -> None:
        """Forget everything: the changes belong to a database that is no longer open."""
        self._done.clear()
        self._undone.clear()
