"""Planes that were seen while a mark was black on them: once it goes, nobody has seen what lay below it.

Such planes count as ``HowSeen.UNCOVERED`` from then on, in the transaction that removes the mark; where the mark comes
back, they count as seen again. Numbers are those of the columns, see ``addresstexts.sight_columns``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from dcmaudit.model import FRAMES, AddressKind, Everywhere, FrameRange, HowSeen, PlaneSpan, Scope
from dcmaudit.model.addresstexts import parse_sight, sight_columns
from dcmaudit.model.records import RectId, RectRow, RemovalKind
from dcmaudit.store import journal, ledger, marks, rows
from dcmaudit.store.rect_ids import rect_ref
from dcmaudit.store.schema import done, history, parts, removed, seen
from dcmaudit.store.session import Session

Numbers = dict[str, journal.Ranges]
"""By ``plane_group``: which planes."""

Moved = dict[str, Numbers]
"""By person: which planes no longer count as seen."""

_CHUNK = 500

_WAYS = (HowSeen.SEEN.value, HowSeen.UNCOVERED.value)


@dataclass(frozen=True, slots=True)
class Before:
    """Who had seen which planes when a mark came: they were seen without it.

    ``last`` is the last removal of the file then: what a later one uncovers was seen with other marks black.
    ``noted`` is the last line of its history: what was seen may have been forgotten since. Both are told by the file's
    name, and mean nothing once it has another.
    """

    filename: str
    planes: Moved
    last: int
    noted: int


def before(session: Session, filename: str) -> Before:
    """What is seen of the file now."""
    planes = {person: whole for person, (whole, _) in _kept(session, filename).items()}
    last, noted = (
        session.connection.scalar(select(func.max(of.c.id)).where(of.c.filename == filename)) or 0
        for of in (removed, history)
    )
    return Before(filename, planes, last, noted)


def uncover(
    session: Session, filename: str, gone: Sequence[RectRow], came: Mapping[RectId, Before]
) -> dict[RectId, Moved]:
    """Planes that may have been seen with the marks ``gone`` black no longer count as seen; which, by mark and person.

    ``came`` has what had been seen when a mark came; of one that is not in it any may have been seen with it. Parts of
    planes lose what lay below. The caller holds the file's lock.
    """
    rects = [row for row in gone if row.scope is not None and row.box is not None]
    moved: dict[RectId, Moved] = {}
    was = _count(_by_anybody(session, filename))
    without = {row.id: _still_seen_without(session, filename, came[row.id]) for row in rects if row.id in came}
    for person, (whole, former) in _kept(session, filename).items():
        known = _union([whole, former])
        for row in rects:
            found = _without(_below(row.scope, known), without.get(row.id, {}).get(person, {}))
            if found:
                moved.setdefault(row.id, {})[person] = found
        taken = _union(of.get(person, {}) for of in moved.values())
        _write(session, filename, person, _without(whole, taken), _union([former, taken]))
    narrow_parts(session, filename, rects)
    _recount(session, filename, was)
    return moved


def _still_seen_without(session: Session, filename: str, came: Before) -> Moved:
    """Of what was seen when a mark came that for which this still speaks.

    Where another mark went since, what lay below that one was seen later, if at all, with this one black.
    """
    forgotten = select(history.c.id).where(
        history.c.filename == filename, history.c.id > came.noted, history.c.action == journal.FORGOTTEN
    )
    if came.filename != filename or session.connection.execute(forgotten.limit(1)).first() is not None:
        return {}
    query = select(removed.c.contents).where(removed.c.filename == filename, removed.c.id > came.last)
    later = [_parsed(text) for text in session.connection.scalars(query)]
    return {
        person: _without(planes, _union(one.get(person, {}) for one in later)) for person, planes in came.planes.items()
    }


def with_sights(session: Session, filenames: Sequence[str]) -> set[str]:
    """Those of the files of which somebody has seen a plane, or a part of one."""
    found: set[str] = set()
    for start in range(0, len(filenames), _CHUNK):
        block = filenames[start : start + _CHUNK]
        for table, ways in ((seen, [seen.c.how.in_(_WAYS)]), (parts, [])):
            found.update(session.connection.scalars(select(table.c.filename).where(table.c.filename.in_(block), *ways)))
    return found


def replaced(session: Session, filename: str, former: Sequence[RectRow], left: Sequence[RectRow], user: str) -> None:
    """The same of marks that an engine's new look has replaced, and that nobody puts back. ``left`` are those of the
    file now: what is at the same place is black as before."""
    there = {(row.scope, row.box, row.shape, row.verdict) for row in left}
    gone = [row for row in former if (row.scope, row.box, row.shape, row.verdict) not in there]
    moved = uncover(session, filename, gone, {})
    told = {mark: packed(of) for mark, of in moved.items()}
    kept = [row for row in gone if row.id in moved]
    ledger.keep_removed(session, RemovalKind.TAKEN_BACK, kept, None, user, told)


def seen_with(
    session: Session, filename: str, seen_: Mapping[HowSeen, Sequence[PlaneSpan]], shown: Sequence[RectRow]
) -> tuple[dict[HowSeen, list[PlaneSpan]], list[RectRow]]:
    """What was seen while the marks ``shown`` were black, as far as they are there still; and those that are gone.

    Between a look and this somebody else may have removed one.
    """
    there = marks.ids_of(session, filename)
    gone = [row for row in shown if row.scope is not None and row.box is not None and row.id not in there]
    found = {how: list(spans) for how, spans in seen_.items()}
    numbers: Numbers = {}
    for span in found.get(HowSeen.SEEN, ()) if gone else ():
        group, of = sight_columns(span)
        numbers[group] = journal.joined([*numbers.get(group, ()), of])
    below = _union(_below(row.scope, numbers) for row in gone)
    if below:
        found[HowSeen.SEEN] = _spans(_without(numbers, below))
        found[HowSeen.UNCOVERED] = _spans(below)
    return found, gone


def cover_again(session: Session, filename: str, back: Iterable[RectRow]) -> None:
    """Marks are back: what was seen with them black counts as seen, but for what other marks that are gone covered.

    To be called while the record of the removal says that they are gone. The caller holds the file's lock.
    """
    ids = {(ref.table.value, ref.number) for ref in (rect_ref(row.id) for row in back)}
    query = select(removed).where(removed.c.filename == filename, removed.c.restored_at.is_(None))
    gone = session.connection.execute(query).all()
    mine = {row.id: _parsed(row.contents) for row in gone if (row.source, row.row_id) in ids}
    others = [_parsed(row.contents) for row in gone if row.id not in mine]
    if not any(mine.values()):
        return
    was = _count(_by_anybody(session, filename))
    only: Moved = {}
    for person, (whole, former) in _kept(session, filename).items():
        free = _without(
            _union(one.get(person, {}) for one in mine.values()), _union(one.get(person, {}) for one in others)
        )
        again = _without(former, _without(former, free))
        only[person] = _without(again, whole)
        _write(session, filename, person, _union([whole, again]), _without(former, again))
    for row in gone:
        if row.id in mine:
            # Planes that nobody looked at in between are as if it had never gone.
            left = {person: _without(of, only.get(person, {})) for person, of in mine[row.id].items()}
            contents = json.dumps(json.loads(row.contents) | {"uncovered": packed(left)})
            session.connection.execute(update(removed).where(removed.c.id == row.id).values(contents=contents))
    _recount(session, filename, was)


def packed(moved: Moved) -> dict[str, dict[str, str]]:
    """For the record of a removal."""
    return {who: {group: journal.ranges_text(of) for group, of in numbers.items()} for who, numbers in moved.items()}


def spans(moved: Mapping[RectId, Moved]) -> list[PlaneSpan]:
    """The planes, each once."""
    return _spans(_union(numbers for of in moved.values() for numbers in of.values()))


def _spans(numbers: Numbers) -> list[PlaneSpan]:
    return [span for group, ranges in numbers.items() for one in ranges for span in parse_sight(group, one)]


def _parsed(text: str) -> Moved:
    found = json.loads(text).get("uncovered", {})
    return {
        who: {group: journal.parse_ranges(ranges) for group, ranges in numbers.items()}
        for who, numbers in found.items()
    }


def _by_anybody(session: Session, filename: str) -> Numbers:
    """Which planes of the file somebody has seen."""
    return _union(whole for whole, _ in _kept(session, filename).values())


def _kept(session: Session, filename: str) -> dict[str, tuple[Numbers, Numbers]]:
    """By person: what counts as seen, and what counts no longer."""
    kept: dict[str, tuple[Numbers, Numbers]] = {}
    for row in session.connection.execute(select(seen).where(seen.c.filename == filename, seen.c.how.in_(_WAYS))):
        of = kept.setdefault(row.seen_by, ({}, {}))
        of[_WAYS.index(row.how)][row.plane_group] = journal.ranges_of(filename, row.ranges)
    return kept


def _write(session: Session, filename: str, person: str, whole: Numbers, former: Numbers) -> None:
    """Have these two in place of what that person had."""
    kept = _kept(session, filename).get(person, ({}, {}))
    for how, had, has in zip(_WAYS, kept, (whole, former), strict=True):
        for group in {*had, *has}:
            if had.get(group, []) == has.get(group, []):
                continue
            key = (
                seen.c.filename == filename,
                seen.c.plane_group == group,
                seen.c.how == how,
                seen.c.seen_by == person,
            )
            if group not in has:
                session.connection.execute(delete(seen).where(*key))
            elif group in had:
                text = journal.ranges_text(has[group])
                session.connection.execute(update(seen).where(*key).values(ranges=text, last_at=rows.utc_now()))
            else:
                planes = [span for one in has[group] for span in parse_sight(group, one)]
                journal.write_seen(session, filename, HowSeen(how), planes, person)


def narrow_parts(session: Session, filename: str, gone: Sequence[RectRow]) -> None:
    """What lay below is taken out of the parts of planes that were seen."""
    for row in session.connection.execute(select(parts).where(parts.c.filename == filename)).all():
        here = {row.plane_group: [FrameRange.of(row.number)]}
        above = [mark for mark in gone if _below(mark.scope, here)]
        if not above:
            continue
        # What is black of a shape no box says: nothing of the plane is known to have been seen.
        left = None if any(mark.shape is not None for mark in above) else ledger.coverage_of(row)
        for mark in above:
            left = None if left is None or mark.box is None else left.without_box(mark.box)
        if left is None or not left.bits:
            session.connection.execute(delete(parts).where(parts.c.id == row.id))
        else:
            session.connection.execute(update(parts).where(parts.c.id == row.id).values(cells=left.text))


def _recount(session: Session, filename: str, was: int) -> None:
    """A file that is done was not looked at as far as its record says; ``was`` planes counted as seen."""
    fewer = was - _count(_by_anybody(session, filename))
    if not fewer:
        return
    found = session.connection.execute(select(done).where(done.c.filename == filename)).first()
    if found is None:
        return
    count = min(fewer, found.seen) if fewer > 0 else -min(-fewer, found.glanced)
    values = {"seen": found.seen - count, "glanced": found.glanced + count}
    session.connection.execute(update(done).where(done.c.filename == filename).values(**values))


def _below(scope: Scope | None, numbers: Numbers) -> Numbers:
    """Those of the planes that a mark with that scope lies on."""
    match scope:
        case Everywhere.ALL_PLANES:
            return numbers
        case Everywhere.ALL_FRAMES:
            return {group: ranges for group, ranges in numbers.items() if group == FRAMES.key}
        case Everywhere.ALL_OVERLAYS:
            return {group: ranges for group, ranges in numbers.items() if group.startswith(AddressKind.OVERLAY.value)}
        case None:
            return {}
        case _:
            group, number = sight_columns(PlaneSpan.of(scope))
            rest = _less(numbers.get(group, []), [number])
            found = _less(numbers.get(group, []), rest)
            return {group: found} if found else {}


def _less(ranges: journal.Ranges, others: journal.Ranges) -> journal.Ranges:
    return [rest for one in ranges for rest in journal.without(one, others)]


def _union(each: Iterable[Numbers]) -> Numbers:
    total: Numbers = {}
    for numbers in each:
        for group, ranges in numbers.items():
            total[group] = journal.joined([*total.get(group, ()), *ranges])
    return total


def _without(numbers: Numbers, others: Numbers) -> Numbers:
    left = {group: _less(ranges, others.get(group, [])) for group, ranges in numbers.items()}
    return {group: ranges for group, ranges in left.items() if ranges}


def _count(numbers: Numbers) -> int:
    return sum(len(one) for ranges in numbers.values() for one in ranges)
