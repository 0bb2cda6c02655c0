"""``dcmaudit ocr``: look for text on every plane of every input. Once called dicom_ocr."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dcmaudit.cli.common import Exit, local_path, printable, say
from dcmaudit.errors import DcmauditError, UsageError
from dcmaudit.model import Outcome, Reference, Result, Verdict

if TYPE_CHECKING:
    from dcmaudit.pipeline.ocr import FileReading, OcrJob
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Problem, Tally
    from dcmaudit.store import Store

NAME = "ocr"
SUMMARY = "find text on every plane and say whether it is likely to identify someone"


class Sink(Protocol):
    """Somewhere that lines of CSV go; ``done`` names the files that are in it already."""

    @property
    def done(self) -> frozenset[str]:
        """The files that need not be done again."""
        ...

    def add(self, lines: str) -> None:
        """Write the lines of one file."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Look for text on every frame, overlay, stray bit and icon of the files, read it, and judge whether it is "
        "likely to identify someone. What is found goes into the database and appears in the reviewer; with --csv "
        "it goes into that file (and into the database too where --db names one)."
    )
    parser.epilog = "exit codes: 0 every plane of every file was looked at; 1 some were not; 2 wrong usage"
    parser.add_argument("files", nargs="+", metavar="FILES", help="DICOM files, wildcards, folders, lists, databases")
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
        help="find text and do not read it: quick, and enough where only whether there is text is asked",
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
        help="leave out text outside the ultrasound regions, where it is redacted anyway",
    )  # fmt: skip
    group.add_argument("--review", action="store_true", help="do files again that are done, replacing what was found")
    group.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    group.add_argument("--dask", metavar="ADDRESS", help="work on the Dask cluster of this scheduler")


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
    group.add_argument("--csv", metavar="FILE", help="write a CSV file; - or stdout: standard output")
    group.add_argument("--csv-header", action=argparse.BooleanOptionalAction, default=True, help="its first line")
    group.add_argument("--append", action="store_true", help="with --csv: go on where an earlier run ended")
    group.add_argument("--overwrite", action="store_true", help="with --csv: replace the file")
    group.add_argument(
        "--rects", action=argparse.BooleanOptionalAction, default=True,
        help="each place of text, not only the whole text of each plane",
    )  # fmt: skip


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Read every file; 0 only where every plane of every file was looked at, 130 after Ctrl+C."""
    from dcmaudit.cli.ocr_progress import Progress
    from dcmaudit.sources import Tally

    _check(args)
    job = _job(args, settings)
    job.plan.check()
    job.make_finder()  # a missing engine ends the run before it begins
    store = _store(args, settings)
    tally = Tally()
    code = None
    sink: Sink | None = None
    try:
        sink = _sink(args)
        with Progress(args, settings) as progress:
            report = _Report(job, store, sink, progress, rects=args.rects)
            references = _fresh(_references(args, settings, tally, report), args, job, store, sink, report)
            try:
                for reference, answer in _answers(job, references, args):
                    report.take(reference, answer)
            except KeyboardInterrupt:
                code = Exit.INTERRUPTED
                say("interrupted: not every input was reached; what is done is kept")
    finally:
        if sink is not None:
            sink.close()
        if store is not None:
            store.close()
    for passed in tally.named:
        say(f"{passed.name}: passed over: {passed.reason.value}")
    if not (report.is_good and getattr(args, "quiet", False)):
        print(report.summary(tally), file=sys.stderr)
    return code if code is not None else Exit.GOOD if report.is_good else Exit.NOT_ALL


def _check(args: argparse.Namespace) -> None:
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs} leaves nobody to do the work", hint="1 or more are allowed")
    if args.csv is None and (args.append or args.overwrite or not args.csv_header):
        raise UsageError("--append, --overwrite and --no-csv-header mean nothing without --csv")
    if args.no_read and (args.engine is not None or args.pii is not None or args.allow_list is not None):
        raise UsageError("--no-read reads and judges nothing", hint="leave --engine, --pii and --allow-list out")
    if args.no_read and args.finder == "engine":
        raise UsageError("--finder engine means the engine that reads", hint="--finder own, rapidocr or both")
    if args.append and args.overwrite:
        raise UsageError("--append goes on with a file and --overwrite replaces it", hint="choose one")


def _job(args: argparse.Namespace, settings: Settings) -> OcrJob:
    from dcmaudit.detect.ocr import DEFAULT_ENGINE, FinderKind, Mode, engine_kind
    from dcmaudit.detect.pii import DEFAULT, chain_plan
    from dcmaudit.pipeline.ocr import OcrJob, Ultrasound
    from dcmaudit.pipeline.workers import cores

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


def _store(args: argparse.Namespace, settings: Settings) -> Store | None:
    from dcmaudit.store import open_store

    named = getattr(args, "db", None)
    if args.csv is not None and named is None:
        return None
    if named == "default":  # the original's word for it
        settings = settings.model_copy(update={"db": None})
    return open_store(settings.database, user=settings.user)


def _sink(args: argparse.Namespace) -> Sink | None:
    from dcmaudit.pipeline.ocr_output import CsvFile, Standard

    if args.csv is None:
        return None
    if args.csv in {"-", "stdout"}:
        return Standard(sys.stdout, header=args.csv_header)
    return CsvFile(Path(args.csv), append=args.append, overwrite=args.overwrite, header=args.csv_header)


def _answers(
    job: OcrJob, references: Iterator[Reference], args: argparse.Namespace
) -> Iterator[tuple[Reference, FileReading | Exception]]:
    from dataclasses import replace

    from dcmaudit.pipeline import workers

    if args.dask is not None:
        from dcmaudit.pipeline.cluster import each_on_cluster

        return each_on_cluster(partial(_work, replace(job, threads=1)), references, args.dask)
    jobs = args.jobs or workers.cores()
    few = list(islice(references, jobs))
    # Fewer files than cores: each may have several.
    jobs = max(1, min(jobs, len(few)))
    job = replace(job, threads=max(job.threads, workers.cores() // jobs))
    return workers.each(partial(_work, job), chain(few, references), jobs=jobs)


def _work(job: OcrJob, reference: Reference) -> FileReading:
    from dcmaudit.pipeline.ocr import read_file
    from dcmaudit.pipeline.workers import stopping

    return read_file(job, reference, stop=stopping)


def _references(args: argparse.Namespace, settings: Settings, tally: Tally, report: _Report) -> Iterator[Reference]:
    from dcmaudit.sources import Problem, find

    recursive = args.recursive or settings.recursive
    for found in find(args.files, recursive=recursive, pacs_root=settings.pacs_root):
        if isinstance(found, Problem):
            report.problem(found)
        reference = tally.add(found)
        if reference is not None:
            yield reference


def _fresh(
    references: Iterator[Reference],
    args: argparse.Namespace,
    job: OcrJob,
    store: Store | None,
    sink: Sink | None,
    report: _Report,
) -> Iterator[Reference]:
    """The files that are not done yet; those that are were done wholly, and are counted."""
    from dcmaudit.detect.ocr import engine_kind
    from dcmaudit.pipeline.ocr_output import is_read

    # Whoever only asks where text is can use what was read, but not the other way round.
    numbers = {job.reader[1], engine_kind(job.engine).number}
    listed = sink.done if sink is not None else frozenset()
    for reference in references:
        name = reference.name
        rows = store.rects(name) if store is not None and not args.review else []
        stored = any(is_read(rows, number) for number in numbers)
        # With both, a file is done where both have it.
        if (stored or store is None) and (name in listed or sink is None) and (stored or name in listed):
            report.skip()
            continue
        yield reference


class _Report:
    """Takes the answers one by one, stores them, and counts."""

    def __init__(
        self, job: OcrJob, store: Store | None, sink: Sink | None, progress: ProgressLike, *, rects: bool
    ) -> None:
        self._job, self._store, self._sink, self._progress, self._rects = job, store, sink, progress, rects
        self._engine, self._number = job.reader
        self._outcomes: Counter[Outcome] = Counter()
        self._verdicts: Counter[Verdict | None] = Counter()
        self._planes = self._looked = self._skipped = self._boxes = self._unsure = 0
        self._seconds = 0.0

    @property
    def is_good(self) -> bool:
        """Whether every file was wholly looked at; and there was one."""
        return not set(self._outcomes) - {Outcome.DONE} and bool(self._outcomes.total() + self._skipped)

    def skip(self) -> None:
        self._skipped += 1
        self._progress.advance()

    def take(self, reference: Reference, answer: FileReading | Exception) -> None:
        reading = _answered(reference, answer)
        result = reading.result
        if reading.planes:
            result = self._keep(reading)
        self._count(result)
        if reading.verdict is not None or result.outcome is Outcome.DONE:
            self._verdicts[reading.verdict] += 1
        elif result.outcome is Outcome.PARTLY:  # nothing was found on what could be looked at: that is not "no text"
            self._unsure += 1
        self._planes += len(reading.planes)
        self._looked += reading.looked_at
        self._boxes += reading.boxes
        self._progress.advance()

    def _keep(self, reading: FileReading) -> Result:
        from dcmaudit.pipeline.ocr_output import csv_lines, store_reading

        result = reading.result
        try:
            if self._sink is not None:
                self._sink.add(csv_lines(reading, self._engine, rects=self._rects))
            if self._store is not None:
                store_reading(self._store, reading, self._number, rects=self._rects)
        except DcmauditError as error:
            return Result(result.name, Outcome.FAILED, (*result.reasons, f"not stored: {error.message}"))
        return result

    def problem(self, problem: Problem) -> None:
        where = f" [{problem.where}]" if problem.where else ""
        hint = f" ({problem.error.hint})" if problem.error.hint else ""
        self._count(Result(problem.name, Outcome.FAILED, (f"{problem.error.message}{hint}{where}",)))

    def _count(self, result: Result) -> None:
        self._outcomes[result.outcome] += 1
        if result.outcome is not Outcome.DONE:
            for reason in result.reasons:
                self._progress.print(printable(f"{result.name}: {result.outcome.value}: {reason}"))

    def summary(self, tally: Tally) -> str:
        """What became of everything, in one line or two."""
        outcomes = [f"{self._outcomes[one]} {one.value}" for one in Outcome if self._outcomes[one]]
        if self._skipped:
            outcomes.append(f"{self._skipped} done before")
        passed = [f"{count} {reason.value}" for reason, count in tally.passed.items()]
        words = {
            Verdict.IDENTIFYING: "with identifying text",
            Verdict.UNKNOWN: "with text that nobody knows" if self._job.read else "with text that was not read",
            Verdict.HARMLESS: "with harmless text", None: "without text",
        }  # fmt: skip
        texts = [f"{self._verdicts[one]} {said}" for one, said in words.items() if self._verdicts[one]]
        if self._unsure:
            texts.append(f"{self._unsure} without text as far as they could be looked at")
        total = self._outcomes.total() + self._skipped
        lines = [f"{total} inputs: {', '.join(outcomes) or 'none'}"]
        if passed:
            lines[0] += f"; passed over: {', '.join(passed)}"
        if texts:
            lines.append(f"{', '.join(texts)}; {self._boxes} places on {self._planes} planes, {self._looked} different")
        return "\n".join(lines)


class ProgressLike(Protocol):
    """What the report needs of a progress bar."""

    def advance(self) -> None:
        """One more file is through."""
        ...

    def print(self, line: str) -> None:
        """A line on standard error, above the bar where there is one."""
        ...


def _answered(reference: Reference, answer: FileReading | Exception) -> FileReading:
    from dcmaudit.pipeline.ocr import FileReading
    from dcmaudit.pipeline.workers import CrashError

    if isinstance(answer, FileReading):
        return answer
    # The words of a foreign exception may quote the file; its kind does not.
    reason = str(answer) if isinstance(answer, CrashError) else f"internal error: {type(answer).__name__}"
    return FileReading(Result(reference.name, Outcome.FAILED, (reason,)))
