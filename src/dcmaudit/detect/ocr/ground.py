"""The ground taken away: what stands on a flat ground a few levels from it, whatever else the plane shows.

Local contrast shares the levels of a tile out among all that is in it: beside a body, letters some levels from a flat
strip stay faint. Here only flat grounds are shown, each pixel as its distance from the ground around it, measured by
how rough that ground is; noise, bodies and their edges are left out. All of it in whole numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.vision import components, cv2

Steps = npt.NDArray[np.uint16]
"""(rows, columns): stored values as whole numbers from 0, in their order."""
Whole = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


class Marks(np.ndarray[tuple[int, int], np.dtype[np.uint8]]):
    """A picture of ``without_ground``: (rows, columns) of levels. Its type says what it is, whatever its levels are."""


_EVERY = 4
"""The ground is known at one in so many pixels of either axis: less than any letter that can be read."""

_AROUND = 5
"""Of these places, across, whose median is the ground: wider than the strokes of letters."""

_EVEN = 3
"""Times its roughness by which a flat ground changes within that distance at most."""

_FINE = 256
"""A ground that is rougher than this part of all values shows its letters in other pictures."""

_SAME = 2
"""Times their usual roughness by which grounds of one level differ."""

_LEAST = 0.02
"""Part of the plane that a flat ground takes at least: noise on a smaller one looks like a letter."""

_NOISE, _ROUNDED = 6, 3
"""Times its roughness, and values more, that something stands off its ground at least: less is noise."""

_SPECK, _LETTER = 4, 64
"""Pixels of a mark at least, and pixels that it is long at most: larger letters are seen in other pictures."""

_MIDDLE, _PER = 128, 8
"""The level of the ground, and levels for each time that a pixel is as far from it as half of its neighbours are."""


def without_ground(steps: Steps) -> Marks | None:
    """The marks on flat grounds of a plane, of its size; None where there are none."""
    if min(steps.shape) < _AROUND * _EVERY:
        return None
    ground = _median(_thinned(steps))
    ground = _median(ground)
    off = _from_ground(steps, ground)
    rough = np.maximum(_median(_thinned(np.abs(off).astype(np.uint16))), 1)
    flat = _flat(ground, rough, (int(steps.max()) - int(steps.min())) // _FINE)
    if not flat.any():
        return None
    times = _spread(rough, steps.shape)
    off[~_marks(np.abs(off) >= _NOISE * times + _ROUNDED, _spread(flat, steps.shape) > 0)] = 0
    if not off.any():
        return None
    return np.asarray(np.clip(_MIDDLE + _PER * off // times, 0, 255), np.uint8).view(Marks)


def _median(some: Steps) -> Steps:
    return np.asarray(cv2.medianBlur(some, _AROUND), np.uint16)


def _thinned(some: Steps) -> Steps:
    return np.ascontiguousarray(_median(np.ascontiguousarray(some))[_EVERY // 2 :: _EVERY, _EVERY // 2 :: _EVERY])


def _from_ground(steps: Steps, ground: Steps) -> Whole:
    """How far every pixel is from the nearest of the grounds around it: at an edge, from that of its own side."""
    padded, here = np.pad(ground, 1, mode="edge"), steps.astype(np.int32)
    rows, columns = ground.shape
    nearest = here - _spread(ground, steps.shape)
    for down in range(3):
        for across in range(3):
            other = here - _spread(padded[down : down + rows, across : across + columns], steps.shape)
            np.copyto(nearest, other, where=np.abs(other) < np.abs(nearest))
    return nearest


def _spread(few: npt.NDArray[np.uint16] | npt.NDArray[np.uint8], shape: tuple[int, ...]) -> Whole:
    """Every place as the square of pixels that it stands for; the last ones go on to the edges."""
    large = np.repeat(np.repeat(few, _EVERY, axis=0), _EVERY, axis=1)
    more = [(0, max(0, edge - have)) for edge, have in zip(shape, large.shape, strict=True)]
    return np.asarray(np.pad(large, more, mode="edge")[: shape[0], : shape[1]], np.int32)


def _flat(ground: Steps, rough: Steps, finest: int) -> npt.NDArray[np.uint8]:
    """Places of grounds of one level that take some room: strips, air, borders; not what changes slowly."""
    kernel = np.ones((_AROUND, _AROUND), np.uint8)
    change = cv2.subtract(cv2.dilate(ground, kernel), cv2.erode(ground, kernel))
    even = (change <= _EVEN * rough) & (rough <= finest)
    if not even.any():
        return np.asarray(even, np.uint8)
    bins = ground // (_SAME * max(1, int(np.median(rough[even]))))
    counts = np.bincount(bins[even], minlength=max(3, int(bins.max()) + 1))
    even &= (np.convolve(counts, [1, 1, 1], mode="same") >= _LEAST * ground.size)[bins]
    whole = cv2.morphologyEx(cv2.dilate(even.astype(np.uint8), kernel), cv2.MORPH_OPEN, kernel)
    _, names, stats, _ = cv2.connectedComponentsWithStats(whole, connectivity=4)
    kept = stats[:, cv2.CC_STAT_AREA] >= _LEAST * whole.size
    kept[0] = False
    return np.asarray(kept[np.asarray(names)], np.uint8)


def _marks(far: Mask, flat: Mask) -> Mask:
    """What of ``far`` is no speck of noise, no larger than a letter, and lies on flat ground wholly."""
    _, found, stats = components(far.astype(np.uint8))
    names = np.asarray(found)
    kept = stats[:, cv2.CC_STAT_AREA] >= _SPECK
    kept &= np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) <= _LETTER
    kept[np.unique(names[far & ~flat])] = False
    kept[0] = False
    return np.asarray(kept[names], np.bool_)
