"""What many pictures of one size have at each place: their largest, smallest and mean level, and where text may be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.model import Box, Size, SpreadKind
from dcmaudit.render.tables import Levels, to_byte

CELLS = 16
"""Cells a side of a signature."""

Signature = npt.NDArray[np.uint8]
"""How one file looks from far away: mean and largest level of ``CELLS`` x ``CELLS`` cells, one after the other."""


class Spread:
    """Takes 8-bit pictures of ``size`` one after the other, and keeps a few small pictures of all of them.

    Each is made smaller by the whole number ``scale``, so that the longer side has at most ``edge`` pixels. A pixel of
    the small picture stands for ``scale`` x ``scale`` pixels: their largest level for MAX, their smallest for MIN, so
    that a stroke of one pixel is in one of them at any size. Memory: seven bytes for a pixel of the small picture.
    """

    def __init__(self, size: Size, edge: int) -> None:
        self.size = size
        self.scale = max(1, -(-max(size.width, size.height) // edge))
        shape = (-(-size.height // self.scale), -(-size.width // self.scale))
        self.count = 0
        self._most = np.zeros(shape, np.uint8)
        self._least = np.full(shape, 255, np.uint8)
        self._total = np.zeros(shape, np.float32)
        self._text = np.zeros(shape, np.uint8)

    @property
    def nbytes(self) -> int:
        """How much memory it takes, in bytes."""
        return self._most.nbytes + self._least.nbytes + self._total.nbytes + self._text.nbytes

    def add(self, picture: Levels) -> None:
        """Take one more picture, (rows, columns) or (rows, columns, 3), of uint8; ValueError for any other size.

        Of colour, the brightest channel counts for MAX, the darkest for MIN.
        """
        if picture.shape[:2] != (self.size.height, self.size.width):
            raise ValueError("the picture has another size")
        high, low, grey = _channels(picture)
        rows, columns = (np.arange(0, length, self.scale) for length in picture.shape[:2])
        np.maximum(self._most, _reduced(high, rows, columns, np.maximum), out=self._most)
        np.minimum(self._least, _reduced(low, rows, columns, np.minimum), out=self._least)
        self._total += _mean(grey, rows, columns)
        self.count += 1

    def add_text(self, box: Box, score: float) -> None:
        """Note that there may be text in ``box`` (pixels of the plane), as likely as ``score``, 0 to 1."""
        inside = box.clipped(self.size)
        if inside is None:
            return
        rows = slice(inside.top // self.scale, -(-inside.bottom // self.scale))
        columns = slice(inside.left // self.scale, -(-inside.right // self.scale))
        np.maximum(
            self._text[rows, columns], np.uint8(round(255 * min(max(score, 0.0), 1.0))), out=self._text[rows, columns]
        )

    def picture(self, kind: SpreadKind) -> Levels:
        """One of the small pictures, (rows, columns) of uint8; black where no picture was taken."""
        if kind is SpreadKind.TEXT:
            return self._text.copy()
        if not self.count:
            return np.zeros_like(self._most)
        match kind:
            case SpreadKind.MAX:
                return self._most.copy()
            case SpreadKind.MIN:
                return self._least.copy()
            case SpreadKind.RANGE:
                return self._most - self._least
            case _:
                return to_byte((self._total / self.count).astype(np.float64))


class Outline:
    """The signature of one file, from its pictures one after the other."""

    def __init__(self) -> None:
        self._count = 0
        self._most = np.zeros((CELLS, CELLS), np.uint8)
        self._total = np.zeros((CELLS, CELLS), np.float32)

    def add(self, picture: Levels) -> None:
        """Take one more picture, as ``Spread.add``, of any size."""
        high, _low, grey = _channels(picture)
        rows, columns = (np.arange(CELLS) * length // CELLS for length in picture.shape[:2])
        np.maximum(self._most, _reduced(high, rows, columns, np.maximum), out=self._most)
        self._total += _mean(grey, rows, columns)
        self._count += 1

    def signature(self) -> Signature | None:
        """The signature; None where there was no picture."""
        if not self._count:
            return None
        return np.concatenate([to_byte((self._total / self._count).astype(np.float64)).ravel(), self._most.ravel()])


_TOP = 24
"""So many of the 512 cells that differ most decide: what is unlike the others may be one corner."""

_NOISE = 6.0
"""Levels of 256 that cells of like pictures differ anyway."""

_SAMPLED = 2000
_CHUNK = 10_000


def distances(signatures: Array) -> npt.NDArray[np.float32]:
    """How unlike the others each of ``signatures`` is; axes (file, cell) to (file,).

    Per cell, the distance from the median of all, in parts of what is usual there (the median of such distances and
    ``_NOISE`` levels); of each file the mean over the cells that differ most. Of more than ``_SAMPLED`` files, so many,
    evenly taken, tell what is usual.
    """
    if not len(signatures):
        return np.zeros(0, np.float32)
    middle, usual = _usual(signatures)
    parts: list[npt.NDArray[np.float32]] = []
    for start in range(0, len(signatures), _CHUNK):
        away = np.abs(signatures[start : start + _CHUNK] - middle) / usual
        top = np.partition(away, -_TOP, axis=1)[:, -_TOP:]
        parts.append(top.mean(axis=1).astype(np.float32))
    return np.concatenate(parts)


def unlike_places(signatures: Array, number: int, size: Size, least: float) -> tuple[Box, ...]:
    """Where the file ``number`` of ``signatures`` differs from the others by ``least`` or more, as ``distances`` has
    it: boxes around cells that touch, in pixels of a plane of ``size``."""
    middle, usual = _usual(signatures)
    away = np.abs(signatures[number] - middle) / usual
    cells = (away >= least).reshape(2, CELLS, CELLS).any(axis=0)
    # As ``Outline`` cuts a picture.
    down, across = (np.arange(CELLS + 1) * length // CELLS for length in (size.height, size.width))
    return tuple(
        Box(int(across[left]), int(down[top]), int(across[right]), int(down[bottom]))
        for (top, bottom), (left, right) in _touching(cells)
    )


def _touching(cells: npt.NDArray[np.bool_]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Of each group of cells that touch, corners included, its rows and its columns, both half-open."""
    left = set(zip(*(each.tolist() for each in np.nonzero(cells)), strict=True))
    while left:
        group = [left.pop()]
        for row, column in group:
            beside = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & left
            left -= beside
            group += beside
        rows, columns = zip(*group, strict=True)
        yield (min(rows), max(rows) + 1), (min(columns), max(columns) + 1)


def _usual(signatures: Array) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The median of each cell, and how far from it is usual."""
    some = signatures[:: max(1, len(signatures) // _SAMPLED)].astype(np.float32)
    middle = np.median(some, axis=0)
    return middle, 1.4826 * np.median(np.abs(some - middle), axis=0) + _NOISE


def _channels(picture: Levels) -> tuple[Levels, Levels, Levels]:
    """Brightest and darkest channel of each pixel, and one in between; the picture itself where it is grey."""
    if picture.ndim == 2:
        return picture, picture, picture
    return picture.max(axis=2), picture.min(axis=2), picture[..., 1]


def _reduced(picture: Levels, rows: Array, columns: Array, choose: np.ufunc) -> Levels:
    down: Levels = picture if len(rows) == len(picture) else choose.reduceat(picture, rows, axis=0)
    across: Levels = down if len(columns) == down.shape[1] else choose.reduceat(down, columns, axis=1)
    return across


def _mean(picture: Levels, rows: Array, columns: Array) -> npt.NDArray[np.float32]:
    height, width = picture.shape
    down = np.add.reduceat(picture, rows, axis=0, dtype=np.float32)
    total = np.add.reduceat(down, columns, axis=1, dtype=np.float32)
    areas = np.outer(np.diff(rows, append=height).clip(1), np.diff(columns, append=width).clip(1))
    found: npt.NDArray[np.float32] = (total / areas).astype(np.float32)
    return found
