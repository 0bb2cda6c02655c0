"""What is asked for each file: requests from the command line, CSV lists and the database, put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dcmaudit.model import Origin, Reference, ReviewState
from dcmaudit.model.redaction import Request
from dcmaudit.pipeline.redacting import RedactionTask
from dcmaudit.store import RectRow, Store


@dataclass(slots=True)
class Asked:
    """The sources of requests. ``everywhere`` is asked of every file, ``by_file`` of files by name.

    With ``store``, rectangles of the database are asked for; unless ``unreviewed``, a file that is not done is
    refused, for somebody may still be working on it, or wants to look at it again (tagged files).
    """

    everywhere: Sequence[Request] = ()
    by_file: Mapping[str, Sequence[Request]] = field(default_factory=dict)
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    store: Store | None = None
    unreviewed: bool = False

    def tasks(self, references: Iterable[Reference]) -> Iterator[RedactionTask]:
        """One task a file, in order."""
        for reference in references:
            yield self.task(reference)

    def task(self, reference: Reference) -> RedactionTask:
        """Everything that is asked for one file."""
        name = reference.name
        requests = [*self.everywhere, *self.by_file.get(name, ())]
        problems = list(self.problems.get(name, ()))
        if self.store is not None:
            found, wrong = self._stored(self.store, name)
            requests += found
            problems += wrong
        return RedactionTask(reference, tuple(requests), tuple(problems))

    def _stored(self, store: Store, name: str) -> tuple[list[Request], list[str]]:
        rows = store.rects(name)
        state = store.states([name])[name]
        if state is not ReviewState.DONE and not self.unreviewed:
            return [], [f"in the database the file is {_STATES[state]}; --include-unreviewed redacts such files too"]
        problems = [f"stored row {row.id}: {row.problem}" for row in rows if row.problem is not None]
        return [_request(row) for row in rows if row.box is not None and row.scope is not None], problems


_STATES = {
    ReviewState.NOT_REVIEWED: "not known by this name, or not reviewed",
    ReviewState.IN_WORK: "marked but not done",
    ReviewState.TAGGED: "tagged for another look",
}


def _request(row: RectRow) -> Request:
    if row.scope is None:
        raise ValueError("a row without a plane asks for nothing")
    return Request(row.box, row.scope, Origin.STORED, f"stored row {row.id}")
