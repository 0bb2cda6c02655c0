"""Shapes to try, and their pixels one by one."""

from __future__ import annotations

from hypothesis import strategies as st

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Point, Size
from dcmaudit.model.shapes import Shape, ShapeKind, ShapePart

SIZE = Size(13, 11)
COORDINATES = st.integers(-6, 18)
POINTS = st.builds(Point, COORDINATES, COORDINATES)


def parts() -> st.SearchStrategy[ShapePart]:
    def made(drawn: tuple[ShapeKind, list[Point]]) -> ShapePart | None:
        try:
            return ShapePart(drawn[0], tuple(drawn[1]))
        except UsageError:
            return None

    polygons = st.tuples(st.just(ShapeKind.POLYGON), st.lists(POINTS, min_size=3, max_size=7))
    fans = st.tuples(st.just(ShapeKind.FAN), st.lists(POINTS, min_size=3, max_size=4))
    rectangles = st.tuples(st.just(ShapeKind.RECTANGLE), st.lists(POINTS, min_size=2, max_size=2))
    return st.one_of(polygons, fans, rectangles).map(made).filter(lambda part: part is not None)  # type: ignore[arg-type,return-value]


SHAPES = st.builds(Shape, st.booleans(), st.lists(parts(), min_size=1, max_size=3).map(tuple))


def pixels(boxes: tuple[Box, ...]) -> list[tuple[int, int]]:
    return [(x, y) for box in boxes for y in range(box.top, box.bottom) for x in range(box.left, box.right)]
