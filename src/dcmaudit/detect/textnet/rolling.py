"""The maps of picture after picture of a cine: only what changed is looked at again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.network import ALIGN, Map, Picture, TextMaps, TextNet
from dcmaudit.detect.vision import cv2

SAME = 2
"""Levels of 256 by which a pixel may differ and still count as unchanged: no writing is that faint, and lossy
compression moves resting pixels by as much."""

_CONTEXT = 48
"""Pixels around what changed that the network is shown: letters that touch it are seen whole."""

_WHOLE = 0.7
"""Part of a picture from which on all of it is looked at."""

_PARTS = 12
"""Changed places that are looked at one by one at most; more of them are taken together."""


class RollingMaps:
    """Remembers the last picture as it was looked at, place by place, and the maps of it.

    What is compared is what the network saw, not the picture before: changes that are each too small to count add
    up until they do. So nothing that differs from what was looked at by more than ``SAME`` levels stays unseen.
    """

    def __init__(self, net: TextNet) -> None:
        self._net = net
        self._seen: Picture | None = None
        self._maps: TextMaps | None = None

    def maps(self, picture: Picture) -> TextMaps:
        """The maps of ``picture``; those of a picture of another shape are forgotten. Errors as ``TextNet.maps``.

        The maps are the caller's to read, until the next call.
        """
        if self._seen is None or self._maps is None or self._seen.shape != picture.shape:
            return self._whole(picture)
        changed = _changed(self._seen, picture)
        if not changed.any():
            return self._maps
        parts = list(_parts(changed, picture.shape[:2]))
        area = sum((bottom - top) * (right - left) for (top, bottom, left, right), _ in parts)
        if area >= _WHOLE * picture.shape[0] * picture.shape[1]:
            return self._whole(picture)
        for (top, bottom, left, right), here in parts:
            found = self._net.maps(picture[top:bottom, left:right])
            self._take(found, here, top, left)
        where = _spread(changed, picture.shape[:2])
        self._seen[where] = picture[where]
        return self._maps

    def _whole(self, picture: Picture) -> TextMaps:
        self._maps = self._net.maps(picture)
        self._seen = picture.copy()
        return self._maps

    def _take(self, found: TextMaps, here: npt.NDArray[np.bool_], top: int, left: int) -> None:
        """Take over what was found at the blocks ``here``; the surroundings keep what was seen there before."""
        assert self._maps is not None  # noqa: S101 - the caller has just read it
        for new, old in ((found.ink, self._maps.ink), (found.region, self._maps.region)):
            rows, columns = new.shape
            part: Map = old[top // 2 : top // 2 + rows, left // 2 : left // 2 + columns]
            blocks = np.repeat(np.repeat(here, ALIGN // 2, axis=0), ALIGN // 2, axis=1)
            row, column = top // 2, left // 2
            mask = blocks[row : row + rows, column : column + columns]
            part[mask] = new[mask]


def _changed(seen: Picture, picture: Picture) -> npt.NDArray[np.bool_]:
    """The blocks of ``ALIGN`` pixels in which anything differs, and those beside them.

    A letter is often wider than the block in which it changed; its neighbours are judged anew with it.
    """
    difference = np.asarray(cv2.absdiff(seen, picture), np.uint8)
    if difference.ndim == 3:
        # A reduction over three values takes twenty times as long, half as long as the network.
        difference = np.maximum(np.maximum(difference[..., 0], difference[..., 1]), difference[..., 2])
    rows, columns = difference.shape
    filled = np.pad(difference > SAME, [(0, -rows % ALIGN), (0, -columns % ALIGN)])
    blocks = filled.reshape(filled.shape[0] // ALIGN, ALIGN, -1, ALIGN).any(axis=(1, 3))
    grown = cv2.dilate(np.asarray(blocks, np.uint8), np.ones((3, 3), np.uint8))
    return np.asarray(grown, bool)


Part = tuple[tuple[int, int, int, int], npt.NDArray[np.bool_]]
"""Top, bottom, left, right of what the network is shown, and the blocks of the whole picture that it is asked about."""


def _parts(changed: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> Iterator[Part]:
    reach = 2 * (_CONTEXT // ALIGN) + 1
    # Places whose surroundings overlap are looked at together.
    near = cv2.dilate(changed.astype(np.uint8), np.ones((reach, reach), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    # Many small looks cost more than one large one.
    if count - 1 > _PARTS:
        labels, count = near.astype(np.int32), 2
    for label in range(1, count):
        here = changed & (labels == label)
        rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
        yield (
            (
                max(0, int(rows[0]) * ALIGN - _CONTEXT),
                min(shape[0], int(rows[-1] + 1) * ALIGN + _CONTEXT),
                max(0, int(columns[0]) * ALIGN - _CONTEXT),
                min(shape[1], int(columns[-1] + 1) * ALIGN + _CONTEXT),
            ),
            here,
        )


def _spread(blocks: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    return np.repeat(np.repeat(blocks, ALIGN, axis=0), ALIGN, axis=1)[: shape[0], : shape[1]]
