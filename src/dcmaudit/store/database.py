"""Transactions: opening a database, what is in it, reading, writing, and the upgrade before the first write."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from dcmaudit.errors import StoreCorruptError, StoreReadOnlyError
from dcmaudit.model.texts import printable
from dcmaudit.store import migrate, soundness, walfile
from dcmaudit.store.location import SqliteLocation, parse_location
from dcmaudit.store.postgres import PostgresBackend
from dcmaudit.store.schema import HEAD
from dcmaudit.store.session import Session
from dcmaudit.store.sqlite import WRITE, SqliteBackend
from dcmaudit.store.translate import translated

_LOG = logging.getLogger(__name__)


def _complete(connection: Connection) -> Session:
    return Session(connection, has_rects=True, has_tags=True, step=HEAD)


class Database:
    """One database, usable from several threads, and in a child process after a fork."""

    def __init__(self, location: str | Path, *, read_only: bool, timeout: float, check: bool = True) -> None:
        parsed = parse_location(location)
        self.backend: SqliteBackend | PostgresBackend
        if isinstance(parsed, SqliteLocation):
            self.backend = SqliteBackend(parsed.path, read_only=read_only, timeout=timeout)
        else:
            self.backend = PostgresBackend(parsed, read_only=read_only, timeout=timeout)
        self.name = self.backend.name
        self._guard = threading.RLock()
        self._engine = self.backend.engine()
        self._process = os.getpid()
        self._is_prepared = False
        self._is_complete = False
        self._known: tuple[frozenset[str], str | None] | None = None
        self.log_damage: str | None = None
        try:
            self._open(check=check)
        except BaseException:
            self.close()  # nobody else can
            raise

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    def _open(self, *, check: bool) -> None:
        """Look whether it is a database of ours, and a sound one where that is asked."""
        path = self.backend.path if isinstance(self.backend, SqliteBackend) else None
        state = soundness.state_of(path) if path else []
        if path and state[0] and not (check and soundness.is_known_sound(path, state)):
            # Before SQLite opens it, for that renews the index by which a loss is known.
            self.log_damage = walfile.damage(path)
        with self.reading() as session:
            self._refuse_strangers(session)
        if path and check:
            soundness.require_sound(self, path, self.log_damage, state)

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def engine(self) -> Engine:
        """The engine of this process: SQLite's connections must not cross a fork."""
        if self._process != os.getpid():
            with self._guard:
                if self._process != os.getpid():
                    # The connections belong to the parent, which still uses them.
                    self._engine.dispose(close=False)
                    self._engine = self.backend.engine()
                    self._process = os.getpid()
        return self._engine

    # --- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the database; StoreError for whatever goes wrong in it."""
        with translated(self.name), self.engine().connect() as connection, connection.begin():
            yield self._session(connection)

    @contextmanager
    def writing(self, *names: str) -> Iterator[Session]:
        """A transaction that writes marks of these files: wholly there once it ends, or not at all.

        StoreReadOnlyError where nothing may be written; StoreLockedError when another process takes too long.
        """
        if self.backend.refusal is not None:
            raise StoreReadOnlyError(
                f"nothing was written: {self.backend.refusal}", file=self.name, hint="choose another database with --db"
            )
        with translated(self.name):
            self.backend.check_in_place()
            self._bring_up_to_date()
            begun = time.monotonic()
            with self._write_connection() as connection:
                self.backend.lock(connection, names)
                yield _complete(connection)
            taken = (time.monotonic() - begun) * 1000
            _LOG.debug("database: written for %s in %.0f ms", printable(", ".join(names[:5])) or "no file", taken)

    @contextmanager
    def _write_connection(self) -> Iterator[Connection]:
        with self.engine().connect() as connection:
            writer = connection.execution_options(**{WRITE: True})
            with writer.begin():
                yield writer

    def _session(self, connection: Connection) -> Session:
        if self._is_complete:
            return _complete(connection)
        tables = migrate.table_names(connection)
        found = migrate.version(connection, tables)
        if (tables, found) != self._known:
            migrate.refuse_newer(found, self.name)
            migrate.refuse_incomplete(connection, tables, found, self.name)
            self._known = (tables, found)
        # Asked once: a database never goes back to an older shape.
        self._is_complete = found == HEAD
        return Session(connection, has_rects="DicomRects" in tables, has_tags="DicomTags" in tables, step=found)

    def warm_up(self) -> None:
        """Have ready in memory what the first write will need; the database itself is left as it is."""
        if self.backend.refusal is None and not self._is_complete:
            migrate.warm_up()

    def _bring_up_to_date(self) -> None:
        if not self._is_prepared:
            with self._guard:
                self._prepare_once()

    def _prepare_once(self) -> None:
        if self._is_prepared:
            return  # another thread was quicker
        with self.engine().connect() as connection:
            self.backend.prepare(connection)
        with self._write_connection() as connection:
            self.backend.lock(connection, ("dcmaudit: the shape of the database",))
            tables = migrate.table_names(connection)
            found = migrate.version(connection, tables)
            migrate.refuse_newer(found, self.name)
            migrate.refuse_incomplete(connection, tables, found, self.name, writes=True)
            if found != HEAD:
                migrate.upgrade(connection)
                self.backend.upgraded(tables)
        self._is_prepared = True

    def _refuse_strangers(self, session: Session) -> None:
        """StoreCorruptError for a database file of some other program: nothing of ours belongs in there."""
        # A server's schema may hold tables of others beside ours; a file is one program's.
        if session.has_rects or session.has_tags or session.has_own or not session.is_sqlite:
            return
        if migrate.table_names(session.connection) - {"sqlite_sequence"}:
            raise StoreCorruptError(
                "the file is a database of some other program: it has no table DicomRects or DicomTags",
                file=self.name,
                hint="choose another file with --db",
            )
