"""PostgreSQL through psycopg, for teams. Passwords come from libpq's own places or from the address, and stay there."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

from dcmaudit.errors import MissingExtraError
from dcmaudit.store.location import PostgresLocation

log = logging.getLogger(__name__)

_TABLES = """
SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid)
AND (relname LIKE 'dcmaudit%' OR relname IN ('DicomRects', 'DicomTags'))
"""
_KEY = "hashtextextended(:name, 20250)"


def load_driver() -> None:
    """Have the driver in memory, which takes a while the first time; nothing where it is not installed."""
    with suppress(ImportError):
        importlib.import_module("psycopg")
        importlib.import_module("sqlalchemy.dialects.postgresql.psycopg")


class PostgresBackend:
    """One database of a server. ``refusal`` says why it may only be read, None where it may be written."""

    kind = "PostgreSQL"
    journal = None

    def __init__(self, location: PostgresLocation, *, read_only: bool, timeout: float) -> None:
        if importlib.util.find_spec("psycopg") is None:
            raise MissingExtraError(
                "a PostgreSQL database needs the optional part `postgres`", hint="pip install dcmaudit[postgres]"
            )
        self.name = location.name
        self.notes: list[str] = []
        self.refusal = "it was opened for reading only" if read_only else None
        self._location = location
        self._timeout = timeout

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
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(self._timeout * 1000)}ms",))
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
        """Let no other writer at these files until the transaction ends (always in the same order)."""
        for name in sorted(set(names)):
            if not connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({_KEY})"), {"name": name}):
                log.warning("waiting for %s: another process holds a file of it; for %g seconds at most",
                            self.name, self._timeout)  # fmt: skip
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_KEY})"), {"name": name})
