"""Line by line: a string is found where boxes of its own line cover it; a box over several lines finds none of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from textgen.scoring import COVERED, interval

from dcmaudit.model import Box
from foreign.scenes import Scene, Text

_HELD = 0.5
"""A box spans a line where it holds this much of the line's ink."""

_CAPITALS = 9
"""Pixels from which on reading is counted."""
_WRONG = 5
"""One character in so many may be wrong in what is read for it to be of use; of fewer characters none."""


@dataclass
class Tally:
    """What one finder found, scene by scene."""

    own: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    any: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    merged: int = 0
    beside: int = 0
    boxes: int = 0
    missed: list[tuple[str, str, int, str]] = field(default_factory=list)
    clean: dict[str, list[tuple[float, int, str]]] = field(default_factory=lambda: defaultdict(list))
    other: list[float] = field(default_factory=list)
    read: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    misread: list[tuple[str, str, str]] = field(default_factory=list)

    def take(self, scene: Scene, boxes: Sequence[Box], words: Sequence[str] | None = None) -> None:
        """Count one scene; ``words``: what was read in each box."""
        rows, columns = scene.cells.shape[:2]
        if not scene.texts:
            area = float(_mask((rows, columns), boxes).mean())
            self.clean[scene.layout].append((area, len(boxes), scene.name))
            return
        held = [[_share(text, box) for text in scene.texts] for box in boxes]
        spans = [
            len(_rows([text for text, share in zip(scene.texts, shares, strict=True) if share >= _HELD]))
            for shares in held
        ]
        self.boxes += len(boxes)
        self.merged += sum(count > 1 for count in spans)
        self.beside += sum(
            sum(share >= _HELD for share in shares) > 1 and count == 1
            for shares, count in zip(held, spans, strict=True)
        )
        every = _mask((rows, columns), boxes)
        lines = _mask((rows, columns), [box for box, count in zip(boxes, spans, strict=True) if count <= 1])
        free = every.copy()
        for place, text in enumerate(scene.texts):
            covered, own = bool(every[text.ink].mean() >= COVERED), bool(lines[text.ink].mean() >= COVERED)
            for name in _names(text):
                for counts, hit in ((self.any, covered), (self.own, own)):
                    counts[name][0] += hit
                    counts[name][1] += 1
            if own and words is not None and text.legible and text.height >= _CAPITALS:
                inside = [n for n in range(len(boxes)) if held[n][place] > 0.1 and spans[n] <= 1]
                inside.sort(key=lambda n: boxes[n].left)
                self._reading(scene, text, "".join(words[n] for n in inside))
            if text.legible and not own:
                self.missed.append((scene.name, text.text, text.height, ", ".join(text.classes[1:3])))
            room = 6 + text.height // 2
            ys, xs = np.nonzero(text.ink)
            free[max(0, ys.min() - room) : ys.max() + room, max(0, xs.min() - room) : xs.max() + room] = False
        self.other.append(float(free.mean()))

    def _reading(self, scene: Scene, text: Text, said: str) -> None:
        wanted, given = (one.replace(" ", "").casefold() for one in (text.text, said))
        right = _least_wrong(wanted, given) <= len(wanted) // _WRONG
        for name in _names(text):
            self.read[name][0] += right
            self.read[name][1] += 1
        if not right:
            self.misread.append((scene.name, text.text, said))

    def report(self) -> dict[str, Any]:
        """Shares with intervals (Wilson, 95 %), the worst class first."""
        found = {name: interval(*counts) for name, counts in self.own.items()}
        return {
            "found line by line": dict(sorted(found.items(), key=lambda one: (one[1]["share"], one[0]))),
            "covered by any box": {name: interval(*self.any[name]) for name in ("legible", "plain", "all")},
            **(
                {
                    "read so that it is of use, of lines found": dict(
                        sorted(
                            ((name, interval(*counts)) for name, counts in self.read.items()),
                            key=lambda one: (one[1]["share"], one[0]),
                        )
                    )
                }
                if self.read
                else {}
            ),
            "boxes over several lines": interval(self.merged, self.boxes),
            "boxes over several strings of one line": interval(self.beside, self.boxes),
            "other area beside text": round(float(np.mean(self.other)), 4) if self.other else None,
            "without text": {
                name: {
                    "frames": len(some),
                    "area": round(float(np.mean([area for area, _, _ in some])), 4),
                    "boxes": round(float(np.mean([count for _, count, _ in some])), 2),
                    "frames with a box": round(float(np.mean([count > 0 for _, count, _ in some])), 2),
                    "worst": sorted(((round(area, 3), name) for area, _, name in some), reverse=True)[:5],
                }
                for name, some in self.clean.items()
            },
        }


def _least_wrong(wanted: str, given: str) -> int:
    """The fewest characters to change, add or leave out for ``wanted`` to be somewhere in ``given``."""
    before = [0] * (len(given) + 1)
    for row, a in enumerate(wanted, start=1):
        now = [row]
        for column, b in enumerate(given, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (a != b)))
        before = now
    return min(before)


def _names(text: Text) -> list[str]:
    if not text.legible:
        return ["all", "not legible", f"not legible, {text.classes[0]}"]
    return ["all", "legible", *dict.fromkeys(text.classes)]


def _share(text: Text, box: Box) -> float:
    part = text.ink[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    return float(part.sum()) / float(text.ink.sum())


def _rows(texts: Sequence[Text]) -> list[list[Text]]:
    """The strings by their lines: two are of one line where the middle of each lies in the other's height."""
    lines: list[list[Text]] = []
    for text in texts:
        top, bottom = _span(text)
        for line in lines:
            first, last = _span(line[0])
            if first <= (top + bottom) / 2 <= last or top <= (first + last) / 2 <= bottom:
                line.append(text)
                break
        else:
            lines.append([text])
    return lines


def _span(text: Text) -> tuple[int, int]:
    rows = np.flatnonzero(text.ink.any(axis=1))
    return int(rows[0]), int(rows[-1])


def _mask(shape: tuple[int, int], boxes: Sequence[Box]) -> npt.NDArray[np.bool_]:
    out = np.zeros(shape, bool)
    for box in boxes:
        out[max(0, box.top) : box.bottom, max(0, box.left) : box.right] = True
    return out
