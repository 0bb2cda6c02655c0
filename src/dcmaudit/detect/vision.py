"""OpenCV, loaded when something of it is used: the small installation (dcmaudit-core) does without it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dcmaudit.errors import MissingExtraError

SMALL = "this is the small installation, which finds and reads no text"


class _OpenCV:
    """Stands for the module ``cv2`` and becomes it, name by name."""

    def __getattr__(self, name: str) -> Any:
        """Something of OpenCV; MissingExtraError where it is not installed."""
        try:
            import cv2 as library
        except ImportError as error:
            raise MissingExtraError(SMALL, hint="pip install dcmaudit") from error
        found = getattr(library, name)
        setattr(self, name, found)
        return found


cv2: Any = _OpenCV()


_FEW = 1 << 13
"""Pixels up to which OpenCV's own count of each figure is quicker than what is done here."""


def components(marks: Any) -> tuple[int, Any, Any]:
    """How many figures of touching pixels there are, the ground included; (rows, columns) of their numbers; and of each
    (left, top, columns, rows, pixels), int32. Pixels touch at corners, too; ``marks`` is uint8. Of the ground, which
    is the first, only its pixels are told.

    What OpenCV takes by itself counts every figure a second time: three times as slow, with the same numbers. Of large
    maps most of its time goes into what is asked of every pixel, of the ground as well; here it is asked of every run
    of marked pixels in a row.
    """
    if marks.size <= _FEW:
        count, names, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(marks, 8, cv2.CV_32S, cv2.CCL_SPAGHETTI)
        return count, names, stats
    rows, columns = marks.shape
    left, top, wide, high = cv2.boundingRect(marks)
    names = np.zeros(marks.shape, np.int32)
    if not wide:
        return 1, names, np.array([[0, 0, columns, rows, marks.size]], np.int32)
    # Figures are numbered by squares of two pixels: an even edge leaves the order as it is.
    part = (slice(top & ~1, top + high), slice(left & ~1, left + wide))
    count, names[part] = cv2.connectedComponentsWithAlgorithm(
        np.ascontiguousarray(marks[part]), 8, cv2.CV_32S, cv2.CCL_SPAGHETTI
    )
    return count, names, _measured(marks, names, count)


def _measured(marks: Any, names: Any, count: int) -> Any:
    rows, columns = marks.shape
    apart = np.zeros((rows, columns + 1), np.bool_)  # no run goes on in the next row
    np.not_equal(marks, 0, out=apart[:, :columns])
    line = apart.ravel()
    ends = np.flatnonzero(line[1:] != line[:-1]) + 1
    if line[0]:
        ends = np.concatenate(([0], ends))
    starts, stops = ends[::2], ends[1::2]
    row = starts // (columns + 1)
    before = row * (columns + 1)
    label = names.ravel()[starts - row]
    left, right = np.full(count, columns, np.int64), np.zeros(count, np.int64)
    np.minimum.at(left, label, starts - before)
    np.maximum.at(right, label, stops - before)
    # Runs come from the top down: the last that is written of each figure stays.
    top, bottom = np.zeros(count, np.int64), np.zeros(count, np.int64)
    top[label[::-1]], bottom[label] = row[::-1], row + 1
    stats = np.stack([left, top, right - left, bottom - top, np.bincount(label, stops - starts, count)], axis=1)
    stats[0] = 0, 0, columns, rows, marks.size - int(stats[1:, 4].sum())
    return stats.astype(np.int32)


def highest_of(count: int, names: Any, marks: Any, values: Any) -> Any:
    """Of each of ``count`` figures, as ``components`` numbers them, the highest of the values, which are not negative;
    of the ground 0. Only what is marked is asked: of most maps that is little."""
    places = np.flatnonzero(marks)
    highest = np.zeros(count, values.dtype)
    np.maximum.at(highest, names.ravel()[places], values.ravel()[places])
    return highest
