"""What the parts of the store have in common: a database and a user."""

from __future__ import annotations

from dcmaudit.store import journal
from dcmaudit.store.database import Database
from dcmaudit.store.session import Session


class StorePart:
    """Some of what the store can do. ``user`` is noted on every row that is written."""

    def __init__(self, database: Database, user: str) -> None:
        self._database = database
        self.user = user

    def _note(self, session: Session, action: str, filename: str | None, count: int) -> None:
        journal.note(session, self.user, action, filename, count)
