"""Several views of one stack on one stage: what has room at half size counts as shown, what has none waits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.files import JPEG_BASELINE, dataset, file_bytes
from support.lettering import lettered
from support.numbered import cine, write


def beside(start: StartFace, path: Path, shape: tuple[int, int]) -> Face:
    """Two names in one place, on the third and the fifth of six frames: all views of them, wholly read.

    A bright and a dark frame cover them in maximum and minimum: only the text map shows them.
    """
    frames = [lettered(shape, [], ground=ground) for ground in (235, 5, 100, 100, 100, 100)]
    frames[2] = lettered(shape, [("MERRIWEATHER", 20, 60)], ground=100)
    frames[4] = lettered(shape, [("OLDENBURGER", 22, 62)], ground=100)
    path.write_bytes(file_bytes(dataset(np.stack(frames), frames=6)))
    face = start(path)
    face.plane("frame 1/6")
    face.press("j", "PageUp")
    expect(face.at(".overview-tools button[aria-pressed='true']")).to_have_text("All")
    expect(face.at(".beside figure")).to_have_count(5, timeout=60_000)
    expect(face.at(".beside figcaption").nth(4)).to_have_text("Text map, sheet 3")
    return face


def ways(face: Face) -> list[str]:
    """How each frame was seen, as the contact sheet tells it; comes back to the stack."""
    face.press("Escape", "g")
    expect(face.at(".tile[data-loaded]")).to_have_count(6)
    found = face.at(".tile .tile-more").all_inner_texts()
    face.press("Escape", "j")
    expect(face.at(".beside figure")).to_have_count(5, timeout=60_000)
    expect(face.at(".beside figcaption").filter(has_text="so far")).to_have_count(0)
    return found


def shown(face: Face) -> list[str]:
    return face.at(".beside figure:not([hidden]) figcaption").all_inner_texts()


def test_all_views_stand_on_one_stage_at_half_size_or_more_and_count_as_shown(start: StartFace, tmp_path: Path) -> None:
    face = beside(start, tmp_path / "cine.dcm", (200, 320))
    assert shown(face) == ["Maximum", "Minimum", "Text map", "Text map, sheet 2", "Text map, sheet 3"]
    expect(face.at(".overview-foot .foot")).to_contain_text("5 pictures of 6 planes, at half size or more.")
    scales = "() => [...document.querySelectorAll('.beside img')].map((image) => { const {width, height} = "
    scales += "image.getBoundingClientRect(); return Math.min(width / 320, height / 200); })"
    assert min(face.page.evaluate(scales)) >= 0.5
    face.picture("side-by-side")
    face.wait_until(lambda: ["text map" in way for way in ways(face)][2:5:2] == [True, True])
    # By keys alone: the cross of the second picture, and a rectangle for all.
    expect(face.at(".beside button").first).to_be_focused()
    face.press("Tab")
    expect(face.at(".beside button").nth(1)).to_be_focused()
    face.press("ArrowRight")
    expect(face.at(".overview-here")).to_contain_text("at 168, 100")
    face.press("Space", "ArrowRight", "ArrowDown", "Enter")
    expect(face.at("#messagetext")).to_contain_text("Marked on all 6 planes")
    expect(face.at(".beside [data-kind='mark']")).to_have_count(5)


def test_what_has_no_room_at_half_size_waits_for_the_next_stage_and_counts_only_there(
    start: StartFace, tmp_path: Path
) -> None:
    face = beside(start, tmp_path / "cine.dcm", (410, 500))
    expect(face.at(".overview-foot .foot")).to_contain_text("Pictures 1 to 3 of 5: PageDown goes on")
    assert shown(face) == ["Maximum", "Minimum", "Text map"]
    # Both names are on sheets behind the first as well, and only these show all of them.
    face.wait_until(lambda: "text map" in ways(face)[3])
    assert [way for way in ways(face)[2:5:2] if "text map" in way] == []
    told: list[str] = []
    face.page.on("requestfinished", lambda request: told.append(request.post_data or ""))
    face.press("PageDown")
    assert shown(face) == ["Text map, sheet 2", "Text map, sheet 3"]
    expect(face.at(".overview-foot .foot")).to_contain_text("Pictures 4 to 5 of 5: PageUp goes back")
    face.wait_until(lambda: all(f'"ticket":"text-{sheet}.' in "".join(told) for sheet in (1, 2)))
    face.wait_until(lambda: ["text map" in way for way in ways(face)][2:5:2] == [True, True])
    face.press("PageDown")
    expect(face.at(".overview-tools button[aria-pressed='true']")).to_have_text("All")
    face.press("PageDown")
    expect(face.at(".overview-tools button[aria-pressed='true']")).to_have_text("Maximum")
    # Sheets are of the text map: a maximum is none of them.
    expect(face.at(".overview-foot .foot")).to_contain_text("6 planes in one picture.")


def test_nothing_counts_as_shown_below_a_dialog(start: StartFace, tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    path.write_bytes(file_bytes(dataset(np.zeros((4, 200, 320), np.uint8), frames=4)))
    face = start(path)
    face.plane("frame 1/4")
    told: list[str] = []
    face.page.on("request", lambda request: told.append(request.post_data or ""))
    # The picture comes when help lies over it already.
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    face.page.route("**/projection/**", hold)
    face.press("j")
    face.wait_until(lambda: len(held) == 1)
    face.press("?")
    expect(face.at("dialog[open]")).to_be_visible()
    held[0].continue_()
    face.page.unroute("**/projection/**")
    expect(face.at(".overview-foot .foot")).to_contain_text("it counts as shown once that is gone")
    face.page.wait_for_timeout(600)
    assert [one for one in told if '"ticket":"max.' in one and '"shown"' in one] == []
    face.press("Escape")
    face.wait_until(lambda: any('"ticket":"max.' in one and '"shown"' in one for one in told))
    expect(face.at(".overview-foot .foot")).to_contain_text("4 planes in one picture. A glance:")
    expect(face.at(".overview-foot .foot")).not_to_contain_text("once that is gone")
    # Small pictures likewise.
    face.press("Escape")
    face.page.route("**/thumb/**", hold)
    face.press("g")
    face.wait_until(lambda: len(held) == 5)
    face.press("?")
    expect(face.at("dialog[open]")).to_be_visible()
    for one in held[1:]:
        one.continue_()
    face.page.unroute("**/thumb/**")
    expect(face.at(".tile[data-loaded]")).to_have_count(4)
    face.page.wait_for_timeout(800)
    assert [one for one in told if '"shown":["f' in one] == []
    face.press("Escape")
    face.wait_until(lambda: any('"shown":["f' in one for one in told))


def test_at_200_percent_the_picture_keeps_room_and_no_pane_is_to_be_folded(start: StartFace, tmp_path: Path) -> None:
    path = tmp_path / "cine.dcm"
    path.write_bytes(file_bytes(dataset(np.zeros((4, 820, 1000), np.uint8), frames=4)))
    face = start(path, device_scale_factor=2)
    face.page.set_viewport_size({"width": 640, "height": 360})
    face.plane("frame 1/4")
    face.press("j", "PageUp")
    words = face.at(".beside figcaption").first
    expect(words).to_contain_text("small text is lost. A larger window helps.")
    expect(words).not_to_contain_text("fold")
    area = face.at(".beside img").first.bounding_box()
    assert area is not None and area["height"] >= 50
    face.picture("side-by-side-200")


def _stacked(start: StartFace, folder: Path, count: int) -> Face:
    """The page with a series of so many files of one frame, as one stack."""
    names = []
    for number in range(count):
        place = {
            "SeriesInstanceUID": "1.2.826.0.1.3680043.10.9.702", "ImagePositionPatient": [0, 0, float(number)],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SOPInstanceUID": f"1.2.826.0.1.3680043.10.9.702.{number}",
        }  # fmt: skip
        names.append(write(folder / f"{number}.dcm", cine(1, extra=place)))
    face = start(*names)
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator('.item[data-command="series-stack"]').click()
    face.press("Escape")
    face.shows("#stackwords", f"file 1 of {count} in the series, by position")
    return face


def test_side_by_side_says_what_it_lacks(start: StartFace, tmp_path: Path) -> None:
    face = _stacked(start, tmp_path, 4)
    face.press("j", "PageUp")
    foot = face.at(".overview-foot .foot")
    expect(foot).to_contain_text(
        "of 4 planes, at half size or more. Image frames of the series alone: look at overlays"
    )
    expect(foot).not_to_contain_text("Nothing counts")
    # A click that finds nothing says so where the picture is.
    face.watch.allowed.append("ERR_FAILED")
    face.page.route("**/drill/**", lambda route: route.abort())
    face.at(".beside button").nth(1).click()
    expect(face.at(".beside figcaption").nth(1)).to_contain_text("The plane that shows there was not found.")
    expect(face.at(".beside figcaption").nth(1)).to_have_attribute("data-bad", "yes")


def test_the_marks_of_a_series_are_outlined_on_its_projection(start: StartFace, tmp_path: Path) -> None:
    face = _stacked(start, tmp_path, 3)
    face.press("r")  # on this file alone
    expect(face.at("#panel")).to_contain_text("stored in the database")
    face.press("j")
    foot = face.at(".overview-foot .foot")
    expect(foot).to_contain_text("3 planes of the series (image frames alone")
    marks = face.at('.overview [data-kind="mark"]')
    face.page.wait_for_timeout(500)
    expect(marks).to_have_count(0)
    # drawn by keys, asked about, and there
    face.press("Space", "Shift+ArrowRight", "ArrowDown", "ArrowDown", "Enter")
    expect(face.at("#question-text")).to_contain_text("on every image frame of 3 files")
    face.press("Shift+Tab", "Enter")
    expect(marks).to_have_count(1)
    face.press("PageUp")  # all views
    expect(face.at(".beside button")).to_have_count(3)
    expect(marks).to_have_count(3)
    face.press("Control+z")
    expect(marks).to_have_count(0)


def test_side_by_side_says_where_no_view_can_be_shown(start: StartFace, tmp_path: Path) -> None:
    path = tmp_path / "broken.dcm"
    path.write_bytes(
        file_bytes(dataset(np.zeros((3, 40, 60), np.uint8), frames=3), JPEG_BASELINE, frames=[b"\xff\xd8no"] * 3)
    )
    face = start(path)
    face.watch.allowed.append("Failed to load resource")
    face.press("j", "PageUp")
    foot = face.at(".overview-foot .foot")
    expect(foot).to_contain_text("3 pictures cannot be shown: look at the planes one by one.")
    expect(face.at(".beside figcaption").first).to_contain_text("projected. None of its planes can be decoded. Look")
    expect(foot).not_to_contain_text("half size")
    expect(foot).not_to_contain_text("Nothing counts")
    face.picture("none-of-the-views")
