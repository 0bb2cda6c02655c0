"""Lists of rectangles and of names with something wrong in them."""

from __future__ import annotations

import random
from pathlib import Path

from support.attacks.files import plain_files
from support.attacks.judge import run_here

_STRANGE = [
    "",
    "-1",
    "-5",
    "x",
    "1e3",
    "nan",
    "20.0",
    "99999999999999999999",
    " 3",
    "3;4",
    '"',
    "\0",
    "é",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
]


def damaged_list(chance: random.Random, folder: Path) -> None:
    """A CSV for ``redact --csv`` with a field, column or byte changed: every rectangle is taken, or it is said."""
    inputs = plain_files(folder / "in", 3)
    head = ["filename", "frame", "overlay", "left", "top", "right", "bottom"]
    rows = [[str(path), "0", "-1", "2", "2", "11", "9"] for path in inputs]
    kind = chance.choice(["field", "column", "byte", "cut", "none"])
    if kind == "field":
        chance.choice(rows)[chance.randrange(1, 7)] = chance.choice(_STRANGE)
    if kind == "column":
        at = chance.randrange(7)
        rows, head = [row[:at] + row[at + 1 :] for row in rows], head[:at] + head[at + 1 :]
    content = "\n".join(",".join(row) for row in [head, *rows]).encode() + b"\n"
    if kind == "byte":
        broken = bytearray(content)
        broken[chance.randrange(len(broken))] = chance.choice([0, 10, 34, 44, 128, 255])
        content = bytes(broken)
    if kind == "cut":
        content = content[: chance.randrange(len(content))]
    (folder / "list.csv").write_bytes(content)
    ran = run_here(["redact", "--csv", folder / "list.csv", "-j", "1", "-o", folder / "out", *inputs])
    ran.require_honest()
    outputs = len(list((folder / "out").glob("*.redacted.dcm"))) if (folder / "out").exists() else 0
    if kind == "none":
        assert (ran.code, outputs) == (0, 3), ran.err
    elif ran.code == 0:
        assert outputs == 3, f"exit code 0 and {outputs} of 3 outputs: {ran.err}"
