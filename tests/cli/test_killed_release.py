"""A release that is killed anywhere, and the run that goes on with it: together they are one undisturbed run.

DCMAUDIT_KILLS says how many runs are killed at each kind of moment (default 2), DCMAUDIT_SEED which moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cli.test_release_parts import PartHouse, everything, filled
from dcmaudit.pipeline.release import commits
from dcmaudit.pipeline.release.pictures import OfficerPages, sections
from support.house import House

KILLS = int(os.environ.get("DCMAUDIT_KILLS", "2"))
SEED = int(os.environ.get("DCMAUDIT_SEED", "7"))

DRIVER = """
import os, random, signal, sys
import cv2, onnxruntime
from dcmaudit.cli import main

folder, kills, seed, words = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]

def counted(fatal):
    # Every beginning and end of a function of the release, and of what such a function calls in C: writes, renames.
    count = 0
    def step(frame, event, what):
        nonlocal count
        if "pipeline/release/" in frame.f_code.co_filename:
            count += 1
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(step)
    return lambda: count

def run(number, fatal, *more):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(f"{folder}/said{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        calls = counted(fatal) if fatal else str
        code = main([*words, "-o", f"{folder}/out{number}", "--held", f"{folder}/held{number}", *more])
        sys.setprofile(None)
        with open(f"{folder}/calls", "w") as stream:
            stream.write(str(calls()))
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert run("whole", -1) == 1
with open(f"{folder}/calls") as stream:
    calls = int(stream.read())
chance = random.Random(seed)
for number in range(kills):
    fatal = chance.randint(1, calls)
    print(number, fatal, calls, run(number, fatal), run(number, 0, "--resume"), flush=True)
"""


def words(house: House, *more: str) -> list[str]:
    """The command without its two folders."""
    found = house.words("-q", *more)
    for option in ("-o", "--held"):
        at = found.index(option)
        del found[at : at + 2]
    return found


def whole_of(house: House) -> Any:
    """What an undisturbed run leaves; its folders are called ``whole``."""
    whole = everything(PartHouse(house, "whole"))
    assert len(whole[1]) > 2
    return whole


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_release_killed_at_any_step_and_resumed_is_an_undisturbed_one(tmp_path: Path) -> None:
    house = House(tmp_path)
    filled(house)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, tmp_path, str(KILLS), str(SEED), *words(house)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},  # it is loaded once, before the runs part
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    whole = whole_of(house)
    lines = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert len(lines) == KILLS
    for number, fatal, calls, killed, resumed in lines:
        where = f"killed at step {fatal} of {calls}: {(tmp_path / f'said{number}').read_text()}"
        assert (int(killed), int(resumed)) == (-signal.SIGKILL, 1), where
        assert everything(PartHouse(house, number)) == whole, where


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_release_by_two_processes_killed_at_any_moment_and_resumed_is_an_undisturbed_one(tmp_path: Path) -> None:
    chance, house = random.Random(SEED), House(tmp_path)  # noqa: S311 (made-up moments)
    filled(house)
    command = [sys.executable, "-m", "dcmaudit", *words(house, "-j", "2")]
    began = time.monotonic()
    assert subprocess.run([*command, *folders(house, "whole")], check=False).returncode == 1
    took, whole = time.monotonic() - began, whole_of(house)
    for number in range((KILLS + 1) // 2):
        moment = chance.uniform(0.2, 1.05)
        run = subprocess.Popen(
            [*command, *folders(house, number)], stderr=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip
        time.sleep(moment * took)
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        more = ["--resume"] if (tmp_path / f"out{number}").exists() else []
        assert subprocess.run([*command, *folders(house, number), *more], check=False).returncode == 1
        assert everything(PartHouse(house, str(number))) == whole, f"killed after {moment:.2f} of its time"


def folders(house: House, number: object) -> list[str]:
    return ["-o", str(house.folder / f"out{number}"), "--held", str(house.folder / f"held{number}")]


class PowerError(Exception):
    """In place of a loss of power."""


@pytest.mark.parametrize("lost", ["names", "lines", "lines that are garbage", "pages"])
def test_what_a_loss_of_power_takes_since_the_last_commit_is_made_again(
    tmp_path: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records may be on the disk whose outputs, notes or pictures are not, where the machine has started anew."""
    from dcmaudit.pipeline.release import folder

    house = House(tmp_path)
    filled(house)
    house.run()
    whole = everything(house)
    cut = PartHouse(house, "cut")

    def forgotten(self: commits.Commits, count: int) -> None:
        if count == 3:
            self.commit(count)
        if count == 6:
            raise PowerError

    monkeypatch.setattr(commits.Commits, "written", forgotten)
    monkeypatch.setattr(folder.ReleaseFolders, "_commit_rest", lambda _: None)
    assert cut.run() not in {0, 1}
    monkeypatch.undo()
    records, notes = cut.out / "records.jsonl", cut.held / "house.jsonl"
    assert len(records.read_bytes().splitlines()) == 7
    assert json.loads((cut.held / "committed.json").read_text())["records"] == 3
    monkeypatch.setattr(commits, "_boot", lambda: "another start of the machine")
    if lost == "names":
        for path in [cut.out / record["output"] for record in cut.records()[3:] if record["output"]]:
            path.unlink()
    elif lost == "pages":
        for path in (cut.held / "officer").iterdir():
            kept = [line for line in path.read_bytes().splitlines(keepends=True) if line[:8] != b"<!--4-->"]
            path.write_bytes(b"".join(kept) + b"\0" * 99 + b"\n")
    else:
        kept = b"".join(notes.read_bytes().splitlines(keepends=True)[:3])
        notes.write_bytes(kept + (b"" if lost == "lines" else b"\0" * 500 + b"\n}{\n"))
        if lost != "lines":
            records.write_bytes(b"".join(records.read_bytes().splitlines(keepends=True)[:4]) + b"\0" * 900 + b"\n{}\n")
    assert cut.run("--resume") == 1
    assert everything(cut) == whole
    assert not (cut.held / "committed.json").exists()


def test_without_knowing_how_far_the_last_commit_went_nothing_is_relied_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(tmp_path)
    filled(house)
    house.run()
    whole = everything(house)
    (house.held / "committed.json").write_bytes(b"")
    for path in house.out.rglob("*.dcm"):
        path.unlink()
    assert house.run("--resume") == 1
    assert everything(house) == whole


def test_all_of_a_finished_release_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house, synced = House(tmp_path), set[int]()
    filled(house)
    sync = os.fsync

    def noting(number: int) -> None:
        synced.add(os.fstat(number).st_ino)
        sync(number)

    monkeypatch.setattr(os, "fsync", noting)
    assert house.run() == 1
    paths = [path for folder in (house.out, house.held) for path in (folder, *folder.rglob("*"))]
    assert len(paths) > 15
    assert not [path.name for path in paths if path.stat().st_ino not in synced]


def test_pages_of_the_officer_outlive_the_run_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is cut is another file, and one that a killed run had added to is brought to the disk."""
    synced = set[int]()
    before = OfficerPages(tmp_path, 0, None)
    for number in (1, 2, 101):
        before.add(number, f"<section>{number}</section>")
    path, later = sorted((tmp_path / "officer").iterdir())
    with path.open("rb") as former:
        after = OfficerPages(tmp_path, 1, 0)
        assert b"<section>2</section>" in former.read()
    assert list(sections(tmp_path)) == [(1, "<section>1</section>")]
    assert not later.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    after.add(2, "<section>2</section>")
    after = OfficerPages(tmp_path, 2, 1)
    monkeypatch.setattr(os, "fsync", lambda number: synced.add(os.fstat(number).st_ino))
    after.sync()
    assert path.stat().st_ino in synced


def test_records_are_brought_to_the_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record waits for the disk only where the last wait is some time ago."""
    house, synced = House(tmp_path), 0
    for number in range(20):
        house.add(f"{number}.dcm", PatientName="X")
    sync = os.fsync

    def counting(number: int) -> None:
        nonlocal synced
        synced += 1
        sync(number)

    monkeypatch.setattr(os, "fsync", counting)
    monkeypatch.setattr(commits, "EVERY", 1e9)
    house.run()
    few = synced
    monkeypatch.setattr(commits, "EVERY", 0.0)
    synced = 0
    house.again()
    assert synced > few + 2 * 20


def test_the_time_left_of_a_resumed_run_is_that_of_what_is_left() -> None:
    from dcmaudit.cli.progress import Progress
    from dcmaudit.sources.extent import Estimate

    class Found:
        def estimate(self) -> Estimate:
            return Estimate(92, is_exact=True)

    progress = Progress("releasing", inputs=Found(), quiet=True, form="none")  # type: ignore[arg-type]
    progress.before = 77
    progress.advance(held=False)
    assert progress.expected() == (15, True)
