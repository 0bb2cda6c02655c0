"""What changes elsewhere while somebody looks: marks that other programs store, and the file itself on disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress

from dcmaudit.errors import DcmauditError
from dcmaudit.model.counts import counted
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import FinishMark, RectRow
from dcmaudit.review.services.protocols import ContentCheck, Database, Sessions, States, Suggestions
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session
from dcmaudit.store import Store

_LOG = logging.getLogger(__name__)

PAUSE = 2.0
"""Seconds between two looks: a question costs well under a millisecond, and nobody waits for the answer."""


class Watcher:
    """A thread that looks again and again, for sessions whose page is waiting for news.

    What it finds is taken in under the lock of the session, so that nothing that the reviewer is doing is lost: the
    plane, the handled rectangle and what was typed stay as they are.
    """

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        content: ContentCheck,
        suggestions: Suggestions,
        states: States,
    ) -> None:
        self._database, self._sessions, self._content = database, sessions, content
        self._suggestions, self._states = suggestions, states
        self._end = threading.Event()
        self._store: Store | None = None
        self._token: tuple[object, ...] = ()
        self._finish: FinishMark | None = None
        self.changes = 0
        """Grows whenever marks were stored anywhere in the database: the list of files asks for states again."""
        self._thread = threading.Thread(target=self._run, name="dcmaudit-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread."""
        self._end.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def look(self) -> None:
        """Look once. A database that does not answer now is asked again the next time."""
        store = self._database.store
        watched = [session for session in self._sessions.all() if session.is_watched]
        if not watched:
            return
        with suppress(DcmauditError):
            token = store.token()
            if store is not self._store:
                self._store, self._token, self._finish = store, token, store.newest_finish()
            is_news = token != self._token
            self._token = token
            self.changes += is_news
            if is_news:
                self._follow(store)
            for session in watched:
                self._look_at(session, store)
                if is_news:
                    session.bump()

    def _follow(self, store: Store) -> None:
        """Have files leave the lists that somebody finished, and come back that somebody opened again."""
        if self._finish is None:
            return
        # In this order nothing is missed: what comes between the two questions is told twice.
        newest = store.newest_finish()
        names, self._finish = store.finished_since(self._finish), newest
        worklists = {id(session.worklist): session.worklist for session in self._sessions.all()} if names else {}
        for worklist in worklists.values():
            places = worklist.places(names, self._states.go_on)
            self._states.refresh(worklist, places)
            for session in self._sessions.all():
                if session.worklist is worklist:
                    session.follow(places)

    def _run(self) -> None:
        while not self._end.wait(PAUSE):
            try:
                self.look()
            except Exception as error:  # a thread that ends silently would notice nothing more
                _LOG.error("looking for changes failed: %s", type(error).__name__)  # the message may hold a value

    def _look_at(self, session: Session, store: Store) -> None:
        file = session.file
        if file is None or file.opening:
            return
        if not file.changed and self._content.has_changed(file):
            session.bump()
        found = store.fingerprint(file.name)
        # Cheap to ask every two seconds; the rows themselves are read only where it is another.
        if found == file.fingerprint:
            return
        with session.lock:
            # Another session, or this one, may have gone on meanwhile: what is taken in is read under the lock.
            if session.file is not file or self._database.store is not store:
                return
            former = file.rects
            file.change(fingerprint=found)
            rects, tag = tuple(store.rects(file.name)), store.tag(file.name)
            if (rects, tag) == (file.rects, file.tag):
                return
            file.change(rects=rects, tag=tag, searched=frozenset())
            self._say(session, file, former)
        self._suggestions.begin(session, file)
        self._states.refresh(session.worklist, [file.place])
        session.bump()

    def _say(self, session: Session, file: OpenFile, former: Sequence[RectRow]) -> None:
        known = {row.id for row in former}
        new = [row for row in file.rects if row.id not in known and row.box is not None]
        # What is being said was asked for; this was not.
        if not new or session.message is not None:
            return
        read = sum(row.engine != OcrEngine.NONE for row in new)
        words = counted(len(new), "rectangle")
        found = f", {read} of them found by OCR" if read else ""
        session.say(f"{words} of this file came in from elsewhere{found}.")
