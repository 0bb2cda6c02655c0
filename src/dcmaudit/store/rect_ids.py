"""The names of stored rectangles, written and read here: ``r12`` is a row of the shared table, ``x3`` one of ours."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from dcmaudit.errors import UsageError
from dcmaudit.model.records import RectId


class RectTable(StrEnum):
    """A table of rectangles; the value is its name in the database, as ``schema`` has it.

    Written here once more: whoever only names a row must not load SQLAlchemy.
    """

    SHARED = "DicomRects"
    OWN = "dcmaudit_rects"


_LETTERS = {RectTable.SHARED: "r", RectTable.OWN: "x"}
_TABLES = {letter: table for table, letter in _LETTERS.items()}


class RectRef(NamedTuple):
    """One row: its table and its ``id`` there."""

    table: RectTable
    number: int


def rect_id(table: RectTable, number: object) -> RectId:
    """The name of the row with that ``id``."""
    return RectId(f"{_LETTERS[table]}{number}")


def rect_ref(name: str) -> RectRef:
    """The row of that name; UsageError for one that is none."""
    table, number = _TABLES.get(name[:1]), name[1:]
    if table is None or not (number.isascii() and number.isdigit()):
        raise UsageError(f"{name!r} is no rectangle", hint="allowed: r12, x3")
    return RectRef(table, int(number))


def by_table(names: Iterable[str]) -> dict[RectTable, list[int]]:
    """The ``id``s of the rows in each of the two tables, in the order given; UsageError as for ``rect_ref``."""
    found: dict[RectTable, list[int]] = {table: [] for table in RectTable}
    for name in names:
        ref = rect_ref(name)
        found[ref.table].append(ref.number)
    return found
