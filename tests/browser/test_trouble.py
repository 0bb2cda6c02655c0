"""What cannot be shown is said where it would have been; a lost server is noticed; nothing leaves this machine."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from dcmaudit.model import Box, FrameAddress
from dcmaudit.store import NewRect, OcrEngine, open_store
from support.corpus import corpus
from support.face import Face, StartFace
from support.files import JPEG_BASELINE, MemoryReference, dataset, encode, file_bytes
from support.numbered import cine, numbered, write
from support.reviewer import Reviewer, dump

STRANGER = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Hello</h1>")
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


def test_broken_files_have_a_card_and_the_list_goes_on(start: StartFace, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"")
    (tmp_path / "b.dcm").write_bytes(cine(3).data[:-3000])
    (tmp_path / "c.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 300)
    (tmp_path / "d.txt").write_text("no image")
    write(tmp_path / "e.dcm", cine(1))
    face = start(*(tmp_path / name for name in ("a.dcm", "b.dcm", "c.dcm", "d.txt", "e.dcm")))
    face.watch.allowed.append("Failed to load resource")
    expect(face.at("#position")).to_have_text(re.compile(r"^1/\d$"))
    total = face.state()["worklist"]["total"]
    cards = 0
    for place in range(1, total + 1):
        face.position(f"{place}/{total}")
        face.page.wait_for_timeout(150)
        for _ in range(face.state()["file"]["planes"]):
            face.page.wait_for_timeout(100)
            if face.at("#card").is_visible():
                cards += 1
                expect(face.at("#cardtext")).not_to_be_empty()
                expect(face.at("#cardverdict")).to_contain_text("not audited")
                face.picture(f"card-{cards}")
            face.press("n")
        if place < total:
            face.press("Escape")
    assert cards >= 1, "the truncated frame must have a card"
    state = face.state()["worklist"]
    told = state["passed_over"] + state["problem_count"] + total
    assert told >= 5, "every input is either in the list or told"


def test_the_name_of_a_file_that_is_gone_is_written_as_it_is(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / "in" / f"us{number}.dcm", cine(1)) for number in (1, 2, 3)]
    face = start(*names)
    face.watch.allowed.append("Failed to load resource")
    face.plane("frame 1/1")
    # The next file may be open already.
    names[2].unlink()
    face.press("Escape")
    face.position("2/3")
    face.press("Escape")
    expect(face.at("#cardtext")).to_contain_text("us3.dcm: ")
    assert face.at("#cardtext").inner_text().startswith(f"{face.at('#filename').inner_text()}: ")


def test_a_mark_that_waits_for_the_database_is_not_said_to_be_saved(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.plane("frame 1/2")
    face.shows("#statussaved", "saved")
    with closing(sqlite3.connect(tmp_path / "db" / "dcmaudit.sqlite.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        face.press("r")
        face.shows("#statussaved", "saving…")
        expect(face.at("#busytext")).to_have_text("Working…")
        other.execute("ROLLBACK")
    face.shows("#statussaved", "saved")
    face.wait_until(lambda: len(face.state()["rects"]) == 1)


def test_a_plane_that_fails_is_not_counted_as_seen(start: StartFace, tmp_path: Path) -> None:
    streams = [encode(numbered(number), JPEG_BASELINE) for number in range(3)]
    streams[1] = b"\xff\xd8\xff\xe0" + b"\0" * 200
    cells = np.stack([numbered(0)] * 3)
    data = file_bytes(dataset(cells, frames=3), JPEG_BASELINE, frames=streams)
    face = start(write(tmp_path / "one.dcm", MemoryReference("one.dcm", data)))
    face.watch.allowed.append("Failed to load resource")
    face.plane("frame 1/3")
    face.press("n")
    face.plane("frame 2/3")
    expect(face.at("#card")).to_be_visible()
    expect(face.at("#cardtitle")).to_have_text("Frame 2/3 cannot be shown")
    face.picture("card-frame")
    face.press("n")
    face.plane("frame 3/3")
    expect(face.at("#card")).to_be_hidden()
    face.shows("#statusseen", "2 of 3 planes seen")
    face.press("N")
    expect(face.at("#question-text")).not_to_be_empty()


def test_a_lost_server_is_told_and_no_mark_is_taken(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.plane("frame 1/2")
    face.reviewer.kill()
    expect(face.at("#lost")).to_be_visible(timeout=15_000)
    expect(face.at("#lost")).to_contain_text("does not answer")
    face.picture("lost")
    expect(face.at("#markbutton")).to_be_disabled()
    face.press("r", "n")
    face.page.wait_for_timeout(300)
    face.plane("frame 1/2")
    expect(face.at("#rects .rect")).to_have_count(0)
    assert dump(face.reviewer.db)["rects"] == []


def test_a_server_that_is_started_again_on_the_port_is_found_again(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(2))
    face = start(path)
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.plane("frame 1/2")
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    port, former = face.reviewer.port, face.page.evaluate("() => sessionStorage.document")
    face.reviewer.kill()
    expect(face.at("#lost")).to_contain_text("does not answer", timeout=15_000)
    again = Reviewer([path], face.reviewer.db, "--port", str(port))
    try:
        expect(face.at("#lost")).to_contain_text("Open the address that it printed", timeout=15_000)
        face.press("r", "n")
        face.plane("frame 1/2")
        expect(face.at("#markbutton")).to_be_disabled()
        face.picture("started-again")
        assert face.page.evaluate("() => fetch('/api/commands').then((answer) => answer.status)") == 403
        other = Face(face.page.context.new_page(), again).open()
        expect(face.at("#lost")).to_be_hidden(timeout=15_000)
        expect(face.at("body")).to_have_attribute("data-ready", "yes", timeout=15_000)
        assert face.page.evaluate("() => sessionStorage.document") != former
        face.page.bring_to_front()
        face.plane("frame 1/2")
        expect(face.at("#rects .rect")).to_have_count(1)
        face.press("n")
        face.plane("frame 2/2")
        other.watch.check()
    finally:
        again.stop()
    assert len(dump(face.reviewer.db)["rects"]) == 1


def test_what_is_being_typed_outlives_the_start_of_another_server(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(1))
    face = start(path)
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.plane("frame 1/1")
    face.press("c")
    face.page.keyboard.type("half a comm")
    face.reviewer.kill()
    again = Reviewer([path], face.reviewer.db, "--port", str(face.reviewer.port))
    try:
        Face(face.page.context.new_page(), again).open()
        expect(face.at("#lost")).to_contain_text("once the open dialog is closed", timeout=20_000)
        expect(face.at("#comment-text")).to_have_value("half a comm")
        face.page.bring_to_front()
        face.press("Escape")
        expect(face.at("#lost")).to_be_hidden(timeout=15_000)
    finally:
        again.stop()


def test_another_program_on_the_port_is_not_taken_for_the_server(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(2)))
    face.watch.allowed += ["Failed to load resource", "ERR_"]
    face.plane("frame 1/2")
    face.reviewer.kill()
    expect(face.at("#lost")).to_contain_text("does not answer", timeout=15_000)
    page = [sys.executable, "-c", STRANGER, str(face.reviewer.port)]
    with subprocess.Popen(page) as stranger:
        expect(face.at("#lost")).to_contain_text("Another program answers", timeout=15_000)
        stranger.kill()
    expect(face.at("#lost")).to_contain_text("does not answer", timeout=15_000)


def test_a_file_that_another_reviewer_finished_leaves_the_list(start: StartFace, tmp_path: Path) -> None:
    names = [write(tmp_path / f"{name}.dcm", cine(1)) for name in ("a", "b", "c")]
    face = start(*names)
    face.position("1/3")
    other = start(*names, user="berta")
    other.press("Escape")
    other.position("2/3")
    other.plane("frame 1/1")
    other.shows("#statusseen", "1 of 1 plane seen")
    other.press("N")
    other.position("3/3")
    face.page.bring_to_front()
    face.position("1/2")
    expect(face.at("#list .row")).to_have_count(2, timeout=20_000)
    face.press("Escape")
    face.position("2/2")
    assert face.state()["file"]["name"] == str(names[2])
    late = start(*names, options=("--review",), user="carla")
    row = late.at("#list .row").nth(1)
    expect(row).to_have_attribute("title", re.compile("done by berta"))
    late.press("Escape")
    late.position("2/3")
    late.at("#tab-file").click()
    expect(late.at("#page-file")).to_contain_text("done by berta")
    late.picture("done-by")


def test_two_tabs_go_their_own_ways_over_the_same_marks(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    other = Face(face.page.context.new_page(), face.reviewer).open(face.reviewer.origin + "/")
    face.press("n", "n")
    face.plane("frame 3/4")
    other.plane("frame 1/4")
    face.press("p", "p")
    face.plane("frame 1/4")
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    other.page.bring_to_front()
    expect(other.at("#rects .rect")).to_have_count(1)
    other.watch.check()


def test_nothing_is_asked_of_any_other_host(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(3)))
    face.press("n", "g", "g", "i", "Escape", "?", "Escape", "j")
    face.page.wait_for_timeout(500)
    assert face.watch.requests
    hosts = {url.split("/")[2] for url in face.watch.requests if url.startswith("http")}
    assert hosts == {f"127.0.0.1:{face.reviewer.port}"}
    stored = face.page.evaluate("() => [document.cookie, JSON.stringify(localStorage)]")
    assert stored == ["", "{}"], "the page keeps nothing of the images"
    tab = face.page.evaluate("() => ({ ...sessionStorage })")
    assert set(tab) <= {"document", "place"}, "what a reload needs, for as long as the tab is open"
    kept = {"plane", "mark", "opened", "mode", "scale", "x", "y", "kept", "orientation"}
    assert set(json.loads(tab.get("place", "{}"))) <= kept
    assert "one.dcm" not in str(tab)


def test_the_page_obeys_its_own_policy(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(1)))
    face.watch.allowed += ["Trusted", "TrustedHTML", "Content Security Policy", "violates"]
    refused = face.page.evaluate("""() => {
      try { document.createElement("div").innerHTML = "<b>x</b>"; return false; } catch { return true; }
    }""")
    assert refused, "HTML strings must be impossible"
    assert not face.page.evaluate("""async () => {
      const script = document.createElement("img");
      const loaded = new Promise((resolve) => {
        script.onload = () => resolve(true);
        script.onerror = () => resolve(false);
      });
      script.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
      return loaded;
    }"""), "pictures come from the server alone"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_fits_at_1280_by_720(start: StartFace, tmp_path: Path, theme: str) -> None:
    names = [entry.path for entry in corpus() if entry.name.endswith("examples_overlay.dcm")][:1]
    names += [write(tmp_path / f"study/series/{'long' * 30}.dcm", cine(30))]
    face = start(*names)
    face.position("1/2")
    if theme == "light":
        face.at("#theme").click()
    face.press("r", "c")
    face.page.keyboard.type(
        "a comment that is rather long and goes on for a while, as comments do, until there is no room left for it"
    )
    face.press("Enter")
    expect(face.at("#commentline")).not_to_be_empty()
    for place, selector in enumerate(["#workspace", "#strip", ".status"]):
        area = face.at(selector).bounding_box()
        if area is None and selector == "#strip":
            continue
        assert area is not None, place
        assert area["x"] >= 0
        assert area["x"] + area["width"] <= 1280
        assert area["y"] + area["height"] <= 720
    face.picture(f"fits-{theme}")
    face.press("Escape")
    face.position("2/2")
    face.picture(f"fits-{theme}-2")
    overflow = face.page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert overflow == [1280, 720]
    for name in ("File", "Options", "Mark", "Go", "View", "Help"):
        face.at("#menubar").get_by_role("menuitem", name=name, exact=True).click()
        area = face.at(f"[role=menu][aria-label={name}]").bounding_box()
        assert area is not None
        assert area["y"] + area["height"] <= 720
        face.press("Escape")


def test_everything_has_a_name_and_a_visible_focus(start: StartFace, tmp_path: Path) -> None:
    face = start(write(tmp_path / "one.dcm", cine(4)))
    face.press("r")
    expect(face.at("#rects .rect")).to_have_count(1)
    nameless = face.page.evaluate("""() => [
      ...document.querySelectorAll("button, input, select, textarea, [role=slider], [role=listbox]")]
      .filter((node) => !node.getAttribute("aria-label") && !node.textContent.trim() && !node.labels?.length)
      .map((node) => node.outerHTML.slice(0, 80))""")
    assert nameless == []
    seen = []
    for _ in range(24):
        face.press("Tab")
        style = face.page.evaluate("""() => {
          const node = document.activeElement;
          const { outlineStyle, outlineWidth } = getComputedStyle(node);
          return [node.id || node.textContent.trim(), outlineStyle, parseFloat(outlineWidth), node === document.body];
        }""")
        if style[3]:
            continue
        seen.append(style[0])
        assert style[1] != "none", style
        assert style[2] >= 1, style
    assert {"stage", "list", "listtext", "stripcanvas", "tab-plane", "markbutton", "theme"} <= set(seen)


def test_a_file_that_changes_on_disk_is_told_and_read_again(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(5))
    face = start(path)
    face.plane("frame 1/5")
    face.press("n")
    face.plane("frame 2/5")
    expect(face.at("#changed")).to_be_hidden()
    write(path, cine(3))
    face.watch.allowed.append("409")
    face.press("r")
    expect(face.at("#messagetext")).to_contain_text("changed after it was opened")
    expect(face.at("#changed")).to_be_visible()
    face.picture("changed")
    face.at("#changed").get_by_role("button", name="Read again").click()
    face.plane("frame 2/3")
    expect(face.at("#changed")).to_be_hidden()
    assert face.number() == 1
    face.shows("#statusseen", "1 of 3 planes seen")


def test_findings_of_another_program_appear_while_the_reviewer_works(start: StartFace, tmp_path: Path) -> None:
    path = write(tmp_path / "one.dcm", cine(2))
    face = start(path)
    face.plane("frame 1/2")
    with open_store(tmp_path / "db", user="batch") as store:
        store.add_rects(str(path), [NewRect(Box(2, 3, 30, 12), FrameAddress(0), engine=OcrEngine.LINES, text="X")])
    expect(face.at("#rects .rect-what")).to_have_text("OCR", timeout=20_000)
    expect(face.at("#messagetext")).to_contain_text("came in from elsewhere")
    face.plane("frame 1/2")


def test_what_could_not_be_read_and_what_was_not_opened_is_named_to_the_keyboard(
    start: StartFace, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write(folder / "one.dcm", cine(1))
    for number in range(60):
        (folder / f"broken{number:02}.dcm").write_bytes(b"no image")
    (folder / "images.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    (folder / "below").mkdir()
    face = start(folder)
    face.plane("frame 1/1")
    told = face.at("#listproblems")
    expect(told.locator("summary")).to_contain_text("60 problems")
    told.locator("summary").focus()
    face.page.keyboard.press("Enter")
    expect(told.locator("li", has_text="broken00.dcm")).to_be_visible()
    expect(told.locator("li", has_text="10 more problems")).to_have_count(1)
    expect(told.locator("li", has_text="images.zip")).to_have_count(1)
    expect(told.locator("li", has_text="below")).to_have_count(1)
