"""Several looks at one plane with an OCR engine: what makes an engine for photographs one for medical images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from dcmaudit.detect.ocr.base import Engine
from dcmaudit.detect.ocr.finding import Candidate, Mode, Sighting
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Picture, Spot, grey_of, is_too_large, moved, padded, turned_back
from dcmaudit.model import Size


@dataclass(frozen=True, slots=True)
class Look:
    """One way to show a picture to an engine: quarter turns, enlargement, background taken away or not."""

    turns: int = 0
    scale: int = 1
    flat: bool = False


LOOKS: dict[Mode, tuple[Look, ...]] = {
    Mode.FAST: (Look(),),
    Mode.DEFAULT: (Look(), Look(turns=1)),
    Mode.THOROUGH: (Look(), Look(turns=1), Look(flat=True), Look(scale=2)),
}
"""The looks at a plane's first picture, the full range; further pictures of the plane are looked at once, upright."""

_SHORTEST = 736
"""A picture's shorter side is enlarged to this much, for the detector was trained on such."""

_ENLARGED = 4.0
"""And no further: an icon of 64 pixels has no text to find at ten times its size."""

_TILE, _OVERLAP = 1280, 160
"""Large planes are looked at in tiles: the detector's memory grows with the picture, and a tile takes 0.5 GB."""


class EngineLooks:
    """Finds lines with the detector of an OCR engine."""

    def __init__(self, engine: Engine, mode: Mode) -> None:
        self._engine, self._mode = engine, mode

    def detect(
        self,
        pictures: Sequence[Picture],
        *,
        memory: Memory | None = None,  # noqa: ARG002 an engine looks at every frame anew
        stop: Callable[[], bool] = lambda: False,
    ) -> Sighting:
        """Where text is in the pictures of one plane; boxes of a quarter of the plane are rejected."""
        rows, columns = pictures[0].shape[:2]
        size = Size(int(columns), int(rows))
        spots: list[tuple[Spot, int]] = []
        for number, picture in enumerate(pictures):
            for look in LOOKS[self._mode] if number == 0 else (Look(),):
                if not stop():
                    spots += [(spot, number) for spot in self._look(picture, look)]
        sighting = Sighting()
        for spot, number in spots:
            box = padded(spot.box, size)
            if box is not None:
                where = sighting.rejected if is_too_large(spot.box, size) else sighting.found
                where.append(Candidate(spot, number, box))
        return sighting

    def _look(self, picture: Picture, look: Look) -> list[Spot]:
        rows, columns = picture.shape[:2]
        shown = flattened(picture) if look.flat else picture
        turned = np.ascontiguousarray(np.rot90(shown, look.turns)) if look.turns else shown
        spots: list[Spot] = []
        for left, top, tile in _tiles(turned, look.scale):
            factor = max(look.scale, min(_ENLARGED, _SHORTEST / min(tile.shape[:2])))
            spots += [moved(spot, left, top, factor) for spot in self._detect(_enlarged(tile, factor))]
        if max(turned.shape[:2]) > _TILE:
            # Letters larger than the overlap are cut by the tiles.
            factor = _TILE / max(turned.shape[:2])
            spots += [moved(spot, 0, 0, factor) for spot in self._detect(_enlarged(turned, factor))]
        return [turned_back(spot, look.turns, Size(int(columns), int(rows))) for spot in spots]

    def _detect(self, picture: Picture) -> list[Spot]:
        high = picture.shape[0]
        spots = self._engine.detect(_with_decoy(picture))
        # What reaches into the strip from above keeps its part in the picture.
        return [_cut_at(spot, high) for spot in spots if spot.corners[:, 1].min() < high - 1]


def flattened(picture: Picture) -> Picture:
    """The picture with its slowly changing background taken away and what is left made three times as strong."""
    grey = grey_of(picture)
    background = cv2.medianBlur(grey, 21)
    difference = grey.astype(np.int16) - background.astype(np.int16)
    return np.clip(128 + 3 * difference, 0, 255).astype(np.uint8)


def _tiles(picture: Picture, scale: int) -> list[tuple[int, int, Picture]]:
    edge = _TILE // scale
    rows, columns = picture.shape[:2]
    return [
        (left, top, picture[top : top + edge, left : left + edge])
        for top in _starts(rows, edge)
        for left in _starts(columns, edge)
    ]


def _starts(length: int, edge: int) -> list[int]:
    if length <= edge:
        return [0]
    count = -(-(length - _OVERLAP) // (edge - _OVERLAP))
    return [round(number * (length - edge) / (count - 1)) for number in range(count)]


def _enlarged(picture: Picture, factor: float) -> Picture:
    if factor == 1:
        return picture
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method), np.uint8)


_GAP, _STRIP = 12, 40


def _with_decoy(picture: Picture) -> Picture:
    """The picture with a strip below it that holds a word.

    On a picture without any text the detector makes most of the picture one box. With a word to find it does not.
    """
    strip = np.zeros((_GAP + _STRIP, picture.shape[1]), np.uint8)
    cv2.putText(strip, "DECOY 123", (8, _GAP + 28), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    if picture.ndim == 3:
        return np.concatenate([picture, np.repeat(strip[..., np.newaxis], 3, axis=2)])
    return np.concatenate([picture, strip])


def _cut_at(spot: Spot, bottom: int) -> Spot:
    if spot.corners[:, 1].max() <= bottom:
        return spot
    corners = spot.corners.copy()
    corners[:, 1] = np.minimum(corners[:, 1], bottom)
    return replace(spot, corners=corners)
