"""The officer who trusts the screen: from the first key to the released file, what was black is what is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress
from support.face import Face, StartFace
from support.files import PathReference, reference
from support.numbered import write
from support.reviewer import dump

ROWS, COLUMNS, FRAMES, BANNER = 96, 128, 24, 12
RULES = f"""FORMAT dicom

%filter graylist

LABEL Echo 7 writes a banner
contains ManufacturerModelName Echo 7
coordinates 0,0,{COLUMNS},{BANNER}
"""

BLACK = """() => {
  const canvas = document.querySelector("canvas.picture");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const rows = [];
  for (let y = 0; y < canvas.height; y += 1) {
    let black = 0;
    for (let x = 0; x < canvas.width; x += 1) {
      const at = 4 * (y * canvas.width + x);
      if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 0) black += 1;
    }
    rows.push(black);
  }
  return rows;
}"""

INK = """() => {
  const canvas = document.querySelector("canvas.marks");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
  return count;
}"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "deid.dicom.site").write_text(RULES)
    return folder


@pytest.fixture
def cine(tmp_path: Path) -> Path:
    """Frames without a black pixel; each has a banner of its own."""
    cells = np.random.default_rng(7).integers(60, 240, (FRAMES, ROWS, COLUMNS)).astype(np.uint8)
    facts = {"Modality": "US", "ManufacturerModelName": "Echo 7", "SOPInstanceUID": "1.2.826.0.1.3680043.10.9.5"}
    return write(tmp_path / "archive" / "cine.dcm", reference(cells, frames=FRAMES, extra=facts))


def black_rows(face: Face) -> float:
    """How many rows of the plane are black on the screen, all over its width, whatever is drawn above."""
    lines: list[int] = face.page.evaluate(BLACK)
    width = max(lines)
    scale = min((face.page.evaluate("document.querySelector('canvas.picture').width") - 20) / COLUMNS,
                (len(lines) - 20) / ROWS)  # fmt: skip
    full = [line for line in lines if line >= COLUMNS * scale - 2 and width]
    return len(full) / scale


def look_at_all(face: Face) -> list[float]:
    """Step through every frame; how many rows were black on each."""
    seen = []
    for frame in range(1, FRAMES + 1):
        face.plane(f"frame {frame}/{FRAMES}")
        face.page.wait_for_timeout(60)
        seen.append(black_rows(face))
        face.press("n")
    return seen


def redact(tmp_path: Path, db: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dcmaudit", "redact", "--from-db", "--db", str(db), "-o", str(tmp_path / "out")]
    return subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=False)


def finish(face: Face) -> None:
    """Press N, and yes to the question about planes where there is one."""
    face.press("N")
    face.page.wait_for_timeout(500)
    if face.at("#dialog-question").is_visible():
        face.at("#question-yes").click()
        face.page.wait_for_timeout(300)


def choose(face: Face, command: str) -> None:
    face.at("#menubar").get_by_role("menuitem", name="Mark", exact=True).click()
    face.at(f"[role=menuitemradio][data-command={command}]").click()
    expect(face.at(f"[role=menuitemradio][data-command={command}]")).to_have_attribute("aria-checked", "true")
    face.press("Escape")
    face.focus("#stage")


@pytest.mark.parametrize("options", [(), ("--copy-clean",)])
def test_what_was_black_on_the_screen_is_black_in_the_released_file(
    start: StartFace, tmp_path: Path, cine: Path, rules: Path, options: tuple[str, ...]
) -> None:
    face = start(cine, options=("--deid-rules", str(rules)))
    face.plane(f"frame 1/{FRAMES}")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    expect(face.at("#statusseen")).to_contain_text("1 preview not stored, N stores them")
    face.picture("preview-dark")
    shown = look_at_all(face)
    assert all(abs(rows - BANNER) < 1 for rows in shown), shown
    finish(face)
    expect(face.at("#messagetext")).to_contain_text("stored now")
    rows = dump(face.reviewer.db)["rects"]
    assert [(row["frame"], row["overlay"]) for row in rows] == [(frame, -1) for frame in range(FRAMES)]
    assert {(row["left"], row["top"], row["right"], row["bottom"]) for row in rows} == {(0, 0, COLUMNS - 1, BANNER - 1)}
    done = redact(tmp_path, face.reviewer.db, *options)
    assert done.returncode == 0, done.stderr
    with open_instance(PathReference(tmp_path / "out" / "cine.redacted.dcm")) as instance:
        for frame in range(FRAMES):
            array = instance.read(FrameAddress(frame)).array
            assert not array[:BANNER].any(), f"frame {frame + 1}"
            assert array[BANNER:].all(), "and nothing else is black"


def test_a_preview_is_hatched_and_a_mark_is_not(start: StartFace, cine: Path, rules: Path) -> None:
    face = start(cine, options=("--deid-rules", str(rules)))
    face.plane(f"frame 1/{FRAMES}")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    face.page.wait_for_timeout(200)
    hatched = face.page.evaluate(INK)
    face.at("#menubar").get_by_role("menuitem", name="Options").click()
    face.at("[role=menuitemcheckbox][data-command=toggle-show-rules]").click()
    face.press("Escape")
    face.page.wait_for_timeout(200)
    assert face.page.evaluate(INK) == hatched, "it is called a preview also where suggestions are not outlined"
    face.at("#rects").get_by_role("button", name="Store: deid rules").click()
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(1)
    expect(face.at("#rects .rect-why")).to_contain_text("all frames")
    face.page.wait_for_timeout(200)
    assert face.page.evaluate(INK) < hatched / 2
    assert abs(black_rows(face) - BANNER) < 1
    face.at("#theme").click()
    face.press("Control+z")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    face.page.wait_for_timeout(200)
    face.picture("preview-light")


def test_what_is_left_on_purpose_is_refused_by_name(start: StartFace, tmp_path: Path, cine: Path, rules: Path) -> None:
    face = start(cine, options=("--deid-rules", str(rules)))
    face.plane(f"frame 1/{FRAMES}")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    choose(face, "previews-leave")
    expect(face.at("#statusseen")).to_contain_text("N leaves them")
    look_at_all(face)
    finish(face)
    expect(face.at("#messagetext")).to_contain_text("redact will refuse the file")
    assert dump(face.reviewer.db)["rects"] == []
    for options in ((), ("--copy-clean",)):
        done = redact(tmp_path, face.reviewer.db, *options)
        assert done.returncode == 1
        assert f"all {FRAMES} frames: 0,0,{COLUMNS - 1},{BANNER - 1}: black on the reviewer's screen" in done.stderr
        assert not list(tmp_path.glob("out/*.dcm"))
    again = redact(tmp_path, face.reviewer.db, "--deid", "--deid-rules", str(rules))
    assert again.returncode == 0, again.stderr


def test_asking_has_three_answers(start: StartFace, cine: Path, rules: Path) -> None:
    face = start(cine, options=("--deid-rules", str(rules)))
    face.plane(f"frame 1/{FRAMES}")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    choose(face, "previews-ask")
    face.press("t")
    dialog = face.at("#dialog-question")
    expect(dialog).to_contain_text("1 area is shown black")
    face.picture("preview-question")
    dialog.get_by_role("button", name="Go on looking").click()
    found: dict[str, list[dict[str, Any]]] = dump(face.reviewer.db)
    assert found["tags"] == []
    face.press("t")
    dialog.get_by_role("button", name="Leave as it is, and finish").click()
    expect(face.at("#tagged")).to_be_visible()
    assert dump(face.reviewer.db)["rects"] == []
    face.press("t")
    dialog.get_by_role("button", name="Store, and finish the file").click()
    expect(face.at("#tagged")).to_be_hidden()
    assert len(dump(face.reviewer.db)["rects"]) == FRAMES


def test_right_click_and_a_store_on_all_frames(start: StartFace, cine: Path, rules: Path) -> None:
    face = start(cine, options=("--deid-rules", str(rules)))
    face.plane(f"frame 1/{FRAMES}")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    face.page.mouse.click(*face.on_stage(100, 3, COLUMNS, ROWS), button="right")
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(1)
    assert len(dump(face.reviewer.db)["rects"]) == FRAMES
    face.press("Control+z")
    expect(face.at("#rects .rect-why")).to_contain_text("preview, not stored")
    face.press("A", "A")
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(1)
    assert len(dump(face.reviewer.db)["rects"]) == FRAMES
