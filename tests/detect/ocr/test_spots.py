from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.ocr.spots import Spot, is_same_line, is_too_large, merged, padded, turned_back
from dcmaudit.model import Box, Size


@given(
    turns=st.integers(0, 3), width=st.integers(20, 60), height=st.integers(20, 60),
    left=st.integers(0, 10), top=st.integers(0, 10), wide=st.integers(1, 9), high=st.integers(1, 9),
)  # fmt: skip
def test_a_spot_of_a_turned_picture_comes_back_to_its_pixels(
    turns: int, width: int, height: int, left: int, top: int, wide: int, high: int
) -> None:
    picture = np.zeros((height, width), np.uint8)
    picture[top : top + high, left : left + wide] = 1
    rows, columns = np.nonzero(np.rot90(picture, turns))
    x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    spot = Spot(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), 1.0)
    assert turned_back(spot, turns, Size(width, height)).box == Box(left, top, left + wide, top + high)


def test_a_margin_goes_along_the_line_and_stays_inside_the_plane() -> None:
    assert padded(Box(50, 50, 150, 70), Size(400, 400)) == Box(42, 47, 158, 73)
    assert padded(Box(50, 50, 70, 150), Size(400, 400)) == Box(47, 42, 73, 158)
    assert padded(Box(0, 0, 100, 20), Size(104, 22)) == Box(0, 0, 104, 22)
    assert padded(Box(30, 30, 40, 40), Size(9, 9)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Box(0, 0, 100, 20), Box(2, 1, 98, 19), True),
        (Box(0, 0, 100, 20), Box(90, 1, 200, 21), True),  # the two halves of a line that a tile cut
        (Box(0, 0, 100, 20), Box(0, 16, 100, 36), False),  # the next line
        (Box(0, 0, 100, 20), Box(40, 0, 60, 100), False),  # a line that runs across
        (Box(0, 0, 200, 200), Box(10, 10, 100, 30), False),  # a paragraph is not its line
        (Box(0, 0, 10, 10), Box(50, 50, 60, 60), False),
    ],
)
def test_boxes_of_one_line_are_told_from_neighbours(one: Box, other: Box, same: bool) -> None:
    assert is_same_line(one, other) is same
    assert is_same_line(other, one) is same


def test_nothing_is_lost_when_lines_are_put_together_and_pieces_join_their_line() -> None:
    pieces = [Box(0, 0, 50, 10), Box(60, 0, 110, 10)]
    boxes = [*pieces, Box(0, 40, 50, 50), Box(0, 0, 112, 11), Box(200, 0, 220, 10)]
    clusters = merged(boxes, lambda box: box)
    assert sorted(len(cluster) for cluster in clusters) == [1, 1, 3]
    assert max(clusters, key=len)[0] == Box(0, 0, 112, 11)


def test_a_box_of_a_quarter_of_the_picture_is_no_line() -> None:
    assert is_too_large(Box(0, 0, 100, 25), Size(100, 100))
    assert not is_too_large(Box(0, 0, 100, 24), Size(100, 100))
