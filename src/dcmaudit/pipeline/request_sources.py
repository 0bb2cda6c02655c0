"""What is asked for each file: requests from the command line, CSV lists and the database, put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from dcmaudit.dicom import open_instance
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference, ReviewState
from dcmaudit.model.counts import counted
from dcmaudit.model.records import DoneRecord, IdentityRecord, Look, MarkedFile, RectId, RectRow
from dcmaudit.model.redaction import Request
from dcmaudit.model.screen import Screen
from dcmaudit.pipeline.clearance import ledger_of
from dcmaudit.pipeline.jobs import PackedMarks, RedactionTask
from dcmaudit.pipeline.stored_marks import asked_by, left_words

if TYPE_CHECKING:
    from dcmaudit.store import Store

_FEWEST, _MOST, _MOST_PACKED = 8, 500, 2000
"""Files that the database is asked about at once: at first, so that work begins soon, and at most."""


class Keeping(Protocol):
    """A policy, as far as it concerns stored readings; see ``release.stored``."""

    def noted(self, rows: Sequence[RectRow]) -> str: ...
    def kept(self, rows: Sequence[RectRow]) -> Mapping[RectId, str]: ...


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the database asks for a file, under the name that it has there.

    ``undone`` says why nothing of it counts; ``screen`` what was black on the screen when the file was finished;
    ``is_unrecorded`` that it is finished and nobody knows; ``noted`` what lay behind the name then.
    """

    name: str
    requests: Sequence[Request] = ()
    problems: Sequence[str] = ()
    undone: str | None = None
    screen: Screen | None = None
    notes: Sequence[str] = ()
    is_unrecorded: bool = False
    noted: IdentityRecord | None = None
    marks: PackedMarks | None = None


@dataclass(slots=True)
class RequestSources:
    """The sources of requests. ``everywhere`` is asked of every file, ``by_file`` of files by name.

    With ``store``, rectangles of the database are asked for; unless ``unreviewed``, a file that is not done is
    refused, for somebody may still be working on it, or wants to look at it again (tagged files). With ``moved``, a
    file that the database does not know by its name gets the marks of the one other name under which the same instance
    with the same pixels was noted; the database is not changed. With ``ledger`` each task carries what that database
    knows of looks at its file: one that turns out to be a copy need not be done, for then it counts who looked.
    """

    everywhere: Sequence[Request] = ()
    by_file: Mapping[str, Sequence[Request]] = field(default_factory=dict)
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    store: Store | None = None
    unreviewed: bool = False
    moved: bool = False
    ledger: Store | None = None
    keeps_harmless: bool = False
    """Rectangles of the database whose text was judged harmless are not asked for, and told."""
    keeps: Keeping | None = None
    """A policy that keeps stored readings. They are not asked for of a file that was finished while they were outlined;
    of every other file what was black on the screen is."""
    left: Mapping[str, int] = field(default_factory=dict)
    """How many rectangles of other sources were left for the same reason, by file."""

    def tasks(self, references: Iterable[Reference]) -> Iterator[RedactionTask]:
        """One task a file, in order. The database is asked about many at once, about few at first."""
        todo, size = iter(references), _FEWEST
        # A copy, and what a policy keeps, are decided here by the rectangles themselves.
        pack = self.ledger is None and self.keeps is None
        asked = self.store or self.ledger
        while block := list(islice(todo, size)):
            size = min(2 * size, _MOST_PACKED if pack else _MOST)
            known = [None] * len(block) if asked is None else asked.marks_of((one.name for one in block), pack=pack)
            for reference, marked in zip(block, known, strict=True):
                yield self._task(reference, marked)

    def _task(self, reference: Reference, marked: MarkedFile | None) -> RedactionTask:
        """Everything that is asked for one file; ``marked`` is what the database has under its name."""
        name = reference.name
        requests = [*self.everywhere, *self.by_file.get(name, ())]
        problems = list(self.problems.get(name, ()))
        stored = _Stored(name)
        if self.store is None and marked is not None and not requests:  # it may become a copy
            stored = _finished(marked)
        if self.store is not None and marked is not None:
            try:
                stored = self._stored(self.store, reference, marked)
            except DcmauditError as error:  # of a file whose identity was looked for, or whose marks are damaged
                problems.append(error.words)
        requests += stored.requests
        problems += stored.problems
        ledger = None if self.ledger is None or requests else ledger_of(self.ledger, stored.name)
        return RedactionTask(
            reference,
            tuple(requests),
            tuple(problems),
            ledger,
            stored.undone,
            stored.screen,
            (*stored.notes, *left_words(self.left.get(name, 0))),
            stored.is_unrecorded,
            stored.noted,
            stored.marks,
        )

    def _stored(self, store: Store, reference: Reference, marked: MarkedFile) -> _Stored:
        whose, undone = "", None
        if marked.state is ReviewState.NOT_REVIEWED:
            former, undone = self._former(store, reference)
            if former is not None:
                (marked,) = store.marks_of([former])
                whose = " of its former name"
        if undone is None and marked.state is not ReviewState.DONE and not self.unreviewed:
            undone = f"in the database the file is {_STATES[marked.state]}; --include-unreviewed redacts such files too"
        if undone is None and not self.unreviewed:
            undone = _replaced(marked.done)
        finished = _finished(marked)
        if undone is not None:
            return replace(finished, undone=undone + _not_looked_at(marked.look))
        if marked.corrupt is not None:
            raise marked.corrupt
        seen = _not_seen(marked.done)
        if marked.packed is not None:
            marks = PackedMarks(marked.packed, self.keeps_harmless, self.unreviewed, tuple(seen))
            return replace(finished, noted=marked.noted, marks=marks)
        outlined = self._outlined(finished.screen, marked.rects)
        asked = asked_by(marked.rects, keeps_harmless=self.keeps_harmless, whose=whose, outlined=outlined)
        notes = [*seen, *left_words(asked.left)]
        # Without either nothing of the database is believed that could be about another file.
        noted = marked.noted if asked.has_rects or not self.unreviewed else None
        return replace(finished, requests=asked.requests, problems=asked.problems, notes=notes, noted=noted)

    def _outlined(self, screen: Screen | None, rows: Sequence[RectRow]) -> Mapping[RectId, str]:
        """The rows that were outlined, and not black, when the file was finished, and that the policy keeps.

        None of them where others were outlined then than the policy keeps now: all are black.
        """
        if self.keeps is None or screen is None or self.keeps.noted(rows) not in screen.options:
            return {}
        return self.keeps.kept(rows)

    def _former(self, store: Store, reference: Reference) -> tuple[str | None, str | None]:
        """The name that an unknown file has in the database, or why it gets no marks; both None: nothing is known."""
        if not self.moved:
            if self.unreviewed:
                return None, None
            return None, (
                f"in the database the file is {_STATES[ReviewState.NOT_REVIEWED]}; --moved looks for the same image "
                "under another name, dcmaudit db adopt gives it the marks of that, --include-unreviewed redacts such "
                "files too"
            )
        with open_instance(reference) as instance:
            found = store.find_moved(reference.name, instance.identity())
        if len(found) > 1:
            return None, (
                f"in the database {len(found)} other names are the same image; dcmaudit db adopt --from says which"
            )
        if not found and not self.unreviewed:
            return (
                None,
                "in the database no name is noted for this image (dcmaudit db identify notes what is behind names)",
            )
        return (found[0] if found else None), None


def _finished(marked: MarkedFile) -> _Stored:
    """What was black on the screen; of a file that is not finished the record is about an earlier time."""
    if not marked.state.is_done or marked.corrupt is not None:
        return _Stored(marked.filename)
    if marked.screen_problem is not None:
        raise marked.screen_problem
    return _Stored(marked.filename, screen=marked.screen, is_unrecorded=marked.screen is None)


def _not_seen(record: DoneRecord | None) -> list[str]:
    """That somebody called the file done who had not seen all of its planes."""
    # Without a plane nobody said how far it was looked at.
    if record is None or record.looked.is_whole or not record.looked.planes:
        return []
    looked = record.looked
    told = f"{record.by} marked it as done with {looked.unseen} of {counted(looked.planes, 'plane')} not seen"
    kinds = {"only in part": looked.in_part, "only at a glance or skipped": looked.glanced}
    kinds["never shown"] = looked.unseen - looked.in_part - looked.glanced
    parts = ", ".join(f"{count} {how}" for how, count in kinds.items() if count)
    rest = "" if looked.is_searched else "; not all of it had been searched for planes"
    return [f"{told}{f' ({parts})' if parts else ''}{rest}"]


def _replaced(record: DoneRecord | None) -> str | None:
    """That the file which somebody finished is not the one that lies under the name; None where nobody noticed that."""
    if record is None or record.replaced_at is None:
        return None
    return (
        f"in the database the file is done, but another one lies under its name since {record.replaced_at:%Y-%m-%d}: "
        "finish it again, or --include-unreviewed redacts such files too"
    )


def _not_looked_at(look: Look | None) -> str:
    """What ocr says of a file that it could not look at, to be put behind another reason."""
    return "" if look is None else f"; ocr: {look.outcome.value}: {'; '.join(look.reasons) or 'no reason was kept'}"


_STATES = {
    ReviewState.NOT_REVIEWED: "not known by this name, or not reviewed",
    ReviewState.IN_WORK: "marked but not done",
    ReviewState.TAGGED: "tagged for another look",
}
