"""How far a long run is: done, rate, time left, held back. A bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

EVERY = 30.0
"""Seconds between two lines where standard error is no terminal."""


class Progress:
    """A bar on standard error, named ``title``; a line each half minute where that is a file or a pipe.

    ``total`` counts the inputs, in a thread beside the work, for the list is read lazily; it is given a function that
    says whether to give up, and returns None where it did. Until it is there the bar shows no time left.
    """

    def __init__(self, title: str, total: Callable[[Callable[[], bool]], int | None], *, quiet: bool = False) -> None:
        self._title, self._total = title, total
        self._shown = sys.stderr.isatty() and not quiet
        self._lines = not sys.stderr.isatty() and not quiet
        self._began = 0.0
        self._bar: Any = None
        self._task: Any = None
        self._ended = threading.Event()
        self.done = self.held = 0
        self.total: int | None = None

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if self._lines:
            threading.Thread(target=self._say_now_and_then, name="dcmaudit-progress", daemon=True).start()
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            rate = TextColumn("{task.fields[rate]}")
            columns = (TextColumn(self._title), BarColumn(), MofNCompleteColumn(), rate, TimeElapsedColumn())
            left = (TextColumn("left"), TimeRemainingColumn())
            # What goes to standard output must arrive there: it may be piped into another program.
            console = Console(stderr=True)
            self._bar = Bar(*columns, *left, console=console, transient=True, redirect_stdout=False)
            self._task = self._bar.add_task("", total=None, rate="")
            self._bar.start()
            threading.Thread(target=self._count, name="dcmaudit-count", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def advance(self, held: bool) -> None:  # noqa: FBT001 - a callback of the reports
        """One more input is through; ``held`` says that it was held back, refused or failed."""
        self.done += 1
        self.held += held
        if self._bar is not None:
            elapsed = self._bar.tasks[0].elapsed or 0.0
            rate = f"{self.done / elapsed:.1f} files/s" if elapsed > 1 else ""
            back = f" {self.held} held back" if self.held else ""
            self._bar.update(self._task, completed=self.done, rate=rate + back)

    def total_within(self, seconds: float) -> int | None:
        """The number of inputs: of the bar, or counted now; None where ``seconds`` are too few for that."""
        if self.total is None:
            until = time.monotonic() + seconds
            self.total = self._total(lambda: time.monotonic() > until)
        return self.total

    def print(self, line: str) -> None:
        """A line on standard error, above the bar."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)

    def output(self, line: str) -> None:
        """A line on standard output, at once; above the bar where both are on one terminal."""
        if self._bar is not None and sys.stdout.isatty():
            self.print(line)
        else:
            print(line, flush=True)

    def _say_now_and_then(self) -> None:
        is_counted = False
        while not self._ended.wait(EVERY):
            if not is_counted:
                is_counted = True  # a run this long is worth looking for its inputs once more
                threading.Thread(target=self._count, name="dcmaudit-count", daemon=True).start()
            print(f"{time.strftime('%H:%M:%S')} {self.line()}", file=sys.stderr, flush=True)

    def line(self) -> str:
        """Where the run is, in words."""
        elapsed = max(0.001, time.monotonic() - self._began)
        of = f" of {self.total}" if self.total is not None else ""
        parts = [f"{self._title}: {self.done}{of} files", f"{self.done / elapsed:.1f} files/s"]
        if self.total is not None and self.done:
            left = int((self.total - self.done) * elapsed / self.done)
            parts.append(f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left")
        parts.append(f"{self.held} held back")
        return ", ".join(parts)

    def _count(self) -> None:
        self.total = self._total(self._ended.is_set)
        bar = self._bar
        if bar is not None and self.total is not None:
            bar.update(self._task, total=self.total)
