"""Runs that are killed at random moments, and the runs that go on with them; see ``tests/cli/test_killed_divided.py``.

The program's modules are loaded once, and runs are forked from here, their workers from a server of copies, so that a
kill takes as long as the work and not as long as starting Python. Everything else is the program.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import dcmaudit.pipeline.crew.parent as crew
import dcmaudit.pipeline.redaction  # noqa: F401 - loaded before anything is forked
from dcmaudit.cli import main
from dcmaudit.store import open_store
from support.files import RLE, dataset, encode, file_bytes
from support.lettering import lettered

SMALL, FRAMES = 8, 104
LONGEST = 300.0
"""Seconds after which a run that goes on counts as one that never ends."""


def archive(folder: Path, kind: str) -> None:
    """Small files, and a cine that both processes work on."""
    folder.mkdir()
    for number in range(SMALL):
        picture = lettered((48, 96), [(f"ADA {number}", 8, 28)]) if number % 3 else np.full((48, 96), 9, np.uint8)
        data = dataset(picture, extra={"SOPInstanceUID": f"1.2.3.{number + 1}"})
        (folder / f"{number}.dcm").write_bytes(file_bytes(data))
    cells = np.full((FRAMES, 48, 96), 9, np.uint8)
    for number, frame in enumerate(cells):
        frame[30:40, number % 60 : number % 60 + 20] = 60 + number
    data = dataset(cells, frames=FRAMES, extra={"SOPInstanceUID": "1.2.3.999"})
    streams = [encode(frame, RLE) for frame in cells] if kind == "redact" else None
    (folder / "2 cine.dcm").write_bytes(file_bytes(data, RLE, frames=streams) if streams else file_bytes(data))


def words_of(kind: str, folder: Path, out: Path, *, again: bool) -> list[str]:
    if kind == "ocr":
        return ["ocr", "--no-read", "-q", "-j", "2", "--db", str(out / "db"), "--csv", str(out / "list.csv"),
                "--append", str(folder)]  # fmt: skip
    return ["redact", "-q", "-j", "2", "--rect", "1,1,30,20", "--sidecar", "--db", str(out / "db"),
            "-o", str(out / "out"), *(["--resume"] if again else []), str(folder)]  # fmt: skip


def end_state(kind: str, folder: Path, out: Path) -> Any:
    """Everything that a run leaves, without times, numbers of rows and their order."""
    if kind == "redact":
        return {
            path.name: path.read_bytes() if path.suffix == ".dcm" else path.name for path in (out / "out").iterdir()
        }
    with open_store(out / "db", user="x", read_only=True) as store:
        names = [str(path) for path in folder.iterdir()]
        rows = Counter((row.filename, row.scope, row.box, row.engine) for name in names for row in store.rects(name))
        looks = Counter(
            (name, look.engine, look.outcome, look.complete, look.planes, look.places, look.digest)
            for name in names
            for look in store.looks(name)
        )
        assert store.check() == []
    return rows, looks, Counter((out / "list.csv").read_bytes().splitlines())


def begun(words: list[str], log: Path) -> int:
    """The number of a process that runs the program."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        os.dup2(2, 1)
        os._exit(main(words))
    return child


def ended(child: int) -> int:
    """Its exit code, negative for a signal; -99 where it does not end."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        number, status = os.waitpid(child, os.WNOHANG)
        if number:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -99


def workers_of(child: int) -> list[int]:
    """Processes with work of this run: children of the server of copies that hold a pipe to it."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]


def run(kind: str, folder: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill so many runs, and compare what they leave at last with what an undisturbed run leaves."""
    # OpenCV's threads would not be there in what is forked from here, which would then wait for them for ever.
    cv2.setNumThreads(1)
    context = get_context("forkserver")
    context.set_forkserver_preload(["support.killing", "dcmaudit.pipeline.readings", "dcmaudit.detect.inference"])
    forkserver.ensure_running()
    crew.multiprocessing.get_context = lambda _method: context  # type: ignore[assignment]
    # The server is a child of this process, not of the runs: they need not look after it.
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[attr-defined,method-assign]
    archive(folder / "in", kind)
    whole = folder / "whole"
    whole.mkdir()
    began = time.monotonic()
    assert ended(begun(words_of(kind, folder / "in", whole, again=False), folder / "log")) == 0
    took = time.monotonic() - began
    expected = end_state(kind, folder / "in", whole)
    found: Counter[str] = Counter()
    for number in range(kills):
        out = folder / f"killed {number}"
        out.mkdir()
        child = begun(words_of(kind, folder / "in", out, again=False), folder / "log")
        time.sleep(chance.uniform(0.02, 1.1) * took)
        at_worker = chance.random() < 0.3 and workers_of(child)
        os.kill(chance.choice(workers_of(child) or [child]) if at_worker else child, signal.SIGKILL)
        first = ended(child)
        while workers_of(child):  # they see their pipe end
            time.sleep(0.01)
        left = len(list((out / "out").iterdir())) if (out / "out").exists() else -1
        again = ended(begun(words_of(kind, folder / "in", out, again=True), folder / "log"))
        is_same = again == 0 and end_state(kind, folder / "in", out) == expected
        found["worker killed" if at_worker else "killed"] += 1
        found["ended before"] += first == 0 and not at_worker
        found["begun, not ended"] += first != 0 and left != 0
        found["same"] += is_same
        if not is_same:
            sys.stderr.write(f"kill {number}: ended with {first}, then {again}\n")
    return {"kind": kind, "kills": kills, "took_s": round(took, 1), **found}


def start() -> None:
    """Do what the words of the command line say: KIND FOLDER KILLS SEED; prints one JSON line."""
    kind, folder, kills, seed = sys.argv[1:5]
    sys.stdout.write(json.dumps(run(kind, Path(folder), int(kills), random.Random(seed))))  # noqa: S311
