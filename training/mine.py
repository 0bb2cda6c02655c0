"""Grounds without text on which the network sees text: cut out, kept, and trained on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from textgen.bodies import body
from textgen.crops import varied
from textgen.grounds import EDGE, Rng, made_up, piece, scribble
from textgen.pictures import Shot

from training.data import pictures
from training.score import Seeing
from training.tiled import tiled, whole

MOST = 4000
TRIED = 500


def mine(see: Seeing, folder: Path, seed: int) -> int:
    """Look at pieces of clean pictures, and add those with false alarms to ``mined.npz``; how many are in it then."""
    path = folder / "mined.npz"
    kept: list[npt.NDArray[np.uint8]] = []
    if path.exists():
        with np.load(path) as stored:
            kept = list(stored["grounds"])
    rng = np.random.default_rng(seed)
    clean = list(pictures(folder))
    for _ in range(TRIED):
        ground, known = _ground(clean, rng)
        _, region = see(ground)
        known_half = cv2.dilate(known.astype(np.uint8), np.ones((9, 9), np.uint8))[::2, ::2] > 0
        region = np.where(known_half, 0, region)
        if float(region.max()) > 0.35 and not known.any():
            kept.append(ground)
    kept = kept[-MOST:]
    if kept:
        np.savez_compressed(folder / "mined_new.npz", grounds=np.stack(kept))
        (folder / "mined_new.npz").replace(path)
    return len(kept)


def _ground(clean: list[Shot], rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    way = rng.random()
    if way < 0.3:
        ground, known = made_up(rng) if way < 0.12 else body(rng), np.zeros((EDGE, EDGE), bool)
    else:
        groups = sorted({shot.group for shot in clean})

        def one(rng: Rng) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
            group = groups[int(rng.integers(len(groups)))]
            of_group = [shot for shot in clean if shot.group == group]
            return piece(of_group[int(rng.integers(len(of_group)))], rng)

        if way < 0.4:
            ground, known = whole(rng, clean)
        elif way < 0.6:
            (ground, known), _ = tiled(rng, lambda rng: varied(one(rng), one, rng))
        else:
            ground, known = varied(one(rng), one, rng)
    if ground.ndim == 2:
        ground = np.repeat(ground[..., np.newaxis], 3, axis=2)
    ground = np.ascontiguousarray(ground)
    if rng.random() < 0.5:
        gamma = float(np.exp(rng.uniform(np.log(0.4), np.log(2.5))))
        ground = cv2.LUT(ground, (np.linspace(0, 1, 256) ** gamma * 255).astype(np.uint8))
    if rng.random() < 0.2:
        ground = 255 - ground
    if rng.random() < 0.35:
        scribble(ground, rng)
    return np.ascontiguousarray(ground), known
