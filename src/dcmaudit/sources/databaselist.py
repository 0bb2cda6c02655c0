"""The file names of a dcmaudit database, read without the store: only the one column that both tables share."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dcmaudit.errors import ListError
from dcmaudit.sources.listed import Listed
from dcmaudit.sources.local import printable
from dcmaudit.sources.ordered import OrderedNames

_TABLES = ("DicomRects", "DicomTags")
_OURS = ("dcmaudit_rects", "dcmaudit_looks")
"""Files with marks that the two tables cannot express, and files that an engine looked at, or could not."""


def database_names(path: str) -> Iterator[Listed]:
    """The file names of the tables, each once, in natural order; the database is opened read-only.

    All names are read (compressed) before the first comes out, so that no read lock is left on a database that
    may be written to meanwhile. ListError where it is no such database, damaged, or locked.
    """
    name = printable(path)
    names = OrderedNames()
    try:
        with closing(_connect(path)) as connection:
            _require_whole(connection, name)
            for listed in _names(connection, name):
                names.add(listed)
    except sqlite3.Error as error:
        raise ListError(f"the database cannot be read: {error}", file=name) from error
    before = None
    for listed in names.drain():
        if listed != before:
            yield Listed(listed, f"named by {name}")
        before = listed


def _connect(path: str) -> sqlite3.Connection:
    address = Path(path).as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=10)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        # WAL mode wants to write beside the file; where that is forbidden and nothing is pending it need not.
        if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
            raise
        connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    # A name in an old database may be bytes of any kind.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return connection


def _require_whole(connection: sqlite3.Connection, name: str) -> None:
    """ListError where a page or an index of the database is damaged: names would be missing in silence."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        hint = "its names are not used, for some may be lost; use a copy, or recover it with sqlite3 and .recover"
        raise ListError("the database is damaged", file=name, hint=hint)


def _names(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    present = {row[0].lower() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not present & {table.lower() for table in _TABLES}:
        raise ListError("no table DicomRects or DicomTags in this database", file=name)
    for table in (*_TABLES, *_OURS):
        if table.lower() in present:
            # The names of the tables are constants of this module.
            for (listed,) in connection.execute(f"SELECT DISTINCT filename FROM {table}"):  # noqa: S608
                # No file's name holds a NUL, and the compressed list is divided by them.
                yield from filter(None, str(listed or "").split("\0"))
