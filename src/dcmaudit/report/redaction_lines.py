"""What ``dcmaudit redact`` says: the line of one input, as text and as JSON, and a run added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcmaudit.model import Outcome
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.model.travel import Travels
from dcmaudit.report.words import NOTHING_FOUND, inputs, not_begun, passed_over

if TYPE_CHECKING:
    from dcmaudit.report.redactions import Redacted

GOOD = frozenset({Outcome.DONE, Outcome.COPIED})
"""How an input ends where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class ToldRedaction(Travels):
    """How one file ended, in lines that are finished where it was worked on: what travels is small, whatever it says.

    ``out`` goes to standard output, ``words`` to standard error. ``instance`` tells two files of one instance,
    ``seal`` the output from others, empty where a run that goes on proves it again.
    """

    name: str
    outcome: Outcome
    out: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    partly: bool = False
    instance: bytes | None = None
    seal: bytes = b""


@dataclass(frozen=True, slots=True)
class Telling:
    """How a run tells its files: as ``json``, as plans of a ``dry`` run, or ``quiet`` but for problems."""

    json: bool = False
    dry: bool = False
    quiet: bool = False

    def of(self, report: Redacted, instance: bytes | None = None, seal: bytes = b"") -> ToldRedaction:
        """Everything that is said of one file."""
        out: tuple[str, ...] = ()
        words: list[str] = []
        if self.json:
            # Loaded where they are asked for: most runs tell people.
            from dcmaudit.report.jsonlines import json_line
            from dcmaudit.report.redactions import as_json

            out = (json_line("redact", as_json(report)),)
        elif self.dry:
            out = tuple(dry_lines(report))
        elif report.output is not None and not self.quiet:
            words.append(written_line(report))
        if not self.quiet:
            words += [f"{report.result.name}: {note}" for note in report.notes]
        words += problem_lines(report)
        result = report.result
        return ToldRedaction(result.name, result.outcome, out, tuple(words), report.partly, instance, seal)


@dataclass(slots=True)
class RedactionCounts:
    """A run added up. ``is_dry``: nothing was written."""

    is_dry: bool
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    done_before: int = 0
    partly: int = 0
    outputs: int = 0
    """Inputs that were passed over because they are named like outputs."""
    not_begun: int = 0
    unfinished: int = 0

    @property
    def is_good(self) -> bool:
        """Whether every input ended well, and there was one."""
        return set(self.outcomes) <= GOOD and bool(self.outcomes or self.done_before) and not self.partly

    @property
    def is_text_left_alone(self) -> bool:
        """Whether nothing went wrong but that text is left."""
        return set(self.outcomes) <= {*GOOD, Outcome.TEXT_LEFT} and bool(self.outcomes) and not self.partly


def done_before_json(name: str, output: str, *, partly: bool) -> dict[str, Any]:
    """What ``redact --json`` prints of an input whose output was there already."""
    return {"file": name, "outcome": "done before", "partly": partly, "output": output}


def outcome_word(outcome: Outcome, *, is_dry: bool) -> str:
    """How an input ended; in a dry run nothing did."""
    words = {Outcome.DONE: "can be redacted", Outcome.COPIED: "can be copied unchanged"} if is_dry else {}
    return {Outcome.DONE: "redacted and proved", **words}.get(outcome, str(outcome.value))


def dry_lines(report: Redacted) -> Iterator[str]:
    """What would become of one input: its plan, and what cannot be done."""
    result = report.result
    yield f"{printable(result.name)}: {outcome_word(result.outcome, is_dry=True)}"
    for line in report.plan:
        yield f"  {printable(line)}"
    told = "\n".join(report.plan)  # what only the encoders know is not in the plan's own lines
    for reason in result.reasons if result.outcome is not Outcome.PARTLY else ():
        if reason not in told:
            yield f"  cannot be done: {printable(reason)}"


def written_line(report: Redacted) -> str:
    """Of an input that has an output: how it came about, and where it is."""
    how = Outcome.COPIED.value if report.result.outcome is Outcome.COPIED else "proved"
    return f"{report.result.name}: {how}{', partly audited' if report.partly else ''}: {report.output}"


def problem_lines(report: Redacted) -> Iterator[str]:
    """The reasons of an input that did not end well."""
    result = report.result
    for reason in result.reasons if result.outcome not in GOOD else ():
        yield f"{result.name}: {result.outcome.value}: {reason}"


def unfinished_line(name: str, *, is_there: bool | None) -> str:
    """Of an input that was being worked on when the run ended; ``is_there`` None: its output cannot be asked for."""
    # An output that is there got its name, as only proved ones do, in the moment in which the run ended.
    words = {True: "but its output is there and was proved", False: "and has no output",
             None: "and may or may not have its output"}  # fmt: skip
    return f"{name}: not finished, {words[is_there]}"


def so_far(counts: RedactionCounts, total: int | None) -> str:
    """What a run that was ended has finished and what not; ``total`` None where nobody knows it."""
    done = counts.outcomes.total() + counts.done_before + counts.outputs
    left = not_begun(total, done + counts.unfinished, counts.not_begun)
    return f"{counted(done, 'input was finished and is', 'inputs were finished and are')} told above, {left}"


def summary(counts: RedactionCounts, passed: Mapping[str, int]) -> str:
    """A run in one line; ``passed`` counts by reason what was passed over."""
    outcomes = counts.outcomes
    parts = [f"{outcomes[one]} {outcome_word(one, is_dry=counts.is_dry)}" for one in Outcome if outcomes[one]]
    if counts.done_before:
        parts.append(f"{counts.done_before} done before")
    # Some ended otherwise and hold parts that nobody saw, too.
    if counts.partly > outcomes[Outcome.PARTLY]:
        parts.append(f"{counts.partly} of all these partly audited")
    parts += [f"{counts.unfinished} not finished"] if counts.unfinished else []
    parts += [f"{counts.not_begun} found and not begun"] if counts.not_begun else []
    left = passed_over({**passed, "named like outputs": counts.outputs})
    what = " (planned, nothing written)" if counts.is_dry else ""
    total = outcomes.total() + counts.unfinished + counts.not_begun
    return f"{inputs(total)}{what}: {', '.join(parts) or NOTHING_FOUND}{left}"
