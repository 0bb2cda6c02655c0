"""Large letters in a picture made smaller: told from bodies by their level, edge and strokes; maps as a network gives
them for large ink, blurred and reaching beyond it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.detect.textnet import TextLine, TextMaps, believed, large_letters
from dcmaudit.model import Box

LETTER = Box(38, 30, 86, 94)
"""An F: its stem and arms are 12 pixels wide."""


def drawn(left: int = LETTER.left) -> npt.NDArray[np.bool_]:
    ink = np.zeros((128, 128), bool)
    ink[30:94, left : left + 12] = ink[30:42, left : left + 48] = ink[56:68, left : left + 36] = True
    return ink


def body() -> npt.NDArray[np.uint8]:
    """Texture of many levels, brighter and darker than the letter."""
    rows, columns = np.mgrid[:128, :128]
    return np.asarray(128 + 90 * np.sin(rows / 7) * np.cos(columns / 9) + 25 * np.sin(columns / 2), np.uint8)


def maps_of(ink: npt.NDArray[np.bool_], reach: int = 5) -> TextMaps:
    wide = cv2.dilate(ink.astype(np.uint8), np.ones((reach, reach), np.uint8))[::2, ::2].astype(np.float32)
    rows, columns = np.nonzero(wide)
    region = np.zeros_like(wide)
    region[rows.min() + 5 : rows.max() - 4, columns.min() + 5 : columns.max() - 4] = 0.95
    return TextMaps(wide * 0.9, region)


def boxes(picture: npt.NDArray[np.uint8], maps: TextMaps, taken: tuple[Box, ...] = ()) -> list[Box]:
    return [box for box, _ in large_letters(picture, maps, taken)]


@pytest.mark.parametrize("level", [10, 240])
def test_a_letter_on_a_body_that_is_brighter_and_darker_is_found_tightly(level: int) -> None:
    picture, ink = body(), drawn()
    picture[ink] = level
    (found,) = boxes(picture, maps_of(ink))
    assert found.contains(LETTER)
    assert found.area < 1.4 * LETTER.area


def test_a_letter_of_any_colour_is_found_and_each_of_two_colours() -> None:
    picture = np.repeat(body()[..., np.newaxis], 3, axis=2) // 4
    one, other = drawn(8), drawn(70)
    picture[one], picture[other] = (200, 190, 10), (90, 160, 250)
    found = boxes(picture, maps_of(one | other))
    for ink in (one, other):
        rows, columns = np.nonzero(ink)
        whole = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        assert any(box.contains(whole) for box in found)
    assert max(box.area for box in found) < 0.35 * 128 * 128


def test_the_edge_of_a_body_around_the_letter_in_its_level_is_left_out() -> None:
    rows, columns = np.mgrid[:128, :128]
    away = np.hypot(rows - 64, columns - 64)
    picture = np.where(np.abs(away - 56) < 1.5, 255, np.where(away < 56, 70, 5)).astype(np.uint8)
    ink = drawn()
    picture[ink] = 255
    (found,) = boxes(picture, maps_of(ink | (picture == 255)))
    assert found.contains(LETTER)
    assert found.area < 1.4 * LETTER.area


@pytest.mark.parametrize("body_of", ["texture", "disc", "slope", "rules", "panel"])
def test_what_has_no_level_no_strokes_or_no_edge_is_no_letter(body_of: str) -> None:
    rows, columns = np.mgrid[:128, :128]
    picture, ink = np.full((128, 128), 30, np.uint8), drawn()
    if body_of == "texture":
        picture[ink] = np.random.default_rng(3).integers(90, 250, int(ink.sum()))
    elif body_of == "disc":
        ink = np.hypot(rows - 62, columns - 62) < 34
        picture[ink] = 200
    elif body_of == "panel":  # of a sheet of round pictures
        ink = (np.abs(rows - 62) < 40) & (np.abs(columns - 62) < 40) & (np.hypot(rows - 62, columns - 62) > 38)
        picture[:] = 120
        picture[ink] = 6
    elif body_of == "rules":  # between the pictures of a sheet
        ink[:] = False
        ink[60:64], ink[:, 40:44] = True, True
        picture[ink] = 250
    else:
        soft = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), 9)
        picture = np.asarray(30 + 60 * soft / soft.max(), np.uint8)
    assert boxes(picture, maps_of(ink)) == []


def test_a_letter_counts_unless_all_of_it_was_found_before() -> None:
    picture, ink = body() // 3, drawn()
    picture[ink] = 220
    upper = Box(LETTER.left, LETTER.top, LETTER.right, LETTER.top + 56)
    assert ink[upper.top : upper.bottom].sum() > 0.9 * ink.sum()
    assert len(boxes(picture, maps_of(ink), (upper,))) == 1
    assert boxes(picture, maps_of(ink), (LETTER,)) == []


def test_a_large_region_that_is_not_sure_counts_only_where_it_holds_letters() -> None:
    picture, ink = body().repeat(4, 0).repeat(4, 1), drawn().repeat(4, 0).repeat(4, 1)
    maps = maps_of(drawn())
    maps = TextMaps(maps.ink.repeat(4, 0).repeat(4, 1), maps.region.repeat(4, 0).repeat(4, 1))
    line = TextLine(Box(140, 100, 360, 400), 0.85)
    askew = TextLine(line.box, 0.85, np.zeros((4, 2), np.float32))
    small, sure = TextLine(Box(140, 100, 360, 190), 0.85), TextLine(line.box, 0.95)
    assert believed(picture, maps, [line, askew, small, sure]) == [askew, small, sure]
    picture[ink] = 10
    assert believed(picture, maps, [line]) == [line]
