"""Made-up bodies: bone edges, bowel, vessels, speckle, radiographs; and real pieces bent and put together.

Few real pictures without text can be had, and a network learns those by heart. What it takes for letters elsewhere are
thin bright edges, short arcs and grains of all sizes; these grounds have them in every arrangement, and never a letter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

EDGE = 256

Rng = np.random.Generator
Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]


def body(rng: Rng) -> Pixels:
    """A made-up piece of 256 x 256 grey pixels without text."""
    way = _BODIES[int(rng.integers(len(_BODIES)))]
    picture = way(rng)
    if rng.random() < 0.35:  # something else in a part of it
        share = _soft(_fractal(rng, int(rng.integers(2, 6))), rng.uniform(0.5, 8))
        picture = picture * (1 - share) + _BODIES[int(rng.integers(len(_BODIES)))](rng) * share
    if rng.random() < 0.5:
        picture = picture + _noise(rng) * np.float32(np.exp(rng.uniform(0, 2.7)))
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 2))
    if rng.random() < 0.2:  # sharpened, as many devices do
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.5))
    return np.clip(picture, 0, 255).astype(np.uint8)


def bent(part: Pixels, known: npt.NDArray[Any], rng: Rng) -> tuple[Pixels, npt.NDArray[Any]]:
    """The piece pulled about smoothly, by up to a dozen pixels; ``known`` goes with it."""
    strength, cells = float(rng.uniform(2, 14)), int(rng.integers(3, 9))
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    across, down = (x + _cloud(rng, cells) * strength / 2, y + _cloud(rng, cells) * strength / 2)
    moved = cv2.remap(part, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    where = cv2.remap(known.astype(np.uint8), across, down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8), np.asarray(where > 0)


def joined(one: Pixels, other: Pixels, rng: Rng) -> Pixels:
    """Two grey pieces laid over each other: as two exposures, the brighter of both, or each in a part of its own."""
    way = int(rng.integers(3))
    first, second = one.astype(np.float32), other.astype(np.float32)
    if way == 0:
        share: Any = np.float32(rng.uniform(0.25, 0.75))
    elif way == 1:
        return np.maximum(one, other) if rng.random() < 0.6 else np.minimum(one, other)
    else:
        share = _soft(_fractal(rng, int(rng.integers(2, 7))), rng.uniform(0.4, 6))
    return np.clip(first * (1 - share) + second * share, 0, 255).astype(np.uint8)


def enhanced(part: Pixels, rng: Rng) -> Pixels:
    """Local contrast, as viewers and devices raise it."""
    limit, tiles = float(rng.uniform(1, 6)), int(rng.choice((2, 4, 8)))
    return np.asarray(cv2.createCLAHE(limit, (tiles, tiles)).apply(part), np.uint8)


def _cloud(rng: Rng, cells: int, wide: int | None = None) -> Field:
    coarse = rng.normal(0, 1, (cells, wide or cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (EDGE, EDGE), interpolation=cv2.INTER_CUBIC), np.float32)


def _fractal(rng: Rng, cells: int, fall: float | None = None) -> Field:
    """Clouds of doubling fineness, deviation about 1."""
    fall = float(rng.uniform(0.35, 0.75)) if fall is None else fall
    total, worth = np.zeros((EDGE, EDGE), np.float32), 1.0
    while cells <= EDGE:
        total += np.float32(worth) * _cloud(rng, cells)
        cells, worth = cells * 2, worth * fall
    return np.asarray(total / max(1e-3, float(total.std())), np.float32)


def _noise(rng: Rng) -> Field:
    return rng.standard_normal((EDGE, EDGE), np.float32)


def _soft(field: Field, sharp: float) -> Field:
    """0 to 1 across the zero line of a field."""
    return np.asarray(1 / (1 + np.exp(np.clip(-field * np.float32(sharp * 2), -30, 30))), np.float32)


def _rim(field: Field, width: float) -> Field:
    """Bright along the zero line: a wall."""
    gap = field / np.float32(width)
    return np.asarray(np.exp(-gap * gap), np.float32)


def _bones(rng: Rng) -> Field:
    """Soft tissue, and bones with a bright thin cortex and spongy insides."""
    tissue = rng.uniform(20, 130) + rng.uniform(2, 15) * _fractal(rng, int(rng.integers(3, 30)))
    for _ in range(int(rng.integers(1, 4))):
        shape = _fractal(rng, int(rng.integers(2, 7)), rng.uniform(0.2, 0.6)) - np.float32(rng.uniform(-0.3, 1.2))
        inside = _soft(shape, rng.uniform(2, 15))
        sponge = rng.uniform(60, 180) + rng.uniform(5, 50) * _fractal(rng, int(rng.integers(20, 80)))
        tissue = tissue * (1 - inside) + sponge * inside
        wall = _rim(shape, rng.uniform(0.03, 0.3))
        tissue = tissue + wall * np.float32(rng.uniform(60, 230)) * (0.6 + 0.4 * _soft(_cloud(rng, 8), 2))
    return np.asarray(tissue, np.float32)


def _skull(rng: Rng) -> Field:
    """A head: rings of bone, thin plates and cells of air."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    cx, cy = (float(v) for v in rng.uniform(30, 226, 2))
    radius = rng.uniform(50, 190)
    field = (np.hypot((x - cx) * rng.uniform(0.7, 1.4), y - cy) - radius) / np.float32(30)
    field = np.asarray(field + 0.15 * _fractal(rng, 6), np.float32)
    brain = rng.uniform(60, 150) + rng.uniform(3, 12) * _fractal(rng, int(rng.integers(4, 20)))
    picture = np.where(field < 0, brain, rng.uniform(0, 40)) + 240 * _rim(field, rng.uniform(0.08, 0.35))
    spots = _soft(_cloud(rng, 4), 3)
    cells = _fractal(rng, int(rng.integers(14, 48)), 0.4)
    picture = picture + spots * (_rim(cells, rng.uniform(0.1, 0.4)) * 200 - 60 * (cells > 0.6))
    plates = _rim(_fractal(rng, int(rng.integers(3, 9)), 0.3), rng.uniform(0.02, 0.08))
    return np.asarray(picture + plates * _soft(_cloud(rng, 6), 4) * 180, np.float32)


def _bowel(rng: Rng) -> Field:
    """Rooms beside each other, each with its own level and content, with walls."""
    count = int(rng.integers(8, 160))
    seeds = np.full((EDGE, EDGE), 255, np.uint8)
    ys, xs = rng.integers(0, EDGE, (2, count))
    seeds[ys, xs] = 0
    far, names = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    levels = rng.uniform(20, 220, count + 1).astype(np.float32)
    rooms = levels[np.clip(np.asarray(names), 0, count)]
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    strength = float(rng.uniform(2, 12))
    across, down = x + _cloud(rng, 12) * strength, y + _cloud(rng, 12) * strength
    rooms = cv2.remap(rooms, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    far = cv2.remap(np.asarray(far), across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    rooms = cv2.GaussianBlur(rooms, (0, 0), rng.uniform(0.5, 3))
    edges = cv2.Laplacian(cv2.GaussianBlur(rooms, (0, 0), 1.2), cv2.CV_32F)
    content = rng.uniform(0, 30) * _fractal(rng, int(rng.integers(10, 90)))
    return np.asarray(rooms * rng.uniform(0.4, 1) + content + np.abs(edges) * rng.uniform(0, 6) - far * 0.3, np.float32)


def _vessels(rng: Rng) -> Field:
    """Branching lines, thick to thin, dark or bright, over a soft ground."""
    layer = np.zeros((EDGE, EDGE), np.float32)
    for _ in range(int(rng.integers(1, 7))):
        x, y = rng.uniform(-10, EDGE + 10, 2)
        _branch(layer, rng, float(x), float(y), float(rng.uniform(0, 6.3)), float(rng.uniform(1, 10)), 0)
    layer = cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 1.6))
    ground = rng.uniform(40, 210) + rng.uniform(5, 40) * _fractal(rng, int(rng.integers(2, 12)))
    return np.asarray(ground + layer * np.float32(rng.choice((-1, 1)) * rng.uniform(30, 140)), np.float32)


def _branch(layer: Field, rng: Rng, x: float, y: float, angle: float, width: float, depth: int) -> None:
    for _ in range(int(rng.integers(4, 16))):
        angle += float(rng.normal(0, 0.25))
        step = float(rng.uniform(5, 14))
        new = x + step * np.cos(angle), y + step * np.sin(angle)
        cv2.line(layer, (int(x), int(y)), (int(new[0]), int(new[1])), 1.0, max(1, int(width)), cv2.LINE_AA)
        x, y = float(new[0]), float(new[1])
        width *= float(rng.uniform(0.9, 1.0))
        if depth < 3 and rng.random() < 0.16:
            _branch(layer, rng, x, y, angle + float(rng.choice((-1, 1)) * rng.uniform(0.3, 1)), width * 0.7, depth + 1)


def _sector(rng: Rng) -> Field:
    """Ultrasound: speckle along arcs about a probe, with echoes, shadows, and black outside of a sector."""
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    px, py = float(rng.uniform(-40, 300)), float(rng.uniform(-220, -5))
    depth = np.hypot(x - px, y - py)
    angle = np.arctan2(x - px, y - py)
    fine, wide = int(rng.integers(50, 200)), int(rng.integers(25, 120))
    real, other = _cloud(rng, fine, wide), _cloud(rng, fine, wide)
    turned = [
        cv2.remap(one, (angle * 110 + 128) % EDGE, depth % EDGE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        for one in (real, other)
    ]
    speckle = np.log1p(rng.uniform(0.5, 6) * np.hypot(turned[0], turned[1]))
    tissue = _soft(_fractal(rng, int(rng.integers(3, 12))), rng.uniform(0.5, 5))
    echoes = _rim(_fractal(rng, int(rng.integers(3, 10)), 0.35), rng.uniform(0.02, 0.12)) * _soft(_cloud(rng, 9), 4)
    picture = (tissue * 0.8 + 0.1) * speckle * rng.uniform(30, 110) + echoes * speckle * rng.uniform(40, 160)
    shadow = 0.4 + 0.6 * _soft(np.asarray(np.sin(angle * rng.uniform(2, 20)), np.float32), 4)
    inside = (np.abs(angle - rng.uniform(-0.3, 0.3)) < rng.uniform(0.3, 1.4)) & (depth < rng.uniform(180, 480))
    if rng.random() < 0.4:
        inside[:] = True
    return np.asarray(np.where(inside, picture * shadow, rng.uniform(0, 12)), np.float32)


def _radiograph(rng: Rng) -> Field:
    """Shadows added up: ribs, shafts with denser edges, folds, and the grain of a film."""
    total = rng.uniform(0.2, 1.2) + 0.25 * _fractal(rng, int(rng.integers(2, 5)), 0.5)
    y, x = np.mgrid[0:EDGE, 0:EDGE].astype(np.float32)
    for _ in range(int(rng.integers(1, 9))):
        angle, bow = rng.uniform(0, 3.2), rng.uniform(-0.004, 0.004)
        along = np.cos(angle) * (x - 128) + np.sin(angle) * (y - 128)
        away = -np.sin(angle) * (x - 128) + np.cos(angle) * (y - 128) + bow * along * along + rng.uniform(-130, 130)
        wide = rng.uniform(5, 45)
        edge = np.asarray((wide - np.abs(away + 3 * _cloud(rng, 6))) / rng.uniform(1, 5), np.float32)
        total = total + rng.uniform(0.05, 0.5) * _soft(edge, 0.5) + rng.uniform(0, 0.4) * _rim(edge, 1.5)
    spongy = _fractal(rng, int(rng.integers(24, 90)), 0.5)
    total = total + rng.uniform(0, 0.12) * spongy
    picture = 255 * (1 - np.exp(-np.maximum(total, 0) * rng.uniform(0.5, 1.2)))
    return np.asarray(picture, np.float32)


def _sponge(rng: Rng) -> Field:
    """Grains of one size and direction: fur, cloth, bread, spongy bone, trabeculae."""
    fine, wide = (int(v) for v in np.exp(rng.uniform(np.log(12), np.log(150), 2)))
    grain = _cloud(rng, fine, wide) + 0.5 * _cloud(rng, min(EDGE, 2 * fine), min(EDGE, 2 * wide))
    turn = cv2.getRotationMatrix2D((128, 128), float(rng.uniform(0, 180)), 1.4)
    grain = np.asarray(cv2.warpAffine(grain, turn, (EDGE, EDGE), borderMode=cv2.BORDER_REFLECT_101), np.float32)
    if rng.random() < 0.5:
        grain = np.tanh(grain * np.float32(rng.uniform(1, 6)))
    much = rng.uniform(4, 70) * _soft(_cloud(rng, 4), rng.uniform(0.3, 3))
    return np.asarray(rng.uniform(30, 200) + 40 * _fractal(rng, 3) * rng.random() + much * grain, np.float32)


def _limbs(rng: Rng) -> Field:
    """A bright body before black with hard, winding borders, a little inside."""
    shape = _fractal(rng, int(rng.integers(2, 5)), rng.uniform(0.15, 0.5))
    inside = _soft(shape - np.float32(rng.uniform(-0.6, 0.6)), rng.uniform(3, 30))
    texture = rng.uniform(40, 200) + rng.uniform(5, 45) * _fractal(rng, int(rng.integers(3, 40)))
    rim = _rim(shape, rng.uniform(0.03, 0.2)) * rng.uniform(-40, 110)
    return np.asarray(inside * texture + rim + rng.uniform(0, 12), np.float32)


_BODIES: tuple[Callable[[Rng], Field], ...] = (
    _bones, _bones, _skull, _skull, _bowel, _vessels, _sector, _sector, _radiograph, _radiograph, _sponge, _limbs,
)  # fmt: skip
