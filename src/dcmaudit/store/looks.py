"""What engines looked at: one row a file and engine, replaced by the next look."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

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


_COLUMNS = tuple(column.name for column in looks.columns if column.name != "id")


def write_many(session: Session, new: Sequence[tuple[str, Look]], user: str) -> None:
    """The same for many files, each once."""
    if not new:
        return
    now = rows.utc_now()
    by_engine: dict[int, list[str]] = {}
    for filename, look in new:
        by_engine.setdefault(int(look.engine), []).append(filename)
    nothing = ", ".join(f"'{outcome}'" for outcome in _NOTHING)
    for engine, filenames in by_engine.items():
        chosen, bound = among(session, filenames)
        query = (
            f"DELETE FROM dcmaudit_looks WHERE filename IN ({chosen}) "  # noqa: S608 (constants of ours)
            f"AND (engine = {engine} OR outcome IN ({nothing}))"
        )
        session.connection.execute(text(query), bound)
    insert_many(session, looks.name, _COLUMNS, (_values(filename, look, now, user) for filename, look in new))


def _values(filename: str, look: Look, now: str, user: str) -> tuple[object, ...]:
    return (
        filename, int(look.engine), look.outcome.value,
        json.dumps([rows.storable(reason) for reason in look.reasons[:_MOST_REASONS]]),
        int(look.complete), look.planes, look.places, None if look.worst is None else look.worst.value,
        look.digest, look.size, look.modified_ns, now, user, None if look.effort is None else look.effort.text(),
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
    worst = row["worst"]
    return Look(
        engine=ocr_engine(engine),
        outcome=_outcome(row["outcome"]),
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
        effort=None if row.get("effort") is None else Effort.parse(row["effort"]),
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
