"""Redacting from the page: into a folder, with the same proof as the command; then before and after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.numbered import cine, write

PANE = """(side) => {
  const canvas = document.querySelectorAll("#compare-panes canvas")[side];
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const at = (x, y) => data[4 * (Math.floor(y * height) * width + Math.floor(x * width))];
  return [at(0.67, 0.6), width, height, data.reduce((sum, value, index) => sum + (index % 4 === 0 ? value : 0), 0)];
}"""


def _choose(face: Face, command: str, folder: Path) -> None:
    """Choose a command of the File menu, and a folder by typing its name."""
    face.page.get_by_role("menuitem", name="File").click()
    face.page.locator(f'.item[data-command="{command}"]').click()
    expect(face.at("#dialog-open")).to_be_visible()
    face.at("#open-path").fill(str(folder))
    face.at("#open-do").click()
    if not folder.exists():
        face.watch.allowed.append("404")
        face.shows("#open-do", "Make this folder, redact into it")
        face.at("#open-do").click()


def _mark_whole(face: Face) -> None:
    face.drag(face.on_stage(60, 30, 112, 64), face.on_stage(90, 50, 112, 64))
    face.press("R")


def test_a_file_is_finished_redacted_proved_and_compared(start: StartFace, tmp_path: Path) -> None:
    source = write(tmp_path / "one.dcm", cine(2))
    face = start(source)
    face.plane("frame 1/2")
    _mark_whole(face)
    _choose(face, "redact-file", tmp_path / "released")
    # not done, and a plane that nobody saw: the same questions as N asks
    expect(face.at("#question-text")).to_contain_text("not marked as done yet")
    expect(face.at("#question-text")).to_contain_text("1 of 2 planes was not seen")
    face.at("#question-yes").click()
    expect(face.at("#outputs-words")).to_have_text("1 of 1 file is redacted and proved")
    row = face.at(".output")
    expect(row).to_contain_text("redacted and proved")
    expect(row).to_contain_text("Black as planned on 2 planes")
    expect(row).to_contain_text("was not looked for")
    assert face.state()["file"]["state"] == "done"
    written = tmp_path / "released" / "one.redacted.dcm"
    before, after = pydicom.dcmread(source).pixel_array, pydicom.dcmread(written).pixel_array
    assert not after[:, 30:50, 60:90].any()
    assert np.array_equal(before[:, :30], after[:, :30])
    # the command writes the same bytes
    other = tmp_path / "by-command"
    words = ["redact", str(source), "--from-db", "--db", str(face.reviewer.db), "-o", str(other)]
    subprocess.run([sys.executable, "-m", "dcmaudit", *words], timeout=60, check=True, capture_output=True)
    assert (other / written.name).read_bytes() == written.read_bytes()
    row.get_by_role("button", name="Compare").click()
    expect(face.at("#compare-plane")).to_have_text("1 of 2: frame 1/2, with black")
    expect(face.at("#dialog-compare")).to_have_attribute("data-plane", "f0")
    left, right = face.page.evaluate(PANE, 0), face.page.evaluate(PANE, 1)
    assert left[1:3] == right[1:3]
    assert right[0] == 0
    assert right[3] < left[3]

    face.press("b")
    expect(face.at("#compare-right")).to_be_hidden()
    face.press("b")
    expect(face.at("#compare-left")).to_be_hidden()

    face.press("s", "n")
    expect(face.at("#dialog-compare")).to_have_attribute("data-plane", "f1")
    face.press("+")
    assert face.page.evaluate(PANE, 0)[3] != left[3]
    face.press("Escape")
    expect(face.at("#dialog-compare")).to_be_hidden()
    expect(face.at("#dialog-outputs")).to_be_visible()
    face.press("Escape")
    # what was only compared was not seen
    assert face.state()["file"]["seen"] == 1

    # an output that is there is not replaced, and the list says so
    _choose(face, "redact-file", tmp_path / "released")
    expect(face.at("#outputs-words")).to_contain_text("0 of 1 file is redacted and proved; 1 needs your attention")
    expect(face.at(".output").first).to_contain_text("exists already")
    expect(face.at(".output").first.get_by_role("button", name="Compare")).to_be_hidden()
    expect(face.at(".output")).to_have_count(2)


def test_the_folder_in_the_field_is_written_into_and_no_other(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    _mark_whole(face)
    face.press("n")
    face.plane("frame 2/2")
    _choose(face, "redact-file", tmp_path / "first")
    face.at("#question-yes").click()
    expect(face.at("#outputs-words")).to_have_text("1 of 1 file is redacted and proved")
    face.press("Escape")

    # The same path is typed again while the folder of the dialog is still being read.
    held: list[Route] = []
    face.page.route("**/api/browse*", lambda route: held.append(route))  # noqa: PLW0108 - it needs a function of Python
    face.page.get_by_role("menuitem", name="File").click()
    face.at('.item[data-command="redact-file"]').click()
    face.wait_until(lambda: len(held) == 1)
    face.at("#open-path").fill(str(tmp_path / "first"))
    held[0].continue_()
    face.page.unroute("**/api/browse*")
    expect(face.at("#open-note")).not_to_have_text("Reading…")
    expect(face.at("#open-path")).to_have_value(str(tmp_path / "first"))

    # A folder that was to be made is meant no more once another one was gone to.
    face.at("#open-path").fill(str(tmp_path / "second"))
    face.at("#open-do").click()
    face.shows("#open-do", "Make this folder, redact into it")
    face.at("#open-path").fill(str(tmp_path / "first"))
    face.at("#open-path").press("Enter")
    expect(face.at("#open-note")).to_contain_text("0 folders, 1 file")
    face.at("#open-path").fill(str(tmp_path / "second"))
    face.at("#open-do").click()
    face.shows("#open-do", "Make this folder, redact into it")
    face.at("#open-up").click()
    expect(face.at("#open-path")).to_have_value(str(tmp_path))
    expect(face.at("#open-do")).not_to_have_text("Make this folder, redact into it")
    face.at("#open-do").click()
    face.wait_until((tmp_path / "one.redacted.dcm").exists)
    assert not (tmp_path / "second").exists()


def test_all_done_files_of_the_list_and_no_others(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / f"{number}.dcm", cine(1 + number)) for number in range(3)]
    face = start(*names)
    face.plane("frame 1/1")
    _mark_whole(face)
    face.press("N")
    face.position("2/3")
    face.plane("frame 1/2")
    face.press("t")
    _choose(face, "redact-done", tmp_path / "released")
    expect(face.at("#outputs-words")).to_have_text(
        "1 of 1 file is redacted and proved; 2 more of the list are not done"
    )
    assert [path.name for path in sorted((tmp_path / "released").iterdir())] == ["0.redacted.dcm"]


def test_the_viewer_offers_nothing_of_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)), options=("--viewer",))
    face.plane("frame 1/1")
    face.page.get_by_role("menuitem", name="File").click()
    expect(face.page.locator('.item[data-command="redact-file"]')).to_have_attribute("aria-disabled", "true")
