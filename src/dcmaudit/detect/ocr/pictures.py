"""Which pictures of a plane are worth a look of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcmaudit.detect.ocr.spots import Picture
from dcmaudit.detect.vision import cv2

_ALIKE = 6
"""Levels by which no pixel of a picture may differ from another's for it to show nothing new."""


def telling(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures without those that show what an earlier one shows: a window that is the full range, for example.

    All of them have one size; the first always stays.
    """
    kept: list[Picture] = []
    for picture in pictures:
        # Each picture more costs as much as the first.
        if not any(_is_alike(picture, other) for other in kept):
            kept.append(picture)
    return kept


def _is_alike(one: Picture, other: Picture) -> bool:
    return one.shape == other.shape and int(np.max(cv2.absdiff(one, other), initial=0)) <= _ALIKE
