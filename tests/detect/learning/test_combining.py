from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.detect.learning import (
    EMPTY_HERE,
    Candidate,
    Pixels,
    Reliability,
    combined,
    grounded,
    is_flat,
    is_right,
)
from dcmaudit.model import Box, FrameAddress, Ground, Origin, Region
from dcmaudit.model.learning import parse_kind

FRAME = FrameAddress(0)
BOX = Box(10, 10, 60, 22)


def candidate(box: Box = BOX, chance: float = 0.9, kind: str = "exact/many/9") -> Candidate:
    return Candidate(Region(box, FRAME, Origin.LEARNED, "why", confidence=chance), parse_kind(kind), chance)


def similar(box: Box = BOX) -> Region:
    return Region(box, FRAME, Origin.SIMILAR, "marked in a similar image")


def test_an_exact_match_that_learning_knows_nothing_of_is_shown_as_it_is() -> None:
    assert combined([similar()], []).regions == (similar(),)


def test_where_both_mean_the_same_text_the_learned_place_is_shown() -> None:
    found = combined([similar()], [candidate(Box(8, 8, 64, 24))])
    assert [region.origin for region in found.regions] == [Origin.LEARNED]


def test_the_mark_of_a_single_similar_image_is_shown_as_it_was_drawn() -> None:
    (found,) = combined([similar()], [candidate(Box(8, 8, 64, 24), 0.7, "exact/1/7")]).regions
    assert (found.box, found.origin, found.confidence) == (BOX, Origin.SIMILAR, 0.7)


def test_an_exact_match_that_most_images_speak_against_is_held_back_and_counted() -> None:
    assert combined([similar()], [candidate(chance=0.2)]) == combined([similar()], [], refuted=True)
    assert combined([similar()], [candidate(chance=0.2)]).held_back == 1


def test_the_likeliest_comes_first() -> None:
    found = combined([], [candidate(chance=0.7), candidate(Box(100, 100, 150, 110), 0.95)])
    assert [region.confidence for region in found.regions] == [0.95, 0.7]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.float32])
def test_a_flat_area_is_empty_and_one_pixel_of_one_level_is_not(dtype: type) -> None:
    array = np.full((40, 80), 7, dtype=dtype)
    assert is_flat(array, BOX)
    array[21, 59] += 1
    assert not is_flat(array, BOX)
    assert is_flat(array, BOX, tolerance=1)
    assert is_flat(array, Box(60, 22, 80, 40))


def test_extreme_values_do_not_overflow_and_nan_is_not_flat() -> None:
    array = np.zeros((40, 80), dtype=np.int16)
    array[12, 12], array[13, 13] = -32768, 32767
    assert not is_flat(array, BOX, tolerance=5)
    assert not is_flat(np.full((40, 80), np.nan, dtype=np.float32), BOX)


def test_colours_count_channel_by_channel_and_what_lies_outside_does_not_count() -> None:
    array = np.zeros((40, 80, 3), dtype=np.uint8)
    array[..., 1] = 200
    assert is_flat(array, BOX)
    array[15, 15, 2] = 1
    assert not is_flat(array, BOX)
    assert is_flat(array, Box(100, 100, 120, 120))


def scene() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    array = np.random.default_rng(1).integers(40, 60, (200, 300)).astype(np.uint8)
    array[:40] = 0
    array[100:112, 50:120:3] = 255
    return array


def test_the_ground_tells_text_from_texture_and_from_nothing() -> None:
    pixels = Pixels(scene())
    assert pixels.ground(Box(10, 5, 90, 20)) is Ground.EMPTY
    assert pixels.ground(Box(150, 150, 250, 165)) is Ground.PLAIN
    assert pixels.ground(Box(48, 98, 124, 114)) is Ground.MARKED


def test_a_suggestion_over_nothing_says_so_and_stays_among_those_shown() -> None:
    (found,) = grounded([candidate(Box(10, 5, 90, 20))], Pixels(scene()), Reliability())
    assert found.is_empty
    assert found.is_shown
    assert found.region.reason.startswith(EMPTY_HERE)
    assert found.chance == 0


def test_plain_ground_is_believed_as_often_as_it_came_true_but_a_certain_place_is_always_shown() -> None:
    box = Box(150, 150, 250, 165)
    doubted = Reliability.of([(parse_kind("exact/many/9/plain"), False)] * 60)
    (likely,) = grounded([candidate(box, 0.9)], Pixels(scene()), doubted)
    (certain,) = grounded([candidate(box, 0.95)], Pixels(scene()), doubted)
    assert not likely.is_shown
    assert certain.is_shown


def test_a_suggestion_is_right_when_it_holds_a_mark_and_little_else() -> None:
    assert is_right(Box(8, 8, 64, 24), [BOX])
    assert not is_right(Box(8, 12, 64, 24), [BOX])
    assert not is_right(Box(0, 0, 300, 200), [BOX])
    assert is_right(Box(0, 0, 100, 40), [BOX, Box(10, 24, 60, 36)])
    assert not is_right(BOX, [])
