from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.detect.learning import Candidate, Ground, Pixels, Reliability, combined, grounded
from dcmaudit.detect.learning.widening import trimmed
from dcmaudit.model import Box, FrameAddress, Origin, Region
from support.lettering import lettered

FRAME = FrameAddress(0)
NAME = ("SMITH JOHN 1950", 40, 60)
NEXT_LINE = ("Other line", 40, 90)
WHOLE = Box(38, 40, 252, 64)


def written(ground: int = 0, *strings: tuple[str, int, int]) -> Pixels:
    return Pixels(lettered((200, 500), strings or (NAME, NEXT_LINE), ground=ground))


@pytest.mark.parametrize("ground", [0, 40])
def test_a_box_that_ends_within_the_text_grows_to_its_end(ground: int) -> None:
    pixels = written(ground)
    assert pixels.fitted(Box(60, 42, 270, 64)).left == pytest.approx(40, abs=3)
    assert pixels.fitted(Box(38, 40, 200, 64)).right == pytest.approx(248, abs=2)
    assert pixels.fitted(Box(38, 40, 265, 58)).bottom >= 61


@pytest.mark.parametrize("ground", [0, 40])
def test_a_box_around_the_text_stays_as_it_is(ground: int) -> None:
    assert written(ground, NAME).fitted(WHOLE) == WHOLE


def test_it_stays_inside_the_plane() -> None:
    narrow = lettered((70, 100), [NAME], ground=0)
    assert Pixels(narrow).fitted(Box(38, 40, 90, 64)).right in {99, 100}


def test_only_what_is_one_flat_value_is_cut_from_the_edges() -> None:
    array = np.full((100, 400), 7, np.uint8)
    array[40:52, 50:120:3] = 200
    cut = Pixels(array).fitted(Box(30, 30, 390, 60))
    assert cut == Box(43, 33, 127, 59)
    array[45, 300] = 8
    assert Pixels(array).fitted(Box(30, 30, 390, 60)).right >= 301
    assert trimmed(array, Box(200, 60, 390, 90)) == Box(200, 60, 390, 90)
    assert trimmed(array, Box(30, 30, 390, 60), tolerance=1).right == 127


def test_the_line_below_is_not_taken_for_the_rest_of_this_one() -> None:
    two = written(0, NAME, ("UNDER IT ALL", 40, 84))
    assert two.fitted(Box(38, 40, 270, 68)).bottom <= 72


def test_where_nothing_stands_out_the_box_stays() -> None:
    texture = np.random.default_rng(3).normal(100, 20, (300, 300)).clip(0, 255).astype(np.uint8)
    box = Box(50, 50, 150, 66)
    assert Pixels(texture).ground(box) is Ground.PLAIN
    assert Pixels(texture).fitted(box) == box
    assert Pixels(np.zeros((300, 300), np.uint16)).fitted(box) == box


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.float32])
def test_any_kind_of_samples_is_looked_at(dtype: type) -> None:
    array = lettered((200, 500), [NAME], ground=0).astype(dtype) * 100
    assert Pixels(array).fitted(Box(60, 42, 270, 64)).left < 45


def test_colours_count_in_the_channel_in_which_they_differ() -> None:
    array = np.zeros((200, 500, 3), np.uint8)
    array[..., 2] = lettered((200, 500), [NAME], ground=0)
    assert Pixels(array).fitted(Box(60, 42, 270, 64)).left < 45


def learned(box: Box, estimate: float = 0.9, kind: str = "exact/few/9") -> Candidate:
    return Candidate(Region(box, FRAME, Origin.LEARNED, "why", confidence=estimate), kind, estimate)


def similar(box: Box) -> Region:
    return Region(box, FRAME, Origin.SIMILAR, "marked in a similar image")


def test_two_learned_places_that_turn_out_to_be_one_text_come_once() -> None:
    halves = [learned(Box(38, 40, 190, 64)), learned(Box(140, 40, 250, 64), 0.8)]
    (found,) = grounded(halves, written(0, NAME), Reliability())
    assert found.region.box.left <= 40
    assert found.region.box.right >= 247


def test_the_mark_of_a_similar_image_grows_too_once_the_pixels_are_known() -> None:
    cut = similar(Box(60, 42, 270, 64))
    assert combined([cut], []).regions == (cut,)
    (found,) = combined([cut], [], pixels=written()).regions
    assert found.box.left < 45
    assert found.origin is Origin.SIMILAR


def test_of_two_marks_that_one_learned_place_holds_none_is_lost() -> None:
    marks = [similar(Box(10, 10, 60, 22)), similar(Box(10, 30, 60, 42))]
    found = combined(marks, [learned(Box(8, 8, 64, 44), 0.7, "exact/1/7")])
    assert {region.box for region in found.regions} == {mark.box for mark in marks}


# What is under a place changes how likely it is


def chance_on(ground: Ground, reliability: Reliability, estimate: float = 0.5) -> float:
    return reliability.after_look(estimate, ground.value)


def test_ground_that_stands_out_makes_a_place_likelier_and_plain_ground_less_likely() -> None:
    fresh = Reliability()
    assert chance_on(Ground.PLAIN, fresh) < 0.5 < chance_on(Ground.MARKED, fresh)


def test_how_much_the_ground_tells_is_learned_from_judgements() -> None:
    telling = Reliability.of([("exact/few/5/marked", True), ("exact/few/5/plain", False)] * 100)
    useless = Reliability.of([("type/1/3/marked", i % 2 == 0) for i in range(100)] * 2)
    assert chance_on(Ground.MARKED, telling) > 0.85 > chance_on(Ground.MARKED, Reliability())
    assert chance_on(Ground.MARKED, useless) == pytest.approx(0.5, abs=0.05)


def test_plain_ground_does_not_speak_against_a_device_whose_text_never_stands_out() -> None:
    judged = [("exact/few/5/marked", True), ("exact/few/5/plain", False)] * 100
    faint = Reliability.of(judged, {"plain": 30})
    assert chance_on(Ground.PLAIN, faint, 0.8) > chance_on(Ground.PLAIN, Reliability.of(judged), 0.8) + 0.2


def test_plain_ground_says_nothing_about_the_other_frames_of_a_file() -> None:
    box = Box(300, 100, 400, 120)
    (own,) = grounded([learned(box, 0.7, "own/1/7")], written(40), Reliability())
    (other,) = grounded([learned(box, 0.7, "type/1/7")], written(40), Reliability())
    assert own.chance == 0.7
    assert other.chance < 0.5
