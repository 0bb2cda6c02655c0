"""``dcmaudit rules``: ask rules about files, and make rules from marks."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from dcmaudit.cli import rulemaking
from dcmaudit.cli.common import Exit, add_common, add_ignore_sections, exit_codes, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place, where
from dcmaudit.cli.inputs import Inputs
from dcmaudit.cli.names import add_files
from dcmaudit.cli.progress import Progress, add_progress
from dcmaudit.errors import DcmauditError, RuleError
from dcmaudit.model.counts import counted
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.rules_check import (
    COLUMNS,
    RulesTotal,
    answer_lines,
    as_json,
    csv_rows,
    failed_row,
)

if TYPE_CHECKING:
    from dcmaudit.detect.rules import RuleSet
    from dcmaudit.model import Reference
    from dcmaudit.report.rules_check import FileAnswer
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally

NAME = "rules"
SUMMARY = "check deid recipes and CTP scripts, or make them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="say which rules match which files, and which devices have none",
        description="Say which rules match which files, what they would redact, and which devices no rule matches.",
        epilog=exit_codes(
            "every file was answered",
            "some were not, or a part of the rules can never do anything (with --strict: or no rule matched them)",
        ),
    )
    add_files(check, "DICOM files, wildcards, folders, lists, databases")
    check.add_argument(
        "--deid-rules", metavar="PATH",
        help="file or folder of rules (default: $SMI_ROOT/data/deid, else the rules that come with dcmaudit)",
    )  # fmt: skip
    add_ignore_sections(check)
    check.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    check.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(check)
    add_shard(check)
    add_progress(check)
    check.add_argument("--strict", action="store_true", help="end with 1 also where no rule matches a file")
    form = check.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="a table with one line a file and rule")
    form.add_argument("--json", action="store_true", help="one JSON object a file, then one with the summary")
    add_common(check)
    rulemaking.configure(actions)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Do one action; results go to standard output, everything else to standard error."""
    return rulemaking.run(args, settings) if args.action == "make" else _check(args, settings)


def _check(args: argparse.Namespace, settings: Settings) -> int:
    from dcmaudit.audit import rule_paths, rules_of
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.rules import ask_rules
    from dcmaudit.sources import Tally

    require_one_place(args)
    paths = rule_paths(args.deid_rules, settings)
    rules = rules_of(paths)
    if not getattr(args, "quiet", False):
        _introduce(rules)
    usable = _usable(paths, settings)
    report = _Report(args)
    tally = Tally()
    inputs = Inputs(args, settings)
    how = {"quiet": getattr(args, "quiet", False), "form": args.progress, "answers": True}
    try:
        with Progress("asking", inputs=inputs, **how) as progress:
            references = _references(inputs, tally, report)
            for reference, answer in workers.each(partial(ask_rules, paths), references, **where(args, settings)):
                report.take(reference, answer)
                progress.advance(isinstance(answer, Exception))
    except KeyboardInterrupt:
        # Without the lists of rules and devices that match nothing: nobody knows that yet.
        say(f"interrupted: what is not named above was not asked about; {report.total.summary(tally.summary())}")
        return Exit.INTERRUPTED
    for passed in tally.named:
        say(f"{passed.name}: passed over: {passed.reason.value}")
    total = report.total
    if not total.answered and not total.failed and has_nothing_to_do(args):
        return Exit.GOOD
    if not total.answered and not total.failed:
        say(f"no file to check; {tally.summary()}")
        return Exit.NOT_ALL
    report.finish(rules, tally)
    missed = total.unmatched if args.strict else 0
    return Exit.NOT_ALL if total.failed or total.undecided or missed or not usable else Exit.GOOD


def _usable(paths: tuple[str, ...], settings: Settings) -> bool:
    """Whether whatever acts on rules takes these; if not, why is said."""
    from dcmaudit.audit import checked_rules

    try:
        checked_rules(paths, ignore_sections=settings.ignore_sections)
    except RuleError as error:
        say(f"redact --deid and the reviewer refuse these rules: {error}")
        return False
    return True


def _introduce(rules: RuleSet) -> None:
    from dcmaudit.audit import unknown_fields

    for file in rules.files:
        ignored = f"; not used: {', '.join(file.ignored)}" if file.ignored else ""
        say(f"{file.path}: {counted(len(file.rules), 'rule')}{ignored}")
        for note in file.notes:
            say(f"{file.path}: line {note.line}: {note.message}")
    for name in unknown_fields(rules):
        say(f"no dictionary has the element {name}: misspelt? Rules that ask for it find it absent")


def _references(inputs: Inputs, tally: Tally, report: _Report) -> Iterator[Reference]:
    from dcmaudit.sources import Problem

    for found in inputs:
        if isinstance(found, Problem):
            report.fail(found.name, str(found))
        reference = tally.add(found)
        if reference is not None:
            yield reference


class _Report:
    """Prints answers as they come and keeps the counts."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._csv = csv.writer(sys.stdout, lineterminator="\n") if args.csv else None
        self._json: bool = args.json
        self.total = RulesTotal()
        if self._csv is not None:
            self._csv.writerow(COLUMNS)

    def take(self, reference: Reference, answer: FileAnswer | Exception) -> None:
        """One file: its answer, or why there is none."""
        if isinstance(answer, Exception):
            from dcmaudit.pipeline.process import reason_of

            known = isinstance(answer, DcmauditError)
            self.fail(reference.name, str(answer) if known else f"{reference.name}: {reason_of(answer)}")
            return
        self.total.add(answer)
        if self._csv is not None:
            self._csv.writerows(csv_rows(answer))
        elif self._json:
            print(json_line("rules-check", as_json(answer)))
        else:
            for line in answer_lines(answer):
                print(line)

    def fail(self, name: str, message: str) -> None:
        """One name that could not be answered."""
        self.total.failed += 1
        say(message)
        if self._csv is not None:
            self._csv.writerow(failed_row(name, message))
        elif self._json:
            print(json_line("rules-check", {"filename": name, "error": message}))

    def finish(self, rules: RuleSet, tally: Tally) -> None:
        """The summary: devices without a rule, rules without a file, and the counts."""
        if self._json:
            print(json_line("rules-check", self.total.record(rules.rules)))
        elif self._csv is None:
            print()
            for line in self.total.lines(rules.rules):
                print(line)
        say(self.total.summary(tally.summary()))
