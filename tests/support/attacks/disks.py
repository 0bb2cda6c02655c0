"""Disks that are full, and outputs that take nothing."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.attacks.files import RECT, plain_files
from support.attacks.judge import SECONDS, Ran, run_apart


def _limited(size: int) -> Callable[[], None]:
    """No file of this process may grow beyond ``size``: writing fails as on a full disk."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def full_disk(chance: random.Random, folder: Path) -> None:
    """A command whose files cannot grow beyond a random size: a failure that is told, or all is there."""
    inputs = plain_files(folder / "in", 3)
    out = folder / "out"
    size = chance.choice([0, 1, 100, 1000, 4000, 20_000, 100_000])
    commands: dict[str, list[object]] = {
        "redact": ["--rect", RECT, "-o", out, "--sidecar", *inputs],
        "ocr": ["--finder", "own", "--no-read", "--csv", folder / "list.csv", *inputs],
        "frames": ["-x", "-o", out, *inputs],
        "sample draw": [folder / "in", "-o", folder / "sample.csv"],
        "ocr --db": [folder / "db", "--finder", "own", "--no-read", *inputs],
        "db info": ["--db", folder / "db"],
        "db export": ["--db", folder / "db", folder / "export"],
        "rules make": ["--db", folder / "db", "-o", folder / "rules.txt"],
        "release": [folder / "in", "-o", out, "--held", folder / "held", "--key", folder / "key", "--eyes", "none"],
    }
    name = chance.choice(sorted(commands))
    command = [*name.split(), *commands[name]]
    if name in {"db export", "rules make"}:
        run_apart(["ocr", "--finder", "own", "--no-read", "--db", folder / "db", *inputs]).require_honest()
    ran = run_apart(command, preexec_fn=_limited(size))
    ran.require_honest()
    if command[0] == "redact":
        for side in out.glob("*") if out.exists() else ():
            if not side.name.endswith(".dcm"):
                stem = side.name.split(".redacted")[0]
                assert (out / f"{stem}.redacted.dcm").exists(), f"{side.name} is there without its output"
    leftovers = [path for path in folder.rglob(".*") if path.is_file() and path.suffix in {".part", ".new"}]
    assert not leftovers, f"left behind: {leftovers}"


def dead_outputs(chance: random.Random, folder: Path) -> None:
    """Standard output that is full, or closed by its reader: no traceback, no exit code 0 for what was not said."""
    inputs = plain_files(folder / "in", 3)
    commands: list[list[object]] = [
        ["frames", "-i", *inputs],
        ["redact", "--rect", RECT, "--dry-run", "-o", folder / "out", *inputs],
        ["--help"],
        ["db", "dump", "--db", folder / "db"],
        ["--dump-database", "--db", folder / "db"],
    ]
    command = [sys.executable, "-m", "dcmaudit", *map(str, chance.choice(commands))]
    if chance.random() < 0.5 and Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=SECONDS, check=False)
        Ran(done.returncode, "", done.stderr).require_honest()
        return
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    code = process.wait(SECONDS)
    assert "Traceback" not in err and "Exception ignored" not in err, err
    assert code in {0, 1, 2, 3, 130, 141, -13}, f"exit code {code}: {err}"
