"""Opens files for sessions, goes from plane to plane in them, and leaves them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.model import Everywhere, FrameAddress, PlaneAddress
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.frame_search import HiddenPlaneSearch, summary_of
from dcmaudit.review.services.gaps import FileGaps
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.picture_cache import PictureCache, painted_from
from dcmaudit.review.services.protocols import (
    Background,
    ContentCheck,
    Database,
    Instances,
    SeenLedger,
    Suggestions,
)
from dcmaudit.review.services.readings import Readings
from dcmaudit.review.services.series_search import SeriesSearch
from dcmaudit.review.state.marked_areas import frame_count
from dcmaudit.review.state.open_file import InstanceSummary, OpenFile, is_shown
from dcmaudit.review.state.selection import Filter, Selection
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.store import Store

_LOG = logging.getLogger(__name__)
_PATIENCE = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class FileOpening:
    """What happens when a file, or another plane of it, comes on screen."""

    database: Database
    instances: Instances
    pictures: PictureCache
    content: ContentCheck
    records: FileRecords
    ledger: SeenLedger
    suggestions: Suggestions
    search: HiddenPlaneSearch
    gaps: FileGaps
    series: SeriesSearch
    readings: Readings
    background: Background
    _growing: dict[str, Callable[[], None]] = field(default_factory=dict)
    """By session, what its list calls when it has grown."""

    # Lists

    def begin(self, session: Session) -> None:
        """Show the first file of the session's list as soon as there is one."""
        grown = partial(self._grown, session)
        self._growing[session.id] = grown
        session.worklist.listen(grown)
        grown()

    def end(self, session: Session) -> None:
        """Store what was seen and let go."""
        with session.lock:
            self.leave(session)
            self._forget_list(session)

    def use(self, session: Session, worklist: Worklist) -> None:
        """Leave the open file and walk through another list."""
        with session.lock:
            self.leave(session)
            self._forget_list(session)
            session.worklist, session.file, session.own = worklist, None, set()
            session.selection = Selection(worklist, session.filter_of_options())
        self.begin(session)

    def select(self, session: Session, filter_: Filter) -> None:
        """Walk through the files of ``filter_`` from now on; the open file stays open."""
        with session.lock:
            session.selection = Selection(session.worklist, filter_, keep=session.file.place if session.file else None)
            self._show_first(session)

    def _forget_list(self, session: Session) -> None:
        grown = self._growing.pop(session.id, None)
        if grown is not None:
            session.worklist.forget(grown)

    def _grown(self, session: Session) -> None:
        with session.lock:
            session.selection.sync()
            if session.awaited is None or not self.come_back(session):
                self._show_first(session)
            self.series.grown(session)
        session.bump()

    def come_back(self, session: Session) -> bool:
        """Show the file that the session waits for, where the list has it by now; whether it has."""
        awaited, worklist = session.awaited, session.worklist
        if awaited is None:
            return False
        total = len(worklist)
        # The names before ``start`` were looked at already, while the list grew.
        place = worklist.find_mark(awaited.mark, awaited.start)
        if place is None:
            session.awaited = replace(awaited, start=total) if worklist.growing else None
            return False
        session.awaited = None
        session.selection.include(place)
        self.show(session, place, awaited.plane)
        return True

    def _show_first(self, session: Session) -> None:
        if session.file is None and len(session.selection):
            self.show(session, session.selection[0])

    # Files

    def show(
        self, session: Session, place: int, address: PlaneAddress | None = None, *, from_end: bool = False
    ) -> None:
        """Open the file at ``place`` of the worklist, at that plane or the first one, or ``from_end`` at the last.

        A file that cannot be opened is shown with its error.
        """
        with session.lock:
            worklist = session.worklist
            # First of all: it is read while the database is told of the file before and asked about this one.
            future = self.background.open_file(partial(self._summary, worklist, place))
            self.leave(session)
            names = (worklist.file_id(place), worklist.name(place), worklist.referrer(place))
            file = OpenFile(place, *names, wanted=address, from_end=from_end)
            session.file = file
            self.pictures.forget_errors(file.file_id)
            self.records.load(session, file)
            with suppress(FutureTimeoutError, DcmauditError):
                future.result(_PATIENCE)
            if future.done():
                self._opened(session, file, future)
            else:
                future.add_done_callback(lambda done: self._opened_late(session, file, done))

    def leave(self, session: Session) -> None:
        """Store what was seen of the open file; nothing else is written."""
        if session.file is not None:
            self.gaps.note(session)
            session.left_file = session.file
            if not self.content.keep(session.file):
                self.ledger.soon(session, session.file)

    def _summary(self, worklist: Worklist, place: int) -> InstanceSummary:
        """What opening a file tells. Errors as ``open_instance`` raises them."""
        begun, name = time.monotonic(), worklist.name(place)
        try:
            with self.instances.lease(worklist.file_id(place), worklist.referrer(place)) as instance:
                worklist.note_failure(place, None)
                summary = summary_of(instance)
                taken = (time.monotonic() - begun) * 1000
                _LOG.debug("opened %s: %d planes in %.0f ms", printable(name), len(summary.planes), taken)
                return summary
        except DcmauditError as error:
            _LOG.debug("could not open %s: %s", printable(name), type(error).__name__)
            worklist.note_failure(place, error.message)
            raise

    def _opened_late(self, session: Session, file: OpenFile, future: Future[InstanceSummary]) -> None:
        with session.lock:
            self._opened(session, file, future)
        session.bump()
        self.prefetch(session)

    def _opened(self, session: Session, file: OpenFile, future: Future[InstanceSummary]) -> None:
        # Both the wait above and the callback may bring the result.
        if not file.opening:
            return
        # The program ends: nobody is to be told of an error.
        if future.cancelled():
            file.fail(None)
            return
        error = future.exception()
        if isinstance(error, DcmauditError):
            file.fail(error)
        elif error is not None:
            reason = f"the file cannot be opened: {type(error).__name__}"
            file.fail(ReviewError(reason, file=file.name, hint="report this file"))
        else:
            file.take(future.result())
            self._load_seen(session, file)
            self._expand(file)
            self._load_read(session, file)
        # Whoever asked has gone on; what was read of it stays in the cache.
        if session.file is not file:
            return
        self.begin_picture(session)
        if not self.database.viewer:
            self.background.soon(self._warm_up)
        self.search.begin(session, file)
        self.suggestions.begin(session, file)
        self.series.begin(session, file)

    def _warm_up(self) -> None:
        self.pictures.let_through()
        self.database.store.warm_up()

    def _expand(self, file: OpenFile) -> None:
        """Have marks on all frames written one row a frame for other programs, now that the frames are counted."""
        frames = frame_count(file.planes)
        if self.database.may_write and frames and any(row.scope is Everywhere.ALL_FRAMES for row in file.rects):
            self.background.soon(partial(_expand, self.database.store, file.name, frames))

    def _load_seen(self, session: Session, file: OpenFile) -> None:
        try:
            self.content.load(file)
        except DcmauditError as error:
            session.say(f"What was seen of this file before is not known. {told(error)}", "warning")

    def _load_read(self, session: Session, file: OpenFile) -> None:
        try:
            former = self.readings.restore(file)
        except DcmauditError as error:
            session.say_too(f"What was found in this file before is not known. {told(error)}", "warning")
            return
        if former and session.file is file:
            session.say_too(former, "info" if session.message is None else session.message.kind)

    # Planes

    def go(self, session: Session, index: int) -> None:
        """Put the plane at ``index`` of the file's list on screen."""
        file = session.opened()
        if not 0 <= index < len(file.planes):
            raise ReviewError(
                f"the file has {counted(len(file.planes), 'plane')}", file=file.name, hint="choose one of them"
            )
        file.change(index=index)
        self.begin_picture(session)
        self.suggestions.begin(session, file)

    def begin_picture(self, session: Session) -> None:
        """Have the picture of the plane on screen made before the page, which learns of it only now, asks for it."""
        file = session.file
        plane = file.plane if file else None
        if file is not None and plane is not None and is_shown(plane):
            self.pictures.begin(painted_from(file.file_id, plane.address, session.view), file.referrer)

    def prefetch(self, session: Session) -> None:
        """Have the next pictures made, and the next file opened. Called when the answer to a command is on its way."""
        with session.lock:
            file, worklist = session.file, session.worklist
            if file is None:
                return
            planes = [(place, plane.address) for place, plane in session.upcoming()]
            current = session.selection.index(file.place)
            following = session.beside_in_series(1)
            # Within a series the next file is shown as the next plane: it is wanted first.
            if following is not None:
                planes.append((following, FrameAddress(0)))
            elif current is not None and current + 1 < len(session.selection):
                planes.append((session.selection[current + 1], FrameAddress(0)))
            self.pictures.prefetch([
                (painted_from(worklist.file_id(place), address, session.view), worklist.referrer(place))
                for place, address in planes
            ])  # fmt: skip

    def show_again(self, sessions: Iterable[Session], place: int, former: int) -> None:
        """Have sessions that still show a file under its former id show it as it was read again."""
        for session in sessions:
            with session.lock:
                if session.file is not None and session.file.file_id == former:
                    self.show(session, place, session.address())
                    session.say("The file was changed on disk and read again.", "warning")
            session.bump()


def _expand(store: Store, name: str, frames: int) -> None:
    # It changes nothing here: where it fails, the dump names the mark instead.
    with suppress(DcmauditError):
        store.expand(name, frames)
