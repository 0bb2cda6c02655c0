"""Ctrl+C while ``dcmaudit ocr`` runs: what is begun is finished, and every input is accounted for."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.cli import main
from dcmaudit.detect.ocr import Mode, TextFinder
from dcmaudit.store import open_store
from support.blobs import BlobEngine
from support.files import dataset, file_bytes


def write(folder: Path, name: str, frames: int = 1, edge: int = 160) -> Path:
    """A file with a white bar on each frame; no two frames are the same."""
    folder.mkdir(exist_ok=True)
    pictures = np.full((frames, edge, edge), 10, np.uint8)
    pictures[:, 100:110, 50:120] = 255
    for number in range(frames):
        pictures[number, :40, :40] = np.random.default_rng(number).integers(0, 256, (40, 40), np.uint8)
    path = folder / name
    path.write_bytes(file_bytes(dataset(pictures, frames=frames) if frames > 1 else dataset(pictures[0])))
    return path


def stored(db: Path, files: list[Path]) -> list[bool]:
    with open_store(db, user="x", read_only=True) as store:
        return [bool(store.rects(str(file))) for file in files]


@pytest.fixture
def presses(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Ctrl+C so and so many times while file number so and so is being looked at, counted from 1; 0: models load."""

    def set_up(times: int, at: int) -> None:
        engine = BlobEngine()
        engine.number = 100
        seen, begun = engine.detect, []

        def press(picture: np.ndarray) -> object:
            begun.append(1)
            for _ in range(times if len(begun) == at else 0):
                signal.raise_signal(signal.SIGINT)
            return seen(picture)

        def finder(_engine: object, mode: Mode, *_: object) -> TextFinder:
            for _ in range(times if at == 0 and not begun else 0):
                signal.raise_signal(signal.SIGINT)
            return TextFinder(engine, mode)

        monkeypatch.setattr(engine, "detect", press)
        monkeypatch.setattr(search, "finder_of", finder)

    return set_up


def run(db: Path, files: list[Path], *options: str) -> int:
    return main(["ocr", "-j", "1", "--mode", "fast", "--db", str(db), *options, *map(str, files)])


def test_the_first_ctrl_c_finishes_what_is_begun_and_counts_what_was_not(
    tmp_path: Path, presses: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(5)]
    presses(1, 2)
    assert run(tmp_path / "db", files) == 130
    said = capsys.readouterr().err
    assert "stopping: " in said
    assert "interrupted: 2 inputs were finished and what was found in them is recorded, 3 were not begun" in said
    assert "the same command goes on" in said
    assert stored(tmp_path / "db", files) == [True, True, False, False, False]
    presses(0, 0)
    assert run(tmp_path / "db", files) == 0
    assert "5 inputs: 3 done, 2 done before" in capsys.readouterr().err
    assert all(stored(tmp_path / "db", files))


def test_the_second_ctrl_c_ends_at_once_and_names_what_is_not_recorded(
    tmp_path: Path, presses: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(4)]
    presses(2, 2)
    assert run(tmp_path / "db", files) == 130
    said = capsys.readouterr().err
    assert f"{files[1]}: not finished, and nothing that was found in it now is recorded" in said
    assert said.count("not finished, and") == 1
    assert "ended at once: 1 was broken off and is named above, 1 input was finished" in said
    assert "2 inputs: 1 done, 1 not finished" in said
    assert stored(tmp_path / "db", files) == [True, False, False, False]


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_the_models_load_says_that_nothing_was_begun(
    tmp_path: Path, times: int, presses: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(3)]
    presses(times, 0)
    assert run(tmp_path / "db", files) == 130
    said = capsys.readouterr().err
    if times == 1:
        assert "interrupted: 0 inputs were finished and what was found in them is recorded, 3 were not begun" in said
        assert not any(stored(tmp_path / "db", files))
    else:
        assert "ended at once: no input was begun" in said
        assert not (tmp_path / "db").exists()


def test_files_that_are_done_are_not_passed_over_for_long_once_the_end_is_asked_for(
    tmp_path: Path, presses: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(3)]
    presses(0, 0)
    assert run(tmp_path / "db", files) == 0
    presses(1, 0)
    assert run(tmp_path / "db", files) == 130
    assert "0 inputs were finished and what was found in them is recorded, 3 were not begun" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--csv", "{}/out.csv"], "; the same command goes on with --append\n"),
        (["--csv", "{}/out.csv", "--overwrite"], "; the same command goes on with --append instead of --overwrite\n"),
        (["--csv", "-"], "1 was not begun\n"),
        (["--review"], "1 was not begun\n"),
    ],
)
def test_how_to_go_on_is_said_where_going_on_is_possible(
    tmp_path: Path, options: list[str], said: str,
    presses: Callable[[int, int], None], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    files = [write(tmp_path / "in", f"{n}.dcm") for n in range(2)]
    presses(1, 1)
    assert run(tmp_path / "db", files, *(word.format(tmp_path) for word in options)) == 130
    assert said in capsys.readouterr().err


def slow(folder: Path) -> Path:
    """A file that takes a fast machine half a minute: noise all over, so that nothing of a frame is known before."""
    path, chance = folder / "slow.dcm", np.random.default_rng(7)
    path.write_bytes(file_bytes(dataset(chance.integers(0, 256, (150, 1400, 1400), np.uint8), frames=150)))
    return path


def test_with_two_processes_what_is_finished_is_recorded_and_the_slow_file_is_named(tmp_path: Path) -> None:
    """The fourth file takes a minute; meanwhile the other process goes on with those that come behind it."""
    folder, out = tmp_path / "in", tmp_path / "out.csv"
    files = [write(folder, f"{number:02}.dcm") for number in range(14)]
    files.insert(3, slow(folder))
    command = [sys.executable, "-m", "dcmaudit", "ocr", "--no-read", "-j", "2", "--csv", str(out)]
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen([*command, *map(str, files)], stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.monotonic() + 120
    while len(listed(out)) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # the slow one is under way
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    (broken,) = [line for line in said.splitlines() if ": not finished, and nothing" in line]
    assert "slow.dcm" in broken
    done = listed(out)
    assert "slow.dcm" not in done
    assert 3 <= len(done) <= 14
    counted = re.search(r"1 was broken off .*, (\d+) inputs? w(?:as|ere) finished", said)
    assert counted is not None
    assert int(counted[1]) == len(done)
    assert f"{len(done)} done, 1 not finished" in said


def listed(path: Path) -> set[str]:
    if not path.exists():
        return set()
    with path.open(newline="") as stream:
        return {Path(row["filename"]).name for row in csv.DictReader(stream)}


def test_sigterm_ends_a_long_file_within_seconds_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody presses twice: a machine that shuts down sends SIGTERM once, and kills a little later."""
    engine = BlobEngine()
    engine.number, seen, begun = 100, engine.detect, []

    def slow(picture: np.ndarray) -> object:
        begun.append(1)
        if len(begun) == 2:
            signal.raise_signal(signal.SIGTERM)
        time.sleep(0.05)
        return seen(picture)

    monkeypatch.setattr(engine, "detect", slow)
    monkeypatch.setattr(search, "finder_of", lambda _engine, mode, *_: TextFinder(engine, mode))
    monkeypatch.setattr("dcmaudit.cli.stopping.GRACE", 0.4)
    files = [write(tmp_path / "in", "long.dcm", frames=400), write(tmp_path / "in", "next.dcm")]
    assert run(tmp_path / "db", files) == 130
    assert len(begun) < 200
    said = capsys.readouterr().err
    assert "in 0.4 seconds: at once" in said
    assert "long.dcm" in said
    assert stored(tmp_path / "db", files) == [False, False]
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
