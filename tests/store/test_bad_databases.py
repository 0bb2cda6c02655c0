from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dcmaudit.errors import (
    MissingExtraError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreNewerError,
    StoreReadOnlyError,
    UsageError,
)
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, Store, open_store, schema
from support.originals import make_original
from support.stores import Opener

NAME = "dcmaudit.sqlite.db"
RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0))


# --- damaged, strange, newer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_refused_by_name(
    tmp_path: Path, opener: Opener, content: bytes, *, read_only: bool
) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    with pytest.raises(StoreCorruptError) as caught:
        opener(path, read_only=read_only)
    assert caught.value.file == str(path)
    assert path.read_bytes() == content


def test_a_damaged_page_is_an_error_and_not_an_empty_answer(tmp_path: Path, opener: Opener) -> None:
    path = make_original(tmp_path / NAME, [{"ocrtext": "x" * 3000}] * 50, [{}])
    data = bytearray(path.read_bytes())
    data[4096 : 2 * 4096] = b"\xaa" * 4096
    path.write_bytes(data)
    with pytest.raises(StoreCorruptError, match="damaged"):
        opener(path)
    with pytest.raises(StoreCorruptError, match="damaged"):
        opener(path, check=False).rects("/archive/a.dcm")


def test_a_cut_off_database_is_an_error(tmp_path: Path, opener: Opener) -> None:
    path = make_original(tmp_path / NAME, [{"ocrtext": "x" * 3000}] * 50)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(StoreCorruptError):
        opener(path).rects("/archive/a.dcm")


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "places.sqlite"
    raw = sqlite3.connect(path)
    raw.execute("CREATE TABLE bookmarks(id INTEGER)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorruptError, match="other program"):
        opener(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_shape_is_refused(tmp_path: Path, opener: Opener, *, read_only: bool) -> None:
    store = opener(tmp_path)
    store.add_rects("/a.dcm", [RECT])
    store.close()
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute("UPDATE dcmaudit_version SET version_num = '0999'")
    raw.commit()
    raw.close()
    with pytest.raises(StoreNewerError, match="0999") as caught:
        opener(tmp_path, read_only=read_only)
    # Asked while the error, and with it everything that was made on the way, is still there.
    opened = Path("/proc/self/fd")
    left = [os.path.realpath(one) for one in opened.iterdir()] if opened.is_dir() else []
    assert caught.value.file is not None
    assert str(tmp_path / NAME) not in left


def _columns(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(
            "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'"
        ).fetchall()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_that_lacks_a_column_is_refused_and_the_column_is_named(
    tmp_path: Path, opener: Opener, *, read_only: bool
) -> None:
    whole = tmp_path / "whole.db"
    store = opener(whole)
    store.add_rects("/a.dcm", [RECT])
    store.close()
    ours = {(table.name, column.name) for table in schema.metadata.sorted_tables for column in table.columns}
    here = [one for one in _columns(whole) if one in ours]
    assert ("dcmaudit_looks", "effort") in here and ("DicomRects", "ocrtext") in here
    for number, (table, column) in enumerate(here):
        path = tmp_path / f"{number}.db"
        shutil.copyfile(whole, path)
        with closing(sqlite3.connect(path)) as raw, raw:
            # Renamed, for SQLite drops no column that an index or a trigger uses.
            raw.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "gone"')
        before = path.read_bytes()
        with pytest.raises(StoreCorruptError, match=f"table {table} lacks the column {column}, .*{schema.HEAD}"):
            opener(path, read_only=read_only, check=False)
        assert path.read_bytes() == before


def test_columns_of_a_later_step_are_not_missed(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / NAME
    store = opener(path)
    store.add_rects("/a.dcm", [RECT])
    store.close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("ALTER TABLE dcmaudit_looks DROP COLUMN effort")
        raw.execute("UPDATE dcmaudit_version SET version_num = '0013'")
    older = opener(path)
    assert len(older.rects("/a.dcm")) == 1
    older.add_rects("/b.dcm", [RECT])
    assert ("dcmaudit_looks", "effort") in _columns(path)


@pytest.mark.parametrize("column", ["filename", "top", "bottom", "left", "right", "frame", "overlay"])
def test_an_old_database_that_does_not_say_where_marks_are_is_refused(
    tmp_path: Path, opener: Opener, column: str
) -> None:
    path = make_original(tmp_path / NAME, [{}])
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(f'ALTER TABLE "DicomRects" RENAME COLUMN "{column}" TO "other"')
    with pytest.raises(StoreCorruptError, match=f"the table DicomRects lacks the column {column}"):
        opener(path)


@pytest.mark.parametrize("column", ["ocrengine", "ocrtext", "nerengine", "nerpii", "last_modified", "last_modified_by"])
def test_an_old_database_without_other_columns_is_read_and_the_column_named_on_writing(
    tmp_path: Path, opener: Opener, column: str
) -> None:
    path = make_original(tmp_path / NAME, [{}], [{}])
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(f'ALTER TABLE "DicomRects" DROP COLUMN "{column}"')
    store = opener(path)
    assert len(store.rects("/archive/a.dcm")) == 1
    assert [len(one.rects) for one in store.marks_of(["/archive/a.dcm"])] == [1]
    assert store.info().rects == 1
    with pytest.raises(StoreCorruptError, match=f"lacks the column {column}"):
        store.add_rects("/b.dcm", [RECT])


@pytest.mark.postgres
def test_a_server_that_lacks_a_column_is_refused(server, opener: Opener) -> None:
    from sqlalchemy import text

    location = server.new_database()
    store = opener(location)
    store.add_rects("/a.dcm", [RECT])
    with store._database.writing() as session:
        session.connection.execute(text("ALTER TABLE dcmaudit_looks DROP COLUMN effort"))
    with pytest.raises(StoreCorruptError, match="the table dcmaudit_looks lacks the column effort"):
        opener(location)


def test_an_empty_file_becomes_a_database_at_the_first_write(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "new.db"
    path.touch()
    store = opener(path)
    assert store.rects("/a.dcm") == []
    assert path.read_bytes() == b""
    store.add_rects("/a.dcm", [RECT])
    assert len(store.rects("/a.dcm")) == 1


def test_a_database_that_vanishes_is_not_written_into_the_void(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path)
    store.add_rects("/a.dcm", [RECT])
    (tmp_path / NAME).rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        store.add_rects("/b.dcm", [RECT])
    (tmp_path / "elsewhere.db").rename(tmp_path / NAME)
    store.add_rects("/b.dcm", [RECT])


# --- locked -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_prepared", [True, False])
def test_a_locked_database_is_an_error_after_the_timeout(tmp_path: Path, opener: Opener, *, is_prepared: bool) -> None:
    path = make_original(tmp_path / NAME, [{}])
    store = opener(path, timeout=0.2)
    if is_prepared:
        store.add_rects("/a.dcm", [RECT])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreLockedError, match="another process"):
        store.add_rects("/b.dcm", [RECT])
    assert store.rects("/b.dcm") == [], "reading goes on"
    holder.execute("ROLLBACK")
    holder.close()
    store.add_rects("/b.dcm", [RECT])
    assert len(store.rects("/b.dcm")) == 1


@pytest.mark.postgres
def test_a_locked_table_of_a_server_is_an_error_after_the_timeout(server, opener: Opener) -> None:
    location = server.new_database()
    other = opener(location)
    other.mark_done("/a.dcm", DeviceFacts())
    store = opener(location, timeout=0.2)
    with other._database.writing("/a.dcm"), pytest.raises(StoreLockedError):
        store.mark_done("/a.dcm", DeviceFacts())
    store.mark_done("/a.dcm", DeviceFacts())


# --- read only ----------------------------------------------------------------------------------------------------


def test_a_store_opened_for_reading_refuses_every_write(location: str, opener: Opener) -> None:
    opener(location).add_rects("/a.dcm", [RECT])
    store = opener(location, read_only=True)
    assert len(store.rects("/a.dcm")) == 1
    assert not store.is_writable
    for write in (
        lambda: store.add_rects("/a.dcm", [RECT]),
        lambda: store.remove_rects(["r1"]),
        lambda: store.mark_done("/a.dcm", DeviceFacts()),
        lambda: store.clear("/a.dcm"),
        lambda: store.put_preference("a", 1),
    ):
        with pytest.raises(StoreReadOnlyError, match="nothing was written"):
            write()
    assert len(store.rects("/a.dcm")) == 1


def test_reading_where_nothing_is_finds_nothing_and_makes_nothing(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path / "none", read_only=True)
    assert list(store.filenames()) == []
    assert store.states(["a"]) != {}
    assert list(tmp_path.iterdir()) == []
    opener(tmp_path / "none").add_rects("/a.dcm", [RECT])
    assert list(store.filenames()) == ["/a.dcm"], "it is seen once somebody makes it"


@pytest.fixture
def ordinary() -> Iterator[Path]:
    """A folder that an ordinary user can reach (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="dcmaudit-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


READER = """
import os, sys, tempfile
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, open_store
with tempfile.TemporaryDirectory() as folder, open_store(folder, user="first") as store:
    # Loads every module, for an ordinary user may not reach this interpreter's.
    store.add_rects("/a.dcm", [NewRect(Box(0, 0, 2, 2), FrameAddress(0))])
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    store = open_store(sys.argv[1], user="reader")
    print(len(store.rects("/a.dcm")))
    store.add_rects("/b.dcm", [NewRect(Box(0, 0, 2, 2), FrameAddress(0))])
    print("written")
except DcmauditError as error:
    print(type(error).__name__, error)
"""


def as_ordinary_user(path: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "is_wal"),
    [(0o555, 0o444, True), (0o555, 0o666, True), (0o777, 0o444, True), (0o555, 0o444, False)],
)
def test_a_write_protected_database_can_be_read(
    ordinary: Path, opener: Opener, folder_mode: int, file_mode: int, *, is_wal: bool
) -> None:
    path = ordinary / NAME
    if is_wal:
        store = opener(path)
        store.add_rects("/a.dcm", [RECT])
        store.close()
    else:
        make_original(path, [{"filename": "/a.dcm"}])
    path.chmod(file_mode)
    ordinary.chmod(folder_mode)
    before = path.read_bytes()
    rows, refusal = as_ordinary_user(path)
    assert rows == "1"
    assert refusal.startswith("StoreReadOnlyError")
    assert str(path) in refusal
    assert path.read_bytes() == before


def test_changes_that_are_still_in_the_log_are_not_silently_left_out(ordinary: Path, opener: Opener) -> None:
    store = opener(ordinary / "live.db")
    store.add_rects("/a.dcm", [RECT])
    frozen = ordinary / "frozen"
    frozen.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(ordinary / f"live.db{ending}", frozen / f"live.db{ending}")
        (frozen / f"live.db{ending}").chmod(0o444)
    frozen.chmod(0o555)
    (answer,) = as_ordinary_user(frozen / "live.db")
    frozen.chmod(0o755)
    assert answer.startswith("StoreReadOnlyError")
    assert "newest changes" in answer


def test_an_unreadable_database_and_folder_are_named(ordinary: Path, opener: Opener) -> None:
    make_original(ordinary / NAME).chmod(0)
    (answer,) = as_ordinary_user(ordinary / NAME)
    assert answer.startswith("StoreError")
    assert NAME in answer
    (ordinary / "closed").mkdir(mode=0o700)
    (answer,) = as_ordinary_user(ordinary / "closed" / "deeper")
    assert answer.startswith("StoreError")
    assert "closed/deeper" in answer


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, opener: Opener) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made") as caught:
        opener(tmp_path / "file" / "marks.db")
    assert str(tmp_path / "file") in str(caught.value)


# --- places -------------------------------------------------------------------------------------------------------


def test_missing_folders_are_made_for_the_owner_alone(tmp_path: Path, opener: Opener) -> None:
    former = os.umask(0)
    try:
        store = opener(tmp_path / "a" / "b")
        store.add_rects("/a.dcm", [RECT])
    finally:
        os.umask(former)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", tmp_path / "a" / "b")] == [0o700, 0o700]
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a" / "b").iterdir()}
    assert {f"{NAME}-wal", f"{NAME}-shm", NAME} <= files.keys()
    assert set(files.values()) == {0o600}


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o666, 0o660), (0o660, 0o660), (0o600, 0o600)])
def test_a_database_that_others_can_read_is_closed_to_them_at_the_first_write(
    tmp_path: Path, opener: Opener, before: int, after: int
) -> None:
    path = make_original(tmp_path / NAME)
    path.chmod(before)
    store = opener(path)
    assert stat.S_IMODE(path.stat().st_mode) == before
    store.add_rects("/a.dcm", [RECT])
    for ending in ("", "-wal", "-shm"):
        assert stat.S_IMODE(Path(f"{path}{ending}").stat().st_mode) == after
    assert any("could be read by others" in note for note in store.notes) == (before != after)


def test_a_folder_and_a_file_name_the_same_database(tmp_path: Path, opener: Opener) -> None:
    assert opener(tmp_path).location == opener(str(tmp_path / NAME)).location == str(tmp_path / NAME)
    assert opener(tmp_path / "team.sqlite").location == str(tmp_path / "team.sqlite")
    odd = tmp_path / "50% #1?mode=ro"
    opener(odd).add_rects("/a.dcm", [RECT])
    assert (odd / NAME).is_file()


@pytest.mark.parametrize(
    "location", ["", "mysql://root:hunter2@host/db", "postgresql://u:hunter2@h:x/db", "s3://hunter2"]
)
def test_an_address_that_is_none_is_refused_without_being_repeated(location: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(location, user="tester")
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_postgres_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install dcmaudit\[postgres\]"):
        open_store("postgresql://host/db", user="tester")


@pytest.mark.parametrize("address", ["postgresql://guarded:{}@127.0.0.1:{}/postgres",
                                     "postgresql+psycopg://guarded@127.0.0.1:{1}/postgres?password={0}"])  # fmt: skip
@pytest.mark.postgres
def test_the_password_of_an_address_is_in_no_text(server, address: str, caplog: pytest.LogCaptureFixture) -> None:
    from support.postgres import PASSWORD

    def texts(thing: object) -> str:
        return f"{thing!r} {thing}"

    with caplog.at_level(0), open_store(address.format(PASSWORD, server.port), user="tester") as store:
        shown = texts(store) + texts(store.info()) + texts(store._database) + str(store.notes)
        # This role may not make tables, so the first write fails for good.
        with pytest.raises(StoreReadOnlyError) as refused:
            store.add_rects("/a.dcm", [RECT])
    with caplog.at_level(0), pytest.raises(StoreError, match="does not accept") as caught:
        open_store(address.format("wrong-" + PASSWORD, server.port), user="tester")
    with pytest.raises(StoreError, match="cannot be reached") as absent:
        open_store(address.format(PASSWORD, 1), user="tester", timeout=2)
    shown += "".join(texts(error.value) + error.exconly() for error in (refused, caught, absent)) + caplog.text
    assert PASSWORD not in shown
    assert "127.0.0.1" in shown


@pytest.mark.postgres
def test_the_password_may_come_from_the_environment_or_a_file(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.postgres import PASSWORD

    location = f"postgresql://guarded@127.0.0.1:{server.port}/postgres"
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    open_store(location, user="tester").close()
    monkeypatch.delenv("PGPASSWORD")
    secrets = tmp_path / "pgpass"
    secrets.write_text(f"127.0.0.1:{server.port}:*:guarded:{PASSWORD}\n")
    secrets.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secrets))
    open_store(location, user="tester").close()


@pytest.mark.postgres
def test_a_database_that_the_server_does_not_have_is_named(server) -> None:
    with pytest.raises(StoreError, match=r"absent.*no database of that name"):
        open_store(f"postgresql://tester@/absent?host={server.folder}&port={server.port}", user="tester")


def test_a_store_needs_a_user(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        open_store(tmp_path, user="")


def test_network_file_systems_are_recognised(tmp_path: Path) -> None:
    from dcmaudit.store.sqlite import is_on_network

    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\nserver:/export /home nfs4 rw 0 0\n/dev/sdb /home/local\\040disk xfs rw 0 0\n"
    )
    assert is_on_network(Path("/home/me/x.db"), mounts)
    assert not is_on_network(Path("/home/local disk/x.db"), mounts)
    assert not is_on_network(Path("/homework/x.db"), mounts)
    assert not is_on_network(Path("/x.db"), tmp_path / "absent")


def test_on_a_network_file_system_the_log_is_not_shared(
    tmp_path: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.store.sqlite.is_on_network", lambda _: True)
    store: Store = opener(tmp_path)
    store.add_rects("/a.dcm", [RECT])
    assert store.info().journal == "delete"
    assert any("network file system" in note for note in store.notes)
    assert not (tmp_path / f"{NAME}-wal").exists()
