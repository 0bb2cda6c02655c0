"""Errors stand where one looks: on the stage, or in the dialog that is open."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from support.face import StartFace
from support.numbered import cine, write


def test_an_error_stands_on_the_stage_in_both_themes(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)), "--viewer")
    face.plane("frame 1/1")
    stage = face.at("#stage").bounding_box()
    for theme in ("dark", "light"):
        face.press("r")
        message = face.at("#message")
        expect(message).to_be_visible()
        expect(message).to_have_attribute("role", "alert")
        expect(message).to_contain_text("This is the viewer")
        expect(message).not_to_contain_text("--")
        box = message.bounding_box()
        assert box is not None
        assert stage is not None
        assert stage["x"] <= box["x"]
        assert box["x"] + box["width"] <= stage["x"] + stage["width"]
        assert box["y"] > stage["y"] + stage["height"] / 2
        face.picture(f"error-{theme}")
        face.at("#theme").click()


def test_an_error_while_a_dialog_is_open_stands_in_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.plane("frame 1/1")
    face.press("i")
    dialog = face.at("dialog[open]")
    expect(dialog).to_be_visible()
    face.watch.allowed.append("409")
    face.page.route(
        "**/do",
        lambda route: route.fulfill(
            status=409, content_type="application/json", body='{"error": {"message": "it is refused", "hint": null}}'
        ),
    )
    face.page.evaluate("document.getElementById('markbutton').click()")
    expect(dialog.get_by_role("alert")).to_contain_text("it is refused")
    face.picture("error-dialog")
    face.press("Escape")
    expect(face.at(".dialog-error")).to_have_count(0)
