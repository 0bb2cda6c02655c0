"""A run that is killed, and the run that goes on with it: together they are one undisturbed run.

DCMAUDIT_KILLS says how many runs are killed at random moments (default 2); those killed at each step are always all.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
from support.files import gradient, reference

KILLS = int(os.environ.get("DCMAUDIT_KILLS", "2"))
FILES = 3

DRIVER = """
import os, signal, sys
from pathlib import Path
import dcmaudit.cli, dcmaudit.pipeline.redaction, dcmaudit.pipeline.workers
from dcmaudit.cli import main

source, target, names = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
if sys.argv[4] == "hidden":
    del os.O_TMPFILE
words = ["redact", source, "--rect", "1,2,6,9", "--jobs", "1", *sys.argv[5:]]
CALLS = ("link", "unlink", "replace", "rename", "fsync")

def dying(fatal):
    # The number of calls made, and the end of the process before (even) or after (odd) one of them.
    count = 0
    def wrap(call):
        def step(*args, **more):
            nonlocal count
            if 2 * count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = call(*args, **more)
            if 2 * count + 1 == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return answer
        return step
    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name)))
    return lambda: count

def run(folder, fatal, *more):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(os.open(f"{folder}.err", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        calls = dying(fatal)
        code = main([*words, "-o", folder, *more])
        Path(f"{folder}.calls").write_text(str(calls()))
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

assert run(f"{target}/whole", -1) == 0
calls = int(Path(f"{target}/whole.calls").read_text())
for fatal in range(2 * calls):
    folder = f"{target}/{fatal}"
    if "--overwrite" in words:
        assert run(folder, -1) == 0
    print(fatal, run(folder, fatal), end=" ")
    if "--overwrite" in words:
        words.remove("--overwrite")
        print(run(folder, -1, "--resume"))
        words.append("--overwrite")
    else:
        print(run(folder, -1, "--resume"))
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(FILES):
        pixels = np.roll(gradient(), number, axis=1)
        (folder / f"{number}.dcm").write_bytes(reference(pixels).data)
    return folder


def state(folder: Path) -> dict[str, object]:
    """What a run leaves: every file, records without what may differ between two runs."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".part":
            continue
        content: object = path.read_bytes()
        if path.name.endswith(".proof.json"):
            content = json.loads(path.read_bytes())
            assert isinstance(content, dict)
            assert content.pop("made").keys() == {"at", "by"}
        found[path.name] = content
    return found


@pytest.mark.parametrize("names", ["without names", "hidden"])
@pytest.mark.parametrize("options", [["--sidecar", "--proof"], ["--proof", "--json"], ["--sidecar", "--overwrite"]])
def test_a_run_killed_at_any_step_and_resumed_is_an_undisturbed_one(
    source: Path, tmp_path: Path, options: list[str], names: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, source, tmp_path, "", names, *options],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    whole = state(tmp_path / "whole")
    assert len(whole) == FILES * (1 + sum(option in {"--sidecar", "--proof"} for option in options))
    ends = [line.split() for line in done.stdout.splitlines()]
    assert len(ends) > 20
    for fatal, killed, resumed in ends:
        assert int(killed) == -signal.SIGKILL
        told = (tmp_path / f"{fatal}.err").read_text()
        assert int(resumed) == Exit.GOOD, (fatal, told)
        assert state(tmp_path / fatal) == whole, (fatal, told)
        assert names == "hidden" or not list((tmp_path / fatal).glob(".*")) or "--overwrite" in options


@pytest.mark.parametrize("asked", ["--rect", "--from-db"])
def test_runs_killed_at_random_moments(source: Path, tmp_path: Path, asked: str) -> None:
    for number in range(40):
        shutil.copyfile(source / "0.dcm", source / f"more{number}.dcm")
    rects = ["--rect", "1,2,6,9"] if asked == "--rect" else ["--from-db", "--db", str(tmp_path / "db")]
    if asked == "--from-db":
        mark_each(source, tmp_path / "db")
    words = ["redact", str(source), *rects, "--sidecar", "--proof", "--jobs", "2"]
    assert main([*words, "-o", str(tmp_path / "whole")]) == Exit.GOOD
    whole = state(tmp_path / "whole")
    assert len(whole) == 3 * (FILES + 40)
    for seed in range(KILLS):
        folder = tmp_path / str(seed)
        chance = random.Random(seed)  # noqa: S311 (made-up moments)
        run = subprocess.Popen(
            [sys.executable, "-m", "dcmaudit", *words, "-o", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        wanted = chance.randrange(1, 100)
        while run.poll() is None and len(list(folder.glob("*"))) < wanted:
            time.sleep(0.001 * chance.random())
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        assert main([*words, "-o", str(folder), "--resume"]) == Exit.GOOD
        assert state(folder) == whole, seed


def mark_each(folder: Path, database: Path) -> None:
    """A few rectangles for each file, which are not those of its neighbours, and the word that it is done."""
    with open_store(database, user="anna") as store:
        for number, path in enumerate(sorted(folder.iterdir())):
            boxes = [Box(number % 7 + 2 * each, each, number % 7 + 2 * each + 1, 9) for each in range(1 + number % 3)]
            store.add_rects(str(path), [NewRect(box, FrameAddress(0)) for box in boxes])
            store.mark_done(str(path), DeviceFacts("US", ("ORIGINAL",), "MADE UP 1", None, 16, 16))


# --- what lies there already --------------------------------------------------------------------------------------


@pytest.fixture
def one(source: Path, tmp_path: Path) -> list[str]:
    """A command that redacts one file with both side files, and was carried out once."""
    words = ["redact", str(source / "0.dcm"), "--rect", "1,2,6,9", "--sidecar", "--proof", "-o", str(tmp_path / "out")]
    assert main(words) == Exit.GOOD
    return words


@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_side_files_without_their_output_keep_no_run_from_making_it(
    one: list[str], tmp_path: Path, resume: list[str]
) -> None:
    whole = state(tmp_path / "out")
    (tmp_path / "out" / "0.redacted.dcm").unlink()
    assert main([*one, *resume]) == Exit.GOOD
    assert state(tmp_path / "out") == whole


@pytest.mark.parametrize("name", ["0.redacted.json", "0.redacted.proof.json"])
@pytest.mark.parametrize("content", [b"mine", b"[]", b'{"redacted": 1}', b""])
def test_a_foreign_file_in_the_place_of_a_side_file_is_kept(
    one: list[str], tmp_path: Path, name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / "0.redacted.dcm").unlink()
    (tmp_path / "out" / name).write_bytes(content)
    assert main(one) == Exit.NOT_ALL
    assert f"{name} exists already" in capsys.readouterr().err
    assert (tmp_path / "out" / name).read_bytes() == content
    assert not (tmp_path / "out" / "0.redacted.dcm").exists()


def test_an_output_without_side_files_is_proved_again_before_it_gets_them(
    one: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = state(tmp_path / "out")
    output = tmp_path / "out" / "0.redacted.dcm"
    (tmp_path / "out" / "0.redacted.proof.json").unlink()
    before = output.stat().st_mtime_ns
    assert main([*one, "--resume"]) == Exit.GOOD
    assert state(tmp_path / "out") == whole
    assert output.stat().st_mtime_ns == before
    assert "proved again" in capsys.readouterr().err
    (tmp_path / "out" / "0.redacted.proof.json").unlink()
    one[one.index("1,2,6,9")] = "1,2,9,9"
    assert main([*one, "--resume"]) == Exit.NOT_ALL
    assert "is not what is asked for now" in capsys.readouterr().err
    assert not (tmp_path / "out" / "0.redacted.proof.json").exists()


def test_a_record_says_by_whom_with_what_and_on_whose_word(source: Path, tmp_path: Path) -> None:
    words = ["--user", "officer", "redact", str(source / "0.dcm"), "--rect", "1,2,6,9", "--proof", "--icons", "remove"]
    records = []
    for folder in ("a", "b"):
        assert main([*words, "-o", str(tmp_path / folder)]) == Exit.GOOD
        records.append(json.loads((tmp_path / folder / "0.redacted.proof.json").read_text()))
    one, other = records
    assert one["made"]["by"] == "officer"
    assert one["version"].startswith("dcmaudit ")
    assert (one["options"]["icons"], one["options"]["ultrasound"]) == ("remove", False)
    (rectangle,) = one["rectangles"]
    assert (rectangle["box"], rectangle["reason"]) == ([1, 2, 6, 9], "--rect")
    assert one["digest"] == other["digest"]
    assert main([*words[:-2], "-o", str(tmp_path / "c")]) == Exit.GOOD
    assert json.loads((tmp_path / "c" / "0.redacted.proof.json").read_text())["digest"] != one["digest"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
@pytest.mark.parametrize("name", ["0.redacted.dcm", "0.redacted.json"])
def test_a_folder_in_the_place_of_an_output_leaves_nothing_behind(
    source: Path, tmp_path: Path, name: str, overwrite: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / name).mkdir(parents=True)
    words = ["redact", str(source), "--rect", "1,2,6,9", "--sidecar", "-o", str(out), *overwrite]
    assert main(words) == Exit.NOT_ALL
    assert f"{out / name} is a folder" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == sorted(
        [name, *(f"{n}.redacted.{kind}" for n in (1, 2) for kind in ("dcm", "json"))]
    )


def test_what_a_killed_run_left_without_a_name_is_no_input(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copyfile(source / "0.dcm", source / ".0.redacted.dcm.0a1b2c3d.part")
    assert main(["redact", str(source), "--rect", "1,2,6,9"]) == Exit.GOOD
    assert "1 named like outputs" in capsys.readouterr().err
    assert len(list(source.iterdir())) == 2 * FILES + 1
