"""What is decided for several files at once: each is finished by itself, with a record of its own; one undo for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from dcmaudit.errors import DcmauditError, ReviewError, StoreConflictError
from dcmaudit.model import DeviceFacts
from dcmaudit.model.counts import counted
from dcmaudit.review.commands import previews
from dcmaudit.review.services.bundle import Services
from dcmaudit.review.services.frame_search import summary_of
from dcmaudit.review.services.page_words import told
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.store import Finished, RectId, RectRow, TagChange, TakenBack

_PATIENCE = 120.0

Work = Callable[[OpenFile], None]
"""What is done with one file. What undo needs of it stands in the ``Through`` of the run as soon as it was written."""


@dataclass(slots=True)
class Through:
    """What one run through several files has done so far: undo and the last words are made of it."""

    done: list[Finished] = field(default_factory=list)
    rects: list[RectId] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Of the files that went well."""
    places: list[int] = field(default_factory=list)
    """Where these are in the list."""
    failed: list[str] = field(default_factory=list)
    """Why the others did not, one text a file."""
    fault: Exception | None = None
    """What ended the run early, which nobody has foreseen."""

    def reached(self, file: OpenFile) -> None:
        """Note that it went well with this file."""
        self.names.append(file.name)
        self.places.append(file.place)

    @property
    def fault_words(self) -> str:
        """That it ended early, in words; "" where it did not."""
        if self.fault is None:
            return ""
        # Its own words may quote a value of a file.
        kind = type(self.fault).__name__
        undo = ", and undo takes back what was done" if self.done or self.rects else ""
        return (
            f"A fault of the program ({kind}) ended it early: the files after that were not reached{undo}. "
            "Report it without any data."
        )


def files_words(count: int) -> str:
    """``3 files``."""
    return counted(count, "file")


def waiting(services: Services, worklist: Worklist, places: Sequence[int]) -> list[int]:
    """The places of files that are not done, as the database has them now."""
    names = {place: worklist.name(place) for place in places}
    states = services.database.store.states_to_review(names.values())
    return [place for place, name in names.items() if not states[name].is_done]


def require_waiting(services: Services, file: OpenFile) -> None:
    """ReviewError where somebody has finished the file since it was asked about: that decision stays."""
    if services.database.store.states_to_review([file.name])[file.name].is_done:
        raise ReviewError("it was finished by somebody else since the question, and stays as it is", file=file.name)


def opened(session: Session, services: Services, worklist: Worklist, places: Iterable[int]) -> Iterator[OpenFile]:
    """The files as they would be on screen: their planes, marks, and what was seen of them."""
    for place in places:
        if services.end.is_near:
            return
        file = OpenFile(place, worklist.file_id(place), worklist.name(place), worklist.referrer(place))
        shown = session.file
        # The open file knows more than the database: what is on the stage now is not stored yet.
        if shown is not None and shown.file_id == file.file_id:
            services.content.keep(shown)
            yield shown
            continue
        try:
            with services.instances.lease(file.file_id, file.referrer) as instance:
                instance.scan_frames()
                file.take(summary_of(instance))
        except DcmauditError as error:
            file.fail(error)
        services.records.load(session, file)
        _await_comparison(services, file)
        yield file


def go_through(files: Iterable[OpenFile], work: Work, through: Through, went_on: Callable[[], None]) -> None:
    """Do ``work`` on each file and note in ``through`` what came of it; ``went_on`` is called after each.

    A file that fails keeps no other from its turn, and its reason stays. A fault that nobody has foreseen ends the
    run, and stands in ``through``: what was written until then is told, and can be taken back.
    """
    try:
        for file in files:
            before = len(through.done) + len(through.rects)
            try:
                work(file)
            except DcmauditError as error:
                through.failed.append(told(error))
            else:
                through.reached(file)
            finally:
                # Whatever was written has to be shown anew, also where something behind it failed.
                if len(through.done) + len(through.rects) > before and file.place not in through.places:
                    through.reached(file)
            went_on()
    except Exception as error:  # an undo that is lost would leave many files as nobody wants them
        through.fault = error


def _await_comparison(services: Services, file: OpenFile) -> None:
    """What is noted while the pixels are compared with those seen before would not be stored with this decision."""
    end = time.monotonic() + _PATIENCE
    while file.comparing and not services.end.is_near and time.monotonic() < end:
        time.sleep(0.02)


def finish(change: TagChange, session: Session, services: Services, through: Through, file: OpenFile) -> None:
    """As ``N`` or ``t`` on each file by itself, without its questions: they were asked for all."""
    if file.error is not None:
        raise file.error
    if services.content.has_changed(file):
        raise ReviewError("the file was changed after it was opened", file=file.name, hint="read it again")
    beside = previews.at_finish(session, services, file, session.options.previews)
    facts = file.facts
    looked = replace(file.looked, unshown=services.gaps.unshown_parts(file))
    done = services.database.store.finish(
        file.name,
        facts.device if facts is not None else DeviceFacts(),
        facts.sop_class_uid if facts is not None else None,
        change=change,
        rects=beside.rects,
        screen=beside.screen,
        looked=looked,
    )
    through.done.append(done)
    services.content.identify(file)


def tell(session: Session, services: Services, worklist: Worklist, places: Sequence[int], names: Iterable[str]) -> None:
    """Let the list, and every session that shows one of these files, read them again."""
    services.worklists.refresh(worklist, places)
    shown = {other.file.name for other in services.sessions.all() if other.file is not None}
    for name in shown.intersection(names):
        services.records.announce(name, session)
    if session.file is not None:
        services.records.load(session, session.file)


def remember(
    session: Session, services: Services, label: str, done: Sequence[Finished], announce: Callable[[], None]
) -> None:
    """One step of undo for all of them; ``announce`` lets everybody know of either.

    What somebody else has changed since is left as it is, and told. An error halfway leaves the rest to the next try.
    """
    store, taken, notes = services.database.store, dict[str, TakenBack](), list[str]()

    def undo() -> None:
        kept = 0
        try:
            for one in reversed(done):
                if one.filename in taken:
                    continue
                try:
                    taken[one.filename] = store.take_back(one)
                except StoreConflictError:
                    kept += 1
        finally:
            announce()
        _note_kept(notes, kept)

    def redo() -> None:
        kept = 0
        try:
            for name in reversed(list(taken)):
                try:
                    store.finish_again(taken[name])
                except StoreConflictError:
                    kept += 1
                del taken[name]
        finally:
            announce()
        _note_kept(notes, kept)

    change = change_of(session, label, done[0].filename, undo, redo)
    services.records.changed(session, replace(change, notes=notes))


def _note_kept(notes: list[str], count: int) -> None:
    if count:
        are = "was changed by somebody since and stays" if count == 1 else "were changed by somebody since and stay"
        notes.append(f"{files_words(count)} {are} as now: look again.")


def remember_rects(
    session: Session, services: Services, change: tuple[str, str], ids: Sequence[RectId], announce: Callable[[], None]
) -> None:
    """One step of undo for the rectangles; ``change`` is its words and the file it is told of where none is open."""
    store, rows = services.database.store, list[RectRow]()

    def undo() -> None:
        # Of a second try, after a fault behind the first, none is left; they are to be done again all the same.
        rows[:] = store.remove_rects(ids) or rows
        announce()

    def redo() -> None:
        store.restore_rects(rows)
        rows.clear()
        announce()

    services.records.changed(session, change_of(session, *change, undo, redo))


def change_of(session: Session, label: str, name: str, undo: Callable[[], None], redo: Callable[[], None]) -> Change:
    """A change of several files: taking it back stays with the open file, or where none is goes to that ``name``."""
    file = session.file
    if file is None:
        return Change(label, session.worklist, None, name, None, undo, redo)
    return Change(label, session.worklist, file.place, file.name, session.address(), undo, redo)
