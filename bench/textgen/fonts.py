"""Faces to burn strings in with, those of the two halves of different families; a string becomes a mask of ink."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Mask = npt.NDArray[np.float32]
"""(rows, columns), 0 to 1: how much of each pixel the ink covers."""

_SYSTEM = Path("/usr/share/fonts")
HELD_OUT = ("STIX", "cmss", "cmtt", "Liberation", "cour", "Aileron")
"""What the names of the files of the held-out half begin with; no training may use them."""


@dataclass(frozen=True)
class Face:
    """One way to draw: its name, and a function from a string and a cap height in pixels to a mask."""

    name: str
    draw: Callable[[str, int], Mask]


def faces(half: str) -> list[Face]:
    """The faces of the half ``tune`` or ``report``; system fonts only where they are installed."""
    if half == "tune":
        found = [
            _truetype(_matplotlib(name)) for name in ("DejaVuSans.ttf", "DejaVuSansMono.ttf", "DejaVuSans-Bold.ttf")
        ]
        # OpenCV 5 draws all of its faces from one outline font: they are of this half alone.
        found += [_stroke("simplex", cv2.FONT_HERSHEY_SIMPLEX), _stroke("plain", cv2.FONT_HERSHEY_PLAIN)]
        found += [_stroke("duplex", cv2.FONT_HERSHEY_DUPLEX)]
        return [*found, Face("bitmap 8x8", _from_cells)]
    found = [_truetype(_matplotlib(name)) for name in ("STIXGeneral.ttf", "cmss10.ttf", "cmtt10.ttf")]
    names = ("LiberationSans-Regular.ttf", "LiberationMono-Bold.ttf", "LiberationSansNarrow-Regular.ttf")
    found += [_truetype(path) for name in names for path in sorted(_SYSTEM.rglob(name))[:1]]
    return [*found, Face("Aileron", _aileron), Face("bitmap 6x11", _from_bitmap)]


def _aileron(text: str, height: int) -> Mask:
    """The outline font that Pillow carries."""
    size = next(size for size in range(height, 4 * height) if _cap(size) >= height)
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=font, fill=255)
    return np.asarray(image, np.float32) / 255


@lru_cache(maxsize=300)
def _cap(size: int) -> float:
    _, top, _, bottom = ImageFont.load_default(size).getbbox("H")
    return float(bottom - top)


def _matplotlib(name: str) -> Path:
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise SystemExit("bench/detect takes its fonts from matplotlib: pip install matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name


def _truetype(path: Path) -> Face:
    def draw(text: str, height: int) -> Mask:
        font = _font(path, height)
        left, top, right, bottom = font.getbbox(text)
        image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
        ImageDraw.Draw(image).text((2 - left, 2 - top), text, font=font, fill=255)
        return np.asarray(image, np.float32) / 255

    return Face(path.stem, draw)


@lru_cache(maxsize=500)
def _font(path: Path, height: int) -> ImageFont.FreeTypeFont:
    size = height
    while True:
        font = ImageFont.truetype(str(path), size)
        _, top, _, bottom = font.getbbox("H")
        if bottom - top >= height or size > 4 * height:
            return font
        size += 1


def _stroke(name: str, face: int) -> Face:
    def draw(text: str, height: int) -> Mask:
        (_, base), _ = cv2.getTextSize("H", face, 1.0, 1)
        (_, high), _ = cv2.getTextSize("H", face, 1.0, 1)[0], base
        scale = height / high
        thick = max(1, round(height / 14))
        (wide, tall), below = cv2.getTextSize(text, face, scale, thick)
        mask = np.zeros((tall + below + 6, wide + 6), np.uint8)
        cv2.putText(mask, text, (3, tall + 2), face, scale, 255, thick, cv2.LINE_AA)
        return mask.astype(np.float32) / 255

    return Face(f"stroke {name}", draw)


def _from_bitmap(text: str, height: int) -> Mask:
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, font=font, fill=255)
    return _enlarged(np.asarray(image) > 0, height, 7)


def _from_cells(text: str, height: int) -> Mask:
    """A stroke font set into 8 x 8 cells without grey levels, as consoles of old scanners have it."""
    cells = []
    for letter in text:
        cell = np.zeros((10, 8), np.uint8)
        cv2.putText(cell, letter, (0, 8), cv2.FONT_HERSHEY_PLAIN, 0.78, 255, 1)
        cells.append(cell > 0)
    return _enlarged(np.concatenate(cells, axis=1), height, 8)


def _enlarged(bits: npt.NDArray[np.bool_], height: int, own: int) -> Mask:
    times = max(1, round(height / own))
    return np.kron(bits, np.ones((times, times))).astype(np.float32)
