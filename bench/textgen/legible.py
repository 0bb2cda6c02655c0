"""Whether a string can be read at all: its contrast against how rough the ground under it is.

A string that nobody can read identifies nobody, and a detector that leaves it out has missed nothing. So strings are
counted twice, all of them and the legible ones, by a measure that knows nothing of any detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.float32]
Places = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

LEGIBLE = 10.0
"""From here a string counts as legible.

Rose found that something uniform is seen when its contrast times the root of its area is five times the noise. A
letter must be told from other letters: twice that. Of the half ``tune``, sorted by this measure without any detector,
what lies below was not legible to the eye, and most of what lies above was.
"""

_QUIET = 2.0
"""Levels of 256: no screen shows less roughness than this as rougher than none."""
_SOLID = 80.0
"""Levels of 256: one sharp edge near a letter does not make it illegible, however high the edge."""


def clearness(
    ink: npt.NDArray[np.bool_], letters: int, height: int, picture: npt.NDArray[np.uint8], bare: npt.NDArray[np.uint8]
) -> float:
    """Contrast of an ink pixel times the root of the ink of one letter, over the roughness around, in the middle.

    ``ink`` (rows, columns): where the string is; ``height``: of its capitals, in pixels; ``picture`` and ``bare``, with
    the string and without, (rows, columns) or (rows, columns, 3). Of colours the one that shows it best counts.
    """
    part, here = _around(ink, height)
    channels = zip(_channels(picture[part]), _channels(bare[part]), strict=True)
    return _clearness([_ratio(shown, ground, here, height) for shown, ground in channels], letters)


def deep_clearness(
    ink: npt.NDArray[np.bool_], letters: int, height: int, cells: npt.NDArray[Any], bare: npt.NDArray[Any]
) -> float:
    """``clearness`` of a string in stored values of more than 8 bits, each pixel in the view that shows it best.

    A reader may choose any window, and another one for each letter: tried are windows four to sixteen times as wide as
    the string is from its ground, around the levels that lie under it. What a window cuts off counts as not there.
    ``cells`` and ``bare``: with the string and without, (rows, columns).
    """
    part, here = _around(ink, height)
    values, ground = (np.asarray(one[part], np.float32) for one in (cells, bare))
    steps = (values - ground)[here]
    step = float(np.median(np.abs(steps)))
    if step <= 0:
        return 0.0
    ratios = []
    for level in np.percentile(ground[here] + steps / 2, range(5, 100, 10)):
        for width in (4 * step, 8 * step, 16 * step):
            shown, without = (np.round(np.clip((one - level) / width + 0.5, 0, 1) * 255) for one in (values, ground))
            ratios.append(_ratio(shown, without, here, height))
    return _clearness(ratios, letters)


def _around(ink: npt.NDArray[np.bool_], height: int) -> tuple[tuple[slice, slice], Places]:
    """The part of a picture around a string, and where in it the string's pixels are."""
    rows, columns = np.nonzero(ink)
    reach = 2 * height + 6
    top, left = max(0, int(rows.min()) - reach), max(0, int(columns.min()) - reach)
    part = (slice(top, int(rows.max()) + reach), slice(left, int(columns.max()) + reach))
    return part, (rows - top, columns - left)


def _ratio(shown: Levels, ground: Levels, here: Places, height: int) -> npt.NDArray[Any]:
    """Contrast over roughness of each of a string's pixels."""
    return np.asarray(np.abs(shown - ground)[here] / np.maximum(_QUIET, _roughness(ground, height)[here]))


def _clearness(ratios: Sequence[npt.NDArray[Any]], letters: int) -> float:
    best = np.max(ratios, axis=0)
    return float(np.median(best)) * float(np.sqrt(len(best) / max(1, letters)))


def _channels(picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
    return [np.asarray(one, np.float32) for one in (cv2.split(picture) if picture.ndim == 3 else (picture,))]


def _roughness(ground: npt.NDArray[np.float32], height: int) -> npt.NDArray[Any]:
    """What is finer than a letter: root of the mean square over a letter's height and width."""
    fine = ground - cv2.GaussianBlur(ground, (0, 0), max(1.5, height / 3))
    edge = height | 1
    mean = cv2.blur(np.minimum(np.abs(fine), _SOLID) ** 2, (edge, edge))
    return np.sqrt(np.maximum(0, mean))  # sums of a blur can fall below nothing by rounding
