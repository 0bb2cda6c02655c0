"""Pieces on disk: made ahead by processes of their own, read by the training as they come.

``python -m training stock FOLDER`` writes ``FOLDER/stock/SEED-NUMBER.npy``, each a few hundred pieces, until it is
ended or has made ``--count`` of them. A training that goes on (``further``) draws from whatever is there.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.data import Batch, Plan, _families, pictures
from training.lacking import SHARES, Lacking

PIECES = 200
"""In one file."""

_PICTURE, _MAP = 256 * 256 * 3, 128 * 128
_LONG = _PICTURE + 3 * _MAP + 1
"""Bytes of a piece: the picture, its three maps, and which of ``KINDS`` it is."""

KINDS = tuple(SHARES)


def fill(folder: Path, seed: int, count: int, families: int = 700) -> None:
    """Write ``count`` files of pieces; those that are there already are left."""
    cv2.setNumThreads(1)
    target = folder / "stock"
    target.mkdir(parents=True, exist_ok=True)
    made = Lacking(seed, pictures(folder), _families(Plan(seed, 1, 1, families, folder)))
    for number in range(count):
        path = target / f"{seed}-{number:04}.npy"
        if path.exists():
            continue
        mined = folder / "mined.npz"
        if mined.exists():
            with np.load(mined) as stored:
                made.plain.mined = list(stored["grounds"])
        rows = np.empty((PIECES, _LONG), np.uint8)
        for k in range(PIECES):
            crop, kind = made.crop(number * PIECES + k)
            named = np.array(KINDS.index(kind), np.uint8)
            parts = (crop.picture, crop.ink, crop.region, crop.counted, named)
            rows[k] = np.concatenate([part.reshape(-1) for part in parts])
        new = path.with_suffix(".new")
        with new.open("wb") as out:
            np.save(out, rows)
        new.rename(path)


class Stock:
    """Batches of what lies in ``folder/stock``; of new files more than of old ones."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._rng = folder / "stock", np.random.default_rng(seed)
        self._files: dict[str, npt.NDArray[np.uint8]] = {}
        self._uses: dict[str, int] = {}
        self._looked = 0.0

    def next(self, size: int) -> tuple[Batch, npt.NDArray[np.uint8]]:
        """Pieces of those files that were used least, and for each which of ``KINDS`` it is."""
        self._look()
        names = list(self._files)
        least = sorted(names, key=lambda name: self._uses[name])[: max(4, len(names) // 3)]
        rows = []
        for _ in range(size):
            name = least[int(self._rng.integers(len(least)))]
            self._uses[name] += 1
            rows.append(self._files[name][int(self._rng.integers(PIECES))])
        whole = np.stack(rows)
        ends = np.cumsum([_PICTURE, _MAP, _MAP, _MAP])
        picture, ink, region, counted, kinds = np.split(whole, ends, axis=1)
        maps = tuple(np.ascontiguousarray(part).reshape(size, 128, 128) for part in (ink, region, counted))
        return self._varied((picture.reshape(size, 256, 256, 3), maps[0], maps[1], maps[2])), kinds[:, 0]

    def _varied(self, batch: Batch) -> Batch:
        """Pieces are seen several times: now and then inverted, in other colours, darker or lighter, turned."""
        rng, parts = self._rng, [np.array(part) for part in batch]
        for k in range(len(parts[0])):
            picture = parts[0][k]
            if rng.random() < 0.25:
                picture = 255 - picture
            if rng.random() < 0.3:
                picture = picture[..., rng.permutation(3)]
            if rng.random() < 0.25:
                low, high = float(rng.uniform(0, 60)), float(rng.uniform(195, 255))
                picture = cv2.LUT(np.ascontiguousarray(picture), np.linspace(low, high, 256).astype(np.uint8))
            parts[0][k] = picture
            if rng.random() < 0.15:
                turns = int(rng.integers(1, 4))
                for part in parts:
                    part[k] = np.rot90(part[k], turns).copy()
        return parts[0], parts[1], parts[2], parts[3]

    def _look(self) -> None:
        while time.monotonic() - self._looked > 20 or not self._files:
            self._looked = time.monotonic()
            for path in sorted(self._folder.glob("*.npy")):
                if path.name not in self._files:
                    rows = np.load(path, mmap_mode="r")
                    if rows.shape[1:] != (_LONG,):
                        raise SystemExit(f"{path} holds pieces of another form: remove it, stock makes new ones")
                    self._files[path.name] = rows
                    self._uses[path.name] = 0
            if not self._files:
                time.sleep(2)

    def __len__(self) -> int:
        """Pieces that are there."""
        return PIECES * len(self._files)
