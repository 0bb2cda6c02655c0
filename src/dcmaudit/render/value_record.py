"""A plane as what a page paints from: its values, and for each view a table from value to level.

Whoever has both needs nobody to change window or sense, and can put the table first and scale the picture
afterwards: the order in which no stroke disappears between two values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dcmaudit.codecs.samples import Array, Lut, Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render.tables import Levels, is_tabular, values_present
from dcmaudit.render.view import BITS, Shown, render, shown_as

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
_TABULAR = _GREY | {BITS, "PALETTE COLOR"}


@dataclass(frozen=True, slots=True)
class TableView:
    """One view of a plane: ``table[value - first]`` is what ``render`` makes of a value; how that is really shown.

    ``table`` is uint8 of (values,) or (values, 3) in RGB order, None where the values are the levels already.
    """

    shown: Shown
    table: Levels | None


@dataclass(frozen=True, slots=True)
class StoredPlane:
    """Values and their views.

    ``values`` has the axes (rows, columns) or (rows, columns, 3), uint8 or uint16: the bit patterns of the stored
    values where ``is_stored``, else levels that were rendered. ``first`` is the value that the tables begin with,
    with its sign; they end with the largest value present.
    """

    values: Array
    is_stored: bool
    is_signed: bool
    first: int
    views: dict[Rendering, TableView]


def stored_plane(samples: Samples, rendering: Rendering = Rendering.FULL) -> StoredPlane:
    """The values of a plane with the views FULL and VOI where both are tables, else with ``rendering`` alone.

    Local contrast has no table, and neither have planes of 32 bits, floating point or three samples: their
    values are the levels of the view itself. Where VOI comes out as the full range, both are there all the same.
    Errors as ``render`` raises them.
    """
    is_table = samples.photometric in _TABULAR and is_tabular(samples.array) and samples.array.ndim == 2
    if is_table and samples.array.size and rendering is not Rendering.LOCAL:
        return _tabled(samples)
    shown = shown_as(samples, View(rendering))
    views = {rendering: TableView(shown, None)}
    if rendering is Rendering.FULL:
        voi = shown_as(samples, View(Rendering.VOI))
        if voi.rendering is Rendering.FULL:
            views[Rendering.VOI] = TableView(voi, None)
    levels = render(samples, View(rendering))
    return StoredPlane(levels, is_stored=False, is_signed=False, first=0, views=views)


def _tabled(samples: Samples) -> StoredPlane:
    array = samples.array
    low, high = int(array.min()), int(array.max())
    # A table of the modality is judged by the values that are there; anything else by their range alone.
    wanted = values_present(array) if isinstance(samples.modality, Lut) else np.arange(low, high + 1)
    few = replace(samples, array=wanted.astype(array.dtype)[np.newaxis])
    voi = shown_as(samples, View(Rendering.VOI))
    views = {Rendering.FULL: TableView(shown_as(samples, View()), _table(few, View(), low, high))}
    table = views[Rendering.FULL].table if voi.rendering is not Rendering.VOI else None
    if table is None:
        table = _table(few, View(Rendering.VOI), low, high)
    views[Rendering.VOI] = TableView(voi, table)
    unsigned = np.uint8 if array.dtype.itemsize == 1 else np.uint16
    is_signed = array.dtype.kind == "i"
    return StoredPlane(array.view(unsigned), is_stored=True, is_signed=is_signed, first=low, views=views)


def _table(few: Samples, view: View, low: int, high: int) -> Levels:
    levels = render(few, view)[0]
    places = few.array[0].astype(np.int64) - low
    if places.size == high - low + 1:
        return np.ascontiguousarray(levels)
    table = np.zeros((high - low + 1, *levels.shape[1:]), dtype=np.uint8)
    table[places] = levels
    return table
