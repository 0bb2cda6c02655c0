"""Seen means that a person could have read it: what was on the stage, how large, and that it is stored."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from dcmaudit.model import HowSeen
from dcmaudit.store import open_store
from support.face import Face, StartFace
from support.files import reference
from support.numbered import cine, overlay, write
from support.reviewer import dump
from support.where import span

_STEP = """() => {
  const names = performance.getEntriesByType("resource").map(({ name }) => name);
  const base = names.find((name) => name.includes("/api/d/")).match(/^.*\\/api\\/d\\/[^/]+/)[0];
  const headers = { "Content-Type": "application/json", "X-Dcmaudit": "1" };
  return fetch(`${base}/do`, { method: "POST", headers, body: JSON.stringify({ command: "next-frame", args: {} }) });
}"""
"""The next plane, as another page of the same document would ask for it: no key is pressed."""


def _large(path: Path, side: int, frames: int = 1) -> Path:
    """A file of square planes with a grid of lines, so that something is to be seen everywhere."""
    cells = np.zeros((frames, side, side), np.uint8)
    cells[:, ::64], cells[:, :, ::64] = 90, 90
    return write(path, reference(cells if frames > 1 else cells[0], frames=frames if frames > 1 else None))


def _seen(face: Face) -> tuple[int, int, int]:
    """How many planes the server has stored as seen, in part, and at a glance."""
    file = face.state()["file"]
    return file["seen"], file["partly"], file["glanced"]


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_plane_counts_as_seen_only_for_the_part_that_was_on_the_stage(
    start: StartFace, tmp_path: Path, ratio: int
) -> None:
    face = start(_large(tmp_path / "in" / "large.dcm", 8000), device_scale_factor=ratio)
    face.plane("frame 1/1")
    face.wait_until(lambda: _seen(face) == (0, 0, 1))
    expect(face.at("#statusview")).to_contain_text("only a glance")
    expect(face.at("#map")).to_be_hidden()
    face.press("1")
    expect(face.at("#map")).to_be_visible()
    face.wait_until(lambda: _seen(face)[:2] == (0, 1))
    part = face.state()["plane"]["map"]
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    share = sum(row.count("1") for row in part) / sum(map(len, part))
    assert 0 < share <= area["width"] * area["height"] * ratio**2 / 8000**2
    face.picture(f"minimap-{ratio}")
    face.press("N")
    asked = face.at("dialog[open]")
    expect(asked).to_contain_text("1 of 1 plane was not seen: 1 only in part.")
    expect(asked).to_contain_text("In part: frame 1/1 (")
    face.picture(f"asked-part-{ratio}")
    face.at("#question-no").click()
    face.press("0")
    expect(face.at("#map")).to_be_hidden()
    assert _seen(face)[0] == 0


@pytest.mark.parametrize(("ratio", "seen"), [(1, 0), (2, 1)])
def test_the_pixels_of_the_screen_count_and_not_those_of_the_page(
    start: StartFace, tmp_path: Path, ratio: int, seen: int
) -> None:
    # Fitted it has about 0.43 pixels of the page for a pixel of the plane.
    face = start(_large(tmp_path / "one.dcm", 1400), device_scale_factor=ratio)
    face.wait_until(lambda: _seen(face) == (seen, 0, 1 - seen))


def _pan(face: Face, dx: int, dy: int) -> None:
    area = face.at("#stage canvas.marks").bounding_box()
    assert area is not None
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    face.page.keyboard.down(" ")
    face.drag((x, y), (x + dx, y + dy), steps=2)
    face.page.keyboard.up(" ")


def test_all_parts_of_a_plane_together_make_it_seen(start: StartFace, tmp_path: Path) -> None:
    face = start(_large(tmp_path / "one.dcm", 1400))
    face.press("1")
    for _ in range(2):
        _pan(face, 350, 260)
    for row in range(5):
        for column in range(4):
            if column:
                _pan(face, -350 if row % 2 == 0 else 350, 0)
            face.page.wait_for_timeout(420)
        assert (_seen(face)[0] == 0) or row >= 3
        _pan(face, 0, -240)
    face.wait_until(lambda: _seen(face)[0] == 1)
    _pan(face, 0, 260)
    expect(face.at("#map figcaption")).to_have_text("all of it seen")


def test_the_next_plane_is_shown_whole_unless_somebody_keeps_the_zoom(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)), write(tmp_path / "two.dcm", cine(2)))
    status, words = face.at("#statusview"), face.at("#words")
    face.plane("frame 1/4")
    for _ in range(4):
        face.press(">")
    expect(status).not_to_contain_text("fit")
    face.press("n")
    face.plane("frame 2/4")
    expect(status).to_contain_text("fit")
    expect(words).to_be_hidden()
    for _ in range(4):
        face.press(">")
    face.press("k")
    expect(words).to_contain_text("Zoom stays at")
    face.press("n")
    face.plane("frame 3/4")
    expect(status).not_to_contain_text("fit")
    face.wait_until(lambda: face.state()["groups"][0]["partly"] == [2])
    assert face.state()["groups"][0]["seen"] == [[0, 2]]
    face.picture("kept-zoom")
    face.press("Escape")
    face.position("2/2")
    expect(status).to_contain_text("fit")
    face.press("k")
    expect(words).to_be_hidden()


def test_views_that_hide_say_so_above_the_stage_and_the_window_is_a_glance(start: StartFace, tmp_path: Path) -> None:
    window = {"WindowCenter": "20", "WindowWidth": "4"}
    face = start(write(tmp_path / "one.dcm", cine(3, extra=window)))
    face.plane("frame 1/3")
    face.shows("#statusseen", "1 of 3 planes seen")
    face.press("w")
    expect(face.at("#words")).to_contain_text("VOI window")
    face.press("n")
    face.plane("frame 2/3")
    face.wait_until(lambda: _seen(face) == (1, 0, 1))
    face.press("-")
    expect(face.at("#words")).to_contain_text("Without redaction")
    face.picture("words")
    face.press("w", "+")
    expect(face.at("#words")).to_be_hidden()
    face.wait_until(lambda: _seen(face)[0] == 2)
    face.press("w", "n")
    face.plane("frame 3/3")
    face.wait_until(lambda: _seen(face) == (2, 0, 1))
    face.press("N")
    expect(face.at("dialog[open]")).to_contain_text("1 of 3 planes was not seen: 1 only in the VOI window.")


def test_a_window_that_cannot_be_applied_hides_nothing(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    face.press("w", "n")
    face.plane("frame 2/2")
    face.shows("#statusseen", "2 of 2 planes seen")
    expect(face.at("#words")).to_be_hidden()


def test_what_lies_under_a_dialog_or_a_menu_was_not_seen(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)))
    face.plane("frame 1/3")
    face.shows("#statusseen", "1 of 3 planes seen")
    face.press("?")
    expect(face.at("dialog[open]")).to_be_visible()
    face.page.evaluate(_STEP)
    face.plane("frame 2/3")
    face.page.wait_for_timeout(1000)
    assert _seen(face) == (1, 0, 0), "the plane came behind the dialog"
    face.press("Escape")
    face.shows("#statusseen", "2 of 3 planes seen")
    face.at("#menubar").get_by_role("menuitem", name="View").click()
    face.page.evaluate(_STEP)
    face.plane("frame 3/3")
    face.page.wait_for_timeout(1000)
    assert _seen(face)[0] == 2, "a part of it is behind the menu"
    face.press("Escape")
    face.shows("#statusseen", "3 of 3 planes seen")


def test_a_tick_fills_when_the_server_has_stored_it(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(9)))
    face.plane("frame 1/9")
    for number in range(2, 6):
        face.press("n")
        face.plane(f"frame {number}/9")
    face.shows("#statusseen", "5 of 9 planes seen")
    face.watch.allowed += ["ERR_CONNECTION", "Failed to load", "ERR_EMPTY"]
    face.reviewer.kill()
    with open_store(face.reviewer.db, user="anna", read_only=True) as store:
        (record,) = store.seen(str(tmp_path / "one.dcm"))
    assert (record.how, record.spans) == (HowSeen.SEEN, (span("f", 0, 5),)), "what was shown as seen outlives kill -9"
    face.press("n")
    face.page.wait_for_timeout(600)
    expect(face.at("#statusseen")).to_have_text("5 of 9 planes seen")
    again = start(tmp_path / "one.dcm", db=face.reviewer.db)
    again.shows("#statusseen", "5 of 9 planes seen")


def test_reloading_the_page_loses_nothing(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(6)))
    face.plane("frame 1/6")
    face.press("n")
    face.plane("frame 2/6")
    face.press("n")
    face.plane("frame 3/6")
    face.page.reload()
    face.plane("frame 3/6")
    face.shows("#statusseen", "3 of 6 planes seen")


def test_a_reload_comes_back_to_file_plane_view_zoom_and_rectangle(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)), write(tmp_path / "two.dcm", cine(5)))
    face.press("Escape")
    face.position("2/2")
    face.press("n")
    face.plane("frame 2/5")
    face.press("v")
    expect(face.at("#statusview")).to_contain_text("inverted")
    face.press(">", ">", ">", "ArrowRight", "ArrowDown")
    face.page.wait_for_timeout(900)
    before = face.state()
    zoom = face.at("#statusview").inner_text()
    assert "fit" not in zoom and "inverted" in zoom
    face.page.reload()
    face.position("2/2")
    face.plane("frame 2/5")
    expect(face.at("#statusview")).to_have_text(zoom)
    after = face.state()
    assert [after[part] for part in ("handled", "view", "plane")] == [
        before[part] for part in ("handled", "view", "plane")
    ]
    copy = Face(face.page.context.new_page(), face.reviewer)
    copy.page.goto(face.page.url)
    copy.position("1/2")
    face.press("n")
    face.plane("frame 3/5")
    copy.plane("frame 1/2")  # a tab of its own


def _hold(face: Face, key: str, times: int = 40) -> None:
    """Hold a key down: one press, then repeats, as a keyboard sends them."""
    script = """async ([key, times]) => {
      for (let i = 0; i < times; i += 1) {
        const target = document.querySelector("dialog[open]") ?? document.getElementById("stage");
        const how = { key, code: `Key${key.toUpperCase()}`, shiftKey: key !== key.toLowerCase(), repeat: i > 0 };
        target.dispatchEvent(new KeyboardEvent("keydown", { ...how, bubbles: true, cancelable: true }));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }"""
    face.page.evaluate(script, [key, times])


def test_held_keys_write_once(start: StartFace, tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / "in" / f"{number:02}.dcm", cine(1))
    face = start(tmp_path / "in")
    face.position("1/20")
    face.shows("#statusseen", "1 of 1 plane seen")
    _hold(face, "N")
    face.position("2/20")
    assert len(dump(face.reviewer.db)["tags"]) == 1, "one file is done, and not twenty"
    face.shows("#statusseen", "1 of 1 plane seen")
    for key in ("r", "t"):
        _hold(face, key, 12)
    found = dump(face.reviewer.db)
    assert (len(found["rects"]), len(found["tags"])) == (1, 2)
    assert found["tags"][1]["mark"] is True, "a held t does not take the tag away again"
    _hold(face, "Z", 12)
    assert len(dump(face.reviewer.db)["rects"]) == 0
    face.press("Control+z")
    expect(face.at(".rect")).to_have_count(1)


def test_a_held_f_skips_one_group(start: StartFace, tmp_path: Path) -> None:
    layers = [overlay(0x6000, 2, 100), overlay(0x6002, 2, 200)]
    face = start(write(tmp_path / "one.dcm", cine(4, overlays=layers)))
    face.plane("frame 1/4")
    _hold(face, "f", 12)
    face.plane("overlay 6000 frame 1/2")
    face.wait_until(lambda: face.state()["groups"][0]["skipped"] == [[1, 4]])
    assert face.state()["groups"][1]["skipped"] == []


def test_undo_survives_a_reload_and_a_restart(start: StartFace, tmp_path: Path) -> None:
    name = write(tmp_path / "one.dcm", cine(2))
    face = start(name)
    face.plane("frame 1/2")
    face.press("r")
    expect(face.at(".rect")).to_have_count(1)
    face.press("t")
    expect(face.at("#tagged")).to_be_visible()
    before = dump(face.reviewer.db)
    face.press("Z")
    expect(face.at(".rect")).to_have_count(0)
    face.page.reload()
    face.plane("frame 1/2")
    expect(face.at(".rect")).to_have_count(0)
    face.press("Control+z")
    expect(face.at(".rect")).to_have_count(1)
    expect(face.at("#tagged")).to_be_visible()
    assert dump(face.reviewer.db) == before
    face.press("Z")
    expect(face.at(".rect")).to_have_count(0)
    face.watch.allowed += ["ERR_CONNECTION", "Failed to load", "ERR_EMPTY"]
    face.reviewer.kill()
    again = start(name, db=face.reviewer.db)
    again.plane("frame 1/2")
    expect(again.at(".rect")).to_have_count(0)
    again.press("Control+z")
    expect(again.at(".rect")).to_have_count(1)
    assert dump(face.reviewer.db) == before


def test_a_tag_and_a_comment_say_that_they_mean_done_and_what_was_not_seen(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(5)), write(tmp_path / "two.dcm", cine(5)))
    face.plane("frame 1/5")
    face.shows("#statusseen", "1 of 5 planes seen")
    face.press("t")
    told = "Tagged for another look. The file counts as done now. 4 of 5 planes were not seen. The database notes that."
    face.shows("#messagetext", told)
    face.press("Escape")
    face.position("2/2")
    face.shows("#statusseen", "1 of 5 planes seen")
    face.press("c")
    expect(face.at("#comment-lacking")).to_have_text("4 of 5 planes were not seen; the database notes that.")
    face.picture("comment-lacking")
    face.page.keyboard.type("look")
    face.press("Enter")
    expect(face.at("#messagetext")).to_contain_text("The comment is stored. The file counts as done now. 4 of 5 planes")
    with open_store(face.reviewer.db, user="x", read_only=True) as store:
        assert [(record.looked.planes, record.looked.seen) for record in store.done_records()] == [(5, 1), (5, 1)]


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dcmaudit", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_officer_who_trusts_the_screen_learns_of_the_corner_that_nobody_looked_at(
    start: StartFace, tmp_path: Path
) -> None:
    """From the first key to the released file: a name that only shows in a corner of a large plane."""
    name = _large(tmp_path / "in" / "large.dcm", 3000)
    face = start(name)
    face.plane("frame 1/1")
    face.wait_until(lambda: _seen(face) == (0, 0, 1))
    face.press("1")
    face.press("r")
    expect(face.at(".rect")).to_have_count(1)
    face.wait_until(lambda: _seen(face)[1] == 1)
    face.press("N")
    asked = face.at("dialog[open]")
    expect(asked).to_contain_text("1 of 1 plane was not seen: 1 only in part.")
    face.at("#question-yes").click()
    expect(asked).to_be_hidden()
    expect(face.at("#messagetext")).to_contain_text("The database notes that")
    face.watch.allowed += ["ERR_CONNECTION", "Failed to load", "ERR_EMPTY"]
    face.reviewer.stop()
    told = _run("db", "info", "--db", face.reviewer.db).stdout
    assert "not all seen:      1 of these files" in told
    listed = _run("db", "unseen", "--db", face.reviewer.db).stdout
    assert "1 of 1 plane not seen, 1 of them in part" in listed and "done by anna" in listed
    out = tmp_path / "out"
    done = _run("redact", name, "--from-db", "--db", face.reviewer.db, "-o", out)
    assert "anna marked it as done with 1 of 1 plane not seen (1 only in part)" in done.stderr, done.stderr
    copied = _run("redact", name, "--copy-clean", "--deid", "--db", face.reviewer.db, "-o", tmp_path / "copies")
    assert copied.returncode != 0 and not list((tmp_path / "copies").glob("*.dcm")), copied.stderr
