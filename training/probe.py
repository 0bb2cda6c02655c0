"""The picture by which a process sees whether its processor computes what these weights were checked with.

``python -m training.probe`` writes it, with the answer to it, into the description of the package's weights.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dcmaudit.detect import inference
from dcmaudit.detect.textnet.network import DESCRIPTION, FOLDER, WEIGHTS, cells_of
from dcmaudit.detect.textnet.probe import Probe, digest

ROWS, COLUMNS = 192, 224
BANDS = ((0, 200), (60, 40), (128, -60), (187, 16), (230, 16), (250, -16))
"""Grey levels of ground, and by how much its letters differ: sums are greatest, and cut off, where it is bright."""


def drawn() -> npt.NDArray[np.uint8]:
    """Letters on grounds from black to white, on texture and in colours: (192, 224, 3)."""
    picture = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    for number, (ground, step) in enumerate(BANDS):
        top = 24 * number
        picture[top : top + 24] = ground
        cv2.putText(picture, "PROBE 0427", (6, top + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.6, [ground + step] * 3, 1)
    texture = np.random.default_rng(5).integers(90, 250, (24, COLUMNS, 1)).astype(np.uint8)
    picture[144:168] = texture
    cv2.putText(picture, "PROBE 0427", (6, 162), cv2.FONT_HERSHEY_SIMPLEX, 0.6, [255] * 3, 2)
    picture[168:] = np.linspace((255, 40, 0), (10, 200, 255), COLUMNS).astype(np.uint8)
    cv2.putText(picture, "PROBE 0427", (6, 186), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 90), 1)
    return picture


def made(weights: bytes) -> Probe:
    """The probe of these weights, answered in whole numbers that no processor cuts off."""
    picture = drawn()
    session = inference.session(weights, 1, session__x64quantprecision="1")
    (maps,) = session.run(["maps"], {"cells": cells_of(picture)})
    return Probe(picture, digest(maps))


def write(folder: Path) -> None:
    """Put the probe into the description in ``folder``."""
    path = folder / DESCRIPTION
    described: dict[str, Any] = json.loads(path.read_text("utf-8"))
    described["probe"] = made((folder / WEIGHTS).read_bytes()).text()
    path.write_text(json.dumps(described, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    write(FOLDER)
