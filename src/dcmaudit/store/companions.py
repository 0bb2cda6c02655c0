"""The two small files by which the original tool knows that its tables exist.

It keeps, beside the database, one pickled description a table, and tries to make the tables again where that
description is missing, which fails. Files that are there are left alone; they are only made together with the
tables themselves.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from contextlib import suppress
from pathlib import Path

from dcmaudit.errors import StoreError
from dcmaudit.store.schema import RECT_COLUMNS, TAG_COLUMNS, TAG_TITLES

_NUMBERS = {
    "top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "nerengine", "nerpii", "rows", "columns",
}  # fmt: skip
_KINDS = {
    "id": ("id", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    "mark": ("boolean", "CHAR(1)"),
    "last_modified": ("datetime", "TIMESTAMP"),
}
_TABLES = {"DicomRects": RECT_COLUMNS, "DicomTags": TAG_COLUMNS}


def write_companions(database: Path) -> None:
    """Write the descriptions of both tables beside ``database`` where they are missing, with mode 0600.

    StoreError where that cannot be, on a full disk for one; what this call wrote is gone then.
    """
    # The name of the database, as the original addresses it, is the first part of theirs.
    prefix = hashlib.md5(f"sqlite://{database.name}".encode(), usedforsecurity=False).hexdigest()
    made: list[Path] = []
    try:
        for table, columns in _TABLES.items():
            path = database.parent / f"{prefix}_{table}.table"
            # The original's own file, or that of another process: never replaced.
            with suppress(FileExistsError):
                number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                made.append(path)
                with open(number, "wb") as file:  # noqa: PTH123 (a descriptor has no path)
                    # The mask of the process may have taken rights away that the owner needs.
                    os.fchmod(number, 0o600)
                    pickle.dump(_description(table, columns), file, protocol=4)
    except OSError as error:
        for path in made:
            with suppress(OSError):
                path.unlink()
        raise StoreError(
            f"the files that describe its tables cannot be written: {error.strerror}",
            file=str(database),
            hint="make room, or choose another folder with --db",
        ) from error


def _description(table: str, columns: tuple[str, ...]) -> dict[str, dict[str, object]]:
    return {name: _field(table, name, place) for place, name in enumerate(columns, start=1)}


def _field(table: str, name: str, place: int) -> dict[str, object]:
    kind, sql = _KINDS.get(name, ("integer", "INTEGER") if name in _NUMBERS else ("string", "CHAR(512)"))
    is_unique = table == "DicomTags" and name == "filename"
    return {
        "length": 512,
        "unique": is_unique,
        "notnull": False,
        "sortable": place,
        "type": kind,
        "sql": f"{sql} UNIQUE" if is_unique else sql,
        "rname": f'"{name}"',
        "raw_rname": TAG_TITLES.get(name, name),
    }
