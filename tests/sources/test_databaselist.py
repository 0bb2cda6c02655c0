from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dcmaudit.errors import ListError
from dcmaudit.sources import Passing
from dcmaudit.sources.databaselist import database_names
from support.corpus import shared_compat
from support.places import found_in, names, open_to_all, problems, put, without_privileges


def database(path: Path, rects: list[str | bytes], tags: list[str]) -> Path:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE DicomRects (id INTEGER PRIMARY KEY, filename VARCHAR)")
    connection.execute("CREATE TABLE DicomTags (id INTEGER PRIMARY KEY, filename VARCHAR UNIQUE)")
    connection.executemany("INSERT INTO DicomRects (filename) VALUES (?)", [(name,) for name in rects])
    connection.executemany("INSERT INTO DicomTags (filename) VALUES (?)", [(name,) for name in tags])
    connection.commit()
    connection.close()
    return path


def test_the_files_of_both_tables_come_once_each(tmp_path: Path) -> None:
    a, b, c = (str(put(tmp_path / name)) for name in "abc")
    path = database(tmp_path / "dcmaudit.sqlite.db", [c, a, a, c], [b, a])
    assert names(found_in(path)) == [a, b, c]


def test_missing_and_relative_files_are_handled_as_in_lists(tmp_path: Path) -> None:
    put(tmp_path / "pacs" / "s" / "a")
    path = database(tmp_path / "x.db", ["s/a", "gone"], [])
    found = found_in(path, pacs_root=tmp_path / "pacs")
    assert names(found) == [f"{tmp_path}/pacs/s/a"]
    assert "named by" in str(problems(found)[0])


def test_a_database_of_the_original_is_read_whole() -> None:
    compat = shared_compat()
    dump = json.loads((compat / "dump_database.json").read_text())
    wanted = {row["filename"] for table in ("rects", "tags") for row in dump[table]}
    assert {entry.name for entry in database_names(str(compat / "dcmaudit.sqlite.db"))} == wanted


def test_the_database_is_not_written_and_not_kept_open(tmp_path: Path) -> None:
    path = database(tmp_path / "x.db", ["a", "b"], [])
    before = path.read_bytes()
    search = database_names(str(path))
    next(search)
    # A reader that stayed would keep this writer waiting in the original's journal mode.
    with closing(sqlite3.connect(path, timeout=0)) as connection, connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("INSERT INTO DicomRects (filename) VALUES ('c')")
    connection.close()
    assert path.read_bytes() != before
    assert [entry.name for entry in search] == ["b"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["x.db"]


@pytest.mark.parametrize("present", ["DicomRects", "dicomtags"])
def test_one_of_the_tables_is_enough(tmp_path: Path, present: str) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute(f"CREATE TABLE {present} (filename)")
        connection.execute(f"INSERT INTO {present} VALUES ('a'), (NULL), (''), (x'ff2f62')")  # noqa: S608 one of two constants
    connection.close()
    found = list(database_names(str(tmp_path / "x.db")))
    assert len([entry for entry in found if entry.error is None]) == 2
    assert [str(entry.error.message) for entry in found if entry.error] == ["2 rows name no file"]


def test_another_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    (problem,) = problems(found_in(tmp_path / "x.db"))
    assert isinstance(problem.error, ListError)
    assert "DicomRects" in str(problem)


def test_a_damaged_database_is_a_problem(tmp_path: Path) -> None:
    path = database(tmp_path / "x.db", ["name" * 50] * 2000, [])
    data = bytearray(path.read_bytes())
    data[4096:40960] = b"\xa5" * 36864
    path.write_bytes(data)
    (problem,) = problems(found_in(path))
    assert isinstance(problem.error, ListError)


def test_a_database_in_wal_mode_that_may_only_be_read_is_read(tmp_path: Path) -> None:
    made = database(tmp_path / "made.db", [str(put(tmp_path / "a"))], [])
    with closing(sqlite3.connect(made)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    folder = tmp_path / "readonly"
    folder.mkdir()
    shutil.copy(made, folder / "x.db")
    folder.chmod(0o555)
    open_to_all(tmp_path)
    told = without_privileges(lambda: names(found_in(folder / "x.db")))
    assert told == repr([f"{tmp_path}/a"])


def test_the_database_can_be_named_twice(tmp_path: Path) -> None:
    path = database(tmp_path / "x.db", [str(put(tmp_path / "a"))], [])
    found = found_in(path, path)
    assert len(names(found)) == 1
    assert found[1].reason is Passing.DUPLICATE  # type: ignore[union-attr]


def test_of_a_damaged_database_no_part_is_read_in_silence(tmp_path: Path) -> None:
    files = [str(put(tmp_path / f"file{number}")) for number in range(400)]
    path = database(tmp_path / "dcmaudit.sqlite.db", list(files), files[:50])
    whole = path.read_bytes()
    refused = 0
    for start in range(100, len(whole), 1499):
        path.write_bytes(whole[:start] + bytes(40) + whole[start + 40 :])
        found = found_in(path)
        wrong = problems(found)
        if any("the database" in str(problem.error.message) for problem in wrong):
            refused += 1
            assert not names(found), "a part of a damaged database was read"
        else:
            # A name whose letters were overwritten is still a name, of a file that is not there, or is none at all.
            assert wrong or set(names(found)) == set(files)
    assert refused > 3
