"""Many names in one question and many rows in one statement, in either dialect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from dcmaudit.store.session import Session

_FEW = 64
"""So many rows are one statement on a server; more of them are copied, for which it plans nothing."""


def among(session: Session, names: Sequence[str]) -> tuple[str, dict[str, object]]:
    """The SQL of a list of names that stands behind ``IN``, and what is bound to it: one value, however many."""
    if session.is_sqlite:
        # One value: a list of any length is the same statement, and no limit of bound values is met.
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
        if session.is_sqlite:
            _insert_into_sqlite(cursor, f'"{table}" ({named})', len(columns), chain(first, todo))
        elif len(first) < _FEW:
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f'INSERT INTO "{table}" ({named}) VALUES ({places})', first)  # noqa: S608
        else:
            with cursor.copy(f'COPY "{table}" ({named}) FROM STDIN') as copy:
                for row in chain(first, todo):
                    copy.write_row(row)
    finally:
        cursor.close()


def _insert_into_sqlite(cursor: Any, target: str, width: int, rows: Iterator[Sequence[object]]) -> None:
    """Some tens of rows in one statement: each statement makes its triggers ready anew, which takes as long as a row.

    999 values are what every SQLite takes at once.
    """
    at_once = max(1, 999 // width)
    row = f"({', '.join('?' * width)})"

    def statement(count: int) -> str:
        return f"INSERT INTO {target} VALUES {', '.join([row] * count)}"  # noqa: S608 (constants of ours)

    blocks = iter(lambda: list(islice(rows, at_once)), [])
    last: list[list[Sequence[object]]] = []

    def whole() -> Iterator[list[object]]:
        for block in blocks:
            if len(block) < at_once:
                last.append(block)
            else:
                yield list(chain.from_iterable(block))

    cursor.executemany(statement(at_once), whole())
    for block in last:
        cursor.execute(statement(len(block)), list(chain.from_iterable(block)))
