"""One command line for each command and action, in a folder where it has something to do."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from dcmaudit.cli import main
from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import NewRect, open_store
from support.files import dataset, file_bytes, gradient

RECT = ("--rect", "0,0,15,7")

WORDS: Mapping[str, tuple[str, ...]] = {
    "": ("--dump-database",),
    "frames": ("frames", "-j", "1", "scans"),
    "ocr": ("ocr", "--no-read", "-j", "1", "--csv", "-", "scans"),
    "redact": ("redact", "-j", "1", *RECT, "--json", "-o", "new", "scans"),
    "verify": ("verify", "-j", "1", *RECT, "--json", "scans", "out"),
    "release": (
        "release", "-j", "1", "--policy", "policy.toml", "--key", "key", "--json", "-o", "leaves", "--held", "stays",
        "scans",
    ),
    "report sign": ("report", "sign", "released", "--signing-key", "sign.pem", "--make-key"),
    "report merge": (
        "report", "merge", "--part", "part1", "held1", "--part", "part2", "held2", "-o", "whole", "--held", "kept",
    ),
    "report join": ("report", "join", "found1.csv", "found2.csv", "-o", "found.csv"),
    "report check": ("report", "check", "signed", "--signer", "SIGNER"),
    "score": ("score", "-j", "1", "scans", "out", "--key", "strings.csv"),
    "rules check": ("rules", "check", "-j", "1", "scans"),
    "rules make": ("rules", "make"),
    "db history": ("db", "history"),
    "db backup": ("db", "backup", "copy.db"),
    "db check": ("db", "check"),
    "db compact": ("db", "compact"),
    "db forget": ("db", "forget", "--all"),
    "db merge": ("db", "merge", "other.db"),
    "db recount": ("db", "recount", "scans/a.dcm"),
    "db import": ("db", "import", "--json", "list"),
    "db dump": ("db", "dump"),
    "db export": ("db", "export", "lists"),
    "db info": ("db", "info"),
    "db unseen": ("db", "unseen"),
    "db identify": ("db", "identify", "--json", "scans"),
    "db adopt": ("db", "adopt", "--json", "scans"),
    "s3 credentials list": ("s3", "credentials", "list"),
    "sample plan": ("sample", "plan"),
    "sample draw": ("sample", "draw", "-j", "1", "scans"),
    "sample merge": ("sample", "merge", "drawn1", "drawn2"),
    "sample conclude": ("sample", "conclude", "drawn.csv"),
    "examples": ("examples", "try"),
    "doctor": ("doctor", "--only", "versions"),
    "config show": ("config", "show"),
}  # fmt: skip

ELSEWHERE = frozenset({
    "s3 list", "s3 get", "s3 open", "s3 select", "s3 credentials set", "s3 credentials delete", "s3 credentials test",
})  # fmt: skip
"""Actions that need a server; tests/cli/test_every_s3_command.py has one."""
FAULT = re.compile("Traceback|a fault of the program|Exception ignored")
"""What no message of the program says."""


def furnish(folder: Path) -> None:
    """Fill ``folder``, which is the working directory, with what ``WORDS`` name."""
    image = dataset(gradient(16, 64))
    for name in ("scans/a.dcm", "scans/b.dcm", "scans/c.dcm"):
        (folder / name).parent.mkdir(exist_ok=True)
        image.SOPInstanceUID = f"1.2.3.{ord(name[6])}"
        (folder / name).write_bytes(file_bytes(image))
    device = DeviceFacts("US", ("ORIGINAL",), "MADE UP 1", None, 16, 64)
    with open_store(folder / "db", user="anna") as store:
        for name in ("a", "b", "c"):
            path = str(folder / "scans" / f"{name}.dcm")
            store.add_rects(path, [NewRect(Box(0, 0, 16, 8), FrameAddress(0))])
            store.mark_done(path, device)
    (folder / "policy.toml").write_text('eyes = "none"\nheaders = "cleaned-after"\n')
    (folder / "strings.csv").write_text("filename,frame,overlay,left,top,right,bottom\nscans/a.dcm,0,-1,0,0,15,7\n")
    # fmt: off
    for words in (
        ["db", "export", "list"],
        ["db", "backup", "other.db"],
        ["redact", "-q", "-j", "1", *RECT, "-o", "out", "scans"],
        ["sample", "draw", "-j", "1", "--seed", "1", "scans", "-o", "drawn.csv"],
        *(["sample", "draw", "-j", "1", "--seed", "1", "--shard", f"{number}/2", "scans", "-o", f"drawn{number}"]
          for number in (1, 2)),
        *(["ocr", "--no-read", "-j", "1", "--csv", f"found{number}.csv", "--shard", f"{number}/2", "scans"]
          for number in (1, 2)),
        ["release", "-j", "1", "--policy", "policy.toml", "--key", "key", "-o", "released", "--held", "held", "scans"],
        *(["release", "-j", "1", "--policy", "policy.toml", "--key", "key", "-o", f"part{number}",
           "--held", f"held{number}", "--shard", f"{number}/2", "scans"] for number in (1, 2)),
    ):
        code = main(words)
        assert code == 0, words
    # fmt: on
    shutil.copytree(folder / "released", folder / "signed")
    with redirect_stdout(StringIO()) as fingerprint:
        assert main(["report", "sign", "signed", "--signing-key", "signer.pem", "--make-key"]) == 0
    (folder / "SIGNER").write_text(fingerprint.getvalue().strip())


def words_of(name: str) -> list[str]:
    """The command line, once the working directory is a furnished one."""
    return [Path("SIGNER").read_text() if word == "SIGNER" else word for word in WORDS[name]]


def copied(furnished: Path, folder: Path) -> Path:
    """A copy of a furnished folder, which a command may change. Names in the database are those of the original."""
    shutil.copytree(furnished, folder, symlinks=True)
    return folder
