"""axe-core finds nothing on any page, dialog and theme. It comes from npm for this test alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from support.face import Face, StartFace
from support.numbered import cine, write

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci)")


def faults(face: Face) -> list[str]:
    """What axe says against the page as it is now: the rule, and the elements."""
    # Through the debugger: the page's own policy lets no script in, and need not.
    face.page.evaluate(f"() => {{ {AXE.read_text('utf-8')}\n window.axe = axe; }}")
    found: dict[str, Any] = face.page.evaluate(f"async () => await window.axe.run(document, {json.dumps(RULES)})")
    return [
        f"{one['id']}: {', '.join(str(node['target'][0]) for node in one['nodes'][:3])}" for one in found["violations"]
    ]


MENUS = ("File", "Options", "Mark", "Go", "View", "Help")
DIALOGS = {
    "?": "dialog-help", "i": "dialog-tags", "c": "dialog-comment", "#": "dialog-number", "N": "dialog-question",
    "Control+o": "dialog-open", "Control+d": "dialog-open", "Control+s": "dialog-s3-open",
    "Control+3": "dialog-s3-credentials",
}  # fmt: skip
"""Keys and the dialogs that they open."""
ENTRIES = {"Database…": "dialog-open", "Download from S3…": "dialog-s3-download"}
"""The same for entries of the File menu."""


def themed(face: Face, theme: str) -> Face:
    """Choose the colours as a person does: by the button."""
    html, button = face.at("html"), face.at("#theme")
    for _ in range(2):
        if html.get_attribute("data-theme") != theme:
            button.click()
    assert html.get_attribute("data-theme") == theme
    return face


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_reviewer_with_every_menu_and_dialog(start: StartFace, tmp_path: Path, theme: str) -> None:
    (tmp_path / "no image.dcm").write_bytes(b"no DICOM")
    write(tmp_path / "one.dcm", cine(3))
    face = themed(start(tmp_path), theme)
    face.plane("frame 1/3")
    assert faults(face) == []
    for menu in MENUS:
        face.at("#menubar").get_by_role("menuitem", name=menu, exact=True).first.click()
        expect(face.at(f"[role=menu][aria-label={menu}]")).to_be_visible()
        assert faults(face) == [], menu
        face.press("Escape")
    face.press("r")
    expect(face.at("#panel")).to_contain_text("stored in the database")
    for keys, dialog in DIALOGS.items():
        face.press(keys)
        expect(face.at(f"#{dialog}")).to_be_visible()
        assert faults(face) == [], dialog
        face.press("Escape")
        expect(face.at(f"#{dialog}")).to_be_hidden()
    for entry, dialog in ENTRIES.items():
        face.at("#menubar").get_by_role("menuitem", name="File", exact=True).click()
        face.at("[role=menu][aria-label=File]").get_by_text(entry).click()
        expect(face.at(f"#{dialog}")).to_be_visible()
        assert faults(face) == [], dialog
        face.press("Escape")
    for keys in ("g", "j"):
        face.press(keys)
        face.page.wait_for_timeout(300)
        assert faults(face) == [], keys
        face.press("Escape")
    face.press("J")
    expect(face.at(".class-row")).to_have_count(2)
    face.at(".class-row").nth(1).click()
    expect(face.at(".tile[data-loaded]").first).to_be_visible()
    assert faults(face) == [], "J"
    face.press("Escape")
    face.at("[role=tab]").nth(1).click()
    assert faults(face) == [], "File tab"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_without_files(start: StartFace, theme: str) -> None:
    face = themed(start(), theme)
    face.page.wait_for_timeout(500)
    assert faults(face) == []


def inside(part: Locator) -> bool:
    """Whether all of it is in the window, once it is scrolled to."""
    part.scroll_into_view_if_needed()
    box, window = part.bounding_box(), part.page.viewport_size
    assert box is not None
    assert window is not None
    right, low = box["x"] + box["width"], box["y"] + box["height"]
    return box["x"] >= -1 and box["y"] >= -1 and right <= window["width"] + 1 and low <= window["height"] + 1


def test_text_of_twice_the_size_loses_nothing(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(30)))
    # The window of 1280 x 720 at 200 % has so many pixels of the page.
    face.page.set_viewport_size({"width": 640, "height": 360})
    face.plane("frame 1/30")
    for part in ("#statusview", "#statusseen", "#statuskeys"):
        expect(face.at(part)).not_to_be_empty()
    for part in ("#statusview", "#statusseen", "#statuskeys", "#markbutton", "#applyall", "#theme"):
        assert inside(face.at(part)), part
    for menu in MENUS:
        face.at("#menubar").get_by_role("menuitem", name=menu, exact=True).first.click()
        entries = face.at(f"[role=menu][aria-label={menu}] .item")
        assert all(inside(entries.nth(place)) for place in range(entries.count())), menu
        face.press("Escape")
    for keys, dialog in DIALOGS.items():
        face.press(keys)
        expect(face.at(f"#{dialog}")).to_be_visible()
        for part in face.at(f"#{dialog}").locator("button:visible, input:visible, select:visible, h2:visible").all():
            assert inside(part), (dialog, part.evaluate("(one) => one.outerHTML.slice(0, 120)"))
        face.press("Escape")
        expect(face.at(f"#{dialog}")).to_be_hidden()
