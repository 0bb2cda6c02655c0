from __future__ import annotations

import cv2
import numpy as np
import pytest

from dcmaudit.detect.learning import Candidate, Learner, Pixels, Reliability, combined, grounded
from dcmaudit.detect.learning.clusters import outline, whole
from dcmaudit.detect.learning.widening import trimmed
from dcmaudit.detect.textnet import TextMaps
from dcmaudit.model import Box, DeviceFacts, Example, FrameAddress, Ground, Mark, Origin, Region, Size
from dcmaudit.model.learning import parse_kind
from dcmaudit.review.services.text_under import InkMap, SeenPixels
from support.lettering import lettered
from support.where import groups, span

FRAME = FrameAddress(0)
DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "Model X", None, 300, 500, "Acme", "2.1")
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
    region = Region(box, FRAME, Origin.LEARNED, "why", confidence=estimate)
    return Candidate(region, parse_kind(kind), estimate)


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


# No rectangle becomes much larger than its examples


def speckled(seed: int) -> tuple[np.ndarray, Box]:
    """A plane with a rectangle of speckle, of several kinds, and a mark of 100 x 60 pixels in it."""
    chance = np.random.default_rng(seed)
    speckle = chance.gamma(2.0, 20.0, (300, 500))
    if seed % 4 in {1, 2}:
        speckle = cv2.GaussianBlur(speckle, (0, 0), seed % 4)
    if seed % 4 == 3:
        speckle *= np.hanning(500)[None, :]
    plane = np.zeros(speckle.shape) if seed % 2 else speckle / 6
    top, left = chance.integers(20, 150), chance.integers(20, 200)
    plane[top : top + 110, left : left + 250] = speckle[top : top + 110, left : left + 250]
    return plane.clip(0, 255).astype(np.uint8), Box(left + 20, top + 15, left + 120, top + 75)


@pytest.mark.parametrize("seed", [*range(32), 223, 227, 231])
def test_on_speckle_a_box_grows_by_half_at_most_and_not_at_all_where_no_line_of_text_is_known(seed: int) -> None:
    array, box = speckled(seed)
    for plane in (array, array.astype(np.uint16) * 16, np.stack([array] * 3, axis=-1)):
        assert Pixels(plane).fitted(box).area <= 1.5 * box.area
        found = SeenPixels(plane, 0, ink(plane.shape)).fitted(box)
        assert found == box or box.contains(found)


def ink(shape: tuple[int, ...], *lines: Box) -> InkMap:
    """What a detector says that sees text there and something in the mark itself."""
    region = np.zeros((shape[0] // 2, shape[1] // 2), np.float32)
    for line in lines:
        region[line.top // 2 : line.bottom // 2, line.left // 2 : line.right // 2] = 1
    return InkMap(TextMaps(region, region))


def test_a_box_grows_along_the_line_of_text_that_the_detector_sees() -> None:
    array, box = speckled(1)
    line = Box(box.left + 10, box.top, box.right + 20, box.bottom)
    found = SeenPixels(array, 0, ink(array.shape, line)).fitted(box)
    assert box.right <= found.right <= line.right + 2
    assert found.left == box.left
    cut = Box(60, 42, 200, 64)
    shown = lettered((200, 500), [NAME], ground=40)
    assert SeenPixels(shown, 0, ink(shown.shape, Box(38, 42, 252, 62))).fitted(cut).right >= 247


@pytest.mark.parametrize("drawn", range(1, 40, 3))
@pytest.mark.parametrize("agreed", [False, True])
def test_what_many_examples_give_has_half_more_than_the_largest_at_most(drawn: int, agreed: bool) -> None:
    chance = np.random.default_rng(drawn)
    left, top = chance.integers(0, 5, drawn), chance.integers(0, 12, drawn)
    width, height = chance.integers(12, 90, drawn), chance.integers(9, 20, drawn)
    boxes = np.stack([left, top, left + width, top + height], axis=1).astype(float)
    by_hand = chance.random(drawn) < 0.5
    found = outline(boxes, ~by_hand if agreed else np.zeros(drawn, bool))
    counted = boxes[by_hand] if agreed and by_hand.any() else boxes
    most = ((counted[:, 2] - counted[:, 0]) * (counted[:, 3] - counted[:, 1])).max()
    edges = whole(found)
    assert (edges[2] - edges[0]) * (edges[3] - edges[1]) <= 1.5 * most


def test_accepting_what_has_grown_does_not_make_it_grow_from_there() -> None:
    drawn, size = Box(100, 40, 200, 100), Size(500, 300)
    marks = [Mark(100, 40, 200, 100, span("f", 0, 1)), Mark(90, 40, 240, 100, span("f", 0, 1), agreed=True)]
    examples = [Example(DEVICE, (mark,), 1, groups("f")) for mark in marks]
    for _ in range(20):
        (found,) = Learner(DEVICE, examples, 1).candidates(FRAME, size)
        (grown,) = grounded([found], Pixels(speckled(227)[0]), Reliability())
        edges = (grown.region.box.left, grown.region.box.top, grown.region.box.right, grown.region.box.bottom)
        assert grown.region.box.area <= 1.5 * drawn.area
        examples.insert(0, Example(DEVICE, (Mark(*edges, span("f", 0, 1), agreed=True),), 1, groups("f")))


# What is under a place changes how likely it is


def chance_on(ground: Ground, reliability: Reliability, estimate: float = 0.5) -> float:
    return reliability.after_look(estimate, ground)


def test_ground_that_stands_out_makes_a_place_likelier_and_plain_ground_less_likely() -> None:
    fresh = Reliability()
    assert chance_on(Ground.PLAIN, fresh) < 0.5 < chance_on(Ground.MARKED, fresh)


def test_how_much_the_ground_tells_is_learned_from_judgements() -> None:
    telling = Reliability.of([(parse_kind("exact/few/5/marked"), True), (parse_kind("exact/few/5/plain"), False)] * 100)
    useless = Reliability.of([(parse_kind("type/1/3/marked"), i % 2 == 0) for i in range(100)] * 2)
    assert chance_on(Ground.MARKED, telling) > 0.85 > chance_on(Ground.MARKED, Reliability())
    assert chance_on(Ground.MARKED, useless) == pytest.approx(0.5, abs=0.05)


def test_plain_ground_does_not_speak_against_a_device_whose_text_never_stands_out() -> None:
    judged = [(parse_kind("exact/few/5/marked"), True), (parse_kind("exact/few/5/plain"), False)] * 100
    faint = Reliability.of(judged, {Ground.PLAIN: 30})
    assert chance_on(Ground.PLAIN, faint, 0.8) > chance_on(Ground.PLAIN, Reliability.of(judged), 0.8) + 0.2


def test_plain_ground_says_nothing_about_the_other_frames_of_a_file() -> None:
    box = Box(300, 100, 400, 120)
    (own,) = grounded([learned(box, 0.7, "own/1/7")], written(40), Reliability())
    (other,) = grounded([learned(box, 0.7, "type/1/7")], written(40), Reliability())
    assert own.chance == 0.7
    assert other.chance < 0.5


# What the picture itself shows decides about places that only some images have


def looked_at(*lines: Box) -> SeenPixels:
    """The plane with its text as a detector sees it that finds these lines."""
    array = lettered((200, 500), [NAME], ground=40)
    return SeenPixels(array, 0, ink(array.shape, *lines))


@pytest.mark.parametrize("share", [0.15, 0.3, 0.4, 0.49, 0.5, 0.7, 0.9])
def test_a_place_is_suggested_where_the_picture_shows_text_and_held_back_where_it_shows_none(share: float) -> None:
    item = learned(WHOLE, share, "exact/many/4")
    (shown,) = grounded([item], looked_at(WHOLE), Reliability())
    assert shown.is_shown
    (bare,) = grounded([item], looked_at(), Reliability())
    assert not bare.is_shown
    # The letters are there and stand out, whatever the detector says of them.
    assert (shown.kind.ground, bare.kind.ground) == (Ground.TEXT, Ground.DENIED)


@pytest.mark.parametrize(("lines", "ground"), [((WHOLE,), Ground.CLAIMED), ((), Ground.BARE)])
def test_where_nothing_stands_out_what_the_detector_says_is_a_kind_of_its_own(
    lines: tuple[Box, ...], ground: Ground
) -> None:
    array = lettered((200, 500), [], ground=40)
    (item,) = grounded(
        [learned(WHOLE, 0.4, "exact/many/4")], SeenPixels(array, 0, ink(array.shape, *lines)), Reliability()
    )
    assert item.kind.ground is ground
    assert item.is_shown is bool(lines)


def test_a_model_whose_speckle_the_detector_takes_for_letters_is_found_out() -> None:
    """What was right on its images stood out, what was wrong did not, and the detector saw text in both."""
    array = lettered((200, 500), [], ground=40)
    speckle = SeenPixels(array, 0, ink(array.shape, WHOLE))
    wrong = [(parse_kind("exact/many/4/claimed"), False)] * 30
    item = learned(WHOLE, 0.4, "exact/many/4")
    (held,) = grounded([item], speckle, Reliability.of(wrong, {Ground.TEXT: 12}))
    (shown,) = grounded([item], looked_at(WHOLE), Reliability.of(wrong, {Ground.TEXT: 12}))
    assert (held.is_shown, shown.is_shown) == (False, True)


def test_what_the_detector_said_is_learned_apart_from_what_sharpness_told() -> None:
    judged = [(parse_kind("exact/few/5/marked"), n % 2 == 0) for n in range(400)]
    blind = Reliability.of(
        judged + [(parse_kind("exact/few/5/bare"), True), (parse_kind("exact/few/5/text"), False)] * 100
    )
    assert Reliability.of(judged).after_look(0.4, Ground.TEXT) == Reliability().after_look(0.4, Ground.TEXT)
    assert blind.after_look(0.4, Ground.BARE) > 0.4
    faint = Reliability.of(judged, {Ground.BARE: 30})
    assert faint.after_look(0.8, Ground.BARE) > Reliability.of(judged).after_look(0.8, Ground.BARE) + 0.2


def test_a_similar_mark_that_no_candidate_means_is_shown_where_the_picture_shows_text() -> None:
    mark = similar(WHOLE)
    assert len(combined([mark], [], refuted=True, pixels=looked_at(WHOLE)).regions) == 1
    assert combined([mark], [], refuted=True, pixels=looked_at()).held_back == 1
