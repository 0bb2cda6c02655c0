"""Large letters of one level on grounds that hide them: found without the maps, and told from bodies by how they end,
how they are drawn, and what the network says of them alone."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.textnet import TextNet, lone_letters
from dcmaudit.model import Box

Levels = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def net() -> TextNet:
    return TextNet(1)


def cells(grain: float = 2.0, edge: int = 512) -> Levels:
    """Texture that is as strong as letters are."""
    rough = cv2.GaussianBlur(np.random.default_rng(4).normal(0, 1, (edge, edge)).astype(np.float32), (0, 0), grain)
    return np.clip(128 + 45 * rough / rough.std(), 0, 250).astype(np.uint8)


def mask(letter: str = "R", high: int = 150, thick: int = 20) -> Levels:
    ink = np.zeros((512, 512), np.uint8)
    cv2.putText(ink, letter, (190, 330), cv2.FONT_HERSHEY_SIMPLEX, high / 21, 255, thick, cv2.LINE_AA)
    return ink


def written(ground: Levels, ink: Levels, level: int = 255) -> Levels:
    part = ink.astype(np.float32) / 255
    return np.asarray(ground * (1 - part) + level * part, np.uint8)


@pytest.mark.parametrize("level", [0, 255])
def test_a_large_letter_among_cells_is_found_tightly(net: TextNet, level: int) -> None:
    ink = mask()
    (found,) = lone_letters(net, written(cells(), ink, level))
    rows, columns = np.nonzero(ink > 128)
    box = found[0]
    assert box.contains(Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1))
    assert box.area < 1.2 * np.ptp(rows) * np.ptp(columns)


def test_the_detector_finds_it_in_grey_and_in_colour(net: TextNet) -> None:
    picture = written(cells(), mask())
    for one in (picture, np.ascontiguousarray(np.repeat(picture[..., np.newaxis], 3, axis=2))):
        held = np.zeros(picture.shape, bool)
        for seen in OwnLooks(net).detect([one]).found:
            held[seen.box.top : seen.box.bottom, seen.box.left : seen.box.right] = True
        assert held[mask() > 128].all()


def test_in_a_large_plane_its_box_is_in_pixels_of_the_plane(net: TextNet) -> None:
    ink = np.zeros((1400, 1400), np.uint8)
    cv2.putText(ink, "R", (400, 900), cv2.FONT_HERSHEY_SIMPLEX, 18, 255, 50, cv2.LINE_AA)
    (found,) = lone_letters(net, written(cells(edge=1400), ink))
    rows, columns = np.nonzero(ink > 128)
    tight = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    assert found[0].contains(tight)
    assert found[0].area < 1.1 * tight.area


def test_what_was_found_before_is_not_found_again(net: TextNet) -> None:
    assert lone_letters(net, written(cells(), mask()), [Box(150, 150, 420, 360)]) == []


def soft(picture: Levels) -> Levels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3), np.uint8)


def ring_of_a_frame() -> Levels:
    """The ground around a round picture on a sheet."""
    picture = cells()
    picture[100:300, 100:300] = 20
    disc = np.zeros_like(picture)
    cv2.circle(disc, (200, 200), 92, 1, -1)
    return np.where(disc > 0, cells(1.0), picture)


def blot() -> Levels:
    """A figure of one level, with ends as sharp as a letter's, whose width changes all along."""
    picture, rng = cells(), np.random.default_rng(9)
    for _ in range(60):
        at = (int(rng.integers(180, 330)), int(rng.integers(180, 330)))
        cv2.circle(picture, at, int(rng.integers(3, 22)), 255, -1)
    return picture


@pytest.mark.parametrize(
    "picture",
    [cells(), soft(written(cells(), mask())), ring_of_a_frame(), blot()],
    ids=["cells", "soft", "frame", "blot"],
)
def test_what_ends_softly_or_is_drawn_with_no_pen_is_no_letter(net: TextNet, picture: Levels) -> None:
    assert lone_letters(net, picture) == []


def test_a_thin_letter_on_black_is_found_though_the_ink_of_small_pictures_is_wider_than_it(net: TextNet) -> None:
    ink = mask("0", 200, 9)
    held = np.zeros(ink.shape, bool)
    for seen in OwnLooks(net).detect([written(np.full((512, 512), 4, np.uint8), ink, 230)]).found:
        held[seen.box.top : seen.box.bottom, seen.box.left : seen.box.right] = True
    assert held[ink > 128].mean() > 0.9
