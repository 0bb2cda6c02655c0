"""The process that hands inputs out and takes their answers in."""

from __future__ import annotations

import multiprocessing
import pickle
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from dcmaudit.pipeline.crew.batch import MOST_FILES, Batch
from dcmaudit.pipeline.crew.longfiles import LongFiles
from dcmaudit.pipeline.crew.messages import RECALL, Finished, Found, Offer, Ready, Returned, Wish
from dcmaudit.pipeline.crew.worker import Job, PieceJob, Worker
from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, CrashError, NotBegunError

_QUEUED = 2
"""Batches that a process has at once: one that it works on, and the next one."""

_AHEAD = 4
"""Inputs a process that are out at first, and that a process may have whatever the number of batches."""

_LOOK = 0.5
"""Seconds between two looks at whether an end was asked for."""

_GATHER = 0.2
"""Seconds in which answers gather at most, while every process has enough to do: to wake for each of them finds nothing
in the processor's caches, and takes longer than the answer."""

_APART = 0.001
"""Seconds between two answers: where they come faster, they gather by themselves."""

_GRACE = 10.0
"""Seconds in which what a process that was killed had to say is known."""

_CRASHED = "the process that worked on it died: a decoder crashed, or memory ran out"


class Crew:
    """Processes for one task. ``tells_all``: every input that was read is told, whatever ends the work."""

    def __init__(
        self,
        task: Callable[[Any], Any],
        jobs: int,
        stop: Callable[[], bool],
        rest: Callable[[], None],
        *,
        tells_all: bool,
        ordered: bool,
        warm: Callable[[], object] | None = None,
    ) -> None:
        # Not forked: a copy of a process with threads may hang.
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._bell: Any = self._context.Semaphore(0)
        """Rung by a process that wants help: no answers gather meanwhile."""
        self._task, self._jobs, self._asked, self._tells_all = task, jobs, stop, tells_all
        self._rest, self._ordered, self._warm = rest, ordered, warm
        self._selector = selectors.DefaultSelector()
        self._workers = [Worker() for _ in range(jobs)]
        self._batch = Batch(stop, jobs)
        self._long = LongFiles()
        self._ready: deque[tuple[Job, Any]] = deque()
        self._early: dict[int, tuple[Job, Any]] = {}
        """Answers that came before those of earlier inputs."""
        self._told = 0
        self._suspects: deque[Job] = deque()
        """Inputs over which a process has died, to be tried once more alone."""

    def run(self, items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Every item with its answer; see ``workers.each``."""
        try:
            while self._outstanding or not self._batch.is_dry:
                self._feed(items)
                if self._asked():
                    self._stop.set()  # the workers answer at once for what they have not begun
                    self._let_go()
                self._try_suspect()
                self._recall()
                if (self._outstanding or self._is_recalling) and (self._long or not self._ready):
                    self._gather()
                    self._receive(0.0 if self._ready else _LOOK)
                    self._have_rest()
                if self._ready:  # one, for whoever is told may take long, and nobody is to wait for work meanwhile
                    yield self._tell()
                    hold.end()
        except KeyboardInterrupt:
            hold.received()
            if self._tells_all:
                yield from self._broken_off()
            raise
        finally:
            self._end()

    def _have_rest(self) -> None:
        hold.begin()  # what the caller has put off is done wholly
        try:
            self._rest()
        finally:
            hold.end()

    @property
    def _outstanding(self) -> bool:
        return self._batch.read > self._told

    @property
    def _is_recalling(self) -> bool:
        """Whether a process has not said yet what it gives back: it gets nothing before."""
        return any(worker.is_recalled for worker in self._workers)

    # --- handing out ----------------------------------------------------------------------------------------------

    def _feed(self, items: Iterator[Any]) -> None:
        """Give every process that has room a batch, first one each, then the next ones."""
        if self._long:
            for worker, piece in self._long.hand_out([one for one in self._workers if not one.given]):
                self._hand(worker, [PieceJob(piece.file, piece.number)], piece)
        if self._long.wanted:
            return  # whoever becomes free helps first: what is begun is to end before more is
        # Asked after each answer: mostly everybody has enough.
        if min(len(worker.given) for worker in self._workers) >= max(_QUEUED * self._batch.size, _AHEAD):
            return
        for queued in range(1, _AHEAD + 1):
            # From the third round on one input at a time: batches that grow with speed must not pile up behind slow
            # ones.
            most = queued * self._batch.size if queued <= _QUEUED else queued
            # Who has nothing comes first: what was given back must not go to the same long file again.
            for worker in sorted(self._workers, key=lambda worker: len(worker.given)):
                if len(worker.given) < most and not (self._suspects or worker.is_recalled):
                    self._batch.collect(items, self._most_read)
                    self._give(worker)

    def _recall(self) -> None:
        """Where a process has nothing to do, have what waits behind a long file given back.

        Where a long file wants more help than there is, so do processes with more than one input, for a piece of it
        takes long, and what waits can be done by whoever ends first.
        """
        if self._suspects:
            return
        helpers = self._long.wanted
        if not helpers:
            helpers = 0 if self._batch else sum(not worker.given for worker in self._workers)
        if not helpers:
            return
        # Those with most are those behind whose inputs others wait.
        for worker in sorted(self._workers, key=lambda worker: len(worker.given), reverse=True)[:helpers]:
            if len(worker.given) > 1 and not worker.is_recalled and worker.pipe is not None:
                worker.is_recalled = True
                worker.send(RECALL)

    @property
    def _most_read(self) -> int:
        """How many inputs may be read by now: few at first, and never more ahead than may be kept in memory."""
        return self._told + min(self._jobs * _AHEAD + self._told, self._jobs * MOST_FILES * (_QUEUED + 2))

    def _give(self, worker: Worker) -> None:
        if self._batch and not self._asked():
            jobs = self._batch.take()
            self._hand(worker, jobs, [job.item for job in jobs])

    def _let_go(self) -> None:
        """An end was asked for: what was read and not given to anybody is not begun."""
        for job in self._batch.let_go():
            self._settle(job, NotBegunError())

    def _hand(self, worker: Worker, jobs: list[Any], said: Any) -> None:
        if not worker.given:
            worker.count_from(time.monotonic())
        worker.given.extend(jobs)
        # Begun with its first input: a batch of three files starts three processes.
        if worker.pipe is None:
            self._selector.register(
                worker.begin(self._context, self._stop, self._task, self._warm, self._bell),
                selectors.EVENT_READ,
                worker,
            )
        worker.send(said)  # where it died: its pipe ends, and then its inputs are given to another

    def _try_suspect(self) -> None:
        """Give an input over which a process has died to another one, once nobody else works."""
        # Alone, so that memory is all its own: where it dies again, it was the input.
        if self._suspects and not any(worker.given for worker in self._workers):
            job = self._suspects.popleft()
            self._hand(self._workers[0], [job], [job.item])

    # --- taking in ------------------------------------------------------------------------------------------------

    def _gather(self) -> None:
        """Let answers come, while nobody waits for anything but them."""
        if self._ready or self._long or self._suspects or self._is_recalling or self._stop.is_set():
            return
        if self._batch.pace < _APART * self._jobs:
            return
        # Half of the time until the first of them could have nothing to do.
        enough = self._batch.pace * min(len(worker.given) for worker in self._workers) / 2
        if enough and self._bell.acquire(timeout=min(enough, _GATHER)):
            while self._bell.acquire(block=False):
                pass

    def _receive(self, seconds: float) -> None:
        """Take in the answers that are there, or come within ``seconds``."""
        for key, _ in self._selector.select(seconds):
            worker: Worker = key.data
            hold.begin()  # what was taken from the pipe is nowhere else
            try:
                self._take(worker)
                self._learn(worker)
            except (EOFError, OSError):
                self._lost(worker)
            finally:
                hold.end()

    def _take(self, worker: Worker) -> None:
        pipe = worker.pipe
        while pipe is not None:
            self._hear(worker, pickle.loads(pipe.recv_bytes()))  # noqa: S301 - of a process of ours
            # What the pipe has taken from the system already, no select will tell of.
            if not pipe.has_more:
                return

    def _hear(self, worker: Worker, said: Any) -> None:
        """One thing that a process says: its answer, or something about a long file."""
        match said:
            case Ready():
                worker.count_from(time.monotonic())  # what was loaded is no part of the first input's time
            case Returned():
                worker.is_recalled = False
                # The last ones: a process takes its inputs in order.
                back = [worker.given.pop() for _ in range(said.count)]
                self._batch.put_back([job for job in reversed(back) if isinstance(job, Job)])
            case Offer():
                job = worker.given[0]
                if isinstance(job, Job):
                    job.is_long = True
                    self._long.offer(worker, said, is_alone=job.is_second)
            case Wish():
                self._long.grant(worker, said)
            case Finished():
                self._long.end(worker)
            case Found():
                piece = worker.given.popleft()
                worker.count_from(time.monotonic())
                if isinstance(piece, PieceJob):
                    self._long.found(piece, said)
            case _:
                self._answered(worker, said)

    def _answered(self, worker: Worker, answer: Any) -> None:
        job = worker.given.popleft()
        # With helpers it took less time than its size says.
        if isinstance(job, Job) and not job.is_long:
            worker.heard += 1
        else:
            worker.count_from(time.monotonic())
        if isinstance(job, Job):
            self._settle(job, answer)

    def _learn(self, worker: Worker) -> None:
        """What an input takes: answers that came together took the same time each."""
        if worker.heard:
            now = time.monotonic()
            self._batch.learn((now - worker.since) / worker.heard)
            worker.count_from(now)

    def _settle(self, job: Job, answer: Any) -> None:
        if not self._ordered:
            self._ready.append((job, answer))
            return
        self._early[job.number] = job, answer
        # What comes next in the order, and what waited behind it.
        while (found := self._early.pop(self._told + len(self._ready), None)) is not None:
            self._ready.append(found)

    def _tell(self) -> tuple[Any, Any]:
        if self._tells_all:
            hold.begin()  # from here on it is nowhere but with the one who tells it
        job, answer = self._ready.popleft()
        self._told += 1
        return job.item, answer

    def _lost(self, worker: Worker) -> None:
        """A process died: what it worked on is tried once more, what it had not begun is given to another one.

        A piece of a long file goes to the process that owns the file, and which dies over it too where it is to blame.
        """
        self._close(worker)
        jobs = list(worker.given)
        worker.given.clear()
        self._long.forget(worker)
        if not jobs:
            return
        first, others = jobs[0], [job for job in jobs[1:] if isinstance(job, Job)]
        # None as data: the owner does the piece itself.
        if isinstance(first, PieceJob):
            self._long.found(first, Found(first.file, None))
        # Twice, and the second time alone: it is the input.
        elif first.is_second:
            self._settle(first, CrashError(_CRASHED))
        else:
            first.is_second = True
            self._suspects.append(first)
        if others:
            self._hand(worker, others, [job.item for job in others])

    # --- ending ---------------------------------------------------------------------------------------------------

    def _broken_off(self) -> Iterator[tuple[Any, Any]]:
        """End the processes at once; every input that was read, with its answer where it has one."""
        self._stop.set()
        for worker in self._workers:
            if worker.process is not None:
                worker.process.kill()  # an output has no name before it is proved: nothing to clear up
        until = time.monotonic() + _GRACE
        told: dict[int, tuple[Job, Any]] = {job.number: (job, answer) for job, answer in self._ready}
        told |= self._early
        for worker in self._workers:
            with suppress(EOFError, OSError):
                while worker.given and worker.pipe and worker.pipe.poll(max(0.0, until - time.monotonic())):
                    answer = pickle.loads(worker.pipe.recv_bytes())  # noqa: S301 - as above
                    if isinstance(answer, Ready | Returned | Offer | Wish | Finished):
                        continue
                    job = worker.given.popleft()
                    if isinstance(job, Job):
                        told[job.number] = job, answer
            # The first one was being worked on, the others had only been handed over.
            for place, job in enumerate(worker.given):
                if isinstance(job, Job):
                    told[job.number] = job, NotBegunError() if place else BrokenOffError()
        for job in self._suspects:
            told[job.number] = job, BrokenOffError()
        told |= {job.number: (job, NotBegunError()) for job in self._batch.let_go()}
        for number in sorted(told):
            job, answer = told[number]
            yield job.item, answer

    def _end(self) -> None:
        """Tell the processes to stop, and wait for them; what they still say is of no use to anybody."""
        self._stop.set()
        begun = [(worker, worker.pipe) for worker in self._workers if worker.pipe is not None]
        for worker, _ in begun:
            worker.send(None)
        for worker, pipe in begun:
            with suppress(EOFError, OSError):
                while True:
                    pipe.recv_bytes()
            self._close(worker)
        self._selector.close()

    def _close(self, worker: Worker) -> None:
        if worker.pipe is not None:
            self._selector.unregister(worker.pipe)
        worker.close()
