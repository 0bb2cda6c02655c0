"""The database of the settings, where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dcmaudit.cli.common import log
from dcmaudit.errors import StoreError

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store


@contextmanager
def opened(settings: Settings, *, read_only: bool = True, check: bool = True) -> Iterator[Store]:
    """The store of the settings; StoreError where there is no database, for an empty answer would mislead.

    ``check``: a damaged one is a StoreCorruptError.
    """
    from dcmaudit.store import is_database_missing, open_store

    if is_database_missing(settings.database):
        raise StoreError("no database here", file=settings.database, hint="name an existing one with --db")
    with open_store(
        settings.database, user=settings.user, timeout=settings.db_wait, read_only=read_only, check=check
    ) as store:
        for note in store.notes if not read_only else ():
            log.info("%s", note)
        yield store
