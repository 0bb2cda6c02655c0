"""``dcmaudit db history``, ``backup``, ``forget``, ``recount`` and ``identify`` from outside."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, ReviewState
from dcmaudit.store import NewRect, OcrEngine, open_store, schema, sums
from support.corpus import package_file
from support.stored import set_marked

NAME = "dcmaudit.sqlite.db"
SECRET = "SMITH JOHN 1964"


def rects(number: int) -> list[NewRect]:
    box, words = Box(1, 2, 30 + number, 40), f"{SECRET} {number}"
    return [
        NewRect(box, FrameAddress(0), OcrEngine.RAPIDOCR, words),
        NewRect(box, Everywhere.ALL_FRAMES, OcrEngine.RAPIDOCR, words),
        NewRect(None, FrameAddress(0), OcrEngine.RAPIDOCR, words),
        NewRect(None, Everywhere.ALL_PLANES, OcrEngine.TESSERACT, words),
        NewRect(None, Everywhere.ALL_PLANES, OcrEngine.RAPIDOCR),
    ]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with two files, some rows of which were removed."""
    with open_store(tmp_path, user="reader") as store:
        for number, name in enumerate(("/archive/a.dcm", "/archive/b.dcm")):
            ids = store.add_rects(name, rects(number))
            store.mark_done(name, DeviceFacts("US"))
            store.remove_rects([store.add_rects(name, rects(number))[0]])
            assert ids
    return tmp_path


def command(database: Path, *words: object) -> int:
    return main(["--user", "officer", "--db", str(database), "db", *map(str, words)])


def test_the_history_says_who_did_what_and_when(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(database, user="other") as store:
        set_marked(store, "/archive/b.dcm", DeviceFacts("US"), marked=True)
    assert command(database, "history") == Exit.GOOD
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[0][1:] == ["other", "tagged", "/archive/b.dcm"]
    assert {line[1] for line in lines[1:]} == {"reader"}
    assert abs(datetime.fromisoformat(lines[0][0]).astimezone() - datetime.now(UTC)).total_seconds() < 600
    assert command(database, "history", "/archive/a.dcm", "--count", "1") == Exit.GOOD
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("/archive/a.dcm")
    assert command(database, "history", "--by", "other") == Exit.GOOD
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert command(database, "history", "/none.dcm") == Exit.GOOD
    assert "/none.dcm: nothing was done" in capsys.readouterr().err


# --- backup -------------------------------------------------------------------------------------------------------


def test_a_copy_of_a_database_in_use_is_whole_and_private(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copies" / "copy.db"
    copy.parent.mkdir()
    code = (
        "import sys, itertools; from dcmaudit.store import NewRect, open_store; from dcmaudit.model import *\n"
        "store = open_store(sys.argv[1], user='busy')\n"
        "for n in itertools.count():\n"
        "    store.add_rects(f'/new/{n}.dcm', [NewRect(Box(0, 0, 3, 4), FrameAddress(k)) for k in range(7)])\n"
        "    print(n, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code, database], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        before = int([writer.stdout.readline() for _ in range(20)][-1])
        assert command(database, "backup", copy) == Exit.GOOD
        writer.kill()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]
    with open_store(copy, user="tester", read_only=True) as store:
        names = list(store.filenames())
        assert len(names) >= before + 2
        assert {len(store.rects(name)) for name in names if name.startswith("/new")} == {7}
        assert store.check() == []


def test_a_name_that_is_taken_is_refused(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for target in (tmp_path / "file", tmp_path / "folder", database / NAME, tmp_path / "link"):
        if target.name == "folder":
            target.mkdir()
        elif target.name == "link":
            target.symlink_to(tmp_path / "nowhere")
        elif not target.exists():
            target.write_bytes(b"mine")
        assert command(database, "backup", target) == Exit.USAGE
        said = capsys.readouterr().err
        assert "exists already" in said or "not replaced" in said or "written over" in said, said
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()
    assert command(database, "backup", tmp_path / "no" / "folder.db") == Exit.USAGE


def test_a_damaged_database_gives_no_copy(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = sqlite3.connect(database / NAME)
    for name in sums.sqlite_triggers():
        raw.execute(f"DROP TRIGGER {name}")
    raw.commit()
    raw.close()
    assert command(database, "backup", tmp_path / "copy.db") == Exit.NOT_ALL
    assert "the copy is damaged, as the database is" in capsys.readouterr().err
    assert not list(tmp_path.glob("*copy*"))


# --- forget -------------------------------------------------------------------------------------------------------


def held(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(database.glob(f"{NAME}*")))


def test_recognised_text_is_gone_from_every_byte_and_the_marks_stay(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(database, user="reader") as store:
        before = [row for row in store.rects("/archive/a.dcm") if not row.is_summary]
    assert SECRET.encode() in held(database)
    assert command(database, "forget", "--all") == Exit.GOOD
    said = capsys.readouterr()
    assert "forgotten: " in said.out
    assert "exports, CSV lists, backups" in said.err
    assert SECRET.split(maxsplit=1)[0].encode() not in held(database)
    with open_store(database, user="reader") as store:
        after = store.rects("/archive/a.dcm")
        assert [(row.id, row.box, row.scope) for row in after if not row.is_summary] == [
            (row.id, row.box, row.scope) for row in before
        ]
        # What says that an engine looked at every plane is what said so before, and nothing else.
        markers = [row.engine for row in after if row.is_summary]
        assert set(markers) == {OcrEngine.RAPIDOCR}
        assert store.states(["/archive/a.dcm"])["/archive/a.dcm"] is ReviewState.DONE
        assert "recognised text forgotten" in [entry.action for entry in store.history()]
        assert store.check() == []


def test_text_of_one_file_alone_is_forgotten(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(database, "forget", "/archive/a.dcm") == Exit.GOOD
    everything = held(database)
    assert f"{SECRET} 0".encode() not in everything
    assert f"{SECRET} 1".encode() in everything
    assert command(database, "forget", "/archive/none.dcm") == Exit.NOT_ALL
    assert "nothing was found" in capsys.readouterr().err
    assert command(database, "forget") == Exit.USAGE
    assert command(database, "forget", "--all", "/archive/b.dcm") == Exit.USAGE


def test_text_is_forgotten_by_its_age(database: Path) -> None:
    assert command(database, "forget", "--all", "--older-than", "1") == Exit.GOOD
    assert f"{SECRET} 1".encode() in held(database)
    raw = sqlite3.connect(database / NAME)
    raw.execute("UPDATE DicomRects SET last_modified = '2020-01-02 03:04:05' WHERE filename = '/archive/a.dcm'")
    raw.execute("UPDATE dcmaudit_rects SET last_modified = '2020-01-02 03:04:05' WHERE filename = '/archive/a.dcm'")
    raw.execute(
        "UPDATE dcmaudit_removed SET removed_at = '2020-01-02T03:04:05+00:00' WHERE filename = '/archive/a.dcm'"
    )
    raw.commit()
    raw.close()
    assert command(database, "forget", "--all", "--older-than", "30") == Exit.GOOD
    assert f"{SECRET} 0".encode() not in held(database)
    assert f"{SECRET} 1".encode() in held(database)


def test_what_a_reader_keeps_from_being_erased_is_said(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reader = sqlite3.connect(database / NAME, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM DicomRects").fetchone()
    assert command(database, "forget", "--all") == Exit.NOT_ALL
    assert "left: free pages and the write-ahead log" in capsys.readouterr().err
    reader.close()
    assert command(database, "forget", "--all") == Exit.GOOD
    assert SECRET.split(maxsplit=1)[0].encode() not in held(database)


# --- recount, identify --------------------------------------------------------------------------------------------


def test_recount_brings_a_database_of_an_earlier_version_up_to_date(database: Path) -> None:
    place = database / NAME
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("ALTER TABLE dcmaudit_looks DROP COLUMN effort")
        connection.execute("UPDATE dcmaudit_version SET version_num = '0013'")
    assert command(database, "recount", "/archive/a.dcm") == Exit.GOOD
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("SELECT version_num FROM dcmaudit_version").fetchone() == (schema.HEAD,)
        connection.execute("SELECT effort FROM dcmaudit_looks")


def test_a_file_whose_marks_do_not_agree_is_reviewed_again(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = sqlite3.connect(database / NAME)
    for name in sums.sqlite_triggers():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE DicomRects SET bottom = 99 WHERE id = 1")
    for trigger in sums.sqlite_triggers().values():
        raw.execute(trigger)
    raw.commit()
    raw.close()
    assert command(database, "dump") == Exit.NOT_ALL
    assert "db recount" in capsys.readouterr().err
    assert command(database, "recount", "/archive/a.dcm", "/archive/b.dcm") == Exit.GOOD
    told = capsys.readouterr()
    assert "/archive/a.dcm: counted anew; it is not reviewed any more" in told.out
    assert "/archive/b.dcm: its marks agree" in told.err
    assert command(database, "dump") == Exit.GOOD
    with open_store(database, user="reader") as store:
        assert list(store.states(["/archive/a.dcm", "/archive/b.dcm"]).values()) == [
            ReviewState.IN_WORK, ReviewState.DONE,
        ]  # fmt: skip


def test_identify_says_why_nothing_was_done(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copyfile(package_file("CT_small.dcm"), tmp_path / "x.dcm")
    assert command(database, "identify", tmp_path / "x.dcm") == Exit.GOOD
    assert "x.dcm: nothing was noted: the database has no marks under this name" in capsys.readouterr().err
