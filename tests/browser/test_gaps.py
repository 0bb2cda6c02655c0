"""A file of which a part cannot be audited has a shape of its own in the list, also after N, and a filter."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from support.face import StartFace
from support.files import JPEG_BASELINE, MemoryReference, dataset, encode, file_bytes
from support.numbered import cine, numbered, write


def test_the_sign_comes_stays_after_n_and_is_filtered_by(start: StartFace, tmp_path: Path) -> None:
    streams = [encode(numbered(number), JPEG_BASELINE) for number in range(2)]
    streams[1] = b"\xff\xd8\xff\xe0" + b"\0" * 200
    data = file_bytes(dataset(np.stack([numbered(0)] * 2), frames=2), JPEG_BASELINE, frames=streams)
    broken = write(tmp_path / "a.dcm", MemoryReference("a.dcm", data))
    face = start(broken, write(tmp_path / "b.dcm", cine(1)), write(tmp_path / "c.dcm", cine(1)), "--review")
    face.watch.allowed.append("Failed to load resource")
    first = face.at(".row").nth(0)
    face.plane("frame 1/2")
    face.press("n")
    expect(face.at("#card")).to_be_visible()
    face.press("Escape")
    expect(first).to_have_attribute("data-state", "not audited")
    expect(first).to_have_attribute("aria-label", re.compile("^1 .*a.dcm, not reviewed, not wholly audited$"))
    face.press("P", "n", "N")
    face.at("#question-yes").click()
    face.position("2/3")
    expect(first).to_have_attribute("data-state", "done not audited")
    expect(first).to_have_attribute(
        "title", f"{broken}\ndone by anna, not wholly audited\n1 part of it could not be shown"
    )
    assert first.locator("use").get_attribute("href") == "#sign-done-not-audited"
    face.picture("gaps")
    face.at("#liststatus").select_option("not wholly audited")
    expect(face.at(".row")).to_have_count(1)
    expect(first).to_contain_text("a.dcm")
    face.picture("gaps-filtered")


def test_a_tile_that_cannot_be_made_says_so_and_the_console_has_no_error(start: StartFace, tmp_path: Path) -> None:
    streams = [encode(numbered(number), JPEG_BASELINE) for number in range(3)]
    streams[1] = b"\xff\xd8\xff\xe0" + b"\0" * 200
    data = file_bytes(dataset(np.stack([numbered(0)] * 3), frames=3), JPEG_BASELINE, frames=streams)
    face = start(write(tmp_path / "a.dcm", MemoryReference("a.dcm", data)))
    face.plane("frame 1/3")
    face.press("g")
    tile = face.at(".tile").nth(1)
    expect(tile.locator("use[href='#sign-no-image']")).to_be_visible()
    expect(tile).to_contain_text("cannot be shown")
    expect(face.at(".tile").nth(2).locator("img")).to_be_visible()
    assert not [text for text in face.watch.complaints if "Failed to load" in text]
    face.picture("tile-without-picture")
