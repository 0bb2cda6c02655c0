"""From a point of a projection back to the plane that shows there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dcmaudit.dicom import Instance, Samples
from dcmaudit.errors import DicomError, ReviewError
from dcmaudit.model import PlaneGroup, Point, Projection

_REACH = 3


def drill(instance: Instance, group: PlaneGroup, projection: Projection, point: Point, stop: Callable[[], bool]) -> int:
    """The position in ``group`` of the plane that a projection shows at ``point``, in pixels of the plane.

    That is the brightest plane there for MAX, the darkest for MIN, and the one that differs most from the mean
    of all for MEAN and TEXT. Planes that cannot be decoded are passed over; ReviewError where none can be, or
    where ``stop`` said so.
    """
    levels: list[tuple[float, int]] = []
    for position in range(len(group.frames)):
        if stop():
            raise ReviewError("the search was given up")
        try:
            levels.append((_level(instance.read(group.address(position)), point), position))
        except DicomError:
            continue
    if not levels:
        raise ReviewError("none of the planes can be decoded", hint="look at the planes one by one")
    if projection is Projection.MAX:
        return max(levels, key=lambda item: item[0])[1]
    if projection is Projection.MIN:
        return min(levels, key=lambda item: item[0])[1]
    mean = sum(level for level, _position in levels) / len(levels)
    return max(levels, key=lambda item: abs(item[0] - mean))[1]


def _level(samples: Samples, point: Point) -> float:
    """How bright the plane is shown around the point, in stored units after the rescale."""
    rows, columns = samples.array.shape[:2]
    y, x = min(max(point.y, 0), rows - 1), min(max(point.x, 0), columns - 1)
    around = samples.array[max(0, y - _REACH) : y + _REACH + 1, max(0, x - _REACH) : x + _REACH + 1]
    level = float(np.mean(around, dtype=np.float64))
    if isinstance(samples.modality, tuple):
        slope, intercept = samples.modality
        level = level * slope + intercept
    return -level if samples.photometric == "MONOCHROME1" else level
