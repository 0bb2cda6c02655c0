"""A series walked as one stack, by keys and wheel."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from support.face import StartFace
from support.files import reference
from support.numbered import cine, numbered, write

UID = "1.2.826.0.1.3680043.10.9.701"


def test_a_series_is_walked_by_key_and_wheel_and_finished_at_once(start: StartFace, tmp_path: Path) -> None:
    names = []
    for number, height in enumerate([20.0, 10.0, 30.0]):
        place = {
            "SeriesInstanceUID": UID, "ImagePositionPatient": [0, 0, height],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SOPInstanceUID": f"{UID}.{number}",
        }  # fmt: skip
        names.append(write(tmp_path / f"{number}.dcm", cine(1, extra=place)))
    names.append(write(tmp_path / "other.dcm", cine(1)))
    face = start(*names)
    face.plane("frame 1/1")
    face.shows("#stackwords", "")
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator('.item[data-command="series-stack"]').click()
    face.shows("#stackwords", "file 2 of 3 in the series, by position")
    face.press("Escape", "n")
    face.shows("#stackwords", "file 3 of 3 in the series, by position")
    face.position("3/4")
    face.press("p", "p")
    face.shows("#stackwords", "file 1 of 3 in the series, by position")
    face.position("2/4")
    face.plane("frame 1/1")
    face.page.mouse.move(*face.on_stage(50, 30, 112, 64))
    face.page.mouse.wheel(0, 100)
    face.shows("#stackwords", "file 2 of 3 in the series, by position")
    face.page.wait_for_timeout(500)
    face.page.get_by_role("menuitem", name="Go").click()
    face.page.locator('.item[data-command="done-series"]').click()
    expect(face.at("#question-text")).to_contain_text("Mark 3 files of this series as done?")
    face.at("#question-yes").click()
    expect(face.at("#messagetext")).to_contain_text("3 of 3 files of this series are finished")
    face.position("4/4")
    face.shows("#stackwords", "")


def _stack_of(folder: Path, count: int, frames: int) -> list[Path]:
    names = []
    for number in range(count):
        place = {
            "SeriesInstanceUID": UID, "ImagePositionPatient": [0, 0, float(number)],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SOPInstanceUID": f"{UID}.{number}",
        }  # fmt: skip
        names.append(write(folder / f"{number}.dcm", cine(frames, extra=place)))
    return names


def test_a_cine_plays_on_through_the_files_of_a_series_and_every_plane_is_seen(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(*_stack_of(tmp_path, 3, 2))
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator('.item[data-command="series-stack"]').click()
    face.press("Escape")
    face.shows("#stackwords", "file 1 of 3 in the series, by position")
    face.page.evaluate(
        """() => {
          window.walked = [];
          const note = ({ detail }) => window.walked.push(`${detail.file}/${detail.key}`);
          document.addEventListener("plane-painted", note);
        }"""
    )
    face.press("C")
    face.shows("#stackwords", "file 3 of 3 in the series, by position")
    face.plane("frame 2/2")
    expect(face.at("#busy")).to_be_hidden()
    walked = list(dict.fromkeys(face.page.evaluate("() => window.walked")))
    assert walked[-5:] == ["0/f1", "1/f0", "1/f1", "2/f0", "2/f1"]
    expect(face.at("#statusseen")).to_contain_text("2 of 2 planes seen")


AT_THE_SECOND = """() => new Promise((tell) => {
  const end = performance.now() + 10000, words = document.getElementById("stackwords");
  const look = () => {
    const isThere = words.textContent.startsWith("file 2 of 4");
    if (isThere || performance.now() > end) tell(isThere); else requestAnimationFrame(look);
  };
  look();
})"""


def test_a_cine_of_single_images_is_stopped_by_a_key_between_two_files(start: StartFace, tmp_path: Path) -> None:
    face = start(*_stack_of(tmp_path, 4, 1))
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator('.item[data-command="series-stack"]').click()
    face.press("Escape")
    face.shows("#stackwords", "file 1 of 4 in the series, by position")
    face.page.get_by_role("menuitem", name="Go").click()
    face.page.locator('.item[data-command="cine-2"]').click()
    face.press("Escape", "C")
    # Looked at in every frame: the file is on the screen for half a second, and expect looks less often.
    assert face.page.evaluate(AT_THE_SECOND)
    face.press("C")
    expect(face.at("#busy")).to_be_hidden()
    face.page.wait_for_timeout(1200)
    face.shows("#stackwords", "file 2 of 4 in the series, by position")


def test_a_series_is_projected_as_one_and_leads_to_the_file_that_shows_there(start: StartFace, tmp_path: Path) -> None:
    names = _stack_of(tmp_path, 4, 1)
    for number, name in enumerate(names):
        place = {
            "SeriesInstanceUID": UID, "ImagePositionPatient": [0, 0, float(number)],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SOPInstanceUID": f"{UID}.{number}",
        }  # fmt: skip
        write(name, reference(numbered(number), extra=place))
    face = start(*names)
    face.plane("frame 1/1")
    face.press("j")
    expect(face.at(".overview-foot .foot")).to_contain_text("switch on A series as one stack")
    face.press("j")
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator('.item[data-command="series-stack"]').click()
    face.shows("#stackwords", "file 1 of 4 in the series, by position")
    face.press("Escape", "j")
    expect(face.at(".overview-foot .foot")).not_to_contain_text("switch on")
    chosen = face.at(".overview-tools button[aria-pressed='true']").first
    for key, view in (
        ("PageDown", "Minimum"),
        ("PageUp", "Maximum"),
        ("PageUp", "All"),
        ("PageUp", "Text map"),
        ("PageDown", "All"),
        ("PageDown", "Maximum"),
    ):
        face.press(key)
        expect(chosen).to_have_text(view)
        expect(face.at(".overview-body button").first).to_be_focused()
    expect(face.at(".overview-foot .foot")).to_contain_text("4 planes of the series")
    expect(face.at(".overview-foot .foot")).to_contain_text("image frames alone")
    area = face.at(".overview-body img").bounding_box()
    assert area is not None
    # The lowest bit of its number is bright on the second and the fourth file alone.
    scale = min(area["width"] / 112, area["height"] / 64)
    x, y = area["x"] + area["width"] / 2 + (108.5 - 56) * scale, area["y"] + area["height"] / 2 + 0.5 * scale
    face.page.mouse.move(x, y)
    expect(face.at(".overview-here")).to_have_text("plane 2/4 at 108, 32")
    face.page.mouse.click(x, y)
    face.shows("#stackwords", "file 2 of 4 in the series, by position")
    face.position("2/4")
