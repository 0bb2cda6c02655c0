"""What was made quicker gives the same pixels, the same figures and the same boxes as the plain way."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.finding import Mode
from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.textnet import TextNet, along, boxes, closer
from dcmaudit.detect.textnet.network import Picture
from dcmaudit.detect.textnet.slants import ONE, Slant, slant_along, slant_of
from dcmaudit.detect.textnet.upright import stretched, turned
from dcmaudit.detect.vision import components, highest_of

Places = npt.NDArray[np.int64]


def plainly_turned(picture: Picture, slant: Slant, scale: float, size: tuple[int, int]) -> Picture:
    """Every pixel by itself: where it comes from, and the mean of the four around that place by their distance."""
    step = round(ONE / scale)
    rows, columns = (np.arange(edge, dtype=np.int64) * 2 - edge + 1 for edge in size)
    forward, across = np.meshgrid(columns * step // 2, rows * step // 2)
    x, y = slant.along
    at_x = np.clip(slant.middle[0] + (forward * x - across * y) // ONE, 0, (picture.shape[1] - 1) * ONE)
    at_y = np.clip(slant.middle[1] + (forward * y + across * x) // ONE, 0, (picture.shape[0] - 1) * ONE)
    whole = np.zeros((*size, *picture.shape[2:]), np.int64)
    for down in (0, 1):
        for right in (0, 1):
            seen = picture[
                np.minimum(at_y // ONE + down, picture.shape[0] - 1),
                np.minimum(at_x // ONE + right, picture.shape[1] - 1),
            ]
            weight = _weight(at_y, down) * _weight(at_x, right)
            whole += seen * (weight[..., None] if picture.ndim == 3 else weight)
    return np.asarray((whole + 2048) // 4096, np.uint8)


def _weight(at: Places, second: int) -> Places:
    steps = at % ONE * 64 // ONE
    return steps if second else 64 - steps


def plainly_stretched(picture: Picture) -> Picture:
    """By the hundredth and the last but a hundredth of all pixels in their order."""
    ordered = np.sort(picture, axis=None).astype(int)
    low, high = ordered[len(ordered) // 100], ordered[-1 - len(ordered) // 100]
    if not 1 < high - low < 200:
        return picture
    gain = min(200 * 64 // (high - low), 6 * 64)
    return np.asarray(np.clip(((2 * picture.astype(int) - low - high) * gain >> 7) + 128, 0, 255), np.uint8)


def plain_components(marks: Picture) -> tuple[int, Any, Any]:
    """As OpenCV does it by itself."""
    return cv2.connectedComponentsWithStats(marks, connectivity=8)[:3]


@pytest.mark.parametrize("seed", range(60))
def test_a_place_turned_upright_has_the_same_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (*(int(v) for v in rng.integers(1, 240, 2)), *((3,) if seed % 3 == 0 else ()))
    picture = rng.integers(0, 256, shape, dtype=np.uint8)
    rows, columns = (rng.integers(0, max(1, edge // 2), 9) for edge in shape[:2])
    angle = (0.0, 90.0, -90.0, float(rng.uniform(-90, 90)))[seed % 4]
    slant = slant_of(rows, columns) if seed % 5 == 0 else slant_along(rows, columns, angle)
    scale, size = float(rng.uniform(0.2, 4)), (int(rng.integers(2, 70)), int(rng.integers(2, 200)))
    found = turned(picture, slant, scale, size)
    np.testing.assert_array_equal(found, plainly_turned(picture, slant, scale, size))
    assert found.flags.c_contiguous


@pytest.mark.parametrize("width", [0, 1, 2, 40, 199, 200, 255])
@pytest.mark.parametrize("pixels", [(1, 1), (7, 9), (40, 70), (40, 70, 3)])
def test_contrast_is_stretched_between_the_same_levels(width: int, pixels: tuple[int, ...]) -> None:
    rng = np.random.default_rng(width)
    picture = rng.integers(0, width + 1, pixels).astype(np.uint8)
    np.testing.assert_array_equal(stretched(picture), plainly_stretched(picture))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.98, 1.0])
def test_figures_have_the_same_numbers_and_places(share: float) -> None:
    rng = np.random.default_rng(7)
    for shape in ((1, 1), (1, 90), (130, 77), (257, 300)):
        marks = (rng.random(shape) < share).astype(np.uint8)
        _are_the_same(marks)
        marks[: shape[0] // 3 + 1], marks[:, : shape[1] // 3 + 1] = 0, 0  # figures on one side only
        _are_the_same(marks)


def _are_the_same(marks: Picture) -> None:
    (count, names, stats), (plain, plain_names, plain_stats) = components(marks), plain_components(marks)
    assert count == plain
    np.testing.assert_array_equal(names, plain_names)
    np.testing.assert_array_equal(stats[1:], plain_stats[1:])
    assert stats.dtype == np.int32
    assert stats[0, 4] == np.count_nonzero(marks == 0)
    values = np.random.default_rng(3).random(marks.shape, np.float32)
    highest = [float(values[(names == label) & (marks > 0)].max(initial=0)) for label in range(count)]
    np.testing.assert_array_equal(highest_of(count, names, marks, values), np.float32(highest))


def test_the_boxes_of_pictures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faint, slanted, upright and upward lines on noise, so that every second look is taken."""
    pictures = [_page(seed) for seed in range(6)]
    finder = TextFinder(None, Mode.DEFAULT, [OwnLooks(TextNet(1))])
    quick = [finder.look([picture]) for picture in pictures]
    asked = []
    for module in (closer, along):
        monkeypatch.setattr(module, "turned", lambda *given: asked.append(given[1]) or plainly_turned(*given))
    monkeypatch.setattr(closer, "stretched", plainly_stretched)
    for module in (closer, along, boxes):
        monkeypatch.setattr(module, "components", plain_components)
    assert [finder.look([picture]) for picture in pictures] == quick
    assert len(asked) > 10
    assert any(slant.along[1] for slant in asked)
    assert any(not slant.along[1] for slant in asked)


def _page(seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    page = np.clip(rng.normal(90, 3 + 3 * seed, (360, 400)), 0, 255).astype(np.uint8)
    for place in range(6):
        ink = np.zeros((360, 400), np.uint8)
        cv2.putText(ink, f"QUILL {place} MRN", (60, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
        angle = (0, 0, 32, -28, 90, 0)[place]
        shift = (int(rng.integers(-40, 150)), int(rng.integers(-130, 160)))
        matrix = cv2.getRotationMatrix2D((140, 150), angle, 1) + np.array([[0, 0, shift[0]], [0, 0, shift[1]]])
        ink = cv2.warpAffine(ink, matrix, (400, 360))
        page = cv2.addWeighted(page, 1.0, ink, (0.06, 0.12, 0.2, 0.5)[place % 4], 0)
    return np.asarray(page, np.uint8)
