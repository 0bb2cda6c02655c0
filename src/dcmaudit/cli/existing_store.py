"""The database of the settings: where there has to be one, and where a new one was made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dcmaudit.cli.common import log, say
from dcmaudit.errors import StoreError

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store


@contextmanager
def opened(settings: Settings, *, read_only: bool = True, check: bool = True, makes: bool = False) -> Iterator[Store]:
    """The store of the settings; StoreError where there is no database, for an empty answer would mislead.

    ``check``: a damaged one is a StoreCorruptError. ``makes``: where there is none it is made, and that is said.
    """
    from dcmaudit.store import is_database_missing, open_store

    if is_database_missing(settings.database) and not makes:
        raise StoreError("no database here", file=settings.database, hint="name an existing one with --db")
    with open_store(
        settings.database, user=settings.user, timeout=settings.db_wait, read_only=read_only, check=check
    ) as store:
        tell_new(store)
        for note in store.notes if not read_only else ():
            log.info("%s", note)
        yield store


def tell_new(store: Store) -> None:
    """Say that the database was made just now, where it was: the folder may be mistyped."""
    if store.is_new:
        say(f"{store.location}: a new database was made; there are no marks in it yet")
