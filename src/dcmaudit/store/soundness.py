"""Whether a database may be believed: asked before anything is done with its marks, once for each change of its file.

What was found sound is remembered by what the system says of the file (and of its write-ahead log): place, size and
times, of which one cannot be set. Any difference, and a file that changed in the very moment of the look, is looked at
again. A disk can lose bits without a change of the file, so that nothing is remembered for longer than a day.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import platformdirs

from dcmaudit import __version__
from dcmaudit.errors import StoreCorruptError
from dcmaudit.model.counts import counted
from dcmaudit.store import sums
from dcmaudit.store.formula import disagreement
from dcmaudit.store.migrate import DAMAGE_HINT
from dcmaudit.store.session import Readable, Session
from dcmaudit.store.sqlite import is_on_network
from dcmaudit.wholefile import whole_text

_MOST = 10
_DAY_S = 24 * 3600.0
_RACE_NS = 3_000_000_000
"""Times of files move in steps; what changed within the last seconds could change again without a new time."""
_FORMAT = 1

State = list[list[int]]


def state_of(path: Path) -> State:
    """What the system says of the file and of its log, [] for what is not there."""
    return [_status(path), _status(Path(f"{path}-wal")), _status(Path(f"{path}-journal"))]


def _status(path: Path) -> list[int]:
    try:
        status = path.stat()
    except OSError:
        return []
    is_log = path.name.endswith(("-wal", "-journal"))
    if is_log and not status.st_size:
        return []  # made by every reader, and nothing is in it
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def memory_path(path: Path) -> Path:
    """Where it is noted that a database was found sound; it need not exist."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:32]
    return platformdirs.user_state_path("dcmaudit", appauthor=False) / "sound" / name


def is_known_sound(path: Path, state: State) -> bool:
    """Whether the file in this state was found sound within a day."""
    return _noted(path, state) is not None


def known_problems(path: Path, state: State) -> int | None:
    """How many rows of the file in this state are not understood; None where nobody has counted them within a day."""
    problems = (_noted(path, state) or {}).get("problems")
    return problems if isinstance(problems, int) and problems >= 0 else None


def note_problems(path: Path, state: State, problems: int) -> None:
    """Remember that count, for as long as it is remembered that the file in this state was found sound."""
    noted = _noted(path, state)
    if noted is not None:
        _write(memory_path(path), noted | {"problems": problems})


def _noted(path: Path, state: State) -> dict[str, Any] | None:
    """What is remembered of the file in this state; None for nothing, or where it is older than a day."""
    try:
        noted = json.loads(memory_path(path).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(noted, dict) or noted.get("format") != _FORMAT or noted.get("state") != state:
        return None
    # Another version may understand other rows.
    if noted.get("version") != __version__:
        return None
    at = noted.get("at")
    return noted if isinstance(at, int | float) and 0 <= time.time() - at < _DAY_S else None


def _remember(path: Path, state: State) -> None:
    # The last two of each part are times: of the content, and of anything about the file.
    newest = max((each for part in state for each in part[3:]), default=0)
    # Other machines' clocks and caches make times of a network file worth little.
    if time.time_ns() - newest < _RACE_NS or is_on_network(path):
        return
    noted = {"format": _FORMAT, "version": __version__, "state": state, "at": time.time()}
    _write(memory_path(path), noted)


def _write(memory: Path, noted: dict[str, Any]) -> None:
    with suppress(OSError):  # then it is looked at again next time
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_text(memory, mode=0o600) as stream:
            json.dump(noted, stream)


def require_sound(database: Readable, path: Path, log_damage: str | None, before: State) -> None:
    """StoreCorruptError for a file that is damaged, with what is to be done.

    ``log_damage`` was found before SQLite opened the file, ``before`` is what the system said of it then.
    """
    # No file, or an empty one: nothing can be damaged yet.
    if not before[0] or not before[0][2] or is_known_sound(path, before):
        return
    found = [log_damage] if log_damage else damage_of(database)
    if not found:
        with database.reading() as session:
            others = sums.disagreeing(session, _MOST)
        if others:
            raise disagreement(others, database.name)
    if found:
        more = f" (and {counted(len(found) - 1, 'more such finding')})" if len(found) > 1 else ""
        raise StoreCorruptError(f"the database is damaged: {found[0]}{more}", file=database.name, hint=DAMAGE_HINT)
    if state_of(path) == before:
        _remember(path, before)


def damage_of(database: Readable) -> list[str]:
    """Sentences about damage to the file's pages, its indexes and the triggers that keep the sums."""
    with database.reading() as session:
        return pages_of(session) or missing_triggers(session)


def pages_of(session: Session) -> list[str]:
    """What SQLite finds when it reads every page and compares every index with its table."""
    if not session.is_sqlite:
        return []
    # quick_check would be four times as fast, and misses an index that disagrees with its table.
    found = session.connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
    return [" ".join(str(line).split()) for line in found if line != "ok"]


def missing_triggers(session: Session) -> list[str]:
    """Sentences about triggers that are not there as we made them: without them a sum says nothing."""
    if not session.has_sums or not session.is_sqlite:
        return []
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    there = {str(name): str(sql) for name, sql in session.rows(query, {})}
    return [
        f"the trigger {name}, which keeps the sums of marks, is not there as it was made"
        for name, sql in sums.sqlite_triggers(session.step or "").items()
        if there.get(name) != sql
    ]


def is_sound(database: Readable, path: Path) -> bool:
    """Whether the file, as it is now, was found sound within a day."""
    state = state_of(path)
    return bool(state[0]) and database.log_damage is None and is_known_sound(path, state)


def checked(database: Readable, path: Path | None) -> list[str]:
    """``findings``; where there are none, that is remembered."""
    before = state_of(path) if path is not None else []
    found = findings(database)
    if path is not None and before[0] and not found and state_of(path) == before:
        _remember(path, before)
    return found


def findings(database: Readable) -> list[str]:
    """Everything that can be found wrong, in sentences, for whoever wants to know; never an error for damage."""
    found = [database.log_damage] if database.log_damage else []
    try:
        found += damage_of(database)
        with database.reading() as session:
            others = sums.disagreeing(session, _MOST)
    except StoreCorruptError as error:
        return [*found, error.message]
    return [*found, *(f"the marks of {name} are not those that were stored" for name in others)]
