"""Both shared tables as JSON and CSV, in the layout that the original's users have scripts for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TextIO

from sqlalchemy import text

from dcmaudit.store import rows
from dcmaudit.store.database import Session
from dcmaudit.store.schema import RECT_COLUMNS, TAG_COLUMNS, TAG_TITLES

_EXTRA_COLUMNS = tuple(column for column in RECT_COLUMNS if column not in {"frame", "overlay"})
EXTRA_COLUMNS = (*_EXTRA_COLUMNS[:2], "scope", *_EXTRA_COLUMNS[2:])
"""The columns in which rectangles of other scopes are exported; ``scope`` says where they apply."""

Row = Mapping[str, object]


def every_row(session: Session, table: str, *, is_there: bool) -> Iterator[Row]:
    """Every row of a table, oldest first, without holding them all."""
    if not is_there:
        return
    query = text(f'SELECT * FROM "{table}" ORDER BY id')  # noqa: S608 (constants of ours)
    result = session.connection.execution_options(yield_per=1000).execute(query)
    for row in result.mappings():
        yield dict(row)


def _plain(value: object) -> object:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


def _rect(row: Row, columns: tuple[str, ...]) -> dict[str, object]:
    return {column: _plain(row.get(column)) for column in columns}


def _mark(value: object) -> object:
    return {"T": True, "F": False}.get(value, value) if isinstance(value, str) else value


def _tag(row: Row) -> dict[str, object]:
    """One row under the titles of the exports. What cannot be understood stays as the database has it."""
    result = {}
    for column in TAG_COLUMNS:
        value = _plain(row.get(column))
        if column == "mark":
            value = _mark(value)
        elif column == "imagetype":
            found = rows.parse_image_type(value)
            value = value if found is None else found
        result[TAG_TITLES.get(column, column)] = value
    return result


def dump_json(session: Session, out: TextIO) -> None:
    """Write one object with the lists ``rects`` and ``tags``; a third list ``extra_rects`` only where there are any."""
    out.write('{"rects":[\n')
    _list(out, (_rect(row, RECT_COLUMNS) for row in every_row(session, "DicomRects", is_there=session.has_rects)))
    out.write('],"tags":[\n')
    _list(out, (_tag(row) for row in every_row(session, "DicomTags", is_there=session.has_tags)))
    extra = every_row(session, "dcmaudit_rects", is_there=session.has_own)
    first = next(extra, None)
    if first is not None:
        out.write('],"extra_rects":[\n')
        _list(out, (_rect(row, EXTRA_COLUMNS) for row in _with_first(first, extra)))
    out.write("]\n}\n\n")


def _with_first(first: Row, others: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from others


def _list(out: TextIO, items: Iterator[dict[str, object]]) -> None:
    out.writelines(f"{',' if number else ''}{json.dumps(item)}\n" for number, item in enumerate(items))


def _write_csv(out: TextIO, titles: list[str], items: Iterator[dict[str, object]]) -> int:
    writer = csv.writer(out)
    writer.writerow(titles)
    count = 0
    for item in items:
        writer.writerow([json.dumps(value) if isinstance(value, list) else value for value in item.values()])
        count += 1
    return count


def export_rects(session: Session, out: TextIO) -> int:
    """Write DicomRects as CSV and return the number of rows. Open ``out`` with ``newline=""`` and UTF-8."""
    found = every_row(session, "DicomRects", is_there=session.has_rects)
    return _write_csv(out, list(RECT_COLUMNS), (_rect(row, RECT_COLUMNS) for row in found))


def export_tags(session: Session, out: TextIO) -> int:
    """Write DicomTags as CSV and return the number of rows. Open ``out`` with ``newline=""`` and UTF-8."""
    found = every_row(session, "DicomTags", is_there=session.has_tags)
    return _write_csv(out, [TAG_TITLES.get(column, column) for column in TAG_COLUMNS], (_tag(row) for row in found))


def export_extra_rects(session: Session, out: TextIO) -> int:
    """Write the rectangles that DicomRects cannot express as CSV and return the number of rows."""
    found = every_row(session, "dcmaudit_rects", is_there=session.has_own)
    return _write_csv(out, list(EXTRA_COLUMNS), (_rect(row, EXTRA_COLUMNS) for row in found))
