"""What the network half saw: places below its thresholds, for people who want to look for themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import RULE
from dcmaudit.detect.textnet.network import Map
from dcmaudit.detect.vision import components, cv2
from dcmaudit.model import Box

_REGION, _INK = 0.15, 0.3
_LIKELY = 0.35
"""A place that is nowhere likelier than this is not worth a look: there are too many of them."""

_FEWEST = 3
_MOST = 200
"""Places that are told at most, the likeliest of them: a texture can make thousands."""


def doubtful_boxes(ink: Map, region: Map, taken: Sequence[Box]) -> list[tuple[Box, float]]:
    """Boxes, in pixels of the picture, of what may be text and is not in ``taken``; the likeliest first.

    The number with each is the highest value of either map in it.
    """
    likely = np.maximum(ink, region)
    left = np.asarray((region >= _REGION) | (ink >= _INK), np.uint8)
    told = np.zeros(left.shape, np.uint8)
    for box in taken:
        told[max(0, box.top // 2) : -(-box.bottom // 2), max(0, box.left // 2) : -(-box.right // 2)] = 1
    left[told > 0] = 0
    if not left.any():
        return []
    joined = cv2.dilate(left, np.ones((3, 7), np.uint8))
    count, found, stats = components(np.asarray(joined, np.uint8))
    labels = np.asarray(found, np.int32)
    inside = left > 0
    highest = np.zeros(count, np.float32)
    np.maximum.at(highest, labels[inside], likely[inside])
    areas = np.bincount(labels[inside], minlength=count)
    tails = _tails(labels, inside, ink, told, count)
    places = [
        label for label in range(1, count) if areas[label] >= _FEWEST and highest[label] >= _LIKELY and not tails[label]
    ]
    places.sort(key=lambda label: -float(highest[label]))
    return [(_box(stats[label]), float(highest[label])) for label in places[:_MOST]]


def _tails(
    labels: npt.NDArray[np.int32], inside: npt.NDArray[np.bool_], ink: Map, told: npt.NDArray[np.uint8], count: int
) -> npt.NDArray[np.bool_]:
    """Which places are where a found line fades out: they touch its box and hold no ink that would belong to it."""
    inked = np.zeros(count, np.float32)
    np.maximum.at(inked, labels[inside], ink[inside])
    beside = cv2.dilate(told, np.ones((3, 3), np.uint8)) > 0
    touching = np.bincount(labels[beside], minlength=count) > 0
    return np.asarray(touching & (inked < RULE.ink_ends), np.bool_)


def _box(stats: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> Box:
    left, top, width, height = (int(value) for value in stats[:4])
    return Box(2 * left, 2 * top, 2 * (left + width), 2 * (top + height))
