"""What a day of use asked for: held keys, typed numbers, a filter that is walked through, a note beside its text."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from support.face import StartFace
from support.numbered import cine, write
from support.reviewer import dump

WIDTH, HEIGHT = 112, 64


def test_a_held_key_hides_every_rectangle_until_it_is_let_go(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    face.drag(face.on_stage(2, 30, WIDTH, HEIGHT), face.on_stage(30, 50, WIDTH, HEIGHT))
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    inside = face.on_stage(4, 40, WIDTH, HEIGHT)
    assert face.pixel(*inside)[:3] == [0, 0, 0]
    face.page.keyboard.down("h")
    face.page.wait_for_timeout(100)
    assert face.pixel(*inside)[:3] == [255, 255, 255]
    face.picture("held")
    face.page.keyboard.up("h")
    face.page.wait_for_timeout(100)
    assert face.pixel(*inside)[:3] == [0, 0, 0]


def test_the_number_of_a_plane_can_be_typed(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(40)))
    face.plane("frame 1/40")
    face.press("#")
    expect(face.at("#number-field")).to_be_focused()
    face.page.keyboard.type("33")
    face.press("Enter")
    face.plane("frame 33/40")
    assert face.number() == 32
    face.press("#", "Escape")
    face.plane("frame 33/40")


def test_n_and_esc_walk_through_what_the_list_shows(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / name, cine(1)) for name in ("a-echo.dcm", "b-head.dcm", "c-echo.dcm", "d-head.dcm")]
    face = start(*names)
    face.position("1/4")
    face.press("/")
    face.page.keyboard.type("echo")
    expect(face.at(".row")).to_have_count(2)
    face.press("Escape", "Escape")
    face.position("3/4")
    expect(face.at("#filename")).to_contain_text("c-echo.dcm")
    face.press("Escape")
    expect(face.at("#messagetext")).to_contain_text("last file that the filtered list shows")
    face.press("P")
    face.position("1/4")
    face.at("#listtext").fill("")
    expect(face.at(".row")).to_have_count(4)
    face.focus("#stage")
    face.press("N")
    face.position("2/4")


def test_the_note_about_a_rectangle_stands_beside_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    face.drag(face.on_stage(60, 25, WIDTH, HEIGHT), face.on_stage(100, 40, WIDTH, HEIGHT))
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    (left, top), (right, bottom) = face.on_stage(60, 25, WIDTH, HEIGHT), face.on_stage(100, 40, WIDTH, HEIGHT)
    for x, y in ((61, 26), (80, 32), (98, 38)):
        face.page.mouse.move(*face.on_stage(x, y, WIDTH, HEIGHT))
        expect(face.at("#explain")).to_be_visible()
        note = face.at("#explain").bounding_box()
        assert note is not None
        apart = note["x"] >= right or note["x"] + note["width"] <= left
        assert apart or note["y"] >= bottom or note["y"] + note["height"] <= top


def test_r_marks_the_rectangle_on_the_screen(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    face.page.wait_for_timeout(300)
    box = face.state()["handled"]["box"]
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    (row,) = dump(face.reviewer.db)["rects"]
    assert [row["left"], row["top"], row["right"] + 1, row["bottom"] + 1] == box
