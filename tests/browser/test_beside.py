"""Errors stand beside the rectangle that they are about; a page comes back to its place after the program's start."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.numbered import cine, write
from support.reviewer import Reviewer

WIDTH, HEIGHT = 112, 64


def _area(face: Face, selector: str) -> dict[str, float]:
    box = face.at(selector).bounding_box()
    assert box is not None
    return dict(box)


def _is_apart(one: dict[str, float], other: dict[str, float]) -> bool:
    return (
        one["x"] + one["width"] <= other["x"]
        or other["x"] + other["width"] <= one["x"]
        or one["y"] + one["height"] <= other["y"]
        or other["y"] + other["height"] <= one["y"]
    )


def _distance(one: dict[str, float], other: dict[str, float]) -> float:
    across = max(one["x"] - other["x"] - other["width"], other["x"] - one["x"] - one["width"], 0)
    down = max(one["y"] - other["y"] - other["height"], other["y"] - one["y"] - one["height"], 0)
    return max(across, down)


def _on_page(face: Face) -> dict[str, float]:
    """Where the first rectangle of the plane is on the page."""
    state = face.state()
    left, top, right, bottom = state["rects"][0]["box"]
    size = (state["plane"]["width"], state["plane"]["height"])
    x, y = face.on_stage(left, top, *size)
    end_x, end_y = face.on_stage(right, bottom, *size)
    return {"x": x, "y": y, "width": end_x - x, "height": end_y - y}


def _refusing(command: str) -> Callable[[Route], None]:
    body = {"error": {"message": "another program holds the database", "hint": "try again in a moment"}}

    def handle(route: Route) -> None:
        asked: Any = json.loads(route.request.post_data or "{}")
        if asked.get("command") == command:
            route.fulfill(status=503, json=body)
        else:
            route.continue_()

    return handle


def test_an_error_about_a_rectangle_stands_beside_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.watch.allowed += ["Failed to load resource"]
    face.plane("frame 1/2")
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    face.page.route("**/do", _refusing("remove-rect"))
    face.at("#rects").get_by_role("button", name="Remove").click()
    expect(face.at("#messagetext")).to_contain_text("another program holds the database")
    expect(face.at("#message")).to_have_attribute("role", "alert")
    message, rect = _area(face, "#message"), _on_page(face)
    assert _is_apart(message, rect)
    assert _distance(message, rect) < 40
    face.picture("error-beside-rectangle")
    face.press(">")  # the picture moves: it stands where messages stand
    expect(face.at("#message")).to_have_attribute("data-beside", "no")
    face.press("n")
    expect(face.at("#message")).to_be_hidden()


def test_that_a_rectangle_is_marked_already_is_said_beside_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    face.drag(face.on_stage(60, 30, WIDTH, HEIGHT), face.on_stage(90, 50, WIDTH, HEIGHT))
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    face.press("r")
    expect(face.at("#messagetext")).to_contain_text("marked on this plane already")
    assert _distance(_area(face, "#message"), _on_page(face)) < 40


def test_after_the_program_was_started_again_the_page_is_back_at_its_file_and_plane(
    start: StartFace, tmp_path: Path
) -> None:
    paths = [write(tmp_path / f"{name}.dcm", cine(3)) for name in ("a", "b", "c")]
    face = start(*paths)
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.press("Escape")
    face.position("2/3")
    face.press("n")
    face.plane("frame 2/3")
    port = face.reviewer.port
    face.reviewer.kill()
    expect(face.at("#lost")).to_contain_text("does not answer", timeout=15_000)
    again = Reviewer(paths, face.reviewer.db, "--port", str(port))
    try:
        other = Face(face.page.context.new_page(), again).open()
        expect(face.at("#lost")).to_be_hidden(timeout=15_000)
        face.page.bring_to_front()
        face.position("2/3")
        face.plane("frame 2/3")
        expect(face.at("[aria-label='What is shown']")).to_contain_text("b.dcm")
        expect(face.at("#message")).to_be_hidden()
        other.watch.check()
    finally:
        again.stop()


def test_also_to_a_folder_that_was_opened_from_the_page(start: StartFace, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a", "b"):
        write(folder / f"{name}.dcm", cine(2))
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.plane("frame 1/1")
    face.press("Control+d")
    face.at("#open-path").fill(str(folder))
    face.at("#open-do").click()  # what was typed
    expect(face.at("#position")).to_have_text("1/2", timeout=20_000)  # a folder is read first
    face.press("Escape")
    face.position("2/2")
    port = face.reviewer.port
    face.reviewer.kill()
    expect(face.at("#lost")).to_contain_text("does not answer", timeout=15_000)
    again = Reviewer([tmp_path / "one.dcm"], face.reviewer.db, "--port", str(port))
    try:
        other = Face(face.page.context.new_page(), again).open()
        expect(face.at("#lost")).to_be_hidden(timeout=15_000)
        face.page.bring_to_front()
        face.position("2/2")
        expect(face.at("[aria-label='What is shown']")).to_contain_text("folder/b.dcm")
        other.watch.check()
    finally:
        again.stop()
