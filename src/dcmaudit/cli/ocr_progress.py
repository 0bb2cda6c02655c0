"""How far a long run is: files done, rate, time left. Only on a terminal; elsewhere it writes nothing."""

from __future__ import annotations

import argparse
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from dcmaudit.settings import Settings


class Progress:
    """A bar on standard error. How many files there are is counted beside the work, for the list is read lazily."""

    def __init__(self, args: argparse.Namespace, settings: Settings) -> None:
        self._args, self._settings = args, settings
        self._shown = sys.stderr.isatty() and not getattr(args, "quiet", False)
        self._bar: Any = None
        self._task: Any = None
        self._ended = threading.Event()
        self._started = 0.0

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            rate = TextColumn("{task.fields[rate]}")
            columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), rate, TimeElapsedColumn())
            left = (TextColumn("left"), TimeRemainingColumn())
            self._bar = Bar(*columns, *left, console=Console(stderr=True), transient=True)
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

    def advance(self) -> None:
        """One more file is through."""
        if self._bar is not None:
            task = self._bar.tasks[0]
            elapsed = task.elapsed or 0.0
            rate = f"{(task.completed + 1) / elapsed:.1f} files/s" if elapsed > 1 else ""
            self._bar.update(self._task, advance=1, rate=rate)

    def print(self, line: str) -> None:
        """A line on standard error, above the bar."""
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=sys.stderr)

    def _count(self) -> None:
        from dcmaudit.sources import Passed, Problem, find

        recursive = self._args.recursive or self._settings.recursive
        count = 0
        for found in find(self._args.files, recursive=recursive, pacs_root=self._settings.pacs_root):
            if self._ended.is_set():
                return
            count += not isinstance(found, (Passed, Problem))
        self._bar.update(self._task, total=count)
