"""What a projection can show of one plane: where other planes would cover writing on it."""

from __future__ import annotations

import zlib

import numpy as np

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Projection
from dcmaudit.render.stack import PlaneStack
from dcmaudit.render.tables import Levels

WRITING = 64 / 255
"""How far writing lies above or below its ground, as a share of what the picture shows from black to white: what is
fainter is not promised to show."""

LEAST = 16 / 255
"""How far it has to lie apart from what the projection shows there, to be told from it."""

CELL = 2
"""Edge, in pixels, of the squares in which it is kept where writing is."""

INKED = 77
"""A square of 2 x 2 pixels holds writing where a stroke of the map is at least so strong: 0.3 of 255."""

_FAINT = 32
"""Strokes of the map, 0 to 255, below which nothing is kept."""

_MEAN_OF = int(WRITING / LEAST)
"""Planes of a mean up to which writing on one of them shows."""


class BlindShares:
    """Tells of the planes of a stack that is complete how much of each its views cannot show."""

    def __init__(self, stack: PlaneStack) -> None:
        self._stack = stack
        self._low, self._high = stack.margins(WRITING - LEAST)

    def of(self, samples: Samples) -> dict[Projection, float]:
        """Of each view, the share (0 to 1) of the plane's pixels at which writing on it would not show.

        Light writing shows in MAX where no other plane is so much lighter that it covers it, dark writing in MIN;
        RANGE has to show both. That holds for any writing, whether there is some or not: it is the ground that
        decides. In MEAN writing of one plane is thinned by all others.
        """
        values = self._stack.comparable(samples)
        # What is no number shows nothing.
        under, over = np.logical_not(values >= self._low), np.logical_not(values <= self._high)
        if values.ndim == 3:
            under, over = np.any(under, axis=2), np.any(over, axis=2)
        light, dark = (over, under) if self._stack.is_falling else (under, over)
        return {
            Projection.MAX: float(light.mean()),
            Projection.MIN: float(dark.mean()),
            Projection.RANGE: float((light | dark).mean()),
            Projection.MEAN: 0.0 if self._stack.count <= _MEAN_OF else 1.0,
        }


def ink_squares(strokes: Levels) -> Levels:
    """The strongest stroke of each square of 2 x 2 pixels of a map; (rows / 2, columns / 2), rounded up."""
    rows, columns = strokes.shape
    filled = np.pad(strokes, ((0, -rows % CELL), (0, -columns % CELL)))
    squares = filled.reshape(filled.shape[0] // CELL, CELL, filled.shape[1] // CELL, CELL)
    return np.asarray(squares.max(axis=(1, 3)))


def packed_ink(strokes: Levels) -> bytes | None:
    """``ink_squares`` in few bytes: mostly there are none. None where nothing in them is writing."""
    cells = ink_squares(strokes)
    if not (cells >= INKED).any():
        return None
    # Sixteen steps are enough to tell letters from what is beside them.
    return zlib.compress(np.where(cells < _FAINT, 0, cells & 0xF0).tobytes(), 1)


def unpacked_ink(packed: bytes, shape: tuple[int, ...]) -> Levels:
    """The strokes of each square again, (rows / 2, columns / 2), rounded up; ``shape`` is the map's, in pixels."""
    rows, columns = (-(-edge // CELL) for edge in shape)
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(rows, columns)
