"""Scores of files, one by one and added up: how many strings are hidden, with an interval, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from dcmaudit.model.counts import counted
from dcmaudit.model.scores import FileScore, Trace
from dcmaudit.model.texts import printable


@dataclass(slots=True)
class Total:
    """Scores of many files, added up. Numbers of strings are by what became of them, as words."""

    files: int = 0
    missing: int = 0
    """Files whose output is missing or cannot be compared."""
    in_part: int = 0
    """Files of which some planes cannot be compared."""
    strings: Counter[str] = field(default_factory=Counter)
    unplaced: int = 0
    planes: int = 0
    unchanged: int = 0
    pixels: int = 0
    kept: int = 0
    clean_files: int = 0
    """Files in which the key names nothing to hide."""
    clean_kept: int = 0
    """Of those, the ones of which every plane is what it was."""
    md5: int = 0
    md5_kept: int = 0

    def add(self, score: FileScore) -> None:
        """Add the score of one file."""
        self.files += 1
        without = score.problem is not None and not score.kept and not score.unchanged
        self.missing += without
        self.in_part += score.problem is not None and not without
        self.strings.update(one.trace.value for one in score.strings)
        self.unplaced += score.unplaced
        self.planes += score.planes
        self.unchanged += score.unchanged
        self.pixels += score.pixels
        self.kept += score.kept
        if not score.strings and not score.unplaced:
            self.clean_files += 1
            self.clean_kept += score.planes == score.unchanged and score.problem is None
        if score.md5_kept is not None:
            self.md5 += 1
            self.md5_kept += score.md5_kept

    @property
    def is_good(self) -> bool:
        """Whether every string is hidden, every output could be compared, and no digest is another one."""
        is_whole = self.hidden == self.judged and not self.missing and not self.in_part and not self.unplaced
        return is_whole and self.md5 == self.md5_kept

    @property
    def judged(self) -> int:
        """Strings that count: all but those under which the original is empty."""
        return sum(self.strings.values()) - self.strings["empty"]

    @property
    def hidden(self) -> int:
        """Strings of which nothing is left."""
        return self.strings["hidden"]

    def lines(self) -> Iterator[str]:
        """The whole as a table for people."""
        low, high = wilson(self.hidden, self.judged)
        missing = counted(self.missing, "has", "have")
        yield f"files            {self.files}, of which {missing} no output that can be compared"
        if self.in_part:
            yield f"                 {self.in_part} could be compared only in part"
        empty = counted(self.strings["empty"], "place was", "places were")
        more = f"; {empty} empty before" if self.strings["empty"] else ""
        yield f"strings          {self.judged} on all planes{more}"
        if self.judged:
            yield (
                f"hidden           {self.hidden} ({_percent(self.hidden, self.judged)}; 95 % interval "
                f"{100 * low:.1f} to {100 * high:.1f} %)"
            )
            yield f"left in part     {self.strings['in part']}"
            yield f"left             {self.strings['left']}"
            yield f"without output   {self.strings['no output']}"
        if self.unplaced:
            unplaced = counted(self.unplaced, "string")
            yield f"not judged       {unplaced}, whose place the key does not tell or no plane shows"
        yield f"pixels kept      {_percent(self.kept, self.pixels)} of those outside of the strings"
        yield f"planes unchanged {self.unchanged} of {self.planes} outside of the strings"
        if self.clean_files:
            yield f"nothing to hide  {counted(self.clean_files, 'file')}; {self.clean_kept} kept every pixel"
        if self.md5:
            yield f"pixel digests    {self.md5_kept} of {self.md5} are what the key asks for"

    def record(self) -> dict[str, Any]:
        """The same as plain numbers."""
        low, high = wilson(self.hidden, self.judged)
        return {
            "files": self.files, "missing": self.missing, "in_part": self.in_part,
            "strings": self.judged, "hidden": self.hidden, "left_in_part": self.strings["in part"],
            "left": self.strings["left"], "without_output": self.strings["no output"],
            "empty_places": self.strings["empty"], "not_judged": self.unplaced,
            "recall": round(self.hidden / self.judged, 6) if self.judged else None,
            "interval": [round(low, 6), round(high, 6)] if self.judged else None,
            "pixels_kept": round(self.kept / self.pixels, 6) if self.pixels else None,
            "planes": self.planes, "planes_unchanged": self.unchanged,
            "clean_files": self.clean_files, "clean_files_kept": self.clean_kept,
            "digests": self.md5, "digests_kept": self.md5_kept,
        }  # fmt: skip


def file_record(score: FileScore) -> dict[str, Any]:
    """The object that ``score --json`` prints for one file; edges of boxes are inclusive."""
    return {
        "file": score.name, "problem": score.problem, "not_judged": score.unplaced,
        "strings": [
            {"plane": one.address.key, "box": list(one.box.inclusive), "state": one.trace.value}
            for one in score.strings
        ],
        "pixels": score.pixels, "kept": score.kept, "planes": score.planes, "planes_unchanged": score.unchanged,
        "digest_kept": score.md5_kept,
    }  # fmt: skip


def left_lines(score: FileScore) -> Iterator[str]:
    """A line for each string of the file that is not hidden."""
    for one in score.strings:
        if one.trace not in {Trace.HIDDEN, Trace.EMPTY}:
            left, top, right, bottom = one.box.inclusive
            yield f"{printable(score.name)}: {one.address.key} {left},{top},{right},{bottom}: {one.trace.value}"


def _percent(part: int, whole: int) -> str:
    # Never rounded up to all of it: 99.999 % hidden is a leak.
    if not whole or part == whole:
        return "100 %" if whole else "-"
    return f"{min(100 * part / whole, 99.99):.2f} %"


def wilson(hits: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson, 0 to 1; (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, z * z / trials
    centre, half = share + square / 2, z * sqrt(share * (1 - share) / trials + square / (4 * trials))
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))
