"""Several looks at one plane, put together: what turns an engine for photographs into one for medical images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from dcmaudit.detect.ocr.base import Engine
from dcmaudit.detect.ocr.spots import (
    Corners,
    Line,
    Picture,
    Spot,
    around,
    is_same_line,
    is_too_large,
    merged,
    moved,
    padded,
    turned_back,
)
from dcmaudit.model import Box, Size


class Mode(Enum):
    """How hard to look; the value is the word on the command line."""

    FAST = "fast"
    """One look at the full range of values: for a first impression."""
    DEFAULT = "default"
    """Upright and turned by a quarter; planes of more than 8 bits in local contrast too."""
    THOROUGH = "thorough"
    """Enlarged, turned, with the background taken away: finds more and covers more that is no text."""


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

_SURE = 0.85
"""Confidence below which a line is read again the other way up."""

_MOST = 2000
"""Lines on one plane that are read; beyond that it is a page of text or a texture, and boxes alone must do."""

Found = tuple[Spot, int]
"""A spot in the pixels of the plane, and which picture it was found in."""


class TextFinder:
    """Finds and reads text on planes with one engine in one mode. Not to be used from two threads at once."""

    def __init__(self, engine: Engine, mode: Mode = Mode.DEFAULT) -> None:
        self.engine = engine
        self.mode = mode

    def find(
        self,
        pictures: Sequence[Picture],
        *,
        known: Sequence[Line] = (),
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Line]:
        """Every line of text on a plane that ``pictures`` show, from the top down; all have the plane's size.

        The first picture is the full range of values. ``known`` lines are sure to be there: they are in the answer,
        and what is found in their place is not read again. ``stop`` is asked between looks; when it says True, the
        lines found until then come back. EngineError where the engine fails.
        """
        rows, columns = pictures[0].shape[:2]
        size = Size(int(columns), int(rows))
        looks = [
            (number, look)
            for number in range(len(pictures))
            for look in (LOOKS[self.mode] if number == 0 else (Look(),))
        ]
        spots: list[Found] = []
        for number, look in looks:
            if not stop():
                spots += [(spot, number) for spot in self._look(pictures[number], look)]
        kept = [found for found in spots if not is_too_large(found[0].box, size)]
        clusters = merged(kept, lambda found: found[0].box)
        lines = list(known)
        new: list[list[Found]] = []
        for cluster in clusters:
            box = around(spot.box for spot, _ in cluster)
            same = next((i for i, line in enumerate(lines) if is_same_line(line.box, box)), None)
            if same is None or lines[same].text == "":
                new.append(cluster)
            else:
                lines[same] = replace(lines[same], box=around((lines[same].box, padded(box, size) or box)))
        lines += self._read(pictures, new, size)
        return sorted(lines, key=lambda line: (line.box.top, line.box.left))

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
        spots = self.engine.detect(_with_decoy(picture))
        # What reaches into the strip from above keeps its part in the picture.
        return [_cut_at(spot, high) for spot in spots if spot.corners[:, 1].min() < high - 1]

    def _read(self, pictures: Sequence[Picture], clusters: list[list[Found]], size: Size) -> list[Line]:
        lines: list[Line] = []
        wanted: dict[int, list[tuple[int, Corners]]] = {}
        for cluster in clusters:
            box = padded(around(spot.box for spot, _ in cluster), size)
            if box is None:
                continue
            # The longest: a piece of the line, however sure, would be read as a piece.
            best, number = cluster[0]
            lines.append(Line(box, best.text or "", best.confidence, max(spot.score for spot, _ in cluster)))
            if best.text is None:
                wanted.setdefault(number, []).append((len(lines) - 1, _grown(best.corners)))
        for number, places in wanted.items():
            for place, (text, confidence) in self._texts(pictures[number], places[:_MOST]):
                lines[place] = replace(lines[place], text=text, confidence=confidence)
        return lines

    def _texts(
        self, picture: Picture, places: Sequence[tuple[int, Corners]]
    ) -> list[tuple[int, tuple[str, float | None]]]:
        """Each place read as it lies; what cannot be read well is read the other ways up, the best counts."""
        upright = [_reading_order(corners) for _, corners in places]
        best = self.engine.read(picture, upright)
        for turns in (2, 1, 3) if self.mode is Mode.THOROUGH else (2,):
            again = [
                i
                for i, (_, confidence) in enumerate(best)
                # Which way text on its side runs shows only when it is read.
                if confidence is not None and (confidence < _SURE or (turns == 2 and upright[i] is not places[i][1]))
            ]
            if turns != 2:
                # Only what is about as high as wide can be a lone letter lying on its side.
                again = [i for i in again if _is_squarish(upright[i])]
            for i, answer in zip(
                again, self.engine.read(picture, [_rolled(upright[i], turns) for i in again]), strict=True
            ):
                if (answer[1] or 0.0) > (best[i][1] or 0.0):
                    best[i] = answer
        return [(places[i][0], answer) for i, answer in enumerate(best)]


def flattened(picture: Picture) -> Picture:
    """The picture with its slowly changing background taken away and what is left made three times as strong."""
    grey = grey_of(picture)
    background = cv2.medianBlur(grey, 21)
    difference = grey.astype(np.int16) - background.astype(np.int16)
    return np.clip(128 + 3 * difference, 0, 255).astype(np.uint8)


def grey_of(picture: Picture) -> Picture:
    """The picture in grey: where colours tell text from its ground, the strongest difference of a channel counts."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


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


def _reading_order(corners: Corners) -> Corners:
    """Corners that begin at the end where reading begins: text that runs upwards is taken to be turned left."""
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    return _rolled(corners, 1) if height >= 1.5 * width else corners


def _rolled(corners: Corners, turns: int) -> Corners:
    return np.roll(corners, turns, axis=0)


def _is_squarish(corners: Corners) -> bool:
    box = Spot(corners, 0.0).box
    return max(box.width, box.height) < 1.5 * min(box.width, box.height)


def _grown(corners: Corners) -> Corners:
    """A little more on every side, so that letters at the ends are read whole."""
    middle = corners.mean(axis=0)
    across = np.linalg.norm(corners[3] - corners[0])
    along = np.linalg.norm(corners[1] - corners[0])
    more = 0.12 * min(float(across), float(along))
    x = (corners[1] - corners[0]) / max(float(along), 1.0)
    y = (corners[3] - corners[0]) / max(float(across), 1.0)
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    grown = corners + more * (signs[:, :1] * x + signs[:, 1:] * y)
    return np.asarray(np.where(np.isfinite(grown), grown, middle), np.float32)


def box_of(corners: Corners) -> Box:
    """The box around four corners."""
    return Spot(corners, 0.0).box
