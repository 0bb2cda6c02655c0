"""Stores what was seen while the reviewer goes on: soon, all of it together, and tells the pages once it is stored."""

from __future__ import annotations

import logging
import threading

from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.protocols import ContentCheck
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session

_LOG = logging.getLogger(__name__)

PAUSE = 0.12
"""Seconds in which reports are gathered: a held key paints sixty planes a second, and one write keeps them all."""

AGAIN = 2.0
"""Seconds after which a write that failed is tried again."""


class SeenLedger:
    """A thread that stores what was seen of open files.

    A plane counts as seen only once this has stored it: pages are told then, and the tick in their strip fills.
    """

    def __init__(self, content: ContentCheck, records: FileRecords) -> None:
        self._content, self._records = content, records
        self._waiting: dict[int, tuple[Session, OpenFile]] = {}
        self._changed = threading.Condition()
        self._end = False
        self._thread = threading.Thread(target=self._run, name="dcmaudit-ledger", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread; what it had not stored is stored where its file is left."""
        with self._changed:
            self._end = True
            self._changed.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def soon(self, session: Session, file: OpenFile) -> None:
        """Have what was noted of ``file`` stored; ``session`` shows it."""
        with self._changed:
            self._waiting[id(file)] = (session, file)
            self._changed.notify()

    def _run(self) -> None:
        pause = PAUSE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._end or self._waiting)
                if not self._end:
                    self._changed.wait_for(lambda: self._end, pause)
                waiting, self._waiting = list(self._waiting.values()), {}
                if self._end and not waiting:
                    return
            pause = PAUSE
            for session, file in waiting:
                # The disk may be full, or the file locked: what was seen is kept and tried again.
                if not self._store(session, file) and not self._end:
                    self.soon(session, file)
                    pause = AGAIN

    def _store(self, session: Session, file: OpenFile) -> bool:
        try:
            done = self._content.keep(file)
        except Exception as error:  # a thread that ends silently would store nothing more
            _LOG.error("storing what was seen failed: %s", type(error).__name__)  # the message may hold a value
            done = False
        session.bump()
        self._records.tell_seen(file, session)
        return done
