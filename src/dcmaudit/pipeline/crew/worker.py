"""One process as its parent sees it, and what it was given."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from dcmaudit.pipeline.crew.pipe import Pipe
from dcmaudit.pipeline.crew.post import serve_pipe

HELD = {signal.SIGINT}


@dataclass(slots=True)
class Job:
    """One input: its place in the order, and its answer once there is one."""

    number: int
    item: Any
    size: int = 0
    """Bytes of its file, 0 where that is not known."""
    is_second: bool = False
    """Whether a process has died over it before."""
    is_long: bool = False
    """Whether others were asked to help with it: it says nothing of how long inputs take."""


@dataclass(frozen=True, slots=True)
class PieceJob:
    """One piece of a long file that another process owns."""

    file: int
    number: int


@dataclass(slots=True, eq=False)
class Worker:
    """One process, begun with the first input for it, and what it was given and has not answered, in order."""

    process: Any = None
    pipe: Pipe | None = None
    given: deque[Job | PieceJob] = field(default_factory=deque)
    since: float = 0.0
    """When it began with what it does now, or with the first of those that it answered since that was last learnt."""
    heard: int = 0
    """Answers since then."""
    is_recalled: bool = False
    """Whether it was asked to give back what it has not begun."""

    def count_from(self, now: float) -> None:
        """What it answers from now on tells how long an input takes."""
        self.since, self.heard = now, 0

    def send(self, said: Any) -> None:
        """Say something to it; of one that died, its pipe will tell."""
        if self.pipe is not None:
            with suppress(OSError):
                self.pipe.send(said)

    def begin(
        self,
        context: Any,
        stop: Any,
        task: Callable[[Any], Any],
        warm: Callable[[], object] | None,
        bell: Any = None,
    ) -> Pipe:
        """Start its process, which calls ``warm`` before its first input; the pipe to it comes back.

        ``bell`` is a semaphore that it releases once it has said something that is not to wait.
        """
        mine, its = context.Pipe()
        self.process = context.Process(target=serve_pipe, args=(its, stop, task, warm, bell), daemon=True)
        # It begins with Ctrl+C held back: pressed while its modules load, that would end it with words of its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # Else this process holds both ends, and never sees the pipe end where the other one dies.
        its.close()
        self.pipe = Pipe(mine)
        return self.pipe

    def close(self) -> None:
        """Wait for its end, and forget it."""
        if self.pipe is not None:
            self.pipe.close()
            self.process.join()
            self.process.close()
        self.process = self.pipe = None
        self.is_recalled = False


def size_of(item: Any) -> int:
    """The bytes of the file that an input is, or is about; 0 where that is not known."""
    reference = getattr(item, "reference", item)
    path = getattr(reference, "path", None)
    if path is None:
        return 0
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a path may hold bytes that are no UTF-8
    except (OSError, ValueError):
        return 0
