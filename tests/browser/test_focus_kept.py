"""The keyboard stays with somebody: whatever a view makes anew, hides or switches off, the focus goes to its like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.numbered import cine, overlay, write

_WATCH = """() => {
  window.lostFocus = [];
  let last = null;
  const told = (one) => one.id ? `#${one.id}` : one.outerHTML.slice(0, 140);
  const look = () => {
    const now = document.activeElement;
    const isNobody = !now || now === document.body || now === document.documentElement;
    if (!isNobody) last = now;
    // Who tabs out of the page left a part that is still there; that is no loss.
    else if (last && (!last.isConnected || last.disabled || !last.checkVisibility())) {
      window.lostFocus.push(told(last));
      last = null;
    }
    requestAnimationFrame(look);
  };
  look();
}"""

_HERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  return { key: one.id ? `#${one.id}` : one.outerHTML.slice(0, 200), tag: one.tagName, text: one.textContent.trim(),
    role: one.getAttribute("role"), name: one.getAttribute("aria-label") ?? "" };
}"""

OUTSIDE = ("Stop", "Back", "Esc", "Cancel", "Open", "Save", "Choose", "DICOM", "Comment", "Tag", "Light", "Browse",
           "Close", "Credentials", "Delete", "Test", "Go", "Use this server", "Database")  # fmt: skip
"""Buttons that lead out of a view, or into a dialog with a walk of its own."""


def watched(face: Face) -> Face:
    face.page.evaluate(_WATCH)
    return face


def lost(face: Face) -> list[str]:
    # Two frames: the browser takes the focus away from what it cannot show when it draws the next one.
    face.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return list(face.page.evaluate("() => window.lostFocus.splice(0)"))


def here(face: Face) -> dict[str, Any] | None:
    found: dict[str, Any] | None = face.page.evaluate(_HERE)
    return found


def walk(face: Face, *, presses: bool = True, most: int = 60) -> list[str]:
    """Tab once round, pressing every button on the way that stays in the view; who lost the keyboard."""
    seen: list[str] = []
    found = lost(face)
    for _ in range(most):
        face.press("Tab")
        now = here(face)
        if now is None:
            continue
        if now["key"] in seen:
            break
        seen.append(now["key"])
        is_button = now["tag"] == "BUTTON" and now["role"] != "menuitem"
        if presses and is_button and not any(word in now["text"] + now["name"] for word in OUTSIDE):
            face.press("Enter")
            face.page.wait_for_timeout(60)
            found += lost(face)
            after = here(face)
            seen += [after["key"]] if after is not None else []
    assert len(seen) > 1, "nothing was reached"
    return found + lost(face)


@pytest.fixture
def face(start: StartFace, tmp_path: Path) -> Face:
    """A cine with two overlays, a file beside it, and one that is none."""
    write(tmp_path / "one.dcm", cine(3, overlays=[overlay(0x6000, 3, 40), overlay(0x6002, 1, 50)]))
    write(tmp_path / "two.dcm", cine(2))
    (tmp_path / "none.dcm").write_bytes(b"no DICOM")
    face = start(tmp_path / "one.dcm", tmp_path / "two.dcm", tmp_path / "none.dcm")
    face.plane("frame 1/3")
    return watched(face)


def test_the_page(face: Face) -> None:
    assert walk(face) == []


def test_the_marks_of_a_plane(face: Face) -> None:
    face.press("r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    # each button of a row, which takes the row away or makes it anew
    for _ in range(4):
        buttons = face.at("#page-plane button:enabled")
        for number in range(buttons.count()):
            if number >= buttons.count():
                break
            one = buttons.nth(number)
            if any(word in (one.text_content() or "") for word in OUTSIDE):
                continue
            one.focus()
            face.press("Enter")
            face.page.wait_for_timeout(80)
            assert lost(face) == [], one
    face.press("Control+z")
    assert lost(face) == []


@pytest.mark.parametrize("keys", [["g"], ["j"], ["J"], ["j", "Escape", "g"], ["j", "Escape", "J"]])
def test_the_views_of_many_planes(face: Face, keys: list[str]) -> None:
    face.press(*keys)
    face.page.wait_for_timeout(400)
    assert walk(face) == []
    face.press("Escape")
    assert lost(face) == []
    assert here(face) is not None


def test_a_view_whose_file_is_left_or_whose_look_ends(face: Face) -> None:
    face.press("J")
    expect(face.at(".classes-progress")).to_contain_text("Looked at 2 of 2 files", timeout=60_000)
    assert lost(face) == []
    assert here(face) is not None


def test_the_button_that_stops_a_look_is_gone_when_it_ends(start: StartFace, tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}.dcm", cine(20))
    face = start(tmp_path)
    face.plane("frame 1/20")
    watched(face)
    face.press("J")
    face.focus(".classes-stop")
    expect(face.at(".classes-progress")).to_contain_text("Looked at 6 of 6 files", timeout=120_000)
    expect(face.at(".classes-stop")).to_be_hidden()
    assert lost(face) == []
    assert here(face) is not None


def test_sheets_of_a_text_map_that_come_late(start: StartFace, tmp_path: Path) -> None:
    empty = lettered((200, 320), [])
    frames = [empty] * 6
    frames[2] = lettered((200, 320), [("MERRIWEATHER", 20, 60)])
    frames[4] = lettered((200, 320), [("OLDENBURGER", 22, 62)])
    path = tmp_path / "cine.dcm"
    path.write_bytes(file_bytes(dataset(np.stack(frames), frames=6)))
    face = watched(start(path))
    face.press("j")
    face.at(
        ".overview-tools button",
    ).filter(has_text="text").first.focus()
    face.press("Enter")
    face.at(".overview-tools button").filter(has_text="text").first.focus()
    expect(face.at(".overview-tools button").get_by_text("2", exact=True)).to_be_visible(timeout=60_000)
    assert lost(face) == []
    expect(face.at(".overview-tools button").filter(has_text="text").first).to_be_focused()


DIALOGS = ["?", "i", "c", "#", "W", "K", "Control+o", "Control+s", "Control+3"]


@pytest.mark.parametrize("key", DIALOGS)
def test_a_dialog(face: Face, key: str) -> None:
    face.press(key)
    expect(face.at("dialog[open]")).to_be_visible()
    assert walk(face, most=40) == []
    if face.at("dialog[open] [data-recording]").count() or key == "K":
        face.press("Escape")  # of a key that is being asked for
    face.press("Escape")
    expect(face.at("dialog[open]")).to_have_count(0)
    assert lost(face) == []
    assert here(face) is not None


def test_banners_and_messages_that_are_closed(face: Face) -> None:
    face.press("r", "r", "A")
    for selector in ("#messageclose", "#listproblems summary"):
        if face.at(selector).is_visible():
            face.focus(selector)
            face.press("Enter")
            assert lost(face) == [], selector


def test_a_message_that_fades_under_the_focus(face: Face) -> None:
    face.press("s")
    expect(face.at("#messageclose")).to_be_visible()
    face.focus("#messageclose")
    face.page.evaluate("() => { document.getElementById('message').hidden = true; }")
    assert lost(face) == []


def test_a_row_of_the_list_that_goes(face: Face) -> None:
    face.focus("#list")
    face.press("ArrowDown", "Enter")
    face.press("N")
    face.page.wait_for_timeout(300)
    if face.at("dialog[open]").count():
        face.press("Shift+Tab", "Enter")
    face.page.wait_for_timeout(300)
    assert lost(face) == []


def test_what_a_style_hides(face: Face) -> None:
    for part in ("#listtext", "#tab-plane"):
        face.focus(part)
        face.page.evaluate("(part) => { document.querySelector(part).parentElement.style.display = 'none'; }", part)
        assert lost(face) == [], part
        assert here(face) is not None


def test_the_page_without_files(start: StartFace) -> None:
    face = watched(start())
    expect(face.at("#start")).to_be_visible()
    assert walk(face) == []


def kinds(face: Face) -> list[str]:
    """What the marks of the plane are, as the database has them."""
    return [text or "" for text in face.at("#rects .rect-what").all_text_contents()]


def test_a_second_enter_presses_nothing_else_where_the_first_switched_its_button_off(face: Face) -> None:
    face.press("r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    face.press("n")
    face.plane("frame 2/3")
    expect(face.at("#applyall")).to_be_enabled()
    before = len(kinds(face))
    face.focus("#applyall")
    face.press("Enter")
    expect(face.at("#applyall")).to_be_disabled()
    assert len(kinds(face)) == before
    assert here(face) is not None and lost(face) == []
    face.press("Enter", " ")
    face.page.wait_for_timeout(300)
    assert len(kinds(face)) == before, "another rectangle was marked"
