"""Further sheets of a text map: writing in whose place the first sheet shows that of another plane."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.render.shown import CELL, INKED, ink_squares, unpacked_ink
from dcmaudit.render.stack import Makers
from dcmaudit.render.tables import Levels
from dcmaudit.render.written import Part, Single, local_contrast, part_around

MOST = 6
"""Sheets behind the first one: what would need more is looked at on its plane."""

_SAME = 0.85
"""So much as well as with the plane itself its letters have to correlate with what a sheet shows there."""

_VAGUE = 0.3
"""Where letters and their own plane correlate less, both pictures are compared with each other instead."""

_SAME_INK = 0.9
"""Or the letters that the detector sees on both planes correlate so well: what moves behind them is no matter then."""

_LETTER = 9
"""Edge, in cells, of the square over which that is asked: one letter of a line that is another one has to tell."""

_LEAST = 4
"""Cells of a place that have to differ: a stroke of a small letter has more."""

_BLOCK = 4
_ACROSS, _DOWN = 2, 1
"""Blocks (of ``_BLOCK`` cells) that belong to one place where no more than so many empty ones lie between them: words
of a line stay together."""

Cells = npt.NDArray[np.bool_]


class TextSheets:
    """Takes the planes of a text map that is complete one after the other, and makes room for what it does not show.

    ``first`` is the map's picture, (rows, columns). A place with writing is a rectangle around letters that lie close
    together; it is shown as it is on its plane, whole, on the first sheet where nothing else lies there.
    """

    def __init__(self, first: Levels, ink: Levels) -> None:
        self.sheets: list[Levels] = [first]
        self._inks: list[Single] = [ink_squares(ink).astype(np.float32)]
        self.makers: list[Makers] = []
        self._taken: list[Cells] = []
        self._needs: dict[int, frozenset[int]] = {}
        """By the number of a plane, the sheets behind the first one that show of it what the first does not."""

    def pass_over(self, number: int) -> None:
        """The plane with that number has no writing: there is nothing to show of it."""
        self._needs[number] = frozenset()

    def add(self, number: int, packed: bytes, values: Array) -> None:
        """Take the plane with that number: ``packed`` is its ink (``packed_ink``), ``values`` are as for the map."""
        ink = unpacked_ink(packed, self.sheets[0].shape)
        part = part_around((ink >= INKED).repeat(CELL, axis=0).repeat(CELL, axis=1))
        if part is None:
            self.pass_over(number)
            return
        # Whole cells, so that plane and sheets are compared in the same squares.
        part = _whole_cells(part)
        levels = local_contrast(values[part])
        within = ink[_cells(part)].astype(np.float32)
        cells = _cells(part)
        unlike = _unlike(levels, self.sheets[0][part], within, self._inks[0][cells])
        needed: set[int] = set()
        for place in _places(within >= INKED, unlike):
            found = self._find_room(number, part, place, levels, within)
            if found is None:
                return
            needed.add(found)
        self._needs[number] = frozenset(needed)

    def is_on_any(self, number: int) -> bool:
        """Whether all writing of the plane is on one sheet or another."""
        return number in self._needs

    def shows(self, number: int, sheets: AbstractSet[int]) -> bool:
        """Whether these sheets (0 is the first) show all writing of the plane that the map knows of."""
        needs = self._needs.get(number)
        return needs is not None and 0 in sheets and needs <= sheets

    def _find_room(self, number: int, part: Part, place: Part, levels: Levels, ink: Single) -> int | None:
        """The sheet that shows the place from now on; None where none of them has room."""
        inside = (_scaled(place[0], levels.shape[0]), _scaled(place[1], levels.shape[1]))
        shifted = (_shifted(inside[0], part[0].start), _shifted(inside[1], part[1].start))
        cells = _cells(shifted)
        for at, taken in enumerate(self._taken):
            if not taken[cells].any():
                self._paint(at, number, shifted, levels[inside], ink[place])
                return at + 1
            there = self._inks[at + 1][cells]
            if _unlike(levels[inside], self.sheets[at + 1][shifted], ink[place], there).sum() < _LEAST:
                return at + 1
        if len(self._taken) == MOST:
            return None
        self.sheets.append(np.zeros_like(self.sheets[0]))
        self.makers.append(np.zeros(self.sheets[0].shape, np.uint32))
        self._inks.append(np.zeros_like(self._inks[0]))
        self._taken.append(np.zeros(self._inks[0].shape, bool))
        self._paint(len(self._taken) - 1, number, shifted, levels[inside], ink[place])
        return len(self._taken)

    def _paint(self, at: int, number: int, where: Part, levels: Levels, ink: Single) -> None:
        cells = _cells(where)
        self.sheets[at + 1][where] = levels
        self.makers[at][where] = number
        self._inks[at + 1][cells] = ink
        self._taken[at][cells] = True


def _unlike(levels: Levels, shown: Levels, ink: Single, shown_ink: Single) -> Cells:
    """Which cells with writing the picture ``shown`` has not as ``levels``, the plane's own, has them.

    ``ink`` says how much each cell belongs to letters. It is asked how well it goes with either picture: ground that
    moves behind letters that stay hides nothing, and other letters in their place do.
    """
    own, there = _halved(levels), _halved(shown)
    mean_ink = _letter_mean(ink)
    spread_ink = _letter_mean(ink * ink) - mean_ink * mean_ink
    with_own, with_there = (_together(picture, ink, mean_ink, spread_ink) for picture in (own, there))
    alike = with_there * np.sign(with_own) >= np.float32(_SAME) * np.abs(with_own)
    vague = np.abs(with_own) < np.float32(_VAGUE)
    if vague.any():
        mean_own = _letter_mean(own)
        both = _together(there, own, mean_own, _letter_mean(own * own) - mean_own * mean_own)
        alike = np.where(vague, both >= np.float32(_SAME), alike)
    alike |= _together(shown_ink, ink, mean_ink, spread_ink) >= np.float32(_SAME_INK)
    return np.asarray((ink >= INKED) & ~alike)


def _together(picture: Single, other: Single, mean_other: Single, spread_other: Single) -> Single:
    """How both correlate over the square of a letter around each cell, -1 to 1."""
    mean = _letter_mean(picture)
    both = _letter_mean(picture * other) - mean * mean_other
    spread = np.maximum(_letter_mean(picture * picture) - mean * mean, 0)
    return np.asarray(both / np.sqrt(np.maximum(spread * np.maximum(spread_other, 0), np.float32(1))))


def _places(own: Cells, unlike: Cells) -> Iterator[Part]:
    """Rectangles, in cells, around writing that lies close together, of which enough is unlike."""
    if not unlike.any():
        return
    down, across = (-(-edge // _BLOCK) for edge in own.shape)
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for row, column in np.argwhere(unlike).tolist():
        counts[row // _BLOCK, column // _BLOCK] += 1
    left = {(row // _BLOCK, column // _BLOCK) for row, column in np.argwhere(own).tolist()}
    while left:
        group, edge = set(), [left.pop()]
        while edge:
            row, column = edge.pop()
            group.add((row, column))
            around = [
                (row + y, column + x) for y in range(-_DOWN - 1, _DOWN + 2) for x in range(-_ACROSS - 1, _ACROSS + 2)
            ]
            near = left.intersection(around)
            left -= near
            edge += near
        if sum(counts[block] for block in group) < _LEAST:
            continue
        rows, columns = [row for row, _ in group], [column for _, column in group]
        yield (
            slice(max(0, min(rows) - 1) * _BLOCK, min(down, max(rows) + 2) * _BLOCK),
            slice(max(0, min(columns) - 1) * _BLOCK, min(across, max(columns) + 2) * _BLOCK),
        )


def _halved(levels: Levels) -> Single:
    """Means of the squares of ``CELL`` pixels, around zero."""
    rows, columns = levels.shape
    filled = np.pad(levels, ((0, -rows % CELL), (0, -columns % CELL)), mode="edge").astype(np.float32)
    squares = filled.reshape(filled.shape[0] // CELL, CELL, filled.shape[1] // CELL, CELL)
    return np.asarray(squares.mean(axis=(1, 3)) - np.float32(110))


def _letter_mean(values: Single) -> Single:
    half = _LETTER // 2
    for axis in range(2):
        pad = [(half + 1, half) if at == axis else (0, 0) for at in range(2)]
        sums = np.cumsum(np.pad(values, pad, mode="edge"), axis=axis, dtype=np.float64)
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(_LETTER, None), slice(None, -_LETTER)
        values = ((sums[tuple(ahead)] - sums[tuple(behind)]) / _LETTER).astype(np.float32)
    return values


def _cells(part: Part) -> Part:
    """The squares of a part of whole ones."""
    rows, columns = part
    return (slice(rows.start // CELL, -(-rows.stop // CELL)), slice(columns.start // CELL, -(-columns.stop // CELL)))


def _whole_cells(part: Part) -> Part:
    return slice(part[0].start // CELL * CELL, part[0].stop), slice(part[1].start // CELL * CELL, part[1].stop)


def _scaled(cells: slice, most: int) -> slice:
    return slice(cells.start * CELL, min(cells.stop * CELL, most))


def _shifted(pixels: slice, by: int) -> slice:
    return slice(pixels.start + by, pixels.stop + by)
