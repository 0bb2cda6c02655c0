"""A scanned form: what the key o proposes for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from support.face import StartFace
from support.files import dataset, file_bytes
from support.lettering import lettered
from support.reviewer import dump

LINES = ("Surname  Wintergreen", "Forename  Isolde", "Date of birth  23/09/1957", "Address  4 Kelp Street",
         "Telephone  0131 496 0018", "Ward  7B   Consultant  Okonkwo", "Allergies  none known",
         "Referred for chest radiograph")  # fmt: skip


def form(folder: Path) -> Path:
    """A page of 700 x 900 pixels, black on paper, with lines from top to bottom."""
    strings = [(LINES[n % len(LINES)], 40 + 30 * (n % 2), 60 + 52 * n) for n in range(16)]
    strings += [(f"No {n}", 540, 60 + 104 * n) for n in range(8)]
    picture = lettered((900, 700), strings, ground=230, ink=20)
    path = folder / "form.dcm"
    path.write_bytes(file_bytes(dataset(np.ascontiguousarray(picture))))
    return path


@pytest.mark.slow
def test_a_scanned_form_is_proposed_as_one_rectangle_over_all_of_it(start: StartFace, tmp_path: Path) -> None:
    face = start(form(tmp_path))
    face.press("o")
    whole = face.at(".rect").filter(has_text="a scanned form")
    expect(whole).to_have_count(1, timeout=120_000)
    expect(whole).to_contain_text("700 × 900")
    expect(face.at("body")).to_contain_text("one rectangle over all of it is proposed")
    face.picture("form")
    assert dump(face.reviewer.db)["rects"] == []  # a proposal, until somebody takes it
    whole.get_by_role("button", name="Apply").click()
    expect(face.at(".rect").filter(has_text="700 × 900")).not_to_contain_text("Apply")
    (row,) = dump(face.reviewer.db)["rects"]
    assert [row[name] for name in ("left", "top", "right", "bottom", "frame", "overlay")] == [0, 0, 699, 899, 0, -1]
