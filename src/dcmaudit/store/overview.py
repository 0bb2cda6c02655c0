"""The store at a glance."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlalchemy import text

from dcmaudit.errors import DcmauditError
from dcmaudit.model.addresstexts import MOST, parse_scope
from dcmaudit.model.records import StoreInfo
from dcmaudit.store import covers, exports, looks, rows, schema, searches, sums
from dcmaudit.store.database import Database
from dcmaudit.store.migrate import table_names, version
from dcmaudit.store.rect_ids import RectTable
from dcmaudit.store.session import Session

_BLOCK = 1000
"""Rows whose texts are decoded at once."""

_EDGES = ("left", "top", "right", "bottom")
_GOOD_EDGES = (
    f'(("left" >= 0 AND "top" >= 0 AND "right" BETWEEN "left" AND {MOST} AND "bottom" BETWEEN "top" AND {MOST}) '
    'OR ("left" = -1 AND "top" = -1 AND "right" = -1 AND "bottom" = -1))'
)
_GOOD_PLACE = f"(frame <= {MOST} AND ((overlay = -1 AND frame >= -1) OR (overlay BETWEEN 0 AND 127 AND frame >= 0)))"
_NOT_WHOLE = (
    "SELECT count(*) FROM dcmaudit_done AS d WHERE (d.searched = 0 OR d.seen < d.planes{replaced}) "
    'AND EXISTS (SELECT 1 FROM "DicomTags" AS t WHERE t.filename = d.filename)'
)
_NOTED = (
    "SELECT count(*) FROM dcmaudit_done AS d "
    'WHERE EXISTS (SELECT 1 FROM "DicomTags" AS t WHERE t.filename = d.filename)'
)


def overview(
    session: Session, database: Database, notes: tuple[str, ...], known_problems: int | None = None
) -> StoreInfo:
    """Counts, version and everything unusual. The database itself looks through its rows; few of them come here.

    ``known_problems``: how many rows are not understood, where that was counted before and nothing has changed.
    """
    backend = database.backend
    tags = _count(session, "DicomTags", is_there=session.has_tags)
    has_done = session.has_ledger and session.has_tags
    journal = session.connection.exec_driver_sql("PRAGMA journal_mode").scalar() if session.is_sqlite else None
    rects = _count(session, "DicomRects", is_there=session.has_rects)
    columns = _columns(session, "DicomRects") if rects else []
    return StoreInfo(
        location=database.name,
        kind=backend.kind,
        writable=backend.refusal is None,
        version=version(session.connection, table_names(session.connection)),
        journal=journal,
        rects=rects,
        extra_rects=_count(session, "dcmaudit_rects", is_there=session.has_own),
        tags=tags,
        files=_files(session),
        problems=_problems(session) if known_problems is None else known_problems,
        not_all_seen=_not_all_seen(session) if has_done else 0,
        not_noted=tags - (_number(session, _NOTED) if has_done else 0),
        old_columns=tuple(name for name in schema.OLD_COLUMNS if name in columns),
        notes=notes,
        looks=looks.count_looks(session) if session.has_looks else {},
        has_sums=session.has_sums,
        shapes=exports.count_shapes(session),
        searched=searches.count_searches(session),
    )


def _number(session: Session, query: str) -> int:
    return int(session.connection.scalar(text(query)) or 0)


def _count(session: Session, table: str, *, is_there: bool) -> int:
    return _number(session, f'SELECT count(*) FROM "{table}"') if is_there else 0  # noqa: S608 (constants)


def _columns(session: Session, table: str) -> list[str]:
    return list(session.connection.execute(text(f'SELECT * FROM "{table}" LIMIT 0')).keys())  # noqa: S608 (constants)


def _not_all_seen(session: Session) -> int:
    # Of a file that was replaced since, nobody has seen anything. A database that is only read may lack the column.
    replaced = " OR d.replaced_at IS NOT NULL" if session.has(schema.REPLACED) else ""
    return _number(session, _NOT_WHOLE.format(replaced=replaced))


def _files(session: Session) -> int:
    there = (session.has_rects, session.has_tags, session.has_own)
    names = ("DicomRects", "DicomTags", "dcmaudit_rects")
    tables = [name for name, is_there in zip(names, there, strict=True) if is_there]
    if not tables:
        return 0
    if session.has_sums:  # one row a file, and as many as there are marks otherwise
        union = " UNION ".join(f"SELECT filename FROM {sums.of_table(table)} WHERE marks > 0" for table in tables)  # noqa: S608
        return _number(session, f"SELECT count(*) FROM ({union}) AS every_name WHERE filename <> ''")  # noqa: S608
    union = " UNION ".join(f'SELECT filename FROM "{table}"' for table in tables)  # noqa: S608 (constants)
    return _number(session, f"SELECT count(filename) FROM ({union}) AS every_name")  # noqa: S608


# --- rows that cannot be understood -------------------------------------------------------------------------------


def _problems(session: Session) -> int:
    """How many rows of rectangles are not understood: the database finds those that may be, ``rect_row`` decides."""
    found = 0
    for table, is_there in ((RectTable.SHARED, session.has_rects), (RectTable.OWN, session.has_own)):
        for where in _suspects(session, table) if is_there else ():
            query = text(f'SELECT * FROM "{table}" WHERE {where}')  # noqa: S608 (texts of ours)
            for row in session.connection.execute(query.execution_options(yield_per=_BLOCK)).mappings():
                found += rows.rect_row(dict(row), table).problem is not None
    if session.has_shapes:  # of rows that are good but for it
        good = _good(session, RectTable.OWN)
        query = text(f"SELECT shape FROM dcmaudit_rects WHERE shape IS NOT NULL AND {good}")  # noqa: S608 (as above)
        found += sum(not covers.may_be_read({"shape": shape}) for shape in session.connection.scalars(query))
    return found


def _suspects(session: Session, table: RectTable) -> Iterator[str]:
    """Conditions, no two of which hold for one row, of rows that may not be understood."""
    good = _good(session, table)
    yield f"NOT coalesce({good}, {'0' if session.is_sqlite else 'false'})"
    if session.is_sqlite:
        for block in _unreadable_blocks(session, table):
            yield f"{block} AND {good}"


def _good(session: Session, table: RectTable) -> str:
    numbers = _EDGES if table is RectTable.OWN else (*_EDGES, "frame", "overlay")
    # SQLite keeps a word or a fraction in a column for numbers. A fraction makes the sum one; words and bytes are
    # greater than every number there, so that nothing that is bounded above is one of them.
    total = " + ".join(f'"{name}"' for name in numbers)
    parts = [f"typeof({total}) = 'integer'"] if session.is_sqlite else []
    parts.append(_GOOD_EDGES)
    if table is RectTable.SHARED:
        parts.append(_GOOD_PLACE)
    else:
        known = ", ".join("'" + scope.replace("'", "''") + "'" for scope in _known_scopes(session))
        parts.append(f"scope IN ({known})" if known else "1 = 0")
    return f"({' AND '.join(parts)})"


def _known_scopes(session: Session) -> Iterator[str]:
    for (scope,) in session.rows("SELECT DISTINCT scope FROM dcmaudit_rects", {}):
        try:
            parse_scope(str(scope))
        except DcmauditError:
            continue
        if not isinstance(scope, rows.UnreadableText) and "\0" not in str(scope):
            yield str(scope)


def _unreadable_blocks(session: Session, table: str) -> list[str]:
    """Conditions of the blocks of rows in which a text is no UTF-8: all texts of a block are decoded in one piece."""
    types = session.rows(f"SELECT name, type FROM pragma_table_info('{table}')", {})  # noqa: S608 (a table of ours)
    texts = [name for name, kind in types if str(kind).upper() != "INTEGER"]
    joined = " || ".join(f"coalesce(\"{name}\", '')" for name in texts) or "''"
    query = f'SELECT id / {_BLOCK}, group_concat({joined}) FROM "{table}" GROUP BY id / {_BLOCK}'  # noqa: S608
    raw = session.connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 (asked of no other)
    former, raw.text_factory = raw.text_factory, bytes
    try:  # to its end, for whoever asks next on this connection wants text
        return [f"id / {_BLOCK} = {int(block)}" for block, data in raw.execute(query) if not _is_text(data)]
    finally:
        raw.text_factory = former


def _is_text(data: bytes | None) -> bool:
    try:
        str(data or b"", "utf-8")
    except UnicodeDecodeError:
        return False
    return True
