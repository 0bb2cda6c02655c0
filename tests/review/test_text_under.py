"""What the text detector says about a place: for suggestions, for the strip, for the text projection."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dcmaudit.detect.learning import Pixels
from dcmaudit.detect.textnet import TextMaps, TextNet, network
from dcmaudit.dicom import Samples
from dcmaudit.model import Box, FrameAddress, Ground, Projection
from dcmaudit.render import project
from dcmaudit.render.project import Projector
from dcmaudit.render.strokes import stroke_map
from dcmaudit.review.services.text_under import InkMap, InkMaps, SeenPixels
from support.smallnet import write_net

WORD, PLACE = Box(40, 60, 160, 72), Box(30, 50, 170, 80)
ELSEWHERE = Box(200, 200, 300, 230)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small network in the place of the trained one."""
    folder = write_net(tmp_path / "net")
    monkeypatch.setattr(network, "FOLDER", folder)
    return folder


def noisy(*boxes: Box, dtype: type = np.uint8) -> np.ndarray:
    out = np.random.default_rng(2).integers(10, 60, (300, 400)).astype(dtype)
    for box in boxes:
        out[box.top : box.bottom, box.left : box.right] = 255
    out[100:140, 300:340] = 0
    out[0, 0] = 255  # the whole range, so that levels stay what they are
    return out


def samples(array: np.ndarray) -> Samples:
    return Samples(array, "MONOCHROME2", 8 * array.dtype.itemsize)


def test_a_place_holds_text_where_ink_is_seen_and_none_where_nothing_is(small: Path) -> None:
    ink = InkMaps().of(1, "f0", samples(noisy(WORD)))
    assert ink is not None
    assert ink.has_text(PLACE) is True
    assert ink.has_text(ELSEWHERE) is False
    assert ink.has_text(Box(1000, 1000, 1010, 1010)) is False
    assert ink.likelihood > 0.5
    clean = InkMaps().of(1, "f0", samples(noisy()))
    assert clean is not None
    assert clean.likelihood < 0.1


def test_the_detector_decides_about_a_place_and_an_even_one_stays_empty(small: Path) -> None:
    array = noisy(WORD)
    ink = InkMaps().of(1, "f0", samples(array))
    pixels = SeenPixels(array, 0, ink)
    assert pixels.ground(PLACE) is Ground.MARKED
    assert pixels.ground(ELSEWHERE) is Ground.PLAIN
    assert pixels.ground(Box(305, 105, 335, 135)) is Ground.EMPTY


def test_sharp_edges_without_text_are_no_writing_to_the_detector() -> None:
    array = noisy()
    array[200:230, 200:300:2] = 120  # sharper than anything else, and no ink
    nothing = TextMaps(np.zeros((150, 200), np.float32), np.zeros((150, 200), np.float32))
    assert Pixels(array).ground(ELSEWHERE) is Ground.MARKED
    assert SeenPixels(array, 0, InkMap(nothing)).ground(ELSEWHERE) is Ground.PLAIN


def test_where_the_detector_doubts_or_is_missing_sharpness_decides() -> None:
    array = noisy(WORD)
    doubt = TextMaps(np.full((150, 200), 0.2, np.float32), np.full((150, 200), 0.2, np.float32))
    assert InkMap(doubt).has_text(PLACE) is None
    for ink in (None, InkMap(doubt)):
        assert SeenPixels(array, 0, ink).ground(PLACE) is Pixels(array).ground(PLACE)


def maps_with(ink: list[tuple[Box, float]], region: list[tuple[Box, float]] = ()) -> InkMap:
    """Maps of a plane of 400 x 300 pixels, half as large, with these values in these places of the plane."""
    made = []
    for places in (ink, region):
        values = np.zeros((150, 200), np.float32)
        for box, value in places:
            values[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] = value
        made.append(values)
    return InkMap(TextMaps(*made))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("ink", "answer"),
    [
        ([(Box(100, 104, 290, 116), 0.9)], True),  # a line over all of its place
        ([(Box(100, 104, 160, 116), 0.9)], True),  # a short name in a long place
        ([(Box(100, 104, 110, 116), 0.9)], False),  # speckle that looks like a letter
        ([(Box(100, 104, 104, 108), 0.9), (Box(200, 104, 204, 108), 0.9), (Box(280, 110, 284, 114), 0.9)], False),
        ([(Box(100, 104, 290, 106), 0.9)], None),  # long and thin: an edge, or the top of letters
        ([(Box(100, 104, 290, 116), 0.3)], None),  # faint all along
        ([(Box(100, 104, 290, 116), 0.05)], False),
    ],
)
def test_a_speck_is_no_line_of_text(ink: list[tuple[Box, float]], answer: bool | None, turned: bool) -> None:
    place = Box(100, 100, 300, 120)
    if turned:  # a line that runs upwards
        place, ink = turn(place), [(turn(box), value) for box, value in ink]
    assert maps_with(ink).has_text(place) is answer


def turn(box: Box) -> Box:
    return Box(box.top, box.left - 100, box.bottom, box.right - 100)


def test_a_region_without_ink_is_in_doubt() -> None:
    assert maps_with([], [(Box(100, 100, 300, 120), 0.9)]).has_text(Box(100, 100, 300, 120)) is None


def test_without_weights_nothing_is_claimed(small: Path) -> None:
    (small / "weights.onnx").unlink()
    maps = InkMaps()
    assert maps.of(1, FrameAddress(0), samples(noisy(WORD))) is None
    np.testing.assert_array_equal(maps.strokes(noisy(WORD)), stroke_map(noisy(WORD)))


def test_a_plane_is_looked_at_once_and_old_ones_are_forgotten(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, seen = TextNet.maps, []

    def counted(self: TextNet, picture: np.ndarray) -> TextMaps:
        seen.append(picture.shape)
        return run(self, picture)

    monkeypatch.setattr(TextNet, "maps", counted)
    maps, plane = InkMaps(), samples(noisy(WORD))
    for _ in range(3):
        maps.of(1, FrameAddress(0), plane)
    assert len(seen) == 1
    for number in range(1, 20):
        maps.of(1, FrameAddress(number), plane)
    assert len(maps._kept) <= 8


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_text_projection_shows_what_the_detector_sees(small: Path, dtype: type) -> None:
    strokes = InkMaps().strokes
    projector = Projector(Projection.TEXT, strokes)
    for array in (noisy(dtype=dtype), noisy(WORD, dtype=dtype), noisy(dtype=dtype)):
        projector.add(samples(array))
    shown = projector.picture()
    assert shown.shape == (300, 400)
    assert shown[WORD.top + 2 : WORD.bottom - 2, WORD.left + 4 : WORD.right - 4].mean() > 60
    assert shown[ELSEWHERE.top : ELSEWHERE.bottom, ELSEWHERE.left : ELSEWHERE.right].max() < 20
    assert not np.array_equal(shown, project([samples(noisy(WORD, dtype=dtype))], Projection.TEXT))
