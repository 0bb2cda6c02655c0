"""axe-core finds nothing on any page, dialog and theme. It comes from npm for this test alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dcmaudit.cli import main
from support.face import Face, StartFace
from support.numbered import cine, write

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}

pytestmark = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (npm ci)")


def faults(face: Face) -> list[str]:
    """What axe says against the reviewer's page as it is now."""
    return violations(face.page)


def violations(page: Page) -> list[str]:
    """What axe says against the page: the rule, and the elements."""
    # Through the debugger: the page's own policy lets no script in, and need not.
    page.evaluate(f"() => {{ {AXE.read_text('utf-8')}\n window.axe = axe; }}")
    found: dict[str, Any] = page.evaluate(f"async () => await window.axe.run(document, {json.dumps(RULES)})")
    return [
        f"{one['id']}: {', '.join(str(node['target'][0]) for node in one['nodes'][:3])}" for one in found["violations"]
    ]


MENUS = ("File", "Options", "Mark", "Go", "View", "Help")
DIALOGS = {
    "?": "dialog-help", "i": "dialog-tags", "c": "dialog-comment", "#": "dialog-number", "N": "dialog-question",
    "W": "dialog-windows", "K": "dialog-keys", "Control+o": "dialog-open", "Control+d": "dialog-open",
    "Control+s": "dialog-s3-open", "Control+3": "dialog-s3-credentials",
}  # fmt: skip
"""Keys and the dialogs that they open."""
ENTRIES = {"Database…": "dialog-open", "Download from S3…": "dialog-s3-download", "Redacted files": "dialog-outputs"}
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


def test_no_dialog_is_left_out() -> None:
    templates = AXE.parents[2] / "src" / "dcmaudit" / "web" / "templates"
    there = {
        name for page in templates.glob("*.html") for name in re.findall(r'<dialog\s+id="([^"]+)"', page.read_text())
    }
    assert there == {*DIALOGS.values(), *ENTRIES.values(), "dialog-compare"}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_was_redacted_and_the_comparison_with_its_original(start: StartFace, tmp_path: Path, theme: str) -> None:
    face = themed(start(write(tmp_path / "one.dcm", cine(1))), theme)
    face.plane("frame 1/1")
    face.press("r", "N")
    expect(face.at("#panel")).to_contain_text("done")
    face.at("#menubar").get_by_role("menuitem", name="File", exact=True).click()
    face.page.locator('.item[data-command="redact-file"]').click()
    expect(face.at("#dialog-open")).to_be_visible()
    (tmp_path / "out").mkdir()
    face.at("#open-path").fill(str(tmp_path / "out"))
    face.at("#open-do").click()
    expect(face.at("#outputs-words")).to_have_text("1 of 1 file is redacted and proved")
    assert faults(face) == []
    face.at(".output").get_by_role("button", name="Compare").click()
    expect(face.at("#compare-plane")).to_contain_text("frame 1/1")
    assert faults(face) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_report_of_a_release_and_the_pages_for_its_officer(
    browser: Browser, tmp_path: Path, theme: Literal["dark", "light"]
) -> None:
    assert main(["examples", str(tmp_path / "scans")]) == 0
    (tmp_path / "policy.toml").write_text('eyes = "none"\nheaders = "cleaned-after"\n')
    words = ["-o", "out", "--held", "held", "--key", "house.key", "--policy", "policy.toml"]
    command = [sys.executable, "-m", "dcmaudit", "--db", "db", "release", "scans", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    pages = sorted([*(tmp_path / "out").rglob("*.html"), *(tmp_path / "held").rglob("*.html")])
    assert {page.name for page in pages} >= {"report.html", "index.html"}, done.stderr
    for page in pages:
        shown = browser.new_page(color_scheme=theme)
        shown.goto(page.as_uri())
        assert violations(shown) == [], page.name
        shown.close()


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


COVERED = """(head) => [...head.querySelectorAll("button")].filter((one) => {
    const box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return box.width > 0 && one !== top && !one.contains(top);
}).map((one) => one.innerText)"""
"""The words of the buttons of a head that are out of the window, or that something lies over."""


def test_text_of_twice_the_size_loses_nothing(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(30)))
    # The window of 1280 x 720 at 200 % has so many pixels of the page.
    face.page.set_viewport_size({"width": 640, "height": 360})
    face.plane("frame 1/30")
    for part in ("#statusview", "#statusseen", "#statuskeys"):
        expect(face.at(part)).not_to_be_empty()
    for part in ("#statusview", "#statusseen", "#statuskeys", "#markbutton", "#applyall", "#theme"):
        assert inside(face.at(part)), part
    # The lists give way to the image, and a contact sheet or projection has all of the page.
    stage = face.at("#stage").bounding_box()
    assert stage is not None
    assert stage["width"] >= 300
    for key in ("g", "j", "J"):
        face.press(key)
        expect(face.at(".overview")).to_be_visible()
        expect(face.at(".overview-close")).to_be_visible()
        assert face.at(".overview-head").evaluate(COVERED) == [], key
        face.press("Escape")
        expect(face.at(".overview")).to_be_hidden()
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
