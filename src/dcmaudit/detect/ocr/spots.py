"""What an engine finds: places of text as four corners, and how they become boxes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.vision import cv2
from dcmaudit.model import Box, Size

Picture = npt.NDArray[np.uint8]
"""(rows, columns) or (rows, columns, 3) in RGB order."""

Corners = npt.NDArray[np.float32]
"""(4, 2): x and y of the corners in pixels of the picture, in reading order: top left, top right, and on clockwise."""

T = TypeVar("T")

_ALONG, _ACROSS = 0.4, 0.15
"""Parts of a line's height that are added at its ends and above and below: engines cut letters short."""

_LARGEST = 0.25
"""Part of a picture from which on a single line of text is taken for a fault of the engine."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of text in a picture. ``text`` is None where the engine has not read it; its confidence likewise."""

    corners: Corners
    score: float
    text: str | None = field(default=None, repr=False)
    confidence: float | None = None

    @property
    def box(self) -> Box:
        """The smallest box around the corners."""
        left, top = np.floor(self.corners.min(axis=0)).astype(int)
        right, bottom = np.ceil(self.corners.max(axis=0)).astype(int)
        return Box(int(left), int(top), max(int(right), int(left) + 1), max(int(bottom), int(top) + 1))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text in the pixels of its plane: ``box`` covers the ink with a margin and lies inside the plane.

    ``text`` is "" where nothing could be read: whether a line is reported never depends on reading it.
    ``confidence`` is the reader's own, 0 to 1, None where it has none.
    """

    box: Box
    text: str = field(repr=False)
    confidence: float | None
    score: float


def padded(box: Box, size: Size) -> Box | None:
    """The box with a margin that fits its height, clipped to the picture; None where nothing of it is inside."""
    height = min(box.width, box.height)
    along, across = math.ceil(_ALONG * height), math.ceil(_ACROSS * height)
    if box.width < 1.5 * height and box.height < 1.5 * height:
        # One or two letters: which way they run cannot be told.
        across = math.ceil(0.5 * (along + across))
    dx, dy = (along, across) if box.width >= box.height else (across, along)
    return Box(box.left - dx, box.top - dy, box.right + dx, box.bottom + dy).clipped(size)


def is_too_large(box: Box, size: Size) -> bool:
    """Whether the box takes so much of the picture that it is no line of text."""
    return box.area >= _LARGEST * size.area


def moved(spot: Spot, dx: float, dy: float, scale: float = 1.0) -> Spot:
    """The spot after dividing by ``scale`` and moving."""
    shift = np.array([dx, dy], np.float32)
    return replace(spot, corners=(spot.corners / np.float32(scale) + shift).astype(np.float32))


def corners_of(box: Box) -> Corners:
    """The corners of a box, upright."""
    edges = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
    return np.array(edges, np.float32)


def cut_out(picture: Picture, corners: Corners) -> Picture:
    """The place between the corners, upright as their order says; 2 pixels wide and high at least."""
    width = max(np.linalg.norm(corners[0] - corners[1]), np.linalg.norm(corners[3] - corners[2]))
    height = max(np.linalg.norm(corners[0] - corners[3]), np.linalg.norm(corners[1] - corners[2]))
    wide, high = max(2, round(float(width))), max(2, round(float(height)))
    target = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    crop = cv2.warpPerspective(picture, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def turned_back(spot: Spot, turns: int, size: Size) -> Spot:
    """A spot of ``np.rot90(picture, turns)`` in the pixels of the picture of ``size``."""
    x, y = spot.corners[:, 0], spot.corners[:, 1]
    match turns % 4:
        case 1:
            corners = np.stack([size.width - y, x], axis=1)
        case 2:
            corners = np.stack([size.width - x, size.height - y], axis=1)
        case 3:
            corners = np.stack([y, size.height - x], axis=1)
        case _:
            corners = spot.corners
    return replace(spot, corners=corners.astype(np.float32))


def merged(items: Iterable[T], box_of: Callable[[T], Box]) -> list[list[T]]:
    """The items, those that show the same line of text together, the longest of them first.

    Long ones come first, so that pieces of a line join the line and do not stand for it.
    """
    boxed = sorted(((box_of(item), item) for item in items), key=lambda one: -max(one[0].width, one[0].height))
    clusters: list[tuple[list[T], list[Box]]] = []
    for box, item in boxed:
        home = next((cluster for cluster in clusters if any(is_same_line(box, other) for other in cluster[1])), None)
        if home is None:
            clusters.append(([item], [box]))
        else:
            home[0].append(item)
            home[1].append(box)
    return [some for some, _ in clusters]


def cut_by_others(box: Box, others: Iterable[Box]) -> list[Box]:
    """The box in parts, where other boxes say that it holds several lines; the box itself where they do not.

    Together the parts are the box. What counts are boxes that lie in it and are clearly less high.
    """
    # Text that runs upwards: cut into rows, its words would be cut.
    if box.height > 2 * box.width:
        return [box]
    inner = sorted((one for one in others if _is_line_in(one, box)), key=lambda one: one.top + one.bottom)
    rows: list[Box] = []
    for one in inner:
        if rows and one.top + one.bottom <= 2 * rows[-1].bottom:
            rows[-1] = rows[-1].union(one)
        else:
            rows.append(one)
    if len(rows) < _LINES:
        return [box]
    cuts = [(above.bottom + below.top) // 2 for above, below in itertools.pairwise(rows)]
    edges = [box.top, *(cut for cut in cuts if box.top < cut < box.bottom), box.bottom]
    return [Box(box.left, top, box.right, bottom) for top, bottom in itertools.pairwise(edges) if top < bottom]


_LINES = 2
_INSIDE = 0.5
_LOWER = 0.7


def _is_line_in(one: Box, box: Box) -> bool:
    common = one.intersection(box)
    if common is None or one.height > _LOWER * box.height or one.width < one.height:
        return False
    return common.area >= _INSIDE * one.area


def is_same_line(one: Box, other: Box) -> bool:
    """Whether two boxes are so placed that they show one line of text."""
    common = one.intersection(other)
    if common is None:
        return False
    small, large = sorted((one, other), key=lambda box: box.area)
    # Little in common: two pieces of a row that overlap at their ends, or two lines that touch.
    if common.area < 0.5 * small.area:
        upright = min(one.width, one.height, other.width, other.height)
        row = common.height >= 0.7 * min(one.height, other.height) and max(one.height, other.height) < 1.5 * min(
            one.height, other.height
        )
        return row and one.width > upright and common.width >= 0.3 * upright
    # A paragraph taken for one line must not swallow its lines, nor a line running across it.
    return min(large.width, large.height) <= 2.2 * max(1, min(small.width, small.height))


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them; there must be one."""
    first, *others = boxes
    for other in others:
        first = first.union(other)
    return first


def grey_of(picture: Picture) -> Picture:
    """The picture in grey: where colours tell text from its ground, the strongest difference of a channel counts."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
