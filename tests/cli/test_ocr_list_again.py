"""``ocr --csv LIST --append`` over files of the list: done is what was looked at no less than is asked now."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.model.effort import Effort
from dcmaudit.model.engines import OcrEngine
from dcmaudit.pipeline.list_looks import KEPT_DAYS, ListedLook, ListLooks, digest_of, looks_folder
from support.files import dataset, file_bytes
from support.lettering import lettered


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(dataset(lettered((120, 300), [("NAME 12345", 20, 60)]))))
    return path


def looked(image: Path, *words: str, how: str = "--append") -> int:
    return main(["ocr", str(image), "--csv", str(image.parent / "list.csv"), how, "-j", "1", "--no-read", *words])


def lines(image: Path) -> int:
    return (image.parent / "list.csv").read_bytes().count(b"a.dcm")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["--mode", "fast"], []),
        ([], ["--mode", "thorough"]),
        (["--no-overlays"], []),
        (["--except-ultrasound-regions"], []),
        ([], ["--use-ultrasound-regions"]),
    ],
)
def test_who_asks_for_more_is_answered_and_both_are_done_then(
    image: Path, first: list[str], then: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *first) == 0
    before = lines(image)
    assert looked(image, *then) == 0
    assert "done before" not in capsys.readouterr().err
    assert lines(image) == before
    for words in (first, then):
        assert looked(image, *words) == 0
        told = capsys.readouterr().err
        assert "1 done before" in told
        assert "nobody noted" not in told


def test_a_look_that_would_lose_what_was_found_is_refused(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image, "--mode", "thorough", "--no-overlays") == 0
    before = (image.parent / "list.csv").read_bytes()
    assert looked(image) == 1
    told = capsys.readouterr().err
    assert "looked at before with engine" in told
    assert "mode thorough" in told
    assert "--review" in told
    assert (image.parent / "list.csv").read_bytes() == before
    assert looked(image, "--review") == 0
    assert looked(image) == 0


def test_of_lines_that_nobody_noted_it_is_said(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image) == 0
    shutil.rmtree(image.parent / "state")
    assert looked(image) == 0
    assert "1 of those done before were looked at with options that nobody noted (--review" in capsys.readouterr().err
    # More than is asked by default was asked of none of them, as far as anybody knows.
    assert looked(image, "--mode", "thorough") == 0
    assert "done before" not in capsys.readouterr().err


def test_lines_that_somebody_changed_were_made_by_nobody(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image, "--mode", "thorough") == 0
    path = image.parent / "list.csv"
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b",NoBIA,", b",other,").replace(b",,,LINES", b",x,,LINES"))
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert looked(image) == 0
    assert "nobody noted" in capsys.readouterr().err


def test_a_new_list_of_the_same_name_knows_nothing_of_the_former_one(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, "--mode", "thorough") == 0
    assert looked(image, "--mode", "fast", how="--overwrite") == 0
    capsys.readouterr()
    assert looked(image, "--mode", "thorough") == 0
    assert "done before" not in capsys.readouterr().err


def test_where_no_state_can_be_kept_the_list_is_written_all_the_same(image: Path) -> None:
    (image.parent / "state").write_text("a file")
    assert looked(image) == 0
    assert looked(image) == 0
    assert lines(image)


def test_a_look_at_the_former_file_does_not_count_for_the_one_in_its_place(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without text the lines are the same, whatever is in the file.
    image.write_bytes(file_bytes(dataset(lettered((120, 300), []))))
    assert looked(image, "--mode", "thorough") == 0
    before = (image.parent / "list.csv").read_bytes()
    time.sleep(0.05)
    image.write_bytes(file_bytes(dataset(lettered((120, 300), []) + 1)))
    assert looked(image, "--mode", "fast") == 0
    assert (image.parent / "list.csv").read_bytes() == before
    capsys.readouterr()
    assert looked(image, "--mode", "thorough") == 0
    assert "done before" not in capsys.readouterr().err
    assert looked(image, "--mode", "thorough") == 0
    assert "1 done before" in capsys.readouterr().err


def test_a_folder_that_took_the_place_of_another_one_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, text in (("week", []), ("next", [("NAME 12345", 20, 60)])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.dcm").write_bytes(file_bytes(dataset(lettered((120, 300), text))))
    words = ["ocr", str(tmp_path / "week"), "--csv", str(tmp_path / "list.csv"), "--append", "-j", "1", "--no-read"]
    time.sleep(0.05)
    assert main(words) == 0
    (tmp_path / "week").rename(tmp_path / "former")
    (tmp_path / "next").rename(tmp_path / "week")  # which changes no file
    capsys.readouterr()
    assert main(words) == 0
    assert "done before" not in capsys.readouterr().err


def test_with_the_database_a_file_is_done_where_both_know_enough(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ["--db", str(image.parent / "db")]
    assert looked(image, "--mode", "fast") == 0
    assert looked(image, *database, "--review") == 0
    assert looked(image, *database) == 0
    assert "1 done before" in capsys.readouterr().err
    assert looked(image, "--mode", "fast", how="--overwrite") == 0
    # The database knows a look that is hard enough, the list does not.
    capsys.readouterr()
    assert looked(image, *database) == 0
    assert "done before" not in capsys.readouterr().err


# --- what is noted ------------------------------------------------------------------------------------------------

FAST, WHOLE = ListedLook(OcrEngine.LINES, Effort("fast")), ListedLook(OcrEngine.RAPIDOCR, Effort())


def test_a_note_holds_no_text_and_may_be_read_by_its_owner_alone(image: Path) -> None:
    assert looked(image) == 0
    kept = [path for path in (image.parent / "state").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert path.stat().st_mode & 0o077 == 0
        assert b"12345" not in path.read_bytes()
        assert b"a.dcm" not in path.read_bytes()


def test_every_look_that_made_the_lines_is_known(image: Path) -> None:
    place = image.parent / "other.csv"
    for look, files in ((FAST, ["one\r\n", "two\r\n"]), (WHOLE, ["two\r\n", "", "three \udcff\r\n"])):
        ListLooks(place, look).note((lines, (1, 2)) for lines in files)
    known = ListLooks(place, FAST)
    known.go_on()
    assert known.of(digest_of(b"one\r\n"), (1, 2)) == (FAST,)
    assert set(known.of(digest_of(b"two\r\n"), (1, 2)) or ()) == {FAST, WHOLE}
    assert known.of(digest_of(b"three \xff\r\n"), (1, 2)) == (WHOLE,)
    assert known.of(digest_of(b"one\r\ntwo\r\n"), (1, 2)) is known.of(digest_of(b""), (1, 2)) is None
    # Just these lines, of another file.
    assert known.of(digest_of(b"one\r\n"), (1, 3)) == known.of(digest_of(b"one\r\n"), None) == ()
    assert ListedLook.parse(FAST.text()) == FAST


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"engine": "x", "effort": "{}"}), '{"engine": 1}'])
def test_a_note_that_cannot_be_read_says_nothing(image: Path, text: str) -> None:
    place = image.parent / "other.csv"
    ListLooks(place, FAST).note([("one\r\n", None)])
    (note,) = looks_folder(place).glob("*.json")
    note.write_text(text)
    known = ListLooks(place, FAST)
    known.go_on()
    assert known.of(digest_of(b"one\r\n"), None) is None


def test_notes_of_lists_that_nobody_goes_on_with_are_taken_away(image: Path) -> None:
    old, new = image.parent / "old.csv", image.parent / "new.csv"
    ListLooks(old, FAST).note([("one\r\n", None)])
    long_ago = time.time() - (KEPT_DAYS + 1) * 86400
    for path in (*looks_folder(old).iterdir(), looks_folder(old)):
        os.utime(path, (long_ago, long_ago))
    ListLooks(new, FAST).note([("one\r\n", None)])
    assert not looks_folder(old).exists()
    assert len(list(looks_folder(new).iterdir())) == 2
