"""The file names of a dcmaudit database, read without the store: only the one column that both tables share."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dcmaudit.errors import ListError
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import with_bytes_told
from dcmaudit.sources.listed import Listed
from dcmaudit.sources.ordered import OrderedNames

_TABLES = ("DicomRects", "DicomTags")
_OURS = ("dcmaudit_rects", "dcmaudit_looks")
"""Files with marks that the two tables cannot express, and files that an engine looked at, or could not."""


def database_names(path: str) -> Iterator[Listed]:
    """The file names of the tables, each once, in natural order; the database is opened read-only.

    All names are read (compressed) before the first comes out, so that no read lock is left on a database that
    may be written to meanwhile. ListError where it is no such database, damaged, or locked.
    """
    name = with_bytes_told(path)
    names = OrderedNames()
    try:
        with closing(_connect(path)) as connection:
            _require_whole(connection, name)
            # Counted before the first name is given out, for the connection is closed when the names are drained.
            nameless = _nameless(connection)
            for listed in _names(connection, name):
                names.add(listed)
    except sqlite3.Error as error:
        raise ListError(f"the database cannot be read: {error}", file=name) from error
    before = None
    for listed in names.drain():
        # They come sorted, so that equal names stand side by side.
        if listed != before:
            yield Listed(listed, f"named by {name}")
        before = listed
    if nameless:
        rows = counted(nameless, "row names", "rows name")
        hint = "what was marked in it belongs to no file; compare with a copy of the database"
        yield Listed(name, f"named by {name}", ListError(f"{rows} no file", file=name, hint=hint))


def _connect(path: str) -> sqlite3.Connection:
    address = Path(path).as_uri()
    # Only an address can say mode=ro: a plain path would make a file that is missing, and could be written.
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=10)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        # WAL mode wants to write beside the file; where that is forbidden and nothing is pending it need not.
        if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
            raise
        connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    except BaseException:
        connection.close()
        raise
    # A name in an old database may be bytes of any kind.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def _require_whole(connection: sqlite3.Connection, name: str) -> None:
    """ListError where a page or an index of the database is damaged: names would be missing in silence."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        hint = "its names are not used, for some may be lost; use a copy, or recover it with sqlite3 and .recover"
        raise ListError("the database is damaged", file=name, hint=hint)


def _nameless(connection: sqlite3.Connection) -> int:
    """How many rows of the tables that are there have no file name: a whole database has none."""
    return sum(
        connection.execute(f"SELECT count(*) FROM {table} WHERE filename IS NULL OR filename = ''").fetchone()[0]  # noqa: S608 - constants
        for table in (*_TABLES, *_OURS)
        if connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE", (table,)
        ).fetchone()
    )


def _names(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    # SQLite takes names of tables in any case, and other programs write them in lower case.
    present = {row[0].lower() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    # One of the two is enough: without rectangles, or without tags, it is still a database of marks.
    if not present & {table.lower() for table in _TABLES}:
        raise ListError("no table DicomRects or DicomTags in this database", file=name)
    for table in (*_TABLES, *_OURS):
        if table.lower() in present:
            # The names of the tables are constants of this module.
            for (listed,) in connection.execute(f"SELECT DISTINCT filename FROM {table}"):  # noqa: S608
                # A column of SQLite may hold a value of any type.
                text = str(listed or "")
                if "\0" in text:  # no file can be called so, and the compressed list is divided by NUL
                    hint = "the name was overwritten; use a copy of the database"
                    raise ListError(f"a row of {table} names no file that can be", file=name, hint=hint)
                if text:
                    yield text
