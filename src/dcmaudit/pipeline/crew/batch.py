"""Inputs that were read and are given to nobody yet, and how many of them go out at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dcmaudit.pipeline.crew.worker import Job, size_of

MOST_FILES = 32
"""Inputs that a process is given at once, at most."""

MOST_BYTES = 4 << 20
"""Bytes of files that a process is given at once, unless one file alone has more."""

_SECONDS = 0.25
"""Work that a process is given at once, at most, as far as can be told from what was done before."""


class Batch:
    """Reads inputs as they are needed, for so many processes; ``asked`` says that no more are to be read."""

    def __init__(self, asked: Callable[[], bool], processes: int) -> None:
        self._asked, self._processes = asked, processes
        self._size = 1.0
        self.pace = 0.0
        """Seconds that an input takes a process, rather too few than too many; 0 where nothing is known yet."""
        self._jobs: list[Job] = []
        self.read = 0
        """How many inputs were read."""
        self.is_dry = False
        """Whether no more inputs are read."""

    def __bool__(self) -> bool:
        return bool(self._jobs)

    @property
    def size(self) -> int:
        """Inputs that a batch should have by the time that inputs take."""
        return int(self._size)

    def collect(self, items: Iterator[Any], most: int) -> None:
        """Read inputs for one process, while there are any, no end was asked for, and ``most`` are not read."""
        if len(self._jobs) >= self.size:  # what processes gave back may be much, and is not summed up each time
            return
        room = MOST_BYTES - sum(job.size for job in self._jobs)
        while room > 0 and len(self._jobs) < self.size and not self.is_dry and self.read < most:
            try:
                item = next(items)
            except StopIteration:
                self.is_dry = True
                return
            self._jobs.append(Job(self.read, item, size_of(item)))
            self.read += 1
            self.is_dry = self._asked()
            # One file may overdraw it: a file of any size has to go out some time.
            room -= self._jobs[-1].size

    def take(self) -> list[Job]:
        """A batch for one process: of what was collected or given back, as much as goes together."""
        count, room, most = 0, MOST_BYTES, self.size
        # The last ones, and what was given back, are for everybody.
        if self.is_dry or len(self._jobs) > most:
            most = min(most, len(self._jobs) // self._processes)
        for job in self._jobs[: max(1, most)]:
            room -= job.size
            if count and room < 0:
                break
            count += 1
        jobs, self._jobs = self._jobs[:count], self._jobs[count:]
        return jobs

    def put_back(self, jobs: list[Job]) -> None:
        """What a process had and did not begin goes out first, and of several processes in the order of the inputs."""
        self._jobs = sorted([*jobs, *self._jobs], key=lambda job: job.number)

    def let_go(self) -> list[Job]:
        """No more is read; what was given to nobody."""
        self.is_dry = True
        jobs, self._jobs = self._jobs, []
        return jobs

    def learn(self, seconds: float) -> None:
        """Renew how many inputs a batch should have: at most twice as many as before, at once as few as needed."""
        self._size = min(2 * self._size, MOST_FILES, max(1.0, 0.8 * self._size + 0.2 * _SECONDS / max(seconds, 1e-6)))
        self.pace = min(seconds, 0.8 * self.pace + 0.2 * seconds)
        # One slow input among quick ones says that more may follow: the mean would notice too late.
        if seconds > _SECONDS:
            self._size = max(1.0, self._size / 2)
