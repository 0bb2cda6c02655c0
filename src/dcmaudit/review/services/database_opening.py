"""Opening another database while somebody waits for it: a server that does not answer is given up soon."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from dcmaudit.errors import DcmauditError, StoreError
from dcmaudit.review.services.database import CurrentDatabase
from dcmaudit.review.services.file_opening import FileOpening
from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.learning import Learning
from dcmaudit.review.services.preferences import Preferences
from dcmaudit.review.services.protocols import Background, Sessions, Suggestions
from dcmaudit.review.services.removals import remember_removals
from dcmaudit.review.services.worklist_filler import WorklistFiller
from dcmaudit.review.state.session import Session
from dcmaudit.store import Store, is_database_missing, is_server, load_driver, name_of, open_store

PATIENCE = 3.0
"""Seconds that a dialog waits for a server. A name that nobody resolves can take far longer than any connection."""


def open_soon(location: str, *, user: str, read_only: bool) -> Store:
    """The store at ``location``, as ``open_store`` opens it.

    StoreError where it is on a server and does not answer within PATIENCE seconds; if it does so later, the
    connection is closed again. A database file is waited for: the system itself says what is wrong with it.
    """
    if not is_server(location):
        return open_store(location, user=user, read_only=read_only)
    load_driver()  # not the server's time
    opening = _begun(location, user, read_only=read_only)
    try:
        return opening.result(PATIENCE)
    except FutureTimeoutError:
        # The connection may come up later: nobody would close it.
        opening.add_done_callback(_close)
        raise StoreError(
            f"the database server did not answer within {PATIENCE:.0f} seconds",
            file=name_of(location),
            hint="nothing was changed; check its name and port and the network",
        ) from None


def _begun(location: str, user: str, *, read_only: bool) -> Future[Store]:
    opening: Future[Store] = Future()

    def work() -> None:
        try:
            opening.set_result(open_store(location, user=user, read_only=read_only))
        except BaseException as error:  # it belongs to whoever waits
            opening.set_exception(error)

    threading.Thread(target=work, name="dcmaudit-database", daemon=True).start()
    return opening


def _close(opening: Future[Store]) -> None:
    if opening.exception() is None:
        opening.result().close()


@dataclass(frozen=True, kw_only=True, eq=False)
class DatabaseChange:
    """Lets every session go on with another database."""

    database: CurrentDatabase
    sessions: Sessions
    files: FileOpening
    records: FileRecords
    suggestions: Suggestions
    learning: Learning
    worklists: WorklistFiller
    preferences: Preferences
    background: Background

    def to(self, location: str, session: Session) -> None:
        """Keep marks in the database at ``location`` from now on, for every session; ``session`` shows it at once.

        StoreError or UsageError where it cannot be opened, a server that is silent included: then the one before
        stays.
        """
        store = open_soon(location, user=self.database.user, read_only=self.database.viewer)
        for other in self.sessions.all():
            with suppress(DcmauditError):
                self.files.leave(other)
        former = self.database.replace(store, is_missing=is_database_missing(location))
        self.preferences.forget()
        self._use(session)
        self.background.soon(partial(self._change_the_others, former, session))

    def _change_the_others(self, former: Store, session: Session) -> None:
        for other in self.sessions.others(session):
            self._use(other)
        self.worklists.refresh_all()
        for other in self.sessions.all():
            self.files.select(other, other.selection.filter)
            other.bump()
        former.close()

    def _use(self, session: Session) -> None:
        """Forget what the former database said, and ask the present one."""
        with session.lock:
            session.history.clear()
            remember_removals(session, self.database)
            if session.file is not None:
                session.file.forget_records()
                self.learning.forget(session.file)
                self.records.load(session, session.file)
                self.suggestions.begin(session, session.file)
        session.bump()
