"""The rows of DicomRects that stand for a row of our own table: a rectangle frame by frame, a shape as rectangles.

Other programs know rectangles on single planes alone. A shape is written for them as rectangles that cover it: they
black more than the shape, and never less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Everywhere
from dcmaudit.model.addresstexts import parse_scope, shared_columns
from dcmaudit.model.shapes import Shape, covering, parse_stored

MOST = 20_000
"""Rows that may stand for one: the other tables must not grow by a million rows at a key."""
MOST_OF_A_PLANE = 64
"""Rectangles by which a shape is covered on one plane."""

Place = tuple[int, int, int, int, int, int]
"""Left, top, right and bottom, inclusive, frame and overlay, as DicomRects has them."""


def shape_of(values: Mapping[str, object]) -> Shape | None:
    """The shape of a row, None for a rectangle. UsageError where it cannot be read."""
    text = values.get("shape")
    return None if text is None else parse_stored(str(text))


def places(values: Mapping[str, object], frames: int) -> list[Place]:
    """What stands for the row: frame by frame, on each in the order of the rectangles; empty where nothing may.

    ``frames`` is the number of image frames for a row on all frames, and means nothing for one on a single plane.
    """
    scope = parse_scope(str(values["scope"]))
    numbers: list[tuple[int, int]] = []
    if scope is Everywhere.ALL_FRAMES:
        numbers = [(frame, -1) for frame in range(frames)] if 0 < frames <= MOST else []
    elif (shared := shared_columns(scope)) is not None:
        numbers = [shared]
    if not numbers:
        return []
    boxes = list(_boxes(values, len(numbers)))
    return [(*box.inclusive, *number) for number in numbers for box in boxes]


def _boxes(values: Mapping[str, object], planes: int) -> Iterator[Box]:
    shape = shape_of(values)
    if shape is not None and shape.size is not None:
        yield from covering(shape, shape.size, max(1, min(MOST_OF_A_PLANE, MOST // planes)))
        return
    edges = [values.get(name) for name in ("left", "top", "right", "bottom")]
    left, top, right, bottom = (edge if isinstance(edge, int) else -1 for edge in edges)
    # Edges of -1 are a summary, not a place.
    if min(left, top, right, bottom) >= 0 and left <= right and top <= bottom:
        yield Box.from_inclusive(left=left, top=top, right=right, bottom=bottom)


def may_be_read(values: Mapping[str, object]) -> bool:
    """Whether a row's shape is none, or the one that was stored."""
    try:
        shape_of(values)
    except DcmauditError:
        return False
    return True
