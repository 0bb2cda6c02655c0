"""What is kept from frame to frame of one cine, so that what rests is found and read once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from dcmaudit.detect.ocr.spots import Corners, Picture
from dcmaudit.detect.textnet import RollingMaps
from dcmaudit.detect.textnet.rolling import SAME
from dcmaudit.detect.vision import cv2

_KEPT = 1000

Place = tuple[int, tuple[int, int, int, int]]


@dataclass(slots=True)
class Memory:
    """Of the frames of one group: the detector's maps, and what was read where. Not for two threads at once."""

    rolling: dict[int, RollingMaps] = field(default_factory=dict)
    """By the number of the picture: its full range, its window, its local contrast change each in their own way."""
    _read: OrderedDict[Place, tuple[Picture, str, float | None]] = field(default_factory=OrderedDict)

    def recall(self, number: int, picture: Picture, corners: Corners) -> tuple[str, float | None] | None:
        """What was read at that place of picture ``number``, where it still looks the same; None where not."""
        place = _place(number, picture, corners)
        known = self._read.get(place)
        if known is None:
            return None
        part, text, confidence = known
        # Nearly equal counts: lossy compression moves pixels that rest.
        if cv2.absdiff(part, _part(picture, place)).max() > SAME:
            return None
        self._read.move_to_end(place)
        return text, confidence

    def keep(self, number: int, picture: Picture, corners: Corners, answer: tuple[str, float | None]) -> None:
        """Remember what was read there."""
        place = _place(number, picture, corners)
        part = _part(picture, place)
        if part.size:
            self._read[place] = (part.copy(), *answer)
        while len(self._read) > _KEPT:
            self._read.popitem(last=False)


def _place(number: int, picture: Picture, corners: Corners) -> Place:
    rows, columns = picture.shape[:2]
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    return number, (max(0, int(left)), max(0, int(top)), min(columns, int(right)), min(rows, int(bottom)))


def _part(picture: Picture, place: Place) -> Picture:
    left, top, right, bottom = place[1]
    return np.ascontiguousarray(picture[top:bottom, left:right])
