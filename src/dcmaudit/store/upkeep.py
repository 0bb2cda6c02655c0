"""What is done with a database as a whole: a copy of it, recognised text taken out, marks counted anew."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from dcmaudit.errors import StoreCorruptError, StoreError, StoreReadOnlyError, UsageError
from dcmaudit.store import marks, rows, searches, soundness, sums
from dcmaudit.store.database import Database
from dcmaudit.store.part import StorePart
from dcmaudit.store.schema import HEAD, LEDGER, OLD_COLUMNS
from dcmaudit.store.session import Session
from dcmaudit.store.sqlite import SqliteBackend
from dcmaudit.store.translate import translated

_EVERYWHERE = '"top" = -1 AND "bottom" = -1 AND "left" = -1 AND "right" = -1'
_TEXTS = ("ocrtext", "ocr")
"""Columns of recognised text; the second one only in old databases."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased: texts of rectangles and searches, summaries (rows that held nothing else), texts kept for undo.

    ``left`` are sentences about where text still is as far as the database can tell; ``without`` are the files that
    were named and had none.
    """

    texts: int
    summaries: int
    undo: int
    left: tuple[str, ...]
    without: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return self.texts + self.summaries + self.undo


class Upkeep(StorePart):
    """The database as a whole."""

    def backup(self, target: Path) -> None:
        """Write a whole copy to ``target`` (mode 0600) while others go on working; it is looked at for damage first.

        UsageError where ``target`` exists or cannot be written, StoreCorruptError where the copy is damaged, which
        is dropped then; StoreError for a server, which has programs of its own for this.
        """
        backend = self._database.backend
        if not isinstance(backend, SqliteBackend):
            raise StoreError("a database of a server is copied by its own programs", hint="pg_dump makes a copy")
        if os.path.lexists(target):
            raise UsageError("it exists already; nothing was written", file=str(target), hint="choose another name")
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            self._copy(part)
            os.link(part, target)  # renaming could replace a file that was made meanwhile
        except FileExistsError:
            raise UsageError("it exists already; nothing was written", file=str(target)) from None
        except OSError as error:
            raise UsageError(f"the copy cannot be written: {error.strerror}", file=str(target)) from error
        finally:
            for ending in ("", "-wal", "-shm", "-journal"):
                with suppress(OSError):
                    Path(f"{part}{ending}").unlink()

    def _copy(self, part: Path) -> None:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with self._database.reading() as session, closing(sqlite3.connect(part, isolation_level=None)) as copy:
            raw = session.connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)  # noqa: S101 (no other kind is copied)
            raw.backup(copy)
            # One file alone: what is read from it needs no log beside it.
            copy.execute("PRAGMA journal_mode = delete")
        with open(part, "rb") as file:  # noqa: PTH123
            os.fsync(file.fileno())
        checked = Database(part, read_only=True, timeout=10, check=False)
        try:
            found = soundness.findings(checked)
        finally:
            checked.close()
        if found:
            raise StoreCorruptError(
                f"the copy is damaged, as the database is: {found[0]}", file=self._database.name,
                hint="it was dropped; `cp` copies the file as it is, and `sqlite3 FILE .recover` may save what is left",
            )  # fmt: skip

    # --- room and order -----------------------------------------------------------------------------------------

    def compact(self) -> tuple[int, int]:
        """Write the database anew without the room that removed rows left; its size in bytes before and after.

        On a server the tables are vacuumed and analysed where they are. StoreLockedError or StoreError where others
        use it, or where there is no room on the disk for the copy that this needs; nothing is lost then.
        """
        backend = self._database.backend
        if self._database.backend.refusal is not None:
            raise StoreReadOnlyError(f"nothing was done: {backend.refusal}", file=self._database.name)
        with self._database.reading() as session:
            before = _size(session)
        with translated(self._database.name):
            backend.compact(self._database.engine())
        with self._database.reading() as session:
            return before, _size(session)

    # --- marks that do not agree --------------------------------------------------------------------------------

    def recount(self, filename: str) -> bool:
        """Count the file's marks as they are now, and take its tag row away: somebody has to look at it again.

        Whether there was anything to do. StoreCorruptError where there is and the database is damaged in any other
        way; all of it is read for that.
        """
        rows.check_name(filename)
        with self._database.reading() as session:
            # An older shape is brought up to date in any case: by that, people make a database ready to be merged.
            if session.has_own and session.step == HEAD and not sums.is_disagreeing(session, filename):
                return False
        found = soundness.damage_of(self._database)
        if found:
            raise StoreCorruptError(f"the database is damaged: {found[0]}", file=self._database.name)
        with self._database.writing(filename) as session:
            if not sums.is_disagreeing(session, filename):
                return False
            # Counted and believed now, but no longer done: whoever finished it saw other marks.
            marks.restore_tag(session, filename, None)
            sums.count_anew(session.connection, filename)
            self._note(session, "marks counted anew: to be reviewed", filename, 1)
            return True

    # --- recognised text ----------------------------------------------------------------------------------------

    def forget_text(self, filenames: Sequence[str] | None, *, before: datetime | None = None) -> Forgotten:
        """Erase recognised text, of these files or of all, older than ``before`` where it is given.

        Rectangles, verdicts and engines stay. The free pages of a file are overwritten and its log is emptied.
        """
        with self._database.writing(*(filenames or ())) as session:
            if session.is_sqlite:
                session.connection.exec_driver_sql("PRAGMA secure_delete = ON")
            forgotten, without = [0, 0, 0], list[str]()
            for filename in [None] if filenames is None else filenames:
                counts = _forget(session, filename, before)
                forgotten = [so_far + count for so_far, count in zip(forgotten, counts, strict=True)]
                if any(counts):
                    self._note(session, "recognised text forgotten", filename, sum(counts))
                elif filename is not None:
                    without.append(filename)
        texts, summaries, undo = forgotten
        return Forgotten(texts, summaries, undo, tuple(self._scrub()), tuple(without))

    def _scrub(self) -> list[str]:
        """Rewrite the file and empty its log; sentences about what that could not reach."""
        backend = self._database.backend
        if not isinstance(backend, SqliteBackend):
            return ["the server keeps old rows until VACUUM FULL, and its logs and copies for as long as it is set to"]
        with closing(backend.connect_alone()) as raw:
            try:
                raw.execute("PRAGMA secure_delete = ON")
                raw.execute("VACUUM")
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.OperationalError:
                busy = 1
        if busy:
            return ["free pages and the write-ahead log of the file, which others are using: close it there and repeat"]
        return []


def _size(session: Session) -> int:
    if session.is_sqlite:
        pages, size = (session.rows(f"PRAGMA {name}", {})[0][0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)
    return int(session.rows("SELECT pg_database_size(current_database())", {})[0][0])


def _forget(session: Session, filename: str | None, before: datetime | None) -> tuple[int, int, int]:
    chosen, values = "", {}
    if filename is not None:
        chosen, values = " AND filename = :filename", {"filename": filename}
    texts = summaries = 0
    for table in ("DicomRects", "dcmaudit_rects"):
        when = ""
        if before is not None:
            # Both tables note the local time, to the second.
            when = " AND (last_modified IS NULL OR last_modified < :before)"
            values["before"] = before.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        has_old = table == "DicomRects" and OLD_COLUMNS[1] in _columns(session, table)
        columns = _TEXTS if has_old else _TEXTS[:1]
        holds = " OR ".join(f"{column} <> ''" for column in columns)
        blank = ", ".join(f"{column} = ''" for column in columns)
        # A summary without its text would say that the engine had looked at every plane.
        gone = f'DELETE FROM "{table}" WHERE {_EVERYWHERE} AND ({holds}){chosen}{when}'  # noqa: S608 (constants)
        summaries += session.connection.execute(text(gone), values).rowcount
        emptied = f'UPDATE "{table}" SET {blank} WHERE ({holds}){chosen}{when}'  # noqa: S608 (constants)
        texts += session.connection.execute(text(emptied), values).rowcount
    texts += searches.forget_words(session, filename, before)
    return texts, summaries, _forget_removed(session, filename, before)


def _columns(session: Session, table: str) -> set[str]:
    found = session.connection.execute(text(f'SELECT * FROM "{table}" LIMIT 0'))  # noqa: S608 (constants)
    return set(found.keys())


def _forget_removed(session: Session, filename: str | None, before: datetime | None) -> int:
    """Texts in the rows that are kept for undo."""
    if not session.has(LEDGER):
        return 0
    chosen = "" if filename is None else " WHERE filename = :filename"
    values = {} if filename is None else {"filename": filename}
    count = 0
    found = session.rows(f"SELECT id, contents, removed_at FROM dcmaudit_removed{chosen}", values)  # noqa: S608
    for number, contents, at in found:
        noted = rows.parse_time(at)
        if before is not None and noted is not None and noted >= before.astimezone():
            continue
        emptied, texts = _without_texts(json.loads(contents))
        if texts:
            count += texts
            query = text("UPDATE dcmaudit_removed SET contents = :contents WHERE id = :id")
            session.connection.execute(query, {"contents": json.dumps(emptied), "id": number})
    return count


def _without_texts(value: object) -> tuple[object, int]:
    """The same JSON with every recognised text empty, and how many there were."""
    if isinstance(value, dict):
        count, result = 0, dict[str, object]()
        for key, part in value.items():
            if key == "uncovered":  # by the names of people, of which one may be called like a column
                result[key] = part
            elif key in _TEXTS and part:
                result[key], count = "", count + 1
            else:
                result[key], inner = _without_texts(part)
                count += inner
        return result, count
    if isinstance(value, list):
        pairs = [_without_texts(part) for part in value]
        return [pair[0] for pair in pairs], sum(pair[1] for pair in pairs)
    return value, 0
