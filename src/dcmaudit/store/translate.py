"""Errors of SQLite, PostgreSQL and SQLAlchemy become those of our tree here, and only here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dcmaudit.errors import StoreCorruptError, StoreError, StoreLockedError, StoreReadOnlyError

_CORRUPT_HINT = "restore a copy made with `dcmaudit db backup`; `sqlite3 FILE .recover` may save what is left"
_READ_HINT = "check who may read the file and its folder"
_LOCKED = (
    "another process holds the database for too long",
    "close it there, or try again; db_wait (DCMAUDIT_DB_WAIT) says how many seconds it is waited for",
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise a StoreError that names ``where`` for every foreign error inside. No message holds a row's values."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreLockedError("all connections to the database are in use", file=where, hint=_LOCKED[1]) from None
    except DBAPIError as error:
        original = error.orig
        if isinstance(original, sqlite3.Error):
            raise from_sqlite(original, where) from original
        # PostgreSQL's details quote the row, so its error is not kept as the cause.
        raise _from_postgres(original, where) from None
    except sqlite3.Error as error:
        raise from_sqlite(error, where) from error
    except UnicodeDecodeError:
        # SQLite's message quotes a damaged name, and Python cannot read the message.
        raise StoreCorruptError("the database is damaged", file=where, hint=_CORRUPT_HINT) from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database could not be used: {type(error).__name__}", file=where) from None


_SQLITE: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_BUSY: (StoreLockedError, *_LOCKED),
    sqlite3.SQLITE_LOCKED: (StoreLockedError, *_LOCKED),
    sqlite3.SQLITE_READONLY: (
        StoreReadOnlyError, "the database may be read only", "check who may write the file and its folder",
    ),
    sqlite3.SQLITE_NOTADB: (StoreCorruptError, "the file is not a database", "choose another file"),
    sqlite3.SQLITE_CORRUPT: (StoreCorruptError, "the database is damaged", _CORRUPT_HINT),
    sqlite3.SQLITE_FULL: (StoreError, "the disk is full; nothing was written", "make room and try again"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "the database cannot be opened", _READ_HINT),
    sqlite3.SQLITE_PERM: (StoreError, "the database cannot be opened", _READ_HINT),
    sqlite3.SQLITE_AUTH: (StoreError, "the database cannot be opened", _READ_HINT),
    sqlite3.SQLITE_IOERR: (StoreError, "reading or writing the database failed", "check the disk"),
}  # fmt: skip

_UNREACHABLE = (
    StoreError, "the database server cannot be reached", "check that it runs, its name and port, and the network",
)  # fmt: skip
_POSTGRES: dict[str, tuple[type[StoreError], str, str]] = {
    "55P03": (StoreLockedError, *_LOCKED),
    "40P01": (StoreLockedError, *_LOCKED),
    "25006": (StoreReadOnlyError, "the database may be read only", "use another database, or ask for the right"),
    "42501": (StoreReadOnlyError, "the database may be read only", "ask for the right to write and to make tables"),
    "3D000": (StoreError, "the server has no database of that name", "make it with createdb"),
    "53100": (StoreError, "the server's disk is full; nothing was written", "make room there"),
    "28": (StoreError, "the server does not accept this user", "put the password into ~/.pgpass or PGPASSWORD"),
    "08": _UNREACHABLE,
    "57": _UNREACHABLE,
    "": _UNREACHABLE,
}
"""By SQLSTATE, or by its class (the first two characters)."""


def from_sqlite(error: sqlite3.Error, where: str) -> StoreError:
    """The error of ours that SQLite's result code stands for."""
    # The low byte is the primary code; extended ones say more than anybody can act upon.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    kind, message, hint = _SQLITE.get(code, (StoreError, f"the database refused: {error}", ""))
    return kind(message, file=where, hint=hint or None)


_REFUSALS = (("does not exist", "3D000"), ("password", "28"), ("authentication", "28"), ("pg_hba.conf", "28"))


def _state_of_refusal(message: str) -> str:
    """The SQLSTATE of a connection that the server refused, which libpq tells in words alone."""
    if (fatal := message.partition("FATAL:")[2]) and 'role "' not in fatal:
        return next((state for words, state in _REFUSALS if words in fatal), "28")
    return "28" if fatal or "no password supplied" in message else ""


def _from_postgres(error: BaseException | None, where: str) -> StoreError:
    state = getattr(error, "sqlstate", None) or _state_of_refusal(str(error))
    # The class says enough where the state itself is not listed.
    known = _POSTGRES.get(state) or _POSTGRES.get(state[:2])
    if known is None:
        return StoreError(f"the database server refused (SQLSTATE {state})", file=where)
    kind, message, hint = known
    return kind(message, file=where, hint=hint)
