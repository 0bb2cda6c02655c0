"""Lines drawn as devices write them and read by the engine that reads by default: what a judge is really given."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from dcmaudit.detect.ocr.finding import Candidate, FinderKind, Mode
from dcmaudit.detect.ocr.lines import LineReader
from dcmaudit.detect.ocr.making import make_finder
from dcmaudit.detect.ocr.spots import Spot, corners_of
from dcmaudit.model import Box
from textgen.fonts import faces

_HEIGHTS = (9, 10, 11, 12, 14, 16, 20)
_LEVELS = ((230, 10), (255, 0), (200, 40), (20, 220), (160, 60), (120, 30))
"""Of the ink and of the ground."""
_ROOM = 3
_TOGETHER = 24
"""Lines of one picture."""


def read_lines(lines: Sequence[str], pick: random.Random, threads: int = 1) -> list[tuple[str, float | None]]:
    """What is read of each line, drawn in any of the held-out faces on a ground with some noise, and how surely."""
    reader = make_finder("rapidocr", FinderKind.ENGINE, Mode.DEFAULT, threads=threads).engine
    assert reader is not None
    read: list[tuple[str, float | None]] = []
    for start in range(0, len(lines), _TOGETHER):
        some = lines[start : start + _TOGETHER]
        picture, boxes = _drawn(some, pick)
        wanted = {place: Candidate(Spot(corners_of(box), 1.0), 0, box) for place, box in enumerate(boxes)}
        answers = LineReader(reader, thorough=False).read([picture], wanted)
        read += [answers[place] for place in range(len(some))]
    return read


def _drawn(lines: Sequence[str], pick: random.Random) -> tuple[np.ndarray, list[Box]]:
    ink, ground = pick.choice(_LEVELS)
    masks = [pick.choice(faces("report")).draw(line, pick.choice(_HEIGHTS)) for line in lines]
    wide = max(mask.shape[1] for mask in masks) + 40
    high = sum(mask.shape[0] + 16 for mask in masks) + 16
    noise = np.random.default_rng(pick.randrange(2**31)).normal(0, pick.choice((0, 1, 3, 6)), (high, wide))
    levels = np.full((high, wide), float(ground))
    boxes, top = [], 16
    for mask in masks:
        left = pick.randrange(8, 30)
        rows, columns = np.flatnonzero(mask.max(axis=1) > 0.2), np.flatnonzero(mask.max(axis=0) > 0.2)
        here = (slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1]))
        levels[here] += mask * (ink - ground)
        boxes.append(
            Box(
                left + int(columns[0]) - _ROOM, top + int(rows[0]) - _ROOM,
                left + int(columns[-1]) + 1 + _ROOM, top + int(rows[-1]) + 1 + _ROOM,
            )
        )  # fmt: skip
        top += mask.shape[0] + 16
    return np.clip(levels + noise, 0, 255).astype(np.uint8), boxes
