"""Every view by keyboard, on small and large screens, at whole device ratios, dark and light: nothing overlaps, nothing
has to be scrolled to, the focus is seen, and values are painted as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes
from support.numbered import cine, write

FRAMES = 12

_LAID_OUT = """() => {
  const wrong = [];
  const { scrollWidth: wide, scrollHeight: high } = document.documentElement;
  if (wide > innerWidth || high > innerHeight) wrong.push(`the page is ${wide} x ${high}`);
  const named = [".bar", ".topline", "#worklist", "#stage", "#overview", "#panel", "#strip", ".status"]
    .map((name) => [name, document.querySelector(name)])
    .filter(([, one]) => one && one.checkVisibility())
    .map(([name, one]) => [name, one.getBoundingClientRect()]);
  // the other views lie in the place of the stage, and may take that of list and panel
  const over = named.find(([name]) => name === "#overview")?.[1];
  const under = new Set(over ? ["#stage", "#worklist", "#panel"] : []);
  const parts = named.filter(([name]) => !under.has(name));
  parts.forEach(([name, box], place) => {
    if (box.left < -.5 || box.top < -.5 || box.right > innerWidth + .5 || box.bottom > innerHeight + .5) {
      wrong.push(`${name} is not wholly on the screen`);
    }
    for (const [other, area] of parts.slice(place + 1)) {
      const wide = Math.min(box.right, area.right) - Math.max(box.left, area.left);
      const high = Math.min(box.bottom, area.bottom) - Math.max(box.top, area.top);
      if (wide > .5 && high > .5) wrong.push(`${name} overlaps ${other}`);
    }
  });
  for (const name of [".topline", ".status"]) {
    const { scrollWidth: wants, clientWidth: has } = document.querySelector(name);
    if (wants > has + 1) wrong.push(`${name} is cut off: ${wants} of ${has}`);
  }
  for (const canvas of document.querySelectorAll("#stage > canvas:not(.lens)")) {
    const { left, top, right, bottom } = canvas.getBoundingClientRect();
    const edge = (at) => Math.round(at * devicePixelRatio);
    if (canvas.width !== edge(right) - edge(left) || canvas.height !== edge(bottom) - edge(top)) {
      wrong.push(`a canvas of ${canvas.width} x ${canvas.height} is scaled`);
    }
  }
  const focused = document.activeElement;
  const dialog = document.querySelector("dialog[open]");
  const box = (dialog ?? focused).getBoundingClientRect();
  if (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
    wrong.push(`${dialog?.id ?? focused.id} is not wholly on the screen`);
  }
  const { outlineStyle, boxShadow } = getComputedStyle(focused);
  const isSeen = outlineStyle !== "none" || boxShadow !== "none";
  if (focused === document.body || !isSeen) wrong.push(`the focus is not seen on ${focused.id || focused.className}`);
  if (dialog && !dialog.contains(focused)) wrong.push("the focus is not in the dialog");
  return wrong;
}"""


def archive(folder: Path) -> Path:
    """A cine whose frames have every level, and two files beside it."""
    folder.mkdir()
    line = np.arange(256, dtype=np.uint8)
    cells = np.stack([np.roll(np.broadcast_to(line, (200, 256)), 7 * frame, axis=1) for frame in range(FRAMES)])
    (folder / "0.dcm").write_bytes(file_bytes(dataset(cells, frames=FRAMES)))
    for name in ("1.dcm", "2.dcm"):
        (folder / name).write_bytes(file_bytes(dataset(cells[0])))
    return folder


def fits(face: Face, where: str) -> None:
    wrong: list[str] = face.page.evaluate(_LAID_OUT)
    assert wrong == [], where


def value(face: Face, where: str) -> None:
    """What the status line says of the pixel under the cursor is what is painted there."""
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    at = (area["x"] + area["width"] / 2 + 21, area["y"] + area["height"] / 2 + 40)
    face.page.mouse.move(*at)
    told = face.at("#statusvalue")
    expect(told).to_contain_text("value ")
    number = int((told.text_content() or "").rpartition("value ")[2])
    assert face.pixel(*at) == [number, number, number, 255], where


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (3840, 2160)])
def test_every_view_fits_the_screen_by_keyboard_alone(
    start: StartFace, tmp_path: Path, width: int, height: int, ratio: int, theme: str
) -> None:
    # a screen of 3840 x 2160 pixels has half as many CSS pixels at a ratio of 2; the small one is small at both
    shown = {"width": width // ratio, "height": height // ratio} if width > 1280 else {"width": width, "height": height}
    face = start(archive(tmp_path / "archive"), device_scale_factor=ratio)
    face.page.set_viewport_size(shown)  # type: ignore[arg-type]
    name = f"screen-{width}-{ratio}-{theme}"
    face.plane(f"frame 1/{FRAMES}")
    if theme == "light":
        face.focus("#theme")
        face.press("Enter")
        expect(face.at("html")).to_have_attribute("data-theme", "light")
        face.focus("#stage")
    face.press("n", "p")  # a key, so that the focus is shown
    face.plane(f"frame 1/{FRAMES}")
    fits(face, "stage")
    value(face, "fitted")
    _walk(face)
    for key, view in (("g", "grid"), ("j", "projection"), ("J", "classes")):
        face.press(key)
        expect(face.at("#overview")).to_be_visible()
        face.page.wait_for_timeout(300)
        fits(face, view)
        face.picture(f"{name}-{view}")
        face.press("Escape")
        expect(face.at("#overview")).to_be_hidden()
    for key in ("?", "K", "W", "#", "i", "c", "F10"):
        face.press(key)
        if key != "F10":
            expect(face.at("dialog[open]")).to_be_visible()
        fits(face, key)
        if key in {"?", "K"}:
            face.picture(f"{name}-{'help' if key == '?' else 'keys'}")
        face.press("Escape")
        expect(face.at("dialog[open]")).to_have_count(0)
    face.focus("#stage")
    fits(face, "stage again")
    face.picture(name)


def _walk(face: Face) -> None:
    """From plane to plane and through the ways of looking, each with its check."""
    for key, plane in (("End", FRAMES), ("PageUp", FRAMES - 10), ("PageDown", FRAMES), ("Home", 1)):
        face.press(key)
        face.plane(f"frame {plane}/{FRAMES}")
    face.press("#")
    face.page.keyboard.type("5")
    face.press("Enter")
    face.plane(f"frame 5/{FRAMES}")
    ways: list[tuple[str, str]] = [("1", "actual size"), ("d", "turned"), ("m", "mirrored"), ("0", "fitted, turned")]
    for key, where in ways:
        face.press(key)
        face.page.wait_for_timeout(250)  # exact once it stands still
        fits(face, where)
        value(face, where)
    face.press("m", "D", "v", "w", "k", "-", "r")
    expect(face.at("#rects .rect")).to_have_count(1)
    fits(face, "inverted, window, kept zoom, without redaction")
    state: dict[str, Any] = face.state()
    assert state["view"]["inverted"] is True
    face.press("v", "w", "k", "+")


def test_at_twice_the_size_classes_keep_their_tiles_and_no_button_is_cut_off(start: StartFace, tmp_path: Path) -> None:
    face = start(*(write(tmp_path / f"{number}.dcm", cine(3)) for number in range(4)))
    face.page.set_viewport_size({"width": 640, "height": 360})
    face.plane("frame 1/3")
    cut = "(button) => button.scrollWidth > button.clientWidth || button.getBoundingClientRect().right > innerWidth"
    assert not face.at("#markbutton").evaluate(cut)
    face.press("J")
    expect(face.at(".tile").first).to_be_visible()
    area = face.at(".class-tiles").bounding_box()
    assert area is not None
    assert area["height"] > 90
    face.at(".class-row").nth(1).click()
    expect(face.at(".class-head")).to_be_visible()
    face.at(".tile").first.scroll_into_view_if_needed()
    expect(face.at(".tile").first).to_be_in_viewport()
