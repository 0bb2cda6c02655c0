"""Which database is open: another one can be chosen while the program runs."""

from __future__ import annotations

from dcmaudit.errors import ReviewError, StoreReadOnlyError
from dcmaudit.store import Store


class CurrentDatabase:
    """The database of all sessions. ``viewer`` promises that nothing at all is written to it.

    ``is_named``: somebody said where it is, and may have mistyped it. ``is_missing``: there is none.
    """

    def __init__(
        self, store: Store, *, user: str, viewer: bool, is_named: bool = False, is_missing: bool = False
    ) -> None:
        self.store = store
        self.user = user
        self.viewer = viewer
        self._is_named, self._is_missing = is_named, is_missing

    @property
    def warning(self) -> str | None:
        """What whoever mistyped its place has to know; the first start of all, where nobody named one, needs none."""
        place = self.store.location
        if self.store.is_new and self._is_named:
            return f"This database was made just now: {place}. It holds no marks of earlier reviews."
        if self._is_missing and self._is_named:
            return f"There is no database here: {place}. No marks are shown."
        return None

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

    def replace(self, store: Store, *, is_missing: bool = False) -> Store:
        """Use another one from now on, which somebody chose; the former, which is still open."""
        former, self.store = self.store, store
        self._is_named, self._is_missing = True, is_missing
        return former
