"""Large letters that the network does not see where they stand: a body, or cells, around them hide them.

What is burned in has one level, to the last step, an edge, and strokes that are about equally wide; bodies have no such
figures. So they are looked for without the network; each is shown to it alone, clean and as large as it knows letters
best, and is a letter where the network says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import RULE, lines_of
from dcmaudit.detect.textnet.network import Picture, TextNet
from dcmaudit.detect.vision import components, cv2
from dcmaudit.model import Box

Mask = npt.NDArray[np.bool_]

_EVEN, _SAME = 2, 4
"""Levels by which pixels that touch differ within a figure at most, and by which all of them differ from its level."""
_LEAST, _ACROSS = 60, 0.9
"""Pixels of a figure's longer side at least, and part of the picture's width or height that it takes at most."""
_LONG = 4
"""Times that it is longer than wide at most: bars are rules and scales as often as letters."""
_MOST = 24
"""Figures of one picture that are looked at, the largest."""
_LARGEST = 1024
"""Pixels of a picture's longer edge up to which it is not made smaller for this."""
_CONTRAST, _CLEAR = 12, 0.85
"""Levels by which what is around a figure differs, and part of its edge that does."""
_SHARP = 0.75
"""Part of what is around a figure two pixels further out that is reached at its edge: bodies end softly."""
_THICK = 0.36
"""Part of its lesser side that its widest stroke takes at most."""
_USUAL, _MEAN = 0.5, 0.6
"""Parts of that width that the strokes have in the middle, and on average: letters are drawn with one pen."""
_HOLES, _CORNERS = 2, 45
"""Holes of a letter at most, and corners of all its outlines."""
_MOST_SIDES, _WHOLE = 3, 0.9
"""Whole sides of a letter at most, and part of a side that a figure fills where it is one: a figure that has four is
the ground around a picture on a sheet, and one that has two and is drawn with several pens, too."""
_ROUGH = 0.02
"""Part of a figure's longer side by which its outlines may be off where their corners are counted."""
_SURE = 0.97
"""So sure the network must be of a figure whose strokes are of several widths, as those of faces with serifs are."""
_HEIGHT, _EDGE = 28, 64
"""Pixels that a figure is high or wide where it is shown to the network, in a picture of this edge."""
_HELD, _INKED = 0.8, 64
"""Part of it that the lines which the network sees there cover, and its levels from which on a pixel is part of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure of one level: its pixels, (rows, columns) of a part of the picture from ``left`` and ``top``."""

    pixels: Mask
    left: int
    top: int

    @property
    def box(self) -> Box:
        """Around it, with what is drawn softly at its edge; it may pass the edge of the picture."""
        high, wide = self.pixels.shape
        return Box(max(0, self.left - 2), max(0, self.top - 2), self.left + wide + 2, self.top + high + 2)


def lone_letters(net: TextNet, picture: Picture, taken: Sequence[Box] = ()) -> list[tuple[Box, float]]:
    """Boxes of large letters of one level that do not lie in ``taken``, with what the network says of each alone."""
    times = 1
    while max(picture.shape[:2]) > _LARGEST * times:
        times *= 2
    shown = picture if times == 1 else np.ascontiguousarray(picture[::times, ::times])
    out = []
    for one in figures(shown):
        box = Box(*(times * edge for edge in (one.box.left, one.box.top, one.box.right, one.box.bottom)))
        if not any(other.contains(box) for other in taken):
            sure = said(net, one.pixels)
            if sure is not None and (is_of_one_pen(one.pixels) or (sure >= _SURE and _sides(one.pixels) < 2)):
                out.append((box, sure))
    return out


def figures(picture: Picture) -> Iterator[Drawn]:
    """The figures of one level, drawn with strokes, of a picture, (rows, columns) or (rows, columns, 3)."""
    kernel = np.ones((2, 2), np.uint8)
    change = cv2.subtract(cv2.dilate(picture, kernel), cv2.erode(picture, kernel))
    if change.ndim == 3:
        change = cv2.max(cv2.max(change[..., 0], change[..., 1]), change[..., 2])
    _, found, told = components((change <= _EVEN).astype(np.uint8))
    names, stats = np.asarray(found), np.asarray(told)
    rows, columns = names.shape
    left, top, wide, high = (stats[:, place] for place in range(4))
    longer, lesser = np.maximum(wide, high), np.minimum(wide, high)
    kept = (longer >= _LEAST) & (longer <= _LONG * (lesser + 2))
    kept &= (wide < _ACROSS * columns) & (high < _ACROSS * rows)
    touched = [one.astype(np.int8) for one in (left <= 0, top <= 0, left + wide >= columns, top + high >= rows)]
    kept &= np.sum(touched, axis=0) < 2
    kept[0] = False
    labels = np.flatnonzero(kept)
    for label in labels[np.argsort(-stats[labels, cv2.CC_STAT_AREA], kind="stable")][:_MOST].tolist():
        one = _figure(picture, names, label, stats[label].tolist())
        if one is not None:
            yield one


def _figure(picture: Picture, names: npt.NDArray[np.int32], label: int, stat: Sequence[int]) -> Drawn | None:
    rows, columns = names.shape
    left, top = max(0, stat[0] - 4), max(0, stat[1] - 4)
    right, bottom = min(columns, stat[0] + stat[2] + 4), min(rows, stat[1] + stat[3] + 4)
    inner = (names[top:bottom, left:right] == label).astype(np.uint8)
    part = picture[top:bottom, left:right].astype(np.int16)
    part = part if part.ndim == 3 else part[..., np.newaxis]
    away = np.abs(part - np.median(part[inner > 0], axis=0).astype(np.int16)).max(axis=2)
    # A slow change is none of a figure of one level, though no pixel differs from its neighbours.
    if (away[inner > 0] > _SAME).any():
        return None
    kernel = np.ones((3, 3), np.uint8)
    pixels = (away <= _SAME) & (cv2.dilate(inner, kernel) > 0)
    soft = cv2.dilate(pixels.astype(np.uint8), kernel)
    edge = (cv2.dilate(soft, kernel) > 0) & (soft == 0)
    if not edge.any() or (away[edge] >= _CONTRAST).mean() < _CLEAR or not _is_sharp(away, edge):
        return None
    ys, xs = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    drawn = pixels[int(ys[0]) : int(ys[-1]) + 1, int(xs[0]) : int(xs[-1]) + 1]
    return Drawn(drawn, left + int(xs[0]), top + int(ys[0])) if is_plain(drawn) else None


def _is_sharp(away: npt.NDArray[np.int16], edge: Mask) -> bool:
    """Whether a figure ends at once: ``away`` is as large in the ``edge`` around it as two pixels further out."""
    beyond = cv2.dilate(edge.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    further = beyond & (cv2.dilate(edge.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0) & (away > _SAME)
    return not further.any() or float(np.median(away[edge])) >= _SHARP * float(np.median(away[further]))


def is_plain(pixels: Mask) -> bool:
    """Whether a figure has strokes that are narrow beside it, few holes and few corners."""
    if _sides(pixels) > _MOST_SIDES:
        return False
    marks, depth = _depth(pixels)
    high, wide = pixels.shape
    if 2 * float(depth.max()) > _THICK * min(high, wide):
        return False
    outlines, _ = cv2.findContours(marks, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    if len(outlines) > 1 + _HOLES:
        return False
    rough = max(1.5, _ROUGH * max(high, wide))
    return sum(len(cv2.approxPolyDP(one, rough, closed=True)) for one in outlines) <= _CORNERS


def is_of_one_pen(pixels: Mask) -> bool:
    """Whether the strokes of a figure are of about one width: those of lungs, bone and vessels are not."""
    marks, depth = _depth(pixels)
    kernel, widest = np.ones((3, 3), np.uint8), float(depth.max())
    ridge = depth[(depth >= cv2.dilate(depth, kernel)) & (marks > 0)]
    around = int((marks & (1 - cv2.erode(marks, kernel))).sum())
    return float(np.median(ridge)) >= _USUAL * widest and int(marks.sum()) >= _MEAN * widest * around


def _sides(pixels: Mask) -> int:
    """How many sides of the rectangle around a figure it fills."""
    near = np.minimum(3, np.array(pixels.shape) // 8)
    sides = (pixels[: near[0]].any(axis=0), pixels[-near[0] :].any(axis=0))
    more = (pixels[:, : near[1]].any(axis=1), pixels[:, -near[1] :].any(axis=1))
    return sum(bool(one.mean() >= _WHOLE) for one in (*sides, *more))


def _depth(pixels: Mask) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """The figure with an empty edge, and of each pixel how far it is from where the figure ends."""
    marks = np.pad(pixels, 1).astype(np.uint8)
    return marks, np.asarray(cv2.distanceTransform(marks, cv2.DIST_L2, 3), np.float32)


def said(net: TextNet, pixels: Mask) -> float | None:
    """What the network says of a figure that is shown to it alone, None where it sees no letter in all of it."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    pixels = pixels[int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
    high, wide = pixels.shape
    across, down = (max(1, round(edge * _HEIGHT / max(high, wide))) for edge in (wide, high))
    small = cv2.resize(pixels.astype(np.uint8) * 255, (across, down), interpolation=cv2.INTER_AREA)
    shown = np.zeros((_EDGE, _EDGE), np.uint8)
    top, left = (_EDGE - down) // 2, (_EDGE - across) // 2
    shown[top : top + down, left : left + across] = small
    maps = net.maps(shown)
    held, best = np.zeros(shown.shape, bool), 0.0
    for line in lines_of(maps.ink, maps.region):
        held[line.box.top : line.box.bottom, line.box.left : line.box.right] = True
        best = max(best, line.score)
    inked = shown >= _INKED
    is_seen = best >= RULE.region_high and (held & inked).sum() >= _HELD * max(1, int(inked.sum()))
    return best if is_seen else None
