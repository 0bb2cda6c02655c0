"""Text drawn into arrays, for tests of what makes text visible."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont


def ink(
    text: str, *, size: int = 16, at: tuple[int, int] = (20, 20), shape: tuple[int, int] = (256, 256)
) -> npt.NDArray[np.bool_]:
    """Where the strokes of ``text`` are: (rows, columns) of bool, ``at`` is x, y of its top left."""
    image = Image.new("L", shape[::-1])
    ImageDraw.Draw(image).text(at, text, font=ImageFont.load_default(size), fill=255)
    return np.asarray(image) > 128


def around(strokes: npt.NDArray[np.bool_], pixels: int = 24) -> npt.NDArray[np.bool_]:
    """The box of the strokes grown by some pixels, without the strokes."""
    rows, columns = np.nonzero(strokes)
    box = np.zeros_like(strokes)
    box[max(rows.min() - pixels, 0) : rows.max() + pixels, max(columns.min() - pixels, 0) : columns.max() + pixels] = (
        True
    )
    return box & ~strokes


def anatomy(
    shape: tuple[int, int] = (256, 256), *, noise: float = 15, turn: float = 0, seed: int = 0
) -> npt.NDArray[np.float64]:
    """A bright smooth disc with waves and a moving bar on a dark ground, with noise; levels of a 12-bit image."""
    y, x = np.mgrid[: shape[0], : shape[1]] - np.array(shape).reshape(2, 1, 1) / 2
    disc = x**2 + y**2 < (0.35 * min(shape)) ** 2
    bar = np.abs(x * np.cos(turn) + y * np.sin(turn)) < 5
    body = 1500 + 800 * np.sin(x / 40) * np.cos(y / 33) + 1200 * bar
    return np.where(disc, body, 40) + np.random.default_rng(seed).normal(0, noise, shape)


def as_stored(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint16]:
    return np.clip(values, 0, 4095).astype(np.uint16)
