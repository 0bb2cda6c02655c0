"""Whether two pictures show the same, and the pictures that must never be trained on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
ALIKE = 0.97
"""From this agreement of 24 x 24 cells on, two pictures are taken for one."""

Picture = npt.NDArray[np.uint8]
Cells = npt.NDArray[np.float64]


def cells(picture: Picture) -> Cells:
    """The picture in 24 x 24 cells, of mean 0 and deviation 1."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    small = cv2.resize(grey, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float64)
    return np.asarray((small - small.mean()) / (small.std() + 1e-6))


def agreement(one: Cells, other: Cells) -> float:
    """How much two pictures agree, at most 1, turned by quarters and mirrored as fits best."""
    ways = [np.rot90(way, turn) for way in (other, other[:, ::-1]) for turn in range(4)]
    return max(float(np.vdot(one, way)) for way in ways) / one.size


def scored() -> Iterator[tuple[str, Cells]]:
    """Every picture of the half ``report`` and of ``../shared``: never to be trained on."""
    for part in ("tests", "bench"):
        if str(ROOT / part) not in sys.path:
            sys.path.insert(0, str(ROOT / part))
    from textgen.pictures import shots

    from dcmaudit.dicom import open_instance
    from dcmaudit.errors import DcmauditError
    from dcmaudit.model import FrameAddress
    from dcmaudit.render import render
    from support.corpus import corpus
    from support.files import PathReference

    for shot in shots("report", with_text=True):
        yield shot.file, cells(shot.picture)
    for file in corpus():
        if file.package != "shared":
            continue
        try:
            with open_instance(PathReference(file.path)) as instance:
                for frame in _spread(instance.facts.number_of_frames):
                    yield file.id, cells(np.ascontiguousarray(render(instance.read(FrameAddress(frame))), np.uint8))
        except DcmauditError:
            continue  # one that nobody can look at


def _spread(frames: int, most: int = 8) -> list[int]:
    return sorted({round(k * (frames - 1) / (most - 1)) for k in range(most)}) if frames else []
