"""What engines looked at: one row a file and engine, replaced by the next look.

Where a look fails, what an earlier one found stays. So its row keeps how hard that one looked, and at which size and
time of the file: whoever looks less hard afterwards would replace what was found by less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select, text

from dcmaudit.model import Outcome, Verdict
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import ocr_engine
from dcmaudit.model.records import Look
from dcmaudit.store import rows
from dcmaudit.store.bulk import among, insert_many
from dcmaudit.store.schema import EFFORTS, looks
from dcmaudit.store.session import Session

_CHUNK = 500
_MOST_REASONS = 20
_NOTHING = (Outcome.REFUSED.value, Outcome.FAILED.value)


Stamp = tuple[int | None, int | None]
"""Size in bytes and time of change in nanoseconds, as a file had them when it was looked at."""


class Noted(NamedTuple):
    """What is known of a look: the file's stamp, the words of the look's ``Effort`` (None where nobody noted that), and
    whether it reached everything. Of one that did not, or of one before a look that failed, what it found is there.

    ``digest`` is that of the whole file then, and ``at`` when the look was noted; None where that is not known.
    """

    stamp: Stamp
    effort: str | None
    is_done: bool
    digest: str | None = None
    at: datetime | None = None


_OF = "of"
"""Beside the words of an effort that is kept in the row of a look that failed: the stamp that goes with it."""

_STAMPS = """
SELECT filename, outcome, size, modified_ns, {effort}, places, digest, looked_at FROM dcmaudit_looks
WHERE filename IN ({among}) AND engine IN ({engines})
"""

_COLUMNS = tuple(column.name for column in looks.columns if column.name != "id")


def write_many(session: Session, new: Sequence[tuple[str, Look]], user: str) -> None:
    """Note how the looks at many files ended, each file once, in the place of what was noted of the same engine."""
    if not new:
        return
    now, kept = rows.utc_now(), _kept(session, new)
    by_engine: dict[int, list[str]] = {}
    for filename, look in new:
        by_engine.setdefault(int(look.engine), []).append(filename)
    nothing = ", ".join(f"'{outcome}'" for outcome in _NOTHING)
    for engine, filenames in by_engine.items():
        chosen, bound = among(session, filenames)
        query = (
            f"DELETE FROM dcmaudit_looks WHERE filename IN ({chosen}) "  # noqa: S608 (constants of ours)
            f"AND (engine = {engine} OR (outcome IN ({nothing}) AND effort IS NULL))"
        )
        session.connection.execute(text(query), bound)
    insert_many(
        session, looks.name, _COLUMNS,
        (_values(filename, look, kept.get((filename, int(look.engine))), now, user) for filename, look in new),
    )  # fmt: skip


def _kept(session: Session, new: Sequence[tuple[str, Look]]) -> dict[tuple[str, int], str]:
    """What the rows of looks that failed keep of earlier ones, by name and engine."""
    kept: dict[tuple[str, int], str] = {}
    for engine in {int(look.engine) for _, look in new if look.outcome.value in _NOTHING}:
        failed = [name for name, look in new if look.outcome.value in _NOTHING and int(look.engine) == engine]
        for name, noted in standing(session, failed, str(engine)):
            words = json.loads(Effort.parse(noted.effort).text())
            kept[name, engine] = json.dumps(words | {_OF: noted.stamp}, separators=(",", ":"))
    return kept


def standing(session: Session, names: Sequence[str], engines: str) -> Iterator[tuple[str, Noted]]:
    """What is noted of looks of these engines at these files: of those that are done, and of those that found something
    which is there still. A look that failed, and before which there was none, is left out.
    """
    chosen, bound = among(session, names)
    effort = "effort" if session.has(EFFORTS) else "NULL"
    query = _STAMPS.format(among=chosen, engines=engines, effort=effort)
    for name, outcome, size, modified, asked, places, digest, at in session.rows(query, bound):
        if outcome in _NOTHING:
            former = _former(asked)
            if former is not None:
                yield name, former
        elif outcome == Outcome.DONE.value or places:
            yield name, Noted((size, modified), asked, outcome == Outcome.DONE.value, digest, rows.parse_time(at))


def _former(stored: str | None) -> Noted | None:
    """What the row of a look that failed keeps of an earlier one."""
    try:
        found = json.loads(stored or "")
        size, modified = found[_OF]
    except (ValueError, KeyError, TypeError):
        return None
    return Noted((size, modified), stored, is_done=False)


def _values(filename: str, look: Look, kept: str | None, now: str, user: str) -> tuple[object, ...]:
    effort = None if look.effort is None else look.effort.text()
    return (
        filename, int(look.engine), look.outcome.value,
        json.dumps([rows.storable(reason) for reason in look.reasons[:_MOST_REASONS]]),
        int(look.complete), look.planes, look.places, None if look.worst is None else look.worst.value,
        look.digest, look.size, look.modified_ns, now, user, kept if look.outcome.value in _NOTHING else effort,
    )  # fmt: skip


def read_looks(session: Session, filename: str) -> list[Look]:
    """The looks at one file, the oldest first."""
    found = session.connection.execute(_all(session).where(looks.c.filename == filename).order_by(looks.c.id))
    return [_look(dict(row)) for row in found.mappings()]


def _all(session: Session) -> Select[Any]:
    # A database that is only read may lack the newest column.
    has_all = session.has(EFFORTS)
    return select(*(column for column in looks.columns if has_all or column is not looks.c.effort))


_SHORT = """
SELECT l.filename FROM dcmaudit_looks AS l
WHERE l.filename IN ({among}) AND coalesce(l.outcome, '') <> '{done}'
AND NOT EXISTS (SELECT 1 FROM dcmaudit_looks AS m WHERE m.filename = l.filename AND m.id > l.id)
"""


def shortfalls(session: Session, filenames: Sequence[str]) -> dict[str, Look]:
    """Of these files those that the newest look did not see wholly, each with that look."""
    newest: dict[str, Look] = {}
    chosen, bound = among(session, [name for name in filenames if rows.is_storable_name(name)])
    # Few of many: for the others no record is made.
    names = [str(name) for (name,) in session.rows(_SHORT.format(among=chosen, done=Outcome.DONE.value), bound)]
    for start in range(0, len(names), _CHUNK):
        query = _all(session).where(looks.c.filename.in_(names[start : start + _CHUNK])).order_by(looks.c.id)
        for row in session.connection.execute(query).mappings():
            newest[row["filename"]] = _look(dict(row))
    return {name: look for name, look in newest.items() if look.outcome is not Outcome.DONE}


_COUNTS = """
SELECT outcome, count(*) FROM dcmaudit_looks AS l
WHERE NOT EXISTS (SELECT 1 FROM dcmaudit_looks AS m WHERE m.filename = l.filename AND m.id > l.id) GROUP BY outcome
"""


def count_looks(session: Session) -> dict[Outcome, int]:
    """How many files there are by how the newest look at them ended."""
    counts: dict[Outcome, int] = {}
    for stored, count in session.rows(_COUNTS, {}):
        outcome = _outcome(stored)
        counts[outcome] = counts.get(outcome, 0) + count
    return {outcome: counts[outcome] for outcome in Outcome if outcome in counts}


def _outcome(stored: str) -> Outcome:
    # Whatever this version does not know was not a look at all planes.
    return next((one for one in Outcome if one.value == stored), Outcome.FAILED)


def _look(row: Mapping[str, Any]) -> Look:
    engine = int(row["engine"])
    worst, outcome = row["worst"], _outcome(row["outcome"])
    # What the row of a look that failed keeps is what another one was asked.
    asked = None if outcome.value in _NOTHING else row.get("effort")
    return Look(
        engine=ocr_engine(engine),
        outcome=outcome,
        reasons=_reasons(row["reasons"]),
        complete=row["complete"] == 1,
        planes=row["planes"],
        places=row["places"],
        worst=None if worst is None else _verdict(worst),
        digest=row["digest"],
        size=row["size"],
        modified_ns=row["modified_ns"],
        at=rows.parse_time(row["looked_at"]),
        by=row["looked_by"],
        effort=None if asked is None else Effort.parse(asked),
    )


def _verdict(number: object) -> Verdict:
    # A verdict of a newer version is none that this one may take for harmless.
    return next((one for one in Verdict if one.value == number), Verdict.UNKNOWN)


def _reasons(stored: str) -> tuple[str, ...]:
    try:
        found = json.loads(stored)
    except ValueError:
        return ("its reason cannot be read",)
    return tuple(str(one) for one in found) if isinstance(found, list) else ("its reason cannot be read",)
