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
    zooms = face.page.get_by_role("menuitemradio", name="Zooms")
    zooms.click()
    expect(zooms).to_have_attribute("aria-checked", "true")
    face.press("Escape")
    face.page.mouse.move(600, 350)
    face.page.mouse.wheel(0, -100)
    expect(face.at("#statusview")).not_to_contain_text("fit")
    face.plane("frame 1/3")


def test_no_selection_of_text_veils_a_picture(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)))
    face.plane("frame 1/3")
    face.press("Control+a")
    face.press("j")
    expect(face.at("#overview img").first).to_be_visible()
    face.press("Control+a")
    assert face.page.evaluate("getSelection().toString()") == ""
    pictures = "[...document.querySelectorAll('img, canvas')]"
    assert face.page.evaluate(f"{pictures}.every(one => getComputedStyle(one).userSelect === 'none')")


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


def _numbers(path: Path, **extra: object) -> Path:
    cells = np.stack(
        [np.broadcast_to(np.arange(-500, 500, dtype=np.int16), (600, 1000)) + number for number in range(30)]
    )
    facts = {"Modality": "CT", "RescaleSlope": "1", "RescaleIntercept": "-24", "FrameTime": "100", **extra}
    path.write_bytes(file_bytes(dataset(cells.astype(np.int16), frames=30, extra=facts)))
    return path


def test_an_area_sets_the_window_to_what_is_in_it_and_windows_have_names(start: StartFace, tmp_path: Path) -> None:
    face = start(_numbers(tmp_path / "one.dcm"))
    face.plane("frame 1/30")
    x, y = _middle(face)
    face.page.mouse.move(x, y)
    expect(face.at("#statusvalue")).to_contain_text(" HU)")
    cursor = face.state()["handled"]
    face.page.keyboard.down("Control")
    face.drag((x, y), (x + 60, y + 40))
    face.page.keyboard.up("Control")
    expect(face.at("#words")).to_contain_text("does not count as seen")
    assert face.state()["handled"] == cursor, "the handled rectangle stays"
    assert face.pixel(x - 20, y)[0] == 0
    assert face.pixel(x + 80, y)[0] == 255
    assert 90 < face.pixel(x + 30, y)[0] < 165
    face.press("W")
    face.page.fill("#windows-name", "mine")
    face.press("Enter")
    face.wait_until(lambda: [one["name"] for one in face.state()["windows"]] == ["mine"])
    face.press("W")
    face.page.get_by_role("button", name="Lung -600 / 1500").press("Enter")
    expect(face.at("#words")).to_contain_text("Own window -600 / 1500")
    face.picture("windows")
    face.page.mouse.dblclick(x, y)
    expect(face.at("#words")).to_be_hidden()
    face.press("W")
    face.page.get_by_role("button", name="Forget mine").click()
    face.wait_until(lambda: face.state()["windows"] == [])


def test_a_cine_keeps_the_time_of_the_file_leaves_no_plane_out_and_any_key_stops_it(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(_numbers(tmp_path / "one.dcm"))
    face.plane("frame 1/30")
    face.page.evaluate("""() => {
      window.times = [];
      document.addEventListener("plane-painted", ({ detail }) => window.times.push([detail.key, performance.now()]));
    }""")
    face.press("C")
    expect(face.at("#busy")).to_contain_text("10 a second, as the file says")
    face.page.wait_for_function("() => window.times.length >= 12")
    face.press("C")
    expect(face.at("#busy")).to_be_hidden()
    times = face.page.evaluate("() => window.times")
    names = list(dict.fromkeys(name for name, _ in times))
    assert names == [f"f{number}" for number in range(1, len(names) + 1)], "in order, none left out"
    firsts = [next(at for name, at in times if name == each) for each in names]
    assert (firsts[-1] - firsts[0]) / (len(firsts) - 1) > 90, "never faster than the file says"
    here = face.state()["plane"]["index"]
    face.wait_until(lambda: face.state()["groups"][0]["seen"] == [[0, here + 1]])
    face.page.wait_for_timeout(500)
    assert face.state()["plane"]["index"] == here
    face.press("C")
    face.page.wait_for_function(f"() => window.times.some(([key]) => key === 'f{here + 2}')")
    face.press("l")
    expect(face.at("#busy")).to_be_hidden()


def test_the_magnifier_shows_pixels_larger_and_what_it_covers_is_not_seen(start: StartFace, tmp_path: Path) -> None:
    cells = np.kron(np.arange(256, dtype=np.uint8).reshape(16, 16), np.ones((20, 20), np.uint8))
    (tmp_path / "one.dcm").write_bytes(file_bytes(dataset(np.stack([cells, cells]), frames=2)))
    face = start(tmp_path / "one.dcm")
    face.plane("frame 1/2")
    face.wait_until(lambda: face.state()["groups"][0]["seen"] == [[0, 1]])
    x, y = face.on_stage(190, 130, 320, 320)  # the block of 9 across, 6 down
    face.page.mouse.move(x, y)
    face.page.keyboard.down("z")
    expect(face.at("#lens")).to_be_visible()
    middle = face.page.evaluate("""() => {
      const lens = document.getElementById("lens");
      return lens.getContext("2d").getImageData(lens.width / 2, lens.height / 2, 1, 1).data[0];
    }""")
    assert middle == 6 * 16 + 9
    face.press("n")
    face.plane("frame 2/2")
    face.wait_until(lambda: face.state()["groups"][0]["partly"] == [1])
    face.picture("magnifier")
    assert face.state()["groups"][0]["seen"] == [[0, 1]], "a part of it was covered"
    face.page.keyboard.up("z")
    expect(face.at("#lens")).to_be_hidden()
    face.wait_until(lambda: face.state()["groups"][0]["seen"] == [[0, 2]])


def test_keys_of_ones_own_show_conflicts_and_menus_help_and_hints_follow(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(6)))
    face.plane("frame 1/6")
    face.press("K")
    row = face.at("#keys-rows tr[data-command=next-frame]")
    row.locator("button[data-at='0']").press("Enter")
    face.press("p")
    expect(row).to_contain_text("also the key of “Previous frame”")
    expect(face.at("#keys-save")).to_be_disabled()
    face.picture("keys")
    row.locator("button[data-at='0']").press("Enter")
    face.press("Q")
    face.page.locator("#keys-save").press("Enter")
    expect(face.at("#statuskeys")).to_contain_text("Q next plane")
    face.press("Q")
    face.plane("frame 2/6")
    face.press("n")
    face.page.wait_for_timeout(300)
    face.plane("frame 2/6")
    expect(face.at("[role=menu] [data-command=next-frame] kbd")).to_have_text("Q")
    face.press("?")
    expect(face.at("#help-rows")).to_contain_text("QNext frame")
    face.press("Escape")
    face.page.reload()
    expect(face.at("#statuskeys")).to_contain_text("Q next plane")


def test_keys_work_after_the_strip_was_used(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(6)))
    face.plane("frame 1/6")
    # What is not laid out yet cannot be clicked on: its names come with it, and Playwright waits until it stands still.
    expect(face.at("#striplabels span")).to_have_count(1)
    face.at("#stripcanvas").click(position={"x": 60, "y": 16})
    face.wait_until(lambda: face.state()["plane"]["index"] > 0)
    before = face.state()["handled"]["box"]
    face.press("ArrowRight")
    face.wait_until(lambda: face.state()["handled"]["box"] != before)
    face.press("End")
    face.plane("frame 6/6")
