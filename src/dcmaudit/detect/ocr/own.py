"""Finding lines with dcmaudit's own detector: one look at each picture, upright, for it knows text any way up.

The thorough mode looks at the full range once more, twice as large: small letters on texture become larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from dcmaudit.detect.ocr.finding import Candidate, Sighting
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Corners, Picture, Spot
from dcmaudit.detect.textnet import ENHANCED, RULE, RollingMaps, TextMaps, TextNet, boxes_of, doubtful_boxes, split_rows
from dcmaudit.model import Box, Size

LARGER = 2
"""How much larger the enlarged picture is."""

_LARGER_KEY = 1000
"""Of the enlarged picture in a memory; a plane has fewer pictures."""


class OwnLooks:
    """Finds lines in the maps of the network. Not to be used from two threads at once."""

    def __init__(self, net: TextNet, *, thorough: bool = False) -> None:
        """``thorough``: the full range is looked at twice as large as well, which takes four times as long."""
        self._net, self._thorough = net, thorough

    def detect(
        self,
        pictures: Sequence[Picture],
        *,
        memory: Memory | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Sighting:
        """Where text is in the pictures of one plane; with a ``memory``, only what changed is looked at."""
        rows, columns = pictures[0].shape[:2]
        size = Size(int(columns), int(rows))
        sighting = Sighting()
        for number, picture in enumerate(pictures):
            if stop():
                break
            maps = self._maps(number, picture, memory)
            lines = [
                (line, sure)
                for box, sure in boxes_of(maps.ink, maps.region, ENHANCED if number else RULE)
                if (inside := box.clipped(size)) is not None
                for line in split_rows(inside, maps.ink)
            ]
            found = _candidates(lines, number, size)
            sighting.found += found
            doubts = doubtful_boxes(maps.ink, maps.region, [one.box for one in found])
            sighting.rejected += _candidates(doubts, number, size)
        if self._thorough and not stop():
            sighting.found += self._enlarged(pictures[0], size, memory)
        return sighting

    def _enlarged(self, picture: Picture, size: Size, memory: Memory | None) -> list[Candidate]:
        """What is seen twice as large; it must be surer, for grain looks like letters then."""
        large = cv2.resize(picture, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
        maps = self._maps(_LARGER_KEY, np.asarray(large, np.uint8), memory)
        lines = [
            (_smaller(line), sure)
            for box, sure in boxes_of(maps.ink, maps.region, ENHANCED)
            if (inside := box.clipped(Size(size.width * LARGER, size.height * LARGER))) is not None
            for line in split_rows(inside, maps.ink)
        ]
        return _candidates(lines, 0, size)

    def _maps(self, number: int, picture: Picture, memory: Memory | None) -> TextMaps:
        if memory is None:
            return self._net.maps(picture)
        rolling = memory.rolling.get(number)
        if rolling is None:
            rolling = memory.rolling[number] = RollingMaps(self._net)
        return rolling.maps(picture)


def _candidates(boxes: Sequence[tuple[Box, float]], number: int, size: Size) -> list[Candidate]:
    out = []
    for box, sure in boxes:
        inside = box.clipped(size)
        if inside is not None:
            out.append(Candidate(Spot(_corners(inside), float(sure)), number, inside))
    return out


def _smaller(box: Box) -> Box:
    """A box of the enlarged picture in that of the plane: nothing of it is lost by halves of pixels."""
    return Box(box.left // LARGER, box.top // LARGER, -(-box.right // LARGER), -(-box.bottom // LARGER))


def _corners(box: Box) -> Corners:
    return np.array(
        [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]], np.float32
    )
