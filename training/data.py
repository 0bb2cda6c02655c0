"""Pieces made in a process beside the training, batch after batch, always the same for the same seed."""

from __future__ import annotations

import multiprocessing as mp
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
for folder in ("tests", "bench"):
    sys.path.insert(0, str(ROOT / folder))

from textgen.crops import Maker  # noqa: E402
from textgen.masks import families  # noqa: E402
from textgen.pictures import Shot, shots  # noqa: E402

HALF = "tune"
EXTRA = "extra"
"""The folder of further pictures without text, inside of the training's folder."""
JUDGED = "judged"
"""The folder of pictures that score it."""
VALIDATION = 999
"""The seed of the strings and pieces that score the network while it trains."""

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class Plan:
    """What the maker needs: the seed, pieces a batch, how many of them are new, families of strings, and where
    mined grounds lie."""

    seed: int
    batch: int
    fresh: int
    families: int
    folder: Path


def pictures(folder: Path) -> tuple[Shot, ...]:
    """The pictures of the training half, and those that ``python -m training extra`` put into the folder."""
    return (*shots(HALF, with_text=True), *_read(folder / EXTRA))


def judged(folder: Path) -> tuple[Shot, ...]:
    """Pictures without text that are never trained on, for choosing thresholds; the training half's if there are none.

    On pictures that it has learnt a network raises no false alarms, so that nothing can be chosen by them.
    """
    return tuple(_read(folder / JUDGED)) or shots(HALF, with_text=True)


def _read(folder: Path) -> list[Shot]:
    """The name of a file before ``__`` is its group: one patient, volume or device."""
    found = []
    for path in sorted(folder.glob("*.png")):
        read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if read is None:
            raise SystemExit(f"{path} is no picture: remove it, or make it again with python -m training extra")
        picture = np.ascontiguousarray(read[..., 2::-1] if read.ndim == 3 else read, np.uint8)
        if picture.ndim == 3 and (np.ptp(picture, axis=2) == 0).all():
            picture = np.ascontiguousarray(picture[..., 0])
        group = path.name.partition("__")[0]
        found.append(Shot(path.name, group, "", picture, np.zeros(picture.shape[:2], bool), "clean"))
    return found


def maker(seed: int, count: int, folder: Path) -> Maker:
    """The maker of one seed."""
    return Maker(seed, pictures(folder), families(seed, count))


def judging(folder: Path, count: int = 250) -> Maker:
    """The maker of the pieces that score a network."""
    return Maker(VALIDATION, judged(folder), families(VALIDATION, count))


def _families(plan: Plan) -> list[Any]:
    """Drawn once and kept in the folder: a training that goes on need not draw them again."""
    kept = plan.folder / f"families-{plan.seed}-{plan.families}.pickle"
    if kept.exists():
        return list(pickle.loads(kept.read_bytes()))  # noqa: S301 - our own file
    made = families(plan.seed, plan.families)
    kept.write_bytes(pickle.dumps(made))
    return made


def _work(plan: Plan, start: int, out: Any, generation: Any) -> None:
    cv2.setNumThreads(1)
    made = Maker(plan.seed, pictures(plan.folder), _families(plan))
    known = -1
    step = start
    while True:
        if generation.value != known:
            known = generation.value
            path = plan.folder / "mined.npz"
            if path.exists():
                with np.load(path) as stored:
                    made.mined = list(stored["grounds"])
        crops = [made.crop(step * plan.fresh + k) for k in range(plan.fresh)]
        out.put(
            (
                np.stack([crop.picture for crop in crops]),
                np.stack([crop.ink for crop in crops]),
                np.stack([crop.region for crop in crops]),
                np.stack([crop.counted for crop in crops]),
            )
        )
        step += 1


class Stream:
    """Batches: some pieces new, the rest drawn again from the last few thousand."""

    def __init__(self, plan: Plan, start: int, keep: int = 3000) -> None:
        """``start``: the number of the first batch."""
        context = mp.get_context("spawn")  # OpenCV and OpenMP do not outlive a fork
        self._plan, self._keep = plan, keep
        self._queue: Any = context.Queue(maxsize=48)
        self._generation: Any = context.Value("i", 0)
        self._process: Any = context.Process(
            target=_work, args=(plan, start, self._queue, self._generation), daemon=True
        )
        self._process.start()
        self._store: list[tuple[npt.NDArray[np.uint8], ...]] = []
        self._step = start

    def next(self) -> Batch:
        """One batch of arrays."""
        fresh = self._queue.get(timeout=300)
        rng = np.random.default_rng([self._plan.seed, self._step, 1])
        new = [tuple(part[k] for part in fresh) for k in range(len(fresh[0]))]
        old = self._plan.batch - len(new)
        chosen = [self._store[int(k)] for k in rng.integers(0, len(self._store), old)] if self._store else []
        self._store = (self._store + new)[-self._keep :]
        self._step += 1
        parts = [np.stack([piece[k] for piece in (*new, *chosen)]) for k in range(4)]
        return parts[0], parts[1], parts[2], parts[3]

    def mined(self) -> None:
        """The file of mined grounds has changed."""
        self._generation.value += 1

    def close(self) -> None:
        """End the process beside."""
        self._process.terminate()
        self._process.join()
