"""What ``dcmaudit redact`` says: how each file ended, and how many ended how."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, say
from dcmaudit.cli.twins import Twins
from dcmaudit.model import Outcome, Reference, Result
from dcmaudit.model.texts import printable
from dcmaudit.report.words import NOTHING_FOUND, inputs, passed_over

if TYPE_CHECKING:
    from dcmaudit.pipeline.jobs import RedactionReport, RedactionTask
    from dcmaudit.pipeline.remote import Target
    from dcmaudit.sources import Tally


_GOOD = frozenset({Outcome.DONE, Outcome.COPIED})
"""How an input ends where there is nothing to say."""


class Report:
    """Tells how each file ended, and keeps the counts."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._json: bool = args.json
        self._dry: bool = args.dry_run
        self._quiet: bool = getattr(args, "quiet", False)
        self._counts: Counter[Outcome] = Counter()
        self.resumed = 0
        self.partly = 0
        self.outputs = 0
        self.not_begun = 0
        self.unfinished: list[Reference] = []
        self._twins = Twins()
        self.put: Callable[[str], None] = lambda line: print(line, flush=True)
        """Where lines for standard output go."""
        self.one_done: Callable[[bool], None] = lambda _held: None
        """Called for each input that is through, with whether it was held back: not done as it was asked."""

    @property
    def is_good(self) -> bool:
        """Whether every input ended well, and there was one."""
        return set(self._counts) <= _GOOD and bool(self._counts or self.resumed) and not self.partly

    @property
    def exit_code(self) -> Exit:
        """What the command returns: text that is left is told from work that was not done."""
        if self.is_good:
            return Exit.GOOD
        is_told = set(self._counts) <= {*_GOOD, Outcome.TEXT_LEFT} and self._counts and not self.partly
        return Exit.TEXT_LEFT if is_told else Exit.NOT_ALL

    def take(self, task: RedactionTask, answer: RedactionReport | Exception) -> None:
        """One file's report, or the exception that its worker ended with."""
        from dcmaudit.pipeline.jobs import RedactionReport
        from dcmaudit.pipeline.process import BrokenOffError, CrashError, NotBegunError

        if isinstance(answer, BrokenOffError):
            self.unfinished.append(task.reference)
            return
        if isinstance(answer, NotBegunError):
            self.not_begun += 1
            return
        if not isinstance(answer, RedactionReport):
            # The words of a foreign exception may quote the file; its kind does not.
            reason = str(answer) if isinstance(answer, CrashError) else f"internal error: {type(answer).__name__}"
            answer = RedactionReport(Result(task.reference.name, Outcome.FAILED, (reason,)))
        twin = self._twins.meet(answer.result.name, answer.instance)
        if twin is not None:
            say(twin)
        self._tell(answer)

    def fail(self, name: str, reason: str) -> None:
        """A name that leads to no input."""
        self._plain(Result(name or "?", Outcome.FAILED, (reason,)), is_input=False)

    def refuse(self, name: str, reason: str) -> None:
        """An input whose output cannot be."""
        self._plain(Result(name, Outcome.REFUSED, (reason,)))

    def _plain(self, result: Result, *, is_input: bool = True) -> None:
        from dcmaudit.pipeline.jobs import RedactionReport

        self._tell(RedactionReport(result), is_input=is_input)

    def _tell(self, report: RedactionReport, *, is_input: bool = True) -> None:
        result = report.result
        self._counts[result.outcome] += 1
        self.partly += report.partly
        if is_input:
            self.one_done(result.outcome not in _GOOD)
        if self._json:
            from dcmaudit.report.jsonlines import json_line
            from dcmaudit.report.redactions import as_json

            self.put(json_line("redact", as_json(report)))
        elif self._dry:
            self.put(f"{printable(result.name)}: {self._word(result.outcome)}")
            for line in report.plan:
                self.put(f"  {printable(line)}")
            told = "\n".join(report.plan)  # what only the encoders know is not in the plan's own lines
            for reason in [*result.reasons] if result.outcome is not Outcome.PARTLY else ():
                if reason not in told:
                    self.put(f"  cannot be done: {printable(reason)}")
        elif report.output is not None and not self._quiet:
            how = result.outcome.value if result.outcome is Outcome.COPIED else "proved"
            say(f"{result.name}: {how}{', partly audited' if report.partly else ''}: {report.output}")
        for note in report.notes:
            if not self._quiet:
                say(f"{result.name}: {note}")
        if result.outcome not in _GOOD:
            for reason in result.reasons:
                say(f"{result.name}: {result.outcome.value}: {reason}")

    def _word(self, outcome: Outcome) -> str:
        """How an input ended; in a dry run nothing did."""
        words = {Outcome.DONE: "can be redacted", Outcome.COPIED: "can be copied unchanged"} if self._dry else {}
        return {Outcome.DONE: "redacted and proved", **words}.get(outcome, str(outcome.value))

    def resume(self, name: str, output: Target, *, partly: bool = False) -> None:
        """An input whose output was there already, ``partly`` among the partly audited ones."""
        if self._json:
            from dcmaudit.report.jsonlines import json_line

            self.put(
                json_line("redact", {"file": name, "outcome": "done before", "partly": partly, "output": str(output)})
            )
        self.resumed += 1
        self.partly += partly
        self.one_done(False)  # noqa: FBT003 - not held back

    def interrupted(self, total: int | None) -> None:
        """Say what was finished and what was not; ``total`` is the number of inputs, None where nobody knows."""
        kept = "what has an output is proved, and nothing else has one (--resume goes on)"
        say(f"interrupted: {self._so_far(total)}; {kept}")

    def ended_at_once(self, total: int | None, is_there: Callable[[Reference], bool | None]) -> None:
        """As ``interrupted``, and name every input that was being worked on; ``is_there`` says which has an output."""
        for reference in self.unfinished:
            # An output that is there got its name, as only proved ones do, in the moment in which the run ended.
            words = {True: "but its output is there and was proved", False: "and has no output",
                     None: "and may or may not have its output"}  # fmt: skip
            say(f"{reference.name}: not finished, {words[is_there(reference)]}")
        broken = f"{len(self.unfinished)} were broken off and are named above, "
        say(f"ended at once: {broken}{self._so_far(total)}; what has an output is proved (--resume goes on)")

    def _so_far(self, total: int | None) -> str:
        done = self._counts.total() + self.resumed + self.outputs
        left = "the others were not begun"
        if total is not None:
            left = f"{max(total - done - len(self.unfinished), self.not_begun)} were not begun"
        return f"{done} inputs were finished and are told above, {left}"

    def finish(self, tally: Tally) -> None:
        """The summary by outcome."""
        if self._quiet and self.is_good:
            return
        for one in tally.named:
            say(f"{one.name}: passed over: {one.reason.value}")
        parts = [f"{self._counts[outcome]} {self._word(outcome)}" for outcome in Outcome if self._counts[outcome]]
        if self.resumed:
            parts.append(f"{self.resumed} done before")
        if self.partly > self._counts[Outcome.PARTLY]:
            parts.append(f"{self.partly} of all these partly audited")
        parts += [f"{len(self.unfinished)} not finished"] if self.unfinished else []
        parts += [f"{self.not_begun} not begun"] if self.not_begun else []
        left = passed_over({reason.value: count for reason, count in tally.passed.items()}
                           | {"named like outputs": self.outputs})  # fmt: skip
        what = " (planned, nothing written)" if self._dry else ""
        total = self._counts.total() + len(self.unfinished) + self.not_begun
        if self._twins.count:
            say(self._twins.words())
        print(
            f"{inputs(total)}{what}: {', '.join(parts) or NOTHING_FOUND}{left}",
            file=sys.stderr,
        )
