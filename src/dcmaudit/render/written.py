"""What looks like writing on a plane, as it is there, in the contrast that its place has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array
from dcmaudit.render.tables import Levels

_INK = 77
"""A stroke of the map (0 to 255) from which on it counts as one."""

_AROUND = 15
"""Pixels on either side over which contrast and the amount of writing are taken: more than the gaps of a line."""

_MARGIN = 24
_GROUND, _CONTRAST = 110.0, 48.0
"""The level of what is as bright as its surroundings, and levels for each standard deviation away from that."""

Single = npt.NDArray[np.float32]
Part = tuple[slice, slice]


def written_parts(strokes: Levels, values: Array) -> tuple[Part, Levels, Single] | None:
    """Where ``strokes`` (a map of the plane, 0 to 255) has writing: the part of the plane that holds all of it, that
    part as a picture, and how much writing is around each of its pixels, 0 to 255: the mean of the map, surer strokes
    more.

    ``values`` are (rows, columns), or (rows, columns, 3), of any dtype. The picture has the contrast that each place
    has by itself, so that faint letters are as clear as strong ones. None where there is no writing.
    """
    part = part_around(strokes >= _INK)
    if part is None:
        return None
    levels = local_contrast(values[part])
    # Squared: what surely is a letter outweighs twice as much of what may be one.
    sure = strokes[part].astype(np.float32)
    return part, levels, _mean_around(sure * sure / np.float32(255))


def part_around(inked: npt.NDArray[np.bool_]) -> Part | None:
    """The part of a plane that holds all of ``inked``, (rows, columns), with a margin; None where there is none."""
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return None
    return (
        slice(max(0, int(rows[0]) - _MARGIN), int(rows[-1]) + _MARGIN + 1),
        slice(max(0, int(columns[0]) - _MARGIN), int(columns[-1]) + _MARGIN + 1),
    )


def local_contrast(values: Array) -> Levels:
    """``values``, (rows, columns) or (rows, columns, 3) of any dtype, in the contrast that each place has by itself."""
    here = values.astype(np.float32)
    if here.ndim == 3:
        here = here.mean(axis=2)
    here = np.nan_to_num(here, posinf=0.0, neginf=0.0)
    here -= here.mean()  # squares of small numbers are exact enough
    middle = _mean_around(here)
    spread = np.sqrt(np.maximum(_mean_around(here * here) - middle * middle, 1e-6))
    return np.clip(_GROUND + (here - middle) / spread * np.float32(_CONTRAST), 0, 255).astype(np.uint8)


def _mean_around(values: Single) -> Single:
    """The mean over the square around each pixel; ends repeat."""
    width = 2 * _AROUND + 1
    for axis in range(2):
        pad = [(_AROUND + 1, _AROUND) if at == axis else (0, 0) for at in range(2)]
        sums = np.cumsum(np.pad(values, pad, mode="edge"), axis=axis, dtype=np.float64)
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(width, None), slice(None, -width)
        values = ((sums[tuple(ahead)] - sums[tuple(behind)]) / width).astype(np.float32)
    return values
