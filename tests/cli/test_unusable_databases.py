"""Databases that cannot be had: pipes, devices, locked ones, full disks, homes of nobody."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.errors import StoreLockedError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, open_store
from support.corpus import package_file

NAME = "dcmaudit.sqlite.db"
RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0))


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)  # a path may be too long for a socket


KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}
COMMANDS = [
    ["db", "info"], ["db", "dump"], ["--dump-database"], ["redact", "--from-db"], ["ocr", "a.dcm"],
    ["rules", "make", "-o", "r"], ["db", "identify", "a.dcm"],
]  # fmt: skip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, with an image in it. Whatever blocks is ended."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(package_file("CT_small.dcm"), "a.dcm")

    def too_long(_number: int, _frame: object) -> None:
        raise AssertionError("it blocks")

    former = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("name", ["x.db", "plain"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_at_once(
    here: Path, kind: str, name: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    KINDS[kind](here / name)
    assert main(["--db", name, *words]) == Exit.NOT_ALL
    assert f"{name} is {kind}" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_a_pipe_beside_the_file_is_refused_at_once(here: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(here / NAME, user="tester") as store:
        store.add_rects("/a.dcm", [RECT])
    for each in ("-wal", "-shm"):
        Path(f"{here / NAME}{each}").unlink(missing_ok=True)
    os.mkfifo(f"{here / NAME}{ending}")
    assert main(["--db", str(here), "db", "info"]) == Exit.NOT_ALL
    assert f"{NAME}{ending} is a pipe" in capsys.readouterr().err


# --- of another shape than they say --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [*COMMANDS, ["db", "backup", "b.db"], ["db", "recount", "a.dcm"]], ids=" ".join)
def test_a_database_that_lacks_a_column_is_named_in_one_line_and_left_alone(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = _without_effort(here / NAME)
    assert main(["--db", str(here), *words]) == Exit.NOT_ALL
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{here / NAME}: the database is damaged: the table dcmaudit_looks lacks the column effort" in line
    assert "dcmaudit db backup" in line
    assert (here / NAME).read_bytes() == before


def test_nothing_is_merged_from_a_database_that_lacks_a_column(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _without_effort(here / NAME)
    assert main(["--db", "all.db", "db", "merge", NAME]) == Exit.NOT_ALL
    assert "the table dcmaudit_looks lacks the column effort" in capsys.readouterr().err


def _without_effort(path: Path) -> bytes:
    with open_store(path, user="tester") as store:
        store.add_rects("/a.dcm", [RECT])
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("ALTER TABLE dcmaudit_looks DROP COLUMN effort")
    return path.read_bytes()


# --- locked -------------------------------------------------------------------------------------------------------


@pytest.fixture
def locked(here: Path) -> Iterator[sqlite3.Connection]:
    """A database of the older journal mode that somebody holds for himself, against readers too."""
    with open_store(here / NAME, user="tester") as store:
        store.add_rects(str(here / "a.dcm"), [RECT])
    holder = sqlite3.connect(here / NAME, isolation_level=None)
    holder.execute("PRAGMA journal_mode = delete")
    holder.execute("BEGIN EXCLUSIVE")
    yield holder
    holder.close()


@pytest.mark.parametrize("words", [["db", "dump"], ["redact", "--from-db"], ["db", "identify", "a.dcm"]], ids=" ".join)
def test_a_locked_database_is_waited_for_with_words_and_then_given_up(
    here: Path, locked: sqlite3.Connection, words: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setenv("DCMAUDIT_DB_WAIT", "2")
    begun = time.monotonic()
    assert main(["--db", str(here), *words]) == Exit.NOT_ALL
    assert time.monotonic() - begun >= 2
    told = capsys.readouterr().err
    assert f"waiting for {here / NAME}: another process holds it; for 2 seconds at most" in told
    assert told.count("waiting for") == 1
    assert "another process holds the database for too long" in told
    assert "DCMAUDIT_DB_WAIT" in told


def test_a_lock_that_ends_in_time_is_no_failure(here: Path) -> None:
    with open_store(here / NAME, user="tester") as store:
        store.add_rects("/a.dcm", [RECT])
    code = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep(2.5)"
    )
    with subprocess.Popen([sys.executable, "-c", code, here / NAME], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with open_store(here / NAME, user="tester", timeout=50) as store:
            assert store.add_rects("/b.dcm", [RECT])


def test_a_commit_waits_for_readers_in_the_older_journal_mode(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.store.sqlite.is_on_network", lambda _: True)
    with open_store(here / NAME, user="tester", timeout=2) as store:
        store.add_rects("/a.dcm", [RECT])
        reader = sqlite3.connect(here / NAME, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM DicomRects").fetchone()
        with pytest.raises(StoreLockedError):
            store.add_rects("/b.dcm", [RECT])
        reader.close()
        assert store.rects("/b.dcm") == []
        store.add_rects("/b.dcm", [RECT])
        assert len(store.rects("/b.dcm")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_waiting(here: Path, locked: sqlite3.Connection, number: signal.Signals) -> None:
    assert locked.in_transaction
    run = subprocess.Popen(
        [sys.executable, "-m", "dcmaudit", "--db", here, "redact", "--from-db"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "DCMAUDIT_DB_WAIT": "600"},
    )  # fmt: skip
    assert run.stderr is not None
    assert "waiting for" in run.stderr.readline()
    run.send_signal(number)
    assert run.wait(20) == Exit.INTERRUPTED
    run.stderr.close()


# --- no room, no place --------------------------------------------------------------------------------------------


@pytest.fixture
def full(here: Path) -> Iterator[Path]:
    """A folder of a disk without room."""
    folder = here / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("no disk can be made here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("left", [0, 4096, 8192, 20_000, 40_000, 60_000])
@pytest.mark.parametrize("words", [["ocr", "a.dcm", "--no-read"], ["db", "identify", "a.dcm"]], ids=" ".join)
def test_a_full_disk_is_said_and_leaves_no_part_of_a_description(
    full: Path, left: int, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    room = os.statvfs(full)
    (full / "filler").write_bytes(b"x" * max(0, room.f_bavail * room.f_frsize - left))
    code = main(["--db", str(full / "new"), *words])
    said = capsys.readouterr().err
    assert code in {Exit.NOT_ALL, Exit.GOOD}, said
    assert words[0] != "ocr" or code == Exit.NOT_ALL, "nothing can have been stored"
    for each in full.rglob("*.table"):
        assert each.stat().st_size > 100, "an empty description keeps the original's tool from its tables"


@pytest.mark.parametrize("words", [["db", "info"], ["ocr", "a.dcm"], ["redact", "--from-db"]], ids=" ".join)
def test_the_home_of_nobody_is_no_fault_of_the_program(
    here: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--db", "~no-such-user/x", *words]) == Exit.USAGE
    assert "~no-such-user" in capsys.readouterr().err
    assert not (here / "~no-such-user").exists()
