"""What the database has about open files: read when a file is opened, and again when somebody changed it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dcmaudit.errors import DcmauditError
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.protocols import Background, ContentCheck, Database, Sessions
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.session import Session


class FileRecords:
    """Reads the marks of open files, and lets every session that shows one of them know."""

    def __init__(self, database: Database, content: ContentCheck, sessions: Sessions, background: Background) -> None:
        self._database, self._content = database, content
        self._sessions, self._background = sessions, background

    def load(self, session: Session, file: OpenFile) -> None:
        """Read what the database has about the file; where that fails the reviewer is told."""
        store = self._database.store
        try:
            rects, tag = tuple(store.rects(file.name)), store.tag(file.name)
            if {row.id for row in rects} != {row.id for row in file.rects}:
                # What was seen until now was seen with the marks as they were known.
                self._content.keep(file)
                # What was seen with a mark that is gone counts no longer, or again where it came back.
                file.change(seen_loaded=False)
            file.change(rects=rects, tag=tag, hidden=frozenset(store.hidden(file.name)))
            self._content.load(file)
        except DcmauditError as error:
            session.say(f"The marks of this file are not known. {told(error)}", "error")

    def changed(self, session: Session, change: Change) -> None:
        """Note a change that was written, and let everybody who looks at the file know."""
        session.history.add(change)
        if change.place is not None and change.worklist is session.worklist:
            session.own.add(change.place)
        self.announce(change.name, session)

    def announce(self, name: str, origin: Session) -> None:
        """Let every other session that shows the file read its marks again."""
        self._tell(self._sessions.others(origin), name)

    def tell_seen(self, file: OpenFile, origin: Session) -> None:
        """Let every other session of the same file read what was seen of it."""
        others = self._sessions.others(origin)
        self._tell([other for other in others if other.file is not None and other.file.name == file.name], file.name)

    def _tell(self, sessions: Sequence[Session], name: str) -> None:
        if sessions:
            # In another thread: two sessions that wait for each other's lock would wait for ever.
            self._background.soon(partial(self._reload, sessions, name))

    def _reload(self, sessions: Sequence[Session], name: str) -> None:
        for session in sessions:
            with session.lock:
                if session.file is None or session.file.name != name:
                    continue
                session.file.change(seen_loaded=False)
                self.load(session, session.file)
            session.bump()
