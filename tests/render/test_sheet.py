"""Thumbnails and contact sheets."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.errors import UsageError
from dcmaudit.model import Point, Size
from dcmaudit.render import contact_sheet, thumbnail

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


def test_a_sheet_places_every_picture_and_names_its_cell() -> None:
    pictures = [np.full((10, 20), level, dtype=np.uint8) for level in (50, 100, 150)]
    sheet = contact_sheet(pictures, 2, Size(20, 20))
    assert sheet.picture.shape == (42, 42)
    assert len(sheet.cells) == len(sheet.pictures) == 3
    for picture, place in zip(pictures, sheet.pictures, strict=True):
        assert (sheet.picture[place.top : place.bottom, place.left : place.right] == picture).all()
    assert sheet.at(Point(1, 1)) == 0
    assert sheet.at(Point(41, 0)) == 1
    assert sheet.at(Point(3, 30)) == 2
    assert sheet.at(Point(30, 30)) is None
    assert sheet.at(Point(20, 5)) is None


def test_colour_and_grey_share_a_sheet_and_what_cannot_be_shown_is_crossed() -> None:
    grey, colour = np.full((8, 8), 90, dtype=np.uint8), np.full((8, 8, 3), (1, 2, 3), dtype=np.uint8)
    sheet = contact_sheet(iter([grey, colour, None]), 9, Size(8, 8))
    assert sheet.picture.shape == (8, 28, 3)
    assert (sheet.picture[:, :8] == 90).all()
    assert (sheet.picture[:, 10:18] == (1, 2, 3)).all()
    crossed = sheet.picture[:, 20:, 0]
    assert crossed[0, 0] == crossed[7, 0] == crossed[0, 7] == 128
    assert crossed[4, 0] != 128


def test_a_large_picture_is_fitted_into_its_cell_in_both_directions() -> None:
    for shape in ((300, 40), (40, 300), (300, 301)):
        sheet = contact_sheet([np.full(shape, 9, dtype=np.uint8)], 1, Size(30, 20))
        place = sheet.pictures[0]
        assert sheet.cells[0].contains(place)
        assert place.width == 30 or place.height == 20


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError):
        contact_sheet([], 3, Size(9, 9))
    with pytest.raises(UsageError):
        contact_sheet([np.zeros((2, 2), np.uint8)], 0, Size(9, 9))
