"""What ``dcmaudit ocr`` says: what was found, how each file ended, and what was not reached."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dcmaudit.cli.common import say
from dcmaudit.cli.twins import Twins
from dcmaudit.model import Outcome, Reference, Result, Verdict
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.words import NOTHING_FOUND, inputs, passed_over

if TYPE_CHECKING:
    from dcmaudit.pipeline.ocr import OcrJob
    from dcmaudit.pipeline.readings import OcrAnswer
    from dcmaudit.sources import Problem, Tally
    from dcmaudit.store import Store


class Sink(Protocol):
    """Somewhere that lines of CSV go; ``done`` names the files that are in it already."""

    @property
    def done(self) -> frozenset[str]:
        """The files that need not be done again."""
        ...

    def add(self, lines: str) -> None:
        """Write the lines of one file or of several."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


class Report:
    """Takes the answers one by one, stores them, and counts."""

    def __init__(
        self, job: OcrJob, store: Store | None, sink: Sink | None, progress: ProgressLike, *, json: bool = False
    ) -> None:
        """``json``: one JSON line a file on standard output."""
        from dcmaudit.pipeline.readings import ReadingIntake

        self._job, self._progress, self._json = job, progress, json
        self._keeps = store is not None
        self._intake = ReadingIntake(store, sink, job.reader, self._stored)
        self._outcomes: Counter[Outcome] = Counter()
        self._verdicts: Counter[Verdict | None] = Counter()
        self._planes = self._looked = self._skipped = self._boxes = self._unsure = self._reached = self._not_begun = 0
        self._unfinished: list[Reference] = []
        self._twins = Twins()
        self._at_once = False

    @property
    def is_good(self) -> bool:
        """Whether every file was wholly looked at; and there was one."""
        return not set(self._outcomes) - {Outcome.DONE} and bool(self._outcomes.total() + self._skipped)

    @property
    def is_broken_off(self) -> bool:
        """Whether the run was ended at once, by the second Ctrl+C."""
        return self._at_once

    def skip(self, name: str) -> None:
        """An input that was done before."""
        self._skipped += 1
        if self._json:
            self._put({"file": name, "outcome": "done before"} | _NOTHING)
        self._progress.advance(held=False)

    def take(self, reference: Reference, answer: OcrAnswer | Exception) -> None:
        """What was found in one file, or the exception that its worker ended with: stored soon, and then counted."""
        from dcmaudit.pipeline.process import BrokenOffError, NotBegunError

        if isinstance(answer, BrokenOffError):
            self._unfinished.append(reference)
            return
        if isinstance(answer, NotBegunError):
            self._not_begun += 1
            return
        self._intake.take(self._answered(reference, answer))

    def rest(self) -> None:
        """Store what has waited for long; called now and then while nobody answers."""
        self._intake.store_due()

    def store(self) -> None:
        """Store and count what is left."""
        self._intake.store()

    def _stored(self, answer: OcrAnswer, result: Result) -> None:
        """One answer is stored, or could not be: ``result`` is how the file ended."""
        self._count(result, answer)
        if answer.is_about_name:
            return
        self._reached += 1
        twin = self._twins.meet(result.name, answer.instance)
        if twin is not None:
            self._progress.print(printable(twin))
        if answer.verdict is not None or result.outcome is Outcome.DONE:
            self._verdicts[answer.verdict] += 1
        elif result.outcome is Outcome.PARTLY:  # nothing was found on what could be looked at: that is not "no text"
            self._unsure += 1
        self._planes += answer.planes
        self._looked += answer.looked_at
        self._boxes += answer.boxes
        self._progress.advance(held=result.outcome is not Outcome.DONE)

    def problem(self, problem: Problem) -> None:
        """A name that leads to nothing that can be read; where there is something, the database keeps why."""
        where = f" [{problem.where}]" if problem.where else ""
        result = Result(problem.name, Outcome.FAILED, (f"{problem.error.words}{where}",))
        self._intake.take(self._failed(result, is_kept=_is_image(problem)))

    def _answered(self, reference: Reference, answer: OcrAnswer | Exception) -> OcrAnswer:
        from dcmaudit.pipeline.process import CrashError
        from dcmaudit.pipeline.readings import OcrAnswer

        if isinstance(answer, OcrAnswer):
            return answer
        # The words of a foreign exception may quote the file; its kind does not.
        reason = str(answer) if isinstance(answer, CrashError) else f"internal error: {type(answer).__name__}"
        made = self._failed(Result(reference.name, Outcome.FAILED, (reason,)), is_kept=True)
        return replace(made, is_about_name=False)

    def _failed(self, result: Result, *, is_kept: bool) -> OcrAnswer:
        from dcmaudit.model import FileReading
        from dcmaudit.pipeline.readings import Wanted, answer_of

        made = answer_of(self._job, Wanted(rows=self._keeps and is_kept), FileReading(result))
        return replace(made, is_about_name=True)

    def _count(self, result: Result, answer: OcrAnswer) -> None:
        self._outcomes[result.outcome] += 1
        if self._json:
            self._put(_as_json(result, answer))
        if result.outcome is not Outcome.DONE:
            for reason in result.reasons:
                self._progress.print(printable(f"{result.name}: {result.outcome.value}: {reason}"))

    def _put(self, record: dict[str, Any]) -> None:
        self._progress.output(json_line("ocr", record))

    def interrupted(self, total: int | None, going_on: str) -> None:
        """Say what was finished and what was not; ``total`` is the number of files, None where nobody knows.

        ``going_on`` says how to go on where this run ended.
        """
        say(f"interrupted: {self._so_far(total)}{going_on}")

    def ended_at_once(self, total: int | None, going_on: str) -> None:
        """As ``interrupted``, and name every file that was being worked on."""
        self.store()
        self._at_once = True
        for reference in self._unfinished:
            say(f"{reference.name}: not finished, and nothing that was found in it now is recorded")
        broken = f"{len(self._unfinished)} were broken off and are named above, "
        say(f"ended at once: {broken}{self._so_far(total)}{going_on}")

    def _so_far(self, total: int | None) -> str:
        done = self._reached + self._skipped
        left = "the others were not begun"
        if total is not None:
            left = f"{max(total - done - len(self._unfinished), self._not_begun)} were not begun"
        return f"{done} inputs were finished and what was found in them is recorded, {left}"

    def summary(self, tally: Tally) -> str:
        """What became of everything, in one line or two, and what this way of looking is measured to miss."""
        from dcmaudit.detect.ocr import finder_for, what_is_missed

        outcomes = [f"{self._outcomes[one]} {one.value}" for one in Outcome if self._outcomes[one]]
        if self._skipped:
            outcomes.append(f"{self._skipped} done before")
        outcomes += [f"{len(self._unfinished)} not finished"] if self._unfinished else []
        outcomes += [f"{self._not_begun} not begun"] if self._not_begun else []
        words = {
            Verdict.IDENTIFYING: "with identifying text",
            Verdict.UNKNOWN: "with text that nobody knows" if self._job.read else "with text that was not read",
            Verdict.HARMLESS: "with harmless text", None: "without text",
        }  # fmt: skip
        texts = [f"{self._verdicts[one]} {said}" for one, said in words.items() if self._verdicts[one]]
        if self._unsure:
            texts.append(f"{self._unsure} without text as far as they could be looked at")
        total = self._outcomes.total() + self._skipped + len(self._unfinished) + self._not_begun
        passed = passed_over({reason.value: count for reason, count in tally.passed.items()})
        lines = [f"{inputs(total)}: {', '.join(outcomes) or NOTHING_FOUND}{passed}"]
        if texts:
            lines.append(f"{', '.join(texts)}; {self._boxes} places on {self._planes} planes, {self._looked} different")
        if self._looked:
            lines.append(what_is_missed(finder_for(self._job.finder, self._job.mode), self._job.mode))
        lines += [self._twins.words()] if self._twins.count else []
        return "\n".join(lines)


def _is_image(problem: Problem) -> bool:
    """Whether a file is there that should have been an image: not a mistyped name, a list or a text that was named."""
    from dcmaudit.errors import ListError, NotDicomError
    from dcmaudit.sources import LocalReference

    path = LocalReference(problem.name).path
    is_other = isinstance(problem.error, ListError) or (
        isinstance(problem.error, NotDicomError) and not path.lower().endswith(".dcm")
    )
    return Path(path).is_file() and not is_other


class ProgressLike(Protocol):
    """What the report needs of a progress bar."""

    def advance(self, *, held: bool) -> None:
        """One more file is through; ``held`` says that it was not done wholly."""
        ...

    def print(self, line: str) -> None:
        """A line on standard error, above the bar where there is one."""
        ...

    def output(self, line: str) -> None:
        """A line on standard output, at once."""
        ...


_NOTHING: dict[str, Any] = {"reasons": [], "verdict": None, "planes": 0, "places": []}
"""What is told of a file that was not looked at now."""


def _as_json(result: Result, answer: OcrAnswer) -> dict[str, Any]:
    """How the file ended and where text is on it; the text itself never."""
    return {
        "file": result.name, "outcome": result.outcome.value, "reasons": list(result.reasons),
        "verdict": None if answer.verdict is None else answer.verdict.name.lower(),
        "planes": answer.planes, "places": list(answer.places),
    }  # fmt: skip
