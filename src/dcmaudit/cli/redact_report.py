"""What ``dcmaudit redact`` says: how each file ended, and how many ended how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, say
from dcmaudit.cli.twins import Twins
from dcmaudit.model import Outcome, Reference, Result
from dcmaudit.model.counts import counted
from dcmaudit.report.redaction_lines import (
    GOOD,
    RedactionCounts,
    Telling,
    ToldRedaction,
    done_before_json,
    so_far,
    summary,
    unfinished_line,
)

if TYPE_CHECKING:
    from dcmaudit.pipeline.jobs import RedactionTask
    from dcmaudit.pipeline.remote import Target
    from dcmaudit.sources import Tally


class Report:
    """Tells how each file ended, and keeps the counts."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.telling = Telling(json=args.json, dry=args.dry_run, quiet=getattr(args, "quiet", False))
        """What is said of each file; it is said where the file is worked on."""
        self.counts = RedactionCounts(args.dry_run)
        self.unfinished: list[Reference] = []
        self._twins = Twins()
        self.put: Callable[[str], None] = lambda line: print(line, flush=True)
        """Where lines for standard output go."""
        self.one_done: Callable[[bool], None] = lambda _held: None
        """Called for each input that is through, with whether it was held back: not done as it was asked."""
        self.noted: Callable[[bytes], None] = lambda _seal: None
        """Called with the seal of each output, once its input is told."""

    @property
    def is_good(self) -> bool:
        """Whether every input ended well, and there was one."""
        return self.counts.is_good

    @property
    def exit_code(self) -> Exit:
        """What the command returns: text that is left is told from work that was not done."""
        if self.is_good:
            return Exit.GOOD
        return Exit.TEXT_LEFT if self.counts.is_text_left_alone else Exit.NOT_ALL

    def take(self, task: RedactionTask, answer: ToldRedaction | Exception) -> None:
        """What is said of one file, or the exception that its worker ended with."""
        if isinstance(answer, ToldRedaction):
            twin = self._twins.meet(answer.name, answer.instance)
            if twin is not None:
                say(twin)
            self._tell(answer)
            if answer.seal:
                self.noted(answer.seal)
            return
        from dcmaudit.pipeline.process import BrokenOffError, NotBegunError, reason_of

        if isinstance(answer, BrokenOffError):
            self.unfinished.append(task.reference)
            self.counts.unfinished += 1
        elif isinstance(answer, NotBegunError):
            self.counts.not_begun += 1
        else:
            self._plain(Result(task.reference.name, Outcome.FAILED, (reason_of(answer),)))

    def fail(self, name: str, reason: str) -> None:
        """A name that leads to no input."""
        self._plain(Result(name or "?", Outcome.FAILED, (reason,)), is_input=False)

    def refuse(self, name: str, reason: str) -> None:
        """An input whose output cannot be."""
        self._plain(Result(name, Outcome.REFUSED, (reason,)))

    def _plain(self, result: Result, *, is_input: bool = True) -> None:
        from dcmaudit.pipeline.jobs import RedactionReport

        self._tell(self.telling.of(RedactionReport(result)), is_input=is_input)

    def _tell(self, told: ToldRedaction, *, is_input: bool = True) -> None:
        self.counts.outcomes[told.outcome] += 1
        self.counts.partly += told.partly
        if is_input:
            self.one_done(told.outcome not in GOOD)
        for line in told.out:
            self.put(line)
        for line in told.words:
            say(line)

    def resume(self, name: str, output: Target | str, *, partly: bool = False) -> None:
        """An input whose output was there already, ``partly`` among the partly audited ones."""
        if self.telling.json:
            from dcmaudit.report.jsonlines import json_line

            self.put(json_line("redact", done_before_json(name, str(output), partly=partly)))
        self.counts.done_before += 1
        self.counts.partly += partly
        self.one_done(False)  # noqa: FBT003 - not held back

    def interrupted(self, total: int | None, is_there: Callable[[Reference], bool | None]) -> None:
        """Say what was finished and what was not; ``total`` is the number of inputs, None where nobody knows.

        Inputs whose process was lost are named; ``is_there`` says which of them has an output.
        """
        self._name_unfinished(is_there)
        kept = "what has an output is proved, and nothing else has one (--resume goes on)"
        say(f"interrupted: {so_far(self.counts, total)}; {kept}")

    def ended_at_once(self, total: int | None, is_there: Callable[[Reference], bool | None]) -> None:
        """As ``interrupted``, and name every input that was being worked on; ``is_there`` says which has an output."""
        self._name_unfinished(is_there)
        broken = f"{counted(len(self.unfinished), 'was broken off and is', 'were broken off and are')} named above, "
        say(f"ended at once: {broken}{so_far(self.counts, total)}; what has an output is proved (--resume goes on)")

    def _name_unfinished(self, is_there: Callable[[Reference], bool | None]) -> None:
        for reference in self.unfinished:
            say(unfinished_line(reference.name, is_there=is_there(reference)))

    def finish(self, tally: Tally) -> None:
        """The summary by outcome."""
        if self.telling.quiet and self.is_good:
            return
        for one in tally.named:
            say(f"{one.name}: passed over: {one.reason.value}")
        if self._twins.count:
            say(self._twins.words())
        print(summary(self.counts, {reason.value: count for reason, count in tally.passed.items()}), file=sys.stderr)
