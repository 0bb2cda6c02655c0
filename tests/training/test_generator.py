"""What the text detector is trained with: always the same for a seed, and nothing of the held-out half in it."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from textgen.backgrounds import FILES  # noqa: E402
from textgen.crops import Crop, Maker  # noqa: E402
from textgen.grounds import EDGE  # noqa: E402
from textgen.pictures import REPORT, described, half_of, shots  # noqa: E402

from dcmaudit.detect.textnet.boxes import boxes_of  # noqa: E402
from textgen import fonts, masks  # noqa: E402


@pytest.fixture(scope="module")
def crops() -> list[Crop]:
    made = Maker(3, shots("tune", with_text=True), masks.families(3, 12))
    return [made.crop(number) for number in range(40)]


def test_a_piece_depends_on_seed_and_number_alone(crops: list[Crop]) -> None:
    again = Maker(3, shots("tune", with_text=True), masks.families(3, 12))
    for number in (31, 2, 17, *range(40)):
        other = again.crop(number)
        assert (other.picture == crops[number].picture).all()
        assert (other.ink == crops[number].ink).all()
        assert (other.region == crops[number].region).all()
    assert (Maker(4, shots("tune", with_text=True), masks.families(3, 12)).crop(2).picture != crops[2].picture).any()


def test_boxes_from_perfect_maps_hold_the_ink_of_every_string(crops: list[Crop]) -> None:
    strings = 0
    for crop in crops:
        covered = np.zeros((EDGE, EDGE), bool)
        for box, _ in boxes_of(crop.ink.astype(np.float32) * 0.9, crop.region.astype(np.float32) * 0.9):
            covered[box.top : box.bottom, box.left : box.right] = True
        for where, *_ in crop.strings:
            strings += 1
            assert covered.ravel()[where].mean() >= 0.9
    assert strings > 60


def test_ink_is_where_something_was_drawn(crops: list[Crop]) -> None:
    drawn = [crop for crop in crops if crop.strings]
    empty = [crop for crop in crops if not crop.strings]
    assert drawn
    assert empty
    assert all(crop.ink.any() and crop.region.any() for crop in drawn)
    assert not any(crop.ink.any() for crop in empty if crop.counted.all())


def test_no_font_of_the_held_out_half_is_trained_with() -> None:
    held_out = {face.name for face in fonts.faces("report")}
    assert not held_out & {face.name for face in fonts.faces("tune")}
    for name in (*masks.TRUETYPE, *(word for words, _ in masks.SCRIPTS.values() for word in words.split())):
        assert not any(word in name for word in fonts.HELD_OUT), name
    assert "courB08" not in masks._files()


def test_no_picture_of_the_held_out_half_is_trained_with() -> None:
    groups = {shot.group for shot in shots("tune", with_text=True)}
    assert groups
    assert not groups & REPORT
    for half, files in FILES.items():
        for source, _ in files.values():
            assert not source or half_of(described()[source]["group"]) == half, source


def test_no_picture_of_one_half_looks_like_one_of_the_other() -> None:
    ours = [(shot.file, _small(shot.picture)) for shot in shots("tune", with_text=True)]
    theirs = [(shot.file, _small(shot.picture)) for shot in shots("report", with_text=True)]
    for name, one in ours:
        for other_name, other in theirs:
            assert float((one * other).mean()) < 0.97, (name, other_name)


def _small(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The picture in 24 x 24 cells, of mean 0 and deviation 1: their product is how much two pictures agree."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    cells = cv2.resize(grey, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float64)
    return np.asarray((cells - cells.mean()) / (cells.std() + 1e-6))
