"""Weights side by side, class by class, on pieces that nothing was trained on, with everything the product does.

``python -m training.compare FOLDER ONNX [ONNX ...]`` prints a line of JSON for each of the networks in 8 bits: for
every class of ``training/lacking.py`` how many of the strings are covered by boxes that hold no other string, how many
by any boxes, and what is covered beside; of the whole pictures in ``FOLDER/judged`` the share covered and the boxes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.finding import Mode
from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.textnet import TextNet, network
from dcmaudit.model import Box
from training.data import families, judged
from training.lacking import SHARES, Lacking

SEED = 998
"""Of pieces by which finished weights are compared: not those that are looked at while training."""

_COVERED, _HELD = 0.9, 0.5


class Scene:
    """Four pieces of one class as a picture of 512 x 512, and the ink of every string in it."""

    def __init__(self, made: Lacking, kind: str, number: int) -> None:
        crops = [made.crop(4 * number + k, kind)[0] for k in range(4)]
        rows = [np.hstack([one.picture for one in crops[k : k + 2]]) for k in (0, 2)]
        self.picture = np.ascontiguousarray(np.vstack(rows))
        unknown = [np.hstack([one.counted == 0 for one in crops[k : k + 2]]) for k in (0, 2)]
        self.unknown = np.vstack(unknown).repeat(2, 0).repeat(2, 1)
        self.inks: list[npt.NDArray[np.bool_]] = []
        for k, crop in enumerate(crops):
            for where, *_ in crop.strings:
                ink = np.zeros((512, 512), bool)
                part = np.zeros(256 * 256, bool)
                part[where] = True
                down, across = 256 * (k // 2), 256 * (k % 2)
                ink[down : down + 256, across : across + 256] = part.reshape(256, 256)
                if ink.any():
                    self.inks.append(ink)


def main() -> None:
    """Print one line for each of the networks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the training")
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--each", type=int, default=12, help="scenes of every class")
    args = parser.parse_args()
    made = Lacking(SEED, judged(args.folder), families(SEED, 120))
    scenes = {kind: [Scene(made, kind, number) for number in range(args.each)] for kind in SHARES}
    shots = judged(args.folder)
    for weights in args.weights:
        finder = _finder(weights)
        line: dict[str, Any] = {"weights": weights.name}
        line["classes"] = {kind: _class(finder, some) for kind, some in scenes.items()}
        line["pictures"] = _wholes(finder, [(shot.group, shot.picture) for shot in shots])
        print(json.dumps(line), flush=True)  # noqa: T201


def _finder(weights: Path) -> TextFinder:
    """The product's finder with these weights; they need no description."""
    from training.export import describe

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / network.WEIGHTS
        copy.write_bytes(weights.read_bytes())
        describe(copy, {})
        return TextFinder(None, Mode.DEFAULT, [OwnLooks(TextNet(1, Path(folder)))])


def _boxes(finder: TextFinder, picture: npt.NDArray[np.uint8]) -> list[Box]:
    return [line.box for line in finder.find([picture])]


def _class(finder: TextFinder, scenes: list[Scene]) -> dict[str, float | int]:
    own = every = count = 0
    beside: list[float] = []
    for scene in scenes:
        boxes = _boxes(finder, scene.picture)
        alone, whole = np.zeros((512, 512), bool), np.zeros((512, 512), bool)
        for box in boxes:
            here = (slice(max(0, box.top), box.bottom), slice(max(0, box.left), box.right))
            whole[here] = True
            if sum(ink[here].sum() >= _HELD * ink.sum() for ink in scene.inks) <= 1:
                alone[here] = True
        free = whole & ~scene.unknown
        for ink in scene.inks:
            every += whole[ink].mean() >= _COVERED
            own += alone[ink].mean() >= _COVERED
            count += 1
            ys, xs = np.nonzero(ink)
            free[max(0, ys.min() - 8) : ys.max() + 8, max(0, xs.min() - 8) : xs.max() + 8] = False
        beside.append(float(free.mean()))
    share = max(1, count)
    return {
        "strings": count, "own": round(own / share, 4), "any": round(every / share, 4),
        "beside": round(float(np.mean(beside)), 4),
    }  # fmt: skip


def _wholes(finder: TextFinder, shots: list[tuple[str, npt.NDArray[np.uint8]]]) -> dict[str, Any]:
    groups: dict[str, list[tuple[float, int]]] = {}
    for group, picture in shots:
        covered = np.zeros(picture.shape[:2], bool)
        boxes = _boxes(finder, picture)
        for box in boxes:
            covered[max(0, box.top) : box.bottom, max(0, box.left) : box.right] = True
        groups.setdefault(group, []).append((float(covered.mean()), len(boxes)))
    means = {name: np.mean(some, axis=0).round(4).tolist() for name, some in groups.items()}
    area, boxes_each = np.mean(list(means.values()), axis=0).tolist()
    return {"area": round(area, 5), "boxes": round(boxes_each, 3), "groups": means}


if __name__ == "__main__":
    main()
