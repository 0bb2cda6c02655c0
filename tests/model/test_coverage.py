"""What was seen of a plane: never a pixel that was not on the stage, and all of them once all of them were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Coverage, Size

SIDES = st.one_of(st.integers(1, 40), st.integers(500, 1100), st.integers(7000, 9000))


@st.composite
def views(draw: st.DrawFn) -> tuple[Size, list[Box]]:
    """A plane and parts of it that were on the stage."""
    size = Size(draw(SIDES), draw(SIDES))

    def box() -> Box:
        left, top = draw(st.integers(-5, size.width - 1)), draw(st.integers(-5, size.height - 1))
        return Box(left, top, draw(st.integers(left + 1, size.width + 9)), draw(st.integers(top + 1, size.height + 9)))

    return size, [box() for _ in range(draw(st.integers(0, 5)))]


@given(views(), st.data())
def test_no_pixel_counts_that_was_in_no_view(case: tuple[Size, list[Box]], data: st.DataObject) -> None:
    size, boxes = case
    covered = Coverage(size)
    for box in boxes:
        covered = covered.with_box(box)
    edges_x = {0, size.width - 1, *(x for box in boxes for x in (box.left - 1, box.left, box.right - 1, box.right))}
    edges_y = {0, size.height - 1, *(y for box in boxes for y in (box.top - 1, box.top, box.bottom - 1, box.bottom))}
    for x in {min(max(x, 0), size.width - 1) for x in edges_x} | {data.draw(st.integers(0, size.width - 1))}:
        for y in {min(max(y, 0), size.height - 1) for y in edges_y} | {data.draw(st.integers(0, size.height - 1))}:
            was_seen = any(box.left <= x < box.right and box.top <= y < box.bottom for box in boxes)
            assert not covered.covers(x, y) or was_seen
            if max(size.width, size.height) <= 512:
                assert covered.covers(x, y) == was_seen, "up to 512 pixels a cell is a pixel"


@given(views())
def test_it_comes_back_from_the_database_as_it_was(case: tuple[Size, list[Box]]) -> None:
    size, boxes = case
    covered = Coverage(size)
    for box in boxes:
        covered |= Coverage(size).with_box(box)
    assert Coverage.parse(covered.text, size) == covered
    assert covered.is_complete == (covered.share == 1)
    assert covered.is_complete == all("0" not in row for row in covered.coarse(32, 32))


@given(st.builds(Size, SIDES, SIDES), st.integers(1, 9), st.integers(1, 9))
def test_tiles_that_overlap_by_a_cell_cover_the_plane_and_all_but_one_do_not(
    size: Size, across: int, down: int
) -> None:
    cell = Coverage(size).cell
    wide, high = -(-size.width // across), -(-size.height // down)
    tiles = [
        Box(x, y, x + wide + 2 * cell, y + high + 2 * cell)
        for x in range(0, size.width, wide)
        for y in range(0, size.height, high)
    ]
    covered = Coverage(size)
    for tile in tiles:
        assert not covered.is_complete or len(tiles) > 1
        covered = covered.with_box(tile)
    assert covered.is_complete
    assert Coverage(size).with_box(Box.whole(size)).is_complete


def test_what_is_left_is_told_by_its_place() -> None:
    half = Coverage(Size(90, 90)).with_box(Box(0, 0, 90, 60))
    assert half.places_left == "bottom left, bottom, bottom right"
    assert half.with_box(Box(0, 60, 75, 90)).places_left == "bottom right"
    assert half.coarse(3, 3) == ["111", "111", "000"]
    assert Coverage(Size(1, 1)).places_left == "several places"


@pytest.mark.parametrize("text", ["", "!!", "AAAA", Coverage(Size(9, 9)).text])
def test_a_note_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Coverage.parse(text, Size(4000, 3000))


def test_a_note_cannot_unpack_to_more_than_a_plane() -> None:
    import base64
    import zlib

    with pytest.raises(UsageError):
        Coverage.parse(base64.b64encode(zlib.compress(bytes(10**7))).decode(), Size(9, 9))


@given(views(), st.data())
def test_what_lay_below_a_box_is_taken_out_and_nothing_of_it_is_left(
    shown: tuple[Size, list[Box]], data: st.DataObject
) -> None:
    size, boxes = shown
    whole = Coverage(size)
    for box in boxes:
        whole = whole.with_box(box)
    left, top = data.draw(st.integers(0, size.width - 1)), data.draw(st.integers(0, size.height - 1))
    gone = Box(left, top, data.draw(st.integers(left + 1, size.width)), data.draw(st.integers(top + 1, size.height)))
    rest = whole.without_box(gone)
    assert rest.bits & ~whole.bits == 0
    corners = [
        (gone.left, gone.top),
        (gone.right - 1, gone.top),
        (gone.left, gone.bottom - 1),
        (gone.right - 1, gone.bottom - 1),
    ]
    assert not any(rest.covers(x, y) for x, y in corners)
    # With the box back it is what it was, but for cells that the box holds in part.
    assert rest.with_box(gone).bits & ~(whole.bits | Coverage(size).with_box(gone).bits) == 0
    if whole.cell == 1:
        assert rest.with_box(gone).bits == whole.with_box(gone).bits
