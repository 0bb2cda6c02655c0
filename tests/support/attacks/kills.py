"""Programs killed at a random moment: what they answered is there, and another run comes to the same end."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from dcmaudit.store import open_store
from support.attacks.files import RECT, is_readable, plain_files
from support.attacks.judge import SECONDS, run_here

_FILES = 6


def _killed(command: list[object], after: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dcmaudit", *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait(SECONDS)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*.dcm"))
    }


def killed_redact(chance: random.Random, folder: Path) -> None:
    """``redact`` with side files: no output half written, and ``--resume`` makes what an undisturbed run makes."""
    inputs = plain_files(folder / "in", _FILES)
    command: list[object] = ["redact", "--rect", RECT, "-j", "1", "--sidecar", "-o", folder / "out", *inputs]
    _killed(command, chance.uniform(0.3, 2.5))
    outputs = sorted((folder / "out").glob("*.dcm")) if (folder / "out").exists() else []
    assert all(is_readable(path) for path in outputs)
    run_here([*command, "--resume"]).require_honest(_FILES)
    other: list[object] = ["redact", "--rect", RECT, "--sidecar", "-o", folder / "undisturbed", *inputs]
    run_here(other).require_honest(_FILES)
    assert _digests(folder / "out") == _digests(folder / "undisturbed")
    sides = {path.name for path in (folder / "out").iterdir()}
    assert sides == {path.name for path in (folder / "undisturbed").iterdir()}


def killed_ocr(chance: random.Random, folder: Path) -> None:
    """``ocr`` into a list: appended to, it holds every file once, as an undisturbed list does."""
    inputs = plain_files(folder / "in", _FILES)
    common: list[object] = ["ocr", "--finder", "own", "--no-read", "-j", "1", "--csv"]
    _killed([*common, folder / "list.csv", *inputs], chance.uniform(0.5, 4.0))
    run_here([*common, folder / "list.csv", "--append", *inputs]).require_honest(_FILES)
    run_here([*common, folder / "undisturbed.csv", *inputs]).require_honest(_FILES)
    lists = [sorted((folder / name).read_text().splitlines()) for name in ("list.csv", "undisturbed.csv")]
    assert lists[0] == lists[1]


_REVIEWER = """
import sys
from pathlib import Path
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
store = open_store(Path(sys.argv[1]), user="reviewer")
for number in range(100000):
    name = f"/archive/{number}.dcm"
    store.add_rects(name, [NewRect(Box(number % 9, 0, 20, 20), FrameAddress(0))])
    store.mark_done(name, DeviceFacts("US"))
    print(name, flush=True)
"""


def killed_review(chance: random.Random, folder: Path) -> None:
    """Marks that were answered before the kill are in the database, and it is whole."""
    process = subprocess.Popen([sys.executable, "-c", _REVIEWER, str(folder / "db")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    answered = [process.stdout.readline().strip() for _ in range(chance.randrange(1, 30))]
    time.sleep(chance.random() * 0.1)
    process.send_signal(signal.SIGKILL)
    answered += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait(SECONDS)
    process.stdout.close()
    with open_store(folder / "db", user="tester") as store:
        assert all(len(store.rects(name)) == 1 for name in answered if name)
    run_here(["db", "info", "--db", folder / "db"]).require_honest()
