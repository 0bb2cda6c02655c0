"""Rectangles, tags, comments, done, and taking all of it back; the database says the same as the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import reference
from support.lettering import lettered
from support.numbered import cine, write
from support.reviewer import dump

WIDTH, HEIGHT = 112, 64

COUNT_COLOUR = """([red, green, blue]) => {
  const canvas = document.querySelector("canvas.marks");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) count += 1;
  }
  return count;
}"""


def _cursor(face: Face) -> list[int]:
    face.page.wait_for_timeout(250)  # the last nudge is sent a moment later
    found: list[int] = face.state()["handled"]["box"]
    return found


def _place(face: Face, left: int, top: int, right: int, bottom: int) -> None:
    """Draw a new rectangle with a drag that begins outside of the old one."""
    face.drag(face.on_stage(left, top, WIDTH, HEIGHT), face.on_stage(right, bottom, WIDTH, HEIGHT))


def test_the_rectangle_is_dragged_drawn_nudged_and_kept_inside(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    # beside it: a new one
    _place(face, 60, 30, 90, 50)
    assert _cursor(face) == [60, 30, 90, 50]
    # by its middle far beyond the corner: it sticks inside with its size
    face.drag(face.on_stage(75, 40, WIDTH, HEIGHT), (1270, 700))
    assert _cursor(face) == [82, 44, 112, 64]
    # by a corner: two edges move, the others stay
    face.drag(face.on_stage(82, 44, WIDTH, HEIGHT), face.on_stage(50, 20, WIDTH, HEIGHT))
    assert _cursor(face) == [50, 20, 112, 64]
    # by an edge across the opposite one: it turns over
    face.drag(face.on_stage(50, 42, WIDTH, HEIGHT), face.on_stage(70, 42, WIDTH, HEIGHT))
    assert _cursor(face) == [70, 20, 112, 64]
    face.press("ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "ArrowUp")
    assert _cursor(face) == [58, 19, 100, 63]
    face.press("Control+ArrowLeft", "Control+Shift+ArrowUp")
    assert _cursor(face) == [58, 19, 99, 53]
    face.press(*["Shift+ArrowRight"] * 3)
    assert _cursor(face) == [71, 19, 112, 53]


def test_a_click_or_a_cancelled_drag_leaves_the_rectangle_alone(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)), write(tmp_path / "two.dcm", cine(1)))
    face.position("1/2")
    before = _cursor(face)
    face.page.mouse.click(*face.on_stage(90, 50, WIDTH, HEIGHT))
    assert _cursor(face) == before
    face.page.mouse.move(*face.on_stage(90, 50, WIDTH, HEIGHT))
    face.page.mouse.down()
    face.page.mouse.move(*face.on_stage(60, 30, WIDTH, HEIGHT), steps=4)
    face.press("Escape")
    face.page.mouse.up()
    assert _cursor(face) == before
    face.position("1/2")


def test_r_stores_at_once_and_blackens_and_plus_and_minus_show_and_hide(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(2))
    face = start(path)
    face.plane("frame 1/2")
    inside = face.on_stage(4, 10, WIDTH, HEIGHT)  # the white band
    assert face.pixel(*inside)[:3] == [255, 255, 255]
    _place(face, 0, 5, 30, 30)
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    assert face.pixel(*inside) == [0, 0, 0, 255]
    face.picture("marked")
    (row,) = dump(face.reviewer.db)["rects"]
    assert (row["filename"], row["left"], row["top"], row["right"], row["bottom"]) == (str(path), 0, 5, 29, 29)
    assert (row["frame"], row["overlay"]) == (0, -1)
    face.press("-")
    expect(face.at("#statusview")).to_contain_text("without redaction")
    assert face.pixel(*inside)[:3] == [255, 255, 255]
    face.press("+")
    expect(face.at("#statusview")).to_contain_text("redaction shown")
    assert face.pixel(*inside)[:3] == [0, 0, 0]
    face.press("n")
    face.plane("frame 2/2")
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(0)  # suggested here, not marked
    assert face.pixel(*inside)[:3] == [255, 255, 255], "a mark belongs to its frame"


def test_undo_redo_remove_and_z(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    rows = face.at("#rects .rect")
    _place(face, 40, 5, 60, 20)
    face.press("r")
    expect(rows).to_have_count(1)
    _place(face, 70, 30, 90, 50)
    face.press("r")
    expect(rows).to_have_count(2)
    face.press("Control+z")
    expect(rows).to_have_count(1)
    face.press("Control+Shift+Z")
    expect(rows).to_have_count(2)
    face.press("Z")
    expect(rows).to_have_count(0)
    assert dump(face.reviewer.db)["rects"] == []
    face.press("Control+z")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Remove").click()
    expect(rows).to_have_count(1)
    face.press("Control+z")
    expect(rows).to_have_count(2)
    assert len(dump(face.reviewer.db)["rects"]) == 2


def test_tag_comment_and_done_are_stored_and_shown(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / f"{name}.dcm", cine(1)) for name in ("a", "b", "c")]
    face = start(*names)
    face.position("1/3")
    face.press("t")
    expect(face.at("#tagged")).to_be_visible()
    expect(face.at("#tagged")).to_have_text("[X]")
    face.press("t")
    expect(face.at("#tagged")).to_be_hidden()
    face.press("t")
    expect(face.at("#tagged")).to_be_visible()
    face.press("Escape")
    face.position("2/3")
    face.press("c")
    face.page.keyboard.type("n and N are just letters here")
    face.press("Enter")
    face.shows("#commentline", "n and N are just letters here")
    face.press("Escape")
    face.position("3/3")
    face.press("N")
    face.page.wait_for_timeout(400)
    rows = {Path(row["filename"]).name: row for row in dump(face.reviewer.db)["tags"]}
    assert {name: row["mark"] for name, row in rows.items()} == {"a.dcm": True, "b.dcm": False, "c.dcm": False}
    assert rows["b.dcm"]["comment"] == "n and N are just letters here"
    expect(face.at('.row[data-state="tagged"]')).to_have_count(1)
    expect(face.at('.row[data-state="done"]')).to_have_count(2)


def test_the_next_start_leaves_out_what_is_done(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / f"{name}.dcm", cine(1)) for name in ("a", "b", "c")]
    db = tmp_path / "db"
    face = start(*names, db=db)
    face.press("N")
    face.position("2/3")
    face.press("Escape")
    face.position("3/3")
    face.press("t")
    expect(face.at("#tagged")).to_be_visible()
    face.reviewer.kill()  # whatever was answered is kept
    face.watch.allowed += ["Failed to load resource", "ERR_CONNECTION"]
    again = start(*names, db=db)
    again.position("1/1")
    expect(again.at("#filename")).to_contain_text("b.dcm")
    everything = start(*names, db=db, options=("--review",))
    everything.position("1/3")
    tagged = start(*names, db=db, options=("--tagged",))
    tagged.position("1/1")
    expect(tagged.at("#filename")).to_contain_text("c.dcm")


def test_done_with_unseen_planes_asks_first(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "a.dcm", cine(5)), write(tmp_path / "b.dcm", cine(1)))
    face.plane("frame 1/5")
    face.press("N")
    expect(face.at("#dialog-question")).to_be_visible()
    face.picture("question")
    face.press("Escape")
    expect(face.at("#dialog-question")).to_be_hidden()
    face.position("1/2")
    assert dump(face.reviewer.db)["tags"] == []
    face.press("N")
    expect(face.at("#dialog-question")).to_be_visible()
    face.at("#question-yes").click()
    face.position("2/2")
    assert len(dump(face.reviewer.db)["tags"]) == 1


def test_rectangles_of_a_similar_file_are_suggested_and_applied(start: StartFace, tmp_path: Path) -> None:
    like = {"extra": {"Manufacturer": "ACME", "ManufacturerModelName": "Scan 1", "ImageType": ["ORIGINAL", "PRIMARY"]}}
    # Something is there: over one flat value a suggestion is shown as empty, and A leaves it out.
    cells = np.zeros((1, HEIGHT, WIDTH), np.uint8)
    cells[0, 25:35, 50:75:3] = cells[0, 48:56, 90:101:3] = 230
    names = [write(tmp_path / f"{name}.dcm", reference(cells, frames=1, **like)) for name in ("a", "b", "c")]
    face = start(*names)
    face.position("1/3")
    for box in [(45, 20, 80, 40), (85, 44, 105, 60)]:
        _place(face, *box)
        face.press("r")
    expect(face.at("#rects .rect")).to_have_count(2)
    face.press("N")
    face.position("2/3")
    expect(face.at("#legend")).to_contain_text("similar")
    expect(face.at("#rects .rect")).to_have_count(2)
    face.page.mouse.move(*face.on_stage(55, 24, WIDTH, HEIGHT))
    expect(face.at("#explain")).to_contain_text("similar image, suggested on this plane")
    face.picture("suggestions")
    face.page.mouse.click(*face.on_stage(55, 24, WIDTH, HEIGHT), button="right")
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(1)
    assert len(dump(face.reviewer.db)["rects"]) == 3
    face.press("Escape")
    face.position("3/3")
    expect(face.at("#rects .rect")).to_have_count(2)
    face.press("A")
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(2)
    assert len(dump(face.reviewer.db)["rects"]) == 5


def test_a_suggestion_over_nothing_looks_and_reads_like_it_and_is_not_applied_with_the_others(
    start: StartFace, tmp_path: Path
) -> None:
    like = {"extra": {"Manufacturer": "ACME", "ManufacturerModelName": "Scan 1", "ImageType": ["ORIGINAL", "PRIMARY"]}}
    cells = np.zeros((1, HEIGHT, WIDTH), np.uint8)
    face = start(*(write(tmp_path / f"{name}.dcm", reference(cells, frames=1, **like)) for name in ("a", "b")))
    face.position("1/2")
    _place(face, 45, 20, 80, 40)
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    face.press("N")
    face.position("2/2")
    expect(face.at("#rects .rect-what")).to_have_text("similar image · empty here")
    expect(face.at("#rects .rect")).to_have_attribute("data-faint", "yes")
    expect(face.at("#applyall")).to_be_disabled()
    face.picture("empty-here")
    face.press("A")
    expect(face.at("#messagetext")).to_contain_text("left out")
    face.at("#rects").get_by_role("button", name="Apply").click()
    expect(face.at("#rects").get_by_role("button", name="Remove")).to_have_count(1)


def test_the_list_of_rectangles_does_everything_by_keyboard(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    for box in [(40, 5, 60, 20), (70, 30, 90, 50)]:
        _place(face, *box)
        face.press("r")
    rows = face.at("#rects .rect")
    expect(rows).to_have_count(2)
    face.focus("#rects .rect-jump")
    face.press("ArrowDown", "Enter")
    assert _cursor(face) == [70, 30, 90, 50]
    face.press("ArrowUp", "Enter")
    assert _cursor(face) == [40, 5, 60, 20]
    face.press("Delete")
    expect(rows).to_have_count(1)
    expect(rows.first.locator(".rect-jump")).to_be_focused()


def test_the_viewer_marks_nothing(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)), write(tmp_path / "two.dcm", cine(1)), options=("--viewer",))
    face.position("1/2")
    expect(face.at("#viewer")).to_be_visible()
    for key in ("r", "t", "A", "Z", "N", "c"):
        face.press(key)
        expect(face.at("#messagetext")).to_contain_text("viewer")
        face.position("1/2")
    expect(face.at("#markbutton")).to_be_disabled()
    face.press("Escape")
    face.position("2/2")
    face.drag(face.on_stage(60, 30, WIDTH, HEIGHT), face.on_stage(90, 50, WIDTH, HEIGHT))
    face.picture("viewer")
    assert not list(face.reviewer.db.glob("*")), "the viewer must not even make a database"


def test_all_frames_and_the_whole_series_in_one_step(start: StartFace, tmp_path: Path) -> None:
    extra = {"SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.77"}
    names = [write(tmp_path / f"{name}.dcm", cine(3, extra=extra)) for name in ("one", "two")]
    face = start(*names)
    face.plane("frame 1/3")
    face.press("R")
    expect(face.at(".rect .rect-why")).to_contain_text("all frames")
    face.press("n")
    face.plane("frame 2/3")
    expect(face.at(".rect")).to_have_count(1)
    face.at(".rect").get_by_role("button", name="Whole series…").click()
    dialog = face.at("#dialog-question")
    expect(dialog).to_contain_text("of 2 files of this series")
    face.picture("series")
    dialog.get_by_role("button", name="Mark 2 files").click()
    expect(face.at("#messagetext")).to_contain_text("Marked in 1 file. Each of them still has to be looked at.")
    face.press("Escape")
    face.position("2/2")
    expect(face.at(".rect .rect-why")).to_contain_text("all frames")
    expect(face.at('.row[data-state="in-work"], .row[data-state="in work"]')).to_have_count(2)


@pytest.mark.slow
def test_o_reads_text_while_the_reviewer_goes_on(start: StartFace, tmp_path: Path) -> None:
    frames = np.stack([lettered((200, 320), [("MERRIWEATHER", 20, 60)]), np.zeros((200, 320), np.uint8)])
    extra = {"PatientName": "Merriweather^Ada"}
    face = start(write(tmp_path / "named.dcm", reference(frames, frames=2, extra=extra)))
    face.plane("frame 1/2")
    face.press("o", "n")
    face.plane("frame 2/2")  # nobody waits for the engine
    face.press("p")
    face.plane("frame 1/2")
    row = face.at(".rect").filter(has_text="OCR")
    expect(row).to_have_count(1, timeout=90_000)
    expect(row.locator(".rect-text")).to_contain_text("MERRI", ignore_case=True)
    expect(row.locator(".rect-why")).to_contain_text("% sure · likely identifies a person")
    expect(face.at("#statusseen")).not_to_contain_text("reading")
    face.picture("ocr")
    assert face.page.evaluate(COUNT_COLOUR, [86, 180, 233]) > 100, "a crossed box in sky blue"
    row.get_by_role("button", name="Apply").click()
    expect(face.at(".rect").filter(has_text="OCR")).to_have_count(1)
    assert face.state()["rects"][0]["stored"] is True
