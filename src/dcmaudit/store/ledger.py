"""What was seen in part, how far a file was looked at when it was done, and rows that were removed."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.engine import Row

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import Coverage, FrameRange, PlaneSpan, Size
from dcmaudit.model.addresstexts import parse_sight, sight_columns
from dcmaudit.model.records import (
    DoneRecord,
    Looked,
    PartRecord,
    RectId,
    RectRow,
    Removal,
    RemovalKind,
    SeenPart,
    Stored,
    TagRecord,
)
from dcmaudit.store import journal, marks, rows, schema
from dcmaudit.store.bulk import among
from dcmaudit.store.rect_ids import RectTable, by_table, rect_ref
from dcmaudit.store.schema import done, parts, removed
from dcmaudit.store.session import Session

_TAGS = schema.tags.name
_OFFERED = (RemovalKind.CLEARED.value, RemovalKind.REMOVED.value)


# --- parts of planes ------------------------------------------------------------------------------------------------


def write_parts(session: Session, filename: str, new: Iterable[SeenPart], user: str) -> None:
    """Join the parts with those this person has seen before. The caller holds the file's lock."""
    now = rows.utc_now()
    for part in new:
        group, numbers = sight_columns(PlaneSpan.of(part.address))
        key = {"filename": filename, "plane_group": group, "number": numbers.start, "seen_by": user}
        found = session.connection.execute(select(parts).filter_by(**key)).first()
        size = part.coverage.size
        values = {"width": size.width, "height": size.height, "last_at": now}
        if found is None:
            row = {**key, **values, "cells": part.coverage.text, "first_at": now}
            session.connection.execute(insert(parts).values(**row))
            continue
        before = coverage_of(found)
        # A plane of another size under the same name is another plane: its former part means nothing.
        joined = part.coverage | before if before is not None and before.size == size else part.coverage
        if joined != before:
            session.connection.execute(update(parts).where(parts.c.id == found.id).values(**values, cells=joined.text))


def drop_parts(session: Session, filename: str, spans: Iterable[PlaneSpan], user: str) -> None:
    """Forget the parts of planes that this person has now seen whole."""
    for span in spans:
        group, numbers = sight_columns(span)
        session.connection.execute(
            delete(parts).where(
                parts.c.filename == filename,
                parts.c.plane_group == group,
                parts.c.number >= numbers.start,
                parts.c.number < numbers.stop,
                parts.c.seen_by == user,
            )
        )


def read_parts(session: Session, filename: str) -> list[PartRecord]:
    """The parts of planes that were seen of a file; those that cannot be read are left out, for they prove nothing."""
    found = session.connection.execute(select(parts).where(parts.c.filename == filename).order_by(parts.c.id))
    read = [(_part(row), row.seen_by) for row in found]
    return [PartRecord(filename, part, by) for part, by in read if part is not None]


def _part(row: Row[Any]) -> SeenPart | None:
    coverage = coverage_of(row)
    if coverage is None:
        return None
    try:
        (span,) = parse_sight(row.plane_group, FrameRange.of(row.number))
    except UsageError:
        return None
    return SeenPart(span.group.plane(span.frames.start), coverage)


def coverage_of(row: Row[Any]) -> Coverage | None:
    """The part that a row tells of; None where it cannot be read."""
    try:
        return Coverage.parse(row.cells, Size(row.width, row.height))
    except UsageError:
        return None


def forget_parts(session: Session, filename: str, *, except_pixels: bool) -> int:
    """Delete the parts everybody has seen of the file; how many. ``except_pixels`` as for ``journal.forget_seen``."""
    chosen = parts.c.filename == filename
    if except_pixels:
        chosen = chosen & ~journal.of_pixels(parts.c.plane_group)
    return session.connection.execute(delete(parts).where(chosen)).rowcount


def move_parts(session: Session, former: str, filename: str) -> None:
    """Join the parts seen under both names."""
    for row in session.connection.execute(select(parts).where(parts.c.filename == former)).all():
        part = _part(row)
        if part is not None:
            write_parts(session, filename, [part], row.seen_by)
    session.connection.execute(delete(parts).where(parts.c.filename == former))


# --- how far a file was looked at -----------------------------------------------------------------------------------


def write_done(session: Session, filename: str, looked: Looked, user: str) -> None:
    """Note how far the file was looked at, in place of what was noted before."""
    session.connection.execute(delete(done).where(done.c.filename == filename))
    session.connection.execute(
        insert(done).values(
            filename=filename,
            planes=looked.planes,
            seen=looked.seen,
            in_part=looked.in_part,
            glanced=looked.glanced,
            searched=int(looked.is_searched),
            done_at=rows.utc_now(),
            done_by=user,
        )
    )


def note_replaced(session: Session, filename: str) -> bool:
    """Note that another file lies under the name than the one that was finished; whether that is news.

    Of a file that was finished without a word on how far it was looked at (the original tool keeps no record of that,
    neither do lists of tags nor marks from Python) the record is made now, with no planes.
    """
    former = session.connection.execute(select(done.c.replaced_at).where(done.c.filename == filename)).first()
    if former is not None and former.replaced_at is not None:
        return False
    if former is None:
        tag = marks.find_tag(session, filename)
        if tag is None:
            return False
        at = rows.EPOCH if tag.modified is None else tag.modified
        session.connection.execute(
            insert(done).values(
                filename=filename, planes=0, seen=0, in_part=0, glanced=0, searched=0,
                done_at=at.isoformat(timespec="seconds"), done_by=tag.modified_by or "",
            )
        )  # fmt: skip
    session.connection.execute(update(done).where(done.c.filename == filename).values(replaced_at=rows.utc_now()))
    return True


def forget_done(session: Session, filename: str) -> None:
    """The file is not done any more."""
    session.connection.execute(delete(done).where(done.c.filename == filename))


def read_done_row(session: Session, filename: str) -> Stored | None:
    """The row as it is, to be put back by ``restore_done_row``."""
    found = session.connection.execute(select(done).where(done.c.filename == filename)).mappings().first()
    return None if found is None else dict(found)


def restore_done_row(session: Session, filename: str, row: Stored | None) -> None:
    """Put a former row back, or have none."""
    forget_done(session, filename)
    if row is not None:
        session.connection.execute(insert(done).values(**row))


def read_many_done(session: Session, filenames: Sequence[str]) -> dict[str, DoneRecord]:
    """The same of those of the files for which it was noted."""
    if not session.has_ledger or not filenames:
        return {}
    chosen, bound = among(session, filenames)
    query = text(f"SELECT * FROM dcmaudit_done WHERE filename IN ({chosen})")  # noqa: S608 (constants of ours)
    return {row.filename: _done(row) for row in session.connection.execute(query, bound)}


def read_all_done(session: Session) -> list[DoneRecord]:
    """The same of every file that has a tag row, by name."""
    # All columns that are there: a database that is only read may lack the newest.
    query = 'SELECT d.* FROM dcmaudit_done d JOIN "DicomTags" t ON t.filename = d.filename ORDER BY d.filename'
    return [_done(row) for row in session.connection.execute(text(query))]


def _done(row: Row[Any]) -> DoneRecord:
    looked = Looked(row.planes, row.seen, row.in_part, row.glanced, bool(row.searched))
    # A database that is only read may lack the column.
    replaced = getattr(row, "replaced_at", None)
    return DoneRecord(
        row.filename, looked, rows.parse_time(row.done_at) or rows.EPOCH, row.done_by,
        None if replaced is None else rows.parse_time(replaced) or rows.EPOCH,
    )  # fmt: skip


# --- what was removed -----------------------------------------------------------------------------------------------


def keep_removed(
    session: Session,
    kind: RemovalKind,
    records: Sequence[RectRow],
    tag: TagRecord | None,
    user: str,
    uncovered: Mapping[RectId, Mapping[str, Mapping[str, str]]] = MappingProxyType({}),
) -> None:
    """Keep rows that are about to be removed, whole, so that they can be put back after a restart.

    ``uncovered``: which planes no longer count as seen without a mark, see ``uncovered.packed``.
    """
    now = rows.utc_now()
    acts: dict[str, str] = {}
    kept: list[tuple[str, str, Stored, dict[str, object]]] = [
        (record.filename, rect_ref(record.id).table.value, record.stored,
         {"expanded": record.expanded, "uncovered": uncovered.get(record.id, {})})
        for record in records
    ]  # fmt: skip
    kept += [(tag.filename, _TAGS, tag.stored, {"expanded": ()})] if tag is not None else []
    for filename, source, stored, beside in kept:
        values = {
            # One act for each file: each is put back by itself.
            "act": acts.setdefault(filename, secrets.token_hex(8)),
            "kind": kind.value,
            "filename": filename,
            "source": source,
            "row_id": stored["id"],
            "contents": json.dumps({"row": dict(stored), **beside}, default=_packed),
            "removed_at": now,
            "removed_by": user,
        }
        session.connection.execute(insert(removed).values(**values))


def note_restored(session: Session, records: Sequence[RectRow], tag: TagRecord | None, user: str) -> None:
    """Note that rows are back."""
    ids: dict[str, list[int]] = {}
    for table, rect_numbers in by_table(record.id for record in records).items():
        ids[table.value] = rect_numbers
    if tag is not None:
        ids[_TAGS] = [int(str(tag.stored["id"]))]
    for source, numbers in ids.items():
        for start in range(0, len(numbers), 500):
            chosen = removed.c.row_id.in_(numbers[start : start + 500]) & (removed.c.source == source)
            _restored(session, chosen, user)


def _restored(session: Session, chosen: Any, user: str) -> None:
    session.connection.execute(
        update(removed)
        .where(chosen, removed.c.restored_at.is_(None))
        .values(restored_at=rows.utc_now(), restored_by=user)
    )


def read_removals(session: Session, user: str, most: int) -> list[Removal]:
    """What this person removed last and nobody has put back, the newest first."""
    query = (
        select(removed)
        .where(removed.c.removed_by == user, removed.c.restored_at.is_(None), removed.c.kind.in_(_OFFERED))
        .order_by(removed.c.id.desc())
        .limit(most * 20)
    )
    acts: dict[str, list[Row[Any]]] = {}
    for row in session.connection.execute(query):
        acts.setdefault(row.act, []).append(row)
    return [
        Removal(
            act,
            RemovalKind(found[0].kind),
            found[0].filename,
            len(found),
            rows.parse_time(found[0].removed_at) or rows.EPOCH,
            found[0].removed_by,
        )
        for act, found in list(acts.items())[:most]
    ]


def files_of(session: Session, act: str) -> list[str]:
    """The files that an act removed rows of."""
    query = select(removed.c.filename).where(removed.c.act == act).distinct()
    return list(session.connection.scalars(query))


def rects_of(session: Session, act: str) -> list[RectRow]:
    """The rectangles of an act that are not back."""
    query = select(removed).where(removed.c.act == act, removed.c.restored_at.is_(None)).order_by(removed.c.id)
    found = session.connection.execute(query)
    return [_rect(row.contents, RectTable(row.source)) for row in found if row.source in set(RectTable)]


def restore_act(session: Session, act: str, user: str) -> tuple[list[RectRow], TagRecord | None]:
    """Put the rows of one act back exactly as they were.

    StoreError, and nothing is changed, where they are back already, or where a row is in their place.
    """
    query = select(removed).where(removed.c.act == act, removed.c.restored_at.is_(None)).order_by(removed.c.id)
    found = session.connection.execute(query).all()
    if not found:
        raise StoreError("what was removed is back already, or was erased", hint="look at the file's marks as they are")
    records = rects_of(session, act)
    tag = next((rows.tag_record(_unpacked(row.contents)) for row in found if row.source == _TAGS), None)
    if tag is not None and marks.find_tag(session, tag.filename) is not None:
        raise StoreError(
            "the file was marked as done or tagged again since its marks were removed; nothing was put back",
            file=tag.filename,
            hint="look at its marks as they are, and mark again what is missing",
        )
    marks.restore_rects(session, records)
    if tag is not None:
        marks.restore_tag(session, tag.filename, tag)
    _restored(session, removed.c.act == act, user)
    return records, tag


def require_same_names(session: Session, filename: str, source: str, numbers: Sequence[int]) -> None:
    """StoreError where one of these removed rows belongs to another name by now: see ``move_removed``."""
    for start in range(0, len(numbers), 500):
        chosen = removed.c.row_id.in_(numbers[start : start + 500]) & (removed.c.source == source)
        query = select(removed.c.row_id, removed.c.filename).where(chosen, removed.c.restored_at.is_(None))
        names: dict[int, set[str]] = {}
        for number, name in session.connection.execute(query):
            names.setdefault(number, set()).add(name)
        # A database may give the number of a removed row once more, to one of another file.
        others = [min(found) for found in names.values() if filename not in found]
        if others:
            raise StoreError(
                f"its marks belong to {others[0]} by now; nothing was put back",
                file=filename,
                hint="open that file to see them; what was removed there can be put back there",
            )


def move_removed(session: Session, former: str, filename: str) -> None:
    """What was removed of a file that has another name now is put back under that one."""
    query = select(removed.c.id, removed.c.contents).where(removed.c.filename == former)
    for number, contents in session.connection.execute(query).all():
        found = json.loads(contents)
        found["row"]["filename"] = filename
        moved = {"filename": filename, "contents": json.dumps(found)}
        session.connection.execute(update(removed).where(removed.c.id == number).values(**moved))


def _packed(value: object) -> object:
    # Old databases hold bytes where a text belongs: they come back as bytes.
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return str(value)


def _rect(text: str, source: RectTable) -> RectRow:
    """A removed rectangle, with the rows that stood for it frame by frame."""
    expanded = tuple((int(number), int(frame)) for number, frame in json.loads(text)["expanded"])
    return replace(rows.rect_row(_unpacked(text), source), expanded=expanded)


def _unpacked(text: str) -> dict[str, object]:
    stored: Mapping[str, object] = json.loads(text)["row"]
    return {
        name: base64.b64decode(str(value["bytes"])) if isinstance(value, dict) else value
        for name, value in stored.items()
    }
