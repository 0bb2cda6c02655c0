"""``ocr`` killed at a random moment, and the run that goes on with it: together they are one undisturbed run.

DCMAUDIT_KILLS says how many runs are killed (default 2).
"""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.store import open_store
from support.files import dataset, file_bytes
from support.lettering import lettered

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("DCMAUDIT_KILLS", "2"))
FILES = 30
LONG = 104


def archive(folder: Path) -> Path:
    folder.mkdir()
    for number in range(FILES):
        picture = (
            lettered((160, 260), [(f"FENWICK {number}", 20, 60)]) if number % 3 else np.full((160, 260), 9, np.uint8)
        )
        facts = {"PatientName": "Fenwick^Ada", "SOPInstanceUID": f"1.2.3.{number + 1}"}
        (folder / f"{number:02}.dcm").write_bytes(file_bytes(dataset(picture, extra=facts)))
    # Both processes work on this one: it is met early, and at last nothing else is left to do.
    cells = np.full((LONG, 64, 96), 9, np.uint8)
    for number, frame in enumerate(cells):
        frame[10:20, number % 60 : number % 60 + 20] = 60 + number
        if number % 3:
            np.maximum(frame, lettered((64, 96), [(f"F {number}", 8, 30)]), out=frame)
    facts = {"PatientName": "Fenwick^Ada", "SOPInstanceUID": "1.2.3.999"}
    (folder / "05 cine.dcm").write_bytes(file_bytes(dataset(cells, frames=LONG, extra=facts)))
    return folder


def command(folder: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "dcmaudit", "ocr", "--no-read", "-q", "-j", "2", "--db", str(out / "db"),
        "--csv", str(out / "list.csv"), "--append", str(folder),
    ]  # fmt: skip


def end_state(folder: Path, out: Path) -> tuple[Any, ...]:
    """Everything that a run leaves, without times, numbers of rows and their order."""
    with open_store(out / "db", user="x", read_only=True) as store:
        rows = Counter(
            (row.filename, row.scope, row.box, row.engine, row.text, row.verdict)
            for path in folder.iterdir()
            for row in store.rects(str(path))
        )
        looks = Counter(
            (path.name, look.engine, look.outcome, look.complete, look.planes, look.places, look.digest)
            for path in folder.iterdir()
            for look in store.looks(str(path))
        )
        identities = Counter((path.name, str(store.identity(str(path)) is not None)) for path in folder.iterdir())
        assert store.check() == []
    with (out / "list.csv").open(newline="") as stream:
        lines = Counter(tuple(row) for row in csv.reader(stream) if row)
    return rows, looks, identities, lines


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}


@pytest.mark.timeout(3600)
def test_a_killed_run_and_the_next_one_leave_what_one_run_leaves(tmp_path: Path) -> None:
    chance = random.Random(os.environ.get("DCMAUDIT_SEED", "7"))  # noqa: S311
    folder, whole = archive(tmp_path / "in"), tmp_path / "whole"
    whole.mkdir()
    began = time.monotonic()
    assert subprocess.run(command(folder, whole), env=environment(tmp_path), check=False).returncode == 0
    took = time.monotonic() - began
    expected = end_state(folder, whole)
    assert sum(expected[0].values()) > FILES
    for number in range(KILLS):
        out = tmp_path / f"killed {number}"
        out.mkdir()
        killed = subprocess.Popen(
            command(folder, out), env=environment(tmp_path), stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(chance.uniform(0.2, 1.1) * took)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        resumed = subprocess.run(command(folder, out), env=environment(tmp_path), check=False)
        assert resumed.returncode == 0
        assert end_state(folder, out) == expected, f"killed run {number}"
