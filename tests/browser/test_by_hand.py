"""What using every view by keyboard alone has shown: words that outlive their view, pictures cut off, ways amiss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.files import Overlay, dataset, file_bytes, reference
from support.numbered import cine, write

WHOLE = """(side) => {
  const pane = document.getElementById("compare-panes").getBoundingClientRect();
  const canvas = document.querySelectorAll("#compare-panes canvas")[side].getBoundingClientRect();
  return [canvas.top >= pane.top - 1, canvas.bottom <= pane.bottom + 1, canvas.height > pane.height * 0.9];
}"""
CORNER = """(side) => {
  const canvas = document.querySelectorAll("#compare-panes canvas")[side];
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, each, at) => (sum * 31 + each + at) % 1e9, 7);
}"""


def _menu(face: Face, command: str) -> None:
    """Choose an entry by keys: F10, right to its menu, down to it."""
    at = face.page.locator(f'.item[data-command="{command}"]')
    menu = at.locator("xpath=ancestor::*[@role='menu']").get_attribute("aria-label")
    face.press("F10")
    for _ in range(8):
        if face.page.evaluate("document.activeElement.textContent") == menu:
            break
        face.press("ArrowRight")
    face.press("ArrowDown")
    for _ in range(80):
        if face.page.evaluate("document.activeElement.dataset.command") == command:
            break
        face.press("ArrowDown")
    expect(at).to_be_focused()
    face.press("Enter")


def test_what_was_refused_in_a_view_is_gone_with_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.plane("frame 1/4")
    face.press("g")
    expect(face.at(".tiles")).to_be_focused()
    expect(face.at("#markbutton")).to_be_disabled()  # no rectangle is in sight
    face.press("r")
    expect(face.at("#messagetext")).to_contain_text("go back to it with Esc first")
    face.press("Escape")
    expect(face.at("#message")).to_be_hidden()
    expect(face.at("#markbutton")).to_be_enabled()
    face.press("g", "r")
    expect(face.at("#messagetext")).to_contain_text("go back to it with Esc first")
    face.press("j")
    expect(face.at(".overview .foot")).to_contain_text("4 planes in one picture")
    expect(face.at("#message")).to_be_hidden()
    # it lay over the picture, which would have counted for nobody
    expect(face.at(".overview .foot")).not_to_contain_text("Something lies over it")


def test_a_message_of_the_server_outlives_what_was_refused_before_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)), write(tmp_path / "two.dcm", cine(1)))
    face.position("1/2")
    face.press("g", "r")
    expect(face.at("#messagetext")).to_contain_text("go back to it with Esc first")
    face.press("P")  # the sheet is that of the file, and there is none before it
    expect(face.at("#messagetext")).to_contain_text("first file")
    face.page.wait_for_timeout(400)
    expect(face.at("#message")).to_be_visible()


def test_the_menu_bar_is_reached_from_a_field(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.press("/")
    expect(face.at("#listtext")).to_be_focused()
    face.press("F10")
    expect(face.at("#menubar button").first).to_be_focused()
    face.press("Escape")
    expect(face.at("#listtext")).to_be_focused()


def test_a_large_plane_is_seen_part_by_part_by_keys(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", reference(np.full((1400, 1500), 90, np.uint8))))
    face.plane("frame 1/1")
    expect(face.at("#statusseen")).to_contain_text("0 of 1 plane seen")
    face.press("1")
    expect(face.at("#statusview")).to_contain_text("100 %")
    face.page.keyboard.down(" ")
    box = face.state()["handled"]["box"]
    face.press(*["ArrowLeft"] * 8, *["ArrowUp"] * 8)
    for row in range(5):
        for _ in range(4):
            face.page.wait_for_timeout(500)  # what is in sight counts once it stands still
            face.press(*["ArrowLeft" if row % 2 else "ArrowRight"] * 2)
        face.press("ArrowDown", "ArrowDown")
    face.page.keyboard.up(" ")
    expect(face.at("#statusseen")).to_contain_text("1 of 1 plane seen")
    assert face.state()["handled"]["box"] == box  # the rectangle stays where it is


def test_the_viewer_moves_a_large_plane_by_arrow_keys(start: StartFace, tmp_path: Path) -> None:
    cells = np.tile(np.arange(1500, dtype=np.uint16) // 8, (1400, 1)).astype(np.uint8)
    face = start(write(tmp_path / "one.dcm", reference(cells)), options=("--viewer",))
    face.plane("frame 1/1")
    face.press("1")
    expect(face.at("#statusview")).to_contain_text("100 %")
    face.page.wait_for_timeout(300)
    area = face.at("#stage").bounding_box()
    assert area is not None
    middle = (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    before = face.pixel(*middle)[0]
    face.press("ArrowRight")
    face.wait_until(lambda: face.pixel(*middle)[0] > before)
    for _ in range(20):
        face.press("ArrowRight")
    # no further than the edge
    face.wait_until(lambda: face.pixel(area["x"] + area["width"] - 20, middle[1])[0] >= 180)


def _redact_one(face: Face, folder: Path) -> None:
    face.press("R")
    _menu(face, "redact-file")
    expect(face.at("#open-entries")).to_be_focused()
    face.at("#open-path").fill(str(folder))
    face.at("#open-do").focus()
    face.press("Enter")


def test_before_and_after_in_one_place_are_whole_and_are_moved_by_keys(start: StartFace, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    face = start(write(tmp_path / "one.dcm", cine(1, 640, 112)))  # as high as it is narrow
    face.plane("frame 1/1")
    _redact_one(face, tmp_path / "out")
    expect(face.at("#question-text")).to_contain_text("not marked as done yet")
    face.press("Shift+Tab", "Enter")
    expect(face.at("#outputs-words")).to_have_text("1 of 1 file is redacted and proved")
    face.focus(".output-compare")
    face.press("Enter")
    expect(face.at("#dialog-compare")).to_have_attribute("data-plane", "f0")
    places = face.at("#compare-panes").bounding_box()
    face.press("b")
    expect(face.at("#compare-note")).to_contain_text("One place: before")
    assert face.page.evaluate(WHOLE, 0) == [True, True, True]
    assert face.at("#compare-panes").bounding_box() == places  # nothing jumps
    face.press("b", "+", "+")
    expect(face.at("#compare-note")).to_contain_text("One place: after")
    assert face.page.evaluate(WHOLE, 1) == [True, True, True]
    before = face.page.evaluate(CORNER, 1)
    face.press("ArrowDown")
    assert face.page.evaluate(CORNER, 1) != before
    expect(face.at("#compare-note")).to_contain_text("One place: after")
    face.press("0", "ArrowRight")  # fitted again, it goes from plane to plane: here is one alone
    expect(face.at("#compare-plane")).to_contain_text("1 of 1")
    expect(face.at("#compare-note")).to_contain_text("One place: after")


def test_a_folder_in_a_folder_that_is_not_there_is_not_offered(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    face.watch.allowed.append("404")
    _redact_one(face, tmp_path / "no" / "new")
    expect(face.at("#open-note")).to_contain_text("no such folder, nor the folder that it would lie in")
    expect(face.at("#open-do")).to_have_text("Redact into this folder")
    face.at("#open-path").fill(str(tmp_path / "new"))
    face.at("#open-do").focus()
    face.press("Enter")
    expect(face.at("#open-do")).to_have_text("Make this folder, redact into it")


def test_a_file_without_frames_is_a_tile_and_no_fault_of_the_page(start: StartFace, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    plain = dataset(np.full((40, 50), 80, np.uint8))
    (folder / "a.dcm").write_bytes(file_bytes(plain))
    bare = dataset(overlays=[Overlay(np.ones((1, 40, 50), np.uint8), 0x6000)])
    (folder / "b.dcm").write_bytes(file_bytes(bare))
    face = start(folder)
    face.plane("frame 1/1")
    face.press("J")
    expect(face.at(".tile")).to_have_count(2)
    expect(face.at(".classes-progress")).to_contain_text("Looked at 2 of 2 files", timeout=30_000)
    face.page.wait_for_timeout(500)
    face.watch.check()


def test_what_can_be_stopped_stands_after_what_begins_it_and_only_while_it_goes_on(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    for command in ("stop-survey", "stop-deciding"):
        expect(face.at(f'.item[data-command="{command}"]')).to_have_attribute("aria-disabled", "true")
    order = face.page.eval_on_selector_all(
        '[role=menu][aria-label="View"] .item', "(all) => all.map((one) => one.dataset.command)"
    )
    assert order[0] == "show-redacted"
    assert order.index("stop-survey") == order.index("classes") + 1


def test_the_line_counts_what_the_strip_shows_while_a_key_is_held(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(400)))
    face.plane("frame 1/400")
    expect(face.at("#statusseen")).to_contain_text("1 of 400 planes seen")
    face.page.keyboard.down("n")
    counts = set()
    for _ in range(40):
        face.page.keyboard.down("n")
        face.page.wait_for_timeout(40)
        counts.add(face.at("#statusseen").text_content())
    face.page.keyboard.up("n")
    assert len(counts) > 2, counts


def test_the_strip_has_room_for_what_its_small_groups_are(start: StartFace, tmp_path: Path) -> None:
    made = dataset(np.stack([np.full((40, 50), 80, np.uint8)] * 96), frames=96)
    block = made.private_block(0x0009, "MAKER", create=True)
    block.add_new(2, "OB", b"\0" * 4096)
    (tmp_path / "one.dcm").write_bytes(file_bytes(made))
    face = start(tmp_path / "one.dcm")
    face.plane("frame 1/96")
    label = face.at("#striplabels span").nth(1)
    expect(label).to_contain_text("not audited")
    width = face.page.evaluate(
        """() => {
          const label = document.querySelectorAll("#striplabels span")[1];
          const font = getComputedStyle(label).font;
          const pen = new OffscreenCanvas(1, 1).getContext("2d");
          pen.font = font;
          return [label.getBoundingClientRect().width, pen.measureText("not audited…").width];
        }"""
    )
    assert width[0] >= width[1]


def test_a_click_on_the_strip_waits_for_what_is_under_way(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(30)))
    face.plane("frame 1/30")
    held: list[Route] = []
    face.page.route("**/do", lambda route: held.append(route), times=1)  # noqa: PLW0108 - Playwright marks its handlers
    face.press("x")
    face.wait_until(lambda: len(held) == 1)
    area = face.at("#stripcanvas").bounding_box()
    assert area is not None
    face.page.mouse.click(area["x"] + 24 * 29 + 10, area["y"] + 14)
    held[0].continue_()
    face.plane("frame 30/30")
