"""Processes that work side by side, each with a pipe of its own.

Inputs go out in batches, so that the parent's part in a small file is a few microseconds; answers come back one by one,
the moment they are there, so that what a killed process had answered is known. What waits behind a long file is taken
back as soon as somebody else has nothing to do. A decoder that crashes takes its process
with it and nothing else: the input that was worked on is done again while nobody else works, for memory may have run
out, and is given up where that fails too.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from dcmaudit.pipeline.hold import hold
from dcmaudit.pipeline.process import BrokenOffError, CrashError, NotBegunError, answer_of, serve

MOST_FILES = 32
"""Inputs that a process is given at once, at most."""

MOST_BYTES = 4 << 20
"""Bytes of files that a process is given at once, unless one file alone has more."""

_SECONDS = 0.25
"""Work that a process is given at once, at most, as far as can be told from what was done before."""

_QUEUED = 2
"""Batches that a process has at once: one that it works on, and the next one."""

_AHEAD = 4
"""Inputs a process that are out at first, and that a process may have whatever the number of batches."""

_LOOK = 0.5
"""Seconds between two looks at whether an end was asked for."""

_GRACE = 10.0
"""Seconds in which what a process that was killed had to say is known."""

_HELD = {signal.SIGINT}
_CRASHED = "the process that worked on it died: a decoder crashed, or memory ran out"


@dataclass(slots=True)
class _Job:
    """One input: its place in the order, and its answer once there is one."""

    number: int
    item: Any
    size: int = 0
    """Bytes of its file, 0 where that is not known."""
    is_second: bool = False
    """Whether a process has died over it before."""


@dataclass(slots=True, eq=False)
class _Worker:
    """One process, begun with the first input for it, and what it was given and has not answered, in order."""

    process: Any = None
    pipe: Connection | None = None
    given: deque[_Job] = field(default_factory=deque)
    since: float = 0.0
    is_recalled: bool = False
    """Whether it was asked to give back what it has not begun."""


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
    ) -> None:
        # Not forked: a copy of a process with threads may hang.
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._task, self._jobs, self._asked, self._tells_all = task, jobs, stop, tells_all
        self._rest, self._ordered = rest, ordered
        self._selector = selectors.DefaultSelector()
        self._workers = [_Worker() for _ in range(jobs)]
        self._ready: deque[tuple[_Job, Any]] = deque()
        self._early: dict[int, tuple[_Job, Any]] = {}
        """Answers that came before those of earlier inputs."""
        self._told = self._read = 0
        self._suspects: deque[_Job] = deque()
        """Inputs over which a process has died, to be tried once more alone."""
        self._size = 1.0
        """Inputs that a batch should have by the time that inputs take."""
        self._batch: list[_Job] = []
        """Inputs that were read and are given to nobody yet."""
        self._is_dry = False
        """Whether no more inputs are read."""

    def run(self, items: Iterator[Any]) -> Iterator[tuple[Any, Any]]:
        """Every item with its answer; see ``workers.each``."""
        try:
            while self._outstanding or not self._is_dry:
                self._feed(items)
                if self._asked():
                    self._stop.set()  # the workers answer at once for what they have not begun
                    self._let_go()
                self._try_suspect()
                self._recall()
                if self._outstanding and not self._ready:
                    self._receive(_LOOK)
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
        return self._read > self._told

    # --- handing out ----------------------------------------------------------------------------------------------

    def _feed(self, items: Iterator[Any]) -> None:
        """Give every process that has room a batch, first one each, then the next ones."""
        for queued in range(1, _AHEAD + 1):
            most = queued * int(self._size) if queued <= _QUEUED else queued
            # Who has nothing comes first: what was given back must not go to the same long file again.
            for worker in sorted(self._workers, key=lambda worker: len(worker.given)):
                if len(worker.given) < most and not (self._suspects or worker.is_recalled):
                    self._collect(items)
                    self._give(worker)

    def _recall(self) -> None:
        """Where a process has nothing to do, have what waits behind a long file given back."""
        if self._suspects or self._batch or all(worker.given for worker in self._workers):
            return
        longest = max(self._workers, key=lambda worker: len(worker.given))
        if len(longest.given) > 1 and not longest.is_recalled and longest.pipe is not None:
            longest.is_recalled = True
            with suppress(OSError):
                longest.pipe.send(_RECALL)

    def _is_far_ahead(self) -> bool:
        """Whether as many inputs are out as may be: few at first, and never more than may be kept in memory."""
        ahead = min(self._jobs * _AHEAD + self._told, self._jobs * MOST_FILES * (_QUEUED + 2))
        return self._read - self._told >= ahead

    def _collect(self, items: Iterator[Any]) -> None:
        """Read inputs for one process, while there are any and no end was asked for."""
        room = MOST_BYTES - sum(job.size for job in self._batch)
        while room > 0 and len(self._batch) < int(self._size) and not (self._is_dry or self._is_far_ahead()):
            try:
                item = next(items)
            except StopIteration:
                self._is_dry = True
                return
            self._batch.append(_Job(self._read, item, _size_of(item)))
            self._read += 1
            self._is_dry = self._asked()
            room -= self._batch[-1].size

    def _give(self, worker: _Worker) -> None:
        """Give a process what was collected, but for a last input that is too large to go with others."""
        if not self._batch or self._asked():
            return
        jobs, self._batch = self._batch, []
        if len(jobs) > 1 and sum(job.size for job in jobs) > MOST_BYTES:
            self._batch = [jobs.pop()]
        self._hand(worker, jobs)

    def _let_go(self) -> None:
        """An end was asked for: what was read and not given to anybody is not begun."""
        self._is_dry = True
        for job in self._batch:
            self._settle(job, NotBegunError())
        self._batch = []

    def _hand(self, worker: _Worker, jobs: list[_Job]) -> None:
        if not worker.given:
            worker.since = time.monotonic()
        worker.given.extend(jobs)
        pipe = worker.pipe or self._begun(worker)
        with suppress(OSError):  # a process that died: its pipe ends, and then its inputs are given to another
            pipe.send([job.item for job in jobs])

    def _try_suspect(self) -> None:
        """Give an input over which a process has died to another one, once nobody else works."""
        if self._suspects and not any(worker.given for worker in self._workers):
            self._hand(self._workers[0], [self._suspects.popleft()])

    # --- taking in ------------------------------------------------------------------------------------------------

    def _receive(self, seconds: float) -> None:
        """Take in the answers that are there, or come within ``seconds``."""
        for key, _ in self._selector.select(seconds):
            worker: _Worker = key.data
            hold.begin()  # what was taken from the pipe is nowhere else
            try:
                self._take(worker)
            except (EOFError, OSError):
                self._lost(worker)
            finally:
                hold.end()

    def _take(self, worker: _Worker) -> None:
        pipe = worker.pipe
        while pipe is not None:
            answer = pickle.loads(pipe.recv_bytes())  # noqa: S301 - of a process of ours
            if isinstance(answer, _Returned):
                self._take_back(worker, answer.count)
                if not pipe.poll():
                    return
                continue
            now = time.monotonic()
            self._learn(now - worker.since)
            worker.since = now
            self._settle(worker.given.popleft(), answer)
            if not pipe.poll():
                return

    def _take_back(self, worker: _Worker, count: int) -> None:
        worker.is_recalled = False
        back = [worker.given.pop() for _ in range(count)]
        self._batch = [*reversed(back), *self._batch]

    def _learn(self, seconds: float) -> None:
        """Renew how many inputs a batch should have: at most twice as many as before, at once as few as needed."""
        self._size = min(2 * self._size, MOST_FILES, max(1.0, 0.8 * self._size + 0.2 * _SECONDS / max(seconds, 1e-6)))
        if seconds > _SECONDS:
            self._size = max(1.0, self._size / 2)

    def _settle(self, job: _Job, answer: Any) -> None:
        if not self._ordered:
            self._ready.append((job, answer))
            return
        self._early[job.number] = job, answer
        while (found := self._early.pop(self._told + len(self._ready), None)) is not None:
            self._ready.append(found)

    def _tell(self) -> tuple[Any, Any]:
        if self._tells_all:
            hold.begin()  # from here on it is nowhere but with the one who tells it
        job, answer = self._ready.popleft()
        self._told += 1
        return job.item, answer

    def _lost(self, worker: _Worker) -> None:
        """A process died: what it worked on is tried once more, what it had not begun is given to another one."""
        self._close(worker)
        jobs = list(worker.given)
        worker.given.clear()
        worker.is_recalled = False
        if not jobs:
            return
        if jobs[0].is_second:
            self._settle(jobs[0], CrashError(_CRASHED))
        else:
            jobs[0].is_second = True
            self._suspects.append(jobs[0])
        if jobs[1:]:
            self._hand(worker, jobs[1:])

    # --- ending ---------------------------------------------------------------------------------------------------

    def _broken_off(self) -> Iterator[tuple[Any, Any]]:
        """End the processes at once; every input that was read, with its answer where it has one."""
        self._stop.set()
        for worker in self._workers:
            if worker.process is not None:
                worker.process.kill()  # an output has no name before it is proved: nothing to clear up
        until = time.monotonic() + _GRACE
        told: dict[int, tuple[_Job, Any]] = {job.number: (job, answer) for job, answer in self._ready}
        told |= self._early
        for worker in self._workers:
            with suppress(EOFError, OSError):
                while worker.given and worker.pipe and worker.pipe.poll(max(0.0, until - time.monotonic())):
                    answer = pickle.loads(worker.pipe.recv_bytes())  # noqa: S301 - as above
                    if isinstance(answer, _Returned):
                        continue
                    job = worker.given.popleft()
                    told[job.number] = job, answer
            for place, job in enumerate(worker.given):
                told[job.number] = job, NotBegunError() if place else BrokenOffError()
        for job in self._suspects:
            told[job.number] = job, BrokenOffError()
        told |= {job.number: (job, NotBegunError()) for job in self._batch}
        for number in sorted(told):
            job, answer = told[number]
            yield job.item, answer

    def _end(self) -> None:
        """Tell the processes to stop, and wait for them; what they still say is of no use to anybody."""
        self._stop.set()
        begun = [(worker, worker.pipe) for worker in self._workers if worker.pipe is not None]
        for _, pipe in begun:
            with suppress(OSError):
                pipe.send(None)
        for worker, pipe in begun:
            with suppress(EOFError, OSError):
                while True:
                    pipe.recv_bytes()
            self._close(worker)
        self._selector.close()

    def _close(self, worker: _Worker) -> None:
        if worker.pipe is not None:
            self._selector.unregister(worker.pipe)
            worker.pipe.close()
            worker.process.join()
            worker.process.close()
        worker.process = worker.pipe = None

    def _begun(self, worker: _Worker) -> Connection:
        mine, its = self._context.Pipe()
        worker.process = self._context.Process(target=_serve, args=(its, self._stop, self._task), daemon=True)
        # It begins with Ctrl+C held back: pressed while its modules load, that would end it with words of its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
        try:
            worker.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        its.close()
        worker.pipe = mine
        self._selector.register(mine, selectors.EVENT_READ, worker)
        return mine


def _size_of(item: Any) -> int:
    """The bytes of the file that an input is, or is about; 0 where that is not known."""
    reference = getattr(item, "reference", item)
    path = getattr(reference, "path", None)
    if path is None:
        return 0
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a path may hold bytes that are no UTF-8
    except (OSError, ValueError):
        return 0


# --- in the processes ---------------------------------------------------------------------------------------------

_RECALL = "give back what you have not begun"


@dataclass(frozen=True, slots=True)
class _Returned:
    """So many of the inputs that were given last come back."""

    count: int


class _Post:
    """The inputs of one process, and its way to answer.

    They are taken in by a thread at once: whoever sends them must never wait for one who waits to be heard.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._items: deque[Any] = deque()
        self._is_over = False
        self._came = threading.Condition()
        self._speaking = threading.Lock()
        threading.Thread(target=self._listen, name="inputs", daemon=True).start()

    def items(self) -> Iterator[Any]:
        """The inputs as they come; the end when no more will."""
        while True:
            with self._came:
                self._came.wait_for(lambda: self._items or self._is_over)
                if not self._items:
                    return
                item = self._items.popleft()
            yield item

    def say(self, answer: Any) -> None:
        """Answer the input that was taken last."""
        data = _packed(answer)
        with self._speaking:
            self._pipe.send_bytes(data)

    def _listen(self) -> None:
        # The pipe ends where the program was killed: a process would wait for ever, with its models in memory.
        try:
            while not self._is_over:
                self._hear(self._pipe.recv())
        except (EOFError, OSError):
            os._exit(1)

    def _hear(self, said: Any) -> None:
        with self._came:
            returned = len(self._items) if said == _RECALL else None
            if said is None:
                self._is_over = True
            elif returned is not None:
                self._items.clear()
            else:
                self._items.extend(said)
            self._came.notify()
        if returned is not None:
            self.say(_Returned(returned))


def _serve(pipe: Connection, stop: Any, task: Callable[[Any], Any]) -> None:
    """Answer inputs one by one. Ctrl+C reaches every process of the terminal; the first one tells the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    serve(stop)
    post = _Post(pipe)
    for item in post.items():
        # It may have waited here until the end was asked for.
        post.say(NotBegunError() if stop.is_set() else answer_of(task, item))


def _packed(answer: Any) -> bytes:
    """An answer as bytes; of one that cannot travel, the kind of what is wrong."""
    try:
        data = bytes(ForkingPickler.dumps(answer))
        if isinstance(answer, Exception):
            pickle.loads(data)  # noqa: S301 - some can be packed and not unpacked
    except Exception as error:
        kind = type(answer if isinstance(answer, Exception) else error).__name__
        return bytes(ForkingPickler.dumps(RuntimeError(kind)))
    return data
