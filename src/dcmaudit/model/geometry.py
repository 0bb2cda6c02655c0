"""Points, sizes and boxes in the pixels of one plane.

One convention inside the program: x grows to the right, y downwards, both from 0 at the plane's own top left
pixel, and a box is half-open. Inclusive edges (the database, CSV, ``--rect``) and x/y/width/height (CTP) are
converted where they enter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from dcmaudit.errors import UsageError
from dcmaudit.model.travel import Travels


@dataclass(frozen=True, slots=True)
class Point:
    """A pixel position; may lie outside any plane (an overlay's origin can be negative)."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a plane in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise UsageError(f"a plane of {self.width} x {self.height} pixels has no pixels")

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, order=True)
class Box(Travels):
    """A rectangle of pixels: ``left <= x < right`` and ``top <= y < bottom``, never empty.

    A box knows nothing of its plane and may reach outside it; ``is_inside`` and ``clipped`` answer for a size.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            raise UsageError(
                f"the rectangle from ({self.left}, {self.top}) to ({self.right}, {self.bottom}) holds no pixel",
                hint="the right edge must be right of the left one and the bottom below the top",
            )

    @classmethod
    def from_inclusive(cls, *, left: int, top: int, right: int, bottom: int) -> Box:
        """The box whose last column is ``right`` and last row ``bottom`` (database and CSV convention)."""
        return cls(left, top, right + 1, bottom + 1)

    @classmethod
    def from_corner(cls, *, x: int, y: int, width: int, height: int) -> Box:
        """The box of ``width`` x ``height`` pixels whose top left pixel is (x, y) (CTP convention)."""
        return cls(x, y, x + width, y + height)

    @classmethod
    def whole(cls, size: Size) -> Box:
        """The box that covers a whole plane."""
        return cls(0, 0, size.width, size.height)

    @property
    def last_x(self) -> int:
        """The last column that belongs to the box (the inclusive right edge)."""
        return self.right - 1

    @property
    def last_y(self) -> int:
        """The last row that belongs to the box (the inclusive bottom edge)."""
        return self.bottom - 1

    @property
    def inclusive(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom with the last column and row in it, as databases, CSV and JSON have them."""
        return self.left, self.top, self.last_x, self.last_y

    @property
    def text(self) -> str:
        """The same four with commas between, as messages and ``--rect`` have them."""
        return ",".join(map(str, self.inclusive))

    @property
    def width(self) -> int:
        """Columns in the box."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows in the box."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Pixels in the box."""
        return self.width * self.height

    def is_inside(self, size: Size) -> bool:
        """Whether every pixel of the box is a pixel of a plane of that size."""
        return self.left >= 0 and self.top >= 0 and self.right <= size.width and self.bottom <= size.height

    def clipped(self, size: Size) -> Box | None:
        """The part of the box inside a plane of that size, None where they share no pixel."""
        return self.intersection(Box.whole(size))

    def intersection(self, other: Box) -> Box | None:
        """The pixels common to both, None where there are none."""
        # Of many boxes most pairs have nothing in common.
        if self.left >= other.right or other.left >= self.right or self.top >= other.bottom or other.top >= self.bottom:
            return None
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def union(self, other: Box) -> Box:
        """The smallest box that covers both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def contains(self, other: Box) -> bool:
        """Whether every pixel of ``other`` is also in this box."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def holds(self, point: Point) -> bool:
        """Whether the pixel at ``point`` is in the box."""
        return self.left <= point.x < self.right and self.top <= point.y < self.bottom

    def moved(self, dx: int, dy: int) -> Box:
        """The same box, ``dx`` columns to the right and ``dy`` rows down."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def grown(self, pixels: int) -> Box:
        """The box with ``pixels`` more on every side."""
        return Box(self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels)


def covered_area(boxes: Iterable[Box]) -> int:
    """Pixels covered by at least one of the boxes; overlapping parts count once."""
    todo = sorted(set(boxes), key=lambda box: box.top, reverse=True)
    edges = sorted({edge for box in todo for edge in (box.top, box.bottom)})
    here: list[Box] = []
    total = 0
    # Strip by strip: in one, the same boxes lie beside each other in every row.
    for top, bottom in itertools.pairwise(edges):
        here = [box for box in here if box.bottom > top]
        while todo and todo[-1].top <= top:
            here.append(todo.pop())
        reached: int | None = None
        for left, right in sorted((box.left, box.right) for box in here):
            start = left if reached is None else max(left, reached)
            total += max(0, right - start) * (bottom - top)
            reached = right if reached is None else max(reached, right)
    return total
