"""Finding lines with dcmaudit's own detector: one look at each picture, upright, for it knows text any way up.

The full range is looked at in smaller sizes as well, for large letters. The thorough mode looks at it once more, twice
as large: small letters on texture become larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dcmaudit.detect.ocr.backing import Backing
from dcmaudit.detect.ocr.finding import Candidate, Sighting
from dcmaudit.detect.ocr.ground import Marks
from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Picture, Spot, corners_of
from dcmaudit.detect.textnet import (
    ENHANCED,
    MARKS,
    RULE,
    SMALLER,
    RollingMaps,
    Rule,
    TextLine,
    TextMaps,
    TextNet,
    believed,
    closer_lines,
    doubtful_boxes,
    large_letters,
    lines_of,
    lone_letters,
    seen_larger,
    set_apart,
    slanted_lines,
    smaller,
    split_rows,
    with_slanted,
)
from dcmaudit.detect.vision import cv2
from dcmaudit.model import Box, Size

LARGER = 2
"""How much larger the enlarged picture is."""

_LARGER_KEY, _SMALLER_KEY = 1000, 2000
"""Of the enlarged and the smaller pictures in a memory; a plane has fewer pictures."""


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
        backing = Backing()
        sighting = Sighting(backs=backing.backs)
        for number, picture in enumerate(pictures):
            if stop():
                break
            maps = self._maps(number, picture, memory)
            backing.take(number, maps.region if memory is None else maps.region.copy(), 2)
            # Pictures behind the first are enhanced ones, in which grain looks like letters: they must be surer.
            rule = _rule(number, picture)
            lines = with_slanted(
                seen_larger(self._net, picture, believed(picture, maps, _lines(maps, rule, size))),
                slanted_lines(self._net, picture, maps, rule),
                maps.ink,
            )
            lines += closer_lines(self._net, picture, maps, [line.box for line in lines], rule)
            found = _candidates(lines, number, size)
            sighting.found += found
            doubts = doubtful_boxes(maps.ink, maps.region, [one.box for one in found])
            sighting.rejected += _candidates([TextLine(*one) for one in doubts], number, size)
        if not stop():
            sighting.found += self._large(pictures[0], [one.box for one in sighting.found], memory)
        if self._thorough and not stop():
            sighting.found += self._enlarged(pictures[0], size, memory, backing)
        backing.lines = [one.box for one in sighting.found]
        return sighting

    def _large(self, picture: Picture, found: Sequence[Box], memory: Memory | None) -> list[Candidate]:
        """Letters that are too large to be seen in the picture itself, where nothing is ``found`` yet."""
        rows, columns = picture.shape[:2]
        size = Size(int(columns), int(rows))
        out = _candidates([TextLine(*one) for one in lone_letters(self._net, picture, found)], 0, size)
        found = [*found, *(one.box for one in out)]
        for times in SMALLER:
            small = smaller(picture, times)
            # Too small already for letters that are larger still.
            if small is None:
                break
            maps = self._maps(_SMALLER_KEY + times, small, memory)
            taken = [_part(box, times) for box in found]
            lines = [TextLine(_larger(box, times), sure) for box, sure in large_letters(small, maps, taken, self._net)]
            out += _candidates(lines, 0, size)
        return out

    def _enlarged(self, picture: Picture, size: Size, memory: Memory | None, backing: Backing) -> list[Candidate]:
        """What is seen twice as large; it must be surer, for grain looks like letters then."""
        large = cv2.resize(picture, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
        maps = self._maps(_LARGER_KEY, np.asarray(large, np.uint8), memory)
        backing.take(0, maps.region if memory is None else maps.region.copy(), 1)
        lines = _lines(maps, ENHANCED, Size(size.width * LARGER, size.height * LARGER))
        return _candidates([_shrunk(line) for line in lines], 0, size)

    def _maps(self, number: int, picture: Picture, memory: Memory | None) -> TextMaps:
        if memory is None:
            return self._net.maps(picture)
        rolling = memory.rolling.get(number)
        if rolling is None:
            rolling = memory.rolling[number] = RollingMaps(self._net)
        return rolling.maps(picture)


def _rule(number: int, picture: Picture) -> Rule:
    """How sure a line must be in the plane's picture of this number."""
    if not number:
        return RULE
    return MARKS if isinstance(picture, Marks) else ENHANCED


def _lines(maps: TextMaps, rule: Rule, size: Size) -> list[TextLine]:
    """Single lines in a picture of ``size``, none over its edges."""
    upright: list[tuple[Box, float]] = []
    askew: list[TextLine] = []
    for line in lines_of(maps.ink, maps.region, rule):
        inside = line.box.clipped(size)
        if inside is None:
            continue
        if line.corners is not None:
            askew.append(TextLine(inside, line.score, line.corners))
        else:
            upright += [(box, line.score) for box in split_rows(inside, maps.ink, maps.region)]
    return [*(TextLine(box, score) for box, score in set_apart(upright, maps.ink)), *askew]


def _candidates(lines: Sequence[TextLine], number: int, size: Size) -> list[Candidate]:
    out = []
    for line in lines:
        inside = line.box.clipped(size)
        if inside is not None:
            corners = corners_of(inside) if line.corners is None else line.corners
            out.append(Candidate(Spot(corners, float(line.score)), number, inside))
    return out


def _shrunk(line: TextLine) -> TextLine:
    """A line of the enlarged picture in that of the plane: nothing of it is lost by halves of pixels."""
    corners = None if line.corners is None else line.corners / np.float32(LARGER)
    return TextLine(_part(line.box, LARGER), line.score, corners)


def _part(box: Box, times: int) -> Box:
    """A box of the plane in the picture that was made smaller."""
    return Box(box.left // times, box.top // times, -(-box.right // times), -(-box.bottom // times))


def _larger(box: Box, times: int) -> Box:
    """A box of the picture that was made smaller in that of the plane, with what rounding may have cut off."""
    return Box(
        (box.left - 1) * times if box.left else 0,
        (box.top - 1) * times if box.top else 0,
        (box.right + 1) * times,
        (box.bottom + 1) * times,
    )
