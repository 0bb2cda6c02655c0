"""Long files that several processes work on: which pieces are given out, and to whom what comes of them goes.

The process that opened a file owns it: it makes the answer, and nothing of the file is known to anybody before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dcmaudit.pipeline.crew.messages import Dismissed, Found, Grant, Offer, Piece, Result, Wish
from dcmaudit.pipeline.crew.worker import PieceJob, Worker


@dataclass(slots=True, eq=False)
class LongFile:
    """One file while it is worked on. ``is_alone``: a process has died over it, so that nobody else is to help."""

    number: int
    offer: int
    owner: Worker
    work: bytes
    pieces: int
    ahead: int
    is_alone: bool
    next: int = 1
    used: int = 0
    helpers: set[Worker] = field(default_factory=set)
    """Who has it open."""

    @property
    def left(self) -> int:
        """How many more pieces can be given out now."""
        # Results wait with the owner until their turn: so many that it can hold them, and no more.
        return max(0, min(self.pieces, self.used + self.ahead) - self.next)

    @property
    def has_piece(self) -> bool:
        """Whether one more piece can be given out now."""
        return self.left > 0

    def take(self) -> int:
        """The next piece."""
        self.next += 1
        return self.next - 1


class LongFiles:
    """All of them. The owner of each is one of the workers, and owns no other."""

    def __init__(self) -> None:
        self._files: dict[int, LongFile] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._files)

    @property
    def wanted(self) -> int:
        """How many who have nothing to do could help."""
        return sum(one.left for one in self._files.values() if not one.is_alone)

    def offer(self, owner: Worker, offer: Offer, *, is_alone: bool) -> None:
        """``owner`` asks for help."""
        self._count += 1
        self._files[self._count] = LongFile(
            self._count, offer.number, owner, offer.work, offer.pieces, max(1, offer.ahead), is_alone
        )

    def hand_out(self, workers: Iterable[Worker]) -> Iterator[tuple[Worker, Piece]]:
        """A piece for everybody who has nothing to do, while there are any: of the file that was offered first."""
        for worker in workers:
            one = next((one for one in self._files.values() if one.has_piece and not one.is_alone), None)
            if one is None:
                return
            # The work is sent once to each helper: it may be large.
            piece = Piece(one.number, one.take(), None if worker in one.helpers else one.work)
            one.helpers.add(worker)
            yield worker, piece

    def grant(self, owner: Worker, wish: Wish) -> None:
        """Answer an owner that wants a piece for itself."""
        one = self._of(owner)
        if one is not None:
            one.used = wish.used
            owner.send(Grant(one.take() if one.has_piece else None))

    def found(self, job: PieceJob, found: Found) -> None:
        """A helper is done with a piece; of a file that is finished it is of no use any more."""
        one = self._files.get(job.file)
        if one is not None:
            one.owner.send(Result(one.offer, job.number, found.data))

    def end(self, owner: Worker) -> None:
        """The owner wants no more help, or died."""
        one = self._of(owner)
        if one is not None:
            del self._files[one.number]
            for helper in one.helpers:
                helper.send(Dismissed(one.number))

    def forget(self, worker: Worker) -> None:
        """A process died: what it owned is nobody's, and it has nothing open any more."""
        self.end(worker)
        for one in self._files.values():
            one.helpers.discard(worker)

    def _of(self, owner: Worker) -> LongFile | None:
        return next((one for one in self._files.values() if one.owner is owner), None)
