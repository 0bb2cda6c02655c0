"""Pages and pictures on which there is no letter, and that look as if there were: ECG paper, teeth, stained cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

EDGE = 256
Rng = np.random.Generator
Pixels = npt.NDArray[np.uint8]
Curve = npt.NDArray[np.float32]


def ecg(rng: Rng) -> tuple[tuple[Pixels, npt.NDArray[np.bool_]], list[Curve]]:
    """A piece of an ECG page or screen without a letter: its picture, where text is (nowhere), and its curves."""
    screen = rng.random() < 0.2
    paper = rng.uniform(0, 30, 3) if screen else rng.uniform(215, 256, 3)
    if not screen and rng.random() < 0.5:
        paper = np.array([rng.uniform(225, 256)] * 3)
    page = np.empty((EDGE, EDGE, 3), np.float32)
    page[:] = paper
    _grid(page, rng, paper, screen=screen)
    ink = rng.uniform(120, 255, 3) if screen else np.array([rng.uniform(0, 90)] * 3)
    curves = [_curve(rng) for _ in range(int(rng.integers(1, 5)))]
    thick, kind = int(rng.choice((1, 1, 2, 3))), cv2.LINE_AA if rng.random() < 0.7 else cv2.LINE_8
    for y in curves:
        points = np.stack([np.arange(EDGE), y], axis=1).astype(np.int32)
        cv2.polylines(page, [points], isClosed=False, color=ink.tolist(), thickness=thick, lineType=kind)
        if rng.random() < 0.3:  # the pulse of calibration
            x, high = int(rng.integers(0, EDGE - 20)), int(rng.integers(10, 50))
            base = int(y[x])
            pulse = np.array([(x - 4, base), (x, base), (x, base - high), (x + 8, base - high), (x + 8, base)])
            cv2.polylines(page, [pulse.astype(np.int32)], isClosed=False, color=ink.tolist(), thickness=thick)
        if rng.random() < 0.3:  # where one lead ends
            x = int(rng.integers(0, EDGE))
            cv2.line(page, (x, int(y[x]) - 12), (x, int(y[x]) + 12), ink.tolist(), 1)
    if rng.random() < 0.3:
        page += rng.normal(0, rng.uniform(0.5, 5), page.shape)
    picture = np.clip(page, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
    return (np.ascontiguousarray(picture), np.zeros((EDGE, EDGE), bool)), curves


def _grid(page: Any, rng: Rng, paper: Any, *, screen: bool) -> None:
    if rng.random() < 0.12:
        return
    step = float(rng.uniform(3.5, 13))
    tone = np.array(((1, 0.55, 0.55), (1, 0.75, 0.5), (0.6, 0.6, 0.6), (0.6, 0.85, 0.7), (0.8, 0.65, 0.65)))[
        int(rng.integers(5))
    ]
    much = float(rng.uniform(0.15, 1.0))
    fine = paper * (1 - much) + (paper * tone if not screen else 70 * tone) * much
    thick = fine * (0.9 - 0.25 * rng.random()) if not screen else fine * 1.4
    dotted = rng.random() < 0.2
    start = float(rng.uniform(0, step * 5))
    for axis in (0, 1):
        for number in range(int(EDGE / step) + 2):
            at, major = round(start % step + number * step), number % 5 == 0
            if not 0 <= at < EDGE:
                continue
            level = thick if major else fine
            every = slice(None, None, int(max(2, step)) if dotted and not major else 1)
            wide = 2 if major and rng.random() < 0.02 else 1
            if axis:
                page[every, at : at + wide] = np.minimum(page[every, at : at + wide], level) if not screen else level
            else:
                page[at : at + wide, every] = np.minimum(page[at : at + wide, every], level) if not screen else level


def _curve(rng: Rng) -> Curve:
    """A heart's beats along the piece: rows for columns."""
    x = np.arange(EDGE, dtype=np.float32)
    period, high = float(rng.uniform(28, 170)), float(rng.uniform(5, 75)) * float(rng.choice((1, 1, 1, -1)))
    phase = ((x + float(rng.uniform(0, period))) % period) / period
    waves = (
        (0.16, 0.03, 0.1), (0.27, 0.008, -0.1), (0.3, float(rng.uniform(0.006, 0.02)), 1.0),
        (0.335, 0.01, -float(rng.uniform(0, 0.6))), (0.55, 0.05, float(rng.uniform(-0.2, 0.35))),
    )  # fmt: skip
    beat = sum(much * np.exp(-(((phase - at) / wide) ** 2)) for at, wide, much in waves)
    drift = rng.uniform(0, 6) * np.sin(x / rng.uniform(20, 90)) + rng.normal(0, rng.uniform(0, 1.2), EDGE)
    return np.clip(rng.uniform(15, 245) - high * np.asarray(beat) + drift, 0, EDGE - 1).astype(np.float32)


def teeth(rng: Rng) -> Pixels:
    """Rows of teeth as on a dental film: bright crowns, roots, dark canals, fillings, bone with fine grain."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    picture = np.full((EDGE, EDGE), rng.uniform(30, 110), np.float32) + rng.uniform(0, 30) * np.sin(y / 60)
    picture += cv2.GaussianBlur(rng.normal(0, 60, (EDGE, EDGE)).astype(np.float32), (0, 0), rng.uniform(1, 3))
    pitch = float(rng.uniform(22, 80))
    for row in range(int(rng.integers(1, 3))):
        base = float(rng.uniform(60, 200)) if row == 0 else float(rng.uniform(20, 240))
        down = 1 if row % 2 == 0 else -1
        for number in range(int(EDGE / pitch) + 2):
            cx = number * pitch + float(rng.uniform(-0.15, 0.15)) * pitch
            half, long = pitch * float(rng.uniform(0.36, 0.5)), pitch * float(rng.uniform(1.2, 2.6))
            along = (y - base) * down / long
            wide = half * np.clip(1.05 - 0.75 * np.clip(along, 0, 1), 0.05, 1)
            inside = (np.abs(x - cx) < wide) & (along > -0.45) & (along < 1)
            level = float(rng.uniform(140, 215))
            shade = level - 35 * np.abs(x - cx) / np.maximum(1, wide)
            picture = np.where(inside, shade, picture)
            crown = inside & (along < 0.05) & ((np.abs(x - cx) > wide * 0.72) | (along < -0.3))
            picture[crown] = min(255, level + 40)
            canal = (np.abs(x - cx) < half * 0.12) & (along > -0.1) & (along < 0.9)
            picture[canal] -= float(rng.uniform(15, 70))
            if rng.random() < 0.3:
                spot = int(cx + rng.uniform(-0.3, 0.3) * pitch), int(base - down * long * 0.2)
                size = max(2, int(half * 0.4)), max(2, int(half * rng.uniform(0.2, 0.6)))
                cv2.ellipse(picture, spot, size, float(rng.uniform(0, 90)), 0, 360, 250.0, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 2))) + rng.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


def stained(rng: Rng) -> Pixels:
    """Stained tissue: fibres and cells with nuclei, in two colours."""
    ground = np.array((rng.uniform(210, 250), rng.uniform(160, 220), rng.uniform(200, 240)))
    page = np.empty((EDGE, EDGE, 3), np.float32)
    page[:] = ground
    fibres = cv2.GaussianBlur(rng.normal(0, 1, (EDGE, EDGE)).astype(np.float32), (0, 0), *rng.uniform(1, 9, 2))
    fibres /= max(1e-3, float(fibres.std()))
    page -= fibres[..., None] * rng.uniform(4, 30) * np.array((0.5, 1.0, 0.6))
    colour = np.array((rng.uniform(60, 130), rng.uniform(30, 90), rng.uniform(110, 170)))
    for _ in range(int(rng.integers(10, 220))):
        at = tuple(int(v) for v in rng.integers(0, EDGE, 2))
        axes = tuple(int(v) for v in rng.uniform(2, 12, 2))
        shade = (colour + rng.normal(0, 15, 3)).tolist()
        cv2.ellipse(page, at, axes, float(rng.uniform(0, 180)), 0, 360, shade, -1 if rng.random() < 0.8 else 1)
    return np.clip(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.4, 1.4)), 0, 255).astype(np.uint8)


def counts(rng: Rng) -> Pixels:
    """A small map of counts made larger, with the marks of calipers and a bar beside it."""
    edge = int(rng.choice((32, 64, 64, 96, 128)))
    mean = np.full((edge, edge), rng.uniform(0.1, 3), np.float32)
    for _ in range(int(rng.integers(1, 9))):
        at = tuple(int(v) for v in rng.integers(0, edge, 2))
        axes = tuple(int(v) for v in rng.uniform(1, edge / 4, 2))
        cv2.ellipse(mean, at, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(2, 60)), -1)
    noisy = rng.poisson(cv2.GaussianBlur(mean, (0, 0), rng.uniform(0.4, 2))).astype(np.float32)
    grey = np.clip(noisy * (255 / max(1.0, float(np.percentile(noisy, 99.5)))), 0, 255).astype(np.uint8)
    how = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.integers(3))]
    grey = cv2.resize(grey, (EDGE, EDGE), interpolation=how)
    if rng.random() < 0.3:
        return np.ascontiguousarray(cv2.applyColorMap(grey, int(rng.integers(0, 12))))
    return np.ascontiguousarray(255 - grey if rng.random() < 0.4 else grey)


def grain(rng: Rng) -> Pixels:
    """Noise of any fineness and strength, and rings, bars and crosses as test objects have them."""
    fine = rng.normal(0, 1, (EDGE, EDGE)).astype(np.float32)
    if rng.random() < 0.6:
        fine = cv2.GaussianBlur(fine, (0, 0), *np.exp(rng.uniform(np.log(0.4), np.log(5), 2)))
    picture = rng.uniform(0, 255) + fine / max(1e-3, float(fine.std())) * rng.uniform(2, 70)
    for _ in range(int(rng.integers(0, 5))):
        at, size = tuple(int(v) for v in rng.integers(0, EDGE, 2)), int(rng.integers(4, 90))
        shade = float(rng.uniform(0, 255))
        way = int(rng.integers(4))
        if way == 0:
            for radius in range(3, size, int(rng.integers(3, 14))):
                cv2.circle(picture, at, radius, shade, 1)
        elif way == 1:
            for k in range(int(rng.integers(3, 14))):
                left, wide = at[0] + k * int(size / 4 + 3), max(1, size // 8)
                cv2.rectangle(picture, (left, at[1]), (left + wide, at[1] + size), shade, -1)
        elif way == 2:
            cv2.drawMarker(picture, at, shade, cv2.MARKER_CROSS, size, int(rng.integers(1, 4)))
        else:
            cv2.circle(picture, at, size, shade, -1 if rng.random() < 0.5 else 2)
    return np.clip(picture, 0, 255).astype(np.uint8)


SHEETS: tuple[Callable[[Rng], Pixels], ...] = (teeth, stained, stained, counts, grain)
