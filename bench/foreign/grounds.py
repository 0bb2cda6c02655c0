"""Grounds drawn here: paper, films, tissue, mucosa, counts. None of it comes from the generator that training uses."""

from __future__ import annotations

import random

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float32]


def noise(shape: tuple[int, int], grain: float, rng: np.random.Generator) -> Levels:
    """Smooth noise of mean 0 and deviation 1, ``grain`` pixels coarse."""
    raw = rng.normal(0, 1, shape).astype(np.float32)
    smooth = cv2.GaussianBlur(raw, (0, 0), grain) if grain > 0 else raw
    return np.asarray((smooth - smooth.mean()) / max(1e-6, float(smooth.std())), np.float32)


def paper(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """An ECG page: a grid of fine and bold lines on paper, and curves with spikes."""
    base = np.array(pick.choice(((255, 238, 238), (255, 255, 255), (253, 245, 230), (235, 245, 255))), np.float32)
    line = np.array(pick.choice(((240, 150, 150), (230, 180, 180), (160, 190, 230), (190, 190, 190))), np.float32)
    picture = np.broadcast_to(base, (edge, edge, 3)).copy()
    cell = pick.choice((4, 5, 6, 8))
    fine = base + 0.5 * (line - base)
    picture[::cell], picture[:, ::cell] = fine, fine
    picture[:: 5 * cell], picture[:, :: 5 * cell] = line, line
    shade = pick.choice(((0, 0, 0), (20, 20, 60), (60, 60, 60)))
    x = np.arange(edge)
    for row in range(edge // 8, edge, edge // pick.choice((5, 6, 7))):
        beat = pick.uniform(50, 110)
        at = (x + pick.uniform(0, beat)) % beat / beat
        wave = 5 * np.sin(2 * np.pi * at) + 45 * np.exp(-(((at - 0.5) / 0.02) ** 2)) * pick.choice((1, 1, -0.6))
        wave += 10 * np.exp(-(((at - 0.75) / 0.06) ** 2)) + rng.normal(0, 0.7, edge)
        points = np.stack([x, row - wave], axis=1).round().astype(np.int32)
        cv2.polylines(
            picture, [points], isClosed=False, color=shade, thickness=pick.choice((1, 1, 2)), lineType=cv2.LINE_AA
        )
    return np.clip(picture, 0, 255).astype(np.uint8)


def tissue(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """A stained section: pink ground, fibres, violet nuclei."""
    pink = np.array((pick.uniform(215, 240), pick.uniform(150, 190), pick.uniform(195, 220)), np.float32)
    picture = pink + 14 * noise((edge, edge), 9, rng)[..., None] + 7 * noise((edge, edge), 1.5, rng)[..., None]
    fibre = np.abs(noise((edge, edge), 5, rng)) < 0.12
    picture[fibre] += np.array((14, 30, 18), np.float32)
    nuclei = np.zeros((edge, edge), np.float32)
    for _ in range(edge * edge // pick.choice((300, 500, 900))):
        at = (int(rng.integers(edge)), int(rng.integers(edge)))
        axes = (int(rng.integers(2, 7)), int(rng.integers(2, 6)))
        cv2.ellipse(nuclei, at, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.5, 1)), -1, cv2.LINE_AA)
    violet = np.array((95, 60, 140), np.float32)
    picture = picture * (1 - nuclei[..., None]) + violet * nuclei[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def mucosa(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """A frame of an endoscope: a lit tube in a circle on black."""
    rows, columns = np.mgrid[0:edge, 0:edge].astype(np.float32)
    middle = edge * pick.uniform(0.5, 0.62), edge * pick.uniform(0.45, 0.55)
    radius = np.hypot(columns - middle[0], rows - middle[1])
    lumen = np.hypot(columns - middle[0] - edge * pick.uniform(-0.1, 0.1), rows - middle[1])
    light = np.clip(lumen / (0.35 * edge), 0.1, 1) * (
        1 + 0.12 * np.sin(lumen / edge * 45 + 2 * noise((edge, edge), 30, rng))
    )
    picture = light[..., None] * np.array((225, 120, 90), np.float32)
    vessels = np.abs(noise((edge, edge), 12, rng)) < 0.04
    picture[vessels] *= np.array((0.8, 0.55, 0.55), np.float32)
    picture[noise((edge, edge), 4, rng) > 2.9] = 250
    picture[radius > 0.36 * edge] = pick.choice((0, 8))
    return np.clip(picture + 3 * noise((edge, edge), 0.6, rng)[..., None], 0, 255).astype(np.uint8)


def breast(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """A mammogram: a bright half disc with strands, on black."""
    rows, columns = np.mgrid[0:edge, 0:edge].astype(np.float32)
    shape = np.clip(1.1 - np.hypot(columns / (0.62 * edge), (rows - 0.5 * edge) / (0.45 * edge)), 0, 1)
    strands = np.clip(noise((edge, edge), 3, rng) + noise((edge, edge), 14, rng), -1, 3)
    picture = np.sqrt(shape) * (95 + 26 * strands) * (shape > 0) + 4 + 2 * noise((edge, edge), 0.5, rng)
    if pick.random() < 0.5:
        picture = picture[:, ::-1]
    return np.clip(picture, 0, 255).astype(np.uint8)


def jaw(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """A dental film: two rows of bright teeth with roots, fillings, and bone."""
    picture = 95 + 18 * noise((edge, edge), 6, rng) + 8 * noise((edge, edge), 1, rng)
    for upper in (True, False):
        for number in range(8):
            x = int((number + 0.5) * edge / 8 + pick.uniform(-4, 4))
            y = int(edge * (0.34 if upper else 0.66))
            cv2.ellipse(
                picture, (x, y), (edge // 20, edge // 7), pick.uniform(-8, 8), 0, 360, pick.uniform(160, 205), -1
            )
            cv2.ellipse(picture, (x, y), (edge // 90, edge // 9), 0, 0, 360, 120.0, -1)
            if pick.random() < 0.4:
                cv2.circle(picture, (x, int(edge * (0.45 if upper else 0.55))), edge // 40, 245.0, -1)
    picture = cv2.GaussianBlur(picture, (0, 0), 1.2)
    return np.clip(picture, 0, 255).astype(np.uint8)


def counts(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """Nuclear medicine: a blurred body of few counts, larger pixels, sometimes dark on white."""
    small = edge // 4
    rows, columns = np.mgrid[0:small, 0:small].astype(np.float32)
    body = 12 * np.exp(-(((columns - small / 2) / (0.12 * small)) ** 2)) * (np.abs(rows - small / 2) < 0.42 * small)
    for _ in range(9):
        at = rng.uniform(0.2, 0.8, 2) * small
        body += rng.uniform(5, 40) * np.exp(-(((columns - at[0]) ** 2 + (rows - at[1]) ** 2) / rng.uniform(4, 60)))
    levels = np.clip(rng.poisson(cv2.GaussianBlur(body, (0, 0), 1.5)) * 7.0, 0, 255)
    picture = np.kron(levels, np.ones((4, 4)))[:edge, :edge]
    return (255 - picture if pick.random() < 0.5 else picture).astype(np.uint8)


def film(pick: random.Random, rng: np.random.Generator, edge: int) -> Picture:
    """A film of several pictures with white borders."""
    picture = np.full((edge, edge), pick.choice((0, 12, 30)), np.float32)
    count = pick.choice((2, 3))
    side = edge // count
    for row in range(count):
        for column in range(count):
            part = 90 + 45 * noise((side, side), side / 9, rng) + 10 * noise((side, side), 1.2, rng)
            y, x = np.mgrid[0:side, 0:side]
            part[np.hypot(x - side / 2, y - side / 2) > side * 0.42] = 6
            picture[row * side : (row + 1) * side, column * side : (column + 1) * side] = part
            cv2.rectangle(
                picture, (column * side, row * side), ((column + 1) * side - 1, (row + 1) * side - 1), 235.0, 2
            )
    return np.clip(picture, 0, 255).astype(np.uint8)


def strips(pick: random.Random, rng: np.random.Generator, edge: int) -> tuple[Picture, list[tuple[int, int, int]]]:
    """Strips of brightness from black to white with a little noise, and of each its top, its bottom and its level."""
    levels = [0, 12, 25, 40, 70, 100, 130, 160, 187, 210, 230, 245]
    pick.shuffle(levels)
    levels = levels[:8]
    high = edge // len(levels)
    picture = np.zeros((edge, edge), np.float32)
    told = []
    for number, level in enumerate(levels):
        picture[number * high : (number + 1) * high] = level
        told.append((number * high, (number + 1) * high, level))
    return np.clip(picture + rng.normal(0, pick.choice((0.0, 1.0, 2.0)), picture.shape), 0, 255).astype(np.uint8), told
