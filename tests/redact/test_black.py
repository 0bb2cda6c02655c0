"""Black, and painting it."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.errors import RedactionError
from dcmaudit.model.geometry import Box
from dcmaudit.redact import PixelMeaning, black_level, blacken


@pytest.mark.parametrize(
    ("meaning", "shape", "black"),
    [
        (PixelMeaning("MONOCHROME2", 12), (2, 2), (0,)),
        (PixelMeaning("MONOCHROME2", 12, signed=True), (2, 2), (-2048,)),
        (PixelMeaning("MONOCHROME1", 10), (2, 2), (1023,)),
        (PixelMeaning("MONOCHROME1", 16, signed=True), (2, 2), (32767,)),
        (PixelMeaning("MONOCHROME2", 8, inverted=True), (2, 2), (255,)),
        (PixelMeaning("MONOCHROME1", 8, inverted=True), (2, 2), (0,)),
        (PixelMeaning("MONOCHROME2", 1), (2, 2), (0,)),
        (PixelMeaning("MONOCHROME2", 32), (2, 2), (0,)),
        (PixelMeaning("RGB", 16), (2, 2, 3), (0, 0, 0)),
        (PixelMeaning("YBR_ICT", 8), (2, 2, 3), (0, 0, 0)),
        (PixelMeaning("YBR_FULL", 8), (2, 2, 3), (0, 128, 128)),
        (PixelMeaning("YBR_FULL_422", 12), (2, 2, 3), (0, 2048, 2048)),
        (PixelMeaning("YBR_PARTIAL_422", 8), (2, 2, 3), (16, 128, 128)),
        (PixelMeaning("PALETTE COLOR", 8, darkest_index=7), (2, 2), (7,)),
        (PixelMeaning("BITS", 1), (2, 2), (0,)),
    ],
)
def test_black_is_what_renders_black(
    meaning: PixelMeaning, shape: tuple[int, ...], black: tuple[int | float, ...]
) -> None:
    assert black_level(meaning, np.zeros(shape, np.int64)) == black


def test_black_of_float_data_is_the_smallest_finite_value_there_is() -> None:
    array = np.array([[0.5, -3.25], [np.nan, -np.inf]], np.float32)
    assert black_level(PixelMeaning("MONOCHROME2", 32), array) == (-3.25,)
    assert black_level(PixelMeaning("MONOCHROME1", 32), array) == (0.5,)
    assert black_level(PixelMeaning("MONOCHROME2", 32), np.full((2, 2), np.nan)) == (0.0,)


@pytest.mark.parametrize("photometric", ["ARGB", "CMYK", ""])
def test_an_unknown_black_is_refused(photometric: str) -> None:
    with pytest.raises(RedactionError, match="not known"):
        black_level(PixelMeaning(photometric, 8), np.zeros((2, 2, 4)))


def test_a_palette_without_a_darkest_entry_is_refused() -> None:
    with pytest.raises(RedactionError, match="palette"):
        black_level(PixelMeaning("PALETTE COLOR", 8), np.zeros((2, 2)))


@pytest.mark.parametrize("samples", [None, 3])
def test_exactly_the_pixels_of_the_boxes_change(samples: int | None) -> None:
    shape = (20, 30) if samples is None else (20, 30, samples)
    array = np.random.default_rng(1).integers(1, 255, shape).astype(np.uint8)
    before = array.copy()
    boxes = [Box(0, 0, 3, 2), Box(2, 1, 30, 20)]
    painted = blacken(array, boxes, (0,) * (samples or 1))
    mask = np.zeros((20, 30), bool)
    mask[0:2, 0:3] = mask[1:20, 2:30] = True
    assert not painted[mask].any()
    assert np.array_equal(painted[~mask], before[~mask])
    assert np.array_equal(array, before), "the input is never changed"


def test_a_box_outside_the_plane_is_a_fault() -> None:
    with pytest.raises(RedactionError, match="outside its plane"):
        blacken(np.zeros((5, 5), np.uint8), [Box(0, 0, 6, 5)], (0,))
