"""Which pixels a shape has, by the proof's own computation.

The program works out runs of rows from where edges cross them (``dcmaudit.model.shapes``). Here every pixel is asked by
itself, on which side of each edge its centre lies and how far it is from the apex: another way to the same definition.
What the two share is the definition and the points. Whole numbers of 64 bits are enough: no coordinate is above a
million.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dcmaudit.model import Box, Point, Size
from dcmaudit.model.proof import PlaneProof
from dcmaudit.model.redaction import Blackened, RedactionPlan
from dcmaudit.model.shapes import Shape, ShapeKind, ShapePart
from dcmaudit.verify.blocks import boxes_of
from dcmaudit.verify.record import Record

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
_ROWS = 64
"""Rows that are looked at together: a plane may be large, and eight bytes a pixel are much."""


def asked_boxes(items: Iterable[Blackened]) -> tuple[Box, ...]:
    """What a plan asks to be black, as boxes; those of shapes are worked out here."""
    found: list[Box] = []
    for item in items:
        found += (item.box,) if item.shape is None or item.size is None else _boxes(item.shape, item.size)
    return tuple(found)


def require_sizes(plan: RedactionPlan, record: Record) -> None:
    """A shape that keeps a region blacks what the size of its plane says: it must be the size of that plane."""
    for number, group in enumerate(plan.listing.groups):
        single = (plan.planes.get(group.address(k), ()) for k in range(len(group.frames)))
        for items in (plan.groups.get(number, ()), *single):
            for item in items:
                if item.shape is not None:
                    record.require("plan", group.title, "a shape was planned for a plane of another size",
                                   holds=item.size == group.size)  # fmt: skip


def with_shapes(proof: PlaneProof, plan: RedactionPlan) -> PlaneProof:
    """The same with the shapes that the plan asks for in that plane."""
    index = plan.listing.find(proof.address)
    items = () if index is None else plan.for_plane(plan.listing[index])
    shapes = tuple(item.shape.on(item.size) for item in items if item.shape is not None and item.size is not None)
    if not shapes:
        return proof
    return replace(proof, shapes=shapes, rectangles=tuple(item.box for item in items if item.shape is None))


@lru_cache(maxsize=256)
def _boxes(shape: Shape, size: Size) -> tuple[Box, ...]:
    return boxes_of(black_mask(shape, size), Size(1, 1), size)


def black_mask(shape: Shape, size: Size) -> Mask:
    """True (rows, columns) where the shape makes a plane of that size black."""
    found = np.zeros((size.height, size.width), np.bool_)
    columns = 2 * np.arange(size.width, dtype=np.int64)[np.newaxis, :] + 1
    for top in range(0, size.height, _ROWS):
        band = slice(top, min(top + _ROWS, size.height))
        rows = 2 * np.arange(band.start, band.stop, dtype=np.int64)[:, np.newaxis] + 1
        for part in shape.parts:
            found[band] |= _inside(part, columns, rows, edges=not shape.keep)
    return ~found if shape.keep else found


def _inside(part: ShapePart, x: Numbers, y: Numbers, *, edges: bool) -> Mask:
    """Which centres lie inside; ``x`` and ``y`` are twice the centres' columns and rows. ``edges``: on an edge, too."""
    if part.kind is ShapeKind.FAN:
        return _in_fan(part.points, x, y, edges=edges)
    points = part.points
    if part.kind is ShapeKind.RECTANGLE:
        one, other = points
        points = (one, Point(other.x, one.y), other, Point(one.x, other.y))
    left = np.zeros((len(y), x.shape[1]), np.int32)
    right = np.zeros_like(left)
    for start, end in _edges(points):
        rows = ((y > 2 * min(start.y, end.y)) & (y < 2 * max(start.y, end.y)))[:, 0]
        if not rows.any():
            continue
        down = 1 if end.y > start.y else -1
        # Positive where the centre lies to the right of the edge, as one looks at the picture.
        side = ((x - 2 * start.x) * (end.y - start.y) - (y[rows] - 2 * start.y) * (end.x - start.x)) * down
        left[rows] += down * (side > 0)
        right[rows] += down * (side >= 0)
    found: Mask = (left != 0) | (right != 0) if edges else (left != 0) & (right != 0)
    return found


def _edges(points: tuple[Point, ...]) -> Iterator[tuple[Point, Point]]:
    yield from ((points[i - 1], points[i]) for i in range(len(points)) if points[i - 1].y != points[i].y)


def _in_fan(points: tuple[Point, ...], x: Numbers, y: Numbers, *, edges: bool) -> Mask:
    apex, one, other = points[:3]
    dx, dy = x - 2 * apex.x, y - 2 * apex.y
    turn = (one.x - apex.x) * (other.y - apex.y) - (one.y - apex.y) * (other.x - apex.x)
    sign = 1 if turn > 0 else -1
    behind = sign * ((one.x - apex.x) * dy - (one.y - apex.y) * dx)
    before = sign * (dx * (other.y - apex.y) - dy * (other.x - apex.x))
    lengths = [(p.x - apex.x) ** 2 + (p.y - apex.y) ** 2 for p in points[1:]]
    distance = dx * dx + dy * dy
    least = [behind, before, 4 * max(lengths[:2]) - distance]
    least += [distance - 4 * length for length in lengths[2:]]
    lowest = least[0]
    for each in least[1:]:
        lowest = np.minimum(lowest, each)
    found: Mask = (lowest >= 0) if edges else (lowest > 0)
    return found
