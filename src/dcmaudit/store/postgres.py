"""PostgreSQL through psycopg, for teams. Passwords come from libpq's own places or from the address, and stay there."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from dcmaudit.errors import MissingExtraError
from dcmaudit.store.location import PostgresLocation

log = logging.getLogger(__name__)

_TABLES = """
SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)
AND (relname LIKE 'dcmaudit%' OR relname IN ('DicomRects', 'DicomTags'))
"""
_LOCK = """
SELECT count(pg_advisory_xact_lock(hashtextextended(name, 20250))) FROM unnest(CAST(:names AS text[])) AS named(name)
"""
_BRIEFLY = "SELECT set_config('lock_timeout', '300ms', true)"
_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', :limit, true)"
_LOCK_NOT_AVAILABLE = "55P03"


def load_driver() -> None:
    """Have the driver in memory, which takes a while the first time; nothing where it is not installed."""
    with suppress(ImportError):
        importlib.import_module("psycopg")
        importlib.import_module("sqlalchemy.dialects.postgresql.psycopg")


class PostgresBackend:
    """One database of a server. ``refusal`` says why it may only be read, None where it may be written."""

    kind = "PostgreSQL"
    journal = None
    is_new = False
    """Who runs the server makes its databases."""

    def __init__(self, location: PostgresLocation, *, read_only: bool, timeout: float) -> None:
        if importlib.util.find_spec("psycopg") is None:
            raise MissingExtraError(
                "a PostgreSQL database needs the optional part `postgres`", hint="pip install dcmaudit[postgres]"
            )
        self.name = location.name
        self.notes: list[str] = []
        self.refusal = "it was opened for reading only" if read_only else None
        self._location = location
        self._timeout, self._limit = timeout, f"{int(timeout * 1000)}ms"

    def engine(self) -> Engine:
        """A new engine; its connections wait at most the timeout for a lock and never answer before the disk."""
        engine = create_engine(
            self._location.url,
            pool_size=4,
            max_overflow=16,
            pool_timeout=self._timeout,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": max(2, round(self._timeout)), "application_name": "dcmaudit"},
        )
        event.listen(engine, "connect", self._connected)
        return engine

    def _connected(self, connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (self._limit,))
            # An answered write has to survive a power cut, whatever the server's default is.
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
            if self.refusal is not None:
                cursor.execute("SET default_transaction_read_only = on")
        connection.commit()

    def check_in_place(self) -> None:
        """Nothing: the server says so itself."""

    def prepare(self, connection: Connection) -> None:
        """Nothing: journal and rights are the server's."""

    def upgraded(self, former: frozenset[str]) -> None:
        """Nothing: nobody else keeps files about it."""

    def compact(self, engine: Engine) -> None:
        """Give the room of removed rows back to the tables, and measure anew which index is worth what."""
        with engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            for name in alone.scalars(text(_TABLES)).all():
                alone.execute(text(f"VACUUM (ANALYZE) {name}"))

    def lock(self, connection: Connection, names: tuple[str, ...]) -> None:
        """Let no other writer at these files until the transaction ends.

        Always in the same order, one after the other: whoever waits for a file holds only files before it, so that
        two writers never wait for each other.
        """
        wanted = {"names": sorted(set(names))}
        if not names:
            return
        try:
            with connection.begin_nested():  # what it locked is free again where it gives up
                connection.execute(text(_BRIEFLY))
                connection.execute(text(_LOCK), wanted)
                connection.execute(text(_LOCK_TIMEOUT), {"limit": self._limit})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
        else:
            return
        log.warning("waiting for %s: another process holds a file of it; for %g seconds at most",
                    self.name, self._timeout)  # fmt: skip
        connection.execute(text(_LOCK), wanted)
