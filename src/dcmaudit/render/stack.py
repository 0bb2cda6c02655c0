"""A stack of planes taken one after the other: its extremes, its mean, and which plane made each pixel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array, Lut, Samples
from dcmaudit.errors import UsageError
from dcmaudit.model import Point, Projection, Size, View
from dcmaudit.render.colour import rgb_levels, rgb_values, to_rgb
from dcmaudit.render.grey import is_dark_high
from dcmaudit.render.tables import Levels, to_byte
from dcmaudit.render.view import BITS, render
from dcmaudit.render.voi import after_modality
from dcmaudit.render.written import written_parts

_LEAST = 14.0
"""How much writing (the mean of its map around a pixel, of 255) it takes to be shown as it is."""

_MORE = np.float32(1.2)
"""So much more writing takes the place of another plane's: a word is not to be put together from two."""

Makers = npt.NDArray[np.uint32]
"""(rows, columns): the number of the plane that made each pixel."""


class PlaneStack:
    """The largest, smallest and mean value of planes of one size and kind at every pixel, and who has the extremes.

    Values are stored values, or values after the rescale where planes differ in it, so that no plane is stretched by
    itself before it is compared. Of planes with equal values the one that came first counts. In colour each channel
    has its own extremes, and the plane that last raised or lowered any of them is the one that is named.
    """

    def __init__(self) -> None:
        self.count = 0
        self._first: Samples | None = None
        self._real = False
        self._largest: Array = np.zeros(0)
        self._smallest: Array = np.zeros(0)
        self._total: Array = np.zeros(0)
        self._largest_by: Makers = np.zeros(0, np.uint32)
        self._smallest_by: Makers = np.zeros(0, np.uint32)

    def accept(self, samples: Samples) -> None:
        """UsageError where ``samples`` have not the size and kind of the first plane."""
        first = self._first
        if first is None:
            self._first = replace(samples, array=samples.array[:0])
            self._shape = samples.array.shape
        elif samples.array.shape != self._shape or samples.photometric != first.photometric:
            raise UsageError(
                f"a plane of {_describe(samples.array.shape, samples.photometric)} cannot be projected with planes of "
                f"{_describe(self._shape, first.photometric)}",
                hint="project planes of one size and kind at a time",
            )

    def add(self, samples: Samples, number: int) -> None:
        """Take in the plane with that number, larger than those before; errors as ``accept``."""
        self.accept(samples)
        values = self.comparable(samples)
        if not self.count:
            self._largest, self._smallest = values.copy(), values.copy()
            self._total = values.astype(np.float64)
            self._largest_by = np.full(values.shape[:2], number, np.uint32)
            self._smallest_by = self._largest_by.copy()
        else:
            self._total += values
            if values.dtype != self._largest.dtype:
                kind = np.result_type(values, self._largest)
                self._largest, self._smallest = self._largest.astype(kind), self._smallest.astype(kind)
            _take(values, self._largest, self._largest_by, number, larger=True)
            _take(values, self._smallest, self._smallest_by, number, larger=False)
        self.count += 1

    def taken(self, projection: Projection) -> PlaneStack:
        """The stack as it is now, for one picture of it: planes that are added later are not in that."""
        copied = PlaneStack()
        copied.count, copied._first, copied._real = self.count, self._first, self._real
        if projection is Projection.MEAN:
            copied._total = self._total.copy()
        else:
            copied._largest, copied._smallest = self._largest.copy(), self._smallest.copy()
        return copied

    @property
    def size(self) -> Size | None:
        """Pixels of the planes; None where there is none."""
        return Size(width=self._shape[1], height=self._shape[0]) if self.count else None

    def mean(self) -> Array:
        """The mean of all planes at every pixel, as float64."""
        return np.asarray(self._total / max(self.count, 1))

    def picture(self, projection: Projection, view: View | None = None) -> Levels:
        """MAX, MIN, MEAN or RANGE of all planes so far as uint8; UsageError where there is none.

        MAX is the largest value as it is shown: the smallest stored one where small values are bright. Of bit planes
        MAX is their union, RANGE what is not in all of them, and MEAN the share of planes that have the bit.
        """
        view = view or View()
        if self._first is None or not self.count:
            raise UsageError("there is no plane to project")
        return self._shown(self._first, self._values(projection), view, is_range=projection is Projection.RANGE)

    def maker(self, projection: Projection, point: Point) -> int:
        """The number of the plane that makes the projection what it is at ``point``, in pixels of the plane.

        For MEAN and RANGE, the plane with the extreme that lies farther from the mean.
        """
        row, column = min(max(point.y, 0), self._shape[0] - 1), min(max(point.x, 0), self._shape[1] - 1)
        if projection in {Projection.MAX, Projection.MIN}:
            is_large = (projection is Projection.MAX) != self.is_falling
        else:
            mean = self._total[row, column] / self.count
            above, below = self._largest[row, column] - mean, mean - self._smallest[row, column]
            is_large = bool(np.max(above) >= np.max(below))
        return int((self._largest_by if is_large else self._smallest_by)[row, column])

    def margins(self, share: float) -> tuple[Array, Array]:
        """What lies ``share`` of the range that MAX shows below the largest value, and of MIN's above the smallest.

        In the values of ``comparable``, at every pixel.
        """
        first = self._first
        if self._largest.ndim == 3 and first is not None:
            # In colour what is shown has no range of its own.
            whole = 255.0 if first.photometric == "PALETTE COLOR" else 2.0**first.bits_stored - 1
            spans = (whole, whole)
        else:
            spans = (_span(self._largest), _span(self._smallest))
        low = self._largest.astype(np.float64) - share * spans[0]
        high = self._smallest.astype(np.float64) + share * spans[1]
        if self._largest.dtype.kind not in "iub":
            return low, high
        ends = np.iinfo(self._largest.dtype)
        # In the cells' own kind the comparison is many times as fast.
        return (
            np.clip(np.ceil(low), ends.min, ends.max).astype(self._largest.dtype),
            np.clip(np.floor(high), ends.min, ends.max).astype(self._largest.dtype),
        )

    @property
    def is_falling(self) -> bool:
        """Whether small values are shown bright."""
        first = self._first
        if first is None or first.photometric not in {"MONOCHROME1", "MONOCHROME2"}:
            return False
        return first.photometric == "MONOCHROME1" if self._real else is_dark_high(first)

    def _values(self, projection: Projection) -> Array:
        if projection is Projection.MEAN:
            return self.mean()
        if projection is Projection.RANGE:
            return self._spread()
        return self._largest if (projection is Projection.MAX) != self.is_falling else self._smallest

    def _spread(self) -> Array:
        if self._largest.dtype.kind in "iu" and self._largest.dtype.itemsize <= 2:
            # The distance of two values of 16 bits needs 16 bits without a sign.
            return np.asarray(self._largest.astype(np.int32) - self._smallest).astype(np.uint16)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.asarray(self._largest.astype(np.float64) - self._smallest)

    def _shown(self, first: Samples, values: Array, view: View, *, is_range: bool) -> Levels:
        if first.photometric == BITS:
            levels = to_byte(values * 255.0)
            return 255 - levels if view.inverted else levels
        if first.photometric in {"MONOCHROME1", "MONOCHROME2"}:
            if is_range:  # a distance has neither offset nor window, and none of it is bright
                return render(Samples(values, "MONOCHROME2", 16), View(inverted=view.inverted))
            modality = None if self._real else first.modality
            return render(replace(first, array=values, modality=modality), view)
        bits = 8 if first.photometric == "PALETTE COLOR" else first.bits_stored
        levels = to_byte(values.astype(np.float64)) if bits == 8 else rgb_levels(values, bits)
        return render(Samples(levels, "RGB", 8), view)

    def comparable(self, samples: Samples) -> Array:
        """The values of a plane in the unit that all planes share."""
        first = self._first
        if first is None or samples.photometric == BITS:
            bits: Levels = (samples.array != 0).astype(np.uint8)
            return bits
        if samples.photometric == "PALETTE COLOR":
            return to_rgb(samples)
        if samples.array.ndim == 3:
            return rgb_values(samples)
        if not self._real and not _same_unit(samples, first):
            self._real = True
            if self.count:
                self._convert(first)
        return after_modality(samples.array, samples.modality) if self._real else samples.array

    def _convert(self, first: Samples) -> None:
        """From stored values to those after the rescale of the planes so far."""
        one, other = (after_modality(values, first.modality) for values in (self._largest, self._smallest))
        self._total = after_modality(self._total / self.count, first.modality) * self.count
        # A slope below zero turns the order round.
        turned = one < other
        self._largest, self._smallest = np.where(turned, other, one), np.where(turned, one, other)
        by, small_by = self._largest_by, self._smallest_by
        self._largest_by, self._smallest_by = np.where(turned, small_by, by), np.where(turned, by, small_by)


class StrokeStack:
    """Maps of where writing is, (rows, columns) of uint8, one a plane: the strongest, who has it, and the sum.

    Where planes have writing, the picture is that of the plane which has most of it around there, as it is on the
    plane: the map alone shows where letters are, and not which.
    """

    def __init__(self) -> None:
        self.count = 0
        self.strongest: Levels = np.zeros((0, 0), np.uint8)
        self.by: Makers = np.zeros((0, 0), np.uint32)
        self._total: Array = np.zeros(0)
        self._inked: Levels = np.zeros((0, 0), np.uint8)
        self._written: Levels = np.zeros((0, 0), np.uint8)
        self._most: Array = np.zeros(0)

    def add(self, strokes: Levels, number: int, values: Array | None = None) -> None:
        """Take in the map of the plane with that number, larger than those before; ``values`` are the plane's own."""
        if not self.count:
            self.strongest, self._total = strokes.copy(), strokes.astype(np.float32)
            self.by = np.full(strokes.shape, number, np.uint32)
            self._inked, self._written = np.zeros_like(strokes), np.zeros_like(strokes)
            self._most = np.zeros(strokes.shape, np.float32)
        else:
            _take(strokes, self.strongest, self.by, number, larger=True)
            self._total += strokes
        if values is not None:
            self._keep(strokes, number, values)
        self.count += 1

    def _keep(self, strokes: Levels, number: int, values: Array) -> None:
        found = written_parts(strokes, values)
        if found is None:
            return
        place, written, much = found
        most = self._most[place]
        better = (much > most * _MORE) & (much >= _LEAST)
        np.copyto(self._written[place], written, where=better)
        np.copyto(self._inked[place], strokes[place], where=better)
        np.copyto(most, much, where=better)
        self.by[place][better] = number

    def picture(self, still: Levels | None = None) -> Levels:
        """Half the strongest map, and half what stays: the mean map, or ``still`` (that of the mean plane) where it is
        stronger; and writing itself where a plane has some."""
        stays = self._total / np.float32(max(self.count, 1))
        if still is not None:
            stays = np.maximum(stays, still)
        made = ((self.strongest.astype(np.float32) + stays) / 2).astype(np.uint8)
        return np.asarray(np.where(self._most > 0, self._written, made))

    def shown(self) -> Levels:
        """The map of the plane that the picture shows at each pixel."""
        return np.asarray(np.where(self._most > 0, self._inked, self.strongest))


def to_strokes(samples: Samples) -> Array:
    """What a map of strokes is made of: the stored values, or RGB."""
    if samples.photometric == "PALETTE COLOR" or samples.array.ndim == 3:
        return to_rgb(samples)
    return samples.array


def _take(values: Array, kept: Array, by: Makers, number: int, *, larger: bool) -> None:
    """Take over into ``kept`` what is larger (or smaller) there; what is no number gives way to any."""
    better = values > kept if larger else values < kept
    if kept.dtype.kind == "f":
        better |= np.isnan(kept) & ~np.isnan(values)
    (np.fmax if larger else np.fmin)(kept, values, out=kept)
    # Numbers rise, so the larger one is the newer: ten times as fast as writing where the mask is set.
    newer = (better.any(axis=2) if better.ndim == 3 else better).view(np.uint8) * np.uint32(number)
    np.maximum(by, newer, out=by)


def _span(shown: Array) -> float:
    """The range of the numbers of a picture."""
    finite = shown[np.isfinite(shown)]
    return float(finite.max()) - float(finite.min()) if finite.size else 0.0


def _same_unit(samples: Samples, first: Samples) -> bool:
    if samples.array.dtype != first.array.dtype:
        return False
    one, other = samples.modality, first.modality
    if isinstance(one, Lut) and isinstance(other, Lut):
        return one.first == other.first and np.array_equal(one.data, other.data)
    return one is other or (isinstance(one, tuple) and one == other)


def _describe(shape: tuple[int, ...], photometric: str) -> str:
    return f"{shape[1]} x {shape[0]} pixels, {photometric}"
