"""The officer who releases: of a list walked through in the page, only what was wholly looked at is copied out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import reference
from support.numbered import write


def image(folder: Path, name: str, number: int, frames: int = 1) -> Path:
    cells = np.random.default_rng(number).integers(60, 240, (frames, 64, 96)).astype(np.uint8)
    facts = {"SOPInstanceUID": f"1.2.826.0.1.3680043.10.9.7{number}"}
    many = {"frames": frames} if frames > 1 else {}
    return write(folder / name, reference(cells if frames > 1 else cells[0], extra=facts, **many))


def done(face: Face) -> None:
    """Press N, and yes to the question about planes where there is one."""
    face.press("N")
    face.page.wait_for_timeout(500)
    if face.at("#dialog-question").is_visible():
        face.at("#question-yes").click()
        face.page.wait_for_timeout(300)


def test_only_what_was_wholly_looked_at_is_copied_and_it_is_counted_apart(start: StartFace, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    whole, hurried = image(folder, "a.dcm", 1), image(folder, "b.dcm", 2, frames=3)
    tagged, unopened = image(folder, "c.dcm", 3), image(folder, "d.dcm", 4)
    face = start(whole, hurried, tagged, unopened)
    face.plane("frame 1/1")
    expect(face.at("#statusseen")).to_contain_text("1 of 1 plane seen")
    done(face)
    face.plane("frame 1/3")  # and on, without a look at the other two
    expect(face.at("#statusseen")).to_contain_text("1 of 3 planes seen")
    done(face)
    expect(face.at("#statusseen")).to_contain_text("1 of 1 plane seen")
    face.press("t")
    expect(face.at("#tagged")).to_be_visible()
    command = [sys.executable, "-m", "dcmaudit", "redact", "--from-db", "--copy-clean", "--db", str(face.reviewer.db)]
    files = [whole, hurried, tagged, unopened]
    ran = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), "--json", *map(str, files)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.redacted.dcm"]
    assert (tmp_path / "out" / "a.redacted.dcm").read_bytes() == whole.read_bytes()
    outcomes = {line["file"]: line["outcome"] for line in map(json.loads, ran.stdout.splitlines())}
    assert [outcomes[str(file)] for file in files] == ["copied unchanged", "refused", "refused", "refused"]
    assert "proved" not in ran.stderr
