"""Rectangles of many files put together where they mean the same place."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from dcmaudit.detect.learning.levels import Boxes

Places = NDArray[np.int64]

_APART = 4.0
_EXACT = 0.01
_PADDING = 0.2
_LEAST_PADDING, _MOST_PADDING = 2.0, 8.0
_SETTLED = 12
_OUTER = 0.04
GROWTH = 1.5
"""How many times the area of its largest example a learned rectangle has at most."""
_COVERED = 0.7
_IN_PAIRS = 128
"""So few boxes are compared all with all in less time than it takes to ask about each by itself."""


def clusters(boxes: Boxes, weights: NDArray[np.float64]) -> list[Places]:
    """The places in ``boxes`` that belong together, the heaviest cluster first; every box is in exactly one."""
    free = np.ones(len(boxes), dtype=bool)
    found: list[Places] = []
    rest = np.arange(len(boxes))
    pairs: dict[int, NDArray[np.bool_]] = {}
    for seed in np.argsort(-weights, kind="stable").tolist():
        if not free[seed]:
            continue
        if not pairs and len(rest) <= _IN_PAIRS:
            pairs = _pairs(boxes, rest)
        left = boxes[rest]
        members = pairs[seed][rest] if pairs else near(left, boxes[seed])
        if np.count_nonzero(members) > 2:
            # Once more around what is typical of them: the seed may lie at the border of its cluster.
            members = members | near(left, middle(left[members]))
        found.append(rest[members])
        free[found[-1]] = False
        rest = rest[~members]
    return sorted(found, key=lambda places: -float(weights[places].sum()))


def _pairs(boxes: Boxes, rest: Places) -> dict[int, NDArray[np.bool_]]:
    """For each of ``rest`` which boxes are near it, all at once: what is left are mostly places of one file each."""
    result = np.zeros((len(rest), len(boxes)), dtype=bool)
    some = boxes[rest]
    result[:, rest] = near(some[:, None], some.T)
    return dict(zip(rest.tolist(), result, strict=True))


def middle(boxes: Boxes) -> NDArray[np.float64]:
    """The median of every edge; of an even number the upper one of the two in the middle."""
    return np.asarray(np.sort(boxes, axis=0)[len(boxes) // 2])


def near(boxes: Boxes, box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes mean the place of ``box``: on its line, of like height, and equal at the left, right or middle.

    The edges of ``boxes`` are its last axis, those of ``box`` its first; the others are broadcast. Text grows and
    shrinks with what it says, so that one side stays and the other moves.
    """
    lefts, tops, rights, bottoms = (boxes[..., edge] for edge in range(4))
    left, top, right, bottom = box
    heights, height = bottoms - tops, bottom - top
    smaller, larger = np.minimum(heights, height), np.maximum(heights, height)
    shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
    apart = np.maximum(_APART, 0.75 * smaller)
    middle = np.abs(lefts + rights - left - right) / 2
    beside = np.minimum(rights, right) > np.maximum(lefts, left)
    aligned = (np.abs(lefts - left) <= apart) | (np.abs(rights - right) <= apart) | (middle <= apart)
    return np.asarray((shared >= 0.5 * smaller) & (larger <= 2.5 * smaller) & aligned & beside)


def outline(boxes: Boxes, agreed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """One rectangle that the next text at this place very likely fits into.

    The outermost edges but for the odd one out, with a margin that shrinks as examples come in. Accepted
    suggestions have their margin already: another one would make rectangles grow with every file. In whole pixels its
    area is at most ``GROWTH`` times that of the largest example.
    """
    most = GROWTH * largest(boxes, agreed)
    found = _outer(boxes, agreed, 1.0)
    # The margin gives way before the examples do.
    for part in (0.5, 0.0):
        if _area(found) > most:
            found = _outer(boxes, agreed, part)
    return found if _area(found) <= most else _joined(boxes, most)


def largest(boxes: Boxes, agreed: NDArray[np.bool_]) -> int:
    """The area of the largest example in whole pixels; of those drawn by hand where there are any.

    What was accepted has grown already: growing from it would double a rectangle within a few files.
    """
    drawn = boxes if agreed.all() else boxes[~agreed]
    sides = np.ceil(drawn[:, 2:] - _EXACT) - np.floor(drawn[:, :2] + _EXACT)
    return int((sides[:, 0] * sides[:, 1]).max())


def whole(box: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """The edges in whole pixels, outwards but for what arithmetic left."""
    left, top, right, bottom = box.tolist()
    return floor(left + _EXACT), floor(top + _EXACT), ceil(right - _EXACT), ceil(bottom - _EXACT)


def _area(box: NDArray[np.float64]) -> int:
    left, top, right, bottom = whole(box)
    return (right - left) * (bottom - top)


def _joined(boxes: Boxes, most: float) -> NDArray[np.float64]:
    """The middle one of the boxes and as many others, the newest first, as fit into ``most`` pixels with it."""
    fits = [box for box in boxes if _area(box) <= most]
    core = middle(boxes)
    found = min(fits, key=lambda box: float(np.abs(box - core).sum()))
    for box in fits:
        with_box = np.concatenate((np.minimum(found[:2], box[:2]), np.maximum(found[2:], box[2:])))
        if _area(with_box) <= most:
            found = with_box
    return np.asarray(found)


def _outer(boxes: Boxes, agreed: NDArray[np.bool_], part: float) -> NDArray[np.float64]:
    """The outermost edges of the boxes with that part of the margin."""
    heights = boxes[:, 3] - boxes[:, 1]
    drawn = int((~agreed).sum())
    share = _PADDING * max(0.25, 1 - drawn / _SETTLED)
    margin = part * np.where(agreed, 0.0, np.clip(share * heights, _LEAST_PADDING, _MOST_PADDING))
    left, top = boxes[:, 0] - margin, boxes[:, 1] - margin
    right, bottom = boxes[:, 2] + margin, boxes[:, 3] + margin
    # Too few for one of them to be an outlier.
    if len(boxes) < 1 / _OUTER:
        return np.array([left.min(), top.min(), right.max(), bottom.max()])
    # The last that is not left out, counted from the outside: np.quantile takes ten times as long.
    out = int(_OUTER * (len(boxes) - 1))
    return np.array([np.sort(left)[out], np.sort(top)[out], np.sort(right)[-1 - out], np.sort(bottom)[-1 - out]])


def covers(boxes: Boxes, core: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes hold most of ``core``: somebody may have marked a whole block in one piece."""
    width = np.minimum(boxes[:, 2], core[2]) - np.maximum(boxes[:, 0], core[0])
    height = np.minimum(boxes[:, 3], core[3]) - np.maximum(boxes[:, 1], core[1])
    shared = np.clip(width, 0, None) * np.clip(height, 0, None)
    return np.asarray(shared >= _COVERED * (core[2] - core[0]) * (core[3] - core[1]))
