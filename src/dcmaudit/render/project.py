"""Projections: the planes of a stack in one picture, plane after plane, in the memory of a few."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from dcmaudit.codecs.samples import Array, Lut, Samples
from dcmaudit.errors import DicomError, UsageError
from dcmaudit.model import PlaneAddress, Projection, View
from dcmaudit.render.colour import rgb_levels, rgb_values, to_rgb
from dcmaudit.render.grey import is_dark_high
from dcmaudit.render.strokes import stroke_map
from dcmaudit.render.tables import Levels, to_byte
from dcmaudit.render.view import BITS, render
from dcmaudit.render.voi import after_modality


class Reads(Protocol):
    """Whatever reads planes one by one."""

    def read(self, address: PlaneAddress) -> Samples:
        """The samples of one plane; DicomError where that fails."""
        ...


@dataclass(frozen=True, slots=True)
class Projected:
    """A projection, the planes that are in it, and those that are not, with the reason."""

    picture: Levels | None
    planes: tuple[PlaneAddress, ...]
    failed: tuple[tuple[PlaneAddress, str], ...]


Strokes = Callable[[Array], Levels]
"""How much every pixel of a plane looks like writing, 0 to 255; see ``strokes.stroke_map``, which is one."""


class Projector:
    """Takes planes of one size and kind one after the other and keeps one picture of them.

    MAX, MIN and MEAN are taken over stored values, or over values after the rescale where planes differ in it, so
    that no plane is stretched by itself before it is compared; "largest" means "shown brightest". Of bit planes
    MAX is their union and MEAN the share of planes that have the bit. TEXT is half the strongest stroke map of any
    plane, and half what stays: the mean of all stroke maps or the map of the mean plane, whichever is more. So
    writing in one plane stands out, writing that stays stands out more, and faint writing that stays rises out of
    noise that does not. ``strokes`` makes these maps.
    """

    def __init__(self, projection: Projection, strokes: Strokes = stroke_map) -> None:
        self.projection = projection
        self._strokes = strokes
        self.count = 0
        self._first: Samples | None = None
        self._values: Array | None = None
        self._total: Array | None = None
        self._real = False
        self._still = Projector(Projection.MEAN) if projection is Projection.TEXT else None

    def add(self, samples: Samples) -> None:
        """Take one more plane; UsageError where its size or kind is not that of the first."""
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
        if self.projection is Projection.TEXT:
            self._add_strokes(samples)
        else:
            self._combine(self._comparable(samples), samples)
        self.count += 1

    def picture(self, view: View | None = None) -> Levels:
        """The projection of all planes so far as uint8; UsageError where there is none.

        ``view`` is used as for one plane; a text map, which is no image, is at most inverted.
        """
        view = view or View()
        if self._first is None or self._values is None:
            raise UsageError("there is no plane to project")
        if self.projection is Projection.TEXT:
            text = ((self._values.astype(np.float32) + self._staying()) / 2).astype(np.uint8)
            return 255 - text if view.inverted else text
        values = self._values
        if self.projection is Projection.MEAN:
            values = self._sum() / self.count
        return self._shown(self._first, values, view)

    def _shown(self, first: Samples, values: Array, view: View) -> Levels:
        if first.photometric == BITS:
            levels = to_byte(values * 255.0)
            return 255 - levels if view.inverted else levels
        if first.photometric in {"MONOCHROME1", "MONOCHROME2"}:
            modality = None if self._real else first.modality
            return render(replace(first, array=values, modality=modality), view)
        bits = 8 if first.photometric == "PALETTE COLOR" else first.bits_stored
        levels = to_byte(values) if bits == 8 else rgb_levels(values, bits)
        return render(Samples(levels, "RGB", 8), view)

    def _staying(self) -> Array:
        stays = self._sum() / np.float32(self.count)
        if self.count > 1 and self._still is not None:
            mean = self._still._sum() / self.count  # noqa: SLF001 - its own kind
            stays = np.maximum(stays, self._strokes(mean))
        return stays

    def _sum(self) -> Array:
        assert self._total is not None  # noqa: S101 - set together with the values
        return self._total

    def _comparable(self, samples: Samples) -> Array:
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
            if self._values is not None and self._total is not None:
                planes = max(self.count, 1)
                self._values = after_modality(self._values, first.modality)
                self._total = after_modality(self._total / planes, first.modality) * planes
        return after_modality(samples.array, samples.modality) if self._real else samples.array

    def _combine(self, values: Array, samples: Samples) -> None:
        if self._values is None or self._total is None:
            self._values = values.copy()
            self._total = values.astype(np.float64)
            return
        if self.projection is Projection.MEAN:
            self._total += values
            return
        falling = samples.photometric == "MONOCHROME1" if self._real else is_dark_high(samples)
        brightest = (self.projection is Projection.MAX) != falling
        choose = np.fmax if brightest else np.fmin
        if values.dtype == self._values.dtype:
            choose(self._values, values, out=self._values)
        else:
            self._values = choose(self._values, values)

    def _add_strokes(self, samples: Samples) -> None:
        array = samples.array
        if samples.photometric == "PALETTE COLOR" or array.ndim == 3:
            array = to_rgb(samples)
        strokes = self._strokes(array)
        if self._still is not None:
            self._still.add(samples)
        if self._values is None or self._total is None:
            self._values, self._total = strokes, strokes.astype(np.float32)
        else:
            np.maximum(self._values, strokes, out=self._values)
            self._total += strokes


def project(planes: Iterable[Samples], projection: Projection, view: View | None = None) -> Levels:
    """One uint8 picture of all ``planes``, each held only while it is added; see ``Projector``.

    (rows, columns), or (rows, columns, 3) for colour. UsageError for no planes or planes of different sizes.
    """
    projector = Projector(projection)
    for samples in planes:
        projector.add(samples)
    return projector.picture(view)


def project_planes(
    instance: Reads,
    addresses: Iterable[PlaneAddress],
    projection: Projection,
    view: View | None = None,
    *,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
    strokes: Strokes = stroke_map,
) -> Projected:
    """The projection of the planes at ``addresses``; what cannot be read is named in the result, never left out.

    ``progress`` is told how many planes are through; ``stop`` is asked before each plane and ends the work, after
    which only ``planes`` are in the picture. The picture is None where no plane could be read. ``strokes`` as for
    ``Projector``.
    """
    projector = Projector(projection, strokes)
    done: list[PlaneAddress] = []
    failed: list[tuple[PlaneAddress, str]] = []
    for number, address in enumerate(addresses, 1):
        if stop is not None and stop():
            break
        try:
            projector.add(instance.read(address))
            done.append(address)
        except (DicomError, UsageError) as error:
            failed.append((address, error.message))
        if progress is not None:
            progress(number)
    return Projected(projector.picture(view) if done else None, tuple(done), tuple(failed))


def _same_unit(samples: Samples, first: Samples) -> bool:
    if samples.array.dtype != first.array.dtype:
        return False
    one, other = samples.modality, first.modality
    if isinstance(one, Lut) and isinstance(other, Lut):
        return one.first == other.first and np.array_equal(one.data, other.data)
    return one is other or (isinstance(one, tuple) and one == other)


def _describe(shape: tuple[int, ...], photometric: str) -> str:
    return f"{shape[1]} x {shape[0]} pixels, {photometric}"
