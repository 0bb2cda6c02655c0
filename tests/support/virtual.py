"""The processes of a batch in a time of its own: the program's own parent and processes, as threads of one process.

Nothing is computed and nobody waits: what a file costs is said, and the clock is put on. Who is given what, and when,
is decided by ``dcmaudit.pipeline.crew`` alone. One thread runs at a time, so that the same comes out every time.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import SimpleNamespace
from typing import Any

from dcmaudit.model.runs import runs_of
from dcmaudit.pipeline.crew import parent
from dcmaudit.pipeline.crew.post import Helper, Post, answer_all
from dcmaudit.pipeline.crew.worker import Worker
from dcmaudit.pipeline.division import divided, have_helpers


@dataclass(frozen=True)
class Costs:
    """Seconds: what the parent needs for an answer, and a message on its way."""

    answer: float = 0.0001
    message: float = 0.0001


class World:
    """The clock, what happens when, and who can go on. The parent is the thread that made it."""

    def __init__(self, costs: Costs) -> None:
        self.now, self.costs = 0.0, costs
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._count = count()
        self._can_run: deque[Process] = deque()
        self._turn = threading.Semaphore(0)
        self.bell = _Bell(self)

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Have something done later."""
        heapq.heappush(self._events, (self.now + seconds, next(self._count), action))

    def wake(self, process: Process) -> None:
        """It can go on."""
        if not process.is_awake:
            process.is_awake = True
            self._can_run.append(process)

    def run(self, until: float, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Let everybody do what they do until that time; the parent waits."""
        while True:
            while self._can_run:
                process = self._can_run.popleft()
                process.turn.release()
                self._turn.acquire()
            if is_enough():
                return
            if not self._events or self._events[0][0] > until:
                self.now = max(self.now, until) if until < float("inf") else self.now
                return
            self.now, _, action = heapq.heappop(self._events)
            action()

    def give_back(self) -> None:
        """Said by the thread of a process: it has nothing to do for now."""
        self._turn.release()


class Process:
    """One process of the crew: a thread that runs when it is its turn."""

    def __init__(self, world: World, task: Callable[[Any], Any]) -> None:
        self.world, self.turn, self.is_awake, self.is_over = world, threading.Semaphore(0), False, False
        self.said: deque[bytes] = deque()
        self.post = _Post(self)
        self.busy = 0.0
        self._thread = threading.Thread(target=self._live, args=(task,), daemon=True)
        self._thread.start()
        world.wake(self)

    def _live(self, task: Callable[[Any], Any]) -> None:
        self.turn.acquire()
        _here.process = self
        have_helpers(self.post)
        answer_all(self.post, Helper(), SimpleNamespace(is_set=bool), task)
        self.is_over = True
        self.world.give_back()

    def pause(self) -> None:
        """Wait until somebody wakes this one."""
        self.is_awake = False
        self.world.give_back()
        self.turn.acquire()

    def work(self, seconds: float) -> None:
        """Be busy for so long."""
        self.busy += seconds
        done: list[bool] = []
        self.world.after(seconds, lambda: (done.append(True), self.world.wake(self)))
        while not done:  # what comes meanwhile wakes it, too
            self.pause()

    # --- the end of the pipe that the parent has ----------------------------------------------------------------------

    @property
    def has_more(self) -> bool:
        return bool(self.said)

    def recv_bytes(self) -> bytes:
        self.world.run(float("inf"), lambda: bool(self.said) or self.is_over)
        if not self.said:
            raise EOFError
        return self.said.popleft()


_here = threading.local()


def work(seconds: float) -> None:
    """Said by a task: it takes so long."""
    _here.process.work(seconds)


class _Came:
    """Stands for the condition of a post: its process waits in the time of the world."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def wait_for(self, is_there: Callable[[], object]) -> None:
        while not is_there():
            self._process.pause()

    def notify_all(self) -> None:
        self._process.world.wake(self._process)


class _Post(Post):
    """The program's own, without the thread that listens and without a pipe."""

    def __init__(self, process: Process) -> None:  # not that of Post: it starts a thread
        world = process.world

        def send(data: bytes) -> None:
            world.after(world.costs.message, lambda: process.said.append(data))

        self._pipe = SimpleNamespace(send_bytes=send)  # type: ignore[assignment]
        self._bell = SimpleNamespace(release=lambda: world.after(world.costs.message, world.bell.release))
        self._entries, self._is_over, self._shared = deque(), False, None
        self._came = _Came(process)  # type: ignore[assignment]
        self._speaking = threading.Lock()

    def hear(self, said: Any) -> None:
        self._hear(said)

    def _say_aside(self, message: Any) -> None:
        self.say(message)  # nobody waits for a pipe here


@dataclass(slots=True, eq=False)
class _Worker(Worker):
    world: World | None = None
    made: list[Process] = field(default_factory=list)

    def begin(self, _context: Any, _stop: Any, task: Callable[[Any], Any], _warm: Any, _bell: Any = None) -> Any:
        assert self.world is not None
        self.pipe = Process(self.world, task)  # type: ignore[assignment]
        self.made.append(self.pipe)  # type: ignore[arg-type]
        return self.pipe

    def send(self, said: Any) -> None:
        process: Any = self.pipe
        if process is not None and self.world is not None:
            self.world.after(self.world.costs.message, lambda: process.post.hear(said))

    def close(self) -> None:
        self.pipe = None


class _Bell:
    """Stands for the semaphore that processes ring."""

    def __init__(self, world: World) -> None:
        self._world, self._rung = world, 0

    def release(self) -> None:
        self._rung += 1

    def acquire(self, *, block: bool = True, timeout: float = 0.0) -> bool:
        if block:
            self._world.run(self._world.now + timeout, lambda: bool(self._rung))
        is_rung = self._rung > 0
        self._rung -= is_rung
        return is_rung


class _Selector:
    def __init__(self, world: World) -> None:
        self._world = world
        self._keys: dict[Any, Any] = {}

    def register(self, process: Any, _events: int, worker: Any) -> None:
        self._keys[process] = SimpleNamespace(data=worker)

    def unregister(self, process: Any) -> None:
        self._keys.pop(process, None)

    def select(self, seconds: float) -> list[tuple[Any, int]]:
        def is_there() -> bool:
            return any(process.said for process in self._keys)

        self._world.run(self._world.now + seconds, is_there)
        return [(key, 1) for process, key in self._keys.items() if process.said]

    def close(self) -> None: ...


@dataclass(frozen=True)
class Input:
    """A small file, or a long one of ``frames`` frames in runs of at most ``size``; times in seconds."""

    number: int
    seconds: float
    frames: int = 0
    size: int = 1
    opening: float = 0.0
    is_whole: bool = False

    @contextmanager
    def opened(self) -> Iterator[Callable[[range], range]]:
        work(self.opening)
        yield self.run

    def run(self, frames: range) -> range:
        work(self.seconds * len(frames))
        return frames


def done(item: Input) -> list[range]:
    """The task: what was done of it, in order."""
    if not item.frames:
        work(item.seconds)
        return []
    work(item.opening)
    if item.is_whole:
        return [item.run(range(item.frames))]
    return list(divided(item, item.run, runs_of(item.frames, item.size)))


@dataclass(frozen=True)
class Run:
    """How a batch went. ``seconds``: until the last answer; ``spread``: what each process worked."""

    seconds: float
    spread: tuple[float, ...]
    answers: dict[Input, Any]


def batch(items: Iterable[Input], workers: int, costs: Costs | None = None) -> Run:
    """Have the crew do it."""
    world = World(costs or Costs())
    crew = parent.Crew(done, workers, lambda: False, lambda: None, tells_all=True, ordered=False)
    crew._selector.close()
    crew._selector = _Selector(world)  # type: ignore[assignment]
    crew._bell = world.bell
    made = [_Worker(world=world) for _ in range(workers)]
    crew._workers = made  # type: ignore[assignment]
    before, parent.time = (
        parent.time,
        SimpleNamespace(monotonic=lambda: world.now),
    )  # type: ignore[assignment]
    try:
        answers: dict[Input, Any] = {}
        last = 0.0
        for item, answer in crew.run(iter(items)):
            world.run(world.now + world.costs.answer)
            answers[item], last = answer, world.now
    finally:
        parent.time = before
    return Run(last, tuple(process.busy for worker in made for process in worker.made), answers)
