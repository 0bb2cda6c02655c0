"""Reading lines that were found: each as it lies, and the other ways up where that reads badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dcmaudit.detect.ocr.base import Engine
from dcmaudit.detect.ocr.finding import Candidate
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Corners, Picture, Spot

_SURE = 0.85
"""Confidence below which a line is read again the other way up."""

_MOST = 2000
"""Lines on one picture that are read; beyond that it is a page of text or a texture, and boxes alone must do."""

Answer = tuple[str, float | None]


class LineReader:
    """Reads with one engine. ``thorough`` tries lone letters lying on their sides, too."""

    def __init__(self, engine: Engine, *, thorough: bool) -> None:
        self._engine, self._thorough = engine, thorough

    def read(
        self, pictures: Sequence[Picture], wanted: Mapping[int, Candidate], memory: Memory | None = None
    ) -> dict[int, Answer]:
        """The text of each candidate, by its key, read from the picture in which it was found.

        What ``memory`` knows and what looks the same is not read again. Beyond the first two thousand of a picture
        nothing is read. EngineError where the engine fails.
        """
        out: dict[int, Answer] = {}
        by_picture: dict[int, list[tuple[int, Corners]]] = {}
        for key, candidate in wanted.items():
            corners = _grown(candidate.spot.corners)
            known = memory.recall(candidate.picture, pictures[candidate.picture], corners) if memory else None
            if known is not None:
                out[key] = known
            else:
                by_picture.setdefault(candidate.picture, []).append((key, corners))
        for number, places in by_picture.items():
            picture = pictures[number]
            answers = self._texts(picture, [corners for _, corners in places[:_MOST]])
            for (key, corners), answer in zip(places, answers, strict=False):
                out[key] = answer
                if memory is not None:
                    memory.keep(number, picture, corners, answer)
        return out

    def _texts(self, picture: Picture, places: Sequence[Corners]) -> list[Answer]:
        """Each place read as it lies; what cannot be read well is read the other ways up, the best counts."""
        upright = [_reading_order(corners) for corners in places]
        best = self._engine.read(picture, upright)
        for turns in (2, 1, 3) if self._thorough else (2,):
            again = [
                i
                for i, (_, confidence) in enumerate(best)
                # Which way text on its side runs shows only when it is read.
                if confidence is not None and (confidence < _SURE or (turns == 2 and upright[i] is not places[i]))
            ]
            if turns != 2:
                # Only what is about as high as wide can be a lone letter lying on its side.
                again = [i for i in again if _is_squarish(upright[i])]
            for i, answer in zip(
                again, self._engine.read(picture, [_rolled(upright[i], turns) for i in again]), strict=True
            ):
                if (answer[1] or 0.0) > (best[i][1] or 0.0):
                    best[i] = answer
        return best


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
