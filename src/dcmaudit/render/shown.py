"""What a projection can show of one plane: where other planes would cover writing on it."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Projection
from dcmaudit.render.stack import PlaneStack
from dcmaudit.render.tables import Levels

WRITING = 64 / 255
"""How far writing lies above or below its ground, as a share of what the picture shows from black to white: what is
fainter is not promised to show."""

LEAST = 16 / 255
"""How far it has to lie apart from what the projection shows there, to be told from it."""

_CELL = 2
_INK = 77
"""A cell of 2 x 2 pixels holds writing where a stroke of the map is at least so strong: 0.3 of 255."""

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


def ink_cells(strokes: Levels) -> npt.NDArray[np.bool_]:
    """Which squares of 2 x 2 pixels of a map of strokes hold writing; (rows / 2, columns / 2), rounded up."""
    rows, columns = strokes.shape
    filled = np.pad(strokes, ((0, -rows % _CELL), (0, -columns % _CELL)))
    squares = filled.reshape(filled.shape[0] // _CELL, _CELL, filled.shape[1] // _CELL, _CELL)
    return np.asarray(squares.max(axis=(1, 3)) >= _INK)


def packed_cells(cells: npt.NDArray[np.bool_]) -> bytes:
    """The cells in few bytes: mostly there are none with ink."""
    return zlib.compress(np.packbits(cells).tobytes(), 1)


def is_overwritten(packed: bytes, shown: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> bool:
    """Whether what ``shown`` has there is other writing than that of the plane: more than a seventh as much as its own
    is too much, or missing.

    ``packed`` are the plane's own cells, ``shape`` that of the map.
    """
    rows, columns = -(-shape[0] // _CELL), -(-shape[1] // _CELL)
    own = (
        np.unpackbits(np.frombuffer(zlib.decompress(packed), np.uint8), count=rows * columns)
        .reshape(rows, columns)
        .astype(bool)
    )
    if not own.any():
        return False
    near = own.copy()
    for _ in range(2):
        grown = near.copy()
        grown[1:] |= near[:-1]
        grown[:-1] |= near[1:]
        grown[:, 1:] |= near[:, :-1]
        grown[:, :-1] |= near[:, 1:]
        near = grown
    return bool(((shown != own) & near).sum() > own.sum() / 7)
