"""Several looks at one plane with an OCR engine: what makes an engine for photographs one for medical images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dcmaudit.detect.ocr.base import Engine, LooksAtMany
from dcmaudit.detect.ocr.finding import Candidate, Mode, Sighting
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Picture, Spot, grey_of, is_too_large, moved, padded, turned_back
from dcmaudit.detect.vision import cv2
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
"""A picture's shorter side is enlarged to this much where the engine does not say another number."""

_ENLARGED = 4.0
"""And no further: an icon of 64 pixels has no text to find at ten times its size."""

_TILE, _OVERLAP = 1280, 160
"""Large planes are looked at in tiles: the detector's memory grows with the picture, and a tile takes 0.5 GB."""


@dataclass(frozen=True, slots=True)
class _View:
    """A picture or a part of one as the engine is shown it, ``factor`` times as large, and where it begins."""

    shown: Picture
    left: int
    top: int
    factor: float


class EngineLooks:
    """Finds lines with the detector of an OCR engine."""

    def __init__(self, engine: Engine, mode: Mode, *, shortest: int = _SHORTEST) -> None:
        self._engine, self._mode, self._shortest = engine, mode, shortest

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
        looks = [
            (number, look)
            for number in range(len(pictures))
            for look in (LOOKS[self._mode] if number == 0 else (Look(),))
        ]
        spots: list[tuple[Spot, int]] = []
        for some in [looks] if isinstance(self._engine, LooksAtMany) else [[one] for one in looks]:
            if not stop():
                spots += self._looked(pictures, some)
        sighting = Sighting()
        for spot, number in spots:
            box = padded(spot.box, size)
            if box is not None:
                where = sighting.rejected if is_too_large(spot.box, size) else sighting.found
                where.append(Candidate(spot, number, box))
        return sighting

    def _looked(self, pictures: Sequence[Picture], looks: Sequence[tuple[int, Look]]) -> list[tuple[Spot, int]]:
        """The spots of these looks in the pixels of the plane, each with the number of its picture."""
        rows, columns = pictures[0].shape[:2]
        size = Size(int(columns), int(rows))
        views = [(number, look, view) for number, look in looks for view in self._views(pictures[number], look)]
        found = self._detect([view.shown for _, _, view in views])
        return [
            (turned_back(moved(spot, view.left, view.top, view.factor), look.turns, size), number)
            for (number, look, view), spots in zip(views, found, strict=True)
            for spot in spots
        ]

    def _views(self, picture: Picture, look: Look) -> Iterator[_View]:
        """What the engine is shown for one look: the picture, or its tiles and all of it made smaller."""
        shown = flattened(picture) if look.flat else picture
        turned = np.ascontiguousarray(np.rot90(shown, look.turns)) if look.turns else shown
        for left, top, tile in _tiles(turned, look.scale):
            factor = max(look.scale, min(_ENLARGED, self._shortest / min(tile.shape[:2])))
            yield _View(_enlarged(tile, factor), left, top, factor)
        if max(turned.shape[:2]) > _TILE:
            # Letters larger than the overlap are cut by the tiles.
            factor = _TILE / max(turned.shape[:2])
            yield _View(_enlarged(turned, factor), 0, 0, factor)

    def _detect(self, pictures: Sequence[Picture]) -> list[list[Spot]]:
        decoyed = [_with_decoy(picture) for picture in pictures]
        if isinstance(self._engine, LooksAtMany):
            found = self._engine.detect_many(decoyed)
        else:
            found = [self._engine.detect(picture) for picture in decoyed]
        # What reaches into the strip from above keeps its part in the picture.
        return [
            [_cut_at(spot, len(picture)) for spot in spots if spot.corners[:, 1].min() < len(picture) - 1]
            for picture, spots in zip(pictures, found, strict=True)
        ]


def flattened(picture: Picture) -> Picture:
    """The picture with its slowly changing background taken away and what is left made three times as strong."""
    grey = grey_of(picture)
    background = cv2.medianBlur(grey, 21)
    difference = grey.astype(np.int16) - background.astype(np.int16)
    stronger: Picture = np.clip(128 + 3 * difference, 0, 255).astype(np.uint8)
    return stronger


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
