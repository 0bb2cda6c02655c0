"""Ways to draw a string that training knows nothing of: a browser, strokes, cells, dots, segments, and other faces.

Each gives a mask of (rows, columns), 0 to 1, tight around the ink, for a height of capitals in pixels.
"""

from __future__ import annotations

import ast
import base64
import io
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from foreign.packages import wheel_of

Mask = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Hand:
    """One way to draw: its name, its kind, whether it has every letter, and how it draws."""

    name: str
    kind: str
    draw: Callable[[str, int], Mask]
    digits_only: bool = False


def hands(folder: Path | None, *, browser: bool = True) -> list[Hand]:
    """Every way that can be had: segments always, a browser where it is installed, faces out of the packages."""
    out = [
        Hand("seven segments", "segments", _seven, digits_only=True),
        Hand("fourteen segments", "segments", _fourteen),
    ]
    if folder is not None:
        out += [*_outlines(folder), *_strokes(folder), *_cells(folder)]
    return [*out, *_browsers()] if browser else out


def tight(mask: npt.NDArray[Any]) -> Mask:
    """The mask without empty edges, as fractions of one; 1 x 1 of nothing where it is empty."""
    inked = np.asarray(mask > 0)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    return np.asarray(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.float32)


# Outlines, smooth and in two levels as old machines draw them.


def _outlines(folder: Path) -> Iterator[Hand]:
    for package, member in (
        ("font-caladea", "font_caladea/files/Caladea-Regular.ttf"),
        ("font-fredoka-one", "font_fredoka_one/files/FredokaOne-Regular.ttf"),
        ("font-hanken-grotesk", "font_hanken_grotesk/files/HankenGrotesk-Light.otf"),
        ("font-hanken-grotesk", "font_hanken_grotesk/files/HankenGrotesk-Medium.otf"),
        ("font-manrope", "font_manrope/files/Manrope-Regular.ttf"),
        ("font-source-sans-pro", "font_source_sans_pro/files/SourceSansPro-It.ttf"),
        ("font-source-sans-pro", "font_source_sans_pro/files/SourceSansPro-Regular.ttf"),
    ):
        wheel = wheel_of(folder, package)
        if wheel is not None:
            name = member.rsplit("/", 1)[-1].split(".")[0]
            data = wheel.read(member)
            yield Hand(name, "outline", _outline(data, "L"))
            yield Hand(f"{name}, two levels", "outline in two levels", _outline(data, "1"))


def _outline(data: bytes, levels: str) -> Callable[[str, int], Mask]:
    @lru_cache(maxsize=64)
    def face(height: int) -> ImageFont.FreeTypeFont:
        top, bottom = ImageFont.truetype(io.BytesIO(data), 200).getbbox("H")[1::2]
        return ImageFont.truetype(io.BytesIO(data), max(4, round(200 * height / (bottom - top))))

    def draw(text: str, height: int) -> Mask:
        font = face(height)
        left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
        image = Image.new(levels, (right - left + 8, bottom - top + 8))
        ImageDraw.Draw(image).text((4 - left, 4 - top), text, font=font, fill=1 if levels == "1" else 255)
        return tight(np.asarray(image, np.float32) / (1 if levels == "1" else 255))

    return draw


# Strokes, as plotters and many devices write.


def _strokes(folder: Path) -> Iterator[Hand]:
    wheel = wheel_of(folder, "hershey-fonts")
    if wheel is None:
        return
    sys.path.insert(0, str(wheel.filename))
    from HersheyFonts import HersheyFonts  # type: ignore[import-not-found]

    for name in ("futural", "futuram", "rowmans", "timesr", "scripts"):
        font = HersheyFonts()
        font.load_default_font(name)
        yield Hand(f"strokes {name}", "strokes", _stroke(font))


def _stroke(font: Any) -> Callable[[str, int], Mask]:
    def lines(text: str) -> npt.NDArray[np.float64]:
        return np.array(list(font.lines_for_text(text)), np.float64).reshape(-1, 2, 2)

    cap = float(np.ptp(lines("H")[..., 1]))

    def draw(text: str, height: int) -> Mask:
        found = lines(text)
        if not len(found):
            return np.zeros((1, 1), np.float32)
        points = (found - found.reshape(-1, 2).min(axis=0)) * height / cap + 4 + height / 8
        wide, high = (int(edge) + 8 + height // 4 for edge in points.reshape(-1, 2).max(axis=0))
        canvas = np.zeros((high, wide), np.uint8)
        ends = np.round(points * 16).astype(np.int32)
        cv2.polylines(
            canvas,
            list(ends),
            isClosed=False,
            color=255,
            thickness=max(1, round(height / 12)),
            lineType=cv2.LINE_AA,
            shift=4,
        )
        return tight(canvas.astype(np.float32) / 255)

    return draw


# Bitmaps of 8 x 8 cells, and the same as dots.


def _cells(folder: Path) -> Iterator[Hand]:
    wheel = wheel_of(folder, "luma.core")
    if wheel is None:
        return
    tree = ast.parse(wheel.read("luma/core/legacy/font.py"))
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        if name in {"CP437_FONT", "SINCLAIR_FONT", "LCD_FONT", "SPECCY_FONT", "ATARI_FONT"}:
            table = ast.literal_eval(node.value)
            short = name.split("_")[0].lower()
            yield Hand(f"cells {short}", "cells", _cell(table))
            if name in {"LCD_FONT", "SINCLAIR_FONT"}:
                yield Hand(f"dots {short}", "dot matrix", _dots(table))


def _bits(table: list[list[int]], text: str) -> npt.NDArray[np.uint8]:
    columns = [byte for letter in text for byte in [*table[ord(letter) if ord(letter) < len(table) else 63], 0]]
    return np.array([[(byte >> row) & 1 for byte in columns] for row in range(8)], np.uint8)


def _cell(table: list[list[int]]) -> Callable[[str, int], Mask]:
    high = len(np.flatnonzero(_bits(table, "H").any(axis=1)))

    def draw(text: str, height: int) -> Mask:
        times = max(1, round(height / high))
        return tight(np.kron(_bits(table, text), np.ones((times, times), np.uint8)))

    return draw


def _dots(table: list[list[int]]) -> Callable[[str, int], Mask]:
    high = len(np.flatnonzero(_bits(table, "H").any(axis=1)))

    def draw(text: str, height: int) -> Mask:
        bits, pitch = _bits(table, text), max(2.0, height / high)
        canvas = np.zeros((round(8 * pitch) + 4, round(bits.shape[1] * pitch) + 4), np.uint8)
        for row, column in zip(*np.nonzero(bits), strict=True):
            at = (round((column + 0.5) * pitch * 16), round((row + 0.5) * pitch * 16))
            cv2.circle(canvas, at, round(0.38 * pitch * 16), 255, -1, cv2.LINE_AA, 4)
        return tight(canvas.astype(np.float32) / 255)

    return draw


# Segments, drawn here.

_SEVEN = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abfgcd", "-": "g", " ": "",
}  # fmt: skip
_BARS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2), "f": (0, 0, 0, 1),
    "g": (0, 1, 1, 1), "G": (0, 1, 0.5, 1), "H": (0.5, 1, 1, 1), "h": (0, 0, 0.5, 1), "i": (0.5, 0, 0.5, 1),
    "j": (1, 0, 0.5, 1), "k": (0, 2, 0.5, 1), "l": (0.5, 1, 0.5, 2), "m": (0.5, 1, 1, 2), ".": (1.3, 1.95, 1.3, 2),
    ":": (0.5, 0.6, 0.5, 0.7), ";": (0.5, 1.4, 0.5, 1.5),
}  # fmt: skip
_FOURTEEN = {
    **_SEVEN, "A": "abcefg", "B": "abcdHil", "C": "adef", "D": "abcdil", "E": "adefG", "F": "aefG", "G": "acdefH",
    "H": "bcefg", "I": "adil", "J": "bcde", "K": "efGjm", "L": "def", "M": "bcefhj", "N": "bcefhm", "O": "abcdef",
    "P": "abefg", "Q": "abcdefm", "R": "abefgm", "S": "acdfg", "T": "ail", "U": "bcdef", "V": "efjk", "W": "bcefkm",
    "X": "hjkm", "Y": "hjl", "Z": "adjk", "/": "jk", ".": ".", ":": ":;", ",": ".", "+": "gil", "=": "gd",
}  # fmt: skip


def _seven(text: str, height: int) -> Mask:
    return _segments(text, height, _SEVEN)


def _fourteen(text: str, height: int) -> Mask:
    return _segments(text.upper(), height, _FOURTEEN)


def _segments(text: str, height: int, table: dict[str, str]) -> Mask:
    thick, wide = max(1, round(height / 9)), 0.52 * height
    canvas = np.zeros((height + 4 * thick, int((wide + 0.35 * height) * len(text)) + 6 * thick), np.uint8)
    for place, letter in enumerate(text):
        left = 2 * thick + place * (wide + 0.35 * height)
        for name in table.get(letter, ""):
            x0, y0, x1, y1 = _BARS[name]
            ends = [(round(left + x * wide), round(2 * thick + y * height / 2)) for x, y in ((x0, y0), (x1, y1))]
            cv2.line(canvas, ends[0], ends[1], 255, thick)
    return tight(canvas.astype(np.float32) / 255)


# A browser.

_FACES = ("serif", "sans-serif", "monospace", "italic bold serif", "condensed sans-serif")
_SCRIPT = """([text, face, height]) => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  const words = face.split(" "), family = words.pop();
  const font = size => `${words.filter(w => w !== "condensed").join(" ")} ${size}px ${family}`;
  pen.font = font(100);
  const size = height * 100 / pen.measureText("H").actualBoundingBoxAscent;
  const set = () => { pen.font = font(size); if (words.includes("condensed")) pen.fontStretch = "condensed"; };
  set();
  canvas.width = pen.measureText(text).width + 2 * size; canvas.height = 3 * size;
  set(); pen.fillStyle = "black"; pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "white"; pen.fillText(text, size, 2 * size);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def _browsers() -> list[Hand]:
    page = _page()
    return [] if page is None else [Hand(f"browser {face}", "browser", _browser(face)) for face in _FACES]


@cache
def _page() -> Any:
    try:
        from playwright.sync_api import Error, sync_playwright

        started = sync_playwright().start()
        path = next((one for one in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(one).exists()), None)
        return started.chromium.launch(executable_path=path, args=["--no-sandbox"]).new_page()
    except (ImportError, Error):
        return None


def _browser(face: str) -> Callable[[str, int], Mask]:
    def draw(text: str, height: int) -> Mask:
        data = base64.b64decode(_page().evaluate(_SCRIPT, [text, face, height]))
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        return tight(np.asarray(decoded, np.float32) / 255)

    return draw


# What is written.

NAMES = ("ABERNATHY", "QUILL, MAEVE", "Ostrander", "Pemberton-Vale", "NYQVIST^LARS", "Dr Ferreira", "TOLLIVER J.")
NUMBERS = (
    "4471902",
    "HX-220917",
    "ACC 90.118.3",
    "05.11.1961",
    "2023-08-19",
    "17:42:06",
    "19/08/23",
    "061Y",
    "MRN 771420",
)
TECHNICAL = (
    "120 kVp", "TR 2300 TE 96", "FOV 380 mm", "SL 1.25", "Zoom 1.4", "Gain 54", "W 1500 L -600", "MI 1.1", "64 bpm",
    "10 mm/mV", "25 mm/s", "Depth 14 cm", "Lin 12L", "ECG 1", "kernel B30f", "SUV 4.1", "CTDIvol 7.3 mGy", "512 x 512",
)  # fmt: skip
SHORT = ("L", "R", "7", "A", "PA", "LT", "12", "S", "RT", "F", "30", "3D")
LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


def words(pick: random.Random) -> str:
    """Three characters and more."""
    return pick.choice(pick.choice((NAMES, NUMBERS, TECHNICAL)))


def drawn(text: str, height: int, some: list[Hand], pick: random.Random) -> tuple[Mask, Hand]:
    """The string in any of the ways that have its letters."""
    numeric = all(letter in _SEVEN for letter in text)
    hand = pick.choice([one for one in some if numeric or not one.digits_only])
    return hand.draw(text, height), hand
