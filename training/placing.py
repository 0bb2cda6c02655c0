"""Strings put onto a ground, and the piece with what is wanted of the network there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from textgen.crops import HALF, Crop, _finished, _halved, _inner, _style, _tilted
from textgen.grounds import EDGE, Rng
from textgen.legible import LEGIBLE, _roughness

_SHRUNK = 0.2


class Sheet:
    """A piece onto which strings are put where there is room, and what comes of it."""

    def __init__(self, ground: tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]], rng: Rng) -> None:
        picture, known = ground
        if picture.ndim == 2:
            picture = np.repeat(picture[..., np.newaxis], 3, axis=2)
        self.rng = rng
        self.picture = picture.astype(np.float32)
        self.bare = self.picture.copy()
        self.known = known.astype(np.uint8)
        self.taken = known.copy()
        self.ink = np.zeros((EDGE, EDGE), np.uint8)
        self.region = np.zeros((HALF, HALF), np.uint8)
        self.unclear = np.zeros((EDGE, EDGE), np.uint8)
        self.placed: list[tuple[npt.NDArray[np.bool_], int, int, str, tuple[int, int, int, int]]] = []

    def put(
        self, mask: npt.NDArray[np.uint8] | None, height: int, text: str, name: str, *, angle: float = 0.0,
        at: tuple[int, int] | None = None, step: float = 0.0, level: float | tuple[float, float] | None = None,
    ) -> npt.NDArray[np.float32]:  # fmt: skip
        """Put a string where there is room; what came onto the piece, 0 to 1.

        ``level``: what it is drawn in, and how opaque that is, 0 to 1, where it is not wholly.
        """
        none = np.zeros((EDGE, EDGE), np.float32)
        if mask is None:
            return none
        upright = mask.shape
        turned = _tilted(mask, angle) if angle else mask
        rows, columns = turned.shape
        for _ in range(6):
            if at is not None:
                top, left = at[0] + int(self.rng.integers(-3, 4)), at[1] + int(self.rng.integers(-3, 4))
            else:
                top = int(self.rng.integers(min(0, EDGE - rows) - rows // 6, max(1, EDGE - rows * 5 // 6)))
                left = int(self.rng.integers(min(0, EDGE - columns) - columns // 6, max(1, EDGE - columns * 5 // 6)))
            y0, x0, y1, x1 = max(0, top), max(0, left), min(EDGE, top + rows), min(EDGE, left + columns)
            if y1 - y0 < 4 or x1 - x0 < 2:
                continue
            share = none.copy()
            share[y0:y1, x0:x1] = turned[y0 - top : y1 - top, x0 - left : x1 - left] / np.float32(255)
            body = cv2.dilate((share > 0.2).astype(np.uint8), np.ones((max(5, height // 2 | 1),) * 2, np.uint8)) > 0
            if not (body & self.taken).any():
                break
        else:
            return none
        box = y0, x0, y1, x1
        seen = float((share > 0.3).sum()) / max(1.0, float((turned > 77).sum()))
        self.taken |= body
        here = (slice(max(0, y0 - 3), y1 + 3), slice(max(0, x0 - 3), x1 + 3))
        if isinstance(level, tuple):
            self._draw(here, share[here] * np.float32(level[1]), step, level[0])
        else:
            self._draw(here, share[here], step, level)
        letters = len(text.replace(" ", ""))
        if seen < 0.45 and letters < 3:
            self.unclear |= body.astype(np.uint8)
            return share
        self._mark(box, (top, left), upright, turned.shape, angle)
        self.placed.append((share > 0.3, height, max(1, letters), name, box))
        return share

    def _draw(
        self, here: tuple[slice, slice], share: npt.NDArray[np.float32], step: float, level: float | None
    ) -> None:
        part = self.picture[here].copy()
        if level is not None:
            colour: Any = np.float32(level)
            if self.rng.random() < 0.15:
                colour = np.clip(level + self.rng.uniform(-60, 60, 3), 0, 255).astype(np.float32)
            self.picture[here] = part * (1 - share[..., None]) + colour * share[..., None]
            return
        if step:
            mean = float(np.median(part[share > 0.3])) if (share > 0.3).any() else float(part.mean())
            if not 0 <= mean + step <= 255:
                step = -step
            # Added to what is there, or one level of its own.
            flat = self.rng.random() < 0.5
            self.picture[here] = (
                part * (1 - share[..., None]) + (mean + step) * share[..., None]
                if flat
                else (part + step * share[..., None])
            )
            return
        style = _style(self.rng, colour=True)
        self.picture[here], self.bare[here] = style.inked(part, share), style.bare(part, share)

    def _mark(
        self, box: tuple[int, int, int, int], at: tuple[int, int], upright: tuple[int, ...], turned: tuple[int, ...],
        angle: float,
    ) -> None:  # fmt: skip
        y0, x0, y1, x1 = box
        high, wide = upright
        if angle and max(high, wide) > 1.6 * min(high, wide):
            less = _SHRUNK * min(high, wide)
            centre = ((at[1] + turned[1] / 2) / 2, (at[0] + turned[0] / 2) / 2)
            size = (max(2.0, (wide - 2 * less) / 2), max(2.0, (high - 2 * less) / 2))
            corners = cv2.boxPoints((centre, size, -angle))
            cv2.fillPoly(self.region, [np.round(corners - 0.5).astype(np.int32)], 1)
            return
        less = _SHRUNK * min(turned)
        top, bottom = _inner(y0, y1, less)
        left, right = _inner(x0, x1, less)
        self.region[top:bottom, left:right] = 1

    def crop(
        self, *, plain: float = 0.25, given: tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None = None
    ) -> Crop:
        """Finished: what an eye can tell is wanted, the rest left out; ``plain``: how many are left as they are."""
        grain = 0.0
        if given is not None:
            done = np.repeat(given[0][..., np.newaxis], 3, axis=2)
            without = given[1].astype(np.float32)
            change = np.abs(given[0].astype(np.float32) - without)
        elif self.rng.random() < plain:
            done = np.clip(self.picture, 0, 255).astype(np.uint8)
            change = np.abs(self.picture - self.bare).max(axis=2)
            without = self.bare.mean(axis=2)
        else:
            done, change, without, grain = _finished(self.picture, self.bare, self.rng)
        if done.ndim == 2:
            done = np.repeat(done[..., np.newaxis], 3, axis=2)
        weights, strings = np.ones((HALF, HALF), np.uint8), []
        kept = np.zeros((EDGE, EDGE), np.uint8)
        wanted = self.region
        for ink, height, letters, name, (y0, x0, y1, x1) in self.placed:
            if not _is_clear(ink, height, letters, change, without, grain):
                self.unclear |= cv2.dilate(ink.astype(np.uint8), np.ones((max(5, height // 2 | 1),) * 2, np.uint8))
                continue
            kept |= ink
            cells = (slice(y0 // 2, y1 // 2 + 1), slice(x0 // 2, x1 // 2 + 1))
            weight = np.uint8(np.clip(150 / max(1, int(wanted[cells].sum())), 1, 6))
            weights[cells] = np.maximum(weights[cells], 1 + (weight - 1) * wanted[cells])
            strings.append((np.flatnonzero(ink & (change >= 3)), height, letters, name))
        counted = (1 - _halved(np.maximum(self.known, self.unclear))) * weights
        return Crop(np.ascontiguousarray(done), _halved(kept), self.region, counted, strings)


def _is_clear(
    ink: npt.NDArray[np.bool_], height: int, letters: int, change: npt.NDArray[Any], without: npt.NDArray[Any],
    grain: float,
) -> bool:  # fmt: skip
    """Whether the string can be read, by the measure by which the benchmarks count, and is five levels away."""
    rows, columns = np.nonzero(ink)
    if not len(rows) or float(np.median(change[rows, columns])) < 5:
        return False
    height = min(height, 60)
    reach = 2 * height + 6
    top, left = max(0, int(rows.min()) - reach), max(0, int(columns.min()) - reach)
    part = np.asarray(without[top : int(rows.max()) + reach, left : int(columns.max()) + reach], np.float32)
    rough = np.hypot(_roughness(part, height)[rows - top, columns - left], grain)
    ratio = float(np.median(change[rows, columns] / np.maximum(2, rough)))
    return ratio * float(np.sqrt(len(rows) / letters)) >= LEGIBLE
