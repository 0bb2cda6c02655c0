"""Fills lists of files: walks through what names lead to, asks the database about each, and asks it again later."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Reference, ReviewState
from dcmaudit.review.services.allowed_folders import AllowedFolders
from dcmaudit.review.services.protocols import Database, End, Pictures
from dcmaudit.review.state.worklist import BATCH, Named, Worklist
from dcmaudit.settings import Settings
from dcmaudit.sources import Found, NameList, Problem, Tally, find, reference_to

_PATIENCE = 0.05

States = Callable[[Sequence[str]], Mapping[str, ReviewState]]
Gaps = Callable[[Sequence[str]], Mapping[str, str]]


class Filling:
    """One walk through what was found, in a thread of its own after ``start``.

    ``states`` answers for a batch of names in one query, ``gaps`` for what could not be audited of them.
    ``let_through`` is called between two batches: it returns once nothing more urgent than the walk is going on.
    """

    def __init__(
        self,
        worklist: Worklist,
        found: Iterable[Found],
        *,
        states: States,
        gaps: Gaps = lambda _names: {},
        let_through: Callable[[], None] = lambda: None,
    ) -> None:
        self._worklist, self._found = worklist, found
        self._states, self._gaps, self._let_through = states, gaps, let_through
        self._tally = Tally()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="dcmaudit-worklist", daemon=True)

    def start(self) -> None:
        """Begin to walk."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End the walk; what was found stays."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _walk(self) -> None:
        title = self._worklist.title
        batch: list[str] = []
        limit, last = 1, time.monotonic()
        try:
            for found in self._found:
                if self._stop.is_set():
                    break
                reference = self._count(found)
                if reference is not None:
                    batch.append(reference.name)
                # The first file at once, then ever larger blocks: somebody waits for the first picture.
                if len(batch) >= limit or time.monotonic() - last > _PATIENCE:
                    self._add(batch)
                    self._let_through()
                    batch, limit, last = [], min(limit * 4, BATCH), time.monotonic()
        except DcmauditError as error:
            self._count(Problem(error.file or title, error))
        except Exception as error:  # whatever stops the walk must be shown, not end a thread silently
            reason = ReviewError(f"the walk through the files ended early: {type(error).__name__}", file=title)
            self._count(Problem(title, reason))
        try:
            self._add(batch)
        finally:
            self._worklist.finish()

    def _count(self, found: Found) -> Reference | None:
        """Count what was found into the report of the list; the reference, where it is one."""
        tally, report = self._tally, self._worklist.report
        reference = tally.add(found)
        if reference is None:
            report.passed_over, report.problem_count = tally.passed_over, tally.problems
            new = tally.named_problems[len(report.problems) :]
            report.problems += [Named(item.name, item.error.message) for item in new]
            report.not_opened += [Named(item.name, item.reason.value) for item in tally.named[len(report.not_opened) :]]
        return reference

    def _add(self, names: list[str]) -> None:
        states: Mapping[str, ReviewState] = {}
        gaps: Mapping[str, str] = {}
        if names:
            try:
                states, gaps = self._states(names), self._gaps(names)
            except DcmauditError as error:
                # The files must be seen even where the database cannot be asked: better twice than never.
                self._count(Problem(names[0], error, where="the review state is not known"))
        self._worklist.add(names, states, gaps)


class WorklistFiller:
    """Every list of files of one program."""

    def __init__(
        self, settings: Settings, database: Database, folders: AllowedFolders, pictures: Pictures, end: End
    ) -> None:
        self._settings, self._database, self._folders = settings, database, folders
        self._pictures, self._end = pictures, end
        self._lock = threading.Lock()
        self._lists: list[tuple[Worklist, Filling]] = []

    def begin(self, names: Sequence[str | NameList], *, recursive: bool, confined: bool = False) -> Worklist:
        """Start to walk through what ``names`` lead to; ``confined`` to the folders that the page may open."""
        found: Iterable[Found] = find(names, recursive=recursive, pacs_root=self._settings.pacs_root)
        if confined:
            found = self._folders.found(found)
        with self._lock:
            worklist = Worklist(
                reopen=self._folders.reference if confined else reference_to,
                serial=len(self._lists),
                title=_title(names),
                is_opened=confined,
            )
            filling = Filling(
                worklist,
                found,
                states=self._states,
                gaps=self._gaps,
                let_through=self._pictures.let_through,
            )
            self._lists.append((worklist, filling))
        filling.start()
        return worklist

    def _states(self, names: Sequence[str]) -> Mapping[str, ReviewState]:
        # Asks whichever database is open at that moment.
        return self._database.store.states_to_review(names)

    def _gaps(self, names: Sequence[str]) -> Mapping[str, str]:
        return self._database.store.gaps(names)

    def ask_again(self, worklist: Worklist, places: Sequence[int]) -> None:
        """Ask the database for the states of the files at these places. StoreError as the store raises it."""
        for start in range(0, len(places), BATCH):
            some = places[start : start + BATCH]
            names = [worklist.name(place) for place in some]
            store = self._database.store
            worklist.take(some, store.states_to_review(names), store.gaps(names))

    def refresh(self, worklist: Worklist, places: Sequence[int]) -> None:
        """The same; a database that cannot be asked is told elsewhere."""
        with suppress(DcmauditError):
            self.ask_again(worklist, places)

    def refresh_all(self) -> None:
        """Ask for every state of every list: another database was opened."""
        for worklist, _filling in list(self._lists):
            self.refresh(worklist, range(len(worklist)))

    def go_on(self) -> bool:
        """For long work over a list: let pictures through, and say whether there is still a point in it."""
        self._pictures.let_through()
        return not self._end.is_near

    def stop(self) -> None:
        """End every walk."""
        for _worklist, filling in self._lists:
            filling.stop()


def _title(names: Sequence[str | NameList]) -> str:
    if not names:
        return ""
    first = names[0].title if isinstance(names[0], NameList) else names[0]
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"
