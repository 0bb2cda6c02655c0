"""Many names in one question and many rows in one statement, in either dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from dcmaudit.store.session import Session

_FEW = 64
"""So many rows are one statement on a server; more of them are copied, for which it plans nothing."""


def among(session: Session, names: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL of a list of names that stands behind ``IN``, and what is bound to it: one value, however many."""
    if session.is_sqlite:
        return "SELECT value FROM json_each(:names)", {"names": json.dumps(list(names))}
    return "SELECT unnest(CAST(:names AS text[]))", {"names": list(names)}


def insert_many(session: Session, table: str, columns: Sequence[str], values: Iterable[Sequence[object]]) -> None:
    """Insert the rows in their order. Triggers act as for any other row; nobody learns the ids."""
    todo = iter(values)
    first = list(islice(todo, _FEW))
    if not first:
        return
    cursor: Any = session.connection.connection.cursor()
    named = ", ".join(f'"{column}"' for column in columns)
    try:
        if session.is_sqlite or len(first) < _FEW:
            places = ", ".join(["?" if session.is_sqlite else "%s"] * len(columns))
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', chain(first, todo))  # noqa: S608
        else:
            with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for row in chain(first, todo):
                    copy.write_row(row)
    finally:
        cursor.close()
