"""What ``dcmaudit ocr`` says: what was found, how each file ended, and what was not reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dcmaudit.cli.common import say
from dcmaudit.cli.twins import Twins
from dcmaudit.model import Outcome, Reference, Result
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.readings import ReadingCounts, as_json, done_before_json, so_far, summary_lines

if TYPE_CHECKING:
    from dcmaudit.pipeline.list_looks import ListedLook, Stamp
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

    @property
    def written_ns(self) -> int | None:
        """When the run began that wrote them last, in nanoseconds since 1970; None where none are in it already."""
        ...

    def looks_of(self, reference: Reference, stamp: Stamp | None) -> tuple[ListedLook, ...] | None:
        """The looks that made the lines of a file that is in them already; None where nobody noted that, none where
        they were at another file. ``stamp`` is what ``stamps_of`` says of it now.
        """
        ...

    def note(self, files: Iterable[tuple[str, str]]) -> None:
        """Note how the lines of each of some files were made, before they are added: name and lines of each."""
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
        self._counts = ReadingCounts(job.read)
        self._unfinished: list[Reference] = []
        self._twins = Twins()
        self._at_once = False

    @property
    def is_good(self) -> bool:
        """Whether every file was wholly looked at; and there was one."""
        return self._counts.is_good

    @property
    def is_broken_off(self) -> bool:
        """Whether the run was ended at once, by the second Ctrl+C."""
        return self._at_once

    def skip(self, name: str, changed: str | None = None) -> None:
        """An input that was done before; ``changed`` is what was used then and is another one now."""
        self._counts.done_before += 1
        if changed is not None:
            self._counts.changed[changed] += 1
        if self._json:
            self._put(done_before_json(name))
        self._progress.advance(held=False)

    def other(self, name: str, former: str, *, is_done: bool) -> None:
        """An input that was looked at with other options, ``former``: what was found then would be lost.

        Not ``is_done``: that look, or one after it, did not reach everything.
        """
        reason = f"looked at before with {former}"
        if not is_done:
            reason += ", and not all of it was reached since: ask no less"
        reason += f"{':' if is_done else ', or'} --review looks again and replaces what was found"
        self._counts.outcomes[Outcome.REFUSED] += 1
        if self._json:
            self._put(done_before_json(name) | {"outcome": Outcome.REFUSED.value, "reasons": [reason]})
        self._progress.print(printable(f"{name}: {Outcome.REFUSED.value}: {reason}"))
        self._progress.advance(held=True)

    def take(self, reference: Reference, answer: OcrAnswer | Exception) -> None:
        """What was found in one file, or the exception that its worker ended with: stored soon, and then counted."""
        from dcmaudit.pipeline.process import BrokenOffError, NotBegunError

        if isinstance(answer, BrokenOffError):
            self._unfinished.append(reference)
            self._counts.unfinished += 1
            return
        if isinstance(answer, NotBegunError):
            self._counts.not_begun += 1
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
        counts = self._counts
        counts.reached += 1
        twin = self._twins.meet(result.name, answer.instance)
        if twin is not None:
            self._progress.print(printable(twin))
        counts.add_texts(result.outcome, answer.verdict)
        counts.planes += answer.planes
        counts.different += answer.looked_at
        counts.places += answer.boxes
        self._progress.advance(held=result.outcome is not Outcome.DONE)

    def problem(self, problem: Problem) -> None:
        """A name that leads to nothing that can be read; where there is something, the database keeps why."""
        result = Result(problem.name, Outcome.FAILED, (problem.words,))
        self._intake.take(self._failed(result, is_kept=_is_image(problem)))

    def _answered(self, reference: Reference, answer: OcrAnswer | Exception) -> OcrAnswer:
        from dcmaudit.pipeline.process import ClusterLostError, reason_of
        from dcmaudit.pipeline.readings import OcrAnswer

        if isinstance(answer, OcrAnswer):
            return answer
        # Where nobody looked at it, there is nothing to keep of it.
        is_kept = not isinstance(answer, ClusterLostError)
        made = self._failed(Result(reference.name, Outcome.FAILED, (reason_of(answer),)), is_kept=is_kept)
        return replace(made, is_about_name=False)

    def _failed(self, result: Result, *, is_kept: bool) -> OcrAnswer:
        from dcmaudit.model import FileReading
        from dcmaudit.pipeline.readings import Wanted, answer_of

        made = answer_of(self._job, Wanted(rows=self._keeps and is_kept), FileReading(result))
        return replace(made, is_about_name=True)

    def _count(self, result: Result, answer: OcrAnswer) -> None:
        self._counts.outcomes[result.outcome] += 1
        if self._json:
            self._put(as_json(result, answer))
        if result.outcome is not Outcome.DONE:
            for reason in result.reasons:
                self._progress.print(printable(f"{result.name}: {result.outcome.value}: {reason}"))

    def _put(self, record: dict[str, Any]) -> None:
        self._progress.output(json_line("ocr", record))

    def interrupted(self, total: int | None, going_on: str) -> None:
        """Say what was finished and what was not; ``total`` is the number of files, None where nobody knows.

        ``going_on`` says how to go on where this run ended.
        """
        self._name_unfinished()
        say(f"interrupted: {so_far(self._counts, total)}{going_on}")

    def ended_at_once(self, total: int | None, going_on: str) -> None:
        """As ``interrupted``, and name every file that was being worked on."""
        self.store()
        self._at_once = True
        self._name_unfinished()
        broken = f"{counted(len(self._unfinished), 'was broken off and is', 'were broken off and are')} named above, "
        say(f"ended at once: {broken}{so_far(self._counts, total)}{going_on}")

    def _name_unfinished(self) -> None:
        for reference in self._unfinished:
            say(f"{reference.name}: not finished, and nothing that was found in it now is recorded")

    def summary(self, tally: Tally) -> str:
        """What became of everything, in one line or two, and what this way of looking is measured to miss."""
        from dcmaudit.detect.ocr import finder_for, what_is_missed

        passed = {reason.value: count for reason, count in tally.passed.items()}
        lines = [*summary_lines(self._counts, passed)]
        if self._counts.different:
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
