"""The text map of a stack of planes, and its further sheets for writing that lies over that of other planes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np

from dcmaudit.codecs.samples import Array
from dcmaudit.errors import ReviewError
from dcmaudit.model import Point
from dcmaudit.render.sheets import TextSheets
from dcmaudit.render.shown import packed_ink
from dcmaudit.render.stack import StrokeStack
from dcmaudit.render.tables import Levels

_REACH = 3
"""Pixels around a point of the text map in which its strongest stroke is looked for: strokes are thin."""


class StackTextMap:
    """Takes the planes of a stack twice, in order: for the map itself, and then for the sheets behind it.

    It has no lock of its own: who reads the stack holds his around every call.
    """

    def __init__(self, planes: int) -> None:
        self.planes = planes
        self.mapped = self.laid = 0
        """How many planes were taken for the map, and for the sheets."""
        self._strokes = StrokeStack()
        self._still: Levels | None = None
        self._inks: dict[int, bytes] = {}
        self._sheets: TextSheets | None = None

    # Asking

    @property
    def is_empty(self) -> bool:
        """Whether no plane is in the map so far."""
        return not self._strokes.count

    @property
    def is_laid_out(self) -> bool:
        """Whether it is known what each sheet shows."""
        return self._laid_out is not None

    @property
    def _laid_out(self) -> TextSheets | None:
        return self._sheets if self.laid == self.planes else None

    @property
    def through(self) -> int:
        """How many planes are through: the last one once it is known what of all of them the map cannot show."""
        return self.mapped if self.is_laid_out else min(self.mapped, self.planes - 1)

    @property
    def sheets(self) -> int:
        """How many sheets there are: 1 where nothing lies over anything else, or that is not known yet."""
        sheets = self._laid_out
        return 1 if sheets is None else len(sheets.sheets)

    def picture(self, sheet: int) -> Levels:
        """One sheet (from 0), (rows, columns); the map as far as it is, where the sheets are not known yet.

        ReviewError where there is no such sheet.
        """
        sheets = self._laid_out
        if sheets is None:
            return self._strokes.picture(self._still)
        if sheet >= len(sheets.sheets):
            raise ReviewError("the text map has no such sheet", hint="look at its planes")
        return sheets.sheets[sheet]

    def maker(self, point: Point, sheet: int) -> int:
        """The number of the plane with the strongest stroke close to ``point``, in pixels of the plane."""
        rows, columns = self._strokes.strongest.shape
        y, x = min(max(point.y, 0), rows - 1), min(max(point.x, 0), columns - 1)
        if sheet and self._sheets is not None and sheet < len(self._sheets.sheets):
            return int(self._sheets.makers[sheet - 1][y, x])
        top, left = max(0, y - _REACH), max(0, x - _REACH)
        around = self._strokes.strongest[top : y + _REACH + 1, left : x + _REACH + 1]
        row, column = np.unravel_index(int(around.argmax()), around.shape)
        return int(self._strokes.by[top + row, left + column])

    def shows(self, number: int, sheets: AbstractSet[int]) -> bool:
        """Whether writing on the plane would show on one of these sheets; False before that is known."""
        known = self._laid_out
        return known is not None and known.shows(number, sheets)

    def is_alone(self, number: int) -> bool:
        """Whether the plane has writing that no sheet shows; False before that is known."""
        known = self._laid_out
        return known is not None and not known.is_on_any(number)

    # Taking planes

    def add(self, number: int, strokes: Levels, values: Array) -> None:
        """Take a plane, whose writing is at ``strokes``, for the map."""
        self._strokes.add(strokes, number, values)
        if (ink := packed_ink(strokes)) is not None:
            self._inks[number] = ink

    def keep_still(self, strokes: Levels | None) -> None:
        """What stays the same on all planes is in the picture of the map, too."""
        self._still = strokes

    def begin_sheets(self) -> None:
        """Make the first sheet of the map, once all planes are in it; once begun, they go on."""
        if self._sheets is None:
            empty = np.zeros((0, 0), np.uint8)
            first = empty if self.is_empty else self._strokes.picture(self._still)
            self._sheets = TextSheets(first, empty if self.is_empty else self._strokes.shown())

    def has_writing(self, number: int) -> bool:
        """Whether the plane, which was taken for the map, has writing, and was not taken for the sheets yet."""
        return number in self._inks

    def lay(self, number: int, values: Array | None) -> None:
        """Take the next plane for the sheets; ``values`` is None where it has no writing, or could not be read."""
        if self._sheets is None:
            raise ValueError("the sheets are not begun")
        ink = self._inks.get(number)
        if ink is None:
            self._sheets.pass_over(number)
        elif values is not None:
            self._sheets.add(number, ink, values)
        # Not before: without its ink a plane on which a fault ends the reading would pass for an empty one.
        self._inks.pop(number, None)
        self.laid += 1
