"""Who did what and when, what was seen, and what each person prefers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Column, ColumnElement, delete, insert, or_, select

from dcmaudit.errors import StoreCorruptError, UsageError
from dcmaudit.model import FRAMES, AddressKind, FrameRange, HowSeen, PlaneAddress, PlaneSpan
from dcmaudit.model.addresstexts import parse_sight, sight_columns
from dcmaudit.model.records import HistoryEntry, SeenRecord
from dcmaudit.model.texts import printable
from dcmaudit.store import rows
from dcmaudit.store.schema import history, preferences, seen
from dcmaudit.store.session import Session

_LOG = logging.getLogger(__name__)

Ranges = list[FrameRange]
_DIGITS = 10

FORGOTTEN = "seen forgotten: other content"
"""What the history calls it where another file lies under the name."""


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


def joined(ranges: Iterable[FrameRange]) -> Ranges:
    """The same numbers as ranges that are sorted and neither overlap nor touch."""
    result: Ranges = []
    for one in sorted(ranges):
        if result and one.start <= result[-1].stop:
            result[-1] = FrameRange(result[-1].start, max(result[-1].stop, one.stop))
        else:
            result.append(one)
    return result


def without(one: FrameRange, others: Iterable[FrameRange]) -> Iterator[FrameRange]:
    """What is left of ``one`` where ``others``, sorted and apart, are taken out."""
    start = one.start
    for other in others:
        if other.stop <= start or other.start >= one.stop:
            continue
        if other.start > start:
            yield FrameRange(start, other.start)
        start = other.stop
    if start < one.stop:
        yield FrameRange(start, one.stop)


def ranges_text(ranges: Ranges) -> str:
    """``0-29,31``: first and last number of each range, both included."""
    return ",".join(str(one.start) if len(one) == 1 else f"{one.start}-{one.last}" for one in ranges)


def parse_ranges(text: str) -> Ranges:
    """The ranges of such a text; UsageError for any other."""
    result = []
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        if not (_is_number(first) and (_is_number(last) if dash else not last)):
            raise UsageError(f"{part!r} is no run of numbers", hint="allowed: 3, 0-29")
        result.append(FrameRange(int(first), int(last or first) + 1))
    return result


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def spans(planes: Iterable[PlaneAddress | PlaneSpan]) -> list[PlaneSpan]:
    """The same as spans."""
    return [plane if isinstance(plane, PlaneSpan) else PlaneSpan.of(plane) for plane in planes]


def write_seen(
    session: Session, filename: str, how: HowSeen, planes: Iterable[PlaneAddress | PlaneSpan], user: str
) -> None:
    """Add the planes to what this person has seen of the file in this way. The caller holds the file's lock."""
    groups: dict[str, Ranges] = {}
    for span in spans(planes):
        group, numbers = sight_columns(span)
        groups.setdefault(group, []).append(numbers)
    for group, new in groups.items():
        _write_group(session, filename, how, (group, new), user)


def _write_group(session: Session, filename: str, how: HowSeen, sight: tuple[str, Ranges], user: str) -> None:
    """Join numbers of one ``plane_group`` with those in its row."""
    group, new = sight
    key = (
        seen.c.filename == filename,
        seen.c.plane_group == group,
        seen.c.how == how.value,
        seen.c.seen_by == user,
    )
    now = rows.utc_now()
    existing = session.connection.execute(select(seen.c.id, seen.c.ranges).where(*key)).first()
    if existing is None:
        values = {"filename": filename, "plane_group": group, "how": how.value, "seen_by": user, "first_at": now}
        session.connection.execute(insert(seen).values(ranges=ranges_text(joined(new)), last_at=now, **values))
        return
    # Ranges instead of planes: a file of ten thousand frames is one short text.
    merged = ranges_text(joined([*ranges_of(filename, existing.ranges), *new]))
    if merged != existing.ranges:
        session.connection.execute(seen.update().where(seen.c.id == existing.id).values(ranges=merged, last_at=now))


def of_pixels(column: Column[str]) -> ColumnElement[bool]:
    """What ``GroupAddress.is_of_pixels`` says, of a column ``plane_group``."""
    numbered = (column.startswith(kind.value) for kind in (AddressKind.STRAY_BIT, AddressKind.THUMBNAIL))
    return or_(column == FRAMES.key, *numbered)


def forget_seen(session: Session, filename: str, *, except_pixels: bool) -> int:
    """Delete what everybody has seen of the file; how many planes that were, each counted once a way and person.

    ``except_pixels`` keeps what lies in the pixel data itself, as ``GroupAddress.is_of_pixels`` says.
    """
    chosen = seen.c.filename == filename
    if except_pixels:
        chosen = chosen & ~of_pixels(seen.c.plane_group)
    found = session.connection.scalars(select(seen.c.ranges).where(chosen)).all()
    session.connection.execute(delete(seen).where(chosen))
    return sum(len(one) for text in found for one in ranges_of(filename, text))


def read_seen(session: Session, filename: str, user: str | None) -> list[SeenRecord]:
    """What was seen of a file, by one person or by all; StoreCorruptError where a row cannot be understood."""
    query = select(seen).where(seen.c.filename == filename).order_by(seen.c.id)
    if user is not None:
        query = query.where(seen.c.seen_by == user)
    return [
        SeenRecord(
            filename=row.filename,
            how=_how(filename, row.how),
            spans=spans_of(filename, row.plane_group, row.ranges),
            by=row.seen_by,
            first=_time(row.first_at),
            last=_time(row.last_at),
        )
        for row in session.connection.execute(query)
    ]


def move_seen(session: Session, former: str, filename: str) -> None:
    """Join what was seen under both names: the new one may have been looked at before its marks came along."""
    for row in session.connection.execute(select(seen).where(seen.c.filename == former)).all():
        spans = spans_of(former, row.plane_group, row.ranges)
        write_seen(session, filename, _how(former, row.how), spans, row.seen_by)
    session.connection.execute(delete(seen).where(seen.c.filename == former))


def spans_of(filename: str, group: str, ranges: str) -> tuple[PlaneSpan, ...]:
    """The planes that a row means; StoreCorruptError where it cannot be understood."""
    try:
        return _spans(group, ranges)
    except UsageError as error:
        raise _not_understood(filename, error.message) from error


@lru_cache(maxsize=64)  # most files of a device are seen alike
def _spans(group: str, ranges: str) -> tuple[PlaneSpan, ...]:
    return tuple(span for numbers in parse_ranges(ranges) for span in parse_sight(group, numbers))


def ranges_of(filename: str, text: str) -> Ranges:
    """The ranges of a row; StoreCorruptError where it cannot be understood."""
    try:
        return parse_ranges(text)
    except UsageError as error:
        raise _not_understood(filename, error.message) from error


def _how(filename: str, text: str) -> HowSeen:
    try:
        return HowSeen(text)
    except ValueError as error:
        raise _not_understood(filename, f"{text!r} is no way of seeing") from error


def _not_understood(filename: str, why: str) -> StoreCorruptError:
    return StoreCorruptError(
        f"what was seen of it cannot be read: {why}",
        file=filename,
        hint="a newer version or another program wrote it; nothing of it was counted",
    )


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
