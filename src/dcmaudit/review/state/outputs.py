"""Files that were redacted from the page, and the run that makes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dcmaudit.model import Outcome, PlaneAddress, Reference
from dcmaudit.model.counts import counted

GOOD = frozenset({Outcome.DONE, Outcome.COPIED})


@dataclass(frozen=True, slots=True)
class Output:
    """One file and how it ended. ``after`` is None where nothing was written; ``changed`` are planes with black."""

    number: int
    before: Reference
    outcome: Outcome
    words: tuple[str, ...]
    target: str | None
    after: Reference | None
    changed: frozenset[PlaneAddress] = frozenset()


@dataclass(slots=True)
class OutputRun:
    """One run: how many files it has, what became of them, and whether somebody asked it to stop."""

    session: str
    folder: str
    total: int
    left_out: int = 0
    outputs: list[Output] = field(default_factory=list)
    running: bool = True
    failure: str | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def good(self) -> int:
        """How many files were written and proved, or copied, with nothing to say against them."""
        return sum(one.outcome in GOOD for one in self.outputs)

    @property
    def words(self) -> str:
        """How far it is, or how it ended, in a sentence."""
        through = len(self.outputs)
        if self.running:
            ending = ", stopping after the files in work" if self.stopping.is_set() else ""
            return f"{through} of {counted(self.total, 'file is', 'files are')} through{ending}"
        if self.failure is not None:
            return f"Broken off after {through} of {counted(self.total, 'file')}: {self.failure}"
        told = [f"{self.good} of {counted(self.total, 'file is', 'files are')} redacted and proved"]
        if bad := through - self.good:
            told.append(f"{counted(bad, 'needs', 'need')} your attention")
        if missing := self.total - through:
            told.append(f"{counted(missing, 'was', 'were')} not begun")
        if self.left_out:
            told.append(f"{counted(self.left_out, 'more of the list is', 'more of the list are')} not done")
        return "; ".join(told)


class Outputs:
    """The runs of one program: one at a time, all of their outputs kept until the program ends."""

    def __init__(self) -> None:
        self.revision = 0
        self.run: OutputRun | None = None
        self._outputs: list[Output] = []
        self._lock = threading.Lock()

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self.run is not None and self.run.running

    def begin(self, run: OutputRun) -> bool:
        """Make ``run`` the present one; False where another is under way."""
        with self._lock:
            if self.is_running:
                return False
            self.run = run
            self.revision += 1
            return True

    def add(self, run: OutputRun, make: Callable[[int], Output]) -> Output:
        """Note a file that is through; ``make`` gets its number."""
        with self._lock:
            made = make(len(self._outputs))
            self._outputs.append(made)
            run.outputs.append(made)
            self.revision += 1
            return made

    def end(self, run: OutputRun, failure: str | None = None) -> None:
        """Note that the run is over, and why where it did not come to its end."""
        with self._lock:
            run.running, run.failure = False, failure
            self.revision += 1

    def newest(self, start: int, count: int) -> tuple[int, list[Output]]:
        """How many there are, and ``count`` of them, newest first, from the ``start``-th on."""
        with self._lock:
            total = len(self._outputs)
            return total, [self._outputs[total - 1 - at] for at in range(start, min(start + count, total))]

    def get(self, number: int) -> Output | None:
        """The output with that number; None where there is none."""
        with self._lock:
            return self._outputs[number] if 0 <= number < len(self._outputs) else None
