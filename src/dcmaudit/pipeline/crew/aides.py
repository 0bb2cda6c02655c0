"""Processes that help with a long file where this process works alone: one input, and nobody else to do it.

They are started once what is left of a file takes longer than starting them, and stay for the files that follow.
"""

from __future__ import annotations

import multiprocessing
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from dcmaudit.pipeline.crew.messages import Dismissed, Found, Piece
from dcmaudit.pipeline.crew.worker import PieceJob, Worker
from dcmaudit.pipeline.division import LongWork
from dcmaudit.pipeline.process import answer_of

_WORTH = 2.0
"""Seconds of work that are left, by what was done so far, from which on a process is started for a part of it."""


class Aides:
    """At most ``count`` processes; ``division.Helpers`` for the one that has them. To be closed."""

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._count = count
        self._workers: list[Worker] = []
        self._file = 0
        self._is_busy = False

    def shared(
        self, work: LongWork[Any, Any], here: Callable[[Any], Any], pieces: Sequence[Any], ahead: int
    ) -> Iterator[Any]:
        """What ``division.divided`` does."""
        if self._is_busy:  # one part of a file within another: by itself
            yield from map(here, pieces)
            return
        self._is_busy = True
        self._file += 1
        told = bytes(ForkingPickler.dumps((work, list(pieces))))
        try:
            yield from _Shared(self, self._file, told, here, pieces, max(1, ahead)).results()
        finally:
            self._is_busy = False
            for worker in self._workers:
                worker.send(Dismissed(self._file))
                worker.given.clear()  # what still comes of that file is of no use: see ``heard``

    def start(self, seconds: float, most: int) -> None:
        """Have as many processes as ``seconds`` of work are worth, ``most`` at most; one that died is not replaced."""
        wanted = min(self._count, most, int(seconds / _WORTH))
        # Those that died stay in the list: a file that ends processes must not end one after the other.
        while len(self._workers) < wanted:
            worker = Worker()
            worker.begin(self._context, self._stop, _nothing, None)
            self._workers.append(worker)

    @property
    def workers(self) -> list[Worker]:
        """Those that live."""
        return [worker for worker in self._workers if worker.pipe is not None]

    def heard(self, wait: float | None) -> Iterator[tuple[Worker, Found | None]]:
        """What comes of pieces within ``wait`` seconds (None: once something comes); None of a process that died."""
        pipes = {worker.pipe: worker for worker in self.workers}
        for pipe in connection.wait(list(pipes), wait):  # type: ignore[arg-type]
            worker = pipes[pipe]  # type: ignore[index]
            yield worker, _said(worker)
            while worker.pipe is not None and worker.pipe.has_more:
                yield worker, _said(worker)

    def close(self, *, at_once: bool) -> None:
        """End them; ``at_once`` in the middle of what they do."""
        self._stop.set()
        for worker in self.workers:
            if at_once:
                worker.process.kill()
            worker.send(None)
        for worker in self.workers:
            with suppress(EOFError, OSError):
                while worker.pipe is not None:
                    worker.pipe.recv_bytes()
            worker.close()


def _said(worker: Worker) -> Found | None:
    """The next thing that it says; None where it died."""
    try:
        if worker.pipe is not None:
            return pickle.loads(worker.pipe.recv_bytes())  # type: ignore[no-any-return] # noqa: S301 - ours
    except (EOFError, OSError):
        worker.close()
    return None


class _Shared:
    """One long file: what is not begun, what came of the rest, and who is at what."""

    def __init__(
        self, aides: Aides, file: int, told: bytes, here: Callable[[Any], Any], pieces: Sequence[Any], ahead: int
    ) -> None:
        self._aides, self._file, self._told, self._here = aides, file, told, here
        self._pieces, self._ahead = pieces, ahead
        self._todo = deque(range(len(pieces)))
        self._done: dict[int, Any] = {}
        self._knows: set[int] = set()
        """Who was told of the file, and may be given pieces of it."""
        self._cannot: set[int] = set()
        self._spent: list[float] = []

    def results(self) -> Iterator[Any]:
        for place in range(len(self._pieces)):
            while place not in self._done:
                self._hand_out(place)
                # Without waiting: this process has work of its own.
                self._take(0.0)
                if place in self._done:
                    break
                # Nothing is fetched too far ahead: what comes of a piece may be a whole picture.
                if self._todo and self._todo[0] < place + self._ahead:
                    self._do_one()
                else:
                    self._take(None)
            answer = self._done.pop(place)
            # Raised in the order of the pieces, as a single process would have met it.
            if isinstance(answer, Exception):
                raise answer
            yield answer

    def _do_one(self) -> None:
        number, begun = self._todo.popleft(), time.monotonic()
        self._done[number] = answer_of(self._here, self._pieces[number])
        self._spent.append(time.monotonic() - begun)
        self._aides.start(sum(self._spent) / len(self._spent) * len(self._todo), len(self._todo))

    def _hand_out(self, place: int) -> None:
        """A piece for everybody who has none, and a second one while there are more than enough."""
        able = [worker for worker in self._aides.workers if id(worker) not in self._cannot]
        # One each first; a second one, so that nobody waits for us while this process decodes a piece itself.
        for depth in (1, 2):
            for worker in able:
                is_enough = depth == 1 or len(self._todo) > len(able) + 1
                if self._todo and self._todo[0] < place + self._ahead and len(worker.given) < depth and is_enough:
                    number = self._todo.popleft()
                    worker.given.append(PieceJob(self._file, number))
                    worker.send(Piece(self._file, number, None if id(worker) in self._knows else self._told))
                    self._knows.add(id(worker))

    def _take(self, wait: float | None) -> None:
        for worker, said in self._aides.heard(wait):
            if said is None:  # it died: what it had is done by others
                self._put_back(worker)
            elif said.file == self._file:
                job = worker.given.popleft() if worker.given else None
                if not isinstance(job, PieceJob):
                    continue  # it was taken from it already
                if said.data is None:  # it cannot open the file: whoever has it open says what is wrong with it
                    self._cannot.add(id(worker))
                    worker.given.appendleft(job)
                    self._put_back(worker)
                else:
                    self._done[job.number] = pickle.loads(said.data)  # noqa: S301 - of a process of ours

    def _put_back(self, worker: Worker) -> None:
        numbers = [job.number for job in worker.given if isinstance(job, PieceJob)]
        worker.given.clear()
        self._todo = deque(sorted([*self._todo, *numbers]))


def _nothing(_item: Any) -> None:
    """They are given pieces only."""
