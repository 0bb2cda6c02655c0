"""Databases with bytes overwritten: the plan of the undamaged one, or a refusal."""

from __future__ import annotations

import random
import re
from pathlib import Path

from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
from support.attacks.files import plain_files
from support.attacks.judge import run_here

_RECTS = 12


def damaged_database(chance: random.Random, folder: Path) -> None:
    """One to 64 bytes of the database overwritten."""
    inputs = plain_files(folder / "in", 4)
    with open_store(folder / "db", user="tester") as store:
        for path in inputs:
            store.add_rects(
                str(path),
                [NewRect(Box(n, n, n + 3 + n % 3, n + 4), FrameAddress(0)) for n in range(_RECTS)],
            )
            store.mark_done(str(path), DeviceFacts("OT"))
    wanted = _plan(folder, inputs)
    database = folder / "db" / "dcmaudit.sqlite.db"
    content = bytearray(database.read_bytes())
    start, count = chance.randrange(len(content)), chance.randint(1, 64)
    content[start : start + count] = chance.randbytes(len(content[start : start + count]))
    database.write_bytes(bytes(content))
    found = _plan(folder, inputs)
    assert found is None or found == wanted, "a damaged database was used, and its plan is another one"


def _plan(folder: Path, inputs: list[Path]) -> list[str] | None:
    """The lines of the plan with their places, None where the database was refused."""
    ran = run_here(
        ["redact", "--from-db", "--db", folder / "db", "--dry-run", "-j", "1", "-o", folder / "out", *inputs]
    )
    ran.require_honest()
    if ran.code:
        return None
    return sorted(line for line in (ran.out + ran.err).splitlines() if re.search(r"\d+,\d+", line))
