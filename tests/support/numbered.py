"""Planes that carry their own number as a bar code, so that a picture on the screen tells which plane it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from support.files import EXPLICIT, MemoryReference, Overlay, reference

BITS = 12
BANDS = BITS + 2
"""A white band, a black one, and a band for every bit of the number, the highest first."""


def numbered(number: int, rows: int = 64, columns: int = BANDS * 8) -> npt.NDArray[np.uint8]:
    """A picture (rows, columns) of the bar code of ``number``."""
    bands = [1, 0, *((number >> bit) & 1 for bit in reversed(range(BITS)))]
    line = np.array(bands, np.uint8)[np.arange(columns) * BANDS // columns]
    return np.broadcast_to(line * np.uint8(200) + np.uint8(20), (rows, columns)).copy()


def cine(
    frames: int, rows: int = 64, columns: int = BANDS * 8, *, syntax: str = EXPLICIT, **how: object
) -> MemoryReference:
    """A multi-frame image whose frame k shows k."""
    cells = np.stack([numbered(number, rows, columns) for number in range(frames)])
    return reference(cells, syntax, frames=frames, **how)


def overlay(group: int, frames: int, first: int, rows: int = 64, columns: int = BANDS * 8) -> Overlay:
    """An overlay whose frames show ``first`` and the numbers after it."""
    bits = np.stack([(numbered(first + k, rows, columns) > 100).astype(np.uint8) for k in range(frames)])
    return Overlay(bits, group)


def write(path: Path, file: MemoryReference) -> Path:
    """Put a built file where it can be opened."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    return path
