"""Shapes by hand: a region to keep, a fan by keys, a polygon by mouse; the screen shows what is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from dcmaudit.cli import main
from dcmaudit.dicom import open_instance
from dcmaudit.model import FrameAddress
from support.face import Face, StartFace
from support.files import PathReference, reference

WIDTH, HEIGHT = 112, 64


def _is_black(face: Face, x: float, y: float) -> bool:
    """Whether the pixel of the plane is painted black."""
    face.page.mouse.move(2, 2)
    shot = Image.open(BytesIO(face.page.screenshot())).convert("L")
    return bool(shot.getpixel(tuple(round(each) for each in face.on_stage(x, y, WIDTH, HEIGHT))) == 0)


def _file(folder: Path) -> Path:
    """Two grey frames without a black pixel."""
    frames = np.stack([np.full((HEIGHT, WIDTH), level, np.uint8) for level in (120, 160)])
    frames[:, 0, 0], frames[:, 0, 1] = 255, 1
    path = folder / "one.dcm"
    path.write_bytes(reference(frames, frames=2).data)
    return path


def _stored(face: Face, count: int = 1) -> list[dict[str, Any]]:
    face.page.wait_for_function("() => document.querySelector('#rects').children.length > 0") if count else None
    face.page.wait_for_timeout(400)
    found = [rect for rect in face.state()["rects"] if rect["stored"]]
    assert len(found) == count, found
    return found


def _shape(face: Face) -> dict[str, Any]:
    shape: dict[str, Any] = _stored(face)[0]["shape"]
    return shape


def _place(face: Face, left: int, top: int, right: int, bottom: int) -> None:
    face.drag(face.on_stage(left, top, WIDTH, HEIGHT), face.on_stage(right, bottom, WIDTH, HEIGHT))
    face.page.wait_for_timeout(250)


def test_a_region_is_kept_taken_back_and_done_again(start: StartFace, tmp_path: Path) -> None:
    face = start(_file(tmp_path))
    face.plane("frame 1/2")
    _place(face, 60, 30, 90, 50)
    face.press("e")
    assert _shape(face)["text"] == "keep rectangle 60,30 90,50"
    assert _is_black(face, 10.5, 10.5)
    assert _is_black(face, 100.5, 60.5)
    face.press("Control+z")
    _stored(face, 0)
    assert not _is_black(face, 10.5, 10.5)
    face.press("Control+Shift+Z")
    assert _shape(face)["keep"]
    face.press("n")
    face.plane("frame 2/2")
    _stored(face, 0)
    face.press("E")
    assert _stored(face)[0]["scope"] == "all frames"


def test_a_fan_by_keys_is_adjusted_and_written_as_it_is_shown(start: StartFace, tmp_path: Path) -> None:
    path = _file(tmp_path)
    face = start(path)
    face.plane("frame 1/2")
    face.press("y", "ArrowUp", "Shift+ArrowUp", "Tab", "Shift+ArrowLeft", "Shift+Enter")
    shape = _shape(face)
    assert shape["text"] == "keep fan 56,-8 7,54 95,54"
    assert _stored(face)[0]["scope"] == "all frames"
    # its row in the list takes it up again; a near arc is added, and the apex dragged
    face.page.locator("#rects .rect-jump").first.click()
    face.press("+")
    face.press("Enter")
    assert _shape(face)["text"].startswith("keep fan 56,-8 7,54 95,54 ")
    shown = _shape(face)["black"]
    database = str(tmp_path / "db")
    assert (
        main(["--db", database, "redact", str(path), "--from-db", "--include-unreviewed", "-o", str(tmp_path / "out")])
        == 0
    )
    with (
        open_instance(PathReference(tmp_path / "out" / "one.redacted.dcm")) as after,
        open_instance(PathReference(path)) as before,
    ):
        for frame in range(2):
            new, old = after.read(FrameAddress(frame)).array, before.read(FrameAddress(frame)).array
            mask = np.zeros(old.shape[:2], bool)
            for at in range(0, len(shown), 4):
                left, top, right, bottom = shown[at : at + 4]
                mask[top:bottom, left:right] = True
            assert (new[mask] == 0).all()
            assert np.array_equal(new[~mask], old[~mask])


def test_a_polygon_by_mouse_and_giving_it_up(start: StartFace, tmp_path: Path) -> None:
    face = start(_file(tmp_path))
    face.plane("frame 1/2")
    _place(face, 60, 30, 90, 50)
    face.press("Y", "Escape")
    expect(face.page.locator("body")).to_contain_text("The shape was not stored.")
    face.press("Y")
    # the middle of the right edge becomes a point, and goes where it is dragged
    face.drag(face.on_stage(90, 40, WIDTH, HEIGHT), face.on_stage(104, 40, WIDTH, HEIGHT))
    face.press("n")
    face.plane("frame 1/2")
    face.press("Enter")
    assert _shape(face)["text"] == "polygon 60,30 90,30 104,40 90,50 60,50"
    assert _is_black(face, 96.5, 40.5)
    assert not (_is_black(face, 102.5, 31.5) and _is_black(face, 102.5, 48.5))
    face.page.get_by_role("button", name="Remove").first.click()
    _stored(face, 0)


def test_what_the_page_said_of_a_shape_is_gone_once_something_else_is_done(start: StartFace, tmp_path: Path) -> None:
    face = start(_file(tmp_path))
    face.plane("frame 1/2")
    face.press("Y", "Escape")
    expect(face.at("#messagetext")).to_have_text("The shape was not stored.")
    face.press("r")
    _stored(face)
    expect(face.at("#message")).to_be_hidden(timeout=1000)
