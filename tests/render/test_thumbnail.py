"""Thumbnails."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.errors import UsageError
from dcmaudit.render import thumbnail

from .pictures import ink


@pytest.mark.parametrize(("shape", "edge", "expected"), [
    ((100, 200), 50, (25, 50)), ((200, 100), 50, (50, 25)), ((1000, 3), 10, (10, 1)), ((7, 5), 4, (4, 3)),
    ((100, 200, 3), 33, (16, 33, 3)),
])  # fmt: skip
def test_a_thumbnail_keeps_the_shape_and_fits_the_edge(shape, edge, expected) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    small = thumbnail(picture, edge)
    assert small.shape == expected
    assert small.dtype == np.uint8


def test_small_pictures_are_not_made_larger() -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (thumbnail(picture, 4) == picture).all()
    with pytest.raises(UsageError):
        thumbnail(picture, 0)


def test_flat_parts_keep_their_level() -> None:
    picture = np.full((90, 90), 77, dtype=np.uint8)
    assert (thumbnail(picture, 20) == 77).all()


@pytest.mark.parametrize("light", [True, False])
def test_thin_writing_survives(light: bool) -> None:
    strokes = ink("DOE^JOHN", shape=(512, 512), at=(100, 200), size=14)
    picture = np.where(strokes, 255, 60).astype(np.uint8) if light else np.where(strokes, 0, 195).astype(np.uint8)
    ground = 60 if light else 195
    small = thumbnail(picture, 64).astype(int)  # eight pixels to one: an average alone is a haze
    assert np.abs(small - ground).max() > 90
