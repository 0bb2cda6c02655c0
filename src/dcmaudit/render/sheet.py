"""Small pictures of planes, and many of them on one sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.errors import UsageError
from dcmaudit.model import Box, Point, Size
from dcmaudit.render.tables import Levels, to_byte

_GAP = 2
_GROUND = 24


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A sheet, the cell of each plane in order, and the part of the cell that its picture takes (half-open boxes
    in pixels of the sheet). A plane that cannot be shown has a crossed cell."""

    picture: Levels
    cells: tuple[Box, ...]
    pictures: tuple[Box, ...]

    def at(self, point: Point) -> int | None:
        """The number of the plane, from 0, whose cell holds ``point``; None between the cells."""
        return next((number for number, cell in enumerate(self.cells) if cell.holds(point)), None)


def thumbnail(picture: Levels, edge: int) -> Levels:
    """``picture`` made smaller, never larger, so that its longer side is at most ``edge`` pixels; axes as before.

    A pixel of the result is half the mean of the pixels it stands for and half the one of them that differs most
    from that mean: averaging alone would wash thin writing out, extremes alone would turn noise into speckle.
    UsageError for an edge below 1.
    """
    if edge < 1:
        raise UsageError(f"a thumbnail of {edge} pixels has no pixels", hint="1 or more are allowed")
    rows, columns = picture.shape[:2]
    longer = max(rows, columns)
    if longer <= edge:
        return picture
    size = (max(1, round(rows * edge / longer)), max(1, round(columns * edge / longer)))
    # Whole blocks first: quick, and what remains is small.
    whole = max(1, longer // edge)
    mean = _divided(_blocks(picture, whole, np.add, np.float32) / np.float32(whole * whole), size, np.add)
    ones = np.ones((-(-rows // whole), -(-columns // whole)) + (1,) * (picture.ndim - 2), dtype=np.float32)
    mean /= _divided(ones, size, np.add)
    above = _divided(_blocks(picture, whole, np.maximum, np.uint8), size, np.maximum) - mean
    below = mean - _divided(_blocks(picture, whole, np.minimum, np.uint8), size, np.minimum)
    return to_byte((mean + np.where(above >= below, above, -below) / 2).astype(np.float64))


def _blocks(picture: Levels, edge: int, choose: np.ufunc, kind: npt.DTypeLike) -> Array:
    """``choose`` over squares of ``edge`` pixels; the last ones are filled up with their last pixels."""
    if edge == 1:
        return picture.astype(kind)
    rows, columns = (-(-length // edge) for length in picture.shape[:2])
    filling = [(0, rows * edge - picture.shape[0]), (0, columns * edge - picture.shape[1])]
    filled = np.pad(picture, filling + [(0, 0)] * (picture.ndim - 2), mode="edge")
    rest = picture.shape[2:]
    down = choose.reduce(filled.reshape(rows, edge, -1), axis=1, dtype=kind)
    across: Array = choose.reduce(down.reshape(rows, columns, edge, *rest), axis=2, dtype=kind)
    return across


def _divided(values: Array, size: tuple[int, int], choose: np.ufunc) -> Array:
    """``choose`` over as many parts down and across as ``size`` says, of nearly the same length."""
    down, across = (np.arange(parts) * length // parts for parts, length in zip(size, values.shape, strict=False))
    divided: Array = choose.reduceat(choose.reduceat(values, down, axis=0), across, axis=1)
    return divided


def contact_sheet(pictures: Iterable[Levels | None], columns: int, cell: Size) -> ContactSheet:
    """All ``pictures`` as thumbnails, in rows of ``columns`` cells of the size ``cell``, two pixels apart.

    None stands for a plane that cannot be shown and takes a crossed cell. Each picture is held only until its
    thumbnail is made. The sheet is (rows, columns) of uint8, or (rows, columns, 3) as soon as one picture is in
    colour. UsageError for no pictures or fewer than one column.
    """
    if columns < 1:
        raise UsageError(f"a sheet of {columns} columns has no cells", hint="1 or more are allowed")
    small = [None if picture is None else _fitted(picture, cell) for picture in pictures]
    if not small:
        raise UsageError("there are no pictures for a sheet")
    columns = min(columns, len(small))
    rows = -(-len(small) // columns)
    shape = (rows * (cell.height + _GAP) - _GAP, columns * (cell.width + _GAP) - _GAP)
    colour = any(picture is not None and picture.ndim == 3 for picture in small)
    sheet = np.full((*shape, 3) if colour else shape, _GROUND, dtype=np.uint8)
    cells = []
    places = []
    for number, picture in enumerate(small):
        row, column = divmod(number, columns)
        x, y = column * (cell.width + _GAP), row * (cell.height + _GAP)
        cells.append(Box.from_corner(x=x, y=y, width=cell.width, height=cell.height))
        if picture is None:
            picture = _crossed(cell)  # noqa: PLW2901 - the stand-in takes its place
        high, wide = picture.shape[:2]
        place = Box.from_corner(
            x=x + (cell.width - wide) // 2, y=y + (cell.height - high) // 2, width=wide, height=high
        )
        target = sheet[place.top : place.bottom, place.left : place.right]
        target[...] = picture[..., np.newaxis] if colour and picture.ndim == 2 else picture
        places.append(place)
    return ContactSheet(sheet, tuple(cells), tuple(places))


def _fitted(picture: Levels, cell: Size) -> Levels:
    rows, columns = picture.shape[:2]
    share = min(cell.width / columns, cell.height / rows, 1.0)
    return thumbnail(picture, max(1, round(max(rows, columns) * share)))[: cell.height, : cell.width]


def _crossed(cell: Size) -> Levels:
    """Two diagonals: nobody takes it for an empty plane."""
    picture = np.full((cell.height, cell.width), _GROUND, dtype=np.uint8)
    steps = np.arange(2 * max(cell.width, cell.height))
    rows = steps * cell.height // steps.size
    columns = steps * cell.width // steps.size
    picture[rows, columns] = 128
    picture[rows, cell.width - 1 - columns] = 128
    return picture
