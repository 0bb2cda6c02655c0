from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, ReviewState
from dcmaudit.sources import LocalReference
from dcmaudit.store import NewRect, open_store
from support.corpus import package_file
from support.originals import make_original

NAME = "dcmaudit.sqlite.db"
RECTS = [NewRect(Box(0, 0, 2, 2), FrameAddress(0), text="SMITH")]


def command(database: Path, *words: object) -> int:
    return main(["--db", str(database), "db", *map(str, words)])


@pytest.fixture
def moved(tmp_path: Path) -> tuple[Path, Path]:
    """A marked and identified file before its move, and where it is going to be."""
    old, new = tmp_path / "old.dcm", tmp_path / "new" / "renamed.dcm"
    shutil.copyfile(package_file("CT_small.dcm"), old)
    new.parent.mkdir()
    with open_store(tmp_path, user="tester") as store:
        store.add_rects(str(old), RECTS)
        store.mark_done(str(old), DeviceFacts("CT"))
    assert command(tmp_path, "identify", old) == Exit.GOOD
    return old, new


def states(folder: Path, *paths: Path) -> list[ReviewState]:
    with open_store(folder, user="tester", read_only=True) as store:
        return list(store.states(map(str, paths)).values())


def test_dump_prints_what_dump_database_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_original(tmp_path / NAME, [{}, {"top": 9, "bottom": 0}], [{}])
    assert command(tmp_path, "dump") == Exit.GOOD
    dumped = capsys.readouterr().out
    assert [len(rows) for rows in json.loads(dumped).values()] == [2, 1]
    assert main(["--db", str(tmp_path), "--dump-database"]) == Exit.GOOD
    assert capsys.readouterr().out == dumped


@pytest.mark.parametrize("words", [["dump"], ["info"], ["export", "out"], ["identify", "x"], ["adopt", "x"]])
def test_a_database_that_is_not_there_is_an_error_and_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert command(tmp_path / "none", *words) == Exit.NOT_ALL
    assert "no database here" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_export_writes_both_tables_for_their_owner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_original(tmp_path / NAME, [{}], [{}, {"filename": "/b"}])
    out = tmp_path / "out"
    assert command(tmp_path, "export", out) == Exit.GOOD
    assert {path.name: path.read_bytes().count(b"\r\n") for path in out.iterdir()} == {"rects.csv": 2, "tags.csv": 3}
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
    assert "tags.csv: 2 rows" in capsys.readouterr().out


def test_export_never_leaves_out_rectangles_that_the_shared_table_cannot_hold(tmp_path: Path) -> None:
    with open_store(tmp_path, user="tester") as store:
        store.add_rects("/a", [NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES)])
    assert command(tmp_path, "export", tmp_path / "out") == Exit.GOOD
    assert "all frames" in (tmp_path / "out" / "rects.csv").read_text()


def test_the_dump_names_what_cannot_be_written_one_row_a_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(tmp_path, user="tester") as store:
        store.add_rects("/known", [NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES, frames=2)])
        store.add_rects("/long", [NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES)])
    assert command(tmp_path, "dump") == Exit.GOOD
    said = capsys.readouterr()
    dumped = json.loads(said.out)
    assert [(row["filename"], row["frame"], row["overlay"]) for row in dumped["rects"]] == [
        ("/known", 0, -1), ("/known", 1, -1),
    ]  # fmt: skip
    assert [(row["filename"], row["scope"]) for row in dumped["extra_rects"]] == [("/long", "all frames")]
    assert "/long" in said.err
    assert "/known" not in said.err


def test_export_does_not_overwrite_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_original(tmp_path / NAME, [{}], [{}])
    (tmp_path / "tags.csv").write_text("id,filename,mark")
    assert command(tmp_path, "export", tmp_path) == Exit.USAGE
    assert "tags.csv" in capsys.readouterr().err
    assert (tmp_path / "tags.csv").read_text() == "id,filename,mark"
    assert not (tmp_path / "rects.csv").exists()
    assert command(tmp_path, "export", tmp_path, "--overwrite") == Exit.GOOD
    assert (tmp_path / "tags.csv").read_text() != "id,filename,mark"


def test_info_counts_and_names_what_is_unusual(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_original(tmp_path / NAME, [{}, {"overlay": 300}], [{}], old_columns=True)
    before = path.read_bytes()
    assert command(tmp_path, "info") == Exit.GOOD
    shown = capsys.readouterr().out
    for words in (str(path), "2 rows in DicomRects", "1 row in DicomTags", "not understood:    1", "sourcepii"):
        assert words in shown
    assert path.read_bytes() == before


def test_info_reports_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(tmp_path, user="tester") as store:
        store.add_rects("/a", RECTS * 20)
    raw = sqlite3.connect(tmp_path / NAME)
    raw.execute("PRAGMA writable_schema = ON")
    # The index now points at the pages of another one, which reading the tables does not notice.
    raw.execute(
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'dcmaudit_by_device') "
        "WHERE name = 'dcmaudit_history_by_file'"
    )
    raw.commit()
    raw.close()
    assert command(tmp_path, "info") == Exit.NOT_ALL
    assert "damage:" in capsys.readouterr().out


def test_a_moved_file_gets_its_marks_back(
    tmp_path: Path, moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = moved
    old.rename(new)
    assert command(tmp_path, "adopt", new, "-n") == Exit.GOOD
    assert capsys.readouterr().out == f"{old} -> {new}\n"
    assert states(tmp_path, old, new) == [ReviewState.DONE, ReviewState.NOT_REVIEWED]
    assert command(tmp_path, "adopt", new.parent) == Exit.GOOD
    assert states(tmp_path, old, new) == [ReviewState.NOT_REVIEWED, ReviewState.DONE]


def test_a_copy_does_not_take_the_marks_away(
    tmp_path: Path, moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = moved
    shutil.copyfile(old, new)
    assert command(tmp_path, "adopt", new) == Exit.NOT_ALL
    assert "copy" in capsys.readouterr().err
    assert states(tmp_path, old, new) == [ReviewState.DONE, ReviewState.NOT_REVIEWED]


def test_files_without_marks_or_a_former_name_are_counted(
    tmp_path: Path, moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = moved
    shutil.copyfile(package_file("MR_small.dcm"), new)
    assert command(tmp_path, "adopt", old, new) == Exit.GOOD
    assert capsys.readouterr().err == "2 files: 1 with marks already, 1 without a former name\n"
    assert command(tmp_path, "identify", old, new) == Exit.GOOD
    assert capsys.readouterr().err.endswith("2 files: 1 without marks, 1 noted\n")


def test_marks_of_a_name_that_is_no_utf8_are_noted_and_stay_where_the_file_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd, copy = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xf6ntgen.dcm")), tmp_path / "copy.dcm"
    shutil.copyfile(package_file("CT_small.dcm"), odd)
    shutil.copyfile(odd, copy)
    name = LocalReference.at(odd).name
    with open_store(tmp_path, user="tester") as store:
        store.mark_done(name, DeviceFacts("CT"))
    assert command(tmp_path, "identify", odd) == Exit.GOOD
    assert command(tmp_path, "adopt", copy) == Exit.NOT_ALL
    assert f"the same instance is still at {name}: this is a copy" in capsys.readouterr().err
    odd.unlink()
    assert command(tmp_path, "adopt", copy) == Exit.GOOD
    assert states(tmp_path, copy) == [ReviewState.DONE]


def test_a_file_with_other_pixels_is_not_the_moved_one(tmp_path: Path, moved: tuple[Path, Path]) -> None:
    old, new = moved
    data = bytearray(old.read_bytes())
    data[-3000] ^= 1
    new.write_bytes(data)
    old.unlink()
    assert command(tmp_path, "adopt", new) == Exit.GOOD
    assert states(tmp_path, new) == [ReviewState.NOT_REVIEWED]


def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, moved: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.dcm").write_bytes(b"no DICOM")
    assert command(tmp_path, "adopt", tmp_path / "broken.dcm", tmp_path / "absent.dcm") == Exit.NOT_ALL
    shown = capsys.readouterr().err
    assert "broken.dcm" in shown
    assert "absent.dcm" in shown


@pytest.mark.parametrize("words", [["info"], ["dump"], ["export"], ["identify"], ["adopt"]])
def test_the_database_may_be_named_behind_the_action(tmp_path: Path, words: list[str]) -> None:
    with open_store(tmp_path, user="tester"):
        pass
    path = [] if words[0] in {"info", "dump"} else [str(tmp_path / "out")]
    if words[0] in {"identify", "adopt"}:
        shutil.copyfile(package_file("CT_small.dcm"), tmp_path / "out")
    assert main(["db", *words, "--db", str(tmp_path), *path]) in {Exit.GOOD, Exit.NOT_ALL}
    assert main(["db", *words, "--db", str(tmp_path / "none"), *path]) == Exit.NOT_ALL
