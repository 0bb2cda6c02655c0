"""Shapes: which pixels they have, by a computation with fractions that shares nothing with the program's."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Point, Size, covered_area
from dcmaudit.model.shapes import Shape, ShapeKind, ShapePart, covering, parse_shape, parse_stored, stored_text
from support.shapes import SHAPES, SIZE, pixels

# --- the same by other means ----------------------------------------------------------------------------------------


def winding(points: tuple[Point, ...], x: Fraction, y: Fraction) -> int:
    """How often the polygon winds around a point that lies on none of its lines."""
    turns = 0
    for one, other in pairwise((*points, points[0])):
        if (one.y <= y) != (other.y <= y):
            at = one.x + (y - one.y) / Fraction(other.y - one.y) * (other.x - one.x)
            if at < x:
                turns += 1 if other.y > one.y else -1
    return turns


def is_inside(part: ShapePart, x: int, y: int, *, closed: bool) -> bool:
    centre_x, centre_y = x + Fraction(1, 2), y + Fraction(1, 2)
    if part.kind is ShapeKind.FAN:
        return in_fan(part, centre_x, centre_y, closed=closed)
    points = part.points
    if part.kind is ShapeKind.RECTANGLE:
        a, b = points
        points = (a, Point(b.x, a.y), b, Point(a.x, b.y))
    little = Fraction(1, 10**6)  # no crossing of these small polygons is nearer to a centre without lying on it
    sides = [winding(points, centre_x + step, centre_y) != 0 for step in (-little, little)]
    return any(sides) if closed else all(sides)


def in_fan(part: ShapePart, x: Fraction, y: Fraction, *, closed: bool) -> bool:
    apex, one, other = part.points[:3]
    ray, second = (one.x - apex.x, one.y - apex.y), (other.x - apex.x, other.y - apex.y)
    if ray[0] * second[1] - ray[1] * second[0] < 0:
        ray, second = second, ray
    dx, dy = x - apex.x, y - apex.y
    far = max(a * a + b * b for a, b in (ray, second))
    values = [ray[0] * dy - ray[1] * dx, dx * second[1] - dy * second[0], far - dx * dx - dy * dy]
    if len(part.points) == 4:
        near = part.points[3]
        values.append(dx * dx + dy * dy - (near.x - apex.x) ** 2 - (near.y - apex.y) ** 2)
    return all(value >= 0 for value in values) if closed else all(value > 0 for value in values)


def black(shape: Shape, size: Size) -> set[tuple[int, int]]:
    found = set()
    for y in range(size.height):
        for x in range(size.width):
            inside = any(is_inside(part, x, y, closed=not shape.keep) for part in shape.parts)
            if inside is not shape.keep:
                found.add((x, y))
    return found


@settings(deadline=None)
@given(SHAPES)
@example(parse_shape("polygon 0,0 4,4 8,0"))  # centres on its edges
@example(parse_shape("keep polygon 0,0 4,4 8,0"))
@example(parse_shape("polygon 2,2 8,8 8,2 2,8"))  # crosses itself
@example(parse_shape("polygon 1,1 9,1 9,9 1,9 1,1 9,1 9,9 1,9"))  # twice around
@example(parse_shape("polygon 1,1 9,1 1,1"))  # encloses nothing
@example(parse_shape("keep fan 6,-4 0,9 13,9 6,0"))
@example(parse_shape("fan 6,6 0,6 6,0"))
def test_the_boxes_are_exactly_the_pixels_whose_centres_lie_inside(shape: Shape) -> None:
    found = pixels(shape.boxes(SIZE))
    assert len(found) == len(set(found)), "boxes do not overlap"
    assert set(found) == black(shape, SIZE)


@given(SHAPES, st.integers(1, 9))
def test_covering_rectangles_leave_nothing_out(shape: Shape, most: int) -> None:
    exact, cover = shape.boxes(SIZE), covering(shape, SIZE, most)
    assert len(cover) <= most
    assert set(pixels(exact)) <= set(pixels(cover))
    assert all(box.is_inside(SIZE) for box in cover)
    if not exact:
        assert not cover


@given(SHAPES)
def test_texts_come_back(shape: Shape) -> None:
    assert parse_shape(shape.text) == shape
    assert parse_shape(shape.text.upper().replace(" ", "   ")) == shape
    sized = shape.on(SIZE)
    assert parse_shape(sized.text) == sized
    assert parse_stored(stored_text(sized)) == sized


@given(SHAPES, st.integers(-5, 5), st.integers(-5, 5))
def test_a_moved_shape_has_the_moved_pixels(shape: Shape, dx: int, dy: int) -> None:
    wide = Size(60, 60)
    base = shape.moved(20, 20)
    here, there = set(pixels(base.boxes(wide))), set(pixels(base.moved(dx, dy).boxes(wide)))
    inner = {(x, y) for x in range(10, 50) for y in range(10, 50)}
    assert {(x + dx, y + dy) for x, y in here} & inner == there & inner


@given(st.lists(st.builds(Box.from_corner, x=st.integers(0, 9), y=st.integers(0, 9),
                          width=st.integers(1, 9), height=st.integers(1, 9))))  # fmt: skip
def test_the_covered_area_counts_every_pixel_once(boxes: list[Box]) -> None:
    assert covered_area(boxes) == len(set(pixels(tuple(boxes))))


def test_a_rectangle_has_the_pixels_between_its_corners() -> None:
    assert parse_shape("rectangle 2,3 7,5").boxes(SIZE) == (Box(2, 3, 7, 5),)
    assert parse_shape("rectangle 7,5 2,3").boxes(SIZE) == (Box(2, 3, 7, 5),)
    assert parse_shape("keep rectangle 2,3 7,5").boxes(Size(10, 10)) == (
        Box(0, 0, 10, 3), Box(0, 3, 2, 5), Box(7, 3, 10, 5), Box(0, 5, 10, 10),
    )  # fmt: skip


def test_an_edge_through_centres_is_black_either_way() -> None:
    inside, kept = parse_shape("polygon 0,0 8,8 0,8"), parse_shape("keep polygon 0,0 8,8 0,8")
    diagonal = {(n, n) for n in range(8)}
    assert diagonal <= set(pixels(inside.boxes(Size(8, 8))))
    assert diagonal <= set(pixels(kept.boxes(Size(8, 8))))


def test_numbers_far_out_are_exact() -> None:
    """A fan whose apex is a million pixels above: floating point would be a pixel off."""
    shape = parse_shape("keep fan 500,-1000000 0,900 1000,900")
    size = Size(1000, 900)
    found = set(pixels(shape.boxes(size)))
    part = shape.parts[0]
    for x, y in [(0, 0), (1, 10), (2, 899), (999, 5), (500, 899), (250, 898), (499, 0), (998, 450)]:
        assert ((x, y) in found) is not is_inside(part, x, y, closed=False), (x, y)


@pytest.mark.parametrize(
    "text",
    [
        "", "keep", "circle 1,1 5,5", "polygon 1,1 5,5", "fan 1,1 2,2 3,3", "fan 1,1 5,5", "rectangle 1,1 1,5",
        "polygon 1,1 5,5 9", "polygon 1.5,1 5,5 9,9", "polygon 1,1 5,5 9,1 in 0x5", "polygon 99999999,1 5,5 9,1",
        "polygon 2000000,1 5,5 9,1", "keep keep polygon 1,1 5,5 9,1", "polygon 1,1 5,5 9,1 +", "rectangle 1,1 2,2 3,3",
        " + ".join(["rectangle 1,1 2,2"] * 17), "polygon" + " 1,2" * 1001,
    ],
)  # fmt: skip
def test_what_is_no_shape_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_shape(text)


@pytest.mark.parametrize(
    "change", [lambda t: t.replace("9,1", "9,2"), lambda t: t[:-1] + "x", lambda t: t.split(" #")[0]]
)
def test_a_stored_shape_that_was_changed_is_no_shape(change: object) -> None:
    text = stored_text(parse_shape("polygon 1,1 5,5 9,1 in 20x20"))
    with pytest.raises(UsageError):
        parse_stored(change(text))  # type: ignore[operator]
    with pytest.raises(UsageError, match="stored"):
        parse_stored(stored_text(parse_shape("polygon 1,1 5,5 9,1")))
