"""The page of a reviewer who works for a release: kept text is outlined and seen, the rest is black."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from dcmaudit.cli import main
from support.face import Face, StartFace
from support.house import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.add("a.dcm", ("120 kVp", 20, 60), ("MEYER HANS", 20, 120))
    house.policy.write_text('eyes = "all"\n')
    assert main(["ocr", str(house.inputs), "--db", str(house.db), "-j", "1", "-q"]) == 0
    return house


def bright(face: Face, row: str) -> float:
    """How much of a rectangle, named by the text of its row, is bright on the screen."""
    face.page.wait_for_timeout(100)
    box = face.page.evaluate(
        """(text) => {
          const row = [...document.querySelectorAll("#rects > *")].find((one) => one.textContent.includes(text));
          const label = row.querySelector(".rect-jump").getAttribute("aria-label");
          return label.match(/At (\\d+), (\\d+), (\\d+) by (\\d+)/).slice(1).map(Number);
        }""",
        row,
    )
    left, top, width, height = box
    canvas = face.page.evaluate(
        """() => { const { width, height } = document.querySelector("canvas.picture"); return [width, height]; }"""
    )
    data = face.at("#stage canvas.picture").screenshot()
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(float)
    scale = min(canvas[0] / 400, canvas[1] / 160)
    x, y = (canvas[0] - 400 * scale) / 2, (canvas[1] - 160 * scale) / 2
    part = picture[
        int(y + (top + 2) * scale) : int(y + (top + height - 2) * scale),
        int(x + (left + 2) * scale) : int(x + (left + width - 2) * scale),
    ]
    return float((part > 150).mean())


def test_kept_text_is_outlined_and_the_rest_is_black(start: StartFace, house: House) -> None:
    face = start(house.inputs, db=house.db, options=("--policy", str(house.policy)))
    expect(face.at("#legend")).to_contain_text("kept by the policy")
    row = face.page.locator("#rects > *", has_text="120 kVp")
    expect(row).to_contain_text("kept by the policy")
    assert "a release leaves this measurement or setting to be seen" in (
        row.locator(".rect-jump").get_attribute("aria-label") or ""
    )
    assert bright(face, "120 kVp") > 0.05
    assert bright(face, "MEYER HANS") < 0.02


def test_without_a_policy_all_that_is_stored_is_black(start: StartFace, house: House) -> None:
    face = start(house.inputs, db=house.db)
    expect(face.at("#legend")).to_contain_text("OCR")
    expect(face.at("#legend")).not_to_contain_text("kept by the policy")
    assert bright(face, "120 kVp") < 0.02
