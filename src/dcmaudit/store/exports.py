"""Both shared tables as JSON and CSV, in the layout that the original's users have scripts for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import TextIO

from sqlalchemy import text

from dcmaudit.errors import DcmauditError
from dcmaudit.store import expanded, rows
from dcmaudit.store.covers import shape_of
from dcmaudit.store.rect_ids import RectTable, rect_id
from dcmaudit.store.schema import RECT_COLUMNS, TAG_COLUMNS, TAG_TITLES
from dcmaudit.store.session import Session

_EXTRA_COLUMNS = tuple(column for column in RECT_COLUMNS if column not in {"frame", "overlay"})
EXTRA_COLUMNS = (*_EXTRA_COLUMNS[:2], "scope", *_EXTRA_COLUMNS[2:])
"""The columns in which the JSON has rectangles of other scopes; ``scope`` says where they apply."""

SCOPE_COLUMN = "dcmaudit_scope"
"""The last column of the list of rectangles: where one lies that ``frame`` and ``overlay`` have no numbers for.

Such a line has nothing in those two: a program that does not know this column fails there and does not guess.
"""

SHAPE_COLUMN = "dcmaudit_shape"
"""The shape that a line is one rectangle of; other programs take the rectangles, which cover it."""

Row = Mapping[str, object]

_PART = 1000
"""Rows that are fetched, and written, at once."""


def every_row(session: Session, table: str, *, is_there: bool) -> Iterator[Row]:
    """Every row of a table, oldest first, without holding them all."""
    if not is_there:
        return
    query = text(f'SELECT * FROM "{table}" ORDER BY id')  # noqa: S608 (constants of ours)
    result = session.connection.execute(query.execution_options(yield_per=_PART))
    for row in result.mappings():
        yield dict(row)


def _tuples(session: Session, table: str, columns: tuple[str, ...]) -> Iterator[tuple[object, ...]]:
    """The rows of ``every_row`` with these columns alone, as tuples: a dictionary a row takes several times as long."""
    there = set(session.connection.execute(text(f'SELECT * FROM "{table}" LIMIT 0')).keys())  # noqa: S608 (as above)
    chosen = ", ".join(f'"{column}"' if column in there else "NULL" for column in columns)
    query = text(f'SELECT {chosen} FROM "{table}" ORDER BY id')  # noqa: S608 (constants of ours)
    for part in session.connection.execute(query.execution_options(yield_per=_PART)).partitions():
        for row in part:
            # A server keeps the original's times as times.
            yield tuple(row) if session.is_sqlite else tuple(map(_plain, row))


def _plain(value: object) -> object:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


def _rect(row: Row, columns: tuple[str, ...]) -> dict[str, object]:
    return {column: _plain(row.get(column)) for column in columns}


def _extra(row: Row) -> dict[str, object]:
    shape = _shape_text(row)
    return _rect(row, EXTRA_COLUMNS) | ({} if shape is None else {"shape": shape})


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


def dump_json(session: Session, out: TextIO) -> list[str]:
    """Write one object with the lists ``rects`` and ``tags``; a third list ``extra_rects`` only where there are any.

    ``rects`` has one row a frame for every rectangle on all frames; where the number of frames is not known it is in
    ``extra_rects``. Returns the names of the files of those, each once. Of a shape ``rects`` has the rectangles that
    cover it, and a list ``shapes``, only where there are any, the shape itself.
    """
    out.write('{"rects":[\n')
    _list(out, (dict(zip(RECT_COLUMNS, row, strict=True)) for row in _shared(session)))
    out.write('],"tags":[\n')
    _list(out, (_tag(row) for row in every_row(session, "DicomTags", is_there=session.has_tags)))
    unknown: dict[str, None] = {}
    extra = _others(session, unknown)
    first = next(extra, None)
    # Only where it is needed: without such rows the file is what the original itself would write.
    if first is not None:
        out.write('],"extra_rects":[\n')
        _list(out, (_extra(row) for row in chain([first], extra)))
    if count_shapes(session):
        out.write('],"shapes":[\n')
        _list(out, (_extra(row) for row in every_row(session, "dcmaudit_rects", is_there=True) if row.get("shape")))
    out.write("]\n}\n\n")
    return list(unknown)


def _shared(session: Session) -> Iterator[tuple[object, ...]]:
    """The rows of DicomRects in the order of ``RECT_COLUMNS``.

    Then those that rectangles on all frames will have there once the database is written.
    """
    yield from _stored(session)
    yield from (made for _, made in _waiting(session))


def _stored(session: Session) -> Iterator[tuple[object, ...]]:
    if session.has_rects:
        yield from _tuples(session, "DicomRects", RECT_COLUMNS)


def _waiting(session: Session) -> Iterator[tuple[Row, tuple[object, ...]]]:
    """Rows of our table that are not expanded yet, each with the rows that will stand for it."""
    for row, frames in expanded.not_expanded(session):
        for made in expanded.rows_of(row, frames or 0):
            yield row, tuple(_plain(made.get(column)) for column in RECT_COLUMNS)


def _others(session: Session, unknown: dict[str, None]) -> Iterator[Row]:
    """The rows of our table that stand in no other list; on the way ``unknown`` gets files of unknown length."""
    waiting = {row["id"]: frames for row, frames in expanded.not_expanded(session)}
    whole = expanded.expansions(session).whole
    for row in every_row(session, "dcmaudit_rects", is_there=session.has_own):
        if row["id"] in whole or waiting.get(row["id"]) is not None:
            continue
        if row["id"] in waiting:
            unknown[str(row["filename"])] = None
        yield row


def _list(out: TextIO, items: Iterator[dict[str, object]]) -> None:
    out.writelines(f"{',' if number else ''}{json.dumps(item)}\n" for number, item in enumerate(items))


def _write_csv(out: TextIO, titles: list[str], lines: Iterator[tuple[object, ...]]) -> int:
    writer = csv.writer(out)
    writer.writerow(titles)
    count = 0
    while part := list(islice(lines, _PART)):
        writer.writerows(part)
        count += len(part)
    return count


def export_rects(session: Session, out: TextIO) -> int:
    """Write every rectangle as CSV and return the number of rows. Open ``out`` with ``newline=""`` and UTF-8.

    The columns are those of DicomRects; beside them ``SCOPE_COLUMN``, where a rectangle needs it, and ``SHAPE_COLUMN``
    where there are shapes: a shape has a line for each rectangle that covers it, and its text in each of them.
    """
    others = _other_rects(session)
    first = next(others, None)
    lines: Iterator[tuple[object, ...]] = _with_shapes(session)
    has_shapes = count_shapes(session) > 0
    if first is None and not has_shapes:
        return _write_csv(out, list(RECT_COLUMNS), (line[:-1] for line in lines))
    every = chain(((*line[:-1], None, line[-1]) for line in lines), [first] if first is not None else [], others)
    if has_shapes:
        return _write_csv(out, [*RECT_COLUMNS, SCOPE_COLUMN, SHAPE_COLUMN], every)
    return _write_csv(out, [*RECT_COLUMNS, SCOPE_COLUMN], (line[:-1] for line in every))


def count_shapes(session: Session) -> int:
    """How many rows are shapes."""
    if not session.has_shapes:
        return 0
    return int(session.rows("SELECT count(*) FROM dcmaudit_rects WHERE shape IS NOT NULL", {})[0][0])


def _with_shapes(session: Session) -> Iterator[tuple[object, ...]]:
    """The rows of ``_shared``, each with the text of the shape that it is a part of, or None."""
    waiting = ((*made, _shape_text(row)) for row, made in _waiting(session))
    if not session.has_rects or count_shapes(session) == 0:
        yield from ((*row, None) for row in _stored(session))
        yield from waiting
        return
    broken = expanded.expansions(session).broken
    chosen = ", ".join(f'r."{column}"' for column in RECT_COLUMNS)
    query = text(
        f'SELECT {chosen}, x.id, x.shape FROM "DicomRects" r LEFT JOIN dcmaudit_expanded e ON e.rect_id = r.id '  # noqa: S608 (constants of ours)
        "LEFT JOIN dcmaudit_rects x ON x.id = e.own_id AND x.shape IS NOT NULL ORDER BY r.id"
    )
    for part in session.connection.execute(query.execution_options(yield_per=_PART)).partitions():
        for *row, own, shape in part:
            # What is left of one that another program was at counts as rectangles.
            text_of = None if shape is None or own in broken else _shape_text({"shape": shape})
            yield (*(row if session.is_sqlite else map(_plain, row)), text_of)
    yield from waiting


def _shape_text(row: Row) -> str | None:
    """The shape as lists have it; what cannot be read stays as it is, and no reader of lists takes it."""
    try:
        shape = shape_of(row)
    except DcmauditError:
        return str(row.get("shape"))
    return None if shape is None else shape.text


def _other_rects(session: Session) -> Iterator[tuple[object, ...]]:
    broken = expanded.expansions(session).broken
    for row in _others(session, {}):
        # What a program took rows away from is a question for a person, and no rectangle that a batch may carry out.
        scope = f"{row['scope']}, of which rows are missing" if row["id"] in broken else row["scope"]
        line = {**_rect(row, RECT_COLUMNS), "id": rect_id(RectTable.OWN, row["id"])}
        yield tuple({**line, SCOPE_COLUMN: scope, SHAPE_COLUMN: _shape_text(row)}.values())


def export_tags(session: Session, out: TextIO) -> int:
    """Write DicomTags as CSV and return the number of rows. Open ``out`` with ``newline=""`` and UTF-8."""
    found = every_row(session, "DicomTags", is_there=session.has_tags)
    titles = [TAG_TITLES.get(column, column) for column in TAG_COLUMNS]
    return _write_csv(out, titles, (_tag_line(row) for row in found))


def _tag_line(row: Row) -> tuple[object, ...]:
    return tuple(json.dumps(value) if isinstance(value, list) else value for value in _tag(row).values())
