"""Every plane is reached and painted, and number, title and picture always belong together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from playwright.sync_api import Route, expect

from support.face import Face, StartFace
from support.files import JPEG_BASELINE, MemoryReference, dataset, file_bytes, gradient
from support.numbered import cine, overlay, write
from support.thumbnails import jpeg, with_thumbnail

_WATCH = """() => {
  window.seen = [];
  document.addEventListener("plane-painted", ({ detail }) => {
    window.seen.push([detail.key, document.getElementById("planetitle").textContent, window.readNumber()]);
  });
}"""


def _record(face: Face) -> None:
    """Note for every painted plane its key, the title beside it, and the number in its pixels."""
    from support.face import _READ_NUMBER
    from support.numbered import BANDS, BITS

    face.page.evaluate(f"() => {{ const read = {_READ_NUMBER}; window.readNumber = () => read([{BANDS}, {BITS}]); }}")
    face.page.evaluate(_WATCH)


def test_the_first_plane_is_shown_with_its_number_and_name(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "a/b/one.dcm", cine(3)), write(tmp_path / "two.dcm", cine(2)))
    face.position("1/2")
    face.plane("frame 1/3")
    face.shows("#filename", "a/b/one.dcm")
    assert face.number() == 0
    assert face.page.title() == "1/2 · dcmaudit", "no file name in the title: it ends up in histories"


def test_frames_come_first_then_every_frame_of_every_overlay(start: StartFace, tmp_path: Path) -> None:
    layers = [overlay(0x6000, 2, 100), overlay(0x6002, 1, 200)]
    face = start(write(tmp_path / "one.dcm", cine(2, overlays=layers)))
    titles = [
        ("frame 1/2", 0),
        ("frame 2/2", 1),
        ("overlay 6000 frame 1/2", 100),
        ("overlay 6000 frame 2/2", 101),
        ("overlay 6002 frame 1/1", 200),
    ]
    for title, number in titles:
        face.plane(title)
        assert face.number() == number
        face.press("n")
    for title, number in reversed(titles[:-1]):
        face.press("p")
        face.plane(title)
        assert face.number() == number


def test_f_goes_from_the_frames_to_the_overlay_and_on(start: StartFace, tmp_path: Path) -> None:
    layers = [overlay(0x6000, 3, 100), overlay(0x6010, 1, 200)]
    face = start(write(tmp_path / "one.dcm", cine(20, overlays=layers)))
    face.plane("frame 1/20")
    face.press("f")
    face.plane("overlay 6000 frame 1/3")
    face.press("f")
    face.plane("overlay 6010 frame 1/1")
    assert face.number() == 200


def test_a_held_key_paints_every_one_of_300_frames(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(300)))
    face.plane("frame 1/300")
    _record(face)
    # The browser gets repeats far faster than any keyboard sends them.
    script = """async () => {
      const stage = document.getElementById("stage");
      const send = (repeat) => stage.dispatchEvent(
        new KeyboardEvent("keydown", { key: "n", bubbles: true, cancelable: true, repeat }));
      send(false);
      const end = performance.now() + 60000;
      while (window.seen.at(-1)?.[0] !== "f299" && performance.now() < end) {
        send(true);
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    }"""
    face.page.evaluate(script)
    seen = face.page.evaluate("() => window.seen")
    steps = [entry for place, entry in enumerate(seen) if place == 0 or entry[0] != seen[place - 1][0]]
    keys = [key for key, _, _ in steps]
    # Its title is there a frame before the first plane is painted: that may have been noted, too.
    assert keys[keys[0] == "f0" :] == [f"f{number}" for number in range(1, 300)]
    for key, title, number in seen:
        assert key == f"f{number}", "the picture is that of another plane"
        assert title == f"frame {number + 1}/300", "the title is that of another plane"
    face.shows("#statusseen", "300 of 300 planes seen")


def test_keys_pressed_faster_than_pictures_come_are_all_carried_out(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(8)))
    face.plane("frame 1/8")
    _record(face)

    def late(route: Route) -> None:
        face.page.wait_for_timeout(40)
        route.continue_()

    face.page.route("**/plane/**", late)
    face.press("n", "n", "n", "n")
    face.plane("frame 5/8")
    seen = face.page.evaluate("""async () => {
      const end = performance.now() + 5000;  // a plane is told as painted in the frame after its title changed
      while (window.seen.at(-1)?.[0] !== "f4" && performance.now() < end) await new Promise(requestAnimationFrame);
      return window.seen;
    }""")
    keys = [key for key, _, _ in seen]
    assert list(dict.fromkeys(keys)) == ["f1", "f2", "f3", "f4"]
    face.page.unroute_all(behavior="wait")


def test_a_slow_plane_keeps_the_old_number_says_so_and_can_be_left(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(9)), write(tmp_path / "two.dcm", cine(2)))
    face.plane("frame 1/9")
    held: list[Route] = []
    face.page.route("**/plane/*/f8?*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks its handlers
    face.page.evaluate("() => document.getElementById('stripcanvas').focus()")
    face.press("End")
    expect(face.at("#busytext")).to_have_text("Loading frame 9/9…")
    face.plane("frame 1/9")
    assert face.number() == 0
    face.page.evaluate("() => document.getElementById('stage').focus()")
    face.press("Escape")
    face.position("2/2")
    face.plane("frame 1/2")
    expect(face.at("#busy")).to_be_hidden()
    face.press("P")
    face.position("1/2")
    face.shows("#statusseen", "1 of 9 planes seen")  # a plane that never was on the screen does not count
    for route in held:
        route.abort()


def test_a_picture_of_another_plane_is_refused(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)))
    face.plane("frame 1/3")

    def wrong(route: Route) -> None:
        other = route.fetch(url=route.request.url.replace("/f2?", "/f0?"))
        route.fulfill(response=other)

    face.page.route("**/plane/*/f2?*", wrong)
    face.page.reload()
    face.plane("frame 1/3")
    face.press("n", "n")
    face.plane("frame 3/3")
    expect(face.at("#cardtext")).to_contain_text("where")
    expect(face.at("#cardverdict")).to_be_visible()


def test_what_was_painted_is_reported_without_another_key(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.plane("frame 1/4")
    face.press("n")
    face.shows("#statusseen", "2 of 4 planes seen")
    assert face.state()["groups"][0]["seen"] == [[0, 2]]


def test_renderings_change_the_picture_and_not_the_plane(start: StartFace, tmp_path: Path) -> None:
    window = {"WindowCenter": "128", "WindowWidth": "256"}
    face = start(write(tmp_path / "one.dcm", cine(2, extra=window)))
    face.plane("frame 1/2")
    for key, words in [
        ("v", "inverted"),
        ("v", "full range"),
        ("w", "VOI window"),
        ("w", "full range"),
        ("l", "local contrast"),
    ]:
        face.press(key)
        expect(face.at("#statusview")).to_contain_text(words)
        face.plane("frame 1/2")
    face.press("l")
    expect(face.at("#statusview")).to_contain_text("full range")
    face.press("v")
    expect(face.at("#statusview")).to_contain_text("inverted")
    assert face.number() == (1 << 12) - 1, "the inverted picture of plane 0 has all its bands white"


def test_a_foreseen_plane_is_painted_before_the_answer_and_marked_only_after_it(
    start: StartFace, tmp_path: Path
) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.plane("frame 1/4")
    face.page.wait_for_timeout(400)
    asked: list[Route] = []

    def hold_the_first(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    face.page.route("**/do", hold_the_first)
    face.press("n")
    face.plane("frame 2/4")
    assert face.number() == 1, "number and picture are those of the foreseen plane"
    assert len(asked) == 1, "and no answer has come yet"
    face.press("r")
    face.page.wait_for_timeout(100)
    assert len(asked) == 1, "a mark waits until the server has confirmed where it goes"
    asked[0].continue_()
    expect(face.at(".rect")).to_have_count(1)
    marked = face.state()
    assert (marked["plane"]["key"], marked["groups"][0]["marked"]) == ("f1", [1])
    face.shows("#statusseen", "2 of 4 planes seen")
    assert face.state()["groups"][0]["seen"] == [[0, 2]]


def test_a_server_that_went_elsewhere_corrects_what_was_foreseen(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.plane("frame 1/4")
    face.page.wait_for_timeout(400)

    def elsewhere(route: Route) -> None:
        body = json.loads(route.request.post_data or "")
        if body["command"] == "next-frame":
            body = {**body, "command": "go-plane", "args": {"index": 3}}
        route.continue_(post_data=json.dumps(body))

    _record(face)
    face.page.route("**/do", elsewhere)
    face.press("n")
    face.plane("frame 4/4")
    assert face.number() == 3
    painted = face.page.evaluate("() => window.seen")
    assert painted == [["f1", "frame 2/4", 1], ["f3", "frame 4/4", 3]], "never under another's number"
    face.page.wait_for_timeout(600)
    assert face.state()["groups"][0]["seen"] == [[0, 2], [3, 4]], "both were on the screen"


def test_a_foreseen_plane_stays_under_its_own_number_when_the_server_is_lost(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.plane("frame 1/4")
    face.page.wait_for_timeout(400)
    face.watch.allowed += ["ERR_", "Failed to load"]
    face.page.route("**/api/d/**", lambda route: route.abort())
    face.press("n")
    expect(face.at("#lost")).to_be_visible()
    assert (face.at("#planetitle").text_content(), face.number()) == ("frame 2/4", 1)
    face.press("r")
    expect(face.at(".rect")).to_have_count(0)
    face.page.unroute("**/api/d/**")
    expect(face.at("#lost")).to_be_hidden(timeout=20_000)
    face.plane("frame 1/4")
    assert face.number() == 0, "the server is right"


def test_a_plane_that_holds_no_number_says_so_beside_its_title(start: StartFace, tmp_path: Path) -> None:
    cells = np.zeros((2, 32, 32), np.float32)
    cells[0, 4:8] = 1
    cells[1] = np.nan
    path = tmp_path / "float.dcm"
    path.write_bytes(file_bytes(dataset(cells, frames=2)))
    face = start(path)
    face.plane("frame 1/2")
    face.shows("#planenote", "")
    face.press("n")
    face.plane("frame 2/2")
    face.shows("#planenote", "every value of it is NaN (not a number): it is shown black")
    expect(face.at("#spoken")).to_contain_text("NaN")
    face.picture("wholly-nan")
    face.press("p", "w")
    face.shows("#planenote", "the file has no VOI window or table")
    expect(face.at("#statusview")).to_contain_text("full range")
    face.press("w")
    face.shows("#planenote", "")


def test_a_thumbnail_and_a_private_element_come_behind_the_frames(start: StartFace, tmp_path: Path) -> None:
    made = dataset(np.stack([gradient(64, 64)] * 2), frames=2)
    made.private_block(0x0029, "ACME", create=True).add_new(0x10, "OB", bytes(range(256)) * 4)
    frames = [jpeg(gradient(64, 64)), with_thumbnail(gradient(64, 64))]
    face = start(write(tmp_path / "one.dcm", MemoryReference("one", file_bytes(made, JPEG_BASELINE, frames=frames))))
    for title in ("frame 1/2", "frame 2/2", "thumbnail of frame 2"):
        face.plane(title)
        face.press("n")
    face.shows("#cardtext", "1024 bytes (VR OB), in which a picture could hide")
    face.press("p")
    face.plane("thumbnail of frame 2")
    red, green, blue, _ = face.pixel(*face.on_stage(24, 20, 48, 40))
    assert red == green == blue
    assert abs(red - 6 * 20) < 16
    face.picture("thumbnail")
