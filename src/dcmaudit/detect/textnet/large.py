"""Letters larger than the network was shown: looked for in the picture made smaller, and believed only where flat.

A head seen small looks like an O. Letters that were burned in are of one level, end at an edge, and are drawn with
strokes; bodies are not. So what is found in a small picture counts only where such figures fill its ink. The map of
large ink is blurred: its pixels say where to look, not what the letter is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import Rule, TextLine, boxes_of
from dcmaudit.detect.textnet.drawn import is_of_one_pen, is_plain, said
from dcmaudit.detect.textnet.network import Map, Picture, TextMaps, TextNet
from dcmaudit.detect.vision import components, cv2
from dcmaudit.model import Box, Size

SMALLER = (2, 4, 8)
"""How many times smaller the pictures are; together they cost a third of the look at the picture itself."""

LEAST_EDGE = 24
"""Pixels of a small picture's lesser edge below which there is nothing to be seen in it."""

RULE_SMALL = Rule(region_high=0.84, ink_alone=0.84)
"""As surely as in the picture itself, for ink alone, too."""

_HIGH = 32
"""Pixels of the small picture that the longer side of a box has at least: the rest is seen in the picture itself."""
_THICK = 0.6
"""Part of that for the shorter side."""

_AREA = 0.6
"""Part of the picture that one large letter or line takes at most."""

_SAME = 4
"""Levels by which the pixels of one figure differ from its level at most."""
_LEVELS = 2
"""Levels, the most frequent ones of the ink, whose figures are looked at."""
_FREQUENT, _FILLS = 0.25, 0.3
"""Part of the ink that has such a level at least, and that its figures fill: the map of large ink is blurred, and holds
much of what is around."""
_GROUND, _THIN = 0.4, 0.1
"""Part of a box that its ground takes where that is of one level, and part of the ink that letters on it fill."""
_INSIDE = 0.85
"""Part of a figure that lies in the ink: what goes on outside is a body, or the ground."""
_BEYOND = 8
"""Pixels around a box in which its figures may end."""
_CLEAR, _CONTRAST = 0.85, 12
"""Part of the pixels around the figures that are so many levels away: they have an edge."""
_STROKE, _BAR = 0.3, 0.25
"""Part of the lesser side, or of the greater one, that a stroke is wide at most: more is a lung, or an organ."""
_ACROSS = 0.9
"""Part of the picture's width or height that a figure takes at most: more is a frame, a rule, or the ground."""
_FEWEST = 12
_LEAST = 28
"""Pixels of the longer side."""

_LARGE = 106
"""Pixels of a box's lesser side in the picture itself from which on it must hold such figures, too ..."""
_SURE = 0.9
"""... unless it is as sure as this: large regions that are less sure are seen between the pictures of a sheet."""

_INK = 0.5
_TAKEN, _PARTLY = 0.98, 0.2
"""Part of the figures that lies in lines that were found before: then they say nothing new; and the same of figures on
a ground of one level, for lines and the curve between them look like a letter."""


def smaller(picture: Picture, times: int) -> Picture | None:
    """The picture made smaller, None where hardly anything would be left of it."""
    rows, columns = -(-picture.shape[0] // times), -(-picture.shape[1] // times)
    if min(rows, columns) < LEAST_EDGE:
        return None
    more = [
        (0, rows * times - picture.shape[0]),
        (0, columns * times - picture.shape[1]),
        *[(0, 0)] * (picture.ndim - 2),
    ]
    # Whole squares of pixels become one: their mean needs no fractions, and is the same on every processor.
    filled = np.pad(picture, more, mode="edge") if any(after for _, after in more) else picture
    return np.asarray(cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def large_letters(
    small: Picture, maps: TextMaps, taken: Sequence[Box] = (), net: TextNet | None = None
) -> list[tuple[Box, float]]:
    """Boxes of large flat letters that do not lie in ``taken``, in pixels of the small picture, with confidences.

    With ``net`` figures on a ground of one level count, too, where the network sees letters in them alone.
    """
    rows, columns = small.shape[:2]
    size = Size(int(columns), int(rows))
    out = []
    for box, sure in boxes_of(maps.ink, maps.region, RULE_SMALL):
        inside = box.clipped(size)
        if inside is None or max(inside.width, inside.height) < _HIGH:
            continue
        if min(inside.width, inside.height) < _THICK * _HIGH:
            continue
        some = flat_letters(small, maps.ink, inside)
        if not some and net is not None:
            one = letters_on_ground(small, maps.ink, inside)
            if (
                one is not None
                and is_plain(one.trimmed)
                and not _is_taken(one, taken, _PARTLY)
                and said(net, one.pixels) is not None
            ):
                some = [one]
        for figures in some:
            around = figures.box.clipped(size)
            if around is not None and around.area <= _AREA * size.area and not _is_taken(figures, taken):
                out.append((around, sure))
    return out


def believed(picture: Picture, maps: TextMaps, lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines in the picture itself, of those that are as high as large letters only those that hold some.

    Lines that lie askew stay: their boxes are larger than they are.
    """
    small: Picture | None = None
    out = []
    for line in lines:
        if line.corners is None and line.score < _SURE and min(line.box.width, line.box.height) >= _LARGE:
            if small is None:
                small = smaller(picture, 2)
            if small is not None and not flat_letters(small, maps.ink[::2, ::2], _half(line.box, small)):
                continue
        out.append(line)
    return out


def _half(box: Box, small: Picture) -> Box:
    rows, columns = small.shape[:2]
    return Box(box.left // 2, box.top // 2, min(columns, -(-box.right // 2)), min(rows, -(-box.bottom // 2)))


@dataclass(frozen=True, slots=True)
class Figures:
    """What was drawn in one level: its pixels, (rows, columns) of the part of the picture that begins at ``left`` and
    ``top``."""

    pixels: npt.NDArray[np.bool_]
    left: int
    top: int

    @property
    def trimmed(self) -> npt.NDArray[np.bool_]:
        """Their pixels without empty edges."""
        rows, columns = np.flatnonzero(self.pixels.any(axis=1)), np.flatnonzero(self.pixels.any(axis=0))
        return self.pixels[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]

    @property
    def box(self) -> Box:
        """Around them, with what is drawn softly at their edges; it may pass the edge of the picture."""
        rows, columns = np.flatnonzero(self.pixels.any(axis=1)), np.flatnonzero(self.pixels.any(axis=0))
        left, top = self.left + int(columns[0]), self.top + int(rows[0])
        right, bottom = self.left + int(columns[-1]), self.top + int(rows[-1])
        return Box(max(0, left - 2), max(0, top - 2), right + 3, bottom + 3)


def _is_taken(figures: Figures, taken: Sequence[Box], part: float = _TAKEN) -> bool:
    here = np.zeros(figures.pixels.shape, bool)
    for one in taken:
        rows = slice(max(0, one.top - figures.top), max(0, one.bottom - figures.top))
        here[rows, max(0, one.left - figures.left) : max(0, one.right - figures.left)] = True
    return bool(here[figures.pixels].mean() >= part)


def flat_letters(picture: Picture, ink: Map, box: Box) -> list[Figures]:
    """Figures of one level, drawn with strokes, that fill the ink in ``box``, those of each level apart.

    Those that another channel of a picture in colour shows as well come once.
    """
    rows, columns = picture.shape[:2]
    left, top = max(0, box.left - _BEYOND), max(0, box.top - _BEYOND)
    right, bottom = min(columns, box.right + _BEYOND), min(rows, box.bottom + _BEYOND)
    likely = np.zeros((bottom - top, right - left), bool)
    likely[box.top - top : box.bottom - top, box.left - left : box.right - left] = _likely(ink, box)
    out: list[Figures] = []
    if likely.sum() < _FEWEST:
        return out
    for channel in [picture] if picture.ndim == 2 else cv2.split(picture):
        levels = np.ascontiguousarray(np.asarray(channel, np.uint8)[top:bottom, left:right], np.int16)
        for level in _frequent(levels[likely]):
            pixels = _figures(levels, level, likely, (left, top, rows, columns))
            if pixels is not None and not any((pixels & one.pixels).any() for one in out):
                out.append(Figures(pixels, left, top))
    return out


def letters_on_ground(picture: Picture, ink: Map, box: Box) -> Figures | None:
    """What stands on a ground of one level in ``box``, if it may be letters by its strokes."""
    rows, columns = picture.shape[:2]
    left, top = max(0, box.left - _BEYOND), max(0, box.top - _BEYOND)
    right, bottom = min(columns, box.right + _BEYOND), min(rows, box.bottom + _BEYOND)
    likely = np.zeros((bottom - top, right - left), bool)
    likely[box.top - top : box.bottom - top, box.left - left : box.right - left] = _likely(ink, box)
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    levels = np.ascontiguousarray(grey[top:bottom, left:right], np.int16)
    pixels = _on_ground(levels, likely, (left, top, rows, columns)) if likely.sum() >= _FEWEST else None
    return None if pixels is None else Figures(pixels, left, top)


def _frequent(levels: npt.NDArray[np.int16]) -> Iterator[int]:
    """The most frequent levels, with what is the same as each."""
    near = np.convolve(np.bincount(levels, minlength=256), np.ones(2 * _SAME + 1, np.int64), "same")
    for _ in range(_LEVELS):
        level = int(near.argmax())
        if near[level] < _FREQUENT * levels.size:
            return
        yield level
        near[max(0, level - 2 * _SAME) : level + 2 * _SAME + 1] = 0


def _figures(
    levels: npt.NDArray[np.int16], level: int, likely: npt.NDArray[np.bool_], place: tuple[int, int, int, int]
) -> npt.NDArray[np.bool_] | None:
    """The connected pixels of ``level`` that lie in the ink, None unless they are letters by their size and shape.

    ``place``: where the part begins in its picture, left and top, and the picture's rows and columns.
    """
    same = (np.abs(levels - level) <= _SAME).astype(np.uint8)
    count, found, stats = components(same)
    names = np.asarray(found)
    near = cv2.dilate(likely.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    whole, inside, inked = (np.bincount(some, minlength=count) for some in (names.ravel(), names[near], names[likely]))
    kept = (inside >= _INSIDE * whole) & (whole >= _FEWEST) & (inked > 0)
    kept[0] = False
    kept &= ~_is_ground(np.asarray(stats), place)
    kept &= ~_around_others(np.asarray(stats), kept)
    for label in np.flatnonzero(kept):
        kept[label] = not _is_framing(names, int(label), np.asarray(stats)[label])
    pixels = kept[names]
    if pixels.sum() < _FILLS * likely.sum() or not _is_drawn(pixels):
        return None
    kernel = np.ones((3, 3), np.uint8)
    soft = cv2.dilate(pixels.astype(np.uint8), kernel)
    edge = (cv2.dilate(soft, kernel) > 0) & (soft == 0)
    if edge.sum() < _FEWEST or (np.abs(levels[edge] - level) >= _CONTRAST).mean() < _CLEAR:
        return None
    return np.asarray(pixels, np.bool_)


def _on_ground(
    levels: npt.NDArray[np.int16], likely: npt.NDArray[np.bool_], place: tuple[int, int, int, int]
) -> npt.NDArray[np.bool_] | None:
    """What stands on a ground of one level and lies in the ink, None unless it is drawn with narrow strokes: letters
    whose own level changes, of dots, or thin beside the blurred map."""
    ground = int(np.bincount(levels.ravel(), minlength=256).argmax())
    away = np.abs(levels - ground)
    if (away <= _SAME).mean() < _GROUND:
        return None
    count, found, stats = components((away >= _CONTRAST).astype(np.uint8))
    names = np.asarray(found)
    near = cv2.dilate(likely.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    whole, inside = (np.bincount(some, minlength=count) for some in (names.ravel(), names[near]))
    kept = inside >= _INSIDE * whole
    kept[0] = False
    kept &= ~_is_ground(np.asarray(stats), place)
    pixels = kept[names]
    if pixels.sum() < max(_FEWEST, _THIN * likely.sum()) or not _is_drawn(pixels) or not is_of_one_pen(pixels):
        return None
    return np.asarray(pixels, np.bool_)


def _is_ground(stats: npt.NDArray[np.int32], place: tuple[int, int, int, int]) -> npt.NDArray[np.bool_]:
    """Which figures go across the picture, or touch two of its borders: frames, rules, and what is around bodies."""
    left, top, rows, columns = place
    x, y = stats[:, cv2.CC_STAT_LEFT] + left, stats[:, cv2.CC_STAT_TOP] + top
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    touched = [one.astype(np.int8) for one in (x <= 0, y <= 0, x + wide >= columns, y + high >= rows)]
    return np.asarray((wide >= _ACROSS * columns) | (high >= _ACROSS * rows) | (np.sum(touched, axis=0) > 1))


def _is_framing(names: npt.NDArray[np.int32], label: int, stat: npt.NDArray[np.int32]) -> bool:
    """Whether a figure has four whole sides and is not whole inside: the ground around a round picture, on a sheet of
    some."""
    left, top, wide, high = (int(stat[k]) for k in range(4))
    part = names[top : top + high, left : left + wide] == label
    whole = part[0].all() and part[-1].all() and part[:, 0].all() and part[:, -1].all()
    return bool(whole and not part.all())


def _around_others(stats: npt.NDArray[np.int32], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which figures hold another one that is ``kept`` wholly: the edge of a body or a frame, and no letter."""
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    out = np.zeros(kept.shape, bool)
    for one in np.flatnonzero(kept):
        within = (left > left[one]) & (right < right[one]) & (top > top[one]) & (bottom < bottom[one])
        out[one] = bool((within & kept).any())
    return out


def _is_drawn(pixels: npt.NDArray[np.bool_]) -> bool:
    """Whether pixels are drawn with strokes that are narrow beside the letter: no disc, no bar, no edge of a fan."""
    high, wide = (int(np.ptp(np.flatnonzero(pixels.any(axis=axis)))) + 1 for axis in (1, 0))
    if max(high, wide) < _LEAST:
        return False
    depth = cv2.distanceTransform(np.pad(pixels, 1).astype(np.uint8), cv2.DIST_L2, 3)
    return bool(2 * float(depth.max()) <= max(_STROKE * min(high, wide), _BAR * max(high, wide)))


def _likely(ink: Map, box: Box) -> npt.NDArray[np.bool_]:
    """Where there is ink in the box, by the map, at the size of the picture."""
    part = ink[box.top // 2 : -(-box.bottom // 2), box.left // 2 : -(-box.right // 2)] >= _INK
    whole = np.repeat(np.repeat(part, 2, axis=0), 2, axis=1)
    top, left = box.top % 2, box.left % 2
    return np.asarray(whole[top : top + box.height, left : left + box.width], np.bool_)
