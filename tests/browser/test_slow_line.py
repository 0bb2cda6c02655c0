"""The page over a line of 1 and of 20 Mbit/s with 80 ms there and back: it says what it waits for, and what came small
or with losses is never seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from support.face import Face, StartFace
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.slowline import SlowLine

FRAMES, EDGE = 40, 512
MEGABIT = 125_000

_NOTE_WORDS = """() => {
  const parts = ["#busy", "#planenote", "#card", ".overview-foot .foot", "#statussaved", "#statusview", "#messagetext"];
  window.told = [];
  const look = () => {
    for (const part of parts) {
      const element = document.querySelector(part);
      const text = element && !element.closest("[hidden]") ? element.textContent.trim() : "";
      if (text && !window.told.includes(`${part} ${text}`)) window.told.push(`${part} ${text}`);
    }
    requestAnimationFrame(look);
  };
  look();
}"""

_HOLD = """async (milliseconds) => {
  const stage = document.getElementById("stage");
  const send = (kind, repeat) => stage.dispatchEvent(
    new KeyboardEvent(kind, { key: "n", bubbles: true, cancelable: true, repeat }));
  const painted = [];
  const words = (id) => document.getElementById(id).textContent;
  const note = ({ detail }) => painted.push([Number(detail.key.slice(1)), words("planetitle"), words("planenote")]);
  document.addEventListener("plane-painted", note);
  const end = performance.now() + milliseconds;
  send("keydown", false);
  while (performance.now() < end) {
    send("keydown", true);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  send("keyup", false);
  document.removeEventListener("plane-painted", note);
  return painted;
}"""


def _speckled(path: Path) -> Path:
    """Frames that no codec makes small, each with a line of text."""
    rng = np.random.default_rng(4)
    stack = []
    for number in range(FRAMES):
        picture = rng.integers(0, 90, (EDGE, EDGE), np.uint8)
        stack.append(np.maximum(picture, lettered((EDGE, EDGE), [(f"NAME {number}", 60, 90)])))
    path.write_bytes(file_bytes(dataset(np.stack(stack), frames=FRAMES)))
    return path


@pytest.fixture(params=[1, 20], ids=["1 Mbit/s", "20 Mbit/s"])
def far(request: pytest.FixtureRequest, start: StartFace, tmp_path: Path) -> Iterator[tuple[Face, int]]:
    """A page behind such a line, and how many Mbit/s that carries."""
    direct = start(_speckled(tmp_path / "one.dcm"))
    with SlowLine(direct.reviewer.port, request.param * MEGABIT, 0.04) as line:
        face = Face(direct.page.context.new_page(), direct.reviewer)
        face.watch.origin = line.origin
        face.page.add_init_script(f"addEventListener('DOMContentLoaded', {_NOTE_WORDS})")
        face.page.goto(line.origin)
        expect(face.page.locator("body")).to_have_attribute("data-ready", "yes", timeout=60_000)
        yield face, request.param
        face.page.close()
        face.watch.check()


def _told(face: Face) -> str:
    return "\n".join(face.page.evaluate("() => window.told"))


def _group(face: Face) -> dict[str, Any]:
    found: dict[str, Any] = face.state()["groups"][0]
    return found


def _seen(face: Face) -> set[int]:
    return {place for begin, end in _group(face)["seen"] for place in range(begin, end)}


def test_the_page_is_used_over_a_slow_line(far: tuple[Face, int]) -> None:
    face, megabits = far
    expect(face.at("#planetitle")).to_have_text(f"frame 1/{FRAMES}", timeout=60_000)
    face.wait_until(lambda: 0 in _seen(face), 60)
    if megabits == 1:
        assert "Loading" in _told(face) or "Opening" in _told(face), _told(face)
    # Single steps come whole, and are waited for with a word.
    face.press("n")
    expect(face.at("#planetitle")).to_have_text(f"frame 2/{FRAMES}", timeout=60_000)
    face.wait_until(lambda: 1 in _seen(face), 60)
    face.page.wait_for_timeout(4000)  # what was fetched ahead tells what the line carries
    before = _seen(face)
    painted = face.page.evaluate(_HOLD, 5000)
    # The last one may be painted anew: it comes whole where the key is let go.
    places = list(dict.fromkeys(place for place, _, _ in painted))
    assert all(title == f"frame {place + 1}/{FRAMES}" for place, title, _ in painted)
    assert places == list(range(places[0], places[-1] + 1)), "none left out"
    here = int(face.state()["plane"]["index"])
    face.wait_until(lambda: here in _seen(face), 60)  # the one on which the key was let go comes whole
    whole = {place for place, _, note in painted if "does not count as seen" not in note}
    assert _seen(face) <= before | whole | {here}
    if megabits == 1:
        assert len(set(places) - whole) >= 3, "small pictures came"
    face.shows("#planenote", "")


def test_views_of_many_planes_say_what_they_wait_for(far: tuple[Face, int]) -> None:
    face, _megabits = far
    expect(face.at("#planetitle")).to_have_text(f"frame 1/{FRAMES}", timeout=60_000)
    face.wait_until(lambda: 0 in _seen(face), 60)
    face.press("g")
    expect(face.at(".tile img").first).to_be_visible(timeout=60_000)
    face.wait_until(lambda: bool(_group(face)["glanced"]), 60)
    assert _seen(face) <= {0, 1}
    face.press("Escape", "j")
    expect(face.at(".overview-foot .foot")).to_contain_text(f"{FRAMES} planes in one picture", timeout=60_000)
    assert "Projecting…" in _told(face), _told(face)
    face.press("Escape")
    assert _seen(face) <= {0, 1}


def test_a_search_over_a_slow_line_says_how_far_it_is(far: tuple[Face, int]) -> None:
    face, _megabits = far
    expect(face.at("#planetitle")).to_have_text(f"frame 1/{FRAMES}", timeout=60_000)
    face.press("o")
    expect(face.at("#rects")).to_contain_text("NAME", timeout=60_000)
    assert any(words in _told(face) for words in ("Looking for text", "Working…", "Reading")), _told(face)
