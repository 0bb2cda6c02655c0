"""SQLite: one file, several processes, and what each file system and permission allows.

An existing file is not touched by opening it. Only the first write switches it to WAL, closes it to other users
and adds our tables.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event

from dcmaudit.errors import StoreError, StoreReadOnlyError
from dcmaudit.store.companions import write_companions
from dcmaudit.store.rows import UnreadableText

log = logging.getLogger(__name__)
T = TypeVar("T")

_NETWORK = {
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs",
    "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse.ceph", "fuse.beegfs", "fuse.rclone", "orangefs", "pvfs2",
}  # fmt: skip
"""File systems that several machines may share: WAL needs memory shared by all users of the file."""

_KINDS = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)  # fmt: skip

_SLICE = 1.0
"""Seconds that SQLite waits by itself: so long is nothing said, and so long does a signal wait."""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

WRITE = "dcmaudit_write"
"""The execution option by which a transaction says that it is going to write."""


class SqliteBackend:
    """One database file. ``refusal`` says why it may only be read, None where it may be written; ``is_new`` whether it
    was made just now."""

    kind = "SQLite"

    def __init__(self, path: Path, *, read_only: bool, timeout: float) -> None:
        self.path = path
        self.name = str(path)
        self.notes: list[str] = []
        self.is_new = False
        self._timeout = timeout
        self._inode: tuple[int, int] | None = None
        self._refuse_devices()
        self.refusal = "it was opened for reading only" if read_only else self._make_writable()
        self.journal = "delete" if is_on_network(path) else "wal"
        if is_there(path):
            self._remember()

    # --- making and closing -------------------------------------------------------------------------------------

    def _refuse_devices(self) -> None:
        """StoreError for a pipe, socket or device in the place of a file of the database: opening it may block."""
        for ending in ("", "-wal", "-shm", "-journal"):
            place = Path(f"{self.path}{ending}")
            try:
                mode = place.stat().st_mode
            except OSError:
                continue  # what cannot be reached is said later
            if not stat.S_ISREG(mode):
                kind = next((word for test, word in _KINDS if test(mode)), "not a file")
                raise StoreError(f"{place.name} is {kind}", file=self.name, hint="choose another name with --db")

    def _make_writable(self) -> str | None:
        """Make folder and file where they are missing; the reason where the database cannot be written."""
        path = self.path
        try:
            _make_folders(path.parent)
            if not path.exists():
                _make_file(path)
                self.is_new = True
        except FileExistsError:
            pass  # another process was quicker
        except OSError as error:
            if is_there(path):
                return "the file may not be written"
            raise StoreError(
                f"the database cannot be made: {error.strerror}",
                file=self.name,
                hint="choose another folder with --db DIR",
            ) from error
        if not path.is_file():
            raise StoreError("it is not a file", file=self.name, hint="choose another name with --db")
        if not os.access(path, os.W_OK):
            return "the file may not be written"
        if not os.access(path.parent, os.W_OK):
            return "the folder may not be written, and SQLite needs files beside the database"
        return None

    def _remember(self) -> None:
        status = self.path.stat()
        self._inode = (status.st_dev, status.st_ino)

    def check_in_place(self) -> None:
        """StoreError where the file was moved or deleted meanwhile: what is written now would be lost."""
        try:
            status = self.path.stat()
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._inode:
            raise StoreError(
                "the database was moved, deleted or replaced while it was in use",
                file=self.name,
                hint="put it back, or start again",
            )

    # --- connections --------------------------------------------------------------------------------------------

    def engine(self) -> Engine:
        """A new engine whose connections obey the rules of this module."""
        # A reader opens the file anew each time: it may appear, be replaced or change its journal meanwhile.
        pool: dict[str, Any] = (
            {"poolclass": NullPool}
            if self.refusal
            else {"poolclass": QueuePool, "pool_size": 4, "max_overflow": 60, "pool_timeout": self._timeout}
        )
        engine = create_engine("sqlite://", creator=self._connect, hide_parameters=True, **pool)
        event.listen(engine, "begin", self._begin)
        event.listen(engine, "commit", self._commit)
        return engine

    def _connect(self) -> sqlite3.Connection:
        if not is_there(self.path) and self.refusal is not None:
            return self._open(":memory:")  # nothing there yet, and nothing may be made: an empty database
        if not os.access(self.path, os.R_OK):
            raise StoreError("the database may not be read", file=self.name, hint="ask its owner, or choose another")
        uri = self.path.as_uri()
        if self.refusal is None:
            connection = self._open(f"{uri}?mode=rw")
            try:
                # What a statement with triggers may have to take back is kept in memory: in a file it takes three times
                # as long, and recognised text may be in it.
                connection.execute("PRAGMA temp_store = memory")
                # EXTRA also syncs the folder after the journal went, which WAL does not need.
                self._patiently(
                    lambda: connection.execute(f"PRAGMA synchronous = {'FULL' if self.journal == 'wal' else 'EXTRA'}")
                )
            except BaseException:
                connection.close()  # nobody else has it: the file would stay open
                raise
            return connection
        if os.access(self.path.parent, os.W_OK) or not is_wal(self.path):
            return self._open(f"{uri}?mode=ro")
        return self._open_beyond_reach(uri)

    def connect_alone(self) -> sqlite3.Connection:
        """A connection of its own, in no transaction and in no pool, for what can be done in none; to be closed."""
        return self._open(f"{self.path.as_uri()}?mode=rw")

    def compact(self, _: Engine) -> None:
        """Write the file anew, and measure which index is worth what; sqlite3.OperationalError while it is used."""
        raw = self.connect_alone()
        try:
            self._patiently(lambda: raw.execute("VACUUM"))
            self._patiently(lambda: raw.execute("PRAGMA optimize"))
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.close()

    def _open_beyond_reach(self, uri: str) -> sqlite3.Connection:
        """A reader of a WAL database in a folder where SQLite can make no files."""
        wal, shm = Path(f"{self.path}-wal"), Path(f"{self.path}-shm")
        if not wal.exists() or wal.stat().st_size == 0:
            # Nothing is pending: the file alone is the whole database, and no log has to be made.
            return self._open(f"{uri}?immutable=1")
        if shm.exists() and os.access(wal, os.R_OK) and os.access(shm, os.R_OK):
            return self._open(f"{uri}?mode=ro")
        raise StoreReadOnlyError(
            f"the newest changes are in {wal.name} and can be read only where files can be made beside it",
            file=self.name,
            hint="copy the database and its -wal file to a folder of your own, or open it once where it can be written",
        )

    def _open(self, uri: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=uri != ":memory:",
            timeout=min(self._timeout, _SLICE),
            isolation_level=None,  # BEGIN is ours, see _begin
            check_same_thread=False,
        )
        # Old files may hold bytes that are no UTF-8: shown as \xNN rather than making the row unreadable.
        connection.text_factory = _decode
        return connection

    # --- writing ------------------------------------------------------------------------------------------------

    def prepare(self, connection: Connection) -> None:
        """Before the first write, outside a transaction: the journal mode and the permissions."""
        self._tighten()
        wanted = self.journal
        found = self._switch_journal(connection, wanted)
        if wanted == "delete":
            self._note("the database is on a network file system: slower, but safe from several machines at once")
            if found == "wal":
                self._note("it is in WAL mode, which is not safe there; close it everywhere and open it once more")
        elif found != "wal":
            self.journal = found
            self._note(f"this file system cannot keep a write-ahead log; the journal is {found!r}")

    def _switch_journal(self, connection: Connection, wanted: str) -> str:
        # The switch needs the file alone and does not always wait for it by itself.
        raw = _raw(connection)
        return str(self._patiently(lambda: raw.execute(f"PRAGMA journal_mode = {wanted}").fetchone()[0])).lower()

    # --- waiting ------------------------------------------------------------------------------------------------

    def _patiently(self, step: Callable[[], T]) -> T:
        """Take a step that needs a lock, and again until the timeout; say so where another process holds it.

        SQLite's own waiting says nothing and does not end before its time, for a signal neither: it gets slices.
        """
        begun, is_said = time.monotonic(), False
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - begun
                # The low byte is the kind; what stands above tells which lock it was.
                if error.sqlite_errorcode & 0xFF not in _BUSY or waited >= self._timeout:
                    raise
            if not is_said and waited >= _SLICE / 2:
                is_said = True
                log.warning(
                    "waiting for %s: another process holds it; for %g seconds at most", self.name, self._timeout
                )
            time.sleep(0.02)

    def _begin(self, connection: Connection) -> None:
        raw = _raw(connection)
        writes = connection.get_execution_options().get(WRITE, False)
        self._patiently(lambda: raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN"))
        if not writes:
            # A reader's lock is taken by its first question: here, where it can be waited for.
            self._patiently(lambda: raw.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone())

    def _commit(self, connection: Connection) -> None:
        raw = _raw(connection)
        if raw.in_transaction:  # in the older journal mode it waits for every reader
            self._patiently(lambda: raw.execute("COMMIT"))

    def _tighten(self) -> None:
        """Take every right from others, and the group's unless it may write (a team that shares on purpose)."""
        for path in (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm")):
            try:
                mode = stat.S_IMODE(path.stat().st_mode)
            except OSError:
                continue
            wanted = mode & (0o660 if mode & stat.S_IWGRP else 0o600)
            if wanted == mode:
                continue
            try:
                path.chmod(wanted)
            except OSError:
                self._note(f"{path.name} can be read by others (mode {mode:04o}) and belongs to somebody else")
            else:
                self._note(f"{path.name} could be read by others (mode {mode:04o}); now it has mode {wanted:04o}")

    def upgraded(self, former: frozenset[str]) -> None:
        """After the steps were carried out, before they are committed; ``former`` are the tables there were."""
        # A database that the original made has its own descriptions already.
        if not former & {"DicomRects", "DicomTags"}:
            write_companions(self.path)

    def lock(self, connection: Connection, names: tuple[str, ...]) -> None:
        """Nothing: BEGIN IMMEDIATE has the whole file already."""

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def is_there(path: Path) -> bool:
    """Whether there is such a file, and no error where a folder on the way may not be entered."""
    return os.path.exists(path)  # noqa: PTH110 (pathlib's raises)


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 (this engine makes no others)
    return raw


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return UnreadableText(data.decode("utf-8", "backslashreplace"))


def _make_folders(folder: Path) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for part in reversed(missing):
        try:
            part.mkdir(mode=0o700)
        except FileExistsError:
            continue
        part.chmod(0o700)


def _make_file(path: Path) -> None:
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.fchmod(number, 0o600)  # the umask may have taken more than is good
    finally:
        os.close(number)


def is_wal(path: Path) -> bool:
    """Whether the header says that the file is read through a write-ahead log; what cannot be read says nothing."""
    try:
        with path.open("rb") as file:
            header = file.read(20)
    except OSError:
        return False
    # Byte 18 is the write version: 2 is WAL (SQLite's file format, 1.3.3).
    return len(header) == 20 and header[18] == 2


def is_on_network(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether the file is, or would be, on a file system that other machines may mount as well."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    target = path.resolve()
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # Blanks in the path of a mount are written as \040.
        point = Path(fields[1].encode("utf-8", "surrogateescape").decode("unicode_escape", "replace"))
        # A later line covers an earlier one at the same place.
        if target.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind in _NETWORK
