"""A finished network on pictures that it never saw, under many thresholds: by these the thresholds are chosen.

``python -m training.judge FOLDER [--weights ONNX]`` prints a line of JSON for every rule: how many strings are found,
and how much is covered where no text is, in pieces with made-up strings and in the whole pictures (``FOLDER/judged``).
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.textnet.boxes import RULE, Rule, boxes_of
from training.data import ROOT, judged, judging
from training.halves import See, seeing
from training.score import score

PIECES = 500


def rules() -> list[Rule]:
    """Those in use first."""
    lows, highs, alones = (0.4, 0.5, 0.6), (0.6, 0.75, 0.85, 0.9), (0.7, 0.85, 0.95)
    return [
        RULE,
        *(Rule(region_low=a, region_high=b, ink_alone=c) for a, b, c in itertools.product(lows, highs, alones)),
    ]


def wholes(folder: Path, see: See, chosen: list[Rule]) -> list[dict[str, Any]]:
    """Of each rule: the share of the pictures that is covered and the boxes a picture, in all and by group."""
    sums: list[dict[str, list[tuple[float, int]]]] = [defaultdict(list) for _ in chosen]
    for shot in judged(folder):
        ink, region = see(_even(shot.picture))
        for rule, by_group in zip(chosen, sums, strict=True):
            covered = np.zeros((2 * ink.shape[0] + 2, 2 * ink.shape[1] + 2), bool)
            boxes = boxes_of(ink, region, rule)
            for box, _ in boxes:
                covered[box.top : box.bottom, box.left : box.right] = True
            by_group[shot.group].append((float(covered.mean()), len(boxes)))
    answers = []
    for by_group in sums:
        groups = {name: tuple(np.round(np.mean(found, axis=0), 4).tolist()) for name, found in by_group.items()}
        area, boxes_each = np.mean(list(groups.values()), axis=0).tolist()  # every group counts alike
        answers.append({"area": round(area, 5), "boxes": round(boxes_each, 3), "groups": groups})
    return answers


def _even(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The picture with edges that are multiples of 16, by repeating its last rows and columns."""
    more = [(0, -picture.shape[0] % 16), (0, -picture.shape[1] % 16), *[(0, 0)] * (picture.ndim - 2)]
    return np.pad(picture, more, mode="edge")


def main() -> None:
    """Print one line a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the training")
    parser.add_argument("--weights", type=Path, default=ROOT / "src/dcmaudit/detect/textnet/weights.onnx")
    args = parser.parse_args()
    see = seeing(args.weights, 1)
    made = judging(args.folder)
    crops = [made.crop(10_000 + n) for n in range(PIECES)]
    maps = {id(crop.picture): see(crop.picture) for crop in crops}
    chosen = rules()
    for rule, whole in zip(chosen, wholes(args.folder, see, chosen), strict=True):
        found = score(lambda picture: maps[id(picture)], crops, rule)
        line = {"low": rule.region_low, "high": rule.region_high, "alone": rule.ink_alone, "pictures": whole}
        print(json.dumps(line | found))  # noqa: T201


if __name__ == "__main__":
    main()
