"""The command itself: every examination in order, told as lines or as JSON."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, exit_codes
from dcmaudit.cli.doctor import machine, parts
from dcmaudit.cli.doctor.findings import Examination, examined
from dcmaudit.report.examinations import Finding, State, summary
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

NAME = "doctor"
SUMMARY = "look whether everything works on this machine"

EXAMINATIONS: dict[str, Examination] = {
    "versions": machine.versions,
    "processor": machine.processor,
    "memory": machine.memory,
    "disk": machine.disks,
    "limits": machine.limits,
    "locale": machine.language,
    "codecs": parts.codecs,
    "detector": parts.detector,
    "engines": parts.engines,
    "extras": parts.extras,
    "database": parts.database,
    "keyring": parts.keyring,
    "browser": machine.browser,
    "settings": parts.configuration,
    "rules": parts.rules,
}
"""What is looked at, in the order in which it is told."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Look at the installation and the machine: codecs, text detector and readers, processor, database, keyring, "
        "browser, memory, disk, limits, locale and settings. No image is read, nothing is written, and what is printed "
        "holds no patient data."
    )
    parser.epilog = exit_codes("everything that is needed is there", "something is missing or wrong, and is named")
    parser.add_argument("--json", action="store_true", help="one JSON object a finding on standard output")
    parser.add_argument(
        "--only", action="append", choices=tuple(EXAMINATIONS), metavar="SECTION",
        help=f"only this section, one of {', '.join(EXAMINATIONS)}; may be repeated",
    )  # fmt: skip


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Examine everything; 1 where something that is needed is missing or wrong."""
    counts: Counter[State] = Counter()
    section = ""
    for finding in _findings(args, settings):
        counts[finding.state] += 1
        if args.json:
            print(json_line("doctor", finding.record()), flush=True)
            continue
        if finding.section != section:
            section = finding.section
            print(section)
        if finding.state is not State.GOOD or not getattr(args, "quiet", False):
            print(finding.line(), flush=True)
    if not args.json:
        print(f"\n{summary(counts)}")
    return Exit.NOT_ALL if counts[State.WRONG] else Exit.GOOD


def _findings(args: argparse.Namespace, settings: Settings) -> Iterator[Finding]:
    for section, examine in EXAMINATIONS.items():
        if not args.only or section in args.only:
            yield from examined(section, examine, settings)
