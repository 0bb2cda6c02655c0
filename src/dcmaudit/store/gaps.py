"""Files that could not be audited wholly: a part of them could not be shown, or an engine could not look at it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from dcmaudit.store import looks, rows
from dcmaudit.store.schema import UNSHOWN, unshown
from dcmaudit.store.session import Session

_CHUNK = 500


def write_unshown(session: Session, filename: str, parts: int, user: str) -> None:
    """Note how many parts of the file could not be shown, in place of what was noted before; 0: nothing is noted."""
    session.connection.execute(delete(unshown).where(unshown.c.filename == filename))
    if parts:
        values = {"filename": filename, "parts": parts, "noted_at": rows.utc_now(), "noted_by": user}
        session.connection.execute(insert(unshown).values(**values))


def gap_words(parts: int) -> str:
    """What is missing of a file of which ``parts`` planes or other parts could not be shown."""
    return f"{parts} {'part of it' if parts == 1 else 'parts of it'} could not be shown"


def gaps(session: Session, filenames: Sequence[str]) -> dict[str, str]:
    """Of these files those that could not be audited wholly, each with what was missing."""
    names = [name for name in filenames if rows.is_storable_name(name)]
    found: dict[str, str] = {}
    if session.has_looks:
        for name, look in looks.shortfalls(session, names).items():
            found[name] = f"ocr: {look.outcome.value}: {'; '.join(look.reasons)}"
    for start in range(0, len(names) if session.has(UNSHOWN) else 0, _CHUNK):
        query = select(unshown).where(unshown.c.filename.in_(names[start : start + _CHUNK]))
        for row in session.connection.execute(query):
            found[row.filename] = "; ".join([gap_words(row.parts), *filter(None, [found.get(row.filename)])])
    return found
