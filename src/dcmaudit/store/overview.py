"""The store at a glance."""

from __future__ import annotations

from sqlalchemy import text

from dcmaudit.model.records import StoreInfo
from dcmaudit.store import ledger, looks, rows, schema
from dcmaudit.store.database import Database, Session
from dcmaudit.store.exports import every_row
from dcmaudit.store.migrate import table_names, version


def overview(session: Session, database: Database, notes: tuple[str, ...]) -> StoreInfo:
    """Counts, version and everything unusual. Reads every rectangle once."""
    tables = table_names(session.connection)
    problems, old = 0, set()
    for table, prefix, is_there in (("DicomRects", "r", session.has_rects), ("dcmaudit_rects", "x", session.has_own)):
        for row in every_row(session, table, is_there=is_there):
            problems += rows.rect_row(row, prefix).problem is not None
            old |= set(schema.OLD_COLUMNS) & set(row) if prefix == "r" else set()
    backend = database.backend
    tags = _count(session, "DicomTags", is_there=session.has_tags)
    done = ledger.read_all_done(session) if session.has_ledger and session.has_tags else []
    journal = session.connection.exec_driver_sql("PRAGMA journal_mode").scalar() if session.is_sqlite else None
    return StoreInfo(
        location=database.name,
        kind=backend.kind,
        writable=backend.refusal is None,
        version=version(session.connection, tables),
        journal=journal,
        rects=_count(session, "DicomRects", is_there=session.has_rects),
        extra_rects=_count(session, "dcmaudit_rects", is_there=session.has_own),
        tags=tags,
        files=_files(session),
        problems=problems,
        not_all_seen=sum(not record.looked.is_whole for record in done),
        not_noted=tags - len(done),
        old_columns=tuple(name for name in schema.OLD_COLUMNS if name in old),
        notes=notes,
        looks=looks.count_looks(session) if session.has_looks else {},
        has_sums=session.has_sums,
    )


def _count(session: Session, table: str, *, is_there: bool) -> int:
    if not is_there:
        return 0
    return int(session.connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0)  # noqa: S608 (constants)


def _files(session: Session) -> int:
    there = (session.has_rects, session.has_tags, session.has_own)
    tables = [
        name
        for name, is_there in zip(('"DicomRects"', '"DicomTags"', "dcmaudit_rects"), there, strict=True)
        if is_there
    ]
    if not tables:
        return 0
    union = " UNION ".join(f"SELECT filename FROM {table}" for table in tables)  # noqa: S608 (constants)
    return int(session.connection.scalar(text(f"SELECT count(filename) FROM ({union}) AS every_name")) or 0)  # noqa: S608
