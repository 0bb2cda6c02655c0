"""Letters of devices that have no outlines: dots, segments, and strokes of a pen, drawn here for training.

Each gives a mask of (rows, columns), uint8, tight around the ink, for about the wanted height of capitals in pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Rng = np.random.Generator
Mask = npt.NDArray[np.uint8]
Small = Callable[[str], Mask]
"""A string in a bitmap face, 0 and 1: what dots are set by."""

_FINE = 4
"""Times as large everything is drawn, and then made smaller: edges are as soft as on a screen."""


def tight(mask: npt.NDArray[np.uint8]) -> Mask | None:
    """The mask without empty edges; None where nothing is in it."""
    rows, columns = np.flatnonzero((mask > 40).any(axis=1)), np.flatnonzero((mask > 40).any(axis=0))
    if len(rows) < 3 or len(columns) < 1:
        return None
    return np.ascontiguousarray(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def dots(bits: Mask, height: int, rng: Rng) -> Mask | None:
    """A bitmap string as a matrix of dots: round, square or flat ones, with or without gaps between them."""
    rows = np.flatnonzero(bits.any(axis=1))
    if not len(rows):
        return None
    pitch = max(1.6, height / max(5, np.ptp(rows) + 1))
    wide = pitch * float(rng.uniform(0.8, 1.15))
    size, square = float(rng.uniform(0.28, 0.52)), rng.random() < 0.3
    flat = float(rng.uniform(0.7, 1.0)) if rng.random() < 0.3 else 1.0
    fine = _FINE if pitch < 8 else 2
    canvas = np.zeros((int((bits.shape[0] + 1) * pitch * fine), int((bits.shape[1] + 1) * wide * fine)), np.uint8)
    uneven = float(rng.uniform(0, 0.08)) if rng.random() < 0.2 else 0.0
    for row, column in zip(*np.nonzero(bits), strict=True):
        x = (column + 1 + uneven * rng.normal()) * wide * fine
        y = (row + 1 + uneven * rng.normal()) * pitch * fine
        half = max(1.0, size * pitch * fine)
        if square:
            ends = (int(x - half), int(y - half * flat)), (int(x + half), int(y + half * flat))
            cv2.rectangle(canvas, *ends, 255, -1)
        else:
            cv2.ellipse(canvas, (int(x), int(y)), (int(half), int(half * flat)), 0, 0, 360, 255, -1)
    return _settled(canvas, fine)


_TALL = {  # strokes between the corners, and the middles of the edges, of a grid of 3 by 3 points
    "a": (0, 1), "b": (1, 2), "c": (2, 5), "d": (5, 8), "e": (8, 7), "f": (7, 6), "g": (6, 3), "h": (3, 0),
    "k": (3, 4), "m": (4, 5), "n": (0, 4), "p": (1, 4), "r": (2, 4), "s": (4, 8), "t": (4, 7), "u": (4, 6),
}  # fmt: skip
_LIT = {
    "0": "abcdefgh", "1": "cd", "2": "abcmkgfe", "3": "abcmdefk", "4": "hkmcd", "5": "abhkmdef", "6": "abhgfedmk",
    "7": "abcd", "8": "abcdefghkm", "9": "abcdefhkm", "A": "abcdghkm", "B": "abcdefptm", "C": "abefgh",
    "D": "abcdefpt", "E": "abefghk", "F": "abghk", "G": "abdefghm", "H": "cdghkm", "I": "abpteff", "J": "cdefg",
    "K": "ghkrs", "L": "efgh", "M": "cdghnr", "N": "cdghns", "O": "abcdefgh", "P": "abcghkm", "Q": "abcdefghs",
    "R": "abcghkms", "S": "abhkmdef", "T": "abpt", "U": "cdefgh", "V": "ghur", "W": "cdghus", "X": "nrus", "Y": "nrt",
    "Z": "abruef", "-": "km", "/": "ru", "+": "kmpt", "*": "kmptnrus", "=": "kmef", "_": "ef",
}  # fmt: skip


def segments(text: str, height: int, rng: Rng) -> Mask | None:
    """Sixteen bars a place, as on panels: digits and capitals, upright or leaning, with gaps where bars meet."""
    fine = _FINE if height < 40 else 2
    high = height * fine
    wide, thick = high * float(rng.uniform(0.42, 0.62)), max(1.0, high * float(rng.uniform(0.05, 0.15)))
    lean, gap = float(rng.choice((0, 0, 0.1, 0.18))), float(rng.choice((0, 0.03, 0.07)))
    pitch = wide * float(rng.uniform(1.3, 1.75))
    pad = int(2 * thick) + 4
    canvas = np.zeros((int(high) + 2 * pad, int(pitch * len(text) + wide + lean * high) + 2 * pad), np.uint8)
    for place, letter in enumerate(text.upper()):
        left = pad + place * pitch
        if letter in ".:,":
            for y in (1.0,) if letter != ":" else (0.35, 0.75):
                x = left + lean * high * (1 - y) - 0.25 * (pitch - wide)
                half = thick * 0.6
                corner = int(x - half), int(pad + y * high - half)
                cv2.rectangle(canvas, corner, (int(x + half), int(pad + y * high + half)), 255, -1)
            continue
        for name in _LIT.get(letter, ""):
            ends = [_point(number, left, pad, wide, high, lean) for number in _TALL[name]]
            one, other = np.array(ends[0]), np.array(ends[1])
            one, other = one + (other - one) * gap, other + (one - other) * gap
            cv2.line(canvas, (int(one[0]), int(one[1])), (int(other[0]), int(other[1])), 255, max(1, round(thick)))
    return _settled(canvas, fine)


def _point(number: int, left: float, top: float, wide: float, high: float, lean: float) -> tuple[float, float]:
    row, column = divmod(number, 3)
    return left + column / 2 * wide + lean * high * (1 - row / 2), top + row / 2 * high


_PEN = {  # polylines on a grid of 0 to 4 across and 0 to 6 down
    "A": "06 20 46|14 34", "B": "06 00 30 41 42 33 03|33 44 45 36 06", "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 45 41 20 00", "E": "40 00 06 46|03 33", "F": "40 00 06|03 33", "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06|40 46|03 43", "I": "20 26", "J": "30 35 26 16 05", "K": "00 06|40 03|13 46", "L": "00 06 46",
    "M": "06 00 23 40 46", "N": "06 00 46 40", "O": "10 30 41 45 36 16 05 01 10", "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|24 46", "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26", "U": "00 05 16 36 45 40", "V": "00 26 40", "W": "00 16 23 36 40", "X": "00 46|40 06",
    "Y": "00 23 40|23 26", "Z": "00 40 06 46", "0": "10 30 41 45 36 16 05 01 10|14 32", "1": "11 20 26|16 36",
    "2": "01 10 30 41 42 06 46", "3": "01 10 30 41 42 33 23|33 44 45 36 16 05", "4": "30 04 44|30 36",
    "5": "40 00 02 32 43 45 36 16 05", "6": "30 10 01 05 16 36 45 44 33 13 04", "7": "00 40 16",
    "8": "10 30 41 42 33 13 02 01 10|13 04 05 16 36 45 44 33", "9": "16 36 45 41 30 10 01 02 13 33 42", "-": "13 33",
    "/": "06 40", ".": "26 25", ":": "22 23|25 26", ",": "25 17", "+": "13 33|22 24", "=": "12 32|14 34",
    "%": "06 40|00 11|45 36",
    "(": "30 11 15 36", ")": "10 31 35 16", "^": "12 20 32", "_": "06 46",
    "a": "02 22 33 36|34 14 05 06 26 35", "b": "00 06|03 12 32 43 45 36 16 05", "c": "33 22 12 03 05 16 26 35",
    "d": "40 46|43 32 12 03 05 16 36 45", "e": "04 44 43 32 12 03 05 16 36", "f": "30 20 11 16|02 32",
    "g": "42 47 38 18|43 32 12 03 05 16 36 45", "h": "00 06|03 12 32 43 46", "i": "22 26|20 20",
    "k": "00 06|42 04|14 46",
    "l": "20 26", "m": "02 06|03 12 23 26|23 32 43 46", "n": "02 06|03 12 32 43 46", "o": "12 32 43 45 36 16 05 03 12",
    "p": "02 08|03 12 32 43 45 36 16 05", "r": "02 06|03 12 32", "s": "42 12 03 34 45 36 06", "t": "20 25 36|12 32",
    "u": "02 05 16 36 45|42 46", "v": "02 26 42", "w": "02 16 23 36 42", "x": "02 46|42 06", "y": "02 26|42 18",
    "z": "02 42 06 46", "q": "42 48|43 32 12 03 05 16 36 45", "j": "32 37 28 18|30 30",
}  # fmt: skip


def strokes(text: str, height: int, rng: Rng) -> Mask | None:
    """A pen's strokes as plotters and old screens draw them: thin, of one width, leaning or not, corners cut or not."""
    unit = height / 6
    wide = unit * float(rng.uniform(0.75, 1.3))
    lean = float(rng.choice((0, 0, 0, 0.15, 0.3)))
    pitch = wide * float(rng.uniform(5.2, 7.0))
    thick = max(1, round(height * float(rng.choice((0.0, 0.05, 0.08, 0.12)))))
    pad = thick + 4
    canvas = np.zeros((int(9 * unit) + 2 * pad, int(pitch * len(text) + 3 * height * lean + 6) + 2 * pad), np.uint8)
    kind = cv2.LINE_AA if rng.random() < 0.7 else cv2.LINE_8
    for place, letter in enumerate(text):
        for line in _PEN.get(letter, _PEN.get(letter.upper(), "")).split("|"):
            points = [(int(pair[0]), int(pair[1])) for pair in line.split()]
            if not points:
                continue
            at = [(pad + place * pitch + x * wide + lean * (6 - y) * unit, pad + y * unit) for x, y in points]
            ends = np.round(np.array(at) * 8).astype(np.int32)
            cv2.polylines(canvas, [ends], isClosed=False, color=255, thickness=thick, lineType=kind, shift=3)
    return tight(canvas)


def _settled(canvas: Mask, fine: int) -> Mask | None:
    size = max(1, canvas.shape[1] // fine), max(1, canvas.shape[0] // fine)
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)
    return tight(np.asarray(small, np.uint8))
