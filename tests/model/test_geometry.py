"""Boxes: one convention inside, foreign ones at the edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Point, Size, covered_area

edges = st.integers(-30, 60)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(edges), draw(edges)
    return Box(left, top, left + draw(st.integers(1, 40)), top + draw(st.integers(1, 40)))


def painted(*several: Box, offset: int = 40, edge: int = 160) -> np.ndarray:
    canvas = np.zeros((edge, edge), bool)
    for box in several:
        canvas[box.top + offset : box.bottom + offset, box.left + offset : box.right + offset] = True
    return canvas


@pytest.mark.parametrize("edges", [(0, 0, 0, 5), (0, 0, 5, 0), (5, 0, 4, 3), (0, 9, 3, 2)])
def test_a_box_without_pixels_is_refused(edges: tuple[int, int, int, int]) -> None:
    with pytest.raises(UsageError, match="holds no pixel"):
        Box(*edges)


def test_a_plane_without_pixels_is_refused() -> None:
    with pytest.raises(UsageError, match="no pixels"):
        Size(0, 4)


@given(boxes())
def test_inclusive_edges_survive_the_way_in_and_out(box: Box) -> None:
    again = Box.from_inclusive(left=box.left, top=box.top, right=box.last_x, bottom=box.last_y)
    assert again == box


@given(boxes())
def test_corner_and_extent_survive_the_way_in_and_out(box: Box) -> None:
    assert Box.from_corner(x=box.left, y=box.top, width=box.width, height=box.height) == box


@given(boxes(), boxes())
def test_intersection_is_what_both_paint(one: Box, other: Box) -> None:
    common = one.intersection(other)
    expected = painted(one) & painted(other)
    assert np.array_equal(painted(common) if common else np.zeros_like(expected), expected)


@given(boxes(), boxes())
def test_union_covers_both_and_nothing_smaller_does(one: Box, other: Box) -> None:
    union = one.union(other)
    assert union.contains(one)
    assert union.contains(other)
    both = painted(one, other)
    rows, columns = np.nonzero(both)
    assert (union.top + 40, union.left + 40) == (rows.min(), columns.min())
    assert (union.last_y + 40, union.last_x + 40) == (rows.max(), columns.max())


@given(st.lists(boxes(), max_size=6))
def test_covered_area_counts_overlaps_once(several: list[Box]) -> None:
    assert covered_area(several) == int(painted(*several).sum())


@given(boxes())
def test_clipping_keeps_exactly_the_pixels_of_the_plane(box: Box) -> None:
    size = Size(25, 17)
    clipped = box.clipped(size)
    inside = painted(box) & painted(Box.whole(size))
    assert box.is_inside(size) == (clipped == box)
    assert np.array_equal(painted(clipped) if clipped else np.zeros_like(inside), inside)


@given(boxes(), st.integers(-40, 100), st.integers(-40, 100))
def test_a_box_holds_exactly_its_painted_points(box: Box, x: int, y: int) -> None:
    assert box.holds(Point(x, y)) == bool(painted(box, offset=60, edge=200)[y + 60, x + 60])


def test_moved_and_grown_boxes_keep_their_meaning() -> None:
    box = Box(2, 3, 5, 9)
    assert box.moved(-4, 1) == Box(-2, 4, 1, 10)
    assert box.grown(2) == Box(0, 1, 7, 11)
