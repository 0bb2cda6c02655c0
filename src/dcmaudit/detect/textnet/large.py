"""Letters larger than the network was shown: looked for in the picture made smaller, and believed only where flat.

A head seen small looks like an O. Letters that were burned in are of one level, with another around them; bodies are
not. So what is found in a small picture counts only where its ink is flat.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import Rule, boxes_of
from dcmaudit.detect.textnet.network import Map, Picture, TextMaps
from dcmaudit.detect.vision import cv2
from dcmaudit.model import Box, Size

SMALLER = (2, 4, 8)
"""How many times smaller the pictures are; together they cost a third of the look at the picture itself."""

LEAST_EDGE = 24
"""Pixels of a small picture's lesser edge below which there is nothing to be seen in it."""

RULE_SMALL = Rule(region_high=0.84, ink_alone=0.84)
"""As surely as in the picture itself, for ink alone, too."""

_HIGH = 32
"""Pixels of the small picture that the longer side of a box has at least: the rest is seen in the picture itself."""
_THICK = 0.6
"""Part of that for the shorter side."""

_AREA = 0.45
"""Part of the picture that one large letter or line takes at most."""

_CONTRAST = 20.0
_FLAT = 0.08
"""Part of the contrast by which nine in ten pixels of the ink, without its edges, differ from its middle at most."""
_FILLED = 0.62
"""Part of a box that may be ink."""
_STROKE = 0.55
"""Part of a box's lesser side that a stroke is wide at most; the broadest letters that devices write have a third."""
_FEWEST = 6
_SAME, _BEGUN = 0.3, 0.25
"""Ink goes on outside of a box where its level differs by this part of the contrast at most and this part is inside."""

_INK = 0.5
_TAKEN = 0.7
"""Part of the ink in a box that lies in lines that were found before: then the box says nothing new."""


def smaller(picture: Picture, times: int) -> Picture | None:
    """The picture made smaller, None where hardly anything would be left of it."""
    rows, columns = -(-picture.shape[0] // times), -(-picture.shape[1] // times)
    if min(rows, columns) < LEAST_EDGE:
        return None
    more = [
        (0, rows * times - picture.shape[0]),
        (0, columns * times - picture.shape[1]),
        *[(0, 0)] * (picture.ndim - 2),
    ]
    # Whole squares of pixels become one: their mean needs no fractions, and is the same on every processor.
    filled = np.pad(picture, more, mode="edge") if any(after for _, after in more) else picture
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def large_letters(small: Picture, maps: TextMaps, taken: Sequence[Box] = ()) -> list[tuple[Box, float]]:
    """Boxes of large flat letters that do not lie in ``taken``, in pixels of the small picture, with confidences."""
    rows, columns = small.shape[:2]
    size = Size(int(columns), int(rows))
    out = []
    for box, sure in boxes_of(maps.ink, maps.region, RULE_SMALL):
        inside = box.clipped(size)
        if inside is None or max(inside.width, inside.height) < _HIGH:
            continue
        if min(inside.width, inside.height) < _THICK * _HIGH or inside.area > _AREA * size.area:
            continue
        if _is_taken(maps.ink, inside, taken):
            continue
        whole = flat_letters(small, maps.ink, inside)
        if whole is not None:
            out.append((whole, sure))
    return out


def _is_taken(ink: Map, box: Box, taken: Sequence[Box]) -> bool:
    inked = ink >= _INK
    here = np.zeros(ink.shape, bool)
    for one in taken:
        here[one.top // 2 : -(-one.bottom // 2), one.left // 2 : -(-one.right // 2)] = True
    where = (slice(box.top // 2, -(-box.bottom // 2)), slice(box.left // 2, -(-box.right // 2)))
    return bool((inked & here)[where].sum() >= _TAKEN * max(1, inked[where].sum()))


def flat_letters(picture: Picture, ink: Map, box: Box) -> Box | None:
    """The box around all of the ink that begins in ``box``, None where it is not of one level unlike what is around."""
    likely = _likely(ink, box)
    for channel in [picture] if picture.ndim == 2 else cv2.split(picture):
        grey = np.asarray(channel, np.uint8)
        found = _flat_level(np.ascontiguousarray(grey[box.top : box.bottom, box.left : box.right]), likely)
        if found is not None:
            return _whole(grey, box, *found)
    return None


def _flat_level(part: Picture, likely: npt.NDArray[np.float32]) -> tuple[float, float] | None:
    """Level and contrast of the ink in the part of a picture, None where it is not flat."""
    _, split = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = np.asarray(split) > 0
    if bright.all() or not bright.any():
        return None
    inked = bright if likely[bright].mean() > likely[~bright].mean() else ~bright
    core, rest = _core(inked), _core(~inked)
    if core.sum() < _FEWEST or rest.sum() < _FEWEST or inked.mean() > _FILLED:
        return None
    if not _is_stroke(inked):
        return None
    level = float(np.median(part[core]))
    contrast = abs(level - float(np.median(part[rest])))
    if contrast < _CONTRAST or float(np.percentile(np.abs(part[core] - level), 90)) > _FLAT * contrast:
        return None
    return level, contrast


def _is_stroke(inked: npt.NDArray[np.bool_]) -> bool:
    """Whether the ink is drawn with strokes that are narrow beside the letter: no disc, no bar, no edge of a fan."""
    depth = cv2.distanceTransform(np.pad(inked, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return bool(2 * float(depth.max()) <= _STROKE * min(inked.shape))


def _whole(grey: Picture, box: Box, level: float, contrast: float) -> Box:
    """The box, grown to hold what of the same level goes on outside of it; as it was where that would be too much."""
    same = np.asarray(np.abs(grey - level) <= _SAME * contrast, np.uint8)
    count, names, stats, _ = cv2.connectedComponentsWithStats(same, connectivity=8)
    inside = np.bincount(np.asarray(names)[box.top : box.bottom, box.left : box.right].ravel(), minlength=count)
    whole = box
    for label in range(1, count):
        if inside[label] < max(_FEWEST, _BEGUN * stats[label, cv2.CC_STAT_AREA]):
            continue
        left, top, wide, high = (int(stats[label, k]) for k in range(4))
        grown = whole.union(Box(max(0, left - 1), max(0, top - 1), left + wide + 1, top + high + 1))
        if grown.area <= _AREA * grey.size:
            whole = grown
    return whole


def _core(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)), bool)


def _likely(ink: Map, box: Box) -> npt.NDArray[np.float32]:
    """The ink map at the size of the picture, in the box."""
    part = ink[box.top // 2 : -(-box.bottom // 2), box.left // 2 : -(-box.right // 2)]
    whole = np.repeat(np.repeat(part, 2, axis=0), 2, axis=1)
    top, left = box.top % 2, box.left % 2
    return np.asarray(whole[top : top + box.height, left : left + box.width], np.float32)
