"""The mouse on a plane: wheel, window, values; and the keys that go far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes
from support.numbered import cine, write


def _ramp(path: Path, **extra: str) -> Path:
    cells = np.broadcast_to(np.arange(-500, 500, dtype=np.int16), (600, 1000)).copy()
    path.write_bytes(file_bytes(dataset(np.stack([cells, cells + np.int16(7)]), frames=2, extra=extra)))
    return path


def test_the_wheel_steps_through_planes_and_zooms_with_ctrl(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(6)))
    face.plane("frame 1/6")
    face.page.mouse.move(600, 350)
    for number in (2, 3, 4):
        face.page.mouse.wheel(0, 100)
        face.plane(f"frame {number}/6")
    face.page.mouse.wheel(0, -100)
    face.plane("frame 3/6")
    expect(face.at("#statusview")).to_contain_text("fit")
    face.page.keyboard.down("Control")
    face.page.mouse.wheel(0, -100)
    face.page.keyboard.up("Control")
    expect(face.at("#statusview")).not_to_contain_text("fit")
    face.plane("frame 3/6")


def test_the_wheel_can_be_made_to_zoom(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)))
    face.plane("frame 1/3")
    face.page.get_by_role("menuitem", name="View").first.click()
    face.page.get_by_role("menuitemradio", name="Zooms").click()
    face.press("Escape")
    face.page.mouse.move(600, 350)
    face.page.mouse.wheel(0, -100)
    expect(face.at("#statusview")).not_to_contain_text("fit")
    face.plane("frame 1/3")


def test_keys_go_to_the_ends_and_by_ten(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(40)))
    face.plane("frame 1/40")
    for key, number in (("End", 40), ("PageUp", 30), ("Home", 1), ("PageDown", 11), ("PageDown", 21), ("PageUp", 11)):
        face.press(key)
        face.plane(f"frame {number}/40")
        assert face.number() == number - 1


def _middle(face: Face) -> tuple[float, float]:
    return face.on_stage(750, 300, 1000, 600)


def test_the_right_button_sets_a_window_that_does_not_count_and_a_double_click_takes_it_away(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(_ramp(tmp_path / "one.dcm"))
    face.plane("frame 1/2")
    face.shows("#statusseen", "1 of 2 planes seen")
    x, y = _middle(face)
    before = face.pixel(x, y)[0]
    face.page.mouse.move(x, y)
    face.page.mouse.down(button="right")
    face.page.mouse.move(x - 200, y - 100, steps=5)
    face.page.mouse.up(button="right")
    expect(face.at("#words")).to_contain_text("Own window")
    expect(face.at("#words")).to_contain_text("does not count as seen")
    expect(face.at("#statusview")).to_contain_text("own window")
    # centre 0 + 100 * 1000 / 500, width 1000 - 200 * 1000 / 500: value 250 is in its middle and a bit
    x, y = _middle(face)
    center, width = -0.5 + 200, 600
    wanted = ((250 - (center - 0.5)) / (width - 1) + 0.5) * 255
    assert abs(face.pixel(x, y)[0] - wanted) <= 3
    face.picture("own-window")
    face.press("n")
    face.plane("frame 2/2")
    face.wait_until(lambda: face.state()["groups"][0]["glanced"] != [])
    assert face.state()["groups"][0]["seen"] == [[0, 1]]
    face.page.mouse.dblclick(*_middle(face))
    expect(face.at("#words")).to_be_hidden()
    assert abs(face.pixel(*_middle(face))[0] - before) <= 1
    face.shows("#statusseen", "2 of 2 planes seen")


def test_the_status_line_has_place_and_value_under_the_cursor(start: StartFace, tmp_path: Path) -> None:
    face = start(_ramp(tmp_path / "one.dcm", RescaleSlope="2", RescaleIntercept="-24"))
    face.plane("frame 1/2")
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    face.page.mouse.move(*_middle(face))
    expect(face.at("#statusvalue")).to_contain_text(", 300: value 2")
    text = face.at("#statusvalue").text_content() or ""
    place, _, rest = text.partition(",")
    value = int(rest.split("value ")[1].split(" ")[0])
    assert value == int(place) - 500
    assert text.endswith(f"value {value} ({2 * value - 24})")
    face.page.mouse.wheel(0, 100)
    face.plane("frame 2/2")
    face.shows("#statusvalue", f"{place}, 300: value {value + 7} ({2 * (value + 7) - 24})")
    face.page.mouse.move(area["x"] + 3, area["y"] + 3)
    face.shows("#statusvalue", "")
