"""Rectangles that lie askew, in whole numbers: the same on every processor, whatever it does to fractions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.vision import cv2

Corners = npt.NDArray[np.float32]
"""(4, 2): x and y of four corners."""

ONE = 4096
"""Whole numbers stand for so many parts of one."""

_STEPS = 2
"""Directions are told apart by this part of a degree: less than that is rounding."""


@dataclass(frozen=True, slots=True)
class Slant:
    """A direction, ``ONE`` long, that leads to the right or straight down, and what of some places lies along it.

    ``first`` and ``last``: of their projections on it; ``top`` and ``bottom``: of those on what stands across it; all
    in parts of one, the ends included.
    """

    along: tuple[int, int]
    first: int
    last: int
    top: int
    bottom: int

    @property
    def length(self) -> float:
        """From the first place to the last, in places."""
        return (self.last - self.first) / ONE + 1

    @property
    def thickness(self) -> float:
        """The same across."""
        return (self.bottom - self.top) / ONE + 1

    @property
    def middle(self) -> tuple[int, int]:
        """The middle of the rectangle in pixels, x and y in parts of one, where a place is a cell of two pixels."""
        along, across = (self.first + self.last) // 2, (self.top + self.bottom) // 2
        x, y = self.along
        return 2 * (along * x - across * y) // ONE + ONE // 2, 2 * (along * y + across * x) // ONE + ONE // 2

    def corners(self, before: float, behind: float, across: float) -> Corners:
        """The rectangle, grown by so many places at its ends and on either side, in places."""
        left, right = self.first - round(before * ONE), self.last + round(behind * ONE)
        top, bottom = self.top - round(across * ONE), self.bottom + round(across * ONE)
        ends = ((left, top), (right, top), (right, bottom), (left, bottom))
        x, y = self.along
        # Sixteenths: fractions that every processor adds up alike.
        return np.array(
            [[round(16 * (a * x - b * y) / ONE**2) / 16, round(16 * (a * y + b * x) / ONE**2) / 16] for a, b in ends],
            np.float32,
        )


def slant_of(rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> Slant:
    """The slant of the smallest rectangle around places; there must be one."""
    return slant_in(rows, columns, direction_of(rows, columns))


def direction_of(rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> tuple[int, int]:
    """``along`` of that slant alone."""
    places = np.empty((len(rows), 2), np.float32)
    places[:, 0], places[:, 1] = columns, rows
    _, sides, angle = cv2.minAreaRect(places)
    return _direction(angle if sides[0] >= sides[1] else angle + 90)


def slant_along(rows: npt.NDArray[Any], columns: npt.NDArray[Any], angle: float) -> Slant:
    """The same in a direction that is given in degrees."""
    return slant_in(rows, columns, _direction(angle))


def _direction(angle: float) -> tuple[int, int]:
    turn = math.radians((round(_STEPS * angle) / _STEPS + 90) % 180 - 90)
    return round(ONE * math.cos(turn)), round(ONE * math.sin(turn))


def slant_in(rows: npt.NDArray[Any], columns: npt.NDArray[Any], along: tuple[int, int]) -> Slant:
    """The slant of places in a direction that is given as ``along``."""
    forward, aside = projections(rows, columns, along)
    return Slant(along, int(forward.min()), int(forward.max()), int(aside.min()), int(aside.max()))


def projections(
    rows: npt.NDArray[Any], columns: npt.NDArray[Any], along: tuple[int, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of each place how far it lies along and across a direction, in parts of one."""
    x, y = columns.astype(np.int64), rows.astype(np.int64)
    return x * along[0] + y * along[1], y * along[0] - x * along[1]
