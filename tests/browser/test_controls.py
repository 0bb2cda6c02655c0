"""Menus, keys, dialogs, the list of files and the strip of planes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from dcmaudit.model import DeviceFacts
from dcmaudit.store import open_store
from support.face import Face, StartFace
from support.files import reference
from support.numbered import cine, numbered, overlay, write

COVERED = """() => {
  const menu = document.querySelector("[role=menu]:not([hidden])");
  return [...menu.querySelectorAll("[data-command]")].filter((item) => {
    const { left, top, right, bottom } = item.getBoundingClientRect();
    const corners = [[left + 2, top + 2], [right - 2, top + 2], [left + 2, bottom - 2], [right - 2, bottom - 2]];
    return corners.some(([x, y]) => !item.contains(document.elementFromPoint(x, y)));
  }).map((item) => item.dataset.command);
}"""


def _focused(face: Face) -> str:
    found: str = face.page.evaluate("() => document.activeElement.textContent.trim()")
    return found


def test_menus_by_keyboard(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)), write(tmp_path / "two.dcm", cine(2)))
    face.plane("frame 1/2")
    face.press("F10")
    assert _focused(face) == "File"
    face.press("ArrowRight", "ArrowDown")
    expect(face.at("[role=menu][aria-label=Options]")).to_be_visible()
    face.picture("menu-options")
    hidden = face.page.evaluate(COVERED)
    assert hidden == [], "nothing lies over an open menu"
    boxes = face.at("[role=menu][aria-label=Options] [role=menuitemcheckbox]")
    expect(boxes).to_have_count(8)
    expect(face.at("[role=menu][aria-label=Options] .menu-title")).to_have_count(3)
    first = boxes.first
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-checked", "true")
    face.press("Enter")
    expect(first).to_have_attribute("aria-checked", "false")
    face.press(" ")
    expect(first).to_have_attribute("aria-checked", "true")
    face.press("Escape")
    expect(face.at("[role=menu][aria-label=Options]")).to_be_hidden()
    expect(face.at("#stage")).to_be_focused()
    face.position("1/2")
    face.press("F10", "End")
    assert _focused(face) == "Help"
    face.press("ArrowLeft", "ArrowLeft", "ArrowDown")
    assert _focused(face).startswith("Next frame")
    face.press("n")  # a letter in a menu looks for an entry, it is no command
    face.plane("frame 1/2")
    assert _focused(face).startswith("Next file")
    face.press("Enter")
    face.position("2/2")


def test_every_command_of_a_menu_is_in_the_help_and_every_key_is_told(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.press("?")
    expect(face.at("#dialog-help")).to_be_visible()
    expect(face.at("#help-filter")).to_be_focused()
    face.picture("help")
    told = set(face.at("#help-rows kbd").all_text_contents())
    wanted = ["?", "n", "p", "f", "N", "Esc", "P", "i", "o", "-", "+", "r", "A", "t", "c", "q", "Z"]
    assert told >= {*wanted, "Ctrl+O", "Ctrl+D", "Ctrl+Z", "Ctrl+Shift+Z"}
    entries = face.at("[role=menu] .label").all_text_contents()
    rows = face.at("#help-rows tr:not(.section) td:nth-child(2)").all_text_contents()
    assert sorted(entries) == sorted(rows)
    face.page.keyboard.type("fast forward")
    shown = face.at("#help-rows tr:not([hidden])")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("Fast-forward to the next overlay")
    face.press("Escape")
    expect(face.at("#dialog-help")).to_be_hidden()
    face.position("1/1")
    expect(face.at("#stage")).to_be_focused()


def test_tags_are_shown_filtered_and_copied(start: StartFace, tmp_path: Path) -> None:
    long = "x" * 200
    extra = {"PatientComments": long, "InstitutionName": "Mercy"}
    face = start(write(tmp_path / "one.dcm", cine(1, extra=extra)), permissions=["clipboard-read", "clipboard-write"])
    face.press("i")
    rows = face.at("#tags-rows tr:not([hidden])")
    expect(rows.filter(has_text="Doe^Jane")).to_have_count(1)
    face.picture("tags")
    value = rows.filter(has_text="0010,4000").locator("td").last.text_content() or ""
    assert "x" * 100 in value
    assert len(value) <= 121
    face.page.keyboard.type("mercy")
    expect(rows).to_have_count(1)
    face.at("#tags-copy").click()
    expect(face.at("#tags-count")).to_contain_text("copied")
    assert "Mercy" in face.page.evaluate("() => navigator.clipboard.readText()")
    face.press("Escape")
    expect(face.at("#tags-rows tr")).to_have_count(0)


def test_files_folders_and_databases_are_opened_from_the_dialogs(start: StartFace, tmp_path: Path) -> None:
    for name in ("in/a.dcm", "in/b.dcm", "in/deep/c.dcm"):
        write(tmp_path / name, cine(2))
    (tmp_path / "in/list.csv").write_text(f"DicomFilePath\n{tmp_path}/in/deep/c.dcm\n")
    face = start()
    expect(face.at("#start")).to_be_visible()
    expect(face.at(".choice")).to_have_count(3)
    face.picture("start")
    face.press("Control+o")
    expect(face.at("#dialog-open")).to_be_visible()
    face.at("#open-path").fill(str(tmp_path / "in"))
    face.press("Enter")
    expect(face.at(".entry")).to_have_count(4)
    face.focus("#open-entries")
    face.press("End")
    face.picture("open")
    face.at(
        ".entry",
    ).filter(has_text="a.dcm").click()
    face.at(".entry").filter(has_text="b.dcm").click(modifiers=["Control"])
    expect(face.at("#open-do")).to_have_text("Open 2 files")
    face.at("#open-do").click()
    face.position("1/2")
    face.plane("frame 1/2")
    expect(face.at("#start")).to_be_hidden()
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    face.at("[role=menu][aria-label=File]").get_by_text("Open folder and all below…").click()
    expect(face.at("#open-recursive")).to_be_checked()
    expect(face.at("#open-path")).to_have_value(str(tmp_path / "in"))
    face.at("#open-do").click()
    face.position("1/3")
    face.press("Control+o")
    expect(face.at(".entry")).to_have_count(4)
    face.at(".entry").filter(has_text="list.csv").dblclick()
    face.position("1/1")
    expect(face.at("#filename")).to_contain_text("c.dcm")
    face.press("Control+d")
    expect(face.at("#open-recursive")).not_to_be_checked()
    face.press("Escape")
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    face.at("[role=menu][aria-label=File]").get_by_text("Database…").click()
    face.at("#open-path").fill(str(tmp_path / "nothing here"))
    face.press("Enter")
    face.watch.allowed.append("Failed to load resource")
    expect(face.at("#open-note")).not_to_have_text("Reading…")
    face.at("#open-path").fill(str(tmp_path / "in"))
    face.press("Enter")
    expect(face.at("#open-path")).to_have_value(str(tmp_path / "in"))
    face.at("#open-do").click()
    expect(face.at("#store")).to_have_attribute("title", f"Database: {tmp_path}/in/dcmaudit.sqlite.db")


def test_the_dialogs_act_on_the_path_that_is_typed(start: StartFace, tmp_path: Path) -> None:
    for name in ("first/a.dcm", "other/b.dcm", "other/c.dcm"):
        write(tmp_path / name, cine(2))
    (tmp_path / "marks").mkdir()
    face = start(tmp_path / "first" / "a.dcm")
    face.watch.allowed.append("Failed to load resource")
    face.plane("frame 1/2")
    path, do, note = face.at("#open-path"), face.at("#open-do"), face.at("#open-note")
    face.press("Control+d")
    expect(path).to_have_value(str(tmp_path / "first"))
    path.fill(str(tmp_path / "other"))
    do.click()  # without Enter or Go before
    face.position("1/2")
    expect(face.at("#filename")).to_contain_text("other/b.dcm")
    face.press("Control+o")
    path.fill(str(tmp_path / "other" / "c.dcm"))
    face.press("Enter")
    face.position("1/1")
    expect(face.at("#filename")).to_contain_text("other/c.dcm")
    face.press("Control+o")
    path.fill(str(tmp_path / "first" / "a.dcm"))
    do.click()
    expect(face.at("#filename")).to_contain_text("first/a.dcm")
    before = face.at("#store").get_attribute("title")
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    face.at("[role=menu][aria-label=File]").get_by_text("Database…").click()
    path.fill(str(tmp_path / "no such folder"))
    do.click()
    expect(note).to_contain_text("no such folder: no such folder")
    expect(face.at("#dialog-open")).to_be_visible()
    assert face.at("#store").get_attribute("title") == before, "marks do not go where nobody said"
    path.fill(str(tmp_path / "marks"))
    do.click()
    expect(face.at("#store")).to_have_attribute("title", f"Database: {tmp_path}/marks/dcmaudit.sqlite.db")
    face.press("Control+d")
    path.fill(str(tmp_path / "first" / "a.dcm"))
    do.click()
    expect(note).to_contain_text("this is a file, and a folder is asked for")
    path.fill(str(tmp_path / "nowhere"))
    face.press("Enter")
    expect(note).to_contain_text("nowhere: no such folder")
    face.focus("#open-entries")
    face.press("Escape")


def test_both_tables_are_saved_as_csv(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.press("r", "t")
    expect(face.at("#tagged")).to_be_visible()
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    with face.page.expect_download() as download:
        face.at("[role=menu][aria-label=File]").get_by_text("Save rectangles").click()
    assert "one.dcm" in Path(download.value.path()).read_text()
    face.at("#menubar").get_by_role("menuitem", name="File").click()
    with face.page.expect_download() as download:
        face.at("[role=menu][aria-label=File]").get_by_text("Save tagged files").click()
    assert "one.dcm" in Path(download.value.path()).read_text()


def test_the_list_of_files_scrolls_filters_and_goes(start: StartFace, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    data = reference(numbered(1)).data
    folder.mkdir()
    for number in range(300):
        (folder / f"{number:03}.dcm").write_bytes(data)
    face = start(folder)
    face.position("1/300")
    assert face.at(".row").count() < 40, "only the rows in sight exist"
    face.focus("#list")
    face.press("End", "Enter")
    face.position("300/300")
    face.at("#listtext").fill("017")
    expect(face.at(".row")).to_have_count(1)
    face.at(".row").click()
    face.position("18/300")
    face.focus("#listtext")
    face.press("n", "Escape")
    face.at("#listtext").fill("")
    face.focus("#listtext")
    face.page.keyboard.type("02")
    face.press("Enter")  # at once: the first that fits, not the first of what was listed before
    face.position("3/300")
    expect(face.at("#list")).to_be_focused()
    face.focus("#listtext")
    face.page.keyboard.type("7")
    face.press("ArrowDown", "Enter")
    face.position("28/300")
    face.at("#listtext").fill("017")
    face.press("Enter")
    face.position("18/300")
    face.at("#listtext").fill("")
    face.focus("#stage")
    face.press("t")
    expect(face.at('.row[data-state="tagged"]')).to_have_count(1)
    face.at("#liststatus").select_option("tagged")
    expect(face.at(".row")).to_have_count(1)


def test_files_that_the_options_leave_out_are_found_by_their_state_and_opened(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / f"{name}.dcm", cine(1)) for name in ("one", "two", "three")]
    with open_store(tmp_path / "db", user="ben") as store:
        store.mark_done(str(names[0]), DeviceFacts(), None)
    face = start(*names)
    face.position("1/2")
    face.at("#liststatus").select_option("done")
    row = face.at(".row")
    expect(row).to_have_count(1)
    expect(row.locator(".row-number")).to_have_text("–")
    row.click()
    expect(face.at("#filename")).to_contain_text("one.dcm")
    face.position("1/3")
    expect(row.locator(".row-number")).to_have_text("1")
    face.at("#liststatus").select_option("")
    expect(face.at(".row")).to_have_count(3)


def test_the_strip_shows_what_was_seen_and_goes_there(start: StartFace, tmp_path: Path) -> None:
    layers = [overlay(0x6000, 3, 100), overlay(0x6002, 1, 200)]
    face = start(write(tmp_path / "one.dcm", cine(30, overlays=layers)), write(tmp_path / "two.dcm", cine(1)))
    face.plane("frame 1/30")
    strip = face.at("#stripcanvas")
    expect(face.at("#striplabels span")).to_have_count(3)
    area = strip.bounding_box()
    assert area is not None
    # click and hover wait until it stands still
    strip.click(position={"x": area["width"] - 4, "y": 14})
    face.plane("overlay 6002 frame 1/1")
    assert face.number() == 200
    strip.focus()
    face.press("Home")
    face.plane("frame 1/30")
    face.press("ArrowRight")
    face.plane("frame 2/30")
    expect(strip).to_have_attribute("aria-valuetext", "frame 2/30")
    strip.hover(position={"x": area["width"] / 2, "y": 14})
    expect(face.at("#peek")).to_be_visible()
    face.page.mouse.move(400, 300)
    face.press("Escape")
    face.position("2/2")
    expect(face.at("#strip")).to_be_hidden()


def test_contact_sheet_and_projection_are_glances_and_lead_to_the_plane(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(12, overlays=[overlay(0x6000, 2, 100)])))
    face.plane("frame 1/12")
    face.press("g")
    expect(face.at(".tile")).to_have_count(14)
    expect(face.at(".tile[data-loaded]").first).to_be_visible()
    face.picture("grid")
    face.wait_until(lambda: face.state()["file"]["glanced"] == 7)  # the others are there and out of sight
    face.at(".tiles").evaluate("tiles => tiles.scrollTop = tiles.scrollHeight")
    face.wait_until(lambda: face.state()["file"]["glanced"] == 13)
    face.shows("#statusseen", "1 of 14 planes seen")
    face.press("r")
    expect(face.at("#messagetext")).to_contain_text("where it is seen alone")
    face.press("ArrowRight", "ArrowRight", "Enter")
    face.plane("frame 3/12")
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("12 planes in one picture")
    face.picture("projection")
    face.at("#overview").get_by_role("button", name="Minimum").click()
    expect(face.at("#overview .foot")).to_contain_text("12 planes in one picture")
    face.press("Escape")
    expect(face.at("#overview")).to_be_hidden()
    face.plane("frame 3/12")


def test_a_click_on_a_projection_goes_to_the_plane_that_shows_there(start: StartFace, tmp_path: Path) -> None:
    import numpy as np

    cells = np.full((6, 64, 112), 20, np.uint8)
    cells[4, 40:50, 80:100] = 220
    face = start(write(tmp_path / "one.dcm", reference(cells, frames=6)))
    face.plane("frame 1/6")
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("6 planes in one picture")
    area = face.at("#overview img").bounding_box()
    assert area is not None
    scale = min(area["width"] / 112, area["height"] / 64)
    x = area["x"] + area["width"] / 2 + (90 - 56) * scale
    y = area["y"] + area["height"] / 2 + (45 - 32) * scale
    face.page.mouse.click(x, y)
    face.plane("frame 5/6")


def test_the_cross_of_a_projection_leads_to_the_plane_that_shows_there(start: StartFace, tmp_path: Path) -> None:
    import numpy as np

    cells = np.full((6, 64, 112), 20, np.uint8)
    cells[4, 28:36, 60:68] = 220  # right of the middle: three steps of a fortieth of the width
    face = start(write(tmp_path / "one.dcm", reference(cells, frames=6)))
    face.plane("frame 1/6")
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("arrow keys move a cross")
    face.press("ArrowRight", "ArrowRight", "ArrowRight")
    expect(face.at("#overview .cross")).to_be_visible()
    expect(face.at(".overview-body button")).to_have_attribute("aria-label", re.compile(r"^Cross at 65, 32\."))
    face.picture("projection-cross")
    face.press("Enter")
    face.plane("frame 5/6")


def test_a_projection_names_the_plane_below_the_mouse_and_takes_rectangles_for_all(
    start: StartFace, tmp_path: Path
) -> None:
    import numpy as np

    cells = np.full((6, 64, 112), 20, np.uint8)
    cells[4, 40:50, 80:100] = 220
    face = start(write(tmp_path / "one.dcm", reference(cells, frames=6)))
    face.plane("frame 1/6")
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("6 planes in one picture")
    area = face.at("#overview img").bounding_box()
    assert area is not None
    scale = min(area["width"] / 112, area["height"] / 64)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            area["x"] + area["width"] / 2 + (x - 56) * scale,
            area["y"] + area["height"] / 2 + (y - 32) * scale,
        )

    mouse = face.page.mouse
    mouse.move(*at(90.5, 45.5))
    expect(face.at(".overview-here")).to_have_text("frame 5/6 at 90, 45")
    mouse.move(*at(80.5, 40.5))
    mouse.down()
    mouse.move(*at(90.5, 45.5))
    mouse.move(*at(99.5, 49.5))
    mouse.up()
    expect(face.at("#messagetext")).to_contain_text("Marked on all 6 planes of frames; one undo takes it back")
    expect(face.at('#overview [data-kind="mark"]')).to_have_count(1)
    face.picture("projection-mark")
    face.press("Escape")
    face.plane("frame 1/6")
    assert [rect["box"] for rect in face.state()["rects"]] == [[80, 40, 100, 50]]
    face.press("Control+z")
    face.wait_until(lambda: not face.state()["rects"])


def test_a_rectangle_is_drawn_on_a_projection_by_keys(start: StartFace, tmp_path: Path) -> None:
    import numpy as np

    face = start(write(tmp_path / "one.dcm", reference(np.full((6, 64, 112), 20, np.uint8), frames=6)))
    face.plane("frame 1/6")
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("Space draws from here")
    face.press("Space", "Shift+ArrowRight", "Shift+ArrowDown")
    expect(face.at(".overview-body button")).to_have_attribute("aria-label", re.compile("Enter marks it on all planes"))
    face.press("Escape")
    expect(face.at(".overview-body button")).to_have_attribute("aria-label", re.compile("Space draws a rectangle"))
    face.press("Space", "Shift+ArrowRight", "Shift+ArrowDown", "Enter")
    expect(face.at("#messagetext")).to_contain_text("Marked on all 6 planes of frames")
    face.press("Escape")
    assert [rect["box"] for rect in face.state()["rects"]] == [[57, 33, 59, 35]]


def test_small_pictures_of_large_planes_are_a_glance(start: StartFace, tmp_path: Path) -> None:
    import numpy as np

    cells = np.zeros((3, 1500, 1400), np.uint8)
    face = start(write(tmp_path / "large.dcm", reference(cells, frames=3)))
    face.wait_until(lambda: face.state()["file"]["glanced"] == 1)
    face.shows("#statusseen", "0 of 3 planes seen")
    expect(face.at("#statusview")).to_contain_text("only a glance: small text is lost at this size")
    face.press("g")
    expect(face.at(".tile[data-loaded]")).to_have_count(3)
    face.press("Escape")
    expect(face.at("#overview")).to_be_hidden()
    face.press("j")
    expect(face.at("#overview .foot")).to_contain_text("no plane counts as seen")
    expect(face.at("#overview .foot")).to_contain_text("small text is lost")
    face.press("Escape")
    face.wait_until(lambda: face.state()["groups"][0]["glanced"] == [[0, 3]])
    assert face.state()["groups"][0]["seen"] == []
    face.press("N")
    text = "3 of 3 planes were not seen: 3 only at less than half size."
    expect(face.at("dialog[open]")).to_contain_text(text)


def test_the_series_shows_every_kind_of_plane_of_every_file(start: StartFace, tmp_path: Path) -> None:
    for name in ("a.dcm", "b.dcm"):
        write(tmp_path / "in" / name, cine(4, overlays=[overlay(0x6000, 2, 100)], extra={"SeriesInstanceUID": "1.2.3"}))
    face = start(tmp_path / "in")
    face.plane("frame 1/4")
    face.press("G")
    expect(face.at(".cell")).to_have_count(4)
    expect(face.at(".cell-title").nth(3)).to_have_text("overlay 6000 (2) · b.dcm")
    face.at(".cell").nth(3).click()
    face.position("2/2")
    face.plane("overlay 6000 frame 1/2")


def test_zoom_pan_fit_and_one_to_one(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    status = face.at("#statusview")
    expect(status).to_contain_text("fit")
    face.press("1")
    expect(status).to_contain_text("· 100 %")
    face.page.mouse.move(600, 350)
    face.page.keyboard.down("Control")
    for _ in range(8):
        face.page.mouse.wheel(0, -100)
    face.page.keyboard.up("Control")
    expect(status).not_to_contain_text("100 %")
    face.press("n")
    face.plane("frame 2/2")
    expect(status).to_contain_text("fit")
    face.press("1", "0")
    expect(status).to_contain_text("fit")
    face.press(">")
    expect(status).not_to_contain_text("fit")
    face.page.mouse.dblclick(900, 600)
    expect(status).to_contain_text("fit")


def test_caps_lock_does_not_turn_next_frame_into_done(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)), write(tmp_path / "two.dcm", cine(1)))
    script = """() => document.getElementById("stage").dispatchEvent(new KeyboardEvent("keydown",
      { key: "N", code: "KeyN", modifierCapsLock: true, bubbles: true, cancelable: true }))"""
    face.plane("frame 1/3")
    face.page.evaluate(script)
    face.plane("frame 2/3")
    face.position("1/2")
    expect(face.at("#caps")).to_have_text("Caps Lock is on: only Shift makes capital commands")
    face.press("n")
    expect(face.at("#caps")).to_be_hidden()


def test_quit_ends_the_program(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.watch.allowed += ["Failed to load resource"]
    face.press("q")
    expect(face.at("#lost")).to_contain_text("has ended")
    assert face.reviewer.process.wait(10) == 0


def test_the_series_is_shown_file_by_file_and_a_click_opens_one(start: StartFace, tmp_path: Path) -> None:
    extra = {"SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.77"}
    names = [write(tmp_path / f"{name}.dcm", cine(2, extra=extra)) for name in ("one", "two", "three")]
    other = write(tmp_path / "other.dcm", cine(2, extra={"SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.78"}))
    face = start(names[0], other, *names[1:])
    face.plane("frame 1/2")
    face.press("G")
    expect(face.at(".cell")).to_have_count(3)
    expect(face.at("#overview .foot")).to_contain_text("3 files with 6 planes of this series.")
    expect(face.at(".cell img").last).to_have_js_property("complete", value=True)
    face.picture("series-sheet")
    face.at(".cell").last.click()
    face.position("4/4")
    expect(face.at("#overview")).to_be_hidden()
    assert face.state()["file"]["seen"] <= 1, "only what was on the stage counts as seen"


def test_what_is_typed_while_the_folder_is_still_read_is_what_counts(start: StartFace, tmp_path: Path) -> None:
    """Marks would go somewhere else, and other files would be opened, if a late answer replaced what was typed."""
    for name in ("first/a.dcm", "other/b.dcm"):
        write(tmp_path / name, cine(2))
    face = start(tmp_path / "first" / "a.dcm")
    face.plane("frame 1/2")
    late: list[Any] = []

    def hold_back(route: Any) -> None:
        late.append(route) if not late else route.continue_()

    face.page.route("**/api/browse*", hold_back)
    face.press("Control+d")
    expect(face.at("#dialog-open")).to_be_visible()
    face.wait_until(lambda: len(late) == 1)
    face.at("#open-path").fill(str(tmp_path / "other"))
    late[0].continue_()
    face.page.wait_for_timeout(400)
    expect(face.at("#open-path")).to_have_value(str(tmp_path / "other"))
    face.at("#open-do").click()
    face.position("1/1")
    expect(face.at("#filename")).to_contain_text("other/b.dcm")


def test_no_menu_scrolls_or_leaves_the_window(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    for name in ("File", "Options", "Mark", "Go", "View", "Help"):
        face.page.get_by_role("menuitem", name=name, exact=True).click()
        menu = face.at(f"[role=menu][aria-label={name}]")
        expect(menu).to_be_visible()
        fits = menu.evaluate(
            """(menu) => {
              const { left, right, bottom } = menu.getBoundingClientRect();
              const isInside = left >= 0 && right <= innerWidth && bottom <= innerHeight;
              return isInside && menu.scrollHeight <= menu.clientHeight && menu.scrollWidth <= menu.clientWidth;
            }"""
        )
        assert fits, name
        assert face.page.evaluate(COVERED) == [], name
        face.press("Escape")


def test_the_page_without_files_offers_more_than_examples(start: StartFace, tmp_path: Path) -> None:
    face = start()
    offers = face.at("#offerlist")
    for label in ("Open a folder and all below…", "Open a database as a list…", "Choose where marks are kept…"):
        expect(offers.get_by_role("button", name=label)).to_be_visible()
    offers.get_by_role("button", name="Keys and commands").press("Enter")
    expect(face.at("#dialog-help")).to_be_visible()
    face.press("Escape")
    offers.get_by_role("button", name="Open a database as a list…").press("Enter")
    expect(face.at("#dialog-open")).to_be_visible()


def test_a_list_of_which_none_is_left_can_be_shown_again_or_redacted(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(1))
    with open_store(tmp_path / "db", user="anna") as store:
        store.mark_done(str(path), DeviceFacts())
    face = start(path)
    expect(face.at("#starttext")).to_contain_text("1 file found, and none is left to show")
    expect(face.at("#offerlist").get_by_role("button", name="Redact all done files…")).to_be_visible()
    face.at("#offerlist").get_by_role("button", name="Show the files that are done, too").press("Enter")
    face.plane("frame 1/1")
