"""``dcmaudit ocr``: look for text on every plane of every input. Once called dicom_ocr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit.cli.common import Exit, add_ordered, exit_codes, local_path, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do
from dcmaudit.cli.existing_store import tell_new
from dcmaudit.cli.inputs import Inputs
from dcmaudit.cli.names import add_files
from dcmaudit.cli.ocr_earlier import Earlier
from dcmaudit.cli.ocr_report import Report, Sink
from dcmaudit.cli.progress import Progress, add_progress
from dcmaudit.cli.stopping import Stop, stoppable
from dcmaudit.errors import ProcessorError, UsageError
from dcmaudit.lazy import loading
from dcmaudit.model import Reference

if TYPE_CHECKING:
    from dcmaudit.model.effort import Effort
    from dcmaudit.pipeline.ocr import OcrJob
    from dcmaudit.pipeline.readings import OcrAnswer, Wanted
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally
    from dcmaudit.store import Store

NAME = "ocr"
SUMMARY = "find text and say whether it may identify someone"

_COUNTING = 2.0
"""Seconds in which the inputs are counted, to say how many an interrupted run did not begin."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Look for text on every frame, overlay, stray bit, icon and thumbnail of the files, read it, and judge "
        "whether it is likely to identify someone. What is found goes into the database and appears in the reviewer; "
        "with --csv it goes into that file (and into the database too where --db names one)."
    )
    parser.epilog = exit_codes("every plane of every file was looked at", "some were not")
    add_files(parser, "DICOM files, wildcards, folders, lists, databases")
    _how(parser.add_argument_group("how to look"))
    _judging(parser.add_argument_group("who judges"))
    _where(parser.add_argument_group("where findings go"))


def _how(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--engine", "--ocr", default=None, metavar="NAME", help="rapidocr (default), tesseract or easyocr"
    )
    group.add_argument(
        "--finder", choices=("own", "rapidocr", "both", "engine"), default=None,
        help="who finds the lines that the engine reads: dcmaudit's own detector (default), that of RapidOCR, both "
        "(default of --mode thorough), or the engine itself",
    )  # fmt: skip
    group.add_argument(
        "--no-read",
        action="store_true",
        help="find text but do not read it: quicker, if you only ask whether there is any",
    )
    group.add_argument("--mode", choices=("fast", "default", "thorough"), default="default", help="how hard to look")
    group.add_argument("-j", "--jobs", "--workers", type=int, metavar="N", help="processes (default: one a core)")
    group.add_argument("--no-overlays", action="store_true", help="leave overlays out")
    regions = group.add_mutually_exclusive_group()
    regions.add_argument(
        "--use-ultrasound-regions", action="store_true",
        help="report everything outside the ultrasound regions of the header as well",
    )  # fmt: skip
    regions.add_argument(
        "--except-ultrasound-regions", action="store_true",
        help="leave out text outside the ultrasound regions, as redact --ultrasound blacks it anyway",
    )  # fmt: skip
    group.add_argument(
        "--review", action="store_true", help="look again at files that are done, and replace what was found"
    )
    group.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    add_ordered(group)
    add_progress(group)
    add_dask(group)
    add_shard(group)


def _judging(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--pii", default=None, metavar="JUDGES",
        help="in order, of header, patterns, allowlist, spacy[:MODEL], presidio[:MODEL]; or none "
        "(default: header,patterns,allowlist)",
    )  # fmt: skip
    group.add_argument(
        "--allow-list", type=local_path, metavar="FILE", help="regular expressions of harmless texts, one a line"
    )


def _where(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--csv", type=_list_name, metavar="FILE", help="write a CSV file; - or stdout: standard output")
    group.add_argument("--json", action="store_true", help="one JSON object a file on standard output, never a text")
    group.add_argument("--csv-header", action=argparse.BooleanOptionalAction, default=True, help="its first line")
    group.add_argument("--append", action="store_true", help="with --csv: go on where an earlier run ended")
    group.add_argument("--overwrite", action="store_true", help="with --csv: replace the file")
    group.add_argument(
        "--rects", action=argparse.BooleanOptionalAction, default=True,
        help="list each place of text, not only the whole text of each plane",
    )  # fmt: skip


def _list_name(text: str) -> str:
    """A list of this machine, or the word for standard output."""
    return str(local_path(text))


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Read every file; 0 only where every plane of every file was looked at, 130 after Ctrl+C."""
    with loading():
        from dcmaudit.pipeline.readings import Wanted, effort_of
        from dcmaudit.sources import Tally

    _check(args)
    tally, inputs = Tally(), Inputs(args, settings)
    shown = Progress("reading", inputs=inputs, quiet=getattr(args, "quiet", False), form=args.progress)
    with ExitStack() as opened, shown as progress, stoppable() as stop:
        try:
            with loading():
                job = _job(args, settings)
                if job.read or args.pii is not None or args.allow_list is not None:
                    job.plan.check()
                with suppress(ProcessorError):  # it is every file's own outcome
                    job.make_finder()  # a missing engine ends the run before it begins
            store = _store(args, settings, opened)
            job = replace(job, notes_content=store is not None)
            effort = effort_of(job, rects=args.rects)
            sink = _sink(args, opened, job, effort)
        except KeyboardInterrupt:
            say("ended at once: no input was begun")
            return Exit.INTERRUPTED
        report = Report(job, store, sink, progress, json=args.json)
        wanted = Wanted(args.json, rows=store is not None, lines=sink is not None, rects=args.rects, effort=effort)
        try:
            earlier = Earlier(effort, job, store, sink, report)
            references = earlier.fresh(_references(inputs, tally, report, stop), is_asked=not args.review)
            how = {"stop": stop.asked, "ordered": args.ordered, "rest": report.rest, "dask_wait": settings.dask_wait}
            for reference, answer in _answers(job, wanted, references, args, how):
                report.take(reference, answer)
            report.store()
            if stop.asked():
                report.interrupted(progress.total_within(_COUNTING), _going_on(args))
        except KeyboardInterrupt:
            report.ended_at_once(progress.total, _going_on(args))
    for passed in tally.named:
        say(f"{passed.name}: passed over: {passed.reason.value}")
    if not (report.is_good and getattr(args, "quiet", False)):
        print(report.summary(tally), file=sys.stderr)
    if stop.asked() or report.is_broken_off:
        return Exit.INTERRUPTED
    if not tally.found and has_nothing_to_do(args):
        return Exit.GOOD
    return Exit.GOOD if report.is_good else Exit.NOT_ALL


def _going_on(args: argparse.Namespace) -> str:
    """How a run that was ended can go on."""
    if args.review or args.csv in {"-", "stdout"}:
        return ""
    if args.csv is None:
        return "; the same command goes on"
    return "; the same command goes on with --append" + (" instead of --overwrite" if args.overwrite else "")


def _check(args: argparse.Namespace) -> None:
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs} leaves nobody to do the work", hint="1 or more are allowed")
    if args.csv is None and (args.append or args.overwrite or not args.csv_header):
        raise UsageError("--append, --overwrite and --no-csv-header mean nothing without --csv")
    if args.no_read and (args.engine is not None or args.pii is not None or args.allow_list is not None):
        raise UsageError("--no-read reads and judges nothing", hint="leave --engine, --pii and --allow-list out")
    if args.no_read and not args.rects:
        raise UsageError("--no-read finds places and no text, and --no-rects leaves the places out", hint="choose one")
    if args.no_read and args.finder == "engine":
        raise UsageError("--finder engine means the engine that reads", hint="--finder own, rapidocr or both")
    if args.jobs is not None and args.dask is not None:
        raise UsageError("--jobs is for this machine and --dask for a cluster", hint="choose one")
    if args.json and args.csv in {"-", "stdout"}:
        raise UsageError("--json and --csv - both write to standard output", hint="name a file with --csv")
    if args.append and args.overwrite:
        raise UsageError("--append goes on with a file and --overwrite replaces it", hint="choose one")


def _job(args: argparse.Namespace, settings: Settings) -> OcrJob:
    from dcmaudit.detect.ocr import DEFAULT_ENGINE, FinderKind, Mode, engine_kind
    from dcmaudit.detect.pii import DEFAULT, chain_plan
    from dcmaudit.pipeline.ocr import OcrJob, Ultrasound
    from dcmaudit.pipeline.process import cores

    regions = Ultrasound.USE if args.use_ultrasound_regions else Ultrasound.IGNORE
    return OcrJob(
        engine=engine_kind(args.engine or DEFAULT_ENGINE).name,
        mode=Mode(args.mode),
        plan=chain_plan(args.pii or DEFAULT, allow_file=args.allow_list, smi_root=settings.smi_root),
        # As many processes as cores, so a thread each; more would only stand in each other's way.
        threads=max(1, cores() // (args.jobs or cores())),
        tessdata=None if settings.tessdata_prefix is None else str(settings.tessdata_prefix),
        overlays=not args.no_overlays,
        ultrasound=Ultrasound.EXCEPT if args.except_ultrasound_regions else regions,
        finder=None if args.finder is None else FinderKind(args.finder),
        read=not args.no_read,
    )


def _store(args: argparse.Namespace, settings: Settings, opened: ExitStack) -> Store | None:
    named = getattr(args, "db", None)
    if args.csv is not None and named is None:
        return None
    from dcmaudit.store import open_store

    if named == "default":  # the original's word for it
        settings = settings.model_copy(update={"db": None})
    store = open_store(settings.database, user=settings.user, timeout=settings.db_wait)
    opened.callback(store.close)
    tell_new(store)
    return store


def _sink(args: argparse.Namespace, opened: ExitStack, job: OcrJob, effort: Effort) -> Sink | None:
    from dcmaudit.pipeline.findings_file import CsvFile, Standard
    from dcmaudit.pipeline.list_looks import ListedLook, ListLooks

    if args.csv is None:
        return None
    if args.csv in {"-", "stdout"}:
        return Standard(sys.stdout, header=args.csv_header)
    path = Path(args.csv)
    looks = ListLooks(path, ListedLook(job.reader, effort))
    sink = CsvFile(path, append=args.append, overwrite=args.overwrite, header=args.csv_header, looks=looks)
    opened.callback(sink.close)
    return sink


def _answers(
    job: OcrJob, wanted: Wanted, references: Iterator[Reference], args: argparse.Namespace, how: dict[str, Any]
) -> Iterator[tuple[Reference, OcrAnswer | Exception]]:
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.process import cores
    from dcmaudit.pipeline.readings import answer_for

    if args.dask is not None:
        work = partial(answer_for, replace(job, threads=1), wanted)
        return workers.each(work, references, dask=args.dask, **how)
    jobs = args.jobs or cores()
    few = list(islice(references, jobs))
    # Fewer files than cores: each may have several, and the processes that have none may help with a long one.
    job = replace(job, threads=max(job.threads, cores() // max(1, min(jobs, len(few)))))
    work = partial(answer_for, job, wanted)
    return workers.each(work, chain(few, references), jobs=jobs, warm=job.make_finder, **how)


def _references(inputs: Inputs, tally: Tally, report: Report, stop: Stop) -> Iterator[Reference]:
    from dcmaudit.sources import Problem

    for found in inputs:
        if stop.asked():  # those that are done would be passed over for long
            return
        if isinstance(found, Problem):
            report.problem(found)
        reference = tally.add(found)
        if reference is not None:
            yield reference
