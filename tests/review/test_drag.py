"""The handled rectangle stays inside its plane, whatever is pulled and however far."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model import Box, Size
from dcmaudit.review.state.handled_rectangle import Handle, dragged, first_box, kept_inside

SIZES = st.builds(Size, st.integers(1, 3000), st.integers(1, 3000))
FAR = st.integers(-5000, 5000)


@st.composite
def boxes_inside(draw: st.DrawFn) -> tuple[Box, Size]:
    size = draw(SIZES)
    left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    return Box(left, top, draw(st.integers(left + 1, size.width)), draw(st.integers(top + 1, size.height))), size


@given(boxes_inside(), FAR, FAR)
def test_a_drag_from_the_middle_keeps_the_size_and_stays_inside(place: tuple[Box, Size], dx: int, dy: int) -> None:
    box, size = place
    moved = dragged(box, Handle.MIDDLE, dx, dy, size)
    assert moved.is_inside(size)
    assert (moved.width, moved.height) == (box.width, box.height)


@given(boxes_inside(), st.sampled_from(Handle), FAR, FAR)
def test_any_drag_leaves_a_rectangle_of_at_least_one_pixel_inside(
    place: tuple[Box, Size], handle: Handle, dx: int, dy: int
) -> None:
    box, size = place
    assert dragged(box, handle, dx, dy, size).is_inside(size)


@given(boxes_inside(), st.sampled_from(Handle))
def test_a_drag_of_no_distance_changes_nothing(place: tuple[Box, Size], handle: Handle) -> None:
    box, size = place
    assert dragged(box, handle, 0, 0, size) == box


@given(boxes_inside(), FAR, FAR)
def test_an_edge_handle_moves_one_axis_only(place: tuple[Box, Size], dx: int, dy: int) -> None:
    box, size = place
    right = dragged(box, Handle.RIGHT, dx, dy, size)
    assert (right.top, right.bottom) == (box.top, box.bottom)
    top = dragged(box, Handle.TOP, dx, dy, size)
    assert (top.left, top.right) == (box.left, box.right)


@pytest.mark.parametrize(
    ("handle", "dx", "dy", "expected"),
    [
        (Handle.MIDDLE, 5, -3, Box(15, 17, 35, 37)),
        (Handle.MIDDLE, 1000, 1000, Box(80, 80, 100, 100)),
        (Handle.MIDDLE, -1000, 0, Box(0, 20, 20, 40)),
        (Handle.BOTTOM_RIGHT, 10, 20, Box(10, 20, 40, 60)),
        (Handle.TOP_LEFT, -50, -50, Box(0, 0, 30, 40)),
        (Handle.LEFT, 25, 0, Box(30, 20, 35, 40)),
        (Handle.RIGHT, -20, 0, Box(10, 20, 11, 40)),
        (Handle.BOTTOM, 0, -30, Box(10, 10, 30, 20)),
        (Handle.NEW, 7, 9, Box(10, 20, 37, 49)),
    ],
)
def test_each_handle_moves_its_edges_and_turns_over(handle: Handle, dx: int, dy: int, expected: Box) -> None:
    assert dragged(Box(10, 20, 30, 40), handle, dx, dy, Size(100, 100)) == expected


def test_a_rectangle_larger_than_the_plane_is_cut_to_it() -> None:
    assert kept_inside(Box(-10, -10, 500, 500), Size(20, 30)) == Box(0, 0, 20, 30)


@given(SIZES)
def test_every_plane_starts_with_a_rectangle_inside_it(size: Size) -> None:
    assert first_box(size).is_inside(size)
