"""How far a long run is: done, rate, time left, held back. A bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.cli.inputs import Inputs

EVERY = 30.0
"""Seconds between two lines where standard error is no terminal."""

EVERY_JSON = 2.0
"""Seconds between two lines for programs."""

_AGAIN = 0.2
"""Seconds between two looks at how many inputs there may be."""


def add_progress(group: argparse._ActionsContainer) -> None:
    """Add ``--progress``."""
    group.add_argument(
        "--progress", choices=("auto", "json", "none"), default="auto",
        help="on standard error: a bar on a terminal and a line now and then elsewhere (auto), JSON lines, or nothing",
    )  # fmt: skip


class Progress:
    """What is said on standard error of a run that does ``title``; see ``add_progress`` for ``form``.

    How many inputs there are is told by ``inputs``, whose estimate is asked now and then; or ``total`` counts them once
    in a thread beside the work. It is given a function that says whether to give up, and returns None where it did.
    """

    def __init__(
        self,
        title: str,
        total: Callable[[Callable[[], bool]], int | None] | None = None,
        *,
        inputs: Inputs | None = None,
        quiet: bool = False,
        form: str = "auto",
        answers: bool = False,
    ) -> None:
        """``answers``: they go to standard output as they come, and on a terminal show themselves how far it is."""
        self._title, self._count_all, self._inputs = title, total, inputs
        self._is_json = form == "json"
        self._shown = sys.stderr.isatty() and not quiet and form == "auto" and not (answers and sys.stdout.isatty())
        self._lines = self._is_json or (not sys.stderr.isatty() and not quiet and form == "auto")
        self._began = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._looked = 0.0
        self._ended = threading.Event()
        self._counted: int | None = None
        self.done = self.held = self.before = 0
        """``before``: inputs that an earlier run had done, which this one only passes."""

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if self._lines:
            threading.Thread(target=self._say_now_and_then, name="dcmaudit-progress", daemon=True).start()
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn(self._title), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
            # What goes to standard output must arrive there: it may be piped into another program.
            console = Console(stderr=True)
            self._bar = Bar(*columns, console=console, transient=True, redirect_stdout=False)
            self._task = self._bar.add_task("", total=None, said="")
            self._bar.start()
        if self._count_all is not None and (self._shown or self._is_json):
            threading.Thread(target=self._count, name="dcmaudit-count", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if self._is_json:
            self._say_json(is_last=True)

    def advance(self, held: bool) -> None:  # noqa: FBT001 - a callback of the reports
        """One more input is through; ``held`` says that it was held back, refused or failed."""
        self.done += 1
        self.held += held
        now = time.monotonic()
        if self._bar is not None and now - self._looked > _AGAIN:
            self._looked = now
            count, _ = self.expected()
            self._bar.update(self._task, completed=self.done, total=count, said=", ".join(self._parts()))

    @property
    def total(self) -> int | None:
        """The number of inputs where it is known for certain; None where it is an estimate, or unknown."""
        count, is_exact = self.expected()
        return count if is_exact else None

    def expected(self) -> tuple[int | None, bool]:
        """How many inputs there may be, and whether that is certain."""
        if self._inputs is None:
            return self._counted, self._counted is not None
        estimate = self._inputs.estimate()
        if estimate is None:
            return None, False
        return max(self.done, estimate.count - self.before), estimate.is_exact

    def total_within(self, seconds: float) -> int | None:
        """The number of inputs: known, or the rest of them found now; None where ``seconds`` are too few for that."""
        if self.total is None:
            until = time.monotonic() + seconds
            if self._inputs is not None:
                self._inputs.look_on(lambda: time.monotonic() > until)
            elif self._count_all is not None:
                self._counted = self._count_all(lambda: time.monotonic() > until)
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
        is_counting = self._is_json
        while not self._ended.wait(EVERY_JSON if self._is_json else EVERY):
            if self._count_all is not None and not is_counting:
                is_counting = True  # a run this long is worth counting its inputs
                threading.Thread(target=self._count, name="dcmaudit-count", daemon=True).start()
            if self._is_json:
                self._say_json(is_last=False)
            else:
                print(f"{time.strftime('%H:%M:%S')} {self.line()}", file=sys.stderr, flush=True)

    def line(self) -> str:
        """Where the run is, in words."""
        return f"{self._title}: {', '.join(self._parts())}"

    def _parts(self) -> list[str]:
        count, is_exact = self.expected()
        of = "" if count is None else f" of {count}" if is_exact else f" of about {count}"
        parts = [
            f"{self.done}{of} file{'' if (self.done if count is None else count) == 1 else 's'}",
            f"{self._rate:.1f} files/s",
        ]
        left = self._left(count)
        if left is not None:
            left = int(left)
            parts.append(f"{'' if is_exact else 'about '}{left // 3600}:{left // 60 % 60:02}:{left % 60:02} left")
        return [*parts, f"{self.held} held back"]

    @property
    def _rate(self) -> float:
        return self.done / max(0.001, time.monotonic() - self._began)

    def _left(self, count: int | None) -> float | None:
        """Seconds to the end at the rate so far."""
        return None if count is None or not self.done else max(0, count - self.done) / self._rate

    def _say_json(self, *, is_last: bool) -> None:
        count, is_exact = self.expected()
        left = self._left(count)
        record = {
            "work": self._title,
            "done": self.done,
            "held_back": self.held,
            "total": count,
            "total_is_exact": is_exact,
            "files_per_s": round(self._rate, 3),
            "seconds": round(time.monotonic() - self._began, 1),
            "seconds_left": None if left is None else round(left, 1),
            "ended": is_last,
        }
        print(json_line("progress", record), file=sys.stderr, flush=True)

    def _count(self) -> None:
        if self._count_all is not None:
            self._counted = self._count_all(self._ended.is_set)
