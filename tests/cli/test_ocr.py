"""``dcmaudit ocr`` from the outside: files in, rows and lines out, and the exit code tells the truth."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import socket
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.cli import main
from dcmaudit.detect.ocr import TextFinder
from dcmaudit.detect.textnet import network
from dcmaudit.model import Verdict
from dcmaudit.store import open_store
from support.blobs import BlobEngine
from support.files import MPEG4, dataset, file_bytes
from support.lettering import lettered
from support.smallnet import write_net


def write(folder: Path, name: str, word: bool = True) -> Path:
    picture = np.full((200, 300), 10, np.uint8)
    picture[0, 0], picture[0, -1] = 0, 255
    if word:
        picture[100:110, 50:120] = 255
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(file_bytes(dataset(picture)))
    return path


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> BlobEngine:
    """The exact engine, in this process, in the place of the real one."""
    engine = BlobEngine()
    engine.number = 100
    monkeypatch.setattr(search, "finder_of", lambda _engine, mode, *_: TextFinder(engine, mode))
    return engine


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    return lambda *words: main(["ocr", "-j", "1", *map(str, words)])


def boxes(folder: Path, name: Path) -> int:
    with open_store(folder, user="x", read_only=True) as store:
        return sum(row.box is not None for row in store.rects(str(name)))


def test_the_real_engine_over_a_process_pool_finds_a_name_and_nothing_is_said_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        picture = lettered((240, 360), [("FENWICK", 40, 60)])
        data = dataset(picture, extra={"PatientName": "Fenwick^Ada", "SOPInstanceUID": f"1.2.{number}"})
        (tmp_path / f"{number}.dcm").write_bytes(file_bytes(data))
    db = tmp_path / "db"
    assert main(["ocr", "--db", str(db), "-d", *(str(tmp_path / f"{n}.dcm") for n in range(2))]) == 0
    out, err = capfd.readouterr()
    assert "2 done" in err
    assert "2 with identifying text" in err
    assert "FENWICK" not in (out + err).upper()
    with open_store(db, user="x", read_only=True) as store:
        (rect,) = [row for row in store.rects(str(tmp_path / "1.dcm")) if row.box is not None]
    assert rect.text == "FENWICK"
    assert rect.verdict is Verdict.IDENTIFYING


def test_what_is_done_is_not_done_again_unless_asked_and_never_doubled(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file, clean = write(tmp_path / "in", "a.dcm"), write(tmp_path / "in", "b.dcm", word=False)
    assert run("--db", tmp_path / "db", file, clean) == 0
    assert boxes(tmp_path / "db", file) == 1
    shown = len(blobs.shown)
    assert run("--db", tmp_path / "db", file, clean) == 0
    assert len(blobs.shown) == shown  # a file without text is remembered, too
    assert "2 done before" in capsys.readouterr().err
    assert run("--db", tmp_path / "db", "--review", file) == 0
    assert len(blobs.shown) > shown
    assert boxes(tmp_path / "db", file) == 1


def test_a_file_that_cannot_be_looked_at_is_named_and_the_exit_code_says_so(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path / "in", "a.dcm")
    video = tmp_path / "in" / "video.dcm"
    video.write_bytes(file_bytes(dataset(np.zeros((1, 64, 64), np.uint8), frames=1), MPEG4, frames=[b"\0" * 64]))
    broken = tmp_path / "in" / "broken.dcm"
    broken.write_bytes(good.read_bytes()[:-5000])
    assert run("--db", tmp_path / "db", "-r", tmp_path / "in", tmp_path / "none.dcm") == 1
    err = capsys.readouterr().err
    for name in (video, broken, tmp_path / "none.dcm"):
        assert f"{name}: " in err
    assert "4 inputs: 1 done" in err
    assert "\n1 with text that nobody knows; 1 place on" in err  # and nothing is said of what nobody could look at
    assert boxes(tmp_path / "db", good) == 1


def test_csv_goes_to_standard_output_or_to_a_file_that_is_not_replaced_unasked(
    tmp_path: Path,
    blobs: BlobEngine,
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DCMAUDIT_DB", str(tmp_path / "db"))
    file, other = write(tmp_path / "in", "a.dcm"), write(tmp_path / "in", "b.dcm")
    assert run("--csv", "-", file) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["left"] for row in rows] == ["46", "-1"]
    assert rows[0]["filename"] == str(file)
    assert not (tmp_path / "db").exists()  # only where a database is named
    assert run("--csv", "-", "--no-csv-header", "--no-rects", file) == 0
    assert capsys.readouterr().out.count("\n") == 1
    out = tmp_path / "out.csv"
    assert run("--csv", out, file) == 0
    assert run("--csv", out, file) == 2
    assert "exists already" in capsys.readouterr().err
    before = out.read_bytes()
    assert run("--csv", out, "--append", file, other) == 0
    assert out.read_bytes().startswith(before)
    assert out.read_text().count(str(other)) == 2
    assert run("--csv", out, "--overwrite", other) == 0
    assert str(file) not in out.read_text()


def test_a_file_that_was_changed_after_its_list_is_looked_at_again(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = write(tmp_path / "in", "a.dcm"), write(tmp_path / "in", "b.dcm")
    out = tmp_path / "out.csv"
    assert run("--csv", out, file, other) == 0
    capsys.readouterr()
    later = out.stat().st_mtime_ns + 1_000_000_000
    os.utime(file, ns=(later, later))
    assert run("--csv", out, "--append", file, other) == 0
    assert "1 done before" in capsys.readouterr().err
    assert out.read_text().count(str(file)) == 2  # its former lines went


def test_both_a_database_and_a_list_can_be_filled(tmp_path: Path, blobs: BlobEngine, run: Callable[..., int]) -> None:
    file = write(tmp_path / "in", "a.dcm")
    assert run("--db", tmp_path / "db", "--csv", tmp_path / "out.csv", file) == 0
    assert boxes(tmp_path / "db", file) == 1
    # A second list must not stay empty because the database has the file.
    assert run("--db", tmp_path / "db", "--csv", tmp_path / "second.csv", file) == 0
    assert str(file) in (tmp_path / "second.csv").read_text()
    assert boxes(tmp_path / "db", file) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--engine", "abbyy"], ["--pii", "nobody"], ["-j", "0"], ["--append"],
        ["--csv", "x", "--append", "--overwrite"], ["--mode", "slow"],
        ["--allow-list", "/no/such/list"], ["--use-ultrasound-regions", "--except-ultrasound-regions"],
        ["--pii", "header", "--allow-list", "x"], ["-j", "1", "--dask", "tcp://127.0.0.1:1"],
    ],
)  # fmt: skip
def test_options_that_cannot_be_used_end_the_run_before_it_begins(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ocr", "--db", str(tmp_path / "db"), *words, str(tmp_path)]) in {1, 2}
    assert capsys.readouterr().err.startswith("dcmaudit: ")
    assert not (tmp_path / "db").exists()


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(3)]
    seen, count = blobs.detect, []

    def interrupted(picture: np.ndarray) -> object:
        count.append(1)
        if len(count) == 3:
            raise KeyboardInterrupt
        return seen(picture)

    monkeypatch.setattr(blobs, "detect", interrupted)
    assert run("--db", tmp_path / "db", *files) == 130
    assert boxes(tmp_path / "db", files[0]) == 1
    monkeypatch.setattr(blobs, "detect", seen)
    assert run("--db", tmp_path / "db", *files) == 0
    assert [boxes(tmp_path / "db", file) for file in files] == [1, 1, 1]


@pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra dask")
def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = write(tmp_path / "in", "a.dcm")
    assert main(["ocr", "--db", str(tmp_path / "db"), "--dask", f"tcp://127.0.0.1:{port}", str(file)]) == 2
    assert "scheduler" in capsys.readouterr().err


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The small network in the place of the trained one."""
    monkeypatch.setattr(network, "FOLDER", write_net(tmp_path / "net"))
    cached = search.finder_of
    cached.cache_clear()
    yield
    cached.cache_clear()


def test_text_is_found_without_reading_it_and_the_summary_says_so(
    tmp_path: Path, small: None, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file, clean = write(tmp_path / "in", "a.dcm"), write(tmp_path / "in", "b.dcm", word=False)
    options = ("--no-read", "--finder", "own", "--db", tmp_path / "db")
    assert run(*options, file, clean) == 0
    err = capsys.readouterr().err
    assert "1 with text that was not read, 1 without text" in err
    with open_store(tmp_path / "db", user="x", read_only=True) as store:
        (rect,) = [row for row in store.rects(str(file)) if row.box is not None]
    assert (rect.text, rect.engine, rect.verdict) == ("", 101, Verdict.UNKNOWN)
    assert run(*options, file, clean) == 0
    assert "2 done before" in capsys.readouterr().err


def test_whoever_only_asks_where_text_is_need_not_ask_twice_and_a_reader_must(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "in", "a.dcm")
    assert run("--db", tmp_path / "db", file) == 0
    assert run("--no-read", "--db", tmp_path / "db", file) == 0
    assert "1 done before" in capsys.readouterr().err
    assert run("--db", tmp_path / "other", "--no-read", file) == 0
    assert run("--db", tmp_path / "other", file) == 0
    assert "done before" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--engine", "rapidocr"], ["--pii", "header"], ["--finder", "engine"], ["--allow-list", "x"], ["--no-rects"]],
)
def test_what_makes_no_sense_without_reading_is_refused(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ocr", "--db", str(tmp_path / "db"), "--no-read", *words, str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("dcmaudit: ")
    assert not (tmp_path / "db").exists()


def test_a_detector_that_is_damaged_ends_the_run_before_it_begins(
    tmp_path: Path, small: None, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "net" / "weights.onnx").open("ab") as stream:
        stream.write(b"x")
    assert run("--no-read", "--finder", "own", "--db", tmp_path / "db", write(tmp_path / "in", "a.dcm")) == 1
    assert "is damaged" in capsys.readouterr().err
    assert not (tmp_path / "db").exists()


def looks(folder: Path, name: Path) -> list[tuple[str, bool, int]]:
    with open_store(folder, user="x", read_only=True) as store:
        return [(look.outcome.value, look.complete, look.places) for look in store.looks(str(name))]


def test_the_database_keeps_how_each_look_ended_and_a_retry_takes_its_place(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int]
) -> None:
    folder, base = tmp_path / "in", tmp_path / "db"
    word, empty, damaged = write(folder, "w.dcm"), write(folder, "e.dcm", word=False), write(folder, "d.dcm")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-30_000])
    (folder / "none.dcm").write_bytes(b"no image at all" * 40)
    assert run(folder, "--db", base) == 1
    assert looks(base, word) == [("done", True, 1)]
    assert looks(base, empty) == [("done", True, 0)]
    assert looks(base, damaged)[0][:2] == ("failed", False) or looks(base, damaged)[0][:2] == ("refused", False)
    assert looks(base, folder / "none.dcm") == [("failed", False, 0)]
    with open_store(base, user="x", read_only=True) as store:
        (look,) = store.looks(str(empty))
        assert look.digest == f"sha256:{hashlib.sha256(empty.read_bytes()).hexdigest()}"
        assert (look.size, look.modified_ns) == (empty.stat().st_size, empty.stat().st_mtime_ns)
        assert str(damaged) in store.filenames()
    damaged.write_bytes(whole)
    run(folder, "--db", base)
    assert looks(base, damaged) == [("done", True, 1)]


def test_a_look_that_an_option_kept_from_some_planes_is_not_complete(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int]
) -> None:
    empty = write(tmp_path / "in", "e.dcm", word=False)
    assert run(empty, "--db", tmp_path / "db", "--no-overlays") == 0
    assert looks(tmp_path / "db", empty) == [("done", False, 0)]


def test_a_file_that_was_replaced_under_its_name_is_looked_at_again(
    tmp_path: Path, blobs: BlobEngine, run: Callable[..., int]
) -> None:
    empty = write(tmp_path / "in", "e.dcm", word=False)
    assert run(empty, "--db", tmp_path / "db") == 0
    empty.write_bytes(write(tmp_path, "w.dcm").read_bytes())
    assert run(empty, "--db", tmp_path / "db") == 0
    assert looks(tmp_path / "db", empty) == [("done", True, 1)]


@pytest.mark.parametrize("words", [["ocr", "--csv"], ["ocr", "--no-read", "--csv"], ["frames", "-x", "-o"]])
def test_an_address_is_no_place_for_a_list_or_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*words, "s3://bucket/x.csv?key=secret", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert f"{words[-1]}" in told
    assert "a file or folder of this machine is needed, not s3://" in told
    assert "secret" not in told


def test_a_list_that_cannot_be_begun_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "absent" / "x.csv"
    assert main(["ocr", "--csv", str(listed), str(tmp_path)]) == 2
    assert f"{listed} cannot be used for the list: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["unpacked over it", "not reached again"])
def test_a_list_never_passes_for_that_of_a_file_that_came_since(
    tmp_path: Path, how: str, blobs: BlobEngine, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = write(tmp_path / "in", "a.dcm"), write(tmp_path / "in", "b.dcm")
    out, fresh = tmp_path / "out.csv", write(tmp_path / "new", "a.dcm")
    assert run("--csv", out, file, other) == 0
    os.utime(fresh, ns=(10**18, 10**18))
    fresh.replace(file)
    if how == "not reached again":  # a run over other files writes into the list, and then its time is later
        assert run("--csv", out, "--append", write(tmp_path / "in", "c.dcm")) == 0
        assert out.read_text().count(str(file)) == 2  # what was found stays until it is looked at again
    capsys.readouterr()
    assert run("--csv", out, "--append", file, other) == 0
    assert "1 done before" in capsys.readouterr().err
    assert out.read_text().count(str(file)) == 2
    assert run("--csv", out, "--append", file, other) == 0
    assert "2 done before" in capsys.readouterr().err
