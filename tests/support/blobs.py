"""An engine that is exact and quick: what is nearly white, and more than a speck, is text.

For tests of what is done around an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from dcmaudit.detect.ocr import Picture, Spot
from dcmaudit.model.engines import OcrEngine


class BlobEngine:
    """Finds blobs of pixels of 250 and more; reads their width. Remembers the pictures that it was shown."""

    kind = OcrEngine.KERAS  # one that no module of ours is

    def __init__(self) -> None:
        self.shown: list[Picture] = []
        self.read_count = 0

    def detect(self, picture: Picture) -> list[Spot]:
        self.shown.append(picture)
        grey = picture if picture.ndim == 2 else picture.max(axis=2)
        _, _, stats, _ = cv2.connectedComponentsWithStats((grey >= 250).astype(np.uint8), connectivity=8)
        return [_spot(*row[:4]) for row in stats[1:] if row[4] >= 30]

    def read(self, picture: Picture, places: Sequence[Any]) -> list[tuple[str, float | None]]:
        assert picture.size
        self.read_count += len(places)
        return [("WORD", 0.9) for _ in places]


def _spot(left: int, top: int, width: int, height: int) -> Spot:
    right, bottom = left + width, top + height
    return Spot(np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32), 0.9)
