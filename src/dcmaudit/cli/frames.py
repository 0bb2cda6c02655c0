"""``dcmaudit frames``: every plane of every input as a picture file, or their list. Once called pydicom_images."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from dcmaudit.cli.common import add_ordered, local_path
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place, where
from dcmaudit.cli.inputs import Inputs
from dcmaudit.cli.names import add_files
from dcmaudit.cli.progress import Progress, add_progress
from dcmaudit.errors import UsageError
from dcmaudit.model import Outcome, Reference, Rendering, Result, View
from dcmaudit.model.texts import printable
from dcmaudit.report.frames import InstanceReport, as_json, plane_lines, problem_lines, summary
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.pipeline.frames import Target
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Problem, Tally

NAME = "frames"
SUMMARY = "list every plane, or write it as a picture"
INTERRUPTED = 130


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_files(parser, "DICOM files, wildcards, folders, lists, databases")
    parser.add_argument("-x", "--extract", action="store_true", help="write every plane to a picture file of its own")
    parser.add_argument(
        "-i", "--identify", action="store_true", help="read every plane and list it, a line each (default without -x)"
    )
    parser.add_argument("-f", "--format", choices=("png", "tiff"), default="png", help="kind of picture file")
    parser.add_argument("-v", "--verbose", action="store_true", help="with -x: list the planes and their files too")
    parser.add_argument(
        "-o", "--output", type=local_path, metavar="DIR",
        help="put the files there, eight digits for the input's folder in their names (default: beside the inputs)",
    )  # fmt: skip
    parser.add_argument(
        "--relative-path", metavar="PREFIX", help="with -o: keep the folders that follow PREFIX instead"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    parser.add_argument(
        "--view", choices=[rendering.value for rendering in Rendering], default=Rendering.FULL.value,
        help="full range of values (default), VOI window of the file, or local contrast",
    )  # fmt: skip
    parser.add_argument("--inverted", action="store_true", help="turn light and dark over")
    parser.add_argument("--json", action="store_true", help="one JSON object an input instead of lines")
    parser.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(parser)
    add_shard(parser)
    add_ordered(parser)
    add_progress(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Show every plane; 0 only where every plane of every input was shown, 1 otherwise, 130 after Ctrl+C.

    Lists go to standard output, what went wrong and the summary to standard error.
    """
    from dcmaudit.pipeline import workers
    from dcmaudit.sources import Tally

    task = partial(_work, View(Rendering(args.view), inverted=args.inverted), _target(args))
    tally, inputs = Tally(), Inputs(args, settings)
    counts: Counter[Outcome] = Counter()
    code = None
    lists = args.json or args.identify or args.verbose or not args.extract
    shown = Progress("showing", inputs=inputs, quiet=getattr(args, "quiet", False), form=args.progress, answers=lists)
    try:
        with shown as progress:
            printer = _Printer(args, counts)
            for reference, answer in workers.each(
                task, _references(inputs, tally, printer), ordered=args.ordered, **where(args, settings)
            ):
                report = _answered(reference, answer)
                printer.report(report)
                progress.advance(report.result.outcome is not Outcome.DONE)
    except KeyboardInterrupt:
        code = INTERRUPTED
        print("interrupted: what is not named above was not reached", file=sys.stderr)
    for passed in tally.named:
        print(f"{printable(passed.name)}: passed over: {passed.reason.value}", file=sys.stderr)
    clean = bool(counts) and set(counts) == {Outcome.DONE}
    if not (clean and getattr(args, "quiet", False)) and (counts or code is None):
        print(summary(counts, {why.value: count for why, count in tally.passed.items()}), file=sys.stderr)
    if code is not None:
        return code
    # A part without inputs is no failure: arrays of jobs have such parts.
    if not counts and has_nothing_to_do(args):
        return 0
    return 0 if clean else 1


def _target(args: argparse.Namespace) -> Target | None:
    from dcmaudit.pipeline.frames import Format, Target
    from dcmaudit.pipeline.remote import prefix_of

    require_one_place(args)
    if args.relative_path is not None and args.output is None:
        raise UsageError("--relative-path means nothing without --output")
    if not args.extract:
        if args.output is not None or args.overwrite:
            raise UsageError("--output and --overwrite mean nothing without --extract", hint="add -x to write files")
        return None
    return Target(
        Format(args.format),
        None if args.output is None else args.output.absolute(),
        None if args.relative_path is None else prefix_of(args.relative_path),
        overwrite=args.overwrite,
    )


def _references(inputs: Inputs, tally: Tally, printer: _Printer) -> Iterator[Reference]:
    """What can be opened, one by one; what cannot be found is reported on the way."""
    from dcmaudit.sources import Problem

    for found in inputs:
        if isinstance(found, Problem):
            printer.problem(found)
        reference = tally.add(found)
        if reference is not None:
            yield reference


def _work(view: View, target: Target | None, reference: Reference) -> InstanceReport:
    from dcmaudit.pipeline.frames import show_instance
    from dcmaudit.pipeline.process import stopping

    return show_instance(reference, view, target, stop=stopping)


def _answered(reference: Reference, answer: InstanceReport | Exception) -> InstanceReport:
    from dcmaudit.pipeline.process import reason_of

    if isinstance(answer, InstanceReport):
        return answer
    return InstanceReport(Result(reference.name, Outcome.FAILED, (reason_of(answer),)))


class _Printer:
    """One report after the other, as lines or JSON."""

    def __init__(self, args: argparse.Namespace, counts: Counter[Outcome]) -> None:
        self._json = args.json
        self._lists = args.identify or args.verbose or not args.extract
        self._counts = counts

    def report(self, report: InstanceReport) -> None:
        self._counts[report.result.outcome] += 1
        if self._json:
            print(json_line("frames", as_json(report)))
        elif self._lists:
            for line in plane_lines(report):
                print(line)
        for line in problem_lines(report):
            print(line, file=sys.stderr)

    def problem(self, problem: Problem) -> None:
        self.report(InstanceReport(Result(problem.name, Outcome.FAILED, (problem.words,))))
