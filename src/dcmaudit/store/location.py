"""What people write for a database, and what it means. A password never leaves this module in any text."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dcmaudit.errors import UsageError
from dcmaudit.model.paths import home_path

FILE_NAME = "dcmaudit.sqlite.db"
_FILE_ENDINGS = {".db", ".sqlite", ".sqlite3"}
_POSTGRES = {"postgresql", "postgres", "postgresql+psycopg"}
_ALLOWED = "allowed: a folder, a file ending in .db or .sqlite, or postgresql://USER@HOST/DATABASE"
_OBJECTS = {"s3", "az", "gs"}


@dataclass(frozen=True, slots=True)
class SqliteLocation:
    """A database file; ``name`` is what messages call it."""

    path: Path

    @property
    def name(self) -> str:
        """The path for people."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A database of a PostgreSQL server; ``url`` may hold a password and stays out of every text."""

    url: URL = field(repr=False)

    @property
    def name(self) -> str:
        """Server and database for people: no user, no password, no options."""
        host = self.url.host or self.url.query.get("host") or ""
        where = host if isinstance(host, str) else host[0]
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{where if not where.startswith('/') else ''}{port}/{self.url.database or ''}"


Location = SqliteLocation | PostgresLocation


def parse_location(location: str | Path) -> Location:
    """The database that is meant; UsageError for an address that is none, without repeating it."""
    if isinstance(location, str):
        scheme, separator, _ = location.partition("://")
        if separator:
            return _parse_url(location, scheme)
        if not location.strip():
            raise UsageError("the database has an empty name", hint=_ALLOWED)
    path = Path(os.path.abspath(home_path(location)))  # noqa: PTH100 (links stay as the user wrote them)
    # os.path answers no where pathlib would stumble over a folder that may not be entered.
    # Whatever is there and is no folder is meant itself, be it a pipe, which is refused by that name.
    if os.path.isdir(path) or (not os.path.exists(path) and path.suffix.lower() not in _FILE_ENDINGS):  # noqa: PTH112, PTH110
        path /= FILE_NAME
    return SqliteLocation(path)


def name_of(location: str | Path) -> str:
    """What messages call it: a path, or server and database without user and password. UsageError where it is none."""
    return parse_location(location).name


def is_server(location: str) -> bool:
    """Whether the text is the address of a server (or of anything else on the network), not a place for a file."""
    return "://" in location


def has_password(address: str) -> bool:
    """Whether a password is written in the address of a server; UsageError for an address that is none."""
    parsed = parse_location(address)
    return isinstance(parsed, PostgresLocation) and parsed.url.password is not None


def with_password(address: str, password: str) -> str:
    """The address of a server with this password in it, whatever characters it has; UsageError where it is none."""
    parsed = parse_location(address)
    if not isinstance(parsed, PostgresLocation):
        raise UsageError("a database file has no password", hint="leave the password empty")
    return parsed.url.set(password=password).render_as_string(hide_password=False)


def is_database_missing(location: str | Path) -> bool:
    """Whether the location is a place for a database file and there is none. Of a server nothing is known."""
    parsed = parse_location(location)
    return isinstance(parsed, SqliteLocation) and not os.path.lexists(parsed.path)


def _parse_url(location: str, scheme: str) -> PostgresLocation:
    if scheme.lower() in _OBJECTS:
        raise UsageError("a database cannot be kept in a bucket, where nothing can be changed in place", hint=_ALLOWED)
    if scheme.lower() not in _POSTGRES:
        # The rest of the address may hold a password.
        raise UsageError("the address of the database begins with a word that is not known", hint=_ALLOWED)
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        # Their messages repeat parts of the address.
        raise UsageError("the address of the database cannot be read", hint=_ALLOWED) from None
    query = dict(url.query)
    password = query.pop("password", None)
    if isinstance(password, str):
        url = url.set(query=query).set(password=password)
    return PostgresLocation(url.set(drivername="postgresql+psycopg"))
