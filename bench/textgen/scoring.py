"""What was found against what is there: recall by class with intervals, area masked, errors of reading and judging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.model import FileReading, Finding, Verdict
from dcmaudit.report.scores import wilson
from textgen.cases import Case, Placed

COVERED = 0.9
"""Part of a string's visible ink that boxes must cover for it to count as found."""


@dataclass
class Score:
    """Counts that grow case by case."""

    hits: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    masked: list[float] = field(default_factory=list)
    clean_boxes: list[int] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    boxes: int = 0
    useless: int = 0
    letters: int = 0
    errors: int = 0
    judged: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    failed: list[str] = field(default_factory=list)

    def take(self, case: Case, reading: FileReading) -> None:
        """Count one case."""
        if any(plane.reason for plane in reading.planes) or not reading.planes:
            self.failed.append(case.name)
        if not case.placed:
            self._clean(reading)
            return
        address = case.placed[0].address
        findings = [f for plane in reading.planes if plane.address == address for f in plane.findings]
        covered = np.zeros(case.placed[0].ink.shape, bool)
        for one in findings:
            covered[one.box.top : one.box.bottom, one.box.left : one.box.right] = True
        ink = np.zeros_like(covered)
        for placed in case.placed:
            ink |= placed.ink
            hit = bool(covered[placed.ink].mean() >= COVERED)
            for name in _classes(case, placed):
                self.hits[name][0] += hit
                self.hits[name][1] += 1
            self._text(placed, findings)
        self.other.append(_other(covered, case))
        self.boxes += len(findings)
        self.useless += sum(not ink[f.box.top : f.box.bottom, f.box.left : f.box.right].any() for f in findings)

    def _clean(self, reading: FileReading) -> None:
        for plane in reading.planes:
            covered = np.zeros((2048, 2048), bool)
            for one in plane.findings:
                covered[one.box.top : one.box.bottom, one.box.left : one.box.right] = True
            self.masked.append(float(covered.sum()))
            self.clean_boxes.append(len(plane.findings))

    def _text(self, placed: Placed, findings: Sequence[Finding]) -> None:
        best, most = None, 0
        for one in findings:
            if one.is_form:  # the whole plane: found as it is, but nobody's reading of this string
                continue
            inside = int(placed.ink[one.box.top : one.box.bottom, one.box.left : one.box.right].sum())
            if inside > most:
                best, most = one, inside
        if best is None or most < COVERED * placed.ink.sum():
            return
        if placed.turn != "mirrored":
            self.letters += len(placed.string.text)
            self.errors += min(len(placed.string.text), _distance(placed.string.text.upper(), best.text.upper()))
        if placed.string.kind != "short":
            harmless = best.judgement.verdict is Verdict.HARMLESS
            right = harmless if placed.string.kind == "harmless" else not harmless
            self.judged[placed.string.kind][0] += right
            self.judged[placed.string.kind][1] += 1

    def report(self, edge: int) -> dict[str, Any]:
        """Everything as plain numbers; intervals are Wilson's, 95 %."""
        recall = {name: interval(*counts) for name, counts in sorted(self.hits.items())}
        area = [part / edge**2 for part in self.masked]
        return {
            "recall": recall,
            "precision": round(1 - self.useless / max(1, self.boxes), 3),
            "clean_area_masked": round(float(np.mean(area)), 4) if area else None,
            "clean_area_masked_worst": round(max(area), 4) if area else None,
            "other_area_masked": round(float(np.mean(self.other)), 4) if self.other else None,
            "boxes_per_clean_frame": round(float(np.mean(self.clean_boxes)), 2) if area else None,
            "clean_frames": len(area),
            "character_error_rate": round(self.errors / max(1, self.letters), 4),
            "judged_right": {kind: interval(*counts) for kind, counts in sorted(self.judged.items())},
            "not_audited": self.failed,
        }


def interval(hits: int, count: int) -> dict[str, float | int]:
    """A share with its 95 % interval after Wilson."""
    if not count:
        return {"share": 0.0, "low": 0.0, "high": 1.0, "count": 0}
    low, high = wilson(hits, count)
    return {"share": round(hits / count, 4), "low": round(low, 4), "high": round(high, 4), "count": count}


MODALITIES = ("CT", "MR", "CR", "DX", "US", "NM", "photograph", "gradient", "flat")


def _other(covered: npt.NDArray[np.bool_], case: Case) -> float:
    """The part of a plane with text that is masked away from all of its strings."""
    free = covered.copy()
    for placed in case.placed:
        rows, columns = np.nonzero(placed.ink)
        room = 6 + placed.height // 2
        free[max(0, rows.min() - room) : rows.max() + room, max(0, columns.min() - room) : columns.max() + room] = False
    return float(free.mean())


def _bars(case: Case, placed: Placed) -> list[str]:
    """The classes that have an aim of their own."""
    short = len(placed.string.text) <= 2
    contrast = placed.contrast
    modality = next((name for name in MODALITIES if case.background.startswith(name)), case.background)
    bars = [
        "bar: caps 5-6 or 1-2 characters"
        if short or placed.height < 7
        else "bar: caps 7 and more, 3 characters and more",
        f"contrast {'under 30' if contrast < 30 else '30-59' if contrast < 60 else '60 and more'}",
        f"modality {modality}",
    ]
    # Nothing is left out: all strings count, and those that can be read count once more.
    legible = ["legible", *(f"legible, {name}" for name in bars)] if placed.legible else ["not legible"]
    return [*bars, *legible, f"then {case.finish or 'nothing'}"]


def _classes(case: Case, placed: Placed) -> list[str]:
    height = placed.height
    size = "5-6" if height <= 6 else "7-9" if height <= 9 else "10-16" if height <= 16 else "20-60"
    length = "1-2 characters" if len(placed.string.text) <= 2 else "3 characters and more"
    return [
        *_bars(case, placed), "all", f"cap height {size}", f"style {placed.style}", f"turned {placed.turn}", length,
        f"file {case.kind}",
        f"font {placed.font}",
        f"on {case.background}", f"string {placed.string.kind}",
    ]  # fmt: skip


def _distance(one: str, other: str) -> int:
    before = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        now = [row]
        for column, b in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (a != b)))
        before = now
    return before[-1]
