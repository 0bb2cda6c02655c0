"""Test patterns without text: bars, grids, steps and rings, which finders take for writing more often than anatomy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]


def patterns(edge: int) -> dict[str, Picture]:
    """Square pictures of ``edge`` pixels by name."""
    rows, columns = np.mgrid[0:edge, 0:edge]
    middle = np.hypot(rows - edge / 2, columns - edge / 2)
    steps = (columns * 16 // edge * 17).astype(np.uint8)
    return {
        "grey steps": steps,
        "ramp": (columns * 255 // max(1, edge - 1)).astype(np.uint8),
        "checkerboard": np.where((rows // 16 + columns // 16) % 2, 220, 30).astype(np.uint8),
        "cross hatch": np.where((rows % 32 < 2) | (columns % 32 < 2), 230, 20).astype(np.uint8),
        "line pairs": _line_pairs(edge),
        "rings": np.where((middle // 8) % 2, 200, 40).astype(np.uint8),
        "zone plate": (127 + 127 * np.cos(middle**2 / edge)).astype(np.uint8),
        "noise": np.random.default_rng(7).normal(110, 30, (edge, edge)).clip(0, 255).astype(np.uint8),
        "discs of low contrast": _discs(edge),
    }


def _line_pairs(edge: int) -> Picture:
    """Groups of bars of one to eight pixels, upright and lying, as on a resolution phantom."""
    picture = np.full((edge, edge), 60, np.uint8)
    side = edge // 8
    for number in range(1, 9):
        bars = np.where(np.arange(side) // number % 2, 230, 60).astype(np.uint8)
        left = (number - 1) % 4 * 2 * side + side // 2
        top = (number - 1) // 4 * 4 * side + side // 2
        picture[top : top + side, left : left + side] = bars[np.newaxis]
        picture[top + 2 * side : top + 3 * side, left : left + side] = bars[:, np.newaxis]
    return picture


def _discs(edge: int) -> Picture:
    rows, columns = np.mgrid[0:edge, 0:edge]
    picture = np.full((edge, edge), 100.0)
    for number in range(16):
        row, column = (number // 4 + 0.5) * edge / 4, (number % 4 + 0.5) * edge / 4
        picture[np.hypot(rows - row, columns - column) < 4 + 2 * number] += 4 + number
    return (picture + np.random.default_rng(3).normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8)
