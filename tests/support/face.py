"""The page as a test sees it: keys in, what is on the screen out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Locator, Page, Request, expect

from support.numbered import BANDS, BITS
from support.reviewer import Reviewer

ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"

_READ_NUMBER = """([bands, bits]) => {
  const canvas = document.querySelector("canvas.picture");
  const box = [112, 64];
  const scale = Math.min((canvas.width - 20) / box[0], (canvas.height - 20) / box[1], 64);
  const left = canvas.width / 2 - box[0] * scale / 2;
  const copy = new OffscreenCanvas(canvas.width, 1).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, Math.floor(canvas.height / 2), canvas.width, 1, 0, 0, canvas.width, 1);
  const line = copy.getImageData(0, 0, canvas.width, 1).data;
  let number = 0;
  for (let band = 2; band < bands; band += 1) {
    const x = Math.floor(left + ((band + 0.5) * box[0] * scale) / bands);
    number = number * 2 + (line[4 * x] > 127 ? 1 : 0);
  }
  return number;
}"""


@dataclass
class Watch:
    """What must not happen unnoticed: requests to elsewhere, console errors, exceptions in the page."""

    origin: str
    allowed: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((self.origin + "/", "blob:" + self.origin)):
            self.complaints.append(f"a request to {request.url}")

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"console: {message.text} {message.location.get('url', '')}")

    def on_error(self, error: Error) -> None:
        self.complaints.append(f"exception: {error}")

    def check(self) -> None:
        """AssertionError for anything that the test did not allow by a part of its text."""
        left = [text for text in self.complaints if not any(part in text for part in self.allowed)]
        assert not left, "\n".join(left)


class Face:
    """One tab."""

    def __init__(self, page: Page, reviewer: Reviewer) -> None:
        self.page = page
        self.reviewer = reviewer
        self.watch = Watch(reviewer.origin)
        page.on("request", self.watch.on_request)
        page.on("console", self.watch.on_console)
        page.on("pageerror", self.watch.on_error)

    def open(self, address: str | None = None) -> Face:
        """Load the page and wait until its first state is on the screen."""
        self.page.goto(address or self.reviewer.address)
        expect(self.page.locator("body")).to_have_attribute("data-ready", "yes", timeout=20_000)
        return self

    def focus(self, selector: str) -> None:
        """Give a part the keyboard once it is there: focus on what is still hidden is lost without a word."""
        part = self.page.locator(selector).first
        expect(part).to_be_visible()
        part.focus()
        expect(part).to_be_focused()

    def press(self, *keys: str) -> None:
        """Press keys as a person does: a capital letter with Shift."""
        for key in keys:
            self.page.keyboard.press(f"Shift+{key}" if len(key) == 1 and key.isupper() else key)

    def at(self, selector: str) -> Locator:
        """A part of the page."""
        return self.page.locator(selector)

    def shows(self, selector: str, text: str) -> None:
        """Wait until a part of the page has exactly this text."""
        expect(self.page.locator(selector)).to_have_text(text)

    def plane(self, title: str) -> None:
        """Wait until the plane with this title is on the screen, its picture included."""
        self.shows("#planetitle", title)

    def position(self, text: str) -> None:
        """Wait for a place in the worklist such as ``2/3``."""
        self.shows("#position", text)

    def number(self) -> int:
        """The number that the picture on the screen carries (the plane must be fitted)."""
        found: int = self.page.evaluate(_READ_NUMBER, [BANDS, BITS])
        return found

    def pixel(self, x: float, y: float) -> list[int]:
        """Red, green, blue, alpha of the lower canvas at a point in CSS pixels of the page."""
        script = """([x, y]) => {
          const canvas = document.querySelector("canvas.picture");
          const area = canvas.getBoundingClientRect();
          const scale = canvas.width / area.width;
          const at = [Math.floor((x - area.left) * scale), Math.floor((y - area.top) * scale)];
          const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, ...at, 1, 1, 0, 0, 1, 1);
          return [...copy.getImageData(0, 0, 1, 1).data];
        }"""
        found: list[int] = self.page.evaluate(script, [x, y])
        return found

    def on_stage(self, x: float, y: float, width: int, height: int) -> tuple[float, float]:
        """Where a point of a fitted plane of that size is on the page, in CSS pixels."""
        area = self.at("#stage canvas.marks").bounding_box()
        assert area is not None
        scale = min((area["width"] - 20) / width, (area["height"] - 20) / height, 64)
        left = round(area["width"] / 2 - width / 2 * scale)
        top = round(area["height"] / 2 - height / 2 * scale)
        return area["x"] + left + x * scale, area["y"] + top + y * scale

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, steps: int = 6) -> None:
        """Pull with the left button."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up()

    def state(self) -> dict[str, Any]:
        """The state of this tab as the server tells it."""
        script = """async () => {
          const names = performance.getEntriesByType("resource").map(({ name }) => name);
          const base = names.find((name) => name.includes("/api/d/")).match(/^.*\\/api\\/d\\/[^/]+/)[0];
          return (await fetch(`${base}/state`)).json();
        }"""
        found: dict[str, Any] = self.page.evaluate(script)
        return found

    def wait_until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        """Wait until something holds that the page itself does not show."""
        for _ in range(int(seconds * 10)):
            if condition():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it did not happen in time")

    def picture(self, name: str) -> None:
        """Keep a screenshot as ``tests/artefacts/NAME.png``."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")


StartFace = Callable[..., Face]
"""The fixture ``start``: names and options in, a loaded page out."""
