"""Who did what and when, what was seen, and what each person prefers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import delete, insert, select

from dcmaudit.model import HowSeen, PlaneAddress
from dcmaudit.model.records import HistoryEntry, SeenRecord, SeenSpan
from dcmaudit.model.texts import printable
from dcmaudit.store import rows
from dcmaudit.store.database import Session
from dcmaudit.store.schema import history, preferences, seen

_LOG = logging.getLogger(__name__)

Ranges = list[tuple[int, int]]


def note(session: Session, user: str, action: str, filename: str | None, count: int) -> None:
    """Add one line to the history; it can never be changed or deleted."""
    _LOG.debug("database: %s, %d, %s", action, count, printable(filename or "no file"))
    session.connection.execute(
        insert(history).values(done_at=rows.utc_now(), done_by=user, action=action, filename=filename, count=count)
    )


def read_history(session: Session, filename: str | None, before: int | None, count: int) -> list[HistoryEntry]:
    """The newest lines first, those of one file or all."""
    query = select(history).order_by(history.c.id.desc()).limit(count)
    if filename is not None:
        query = query.where(history.c.filename == filename)
    if before is not None:
        query = query.where(history.c.id < before)
    return [
        HistoryEntry(row.id, _time(row.done_at), row.done_by, row.action, row.filename, row._mapping["count"])  # noqa: SLF001 (public in spite of its name)
        for row in session.connection.execute(query)
    ]


def _time(text: str) -> datetime:
    return rows.parse_time(text) or rows.EPOCH


# --- seen ---------------------------------------------------------------------------------------------------------


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same numbers as half-open ranges that are sorted and neither overlap nor touch."""
    result: Ranges = []
    for start, stop in sorted(ranges):
        if stop <= start:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], stop))
        else:
            result.append((start, stop))
    return result


def ranges_text(ranges: Ranges) -> str:
    """``0-29,31``: first and last number of each range, both included."""
    return ",".join(str(start) if stop == start + 1 else f"{start}-{stop - 1}" for start, stop in ranges)


def parse_ranges(text: str) -> Ranges:
    """The ranges of such a text."""
    result = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        result.append((int(first), int(last or first) + 1))
    return result


def spans(planes: Iterable[PlaneAddress | SeenSpan]) -> list[SeenSpan]:
    """The same as spans."""
    return [plane if isinstance(plane, SeenSpan) else SeenSpan.of(plane) for plane in planes]


def write_seen(
    session: Session, filename: str, how: HowSeen, planes: Iterable[PlaneAddress | SeenSpan], user: str
) -> None:
    """Add the planes to what this person has seen of the file in this way. The caller holds the file's lock."""
    groups: dict[str, Ranges] = {}
    for span in spans(planes):
        groups.setdefault(span.group, []).append((span.start, span.stop))
    now = rows.utc_now()
    for group, new in groups.items():
        key = (
            seen.c.filename == filename,
            seen.c.plane_group == group,
            seen.c.how == how.value,
            seen.c.seen_by == user,
        )
        existing = session.connection.execute(select(seen.c.id, seen.c.ranges).where(*key)).first()
        if existing is None:
            values = {"filename": filename, "plane_group": group, "how": how.value, "seen_by": user, "first_at": now}
            session.connection.execute(insert(seen).values(ranges=ranges_text(joined(new)), last_at=now, **values))
            continue
        merged = ranges_text(joined(parse_ranges(existing.ranges) + new))
        if merged != existing.ranges:
            session.connection.execute(seen.update().where(seen.c.id == existing.id).values(ranges=merged, last_at=now))


def forget_seen(session: Session, filename: str, *, except_pixels: bool) -> int:
    """Delete what everybody has seen of the file; how many planes that were, each counted once a way and person.

    ``except_pixels`` keeps what lies in the pixel data itself: image frames and their stray bits.
    """
    chosen = seen.c.filename == filename
    if except_pixels:
        chosen = chosen & (seen.c.plane_group != "f") & ~seen.c.plane_group.like("b%")
    found = session.connection.scalars(select(seen.c.ranges).where(chosen)).all()
    session.connection.execute(delete(seen).where(chosen))
    return sum(stop - start for text in found for start, stop in parse_ranges(text))


def read_seen(session: Session, filename: str, user: str | None) -> list[SeenRecord]:
    """What was seen of a file, by one person or by all."""
    query = select(seen).where(seen.c.filename == filename).order_by(seen.c.id)
    if user is not None:
        query = query.where(seen.c.seen_by == user)
    return [
        SeenRecord(
            filename=row.filename,
            group=row.plane_group,
            how=HowSeen(row.how),
            ranges=tuple(parse_ranges(row.ranges)),
            by=row.seen_by,
            first=_time(row.first_at),
            last=_time(row.last_at),
        )
        for row in session.connection.execute(query)
    ]


# --- preferences --------------------------------------------------------------------------------------------------


def read_preferences(session: Session, user: str) -> Iterator[tuple[str, object]]:
    """Name and value of everything this person prefers."""
    query = select(preferences.c.name, preferences.c.value).where(preferences.c.user_name == user)
    for name, value in session.connection.execute(query):
        yield name, json.loads(value)


def write_preference(session: Session, user: str, name: str, value: object) -> None:
    """Keep one preference; None takes it away."""
    key = (preferences.c.user_name == user, preferences.c.name == name)
    session.connection.execute(delete(preferences).where(*key))
    if value is not None:
        new = insert(preferences).values(user_name=user, name=name, value=json.dumps(value))
        session.connection.execute(new)
