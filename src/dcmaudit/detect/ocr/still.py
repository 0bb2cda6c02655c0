"""Text that stands still in a cine: looked for once in the median of its frames, then recognised in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.spots import Line, Picture, grey_of
from dcmaudit.detect.vision import cv2

FEWEST_FRAMES = 6
"""Frames of a cine below which every one is looked at and nothing else."""

SAMPLED = 24
"""Frames that the median is made of at most."""

_MOST_BYTES = 192 << 20
_STILL = 16
"""Levels by which a pixel of still text may differ between frames: lossy compression moves a few."""
_FEW = 8
"""One in so many frames may show something else in the place of still text."""
_CONTRAST = 20
_PART = 0.8


@dataclass(frozen=True, slots=True)
class StillLine:
    """One line that stands still: its ink, and the levels of its ink."""

    line: Line
    ink: npt.NDArray[np.bool_]
    levels: npt.NDArray[np.int16]

    def is_in(self, grey: Picture) -> bool:
        """Whether a frame, in grey, shows the line where it stood in the median."""
        box = self.line.box
        here = grey[box.top : box.bottom, box.left : box.right][self.ink].astype(np.int16)
        return bool((np.abs(here - self.levels) <= 1.5 * _STILL).mean() >= _PART)


def sampled(count: int, size: int) -> list[int]:
    """Which of ``count`` frames, of ``size`` pixels each, the median is made of: evenly spread."""
    wanted = max(FEWEST_FRAMES, min(SAMPLED, count, _MOST_BYTES // max(1, size)))
    return sorted({round(place * (count - 1) / (wanted - 1)) for place in range(wanted)})


def find_still(finder: TextFinder, frames: Sequence[Picture]) -> list[StillLine]:
    """The lines of text that stand still in nearly all of ``frames``: full-range pictures of one size.

    What moves becomes a blur in the median or leaves it; what stays is sharper there than in any frame. A line
    counts where most of its ink has the same level in all but a few frames. EngineError as the finder has it.
    """
    stack = np.stack([grey_of(frame) for frame in frames])
    few = len(stack) // _FEW
    half, last = len(stack) // 2, len(stack) - 1 - few
    ordered = np.partition(stack, (few, half, last), axis=0)
    # What is covered, or comes late, in a few of the frames stands still in the others.
    middle, spread = ordered[half], ordered[last] - ordered[few]
    if middle.min() == middle.max():
        return []
    still = [_still(line, middle, spread) for line in finder.find([middle])]
    return [line for line in still if line is not None]


def _still(line: Line, middle: Picture, spread: npt.NDArray[np.uint8]) -> StillLine | None:
    box = line.box
    part = np.ascontiguousarray(middle[box.top : box.bottom, box.left : box.right])
    _, high = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    ink = high > 0
    # Dark letters on light: what is brighter is then the ground.
    if ink.mean() > 0.5:
        ink = ~ink
    if not ink.any() or ink.all() or abs(float(part[ink].mean()) - float(part[~ink].mean())) < _CONTRAST:
        return None
    moving = spread[box.top : box.bottom, box.left : box.right]
    # Bright in the median by chance: it moves.
    if (moving[ink] <= _STILL).mean() < _PART:
        return None
    return StillLine(line, ink, part[ink].astype(np.int16))
