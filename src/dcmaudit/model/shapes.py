"""Areas that are no rectangles: polygons, fans of ultrasound, and regions outside of which everything is black.

**Which pixels a shape has.** Points are corners of pixels: 0,0 is the top left corner of the plane, and the pixel in
column x and row y has its centre at x + 1/2, y + 1/2. A pixel belongs to a part where its centre lies inside:

- rectangle, two opposite corners: strictly between them;
- polygon, three corners or more: where the winding number just left or just right of the centre is not 0. Lines may
  cross each other; a line that is walked there and back encloses nothing;
- fan: apex, one end, other end, and perhaps a point of the near arc. Between the two rays from the apex through the
  ends (less than half a turn), and no farther from the apex than the farther end; with a fourth point no nearer
  than that.

A centre exactly on an edge is black either way: it belongs to what is black inside (``closed``), and not to a region
that is kept. All of this is worked out in whole numbers (``part_rows``), so that it is the same on every processor and
in the browser.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from math import isqrt

from dcmaudit.errors import UsageError
from dcmaudit.model.geometry import Box, Point, Size

MOST_POINTS = 1000
"""Points in all parts of a shape."""
MOST_PARTS = 16
FARTHEST = 1_000_000
"""No coordinate is farther from 0: all products then fit into the whole numbers of a browser."""

Run = tuple[int, int]
"""Columns of one row, half-open."""

FORM = (
    "[keep] rectangle x,y x,y | [keep] polygon x,y x,y x,y ... | [keep] fan APEX END END [NEAR]; corners of pixels; "
    "several parts with + between"
)
_NUMBER = "-?[0-9]{1,7}"
_POINT = rf"{_NUMBER},{_NUMBER}"
_PART = re.compile(rf"(rectangle|polygon|fan)((?: {_POINT})+)")
_SIZE = re.compile(r"(.+) in ([1-9][0-9]{0,6})x([1-9][0-9]{0,6})")


class ShapeKind(StrEnum):
    """What a part is; the value is stored."""

    RECTANGLE = "rectangle"
    POLYGON = "polygon"
    FAN = "fan"


_COUNTS = {
    ShapeKind.RECTANGLE: range(2, 3),
    ShapeKind.POLYGON: range(3, MOST_POINTS + 1),
    ShapeKind.FAN: range(3, 5),
}


@dataclass(frozen=True, slots=True)
class ShapePart:
    """One part of a shape; the meaning of its points stands at the top of this module.

    UsageError for another number of points than its kind has, points too far out, and a part without an inside.
    """

    kind: ShapeKind
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) not in _COUNTS[self.kind]:
            raise UsageError(f"a {self.kind} does not have {len(self.points)} points", hint=f"allowed: {FORM}")
        if any(abs(point.x) > FARTHEST or abs(point.y) > FARTHEST for point in self.points):
            raise UsageError(f"a point of the {self.kind} is farther than {FARTHEST} pixels from the plane's corner")
        if self.kind is ShapeKind.RECTANGLE and (
            self.points[0].x == self.points[1].x or self.points[0].y == self.points[1].y
        ):
            raise UsageError("the rectangle holds no pixel", hint="name two opposite corners")
        if self.kind is ShapeKind.FAN and not _cross(*_rays(self.points)):
            raise UsageError("the three points of a fan lie on one line", hint="name apex, one end, other end")

    @property
    def text(self) -> str:
        """As it is stored and written by people."""
        return " ".join((self.kind.value, *(f"{point.x},{point.y}" for point in self.points)))


@dataclass(frozen=True, slots=True)
class Shape:
    """What is black: the inside of the parts, or, with ``keep``, everything outside of all of them.

    ``size`` is that of the plane on which it was drawn; None where nobody said. A shape that is stored has one, and
    fits planes of that size alone.
    """

    keep: bool
    parts: tuple[ShapePart, ...]
    size: Size | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= MOST_PARTS:
            raise UsageError(f"a shape of {len(self.parts)} parts", hint=f"allowed: 1 to {MOST_PARTS}")
        if sum(len(part.points) for part in self.parts) > MOST_POINTS:
            raise UsageError(f"a shape of more than {MOST_POINTS} points")

    @property
    def text(self) -> str:
        """As people write it, and as CSV, JSON and records have it; ``parse_shape`` reads it."""
        size = f" in {self.size.width}x{self.size.height}" if self.size else ""
        return f"{'keep ' if self.keep else ''}{' + '.join(part.text for part in self.parts)}{size}"

    @property
    def title(self) -> str:
        """What it is, in a word or two."""
        kinds = {part.kind for part in self.parts}
        if self.keep:
            return "keep region" if kinds != {ShapeKind.FAN} else "fan that is kept"
        return kinds.pop().value if len(kinds) == 1 else "shape"

    def moved(self, dx: int, dy: int) -> Shape:
        """The same shape ``dx`` columns to the right and ``dy`` rows down, of a plane of any size."""
        return replace(
            self,
            parts=tuple(replace(p, points=tuple(Point(q.x + dx, q.y + dy) for q in p.points)) for p in self.parts),
            size=None,
        )

    def on(self, size: Size) -> Shape:
        """The same shape, drawn on a plane of that size."""
        return replace(self, size=size)

    def bounds(self) -> Box | None:
        """The smallest box around all pixels of the parts, on a plane without end; None where they have none."""
        return _around(
            Box(runs[0][0], y, runs[-1][1], y + 1)
            for part in self.parts
            for y, runs in part_rows(part, _rows_of(part), closed=not self.keep)
        )

    def boxes(self, size: Size) -> tuple[Box, ...]:
        """Exactly the black pixels of a plane of ``size``, as boxes that do not overlap, top to bottom."""
        return _cover(replace(self, size=None), size)

    def box(self, size: Size) -> Box | None:
        """The smallest box around the black pixels of a plane of ``size``; None where there are none."""
        return _around(self.boxes(size))


def _around(boxes: Iterable[Box]) -> Box | None:
    found: Box | None = None
    for box in boxes:
        found = box if found is None else found.union(box)
    return found


# --- texts ----------------------------------------------------------------------------------------------------------


def parse_shape(text: str) -> Shape:
    """The shape with that text; blanks may be doubled and letters large. UsageError for anything else."""
    plain = " ".join(text.lower().replace("+", " + ").split())
    size: Size | None = None
    if (sized := _SIZE.fullmatch(plain)) is not None:
        plain, size = sized[1], Size(int(sized[2]), int(sized[3]))
    keep = plain.startswith("keep ")
    parts = []
    for each in plain.removeprefix("keep ").split(" + "):
        found = _PART.fullmatch(each)
        if found is None:
            raise UsageError(f"{text.strip()[:80]!r} is no shape", hint=f"allowed: {FORM}")
        points = [Point(*map(int, pair.split(","))) for pair in found[2].split()]
        parts.append(ShapePart(ShapeKind(found[1]), tuple(points)))
    return Shape(keep, tuple(parts), size)


def stored_text(shape: Shape) -> str:
    """The text in a column of the database, with a sum: bytes that changed there must not make another shape."""
    return f"{shape.text} #{zlib.crc32(shape.text.encode()):08x}"


def parse_stored(text: str) -> Shape:
    """The shape in a column of the database; UsageError where it is none, was changed, or names no size."""
    plain, _, _ = text.rpartition(" #")
    shape = parse_shape(plain)
    if shape.size is None or stored_text(shape) != text:
        raise UsageError("the shape is not the one that was stored: its sum is another")
    return shape


# --- pixels ---------------------------------------------------------------------------------------------------------


def part_rows(part: ShapePart, rows: range, *, closed: bool) -> Iterator[tuple[int, list[Run]]]:
    """The pixels of one part in each of ``rows`` that has some: the row and its runs, sorted and apart.

    **The definition**: a pixel is here where its centre lies inside, see the top of the module. ``closed``: centres on
    an edge are inside. Columns may be negative: no plane is asked for.
    """
    make = {ShapeKind.RECTANGLE: _rectangle_rows, ShapeKind.POLYGON: _polygon_rows, ShapeKind.FAN: _fan_rows}
    for y, runs in make[part.kind](part.points, rows, closed=closed):
        if runs:
            yield y, runs


def _rows_of(part: ShapePart) -> range:
    """Rows outside of which a part has no pixel."""
    if part.kind is ShapeKind.FAN:
        apex, far = part.points[0], isqrt(_far(part.points)) + 1
        return range(apex.y - far, apex.y + far)
    ys = [point.y for point in part.points]
    return range(min(ys), max(ys))


def _rectangle_rows(points: Sequence[Point], rows: range, *, closed: bool) -> Iterator[tuple[int, list[Run]]]:
    del closed  # a centre lies half a pixel from every corner, so that none is ever on an edge
    (left, right), (top, bottom) = sorted(p.x for p in points), sorted(p.y for p in points)
    for y in range(max(top, rows.start), min(bottom, rows.stop)):
        yield y, [(left, right)]


def _polygon_rows(points: Sequence[Point], rows: range, *, closed: bool) -> Iterator[tuple[int, list[Run]]]:
    """Where edges cross the line through the centres of a row; level edges never do, for they lie between rows.

    An edge that crosses at a turns the winding number of the centres right of a. ``upon`` counts those with centre >= a
    (the winding number just right of a centre), ``beyond`` those with centre > a (just left of it).
    """
    upon: dict[int, list[tuple[int, int]]] = {}
    beyond: dict[int, list[tuple[int, int]]] = {}
    for one, other in zip(points, (*points[1:], points[0]), strict=True):
        if one.y == other.y:
            continue
        turn = 1 if other.y > one.y else -1
        top, bottom = (one, other) if turn > 0 else (other, one)
        height, width = bottom.y - top.y, bottom.x - top.x
        for y in range(max(top.y, rows.start), min(bottom.y, rows.stop)):
            # a - 1/2 as a fraction over 2 * height
            number = 2 * height * top.x + (2 * (y - top.y) + 1) * width - height
            upon.setdefault(y, []).append((-(-number // (2 * height)), turn))
            beyond.setdefault(y, []).append((number // (2 * height) + 1, turn))
    for y in sorted(upon):
        first, second = _wound(upon[y]), _wound(beyond[y])
        yield y, _united([*first, *second]) if closed else _common(first, second)


def _wound(crossings: list[tuple[int, int]]) -> list[Run]:
    """The columns in which the sum of all turns at or before them is not 0."""
    found: list[Run] = []
    winding, start = 0, 0
    for x, turn in sorted(crossings):
        if winding == 0:
            start = x
        winding += turn
        if winding == 0 and start < x:
            found.append((start, x))
    return _united(found)


def _fan_rows(points: Sequence[Point], rows: range, *, closed: bool) -> Iterator[tuple[int, list[Run]]]:
    """Two half-planes, a disc, and perhaps without a smaller disc; twice all lengths, so that centres are whole."""
    apex = points[0]
    first, second = _rays(points)
    if _cross(first, second) < 0:
        first, second = second, first
    edge = 0 if closed else 1  # whole numbers: more than 0 is 1 at least
    far, near = 4 * _far(points), 4 * _square(points[3], apex) if len(points) > 3 else None
    offset = 1 - 2 * apex.x  # dx = 2 x + offset
    reach = _rows_of(ShapePart(ShapeKind.FAN, tuple(points)))
    for y in range(max(reach.start, rows.start), min(reach.stop, rows.stop)):
        dy = 2 * (y - apex.y) + 1
        disc = _disc(far - dy * dy - edge, offset)
        sides = (
            _half(-first.y, first.x * dy - edge, offset),  # cross(first, d) = first.x dy - first.y dx
            _half(second.y, -second.x * dy - edge, offset),  # cross(d, second) = dx second.y - dy second.x
        )
        runs = [disc] if disc is not None else []
        for side in sides:
            runs = [] if side is None else _common(runs, [side])
        hole = _disc(near - dy * dy - 1 + edge, offset) if near is not None else None
        yield y, runs if hole is None else _without(runs, hole)


_WIDE = 1 << 40


def _half(factor: int, rest: int, offset: int) -> Run | None:
    """The columns x with factor * (2 x + offset) + rest >= 0."""
    number = factor * offset + rest
    if factor == 0:
        return (-_WIDE, _WIDE) if rest >= 0 else None
    if factor > 0:
        return -(number // (2 * factor)), _WIDE
    return -_WIDE, number // (-2 * factor) + 1


def _disc(square: int, offset: int) -> Run | None:
    """The columns x with (2 x + offset) ** 2 <= square."""
    if square < 0:
        return None
    root = isqrt(square)
    first, last = -((root + offset) // 2), (root - offset) // 2
    return (first, last + 1) if first <= last else None


def _rays(points: Sequence[Point]) -> tuple[Point, Point]:
    apex, one, other = points[:3]
    return Point(one.x - apex.x, one.y - apex.y), Point(other.x - apex.x, other.y - apex.y)


def _cross(one: Point, other: Point) -> int:
    return one.x * other.y - one.y * other.x


def _square(one: Point, other: Point) -> int:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2


def _far(points: Sequence[Point]) -> int:
    return max(_square(points[1], points[0]), _square(points[2], points[0]))


# --- runs -----------------------------------------------------------------------------------------------------------


def _united(runs: Iterable[Run]) -> list[Run]:
    found: list[Run] = []
    for start, stop in sorted(runs):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(stop, found[-1][1])
        else:
            found.append((start, stop))
    return found


def _common(ours: Sequence[Run], others: Sequence[Run]) -> list[Run]:
    return [(max(a, c), min(b, d)) for a, b in ours for c, d in others if max(a, c) < min(b, d)]


def _without(runs: Sequence[Run], hole: Run) -> list[Run]:
    return _common(runs, [(-_WIDE, hole[0]), (hole[1], _WIDE)])


def _black_rows(shape: Shape, size: Size) -> list[list[Run]]:
    """The black runs of every row of a plane."""
    rows = range(size.height)
    found: list[list[Run]] = [[] for _ in rows]
    for part in shape.parts:
        for y, runs in part_rows(part, rows, closed=not shape.keep):
            found[y] += runs
    plane = [(0, size.width)]
    if not shape.keep:
        return [_common(_united(runs), plane) if runs else [] for runs in found]
    return [_outside(_united(runs), size.width) for runs in found]


def _outside(runs: Sequence[Run], width: int) -> list[Run]:
    edges = [0, *(min(max(edge, 0), width) for run in runs for edge in run), width]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


@lru_cache(maxsize=256)
def _cover(shape: Shape, size: Size) -> tuple[Box, ...]:
    return _boxes_of(_black_rows(shape, size), 1, size.height)


def _boxes_of(bands: Sequence[Sequence[Run]], height: int, bottom: int) -> tuple[Box, ...]:
    """Boxes of bands of ``height`` rows, equal runs of neighbours joined."""
    open_runs: dict[Run, int] = {}
    done: list[Box] = []
    for number, runs in enumerate([*bands, []]):
        y = min(number * height, bottom)
        now = set(runs)
        done += [Box(run[0], top, run[1], y) for run, top in open_runs.items() if run not in now]
        open_runs = {run: open_runs.get(run, y) for run in runs}
    return tuple(sorted(done, key=lambda box: (box.top, box.left)))


def covering(shape: Shape, size: Size, most: int) -> tuple[Box, ...]:
    """At most ``most`` boxes that cover every black pixel of a plane, and as few others as bands of rows allow.

    For programs that know rectangles alone.
    """
    exact = shape.boxes(size)
    if len(exact) <= most:
        return exact
    rows = _black_rows(shape, size)
    height = 2
    while height < 2 * size.height:
        bands = [_united(run for runs in rows[y : y + height] for run in runs) for y in range(0, size.height, height)]
        boxes = _boxes_of(bands, height, size.height)
        if len(boxes) <= most:
            return boxes
        height *= 2
    around = _around(exact)
    return (around,) if around is not None else ()
