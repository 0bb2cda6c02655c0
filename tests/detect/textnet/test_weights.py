"""The weights that dcmaudit carries, scored again on held-out pictures and faces, through the product's own classes."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bench"))

from textgen.cases import Case, make_case  # noqa: E402

from dcmaudit.detect.textnet import TextNet  # noqa: E402
from dcmaudit.detect.textnet.boxes import boxes_of  # noqa: E402
from dcmaudit.detect.textnet.network import DESCRIPTION, FOLDER, WEIGHTS  # noqa: E402

FOUND, CLEAN_AREA = 0.97, 0.02
"""What these few cases must give at least, and at most: a little worse than what was measured, see the model card."""


@pytest.fixture(scope="module")
def net() -> TextNet:
    return TextNet(2)


def covered(net: TextNet, case: Case) -> np.ndarray:
    maps = net.maps(case.picture)
    mask = np.zeros(case.picture.shape, bool)
    for box, confidence in boxes_of(maps.ink, maps.region):
        assert 0 < confidence <= 1
        mask[box.top : box.bottom, box.left : box.right] = True
    return mask


def test_strings_of_the_held_out_half_are_found(net: TextNet) -> None:
    found = []
    for number in range(16):
        case = make_case("report", number, edge=512, strings=6)
        mask = covered(net, case)
        found += [mask[one.ink].mean() >= 0.9 for one in case.placed if len(one.string.text) > 2 and one.height >= 7]
    assert len(found) > 50
    assert np.mean(found) >= FOUND


def test_clean_pictures_of_the_held_out_half_stay_clear(net: TextNet) -> None:
    area = [covered(net, make_case("report", number, edge=512, strings=0)).mean() for number in range(10)]
    assert np.mean(area) <= CLEAN_AREA


def test_nothing_is_seen_in_a_flat_picture(net: TextNet) -> None:
    for level in (0, 90, 255):
        maps = net.maps(np.full((96, 128), level, np.uint8))
        assert boxes_of(maps.ink, maps.region) == []


def test_the_description_is_of_these_weights_and_names_no_place() -> None:
    described = json.loads((FOLDER / DESCRIPTION).read_text())
    data = (FOLDER / WEIGHTS).read_bytes()
    assert described["sha256"] == hashlib.sha256(data).hexdigest()
    assert described["command"].startswith(("python -m training train ", "python -m training further "))
    assert "recall" in described["last check"]
    for place in (b"/home/", b"/tmp/", b"/root/", b"/work/", b"site-packages"):
        assert place not in data
