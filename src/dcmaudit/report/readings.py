"""What a search for text found, in words and as JSON: file by file, and added up. The text itself never."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dcmaudit.model import Outcome, Result, Verdict
from dcmaudit.model.counts import counted
from dcmaudit.report.words import NOTHING_FOUND, inputs, not_begun, passed_over


class Read(Protocol):
    """What was found in one file, as far as it is told."""

    @property
    def verdict(self) -> Verdict | None:
        """The worst of its texts; None without text."""
        ...

    @property
    def planes(self) -> int:
        """The planes that were looked at."""
        ...

    @property
    def places(self) -> Sequence[Mapping[str, Any]]:
        """Where text is."""
        ...


@dataclass(slots=True)
class ReadingCounts:
    """A run of ``dcmaudit ocr`` added up. ``reads`` says whether text was read, and not only found."""

    reads: bool
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    verdicts: Counter[Verdict | None] = field(default_factory=Counter)
    done_before: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    """Of these how many were looked at with something that is another one now, by what."""
    not_begun: int = 0
    unfinished: int = 0
    reached: int = 0
    unsure: int = 0
    """Files in whose readable planes no text was found; others of their planes could not be looked at."""
    planes: int = 0
    different: int = 0
    places: int = 0

    @property
    def is_good(self) -> bool:
        """Whether every file was wholly looked at; and there was one."""
        return not set(self.outcomes) - {Outcome.DONE} and bool(self.outcomes.total() + self.done_before)

    def add_texts(self, outcome: Outcome, verdict: Verdict | None) -> None:
        """Count one file by the worst text on it."""
        if verdict is not None or outcome is Outcome.DONE:
            self.verdicts[verdict] += 1
        elif outcome is Outcome.PARTLY:  # nothing was found on what could be looked at: that is not "no text"
            self.unsure += 1


def as_json(result: Result, read: Read) -> dict[str, Any]:
    """How the file ended and where text is on it: the object that ``ocr --json`` prints."""
    return {
        "file": result.name, "outcome": result.outcome.value, "reasons": list(result.reasons),
        "verdict": None if read.verdict is None else read.verdict.name.lower(),
        "planes": read.planes, "places": list(read.places),
    }  # fmt: skip


def done_before_json(name: str) -> dict[str, Any]:
    """The same of a file that an earlier run looked at."""
    return {"file": name, "outcome": "done before", "reasons": [], "verdict": None, "planes": 0, "places": []}


def so_far(counts: ReadingCounts, total: int | None) -> str:
    """What a run that was ended has finished and what not; ``total`` None where nobody knows it."""
    done = counts.reached + counts.done_before
    left = not_begun(total, done + counts.unfinished, counts.not_begun)
    return f"{counted(done, 'input was', 'inputs were')} finished and what was found in them is recorded, {left}"


def summary_lines(counts: ReadingCounts, passed: Mapping[str, int]) -> Iterator[str]:
    """What became of all inputs, and what was found in them; ``passed`` counts by reason what was passed over."""
    outcomes = [f"{counts.outcomes[one]} {one.value}" for one in Outcome if counts.outcomes[one]]
    others = {
        "done before": counts.done_before,
        "not finished": counts.unfinished,
        "found and not begun": counts.not_begun,
    }
    outcomes += [f"{count} {what}" for what, count in others.items() if count]
    total = counts.outcomes.total() + sum(others.values())
    yield f"{inputs(total)}: {', '.join(outcomes) or NOTHING_FOUND}{passed_over(passed)}"
    for what, count in counts.changed.items():
        yield f"{count} of those done before were looked at with {what} (--review looks again)"
    words = {
        Verdict.IDENTIFYING: "with identifying text",
        Verdict.UNKNOWN: "with text that nobody knows" if counts.reads else "with text that was not read",
        Verdict.HARMLESS: "with harmless text", None: "without text",
    }  # fmt: skip
    texts = [f"{counts.verdicts[one]} {said}" for one, said in words.items() if counts.verdicts[one]]
    if counts.unsure:
        texts.append(f"{counts.unsure} without text as far as they could be looked at")
    if texts:
        where = f"{counted(counts.places, 'place')} on {counted(counts.planes, 'plane')}"
        yield f"{', '.join(texts)}; {where}, {counts.different} different"
