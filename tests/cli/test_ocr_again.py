"""``ocr`` over files that it has looked at: done is what was looked at no less than is asked now."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.model import Outcome
from dcmaudit.model.engines import OcrEngine
from dcmaudit.model.records import FileRows, Look
from dcmaudit.store import open_store
from support.files import dataset, file_bytes
from support.lettering import lettered

FINDING = ["--no-read"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(dataset(lettered((120, 300), [("NAME 12345", 20, 60)]))))
    return path


def looked(image: Path, *words: str) -> int:
    return main(["ocr", str(image), "--db", str(image.parent / "db"), "-j", "1", *words])


@contextmanager
def rows_of(image: Path) -> Iterator[sqlite3.Connection]:
    """The database beside the image, as SQL sees it; what is changed is kept, and the connection is closed."""
    with closing(sqlite3.connect(image.parent / "db" / "dcmaudit.sqlite.db")) as connection, connection:
        yield connection


def places(image: Path) -> int:
    with rows_of(image) as connection:
        found: int = connection.execute('SELECT count(*) FROM "DicomRects" WHERE "left" >= 0').fetchone()[0]
        return found


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["--mode", "fast"], []),
        ([], ["--mode", "thorough"]),
        ([], ["--finder", "both"]),
        (["--no-overlays"], []),
        (["--except-ultrasound-regions"], []),
        ([], ["--use-ultrasound-regions"]),
    ],
)
def test_who_asks_for_more_is_answered(
    image: Path, first: list[str], then: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *FINDING, *first) == 0
    assert looked(image, *FINDING, *then) == 0
    told = capsys.readouterr().err
    assert "done before" not in told
    # Both of them are done now, whatever is asked first.
    for words in (first, then):
        assert looked(image, *FINDING, *words) == 0
        assert "1 done before" in capsys.readouterr().err


def test_places_that_were_left_out_come_when_they_are_asked_for(image: Path) -> None:
    assert looked(image, "--no-rects") == 0
    assert places(image) == 0
    assert looked(image) == 0
    assert places(image) > 0


def test_more_judges_are_asked(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image, "--pii", "none") == 0
    assert looked(image, "--pii", "patterns") == 0
    assert "with identifying text" in capsys.readouterr().err


@pytest.mark.parametrize("other", [["--finder", "rapidocr"], ["--mode", "fast", "--finder", "both"]])
def test_what_was_found_is_never_replaced_by_another_way_of_looking_unasked(
    image: Path, other: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *FINDING) == 0
    before = places(image)
    assert before
    assert looked(image, *FINDING, *other) == 1
    told = capsys.readouterr()
    assert "refused: looked at before with mode default; finder own" in told.err
    assert "--review looks again" in told.err
    assert places(image) == before
    assert looked(image, *FINDING, *other, "--json") == 1
    line = json.loads(capsys.readouterr().out)
    assert (line["outcome"], line["planes"]) == ("refused", 0)
    assert looked(image, *FINDING, *other, "--review") == 0
    assert looked(image, *FINDING, *other) == 0
    assert "1 done before" in capsys.readouterr().err


def test_finding_alone_loses_nothing_that_was_read(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image) == 0
    assert looked(image, *FINDING) == 0
    assert "1 done before" in capsys.readouterr().err
    assert looked(image, *FINDING, "--mode", "thorough") == 0
    assert "done before" not in capsys.readouterr().err
    with rows_of(image) as connection:
        texts = [text for (text,) in connection.execute('SELECT ocrtext FROM "DicomRects" WHERE ocrtext IS NOT NULL')]
    assert any("12345" in text for text in texts)


def test_an_allow_list_that_changed_is_told(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allowed = image.parent / "allowed"
    for words, is_told in (("^X$", False), ("^X$", False), ("^NAME", True)):
        allowed.write_text(f"{words}\n")
        assert looked(image, "--allow-list", str(allowed)) == 0
        told = capsys.readouterr().err
        assert ("1 of those done before were looked at with other lists" in told) is is_told


def test_a_look_of_which_nothing_was_noted_counts_as_asked_by_default(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *FINDING) == 0
    with rows_of(image) as connection:
        connection.execute("UPDATE dcmaudit_looks SET effort = NULL")
    assert looked(image, *FINDING) == 0
    assert "1 done before" in capsys.readouterr().err
    assert looked(image, *FINDING, "--mode", "thorough") == 0
    assert "done before" not in capsys.readouterr().err


@pytest.mark.parametrize("then", [[], ["--mode", "thorough"]])
def test_a_look_that_failed_makes_nothing_done(
    image: Path, then: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = image.read_bytes()
    image.write_bytes(file_bytes(dataset(lettered((120, 300), []))))
    assert looked(image, *FINDING) == 0
    image.write_bytes(whole[:200])
    assert looked(image, *FINDING, *then) == 1
    image.write_bytes(whole)
    capsys.readouterr()
    assert looked(image, *FINDING, *then) == 0
    assert "done before" not in capsys.readouterr().err
    assert places(image)


def test_an_earlier_detector_is_told(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image, *FINDING) == 0
    with rows_of(image) as connection:
        (stored,) = connection.execute("SELECT effort FROM dcmaudit_looks").fetchone()
        former = json.dumps(json.loads(stored) | {"detector": "0" * 64})
        connection.execute("UPDATE dcmaudit_looks SET effort = ?", [former])
    capsys.readouterr()
    assert looked(image, *FINDING) == 0
    told = capsys.readouterr().err
    assert "1 of those done before were looked at with an earlier detector (--review looks again)" in told


def test_what_a_process_died_on_since_it_was_done_is_looked_at_again(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *FINDING) == 0
    with open_store(image.parent / "db", user="me") as store:
        # As a run leaves it whose process died: the mark of the former look stays.
        died = Look(OcrEngine.LINES, Outcome.FAILED, ("its process died",))
        store.put_results([FileRows(str(image), look=died)])
    capsys.readouterr()
    assert looked(image, *FINDING) == 0
    assert "1 done\n" in capsys.readouterr().err
    assert looked(image, *FINDING) == 0
    assert "1 done before" in capsys.readouterr().err


def test_what_was_found_before_a_look_failed_is_not_replaced_by_a_quicker_look(
    image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert looked(image, *FINDING) == 0
    before = places(image)
    assert before
    with open_store(image.parent / "db", user="me") as store:
        store.put_results([FileRows(str(image), look=Look(OcrEngine.LINES, Outcome.FAILED, ("its process died",)))])
    capsys.readouterr()
    assert looked(image, *FINDING, "--mode", "fast") == 1
    told = capsys.readouterr().err
    assert "refused: looked at before with mode default; finder own" in told
    assert "not all of it was reached since: ask no less, or --review looks again" in told
    assert places(image) == before
    assert looked(image, *FINDING) == 0
    assert "1 done\n" in capsys.readouterr().err
    assert looked(image, *FINDING, "--mode", "fast") == 0
    assert "1 done before" in capsys.readouterr().err


def test_another_file_of_equal_size_and_time_is_looked_at(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = dataset(lettered((120, 300), []))
    image.write_bytes(file_bytes(data))
    assert looked(image, *FINDING) == 0
    status, former = image.stat(), image.read_bytes()
    data.PixelData = lettered((120, 300), [("NAME 12345", 20, 60)]).tobytes()
    image.write_bytes(file_bytes(data))
    # As whatever unpacks an archive, or copies with times, leaves it.
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert image.stat().st_size == status.st_size
    assert looked(image, *FINDING) == 0
    assert "done before" not in capsys.readouterr().err
    assert places(image) > 0
    # What was only given its name anew is still the file that was looked at.
    image.rename(image.with_suffix(".other"))
    image.with_suffix(".other").rename(image)
    assert looked(image, *FINDING) == 0
    assert "1 done before" in capsys.readouterr().err
    image.write_bytes(former)
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    with sqlite3.connect(image.parent / "db" / "dcmaudit.sqlite.db") as connection:
        connection.execute("UPDATE dcmaudit_looks SET looked_at = '2020-01-01T00:00:00.000+00:00'")
    assert looked(image, *FINDING) == 0
    assert "done before" not in capsys.readouterr().err


def test_what_was_found_in_another_file_is_nothing_to_keep(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert looked(image, *FINDING) == 0
    whole = image.read_bytes()
    image.write_bytes(whole[:200])
    assert looked(image, *FINDING) == 1
    image.write_bytes(whole + bytes(2))  # another file than the one that was looked at
    capsys.readouterr()
    assert looked(image, *FINDING, "--mode", "fast") == 0
    assert "1 done\n" in capsys.readouterr().err
