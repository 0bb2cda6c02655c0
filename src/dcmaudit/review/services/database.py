"""Which database is open: another one can be chosen while the program runs."""

from __future__ import annotations

from dcmaudit.errors import ReviewError, StoreReadOnlyError
from dcmaudit.review.state.session import Session
from dcmaudit.store import Store


class CurrentDatabase:
    """The database of all sessions. ``viewer`` promises that nothing at all is written to it."""

    def __init__(self, store: Store, *, user: str, viewer: bool) -> None:
        self.store = store
        self.user = user
        self.viewer = viewer

    @property
    def may_write(self) -> bool:
        """Whether marks can be stored."""
        return not self.viewer and self.store.is_writable

    def require_writable(self) -> None:
        """ReviewError in viewer mode, StoreReadOnlyError where the database can only be read."""
        if self.viewer:
            raise ReviewError(
                "this is the viewer: nothing can be marked", hint="to mark files, start the reviewer and not the viewer"
            )
        if not self.store.is_writable:
            raise StoreReadOnlyError(
                "the database can only be read, so nothing can be marked",
                file=self.store.location,
                hint="choose another database folder in the File menu, or ask for the right to write to this one",
            )

    def replace(self, store: Store) -> Store:
        """Use another one from now on; the former, which is still open."""
        former, self.store = self.store, store
        return former


def warn_of_new(session: Session, database: CurrentDatabase, *, is_missing: bool = False) -> None:
    """Tell the reviewer, until something else is said, that the database holds no marks of earlier reviews.

    ``is_missing``: there is none, and the viewer makes none.
    """
    place = database.store.location
    if database.store.is_new:
        session.say_too(
            f"A new database was made: {place}. It holds no marks of earlier reviews. If that is not what you meant, "
            "choose another with File, Database.",
            "warning",
        )
    elif database.viewer and is_missing:
        session.say_too(f"There is no database here: {place}. No marks are shown.", "warning")
