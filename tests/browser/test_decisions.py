"""Suggestions by keyboard alone: one is chosen and framed, single keys decide it, a mark in the list is taken on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import expect

from support.apps import write_cine
from support.face import Face, StartFace
from support.files import reference

WIDTH, HEIGHT = 112, 64
PLACES = [(5, 5, 40, 20), (60, 30, 90, 50)]


def _files(folder: Path) -> list[Path]:
    """Two files of one kind; something is there in both places."""
    frame = np.full((HEIGHT, WIDTH), 40, np.uint8)
    for left, top, right, bottom in PLACES:
        frame[top + 2 : bottom - 2 : 3, left + 2 : right - 2 : 2] = 250
    names = [folder / "one.dcm", folder / "two.dcm"]
    for number, name in enumerate(names):
        stack = np.stack([frame, frame, frame])
        stack[:, -1, -1] = number
        name.write_bytes(reference(stack, frames=3).data)
    return names


def _mark_both(face: Face) -> None:
    for left, top, right, bottom in PLACES:
        face.drag(face.on_stage(left, top, WIDTH, HEIGHT), face.on_stage(right, bottom, WIDTH, HEIGHT))
        face.page.wait_for_timeout(250)
        face.press("r")
    expect(face.at("#rects > *")).to_have_count(2)


def _stored(face: Face) -> list[dict[str, Any]]:
    return [rect for rect in face.state()["rects"] if rect["stored"]]


def test_suggestions_are_decided_by_single_keys(start: StartFace, tmp_path: Path) -> None:
    face = start(*_files(tmp_path))
    face.plane("frame 1/3")
    _mark_both(face)
    face.press("N")
    expect(face.at("#question-no")).to_be_focused()
    face.page.keyboard.press("Shift+Tab")
    expect(face.at("#question-yes")).to_be_focused()
    face.press("Enter")
    face.position("2/2")
    expect(face.at("#rects > *")).to_have_count(2)
    chosen = face.at("#rects > [aria-current=true]")
    expect(chosen).to_have_count(0)
    face.press("s")
    expect(chosen).to_have_count(1)
    expect(face.at("#statuskeys")).to_contain_text("accept")
    expect(face.at("#spoken")).to_contain_text("Chosen")
    face.picture("chosen suggestion")
    face.press("b")
    face.wait_until(lambda: len(_stored(face)) == 1)
    expect(chosen).to_have_count(1)
    face.press("Delete")
    expect(face.at("#rects > *")).to_have_count(1)
    assert len(_stored(face)) == 1
    expect(chosen).to_have_count(0)


def test_a_mark_whose_row_has_the_keyboard_is_taken_on_to_the_frames_after_it(start: StartFace, tmp_path: Path) -> None:
    face = start(_files(tmp_path)[0])
    face.press("n")
    face.plane("frame 2/3")
    _mark_both(face)
    face.focus("#rects .rect-jump")
    face.press("F")
    expect(face.at("#message")).to_contain_text("1 frame after it")
    face.focus("#stage")
    face.press("n")
    face.plane("frame 3/3")
    face.wait_until(lambda: face.state()["plane"]["number"] == 3)
    assert [rect["box"] for rect in _stored(face)] == [list(PLACES[0])]
    face.press("p", "p")
    face.plane("frame 1/3")
    face.wait_until(lambda: face.state()["plane"]["number"] == 1)
    assert _stored(face) == []


def test_a_drawn_shape_says_what_keys_do_without_the_edge_of_an_error(start: StartFace, tmp_path: Path) -> None:
    face = start(write_cine(tmp_path / "one.dcm"))
    face.plane("frame 1/4")
    message = face.at("#message")
    face.press("s")
    expect(message).to_contain_text("No further suggestion")
    face.press("y")
    expect(message).to_contain_text("Enter stores")
    expect(message).to_have_attribute("data-kind", "info")
    face.page.wait_for_timeout(6500)
    expect(message).to_be_visible()
    face.press("n")
    expect(message).to_have_attribute("data-kind", "error")
    face.press("Escape")
    expect(message).to_contain_text("was not stored")
    expect(message).to_have_attribute("data-kind", "info")
