"""The benchmark's own pictures, given to the network as they are: quick figures of a half, for choosing thresholds.

``python -m training.halves tune`` while training; the half ``report`` only for the model card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[1]
for folder in ("tests", "bench"):
    sys.path.insert(0, str(ROOT / folder))

from textgen.cases import Case, make_case  # noqa: E402
from textgen.scoring import _bars, _other, interval  # noqa: E402

from dcmaudit.detect import inference  # noqa: E402
from dcmaudit.detect.textnet.boxes import RULE, Rule, boxes_of  # noqa: E402
from dcmaudit.detect.textnet.network import cells_of  # noqa: E402
from support.machine import machine  # noqa: E402

Picture = npt.NDArray[np.uint8]
See = Callable[[Picture], Any]


def seeing(path: Path, threads: int) -> See:
    """A function from a grey picture, edges multiples of 16, to the network's two maps."""
    # The slower way gives the same maps on every processor.
    session = inference.session(path.read_bytes(), threads, session__x64quantprecision="1")

    def see(picture: Picture) -> Any:
        return session.run(None, {"cells": cells_of(picture)})[0][0]

    return see


def judged(pairs: list[tuple[Case, Any]], rule: Rule = RULE) -> dict[str, Any]:
    """Recall by class, and what is covered besides, over cases and their maps."""
    hits: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    clean, boxes, other, worst = [], [], [], defaultdict(list)
    for case, maps in pairs:
        covered = np.zeros(case.picture.shape, bool)
        found = boxes_of(maps[0], maps[1], rule)
        for box, _ in found:
            covered[box.top : box.bottom, box.left : box.right] = True
        if not case.placed:
            clean.append(float(covered.mean()))
            boxes.append(len(found))
            worst[case.background].append(clean[-1])
            continue
        other.append(_other(covered, case))
        for placed in case.placed:
            hit = bool(covered[placed.ink].mean() >= 0.9)
            short = "1-2 characters" if len(placed.string.text) < 3 else "longer"
            for name in (
                "all",
                *_bars(case, placed),
                f"style {placed.style}",
                f"turned {placed.turn}",
                f"font {placed.font}",
                f"caps {placed.height}",
                short,
            ):
                hits[name][0] += hit
                hits[name][1] += 1
    return {
        "recall": {name: interval(*counts) for name, counts in sorted(hits.items())},
        "clean_area": round(float(np.mean(clean)), 5),
        "clean_by_ground": {name: round(float(np.mean(area)), 4) for name, area in worst.items()},
        "boxes_a_clean_frame": round(float(np.mean(boxes)), 3),
        "other_area": round(float(np.mean(other)), 5),
    }


def cases(half: str, count: int, edge: int) -> list[Case]:
    """Cases with strings, and a third as many without."""
    made = [make_case(half, n, edge=edge, strings=8) for n in range(count)]
    return made + [make_case(half, n, edge=edge, strings=0) for n in range(count // 3)]


def main() -> None:
    """Print the figures of one half as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", choices=("tune", "report"))
    parser.add_argument("--weights", type=Path, default=ROOT / "src/dcmaudit/detect/textnet/weights.onnx")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--edge", type=int, default=512)
    args = parser.parse_args()
    see = seeing(args.weights, 1)
    found = judged([(case, see(case.picture)) for case in cases(args.half, args.count, args.edge)])
    print(json.dumps(found | {"machine": machine()}, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
