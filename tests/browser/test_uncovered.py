"""What lies over an image hides nothing that counts: marks on projections, words, shapes that are being drawn."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import reference
from support.lettering import lettered
from support.numbered import write

ROWS, COLUMNS = 200, 320
NAME = (40, 60, 280, 100)
"""Around the name on one of the frames: left, top, right, bottom."""


def _stack(path: Path) -> Path:
    frames = [lettered((ROWS, COLUMNS), []) for _ in range(6)]
    frames[4] = lettered((ROWS, COLUMNS), [("MERRIWEATHER", 60, 90)])
    return write(path, reference(np.stack(frames), frames=6))


def _screen(face: Face, selector: str) -> npt.NDArray[np.uint8]:
    """What the screen has at a part of the page, (rows, columns) of grey."""
    area = face.at(selector).bounding_box()
    assert area is not None
    face.page.mouse.move(2, 2)
    shot = face.page.screenshot(clip=area)
    return np.asarray(Image.open(BytesIO(shot)).convert("L"))


def _projected(face: Face) -> npt.NDArray[np.uint8]:
    face.press("j")
    face.page.get_by_role("button", name="Maximum").click()
    expect(face.at("#overview .foot")).to_contain_text("6 planes in one picture")
    picture = _screen(face, "#overview img")
    # The picture alone, in pixels of the plane's proportions.
    height, width = picture.shape
    scale = min(width / COLUMNS, height / ROWS)
    left, top = (width - COLUMNS * scale) / 2, (height - ROWS * scale) / 2
    x0, y0, x1, y1 = NAME
    return picture[
        round(top + y0 * scale) : round(top + y1 * scale), round(left + x0 * scale) : round(left + x1 * scale)
    ]


def test_a_mark_on_all_planes_is_outlined_on_a_projection_and_hides_nothing_of_it(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(_stack(tmp_path / "cine.dcm"))
    face.plane("frame 1/6")
    before = _projected(face)
    assert before.max() > 200, "the name of the fifth frame is in the maximum"
    face.press("Escape")
    x0, y0, x1, y1 = NAME
    # Larger than what is compared: its line lies outside.
    face.drag(face.on_stage(x0 - 9, y0 - 9, COLUMNS, ROWS), face.on_stage(x1 + 9, y1 + 9, COLUMNS, ROWS))
    face.press("R")
    face.wait_until(lambda: len(face.state()["rects"]) == 1)
    after = _projected(face)
    expect(face.at(".overview-body [data-kind='mark']")).to_have_count(1)
    face.picture("projection-outlined")
    assert np.abs(after.astype(int) - before).max() <= 2
    face.press("Escape", "-")
    # What is kept by a shape is not what is black: its outline is the only line there, too.
    face.press("Control+z")
    face.wait_until(lambda: not face.state()["rects"])
    face.press("E")
    face.wait_until(lambda: [rect["shape"] is not None for rect in face.state()["rects"]] == [True])
    kept = _projected(face)
    expect(face.at(".overview-body [data-kind='mark'] polygon")).to_have_count(2)
    face.picture("projection-kept-region")
    assert np.abs(kept.astype(int) - before).max() <= 2


def test_what_is_shown_without_marks_has_nothing_else_over_it(start: StartFace, tmp_path: Path) -> None:
    face = start(_stack(tmp_path / "cine.dcm"))
    face.plane("frame 1/6")

    def hidden() -> npt.NDArray[np.uint8]:
        face.page.keyboard.down("h")
        expect(face.at("#planenote")).to_have_text("rectangles are hidden while the key is held down")
        found = _screen(face, "#stage")[12:-12, 12:-12]
        face.page.keyboard.up("h")
        expect(face.at("#planenote")).to_have_text("")
        return found

    clean = hidden()
    height, width = clean.shape
    # The values of the plane in the corner where names stand mostly, and the ground beside it.
    assert len(np.unique(clean[height // 4 : height // 2, : width // 2])) > 5
    face.drag(face.on_stage(2, 2, COLUMNS, ROWS), face.on_stage(300, 40, COLUMNS, ROWS))
    face.press("r")
    face.wait_until(lambda: len(face.state()["rects"]) == 1)
    assert (_screen(face, "#stage")[12:-12, 12:-12] != clean).any()
    assert np.abs(hidden().astype(int) - clean).max() <= 2


def test_the_note_of_hidden_rectangles_goes_with_the_key_though_something_was_painted_meanwhile(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(_stack(tmp_path / "cine.dcm"))
    face.plane("frame 1/6")
    face.drag(face.on_stage(2, 2, COLUMNS, ROWS), face.on_stage(300, 40, COLUMNS, ROWS))
    face.press("R")
    face.wait_until(lambda: len(face.state()["rects"]) == 1)
    shown = _screen(face, "#stage")
    face.page.keyboard.down("h")
    expect(face.at("#planenote")).to_have_text("rectangles are hidden while the key is held down")
    hidden = _screen(face, "#stage")
    # Another state of the same plane is painted while the key is down.
    face.press("v", "v")
    face.wait_until(lambda: not face.state()["view"]["inverted"])
    face.page.wait_for_timeout(300)
    assert np.abs(_screen(face, "#stage").astype(int) - hidden).max() <= 2, "what is said is so"
    face.page.keyboard.up("h")
    expect(face.at("#planenote")).to_have_text("")
    face.page.wait_for_timeout(100)
    assert np.abs(_screen(face, "#stage").astype(int) - shown).max() <= 2


def test_nothing_counts_that_comes_into_sight_below_a_shape_that_is_drawn(start: StartFace, tmp_path: Path) -> None:
    cells = np.full((3000, 3000), 90, np.uint8)
    cells[::64] = 30
    face = start(write(tmp_path / "large.dcm", reference(cells)))
    face.plane("frame 1/1")
    face.press("y")
    expect(face.at("#statusview")).to_contain_text("only a glance")
    face.page.mouse.move(*face.on_stage(1500, 1500, 3000, 3000))
    face.page.keyboard.down("Control")
    for _ in range(6):
        face.page.mouse.wheel(0, -240)
    face.page.keyboard.up("Control")
    expect(face.at("#statusview")).not_to_contain_text("only a glance")
    face.page.wait_for_timeout(1500)
    assert face.state()["file"]["partly"] == 0
    face.press("Escape")
    face.wait_until(lambda: face.state()["file"]["partly"] == 1)


def test_where_a_mark_goes_the_plane_on_the_stage_is_seen_anew_and_the_others_are_not(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(_stack(tmp_path / "cine.dcm"))
    face.plane("frame 1/6")

    def seen() -> list[list[int]]:
        return list(face.state()["groups"][0]["seen"])

    face.wait_until(lambda: seen() == [[0, 1]])
    face.press("R")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    face.press("n", "n")
    face.plane("frame 3/6")
    face.wait_until(lambda: seen() == [[0, 3]])
    face.press("Control+z")
    expect(face.at("#messagetext")).to_contain_text("2 planes count as seen no more")
    face.plane("frame 1/6")
    face.wait_until(lambda: seen() == [[0, 1]])
    # The page has reported what is on the stage since; that takes no warning away.
    face.page.wait_for_timeout(500)
    expect(face.at("#messagetext")).to_be_visible()
    face.press("Control+y")
    face.wait_until(lambda: seen() == [[0, 3]])
    # Taken away where it was black: that plane alone is seen anew.
    face.press("n")
    face.plane("frame 2/6")
    face.at("#rects").get_by_role("button", name="Remove").first.click()
    face.wait_until(lambda: seen() == [[0, 2]])
