"""How well maps find strings: through the same boxes as dcmaudit itself, on pieces that nobody trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from textgen.crops import Crop

from dcmaudit.detect.textnet.boxes import RULE, Rule, boxes_of

Seeing = Callable[[npt.NDArray[np.uint8]], tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]
COVERED = 0.9


def score(see: Seeing, crops: Iterable[Crop], rule: Rule = RULE) -> dict[str, Any]:
    """Recall by class, and the area and boxes outside of text."""
    hits: dict[str, list[int]] = {}
    wrong, clean_area, clean_boxes, clean, other = 0, 0.0, 0, 0, 0.0
    many = 0
    for crop in crops:
        ink, region = see(crop.picture)
        covered = np.zeros(crop.picture.shape[:2], bool)
        boxes = boxes_of(ink, region, rule)
        for box, _ in boxes:
            covered[box.top : box.bottom, box.left : box.right] = True
        counted = crop.counted.repeat(2, 0).repeat(2, 1) > 0
        if not crop.strings:
            clean += 1
            clean_area += float((covered & counted).mean())
            clean_boxes += sum(counted[b.top : b.bottom, b.left : b.right].mean() > 0.5 for b, _ in boxes)
        truth = np.zeros(covered.size, bool)
        for where, height, length, style in crop.strings:
            truth[where] = True
            hit = int(covered.ravel()[where].mean() >= COVERED)
            size = (
                "caps 5-6" if height < 7 else "caps 7-9" if height < 10 else "caps 10-19" if height < 20 else "caps 20+"
            )
            bar = "main" if height >= 7 and length > 2 else "small"
            for name in ("all", size, bar, f"style {style}", "short" if length < 3 else "long"):
                one = hits.setdefault(name, [0, 0])
                one[0] += hit
                one[1] += 1
        if crop.strings:
            many += 1
            lines = crop.region.repeat(2, 0).repeat(2, 1) > 0
            near = _near(lines | truth.reshape(covered.shape))
            other += float((covered & ~near & counted).mean())
            wrong += 1
    return {
        "recall": {name: round(a / b, 4) for name, (a, b) in sorted(hits.items())},
        "strings": hits.get("all", [0, 0])[1],
        "clean_area": round(clean_area / max(1, clean), 5),
        "clean_boxes": round(clean_boxes / max(1, clean), 3),
        "other_area": round(other / max(1, many), 5),
    }


def _near(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    import cv2

    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0)
