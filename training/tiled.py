"""Several pictures on one ground, and whole pictures made small: film sheets, contact sheets, rows of ultrasound.

Seen in an eighth of its size a sheet of pictures looks like rows of letters, and there large letters are looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from textgen.grounds import EDGE, Rng
from textgen.pictures import Shot

Pixels = npt.NDArray[np.uint8]
Ground = tuple[Pixels, npt.NDArray[np.bool_]]
"""A piece, (EDGE, EDGE) or with three colours, and where text is that nobody boxed."""


def whole(rng: Rng, shots: list[Shot]) -> Ground:
    """A picture seen small, wholly: alone in the piece, or with the ground of a page around it."""
    groups = sorted({shot.group for shot in shots})
    group = groups[int(rng.integers(len(groups)))]
    of_group = [shot for shot in shots if shot.group == group]
    shot = of_group[int(rng.integers(len(of_group)))]
    edge = EDGE if rng.random() < 0.5 else int(rng.integers(EDGE // 3, EDGE))
    high, wide = shot.picture.shape[:2]
    scale = edge / max(high, wide)
    size = max(8, round(wide * scale)), max(8, round(high * scale))
    small = cv2.resize(shot.picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    known = cv2.resize(shot.text.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    page = _page(rng, colour=small.ndim == 3)
    there = np.zeros((EDGE, EDGE), bool)
    top, left = int(rng.integers(0, EDGE - size[1] + 1)), int(rng.integers(0, EDGE - size[0] + 1))
    page[top : top + size[1], left : left + size[0]] = small
    there[top : top + size[1], left : left + size[0]] = known
    return page, there


def tiled(rng: Rng, ground: Callable[[Rng], Ground]) -> tuple[Ground, list[tuple[int, int, int, int]]]:
    """A piece of a sheet of pictures, and the boxes of its pictures: top, left, bottom, right."""
    few = [ground(rng) for _ in range(int(rng.integers(1, 5)))]
    colour = any(one[0].ndim == 3 for one in few) or rng.random() < 0.15
    page, there = _page(rng, colour=colour), np.zeros((EDGE, EDGE), bool)
    wide = int(np.exp(rng.uniform(np.log(12), np.log(150))))
    high = max(8, int(wide * float(np.exp(rng.uniform(-0.5, 0.5)))))
    gap = int(rng.choice((0, 1, 2, 4, max(1, wide // 10), max(1, wide // 4))))
    start_y, start_x = -int(rng.integers(0, high + gap + 1)), -int(rng.integers(0, wide + gap + 1))
    shape, missing = str(rng.choice(("whole", "whole", "oval", "fan", "round"))), float(rng.choice((0, 0, 0.2, 0.5)))
    boxes = []
    for top in range(start_y, EDGE, high + gap):
        for left in range(start_x, EDGE, wide + gap):
            if rng.random() < missing:
                continue
            tile, known = _tile(rng, few[int(rng.integers(len(few)))], (wide, high), shape, page)
            _paste(page, there, (top, left), tile, known)
            boxes.append((max(0, top), max(0, left), min(EDGE, top + high), min(EDGE, left + wide)))
    _frames(page, rng, boxes, gap)
    return (page, there), [one for one in boxes if one[2] - one[0] > 3 and one[3] - one[1] > 3]


def _page(rng: Rng, *, colour: bool) -> Pixels:
    level = float(rng.choice((0, 0, 3, 20, 60, 128, 200, 240, 255)))
    flat = np.full((EDGE, EDGE, 3) if colour else (EDGE, EDGE), level, np.float32)
    if rng.random() < 0.3:
        flat += rng.normal(0, rng.uniform(0.5, 4), (EDGE, EDGE, 1) if colour else (EDGE, EDGE))
    return np.clip(flat, 0, 255).astype(np.uint8)


def _tile(rng: Rng, given: Ground, size: tuple[int, int], shape: str, page: Pixels) -> Ground:
    """One picture of the sheet: a part of what is given, made small, cut to its shape."""
    picture, known = given
    edge = int(rng.integers(EDGE // 3, EDGE + 1))
    top, left = (int(v) for v in rng.integers(0, EDGE - edge + 1, 2))
    part = (slice(top, top + edge), slice(left, left + edge))
    small = np.asarray(cv2.resize(picture[part], size, interpolation=cv2.INTER_AREA), np.uint8)
    where = cv2.resize(known[part].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if page.ndim == 3 and small.ndim == 2:
        small = np.repeat(small[..., np.newaxis], 3, axis=2)
    if rng.random() < 0.5:
        small = cv2.LUT(small, np.clip(np.arange(256) * rng.uniform(0.5, 1.6), 0, 255).astype(np.uint8))
    wide, high = size
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    across, down = (x + 0.5) / wide * 2 - 1, (y + 0.5) / high * 2 - 1
    inside = {
        "oval": np.hypot(across, down) < 0.95,
        "round": np.maximum(np.abs(across), np.abs(down)) + 0.3 * np.minimum(np.abs(across), np.abs(down)) < 1.1,
        "fan": (down > -0.95) & (np.abs(across) < 0.15 + (down + 1) * 0.42) & (np.hypot(across, down + 1) < 1.95),
    }.get(shape)
    if inside is not None:
        back = float(rng.choice((0, 0, 0, 255))) if rng.random() < 0.5 else float(page[0, 0].mean())
        small[~inside] = np.uint8(back)
    return small, where


def _paste(page: Pixels, there: Any, at: tuple[int, int], tile: Pixels, known: Any) -> None:
    top, left = at
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(EDGE, top + tile.shape[0]), min(EDGE, left + tile.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    page[y0:y1, x0:x1] = tile[y0 - top : y1 - top, x0 - left : x1 - left]
    there[y0:y1, x0:x1] = known[y0 - top : y1 - top, x0 - left : x1 - left]


def _frames(page: Pixels, rng: Rng, boxes: list[tuple[int, int, int, int]], gap: int) -> None:
    """Rules around the pictures or between them, the holes of a film, a mark in a corner."""
    level: Any = float(rng.choice((60, 120, 200, 255, 0)))
    way, thick = rng.random(), int(rng.integers(1, max(2, min(6, gap + 2))))
    for top, left, bottom, right in boxes:
        if way < 0.3:
            cv2.rectangle(page, (left, top), (right - 1, bottom - 1), (level,) * 3, thick)
        elif way < 0.4:
            cv2.rectangle(page, (left, bottom), (right - 1, bottom + max(1, gap)), (level,) * 3, -1)
        elif way < 0.45 and rng.random() < 0.5:
            cv2.circle(page, (left + 4, top + 4), 2, (level,) * 3, -1)
    if rng.random() < 0.12:
        hole, at = int(rng.integers(3, 14)), int(rng.integers(0, EDGE - 20))
        for left in range(int(rng.integers(0, hole)), EDGE, hole * 2):
            cv2.rectangle(page, (left, at), (left + hole, at + hole), (level,) * 3, -1)
