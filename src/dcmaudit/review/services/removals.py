"""What was removed before a session began, so that undo reaches it."""

from __future__ import annotations

from contextlib import suppress

from dcmaudit.errors import StoreError
from dcmaudit.model.records import RectRow, Removal, RemovalKind
from dcmaudit.review.services.protocols import Database
from dcmaudit.review.state.history import Change
from dcmaudit.review.state.name_list import short_name
from dcmaudit.review.state.session import Session
from dcmaudit.store import Store


def remember_removals(session: Session, database: Database) -> None:
    """Let undo reach what this user removed before the page was loaded, or the program started."""
    if not database.may_write:
        return
    store = database.store
    with suppress(StoreError):
        # Oldest first, so that undo takes the newest one back first.
        session.history.remember([_earlier(session, store, removal) for removal in reversed(store.removals())])


def _earlier(session: Session, store: Store, removal: Removal) -> Change:
    rows: list[RectRow] = []

    def take_back() -> None:
        rows[:] = store.restore_removal(removal.act)

    def again() -> None:
        if removal.kind is RemovalKind.CLEARED:
            store.clear(removal.filename)
        else:
            store.remove_rects([row.id for row in rows], RemovalKind.REMOVED)

    what = "removing everything marked" if removal.kind is RemovalKind.CLEARED else "removing a rectangle"
    label = f"{what} on {short_name(removal.filename)}, {removal.at:%Y-%m-%d %H:%M}"
    return Change(label, session.worklist, None, removal.filename, None, take_back, again)
