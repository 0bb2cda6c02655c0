"""Ctrl+C while many files are redacted: what is begun is finished, and every input is accounted for."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.model.counts import counted
from support import files

COUNT = 12
COMMAND = [sys.executable, "-m", "dcmaudit"]


def archive(folder: Path, count: int) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    data = files.reference(np.stack([picture] * 2), files.JPEG_LS, frames=2).data
    for number in range(count):
        (folder / f"{number:03}.dcm").write_bytes(data)
    return folder


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "COLUMNS": "100"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_first_ctrl_c_finishes_what_is_begun_and_says_what_was_not(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "in").mkdir()
    out = tmp_path / "out"
    archive(tmp_path / "in", COUNT)
    command = [*COMMAND, "redact", "--rect", "0,0,9,9", "-j", jobs, "-o", str(out), str(tmp_path / "in")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(tmp_path))
    deadline = time.monotonic() + 300
    while not list(out.glob("*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=400)
    assert process.returncode == 130
    written = sorted(out.glob("*.redacted.dcm"))
    assert 0 < len(written) < COUNT
    told = [line for line in said.splitlines() if ": proved: " in line]
    assert len(told) == len(written)  # nothing is finished without being told
    assert f"interrupted: {counted(len(written), 'input was', 'inputs were')} finished" in said
    again = subprocess.run([*command, "--resume", "-q"], env=environment(tmp_path), check=False)
    assert again.returncode == 0
    assert len(list(out.glob("*.redacted.dcm"))) == COUNT


def slow(folder: Path, name: str) -> None:
    """A file that takes a minute: frames of JPEG 2000 that are decoded, coded and decoded again."""
    picture = np.tile(np.random.default_rng(1).integers(0, 64, (1024, 8), np.uint16), 128)
    codestream = files.encode(picture, files.JPEG_2000_LOSSLESS, bits_stored=12)
    data = files.dataset(picture[np.newaxis], frames=1, bits_stored=12)
    data.NumberOfFrames = "80"
    (folder / name).write_bytes(files.file_bytes(data, files.JPEG_2000_LOSSLESS, frames=[codestream] * 80))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_second_ctrl_c_ends_at_once_and_names_what_was_done_and_what_was_not(tmp_path: Path, jobs: str) -> None:
    """With one process the slow file comes last but one; with two it is first, and others are done before it."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    archive(folder, 4)
    slow(folder, "0025.dcm" if jobs == "1" else "000.dcm")
    command = [*COMMAND, "redact", "--rect", "0,0,9,9", "-j", jobs, "-o", str(out), str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(tmp_path))
    deadline = time.monotonic() + 120
    while len(list(out.glob("*.dcm"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # the slow one is under way
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    written = sorted(path.name for path in out.iterdir())
    assert len(written) >= 3  # nothing but whole outputs, not even hidden ones
    assert all(name.endswith(".redacted.dcm") for name in written)
    assert len([line for line in said.splitlines() if ": proved: " in line]) == len(written)
    inputs = len(list(folder.iterdir()))
    broken = [line for line in said.splitlines() if ": not finished, and has no output" in line]
    assert len(broken) == 1
    assert ("0025.dcm" if jobs == "1" else "000.dcm") in broken[0]
    left = inputs - len(written) - 1
    assert f"1 was broken off and is named above, {counted(len(written), 'input was', 'inputs were')} finished" in said
    summary = said.splitlines()[-1]
    assert f"{len(written)} redacted and proved" in summary
    assert "1 not finished" in summary
    assert (f"{left} found and not begun" in summary) == (left > 0 and jobs == "2")


def test_json_stays_on_standard_output_while_a_bar_is_drawn_on_the_terminal(tmp_path: Path) -> None:
    """The bar is on standard error, which is a terminal here; standard output is piped."""
    import json

    (tmp_path / "in").mkdir()
    archive(tmp_path / "in", 3)
    main, terminal = pty.openpty()
    command = [*COMMAND, "redact", "--rect", "0,0,9,9", "-j", "1", "--json", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, str(tmp_path / "in")], stdout=subprocess.PIPE, stderr=terminal, text=True, env=environment(tmp_path)
    )
    os.close(terminal)
    shown: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(main, shown))
    reader.start()
    lines = process.communicate(timeout=400)[0].splitlines()
    reader.join(20)
    os.close(main)
    assert process.returncode == 0
    assert [json.loads(line)["outcome"] for line in lines] == ["done"] * 3
    assert b"redacting" in b"".join(shown)
    assert b'"outcome"' not in b"".join(shown)


def read_all(terminal: int, into: list[bytes]) -> None:
    """A terminal that nobody reads stops the program that writes to it."""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # nobody has the other end open any more
            return
        if not piece:
            return
        into.append(piece)
