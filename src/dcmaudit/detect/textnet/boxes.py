"""From the two maps to boxes around lines of text."""

from __future__ import annotations

import cv2
import numpy as np

from dcmaudit.detect.textnet.network import Map
from dcmaudit.model import Box

_LOW, _HIGH = 0.3, 0.6
_INK = 0.5
_FEWEST = 4


def boxes_of(ink: Map, region: Map) -> list[tuple[Box, float]]:
    """Boxes of lines in pixels of the picture, twice as many a side as the maps have, each with its confidence.

    A line is what hangs together in the region map and is sure somewhere; its box is grown back to its letters.
    """
    out: list[tuple[Box, float]] = []
    del ink  # not used yet
    low = np.asarray(region >= _LOW, np.uint8)
    count, found, stats, _ = cv2.connectedComponentsWithStats(low, connectivity=8)
    labels = np.asarray(found, np.int32)
    highest = np.zeros(count, np.float32)
    np.maximum.at(highest, labels.ravel(), region.ravel())
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        if highest[label] < _HIGH or area < _FEWEST:
            continue
        grow = max(2, round(0.6 * min(width, height)))
        x0, y0, x1, y1 = left - grow, top - grow, left + width + grow, top + height + grow
        out.append((Box(2 * x0, 2 * y0, 2 * x1, 2 * y1), float(highest[label])))
    return out
