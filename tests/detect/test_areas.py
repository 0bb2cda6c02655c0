"""What lies outside of boxes, checked pixel by pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.areas import complement, outside
from dcmaudit.model import Box, Size

_edge = st.integers(-6, 26)
boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height), _edge, _edge, st.integers(1, 18), st.integers(1, 18)
)
sizes = st.builds(Size, st.integers(1, 20), st.integers(1, 20))


def painted(found: tuple[Box, ...], size: Size) -> np.ndarray:
    counts = np.zeros((size.height, size.width), int)
    for box in found:
        assert box.is_inside(size)
        counts[box.top : box.bottom, box.left : box.right] += 1
    return counts


@given(sizes, st.lists(boxes, max_size=7))
def test_the_complement_covers_exactly_the_plane_minus_the_union_and_every_pixel_once(
    size: Size, keep: list[Box]
) -> None:
    kept = np.zeros((size.height, size.width), bool)
    for box in keep:
        kept[max(0, box.top) : max(0, box.bottom), max(0, box.left) : max(0, box.right)] = True
    assert np.array_equal(painted(complement(size, keep), size), np.where(kept, 0, 1))


@given(boxes, st.lists(boxes, max_size=5))
def test_outside_of_an_area_stays_in_it_and_fills_it_with_what_was_taken_out(area: Box, keep: list[Box]) -> None:
    left = outside(area, keep)
    assert all(area.contains(box) for box in left)
    taken = {
        (x, y)
        for box in keep
        for x in range(max(box.left, area.left), min(box.right, area.right))
        for y in range(max(box.top, area.top), min(box.bottom, area.bottom))
    }
    assert sum(box.area for box in left) + len(taken) == area.area


def test_a_box_in_the_middle_leaves_four_and_its_neighbours_touch_it() -> None:
    assert complement(Size(10, 8), [Box(3, 2, 7, 6)]) == (
        Box(0, 0, 10, 2),
        Box(0, 2, 3, 6),
        Box(7, 2, 10, 6),
        Box(0, 6, 10, 8),
    )


def test_two_boxes_side_by_side_leave_five() -> None:
    assert len(complement(Size(20, 10), [Box(2, 2, 8, 8), Box(10, 2, 18, 8)])) == 5


def test_nothing_kept_leaves_the_whole_plane_and_a_full_cover_nothing() -> None:
    assert complement(Size(4, 3), []) == (Box(0, 0, 4, 3),)
    assert complement(Size(4, 3), [Box(-1, -1, 2, 9), Box(2, 0, 4, 3)]) == ()
