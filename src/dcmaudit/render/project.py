"""Projections: the planes of a stack in one picture, plane after plane, in the memory of a few."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.errors import DicomError, UsageError
from dcmaudit.model import PlaneAddress, Projection, View
from dcmaudit.render.stack import PlaneStack, StrokeStack, to_strokes
from dcmaudit.render.strokes import stroke_map
from dcmaudit.render.tables import Levels


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

    MAX, MIN, MEAN and RANGE are those of ``PlaneStack``. TEXT is half the strongest stroke map of any plane, and half
    what stays: the mean of all stroke maps or the map of the mean plane, whichever is more. So writing in one plane
    stands out, writing that stays stands out more, and faint writing that stays rises out of noise that does not.
    ``strokes`` makes these maps.
    """

    def __init__(self, projection: Projection, strokes: Strokes = stroke_map) -> None:
        self.projection = projection
        self._strokes = strokes
        self._stack, self._maps = PlaneStack(), StrokeStack()

    @property
    def count(self) -> int:
        """How many planes are in it."""
        return self._stack.count

    def add(self, samples: Samples) -> None:
        """Take one more plane; UsageError where its size or kind is not that of the first."""
        number = self.count
        self._stack.add(samples, number)
        # Maps cost more than all else, and only this projection asks for them.
        if self.projection is Projection.TEXT:
            values = to_strokes(samples)
            self._maps.add(self._strokes(values), number, values)

    def picture(self, view: View | None = None) -> Levels:
        """The projection of all planes so far as uint8; UsageError where there is none.

        ``view`` is used as for one plane; a text map, which is no image, is at most inverted.
        """
        if self.projection is not Projection.TEXT or not self.count:
            return self._stack.picture(self.projection, view)
        text = self._maps.picture(self._strokes(self._stack.mean()) if self.count > 1 else None)
        return 255 - text if view is not None and view.inverted else text


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
