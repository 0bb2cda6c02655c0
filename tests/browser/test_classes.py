"""Classes and files as tiles, by keyboard alone; the contact sheet of many planes."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes

UID = "1.2.826.0.1.3680043.10.9.810"


def write(path: Path, number: int, text: str = "", *, model: str = "Scanner", frames: int = 1, **facts: Any) -> Path:
    """A blob of 128 x 96 pixels, nearly the same for every number."""
    rows, columns = np.mgrid[:96, :128]
    blob = 90 * np.exp(-(((rows - 48) / 30) ** 2 + ((columns - 64) / 40) ** 2))
    made = (blob + np.random.default_rng(number).normal(0, 1, blob.shape)).clip(0, 255).astype(np.uint8)
    if text:
        cv2.putText(made, text, (4, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1, cv2.LINE_AA)
    array = made if frames == 1 else np.stack([made] * frames)
    extra = {
        "Modality": "US", "ImageType": ["ORIGINAL", "PRIMARY"], "Manufacturer": "Maker", "SeriesInstanceUID": UID,
        "ManufacturerModelName": model, "SOPInstanceUID": f"{UID}.{number}", **facts,
    }  # fmt: skip
    path.write_bytes(file_bytes(dataset(array, frames=frames if frames > 1 else None, extra=extra)))
    return path


@pytest.fixture
def face(start: StartFace, tmp_path: Path) -> Face:
    """Eight files that look the same, one with text, two of another device."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(8):
        write(folder / f"{number}.dcm", number)
    write(folder / "8-text.dcm", 8, "SMITH 1952")
    write(folder / "9.dcm", 9, model="Other")
    face = start(folder)
    face.press("J")
    expect(face.at(".classes-progress")).to_have_text("Looked at 10 of 10 files, 10 planes", timeout=30_000)
    return face


def answer_yes(face: Face) -> None:
    """The question's safe answer has the focus; the other stands before it."""
    expect(face.at("dialog[open]")).to_be_visible()
    face.press("Shift+Tab", "Enter")
    expect(face.at("dialog[open]")).to_have_count(0)


def test_a_class_is_decided_by_keyboard_alone_and_taken_back(face: Face) -> None:
    expect(face.at(".tiles")).to_be_focused()
    face.press("Shift+Tab", "Shift+Tab", "Shift+Tab")  # over the sizes and the one tab
    face.press("Shift+Tab")
    expect(face.at(".classes-list")).to_be_focused()
    face.press("ArrowDown")
    expect(face.at(".class-words h3")).to_have_text("US · ORIGINAL PRIMARY · 128 x 96")
    expect(face.at(".class-concerns")).to_have_text("1: text was found1: unlike the others")
    expect(face.at(".tile")).to_have_count(1)
    expect(face.at(".tile .tile-why")).to_have_text("text was found")
    expect(face.at(".tile rect.found").first).to_be_attached()
    face.picture("classes-apart")
    face.at(
        ".class-tabs button",
    ).nth(1).focus()
    face.press("Enter")
    expect(face.at(".tiles")).to_be_focused()
    expect(face.at(".tile")).to_have_count(8)
    face.press("N")
    expect(face.at("#messagetext")).to_contain_text("No files are chosen")
    face.press("Control+a")
    expect(face.at(".class-chosen")).to_have_text("8 files chosen")
    face.press("N")
    expect(face.at("dialog[open]")).to_contain_text("Mark 8 files as done?")
    expect(face.at("dialog[open]")).not_to_contain_text("Among them")
    answer_yes(face)
    expect(face.at(".tile[data-state='done']")).to_have_count(8)
    expect(face.at("#messagetext")).to_contain_text("8 of 8 files are done.")
    face.picture("classes-done")
    face.press("Control+z")
    expect(face.at(".tile[data-state='not reviewed']")).to_have_count(8)
    face.press("Escape")
    expect(face.at("#overview")).to_be_hidden()


def test_tiles_are_chosen_with_arrows_shift_and_space(face: Face) -> None:
    expect(face.at(".tile")).to_have_count(10)
    face.press("Home", " ", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    expect(face.at(".class-chosen")).to_contain_text("4 files chosen")
    expect(face.at(".tile[aria-selected='true'] .tile-title")).to_have_text(["0.dcm", "2.dcm", "3.dcm", "4.dcm"])
    face.press("Shift+ArrowLeft")
    expect(face.at(".class-chosen")).to_contain_text("3 files chosen")
    face.press("t")
    answer_yes(face)
    expect(face.at(".tile[data-state='tagged']")).to_have_count(3)
    face.press("+")
    expect(face.at(".tile").first).to_have_css("width", "160px")
    face.press("End", "Enter")
    expect(face.at("#overview")).to_be_hidden()
    face.position("10/10")


def test_a_rectangle_is_drawn_over_a_class_and_shown_on_its_tiles(face: Face) -> None:
    face.at(".class-row").nth(1).click()
    face.at(".class-tabs button").nth(1).click()
    face.press("Control+a", "r")
    expect(face.at(".class-box")).to_be_visible()
    face.press("Shift+ArrowRight", "ArrowDown", "Control+ArrowDown")
    expect(face.at(".class-chosen")).to_contain_text("Rectangle 43 x 11 at 10, 1")
    face.press("Escape")
    expect(face.at(".class-box")).to_be_hidden()
    expect(face.at("#overview")).to_be_visible()
    face.press("r", "Shift+ArrowRight", "Enter")
    expect(face.at("dialog[open]")).to_contain_text("Black out this rectangle on every image frame of 8 files?")
    answer_yes(face)
    expect(face.at(".tile rect.mark")).to_have_count(8)
    expect(face.at(".tile[data-state='in work']")).to_have_count(8)


def _is_outlined(face: Face, corners: list[tuple[float, float]]) -> bool:
    """Whether the colour of what is pointed at stands around these corners of a rectangle, and nowhere inside."""
    shot = np.asarray(Image.open(BytesIO(face.page.screenshot())).convert("RGB")).astype(int)
    is_lime = (abs(shot - (0xA6, 0xFF, 0x3D)) < 24).all(axis=2)
    (x0, y0), (x1, y1) = [(round(x), round(y)) for x, y in corners]
    around = is_lime[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6]
    assert not is_lime[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1].any()
    return bool(around.sum() > (x1 - x0 + y1 - y0) / 2)


def test_x_goes_to_what_the_detector_found(face: Face) -> None:
    face.press("Escape", "X")
    face.position("9/10")
    expect(face.at("#messagetext")).to_contain_text("Text was found")
    expect(face.at("#messagetext")).to_contain_text("outlined")
    ((left, top, right, bottom),) = face.state()["plane"]["pointed"]
    size = (face.state()["plane"]["width"], face.state()["plane"]["height"])
    face.picture("pointed")
    corners = [face.on_stage(x, y, *size) for x, y in ((left, top), (right, bottom))]
    assert _is_outlined(face, corners)
    # Another plane has none of it.
    face.press("P")
    face.position("8/10")
    assert not _is_outlined(face, corners)
    face.press("Escape", "X")
    expect(face.at("#messagetext")).to_contain_text("Nothing suspicious is known behind this plane")


def test_what_stands_apart_is_in_sight_first_and_its_words_are_whole(start: StartFace, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    for number in range(60):
        write(folder / f"{number:02}.dcm", number)
    for number in range(60, 90):
        write(folder / f"{number}-text.dcm", number, "SMITH 1952")
    face = start(folder)
    face.press("J")
    expect(face.at(".classes-progress")).to_have_text("Looked at 90 of 90 files, 90 planes", timeout=60_000)
    face.at(".class-row").nth(1).click()
    # The files with text, and the few without of which a detector may not be sure.
    expect(face.at(".class-tabs button").first).to_have_text(re.compile(r"Apart 3\d"))
    apart = face.at(".class-tabs button").first.inner_text().split()[-1]
    face.focus(".tiles")
    face.press("End", "Enter")
    expect(face.at("#overview")).to_be_hidden()
    face.press("J")
    expect(face.at(f".tile[aria-posinset='{apart}']")).to_be_in_viewport()  # back to where it was opened
    face.at(".class-row").nth(0).click()
    face.at(".class-row").nth(1).click()
    expect(face.at(".tile[aria-posinset='1']")).to_be_in_viewport()
    cut = (
        "() => [...document.querySelectorAll('.tile-why')].filter((node) => node.scrollWidth > node.clientWidth).length"
    )
    assert face.page.evaluate(cut) == 0


def test_the_line_below_tells_the_keys_of_what_is_shown(face: Face) -> None:
    expect(face.at("#statuskeys")).to_contain_text("Space choose")
    expect(face.at("#statuskeys")).to_contain_text("Esc back")
    face.shows("#statusview", "")
    face.press("Escape")
    expect(face.at("#statuskeys")).not_to_contain_text("back")
    expect(face.at("#statusview")).to_contain_text("full range")


def test_only_tiles_in_sight_exist_of_a_file_of_many_planes(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "long.dcm", 1, frames=3000))
    face.plane("frame 1/3000")
    face.press("g")
    expect(face.at(".tile[data-loaded]").first).to_be_visible()
    assert face.at(".tile").count() < 60
    expect(face.at(".tile .tile-more").first).to_have_text("seen")
    face.press("End")
    expect(face.at(".tile.focused .tile-title")).to_have_text("frame 3000/3000")
    expect(face.at(".tile.focused")).to_have_attribute("data-loaded", "yes")
    face.press("Home", "ArrowDown", "Enter")
    expect(face.at("#overview")).to_be_hidden()
    expect(face.at("#planetitle")).not_to_have_text("frame 1/3000")
