"""Every page that is open, by the id in its addresses."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict

from dcmaudit.errors import ReviewError
from dcmaudit.review.state.options import Options
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.worklist import Worklist

MOST = 64


class OpenSessions:
    """At most MOST sessions; the one unused longest makes room."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, worklist: Worklist, options: Options) -> tuple[Session, Session | None]:
        """A new session, and the one that made room for it."""
        session = Session(secrets.token_urlsafe(9), worklist, options)
        with self._lock:
            self._sessions[session.id] = session
            if len(self._sessions) <= MOST:
                return session, None
            _id, old = self._sessions.popitem(last=False)
        return session, old

    def get(self, identifier: str) -> Session:
        """The session with that id; ReviewError where there is none."""
        with self._lock:
            session = self._sessions.get(identifier)
            if session is None:
                raise ReviewError("this page belongs to a session that is closed", hint="reload the page")
            self._sessions.move_to_end(identifier)
            return session

    def all(self) -> list[Session]:
        """Every one."""
        with self._lock:
            return list(self._sessions.values())

    def others(self, session: Session) -> list[Session]:
        """Every one but ``session``."""
        return [other for other in self.all() if other is not session]
