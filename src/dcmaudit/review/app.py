"""What all reviewers of one server share: the database, the open files, the pictures, the threads."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path

from dcmaudit.errors import DcmauditError, ReviewError
from dcmaudit.examples import write_examples
from dcmaudit.model import Plane, PlaneAddress, Reference, Region, ReviewState
from dcmaudit.model.texts import printable
from dcmaudit.review.commands.marks import remember_removals
from dcmaudit.review.services.allowed_folders import Confined
from dcmaudit.review.services.content_check import Contents
from dcmaudit.review.services.database_opening import open_soon
from dcmaudit.review.services.header_rules import HeaderRules
from dcmaudit.review.services.instance_cache import InstancePool
from dcmaudit.review.services.page_words import page_words
from dcmaudit.review.services.picture_cache import PictureStore
from dcmaudit.review.services.seen_ledger import Ledger
from dcmaudit.review.services.suggestions import Suggester
from dcmaudit.review.services.text_reader import TextReader
from dcmaudit.review.services.text_under import InkMaps
from dcmaudit.review.services.threads import Workers
from dcmaudit.review.services.watcher import Watcher
from dcmaudit.review.state.open_file import FrameSearch, Header, OpenFile
from dcmaudit.review.state.options import Options
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.sight import Tickets
from dcmaudit.review.state.worklist import Worklist
from dcmaudit.settings import Settings
from dcmaudit.sources import Found, NameList, find, reference_to
from dcmaudit.store import Store

DOCUMENTS = 64
_PREFERENCE = "options"
_RECENT = "recent"
_RECENT_KEPT = 8
_NAMES_KEPT = 100
_BATCH = 500

_LOG = logging.getLogger(__name__)

Finder = Callable[[Sequence[str], bool], Iterable[Found]]


class Desk:
    """The shared part of a reviewer's server.

    ``names`` is what the command line named; ``chosen`` are options that it set and that win over those the
    user kept. ``viewer`` promises that nothing at all is written. Closing ends every thread.
    """

    def __init__(
        self,
        settings: Settings,
        names: Sequence[str | NameList],
        *,
        store: Store,
        viewer: bool = False,
        chosen: dict[str, bool] | None = None,
        recursive: bool = False,
    ) -> None:
        self.settings = settings
        self.user = settings.user
        self.viewer = viewer
        self.store = store
        self.confined = Confined(settings.browse_roots)
        self.pool = InstancePool()
        self.ink = InkMaps()
        self.tickets = Tickets()
        self.pictures = PictureStore(self.pool, strokes=self.ink.strokes)
        self.on_quit: Callable[[], None] = lambda: None
        self.quitting = False
        self._chosen = chosen or {}
        self._recent: list[list[object]] | None = None
        self._examples: tempfile.TemporaryDirectory[str] | None = None
        # Many, because a dead file server can hold one of them for minutes while the reviewer goes on.
        self._openers = Workers(8, "open")
        self._helpers = Workers(3, "background")
        self._scanners = Workers(2, "scan")
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._worklists: list[Worklist] = []
        self._lock = threading.Lock()
        self.contents = Contents(self)
        self._suggester = Suggester(self)
        self._rules = HeaderRules(settings)
        self._reader = TextReader(self, settings)
        self.watcher = Watcher(self)
        self.watcher.start()
        self.ledger = Ledger(self)
        self.ledger.start()
        self.first = self.new_worklist(names, recursive=recursive)

    # Documents

    def open_document(self) -> Session:
        """A new session on the list that the program was started with; the one unused longest makes room."""
        options = self._options()
        session = Session(self, secrets.token_urlsafe(9), self.first, options)
        remember_removals(session)
        old = None
        with self._lock:
            self._sessions[session.id] = session
            if len(self._sessions) > DOCUMENTS:
                _id, old = self._sessions.popitem(last=False)
        if old is not None:
            old.close()
        return session

    def document(self, identifier: str) -> Session:
        """The session with that id; ReviewError where there is none."""
        with self._lock:
            session = self._sessions.get(identifier)
            if session is None:
                raise ReviewError("this page belongs to a document that is closed", hint="reload the page")
            self._sessions.move_to_end(identifier)
            return session

    def sessions(self) -> list[Session]:
        """Every open document."""
        with self._lock:
            return list(self._sessions.values())

    # Files

    def new_worklist(self, names: Sequence[str | NameList], *, recursive: bool, confined: bool = False) -> Worklist:
        """Start to walk through what ``names`` lead to; ``confined`` to the folders that the page may open."""
        found: Iterable[Found] = find(names, recursive=recursive, pacs_root=self.settings.pacs_root)
        if confined:
            found = self.confined.found(found)
        with self._lock:
            worklist = Worklist(
                found,
                states=self._states,
                gaps=self._gaps,
                reopen=self.confined.reference if confined else reference_to,
                serial=len(self._worklists),
                title=_title(names),
                let_through=self.pictures.let_through,
            )
            self._worklists.append(worklist)
        worklist.start()
        return worklist

    def _states(self, names: Sequence[str]) -> dict[str, ReviewState]:
        # Asks whichever database is open at that moment.
        return self.store.states(names)

    def _gaps(self, names: Sequence[str]) -> dict[str, str]:
        return self.store.gaps(names)

    def open_header(self, worklist: Worklist, place: int) -> Future[Header]:
        """The header of a file, read by a thread. Errors as ``open_instance`` raises them."""
        return self._openers.submit(lambda: self._header(worklist, place))

    def _header(self, worklist: Worklist, place: int) -> Header:
        begun, name = time.monotonic(), worklist.name(place)
        try:
            with self.pool.lease(worklist.file_id(place), worklist.referrer(place)) as instance:
                worklist.note_failure(place, None)
                header = Header.of(instance)
                taken = (time.monotonic() - begun) * 1000
                _LOG.debug("opened %s: %d planes in %.0f ms", printable(name), len(header.planes), taken)
                return header
        except DcmauditError as error:
            _LOG.debug("could not open %s: %s", printable(name), type(error).__name__)
            worklist.note_failure(place, error.message)
            raise

    def begin_background(self, session: Session, file: OpenFile) -> None:
        """Search every frame and look for suggestions while the reviewer goes on."""
        if not self.viewer:
            self._helpers.submit(self._warm_up)
        if file.search is FrameSearch.WAITING:
            file.search = FrameSearch.SCANNING
            self._scanners.submit(partial(self._scan, session, file))
        self.suggest(session, file)

    def _warm_up(self) -> None:
        self.pictures.let_through()
        self.store.warm_up()

    def suggest(self, session: Session, file: OpenFile) -> None:
        """Look for suggestions for the file and the planes around the one on screen."""
        if file.facts is not None and self._suggester.wants(file):
            self._suggester.begin(file)
            self._helpers.submit(partial(self._suggester.work, session, file))

    def suggest_now(self, session: Session, file: OpenFile) -> None:
        """Have every suggestion for the plane on screen before going on."""
        self._suggester.complete(session, file)

    def read_text(self, session: Session, file: OpenFile, plane: Plane) -> None:
        """Look for text on a plane while the reviewer goes on; ReviewError for a plane that cannot be shown."""
        self._reader.ask(session, file, plane)

    def replace_read(
        self, file: OpenFile, address: PlaneAddress, regions: Sequence[Region], rejected: Sequence[Region] = ()
    ) -> None:
        """Suggest the text that was found on a plane, in place of what was found there before.

        ``rejected`` was looked at and not taken for text: it is shown where the reviewer asks for it.
        """
        file.set_aside = {**file.set_aside, address.key: tuple(rejected)}
        self._suggester.replace_read(file, address, regions)

    def header_regions(self, worklist: Worklist, file: OpenFile) -> list[Region]:
        """Suggestions that the header of the file leads to; what they could not decide is added to its notes."""
        with self.pool.lease(file.file_id, worklist.referrer(file.place)) as instance:
            regions, problems = self._rules.regions(instance)
        file.notes = (*file.notes, *problems)
        return regions

    def _scan(self, session: Session, file: OpenFile) -> None:
        def stop() -> bool:
            return self.quitting or session.file is not file

        def progress(done: int, total: int) -> None:
            self.pictures.let_through()
            file.search_progress = (done, total)
            if done * 20 // max(total, 1) != (done - 1) * 20 // max(total, 1):
                session.bump()

        if stop():
            file.search = FrameSearch.WAITING
            return
        try:
            with self.pool.lease(file.file_id, session.worklist.referrer(file.place)) as instance:
                instance.scan_frames(progress, stop)
                if instance.frames_scanned:
                    session.take_planes(file, Header.of(instance))
                    return
        except DcmauditError as error:
            self._scan_failed(session, file, page_words(error.message))
        except Exception as error:  # a scan that ends early must be seen as one
            self._scan_failed(session, file, type(error).__name__)
        else:
            file.search = FrameSearch.WAITING

    def _scan_failed(self, session: Session, file: OpenFile, reason: str) -> None:
        with session.lock:
            file.search = FrameSearch.FAILED
            if session.file is file:
                session.say(f"The frames of this file could not be searched for hidden planes: {reason}", "warning")
        session.bump()

    # The database

    def refresh_state(self, worklist: Worklist, place: int) -> None:
        """Note in the list what the database now says about a file."""
        with suppress(DcmauditError):
            worklist.refresh([place])

    def refresh_states(self, worklist: Worklist, places: Sequence[int]) -> None:
        """The same for many files."""
        for start in range(0, len(places), _BATCH):
            with suppress(DcmauditError):
                worklist.refresh(places[start : start + _BATCH])

    def in_background(self, job: Callable[[], None]) -> None:
        """Have something long done in a thread that holds nobody up."""
        self._scanners.submit(job)

    def help(self, job: Callable[[], None]) -> None:
        """Have something short done in another thread."""
        self._helpers.submit(job)

    def announce(self, name: str, origin: Session) -> None:
        """Let every other document that shows the file read its marks again."""
        others = [session for session in self.sessions() if session is not origin]
        if others:
            # In another thread: two documents that wait for each other's lock would wait for ever.
            self._helpers.submit(partial(_reload, others, name))

    def tell_seen(self, file: OpenFile, origin: Session) -> None:
        """Let every other document of the same file read what was seen of it."""
        others = [
            session
            for session in self.sessions()
            if session is not origin and session.file is not None and session.file.name == file.name
        ]
        if others:
            self._helpers.submit(partial(_reload, others, file.name))

    def _options(self) -> Options:
        kept: object = None
        with suppress(DcmauditError):
            kept = self.store.preferences().get(_PREFERENCE)
        options = Options(kept if isinstance(kept, dict) else None, self.settings.previews)
        for name, value in self._chosen.items():
            options.set(name, value)
        return options

    def recent(self) -> list[list[object]]:
        """The lists that this user opened last, newest first: names, and whether with subfolders."""
        if self._recent is None:
            kept: object = None
            with suppress(DcmauditError):
                kept = self.store.preferences().get(_RECENT)
            self._recent = [entry for entry in kept if _is_recent(entry)] if isinstance(kept, list) else []
        return self._recent

    def keep_recent(self, names: Sequence[str], *, recursive: bool) -> None:
        """Remember a list that was opened, for the start page of this user."""
        entry: list[object] = [list(names[:_NAMES_KEPT]), recursive]
        if not names or len(names) > _NAMES_KEPT:
            return
        self._recent = [entry, *(old for old in self.recent() if old != entry)][:_RECENT_KEPT]
        if not self.viewer and self.store.is_writable:
            # In another thread: the reviewer waits for the first picture, and not for a note about the list.
            self.help(partial(self._note_recent, self.store, self._recent))

    def _note_recent(self, store: Store, recent: list[list[object]]) -> None:
        self.pictures.let_through()
        with suppress(DcmauditError):
            store.put_preference(_RECENT, recent)

    def examples(self) -> str:
        """A folder with example files that is deleted when the program ends."""
        if self._examples is None:
            self._examples = tempfile.TemporaryDirectory(prefix="dcmaudit-examples-")
            write_examples(Path(self._examples.name))
        return self._examples.name

    def keep_options(self, options: Options) -> None:
        """Keep the options for this user, where the database can be written."""
        self._chosen = {}
        if not self.viewer and self.store.is_writable:
            with suppress(DcmauditError):
                self.store.put_preference(_PREFERENCE, options.values())

    def set_database(self, session: Session, location: str) -> None:
        """Keep marks in another database from now on, for every document; ``session`` shows it at once.

        StoreError or UsageError where it cannot be opened, a server that is silent included: then the one before
        stays.
        """
        store = open_soon(location, user=self.user, read_only=self.viewer)
        for other in self.sessions():
            with suppress(DcmauditError):
                other.leave()
        old, self.store = self.store, store
        self._recent = None
        _use_database(self, session)
        self._helpers.submit(partial(self._change_database, old, session))

    def _change_database(self, old: Store, session: Session) -> None:
        for other in self.sessions():
            if other is not session:
                _use_database(self, other)
        for worklist in list(self._worklists):
            with suppress(DcmauditError):
                worklist.refresh_all()
        for other in self.sessions():
            other.select(other.selection.filter)
            other.bump()
        old.close()

    # The end

    def quit(self) -> None:
        """Ask the server to end."""
        self.quitting = True
        for session in self.sessions():
            session.bump()
        self.on_quit()

    def close(self) -> None:
        """Store what was seen, end every thread, close every file and the database."""
        self.quitting = True
        self.watcher.stop()
        self.ledger.stop()
        for session in self.sessions():
            session.close()
        for worklist in self._worklists:
            worklist.stop()
        self.pictures.close()
        self._reader.stop()
        for workers in (self._openers, self._helpers, self._scanners):
            workers.stop()
        self.pool.close()
        if self._examples is not None:
            self._examples.cleanup()
        self.store.close()

    def referrer(self, session: Session, file_id: int) -> Callable[[], Reference]:
        """How to get at a file of the document's open list; ReviewError for any other."""
        return session.worklist.referrer(session.worklist.place(file_id))


def _reload(sessions: Sequence[Session], name: str) -> None:
    for session in sessions:
        with session.lock:
            if session.file is None or session.file.name != name:
                continue
            session.file.seen_loaded = False
            session.load_records(session.file)
        session.bump()


def _is_recent(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], list) and isinstance(entry[1], bool)


def _use_database(desk: Desk, session: Session) -> None:
    """Forget what the former database said, and ask the present one."""
    with session.lock:
        session.history.clear()
        remember_removals(session)
        if session.file is not None:
            session.file.forget_records()
            session.load_records(session.file)
            desk.suggest(session, session.file)
    session.bump()


def _title(names: Sequence[str | NameList]) -> str:
    if not names:
        return ""
    first = names[0].title if isinstance(names[0], NameList) else names[0]
    return first if len(names) == 1 else f"{first} and {len(names) - 1} more"
