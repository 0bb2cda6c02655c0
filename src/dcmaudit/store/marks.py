"""Rectangles and tag rows: reading, adding, removing, putting back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, ColumnClause, TableClause, bindparam, column, delete, insert, select, table, text
from sqlalchemy.sql.elements import quoted_name

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import DeviceFacts, Everywhere
from dcmaudit.model.addresstexts import scope_text, shared_columns
from dcmaudit.model.records import NewRect, RectId, RectRow, TagRecord
from dcmaudit.model.shapes import stored_text
from dcmaudit.store import expanded, rows, schema
from dcmaudit.store.bulk import among
from dcmaudit.store.rect_ids import RectTable, by_table, rect_id, rect_ref
from dcmaudit.store.session import Session

_TABLE = {RectTable.SHARED: schema.rects, RectTable.OWN: schema.extra_rects}
_CHUNK = 500


def find_rects(session: Session, filename: str, *, to_remove: bool = False) -> list[RectRow]:
    """Every row of one file in the order of its table, first the shared one. Columns not known here come along.

    ``to_remove``: with what is needed to put them back exactly.
    """
    found, state = [], expanded.expansions(session, filename)
    if session.has_rects:
        where = f"filename = :filename{_EXPANDED if state.whole else ''}"
        mine: dict[str, object] = {"own": list(state.whole)} if state.whole else {}
        found += _rows(session, RectTable.SHARED, where, {"filename": filename, **mine})
    if session.has_own:
        own = _rows(session, RectTable.OWN, "filename = :filename", {"filename": filename})
        found += [_told(session, row, state, to_remove=to_remove) for row in own]
    return found


def find_many(session: Session, filenames: Sequence[str]) -> dict[str, list[RectRow]]:
    """The same for each of the files that has rows."""
    found: dict[str, list[RectRow]] = {}
    alone: set[str] = set()
    tables = [(RectTable.SHARED, session.has_rects), (RectTable.OWN, session.has_own)]
    for source, is_there in tables if filenames else ():
        if not is_there:
            continue
        chosen, bound = among(session, filenames)
        query = f'SELECT * FROM "{source}" WHERE filename IN ({chosen}) ORDER BY id'  # noqa: S608 (texts of ours)
        for row in session.mappings(query, bound):
            record = rows.rect_row(row, source)
            found.setdefault(record.filename, []).append(record)
            if source is RectTable.OWN and row.get("frames") is not None:
                alone.add(record.filename)  # rows of DicomRects may stand for it
    return found | {name: find_rects(session, name) for name in alone}


def with_own(session: Session, filenames: Sequence[str]) -> set[str]:
    """Those of the files that have rows in our own table."""
    if not session.has_own or not filenames:
        return set()
    chosen, bound = among(session, filenames)
    query = f"SELECT DISTINCT filename FROM dcmaudit_rects WHERE filename IN ({chosen})"  # noqa: S608 (as above)
    return {str(name) for (name,) in session.rows(query, bound)}


_EXPANDED = " AND id NOT IN (SELECT rect_id FROM dcmaudit_expanded WHERE own_id IN :own)"


def _rows(session: Session, source: RectTable, where: str, values: Mapping[str, object]) -> list[RectRow]:
    query = text(f'SELECT * FROM "{source}" WHERE {where} ORDER BY id')  # noqa: S608 (texts of ours)
    lists: list[BindParameter[Any]] = [
        bindparam(name, expanding=True) for name, value in values.items() if isinstance(value, list)
    ]
    found = session.connection.execute(query.bindparams(*lists), values)
    return [rows.rect_row(dict(row), source) for row in found.mappings()]


def _told(session: Session, row: RectRow, state: expanded.Expansions, *, to_remove: bool) -> RectRow:
    """The row, with its problem where another program was at the rows that stand for it in DicomRects."""
    number = rect_ref(row.id).number
    if number in state.broken:
        told = expanded.problem(session, number, state.broken[number], is_shape=row.stored.get("shape") is not None)
        return replace(row, box=None, scope=None, shape=None, problem=row.problem or told)
    if to_remove and number in state.whole:
        return replace(row, expanded=expanded.links(session, number))
    return row


def add_rects(session: Session, filename: str, rects: Sequence[NewRect], user: str) -> list[RectId]:
    """Insert them, each in the table that can express its scope; their names in the order given."""
    ids = []
    for rect in rects:
        values = rows.rect_values(filename, rect, user)
        shared = shared_columns(rect.scope)
        if rect.shape is not None:
            target = RectTable.OWN
            values["scope"], values["shape"] = scope_text(rect.scope), _stored_shape(rect)
        elif shared is not None:
            target = RectTable.SHARED
            values["frame"], values["overlay"] = shared
        else:
            target = RectTable.OWN
            values["scope"] = scope_text(rect.scope)
        done = session.connection.execute(insert(_TABLE[target]).values(**values))
        key = done.inserted_primary_key
        ids.append(rect_id(target, key[0] if key else ""))
        frames = rect.frames if rect.scope is Everywhere.ALL_FRAMES else 1 if rect.shape is not None else None
        if frames is not None and key:
            expanded.expand(session, key[0], values, frames)
    return ids


def _stored_shape(rect: NewRect) -> str:
    """The column of a shape; UsageError where the edges are not those around it."""
    if rect.shape is None or rect.shape.size is None or rect.box != rect.shape.box(rect.shape.size):
        raise UsageError("a shape to be stored needs the size of its plane, and the box around what it blacks")
    return stored_text(rect.shape)


def fingerprint(session: Session, filename: str) -> tuple[object, ...]:
    """What tells that the rows of a file are others than before, without reading them."""
    found: list[object] = []
    for is_there, name in ((session.has_rects, "DicomRects"), (session.has_own, "dcmaudit_rects")):
        if is_there:
            sums = ", ".join(f'SUM("{edge}")' for edge in ("left", "top", "right", "bottom"))
            query = f'SELECT COUNT(*), MAX(id), MAX(last_modified), {sums} FROM "{name}" WHERE filename = :filename'  # noqa: S608 (a table of ours)
            found += session.connection.execute(text(query), {"filename": filename}).one()
    if session.has_tags:
        query = 'SELECT id, mark, LENGTH(comment), last_modified FROM "DicomTags" WHERE filename = :filename'
        found += session.connection.execute(text(query), {"filename": filename}).first() or ()
    return tuple(str(value) for value in found)


def token(session: Session) -> tuple[object, ...]:
    """What tells that rows were added since; tags are also renewed in place, which the history tells."""
    tables = [(session.has_rects, "DicomRects"), (session.has_tags, "DicomTags")]
    tables += [(session.has_own, "dcmaudit_rects"), (session.has_own, "dcmaudit_history")]
    names = [name for is_there, name in tables if is_there]
    return tuple(session.connection.scalar(text(f'SELECT MAX(id) FROM "{name}"')) for name in names)  # noqa: S608 (as above)


def rects_by_id(session: Session, ids: Iterable[RectId]) -> list[RectRow]:
    """Those of the rows that are there, in the order of their tables."""
    found: list[RectRow] = []
    for source, numbers in by_table(ids).items():
        for start in range(0, len(numbers), _CHUNK):
            found += _rows(session, source, "id IN :ids", {"ids": numbers[start : start + _CHUNK]})
    own = {row.id for row in found if rect_ref(row.id).table is RectTable.OWN}
    states = {name: expanded.expansions(session, name) for name in {row.filename for row in found if row.id in own}}
    return [_told(session, row, states[row.filename], to_remove=True) if row.id in own else row for row in found]


def ids_of(session: Session, filename: str) -> set[RectId]:
    """The names of all rows of the file."""
    found: set[RectId] = set()
    for source, is_there in ((RectTable.SHARED, session.has_rects), (RectTable.OWN, session.has_own)):
        of = _TABLE[source]
        query = select(of.c.id).where(of.c.filename == filename)
        found.update(rect_id(source, number) for number in (session.connection.scalars(query) if is_there else ()))
    return found


def delete_rects(session: Session, ids: Iterable[RectId]) -> None:
    """Delete the rows with these names; those that are not there are left out."""
    named = by_table(ids)
    if session.has_expanded:
        expanded.withdraw(session, named[RectTable.OWN])
    for source, numbers in named.items():
        target = _TABLE[source]
        for start in range(0, len(numbers), _CHUNK):
            session.connection.execute(delete(target).where(target.c.id.in_(numbers[start : start + _CHUNK])))


def restore_rects(session: Session, records: Sequence[RectRow]) -> None:
    """Insert the rows as they were, ids and unknown columns included; StoreError where an id is taken.

    Rows of DicomRects that stand for a rectangle on all frames come back with it.
    """
    taken = rects_by_id(session, [record.id for record in records])
    if taken:
        raise StoreError(
            f"{len(taken)} of {len(records)} rectangles are in the database already, first {taken[0].id}",
            file=taken[0].filename,
        )
    for record in records:
        source, number = rect_ref(record.id)
        _insert_stored(session, source, record.stored)
        frames = record.stored.get("frames")
        # One whose rows another program had changed stays what it was: a problem, and not all frames again.
        if source is RectTable.OWN and isinstance(frames, int) and record.problem is None:
            expanded.expand(session, number, record.stored, frames, record.expanded)


def _insert_stored(session: Session, name: str, stored: Mapping[str, object]) -> None:
    if not stored:
        raise UsageError("only rows that came from the store can be put back")
    columns: list[ColumnClause[object]] = [column(quoted_name(part, quote=True)) for part in stored]
    target: TableClause = table(quoted_name(name, quote=True), *columns)
    session.connection.execute(insert(target).values(**stored))


# --- tags ---------------------------------------------------------------------------------------------------------


def find_tag(session: Session, filename: str) -> TagRecord | None:
    """The tag row of one file."""
    if not session.has_tags:
        return None
    query = text('SELECT * FROM "DicomTags" WHERE filename = :filename')
    found = session.connection.execute(query, {"filename": filename}).mappings().first()
    return None if found is None else rows.tag_record(dict(found))


def write_tag(
    session: Session,
    filename: str,
    *,
    marked: bool,
    comment: str | None,
    device: DeviceFacts,
    sop_class_uid: str | None,
    user: str,
) -> None:
    """Make or replace the tag row; an existing row keeps its id. The caller holds the file's lock."""
    values = {
        "mark": "T" if marked else "F",
        "comment": rows.storable(comment),
        **rows.device_values(device, sop_class_uid),
        "last_modified": rows.local_now(),
        "last_modified_by": user,
    }
    tags = schema.tags
    existing = session.connection.scalar(select(tags.c.id).where(tags.c.filename == filename))
    if existing is None:
        session.connection.execute(insert(tags).values(filename=filename, **values))
    else:
        session.connection.execute(tags.update().where(tags.c.id == existing).values(**values))


def restore_tag(session: Session, filename: str, record: TagRecord | None) -> None:
    """Put the row back as it was, or take the row away; UsageError for a record of another file."""
    if record is not None and record.filename != filename:
        raise UsageError("this tag row belongs to another file", file=filename)
    session.connection.execute(delete(schema.tags).where(schema.tags.c.filename == filename))
    if record is not None:
        _insert_stored(session, "DicomTags", record.stored)
