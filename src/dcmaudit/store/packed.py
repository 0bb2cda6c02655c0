"""Rows of rectangles packed by SQLite itself, many files in one question, and made into records by whoever needs them.

What a parent pays for a row so is a tenth of what a record costs. Only rows of whole numbers are packed, for of those
Python and SQL say the same sum. Files with anything else are read as ever: rows of our own table, for which rows of
the shared one may stand; words, fractions and nothing where a number belongs; texts that are no UTF-8.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from dcmaudit.model.packed import PackedRects
from dcmaudit.model.records import RectRow
from dcmaudit.store.formula import FACTORS, disagreement, sum_of
from dcmaudit.store.rect_ids import RectTable
from dcmaudit.store.rows import UnreadableText, rect_row
from dcmaudit.store.session import Session

COLUMNS = ("id", "top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "nerengine", "nerpii")
"""What is packed of a row, in this order: its id, and the numbers that are summed. Behind them stands the length of its
text, -1 for none."""

_KNOWN = {*COLUMNS, "filename", "ocrtext", "last_modified", "last_modified_by"}
_OTHERS = ('"', ".", "n", "N", "I", "e", "E")
"""One of these is in the JSON of everything that is no whole number: words, fractions, null, NaN, Infinity."""

Found = tuple[str | None, int | None, int | None]
"""The rows as JSON, None where they have to be read one by one; the count and the sum that are kept of them."""


def pack(session: Session, filenames: Sequence[str]) -> dict[str, Found] | None:
    """The rows of ``DicomRects`` of each of these files that has rows or a sum of rows.

    None where this database packs nothing: a server, or a table with columns or values that are not known here.
    """
    raw = session.connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        return None
    if not session.has_rects or not filenames:
        return {}
    if {str(column[0]) for column in raw.execute('SELECT * FROM "DicomRects" LIMIT 0').description} != _KNOWN:
        return None
    asked = (json.dumps(list(filenames)),)
    try:
        rows = {place: _whole(found) for place, found in raw.execute(_ROWS, asked) if found is not None}
    except sqlite3.OperationalError:
        # Bytes where a number belongs cannot be packed. Whatever else it is, reading row by row will say it.
        return None
    if not session.has_sums:
        return {filenames[place]: (text, None, None) for place, text in rows.items()}
    sums: dict[int, tuple[int, int]] = {place: (marks, total) for place, marks, total in raw.execute(_SUMS, asked)}
    nothing = (0, 0)
    return {filenames[place]: (rows.get(place, "[]"), *sums.get(place, nothing)) for place in rows.keys() | sums.keys()}


_NUMBERS = ", ".join(f'm."{name}"' for name in COLUMNS)
_TEXTS = " || '|' || ".join(f"coalesce(m.{name}, '')" for name in ("ocrtext", "last_modified", "last_modified_by"))
# One value a file, for each value is a call of Python: the numbers, and behind # the texts, to see whether they are
# UTF-8. Of a file without rows it is NULL.
_PACKED = (
    f"json_group_array(json_array({_NUMBERS}, coalesce(length(m.ocrtext), -1))) || '#' || group_concat({_TEXTS}, '|')"
)
_ROWS = f"""
SELECT n.key, (SELECT {_PACKED} FROM "DicomRects" AS m WHERE m.filename = n.value) FROM json_each(?) AS n
"""  # noqa: S608 (constants of ours)
_SUMS = """
SELECT n.key, s.marks, s.total FROM json_each(?) AS n CROSS JOIN dcmaudit_sums_rects AS s ON s.filename = n.value
"""


def _whole(packed: str) -> str | None:
    """The JSON of a file's rows; None where something in them needs a closer look."""
    numbers = packed.partition("#")[0]
    return None if any(sign in numbers for sign in _OTHERS) or isinstance(packed, UnreadableText) else numbers


def unpack(packed: PackedRects) -> list[RectRow]:
    """The records of the rows, in the order of their table, without their texts and times.

    StoreCorruptError where they are not those that were stored.
    """
    rows: list[list[int]] = sorted(json.loads(packed.rows))
    if packed.marks is not None:
        total = sum_of((row[0], row[1:-1], row[-1]) for row in rows)
        if (packed.marks, packed.total) != (len(rows), total):
            raise disagreement([packed.filename], packed.where)
    return [_record(packed.filename, row) for row in rows]


def _record(filename: str, row: Iterable[int]) -> RectRow:
    return rect_row({"filename": filename, **dict(zip(COLUMNS, row, strict=False))}, RectTable.SHARED)


assert len(COLUMNS) == len(FACTORS) + 1  # noqa: S101 (one factor for each number)
