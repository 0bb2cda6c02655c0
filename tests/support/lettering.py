"""Pictures with strings burned in, for tests of finding text."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt


def lettered(
    shape: tuple[int, int],
    strings: Sequence[tuple[str, int, int]],
    *,
    ground: int = 40,
    ink: int = 255,
    scale: float = 0.8,
) -> npt.NDArray[np.uint8]:
    """A softly textured picture of (rows, columns) with strings; each has its text, and x and y of its base line."""
    noise = np.random.default_rng(7).normal(ground, 4, shape)
    picture = cv2.GaussianBlur(noise.clip(0, 255).astype(np.uint8), (0, 0), 1.5)
    for text, x, y in strings:
        cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 2, cv2.LINE_AA)
    return np.asarray(picture, np.uint8)


def ink_of(shape: tuple[int, int], text: str, x: int, y: int, *, scale: float = 0.8) -> npt.NDArray[np.bool_]:
    """The pixels that ``lettered`` puts ink into for one string."""
    mask = np.zeros(shape, np.uint8)
    cv2.putText(mask, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 2, cv2.LINE_AA)
    return np.asarray(mask > 100)
