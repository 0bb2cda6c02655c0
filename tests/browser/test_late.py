"""Questions that reach the server late, when what they are about is no longer on the screen: nobody hears of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.files import reference
from support.numbered import cine, numbered, write

UID = "1.2.826.0.1.3680043.10.9.702"
SERIES_VIEW = '.item[data-command="series-stack"]'


class Delay:
    """Keeps requests of the page back until ``end``; those that the page gave up meanwhile never arrive."""

    def __init__(self, face: Face, pattern: str) -> None:
        self._face, self._pattern = face, re.compile(pattern)
        self.kept: list[Route] = []
        face.page.route(self._pattern, lambda route: self.kept.append(route))  # noqa: PLW0108  # playwright marks it

    def wait(self) -> None:
        """Until one is kept back."""
        self._face.wait_until(lambda: bool(self.kept))

    def end(self) -> None:
        """Let all of them go on, and give the page time to complain."""
        for route in self.kept:
            route.continue_()
        self._face.page.unroute(self._pattern)
        self._face.page.wait_for_timeout(400)


def _series(folder: Path, count: int, uid: str = UID, frames: int = 1) -> list[Path]:
    names = []
    for number in range(count):
        place = {
            "SeriesInstanceUID": uid, "ImagePositionPatient": [0, 0, float(number)],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "SOPInstanceUID": f"{uid}.{number}",
        }  # fmt: skip
        data = cine(frames, extra=place) if frames > 1 else reference(numbered(number), extra=place)
        names.append(write(folder / f"{uid[-1]}-{number}.dcm", data))
    return names


def _as_stack(face: Face, words: str) -> None:
    face.page.get_by_role("menuitem", name="View").click()
    face.page.locator(SERIES_VIEW).click()
    face.shows("#stackwords", words)
    face.press("Escape")


def _open_folder(face: Face, folder: Path) -> None:
    face.press("Control+d")
    # It begins where the open file lies; what is typed before that is there would be overwritten.
    expect(face.at("#open-path")).not_to_have_value("")
    face.at("#open-path").fill(str(folder))
    face.press("Enter")
    expect(face.at("#open-do")).to_be_enabled()
    face.at("#open-do").click()


def test_which_plane_made_a_pixel_may_be_asked_when_another_series_is_open(start: StartFace, tmp_path: Path) -> None:
    face = start(*_series(tmp_path, 3), write(tmp_path / "z.dcm", cine(2)))
    _as_stack(face, "file 1 of 3 in the series, by position")
    face.press("j")
    picture = face.at(".overview-body img")
    expect(face.at(".overview-foot .foot")).to_contain_text("3 planes of the series")
    area = picture.bounding_box()
    assert area is not None
    late = Delay(face, "/drill/")
    face.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    late.wait()
    # Nothing that closes the projection by itself: the server goes first.
    face.page.evaluate(
        """async () => {
          const names = performance.getEntriesByType("resource").map(({ name }) => name);
          const base = names.find((name) => name.includes("/api/d/")).match(/^.*\\/api\\/d\\/[^/]+/)[0];
          await fetch(`${base}/do`, {
            method: "POST", headers: { "Content-Type": "application/json", "X-Dcmaudit": "1" },
            body: JSON.stringify({ command: "go-file", args: { index: 3 }, painted: [] }),
          });
        }"""
    )
    late.end()
    face.position("4/4")
    expect(face.at("#overview")).to_be_hidden()


@pytest.mark.parametrize("key", ["g", "j", "J"])
def test_a_sheet_asks_no_more_about_a_list_that_is_closed(start: StartFace, tmp_path: Path, key: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _series(tmp_path / "a", 12, frames=3)
    write(tmp_path / "b" / "z.dcm", cine(2))
    face = start(tmp_path / "a")
    face.plane("frame 1/3")
    late = Delay(face, "/(planes|thumb|projection|tiles|files|classes|drill|class)/")
    face.press(key)
    late.wait()
    _open_folder(face, tmp_path / "b")
    face.position("1/1")
    late.end()
    face.plane("frame 1/2")


def test_neither_does_the_preview_of_the_strip(start: StartFace, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    face = start(write(tmp_path / "a.dcm", cine(30)))
    write(tmp_path / "b" / "z.dcm", cine(2))
    face.plane("frame 1/30")
    area = face.at("#stripcanvas").bounding_box()
    assert area is not None
    late = Delay(face, "/(planes|thumb)/")
    face.page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 14)
    late.wait()
    _open_folder(face, tmp_path / "b")
    face.position("1/1")
    late.end()
    face.plane("frame 1/2")


@pytest.mark.parametrize("leave", [lambda face: face.press("Escape"), lambda face: face.press("g")])
def test_planes_fetched_ahead_may_come_when_another_list_is_open(
    start: StartFace, tmp_path: Path, leave: Callable[[Face], None]
) -> None:
    (tmp_path / "b").mkdir()
    write(tmp_path / "b" / "z.dcm", cine(2))
    face = start(write(tmp_path / "a.dcm", cine(30)), write(tmp_path / "c.dcm", cine(3)))
    face.plane("frame 1/30")
    late = Delay(face, "/plane/")
    face.press("n", "n", "n", "n")
    late.wait()
    leave(face)
    _open_folder(face, tmp_path / "b")
    late.end()
    face.position("1/1")
    face.plane("frame 1/2")


def test_whoever_went_to_a_button_of_a_view_stays_there_when_its_files_come(start: StartFace, tmp_path: Path) -> None:
    face = start(*_series(tmp_path, 3))
    face.plane("frame 1/1")
    delay = Delay(face, r"/classes\?start=")
    face.press("J")
    delay.wait()
    face.focus('.overview-tools [data-name="series"]')
    delay.end()
    expect(face.at('[role="listbox"][aria-label="Files"] [role="option"]')).to_have_count(3)
    expect(face.at('.overview-tools [data-name="series"]')).to_be_focused()


def test_who_opened_a_view_and_waited_walks_among_its_files(start: StartFace, tmp_path: Path) -> None:
    face = start(*_series(tmp_path, 3))
    face.plane("frame 1/1")
    delay = Delay(face, r"/classes\?start=")
    face.press("J")
    delay.wait()
    delay.end()
    expect(face.at('[role="listbox"][aria-label="Files"]')).to_be_focused()
