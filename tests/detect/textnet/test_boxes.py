"""From maps to boxes: lines apart, all of their ink inside, ink without a line on its own, winding regions in parts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dcmaudit.detect.textnet.boxes import ENHANCED, SHRUNK, boxes_of

SHAPE = (100, 160)


def empty() -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)


def line(ink: np.ndarray, region: np.ndarray, left: int, top: int, right: int, bottom: int) -> None:
    """A line of text in cells: letters as bars, and its region as training shrinks it."""
    for x in range(left, right, 4):
        ink[top:bottom, x : x + 2] = 0.9
    less = round(SHRUNK * (bottom - top))
    region[top + less : bottom - less, left + less : right - less] = 0.9


def test_nothing_makes_no_box() -> None:
    assert boxes_of(*empty()) == []


def test_neighbouring_lines_are_boxes_of_their_own_with_all_of_their_ink() -> None:
    ink, region = empty()
    line(ink, region, 20, 20, 120, 30)
    line(ink, region, 20, 32, 120, 42)
    found = [box for box, _ in boxes_of(ink, region)]
    assert len(found) == 2
    for box, top in zip(found, (20, 32), strict=True):
        assert box.left <= 40
        assert box.right >= 240
        assert box.top <= 2 * top
        assert box.bottom >= 2 * (top + 10)
        assert box.bottom - box.top < 36


def test_a_region_counts_only_where_it_is_sure_somewhere() -> None:
    ink, region = empty()
    region[40:46, 20:80] = 0.7
    ink[40:46, 20:80:6] = 0.7
    assert boxes_of(ink, region) == []
    region[42, 30] = 0.85
    ((box, confidence),) = boxes_of(ink, region)
    assert box.left <= 40
    assert box.right >= 2 * 75
    assert confidence == pytest.approx(0.85)
    assert boxes_of(ink, region, ENHANCED) == []


def test_a_line_ends_a_little_behind_its_ink_however_far_its_region_reaches() -> None:
    ink, region = empty()
    line(ink, region, 60, 40, 100, 50)
    region[42:48, 5:155] = 0.7  # tails on both sides
    ((box, _),) = boxes_of(ink, region)
    assert 2 * 60 - 14 <= box.left <= 2 * 60
    assert 2 * 98 <= box.right <= 2 * 98 + 14
    assert box.top <= 80
    assert box.bottom >= 100


def test_faint_ink_at_the_end_of_a_line_belongs_to_it() -> None:
    ink, region = empty()
    line(ink, region, 60, 40, 100, 50)
    region[42:48, 60:140] = 0.9
    ink[41:49, 130:132] = 0.45
    ((box, _),) = boxes_of(ink, region)
    assert box.right >= 2 * 132


def test_a_region_without_any_ink_is_no_line() -> None:
    ink, region = empty()
    region[40:46, 20:80] = 0.95
    assert boxes_of(ink, region) == []
    ink[42, 40] = 0.6
    assert len(boxes_of(ink, region)) == 1


def test_letters_that_reach_out_of_the_region_are_inside_the_box() -> None:
    ink, region = empty()
    line(ink, region, 20, 40, 80, 50)
    ink[36:54, 60:62] = 0.9  # a long descender
    ((box, _),) = boxes_of(ink, region)
    assert box.top <= 72
    assert box.bottom >= 108


def test_a_ruler_that_crosses_a_line_does_not_make_its_box_the_rulers() -> None:
    ink, region = empty()
    line(ink, region, 20, 40, 80, 50)
    ink[:, 81:82] = 0.9
    ((box, _), *rest) = [one for one in boxes_of(ink, region) if one[0].bottom - one[0].top < 60]
    assert not rest
    assert box.bottom - box.top < 40


def test_strong_ink_without_a_region_is_not_lost_and_faint_ink_is() -> None:
    ink, region = empty()
    ink[10:16, 10:12] = 0.95
    ink[60:66, 10:12] = 0.6
    ((box, _),) = boxes_of(ink, region)
    assert (box.top, box.left) <= (20, 20)
    assert (box.bottom, box.right) >= (32, 24)


def test_a_winding_region_masks_little_beside_itself() -> None:
    ink, region = empty()
    region[10:90, 20:26] = 0.9
    region[84:90, 20:140] = 0.9
    ink[10:90:4, 20:26] = 0.9
    ink[84:90, 20:140:4] = 0.9
    covered = np.zeros((2 * SHAPE[0], 2 * SHAPE[1]), bool)
    for box, _ in boxes_of(ink, region):
        covered[box.top : box.bottom, box.left : box.right] = True
    assert covered[::2, ::2][ink > 0].all()
    assert covered.mean() < 0.35


def test_a_tilted_line_is_covered() -> None:
    ink, region = empty()
    cv2.line(region, (20, 20), (140, 60), 0.9, 5)
    cv2.line(ink, (20, 20), (140, 60), 0.9, 9)
    covered = np.zeros((2 * SHAPE[0], 2 * SHAPE[1]), bool)
    for box, _ in boxes_of(ink, region):
        covered[box.top : box.bottom, box.left : box.right] = True
    assert covered[::2, ::2][ink > 0].mean() > 0.95
