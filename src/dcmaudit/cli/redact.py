"""``dcmaudit redact``: rectangles go in, files come out that are proved right, or no files."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dcmaudit.cli.common import Exit, add_common, exit_codes, require_deid, say
from dcmaudit.cli.distribution import has_nothing_to_do, require_one_place
from dcmaudit.cli.guard import Protected
from dcmaudit.cli.inputs import Inputs
from dcmaudit.cli.names import add_files
from dcmaudit.cli.progress import Progress
from dcmaudit.cli.redact_earlier import Earlier
from dcmaudit.cli.redact_inputs import fresh, from_csv, references
from dcmaudit.cli.redact_options import add_asked, add_how, add_output, options_of, requests_of, rules_asked
from dcmaudit.cli.redact_report import Report
from dcmaudit.cli.stopping import stoppable
from dcmaudit.errors import StoreError, UsageError
from dcmaudit.lazy import loading
from dcmaudit.model import Reference

if TYPE_CHECKING:
    from dcmaudit.model.redaction import Request
    from dcmaudit.pipeline.jobs import RedactionJob
    from dcmaudit.pipeline.output_notes import OutputNotes
    from dcmaudit.pipeline.remote import Target
    from dcmaudit.pipeline.request_sources import RequestSources
    from dcmaudit.settings import Settings
    from dcmaudit.store import Store

NAME = "redact"
SUMMARY = "black out rectangles and prove the result"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Black out rectangles in DICOM files. Each output is read again from disk and proved; a file that cannot be "
        "redacted exactly as asked is refused and has no output."
    )
    parser.epilog = exit_codes(
        "every file was redacted and proved, or copied, and holds nothing unaudited", "some were not",
        text_left="as 0, but --check-text saw text on some",
    )  # fmt: skip
    words = "DICOM files, wildcards, folders, lists (default: all files of the CSV list or of the database)"
    add_files(parser, words, needed=False)
    add_asked(parser.add_argument_group("what is blacked out"))
    add_how(parser.add_argument_group("how"))
    add_output(parser.add_argument_group("output"))
    add_common(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Redact every file; the plan and JSON go to standard output, everything else to standard error."""
    with loading():
        from dcmaudit.pipeline import workers
        from dcmaudit.pipeline.redaction import redact_and_tell
        from dcmaudit.pipeline.text_check import looking_job
        from dcmaudit.sources import Tally

        job = _job(args, settings)
    tally, inputs = Tally(), Inputs(args, settings)
    report, notes = Report(args), _notes(args, job)
    store = _store(args, settings)
    ledger = _ledger(args, settings)
    interrupted = False
    progress: Progress | None = None
    try:
        asked, listed = _asked(args, settings, store, report)
        asked.ledger = ledger
        for lost in store.nameless_rows() if store is not None else ():
            report.fail(store.location if store is not None else "", f"a row of it belongs to no file: {lost}")
        with _progress(args, settings, inputs, listed, store) as progress, stoppable() as stop:
            report.put, report.one_done, report.noted = progress.output, progress.advance, notes.add
            protected = Protected(NAME, args, settings)
            earlier = Earlier(job, notes, report)
            found = references(args, settings, inputs, listed, tally, report)
            tasks = earlier.left(asked.tasks(fresh(found, args, job, report, protected, earlier)))
            work = partial(redact_and_tell, job, report.telling)
            where = {"jobs": args.jobs, "dask": args.dask, "dask_wait": settings.dask_wait, "ordered": args.ordered}
            warm = looking_job().make_finder if args.check_text else None
            for task, answer in workers.each(work, tasks, **where, stop=stop.asked, warm=warm):
                report.take(task, answer)
            interrupted = stop.asked()
    except KeyboardInterrupt:
        report.ended_at_once(progress.total if progress is not None else None, partial(_has_output, job, args.dask))
        report.finish(tally)
        return Exit.INTERRUPTED
    finally:
        notes.flush()
        for opened in (store, ledger):
            if opened is not None:
                opened.close()
    if interrupted and progress is not None:
        report.interrupted(progress.total, partial(_has_output, job, args.dask))
    report.finish(tally)
    if job.uid_key is not None and report.counts.done_before:
        # The key is a secret of its run: what was there has UIDs that this run does not make again.
        say(
            "outputs that were there have the new UIDs of an earlier run: one series or study may now have two "
            "(dcmaudit release keeps them over all runs)"
        )
    if store is not None and not (tally.found or tally.problems or args.files or listed or args.shard):
        say(f"{store.location}: no file has marks in this database; N in the reviewer finishes one, --db names another")
    if not interrupted and not tally.found and has_nothing_to_do(args):
        return Exit.GOOD
    return Exit.INTERRUPTED if interrupted else report.exit_code


def _notes(args: argparse.Namespace, job: RedactionJob) -> OutputNotes:
    """The seals of what earlier runs proved that asked the same, and of what this one proves."""
    from dcmaudit.pipeline.output_notes import OutputNotes, notes_path

    path = notes_path(job.asked, str(job.naming.exact or job.naming.folder or ""))
    return OutputNotes(path, reads=args.resume, writes=not args.dry_run)


def _has_output(job: RedactionJob, dask: str | None, reference: Reference) -> bool | None:
    """Whether an input that was broken off has its output all the same; None where that cannot be told."""
    from dcmaudit.pipeline.remote import Remote

    targets = job.naming.places_for(reference)
    if job.dry_run:
        return False
    is_unknown = job.naming.overwrite or any(isinstance(target, Remote) for target in targets)
    is_there = not is_unknown and any(target.exists() for target in targets)
    # A worker of a cluster cannot be ended from here: what it has begun it finishes.
    return None if is_unknown or (dask is not None and not is_there) else is_there


def _progress(
    args: argparse.Namespace, settings: Settings, inputs: Inputs, listed: list[Reference], store: Store | None
) -> Progress:
    """The bar; how many inputs there are is known from a list, asked of a database, or told by the search."""

    def total(_given_up: Callable[[], bool]) -> int | None:
        if listed or store is None:
            return len(listed)
        from dcmaudit.store import open_store

        # Of this thread; it was checked for the other one.
        with open_store(
            settings.database, user=settings.user, timeout=settings.db_wait, read_only=True, check=False
        ) as mine:
            return sum(1 for _ in mine.filenames())

    how = {"quiet": getattr(args, "quiet", False), "form": args.progress}
    return Progress("redacting", inputs=inputs, **how) if args.files else Progress("redacting", total, **how)


def _job(args: argparse.Namespace, settings: Settings) -> RedactionJob:
    from dcmaudit.audit import rule_paths
    from dcmaudit.pipeline.asked import run_digest
    from dcmaudit.pipeline.clearance import AcceptedText
    from dcmaudit.pipeline.jobs import RedactionJob
    from dcmaudit.pipeline.output import Naming
    from dcmaudit.pipeline.process import cores
    from dcmaudit.pipeline.remote import prefix_of, target_folder
    from dcmaudit.pipeline.text_check import looking_job

    _check(args)
    rules = rules_asked(args, settings)
    if args.check_text:
        looking_job().make_finder()  # so does a missing detector
    exact = _exact_output(args, settings)
    job = RedactionJob(
        Naming(
            None if args.output is None or exact is not None else target_folder(args.output),
            None if args.relative_path is None else prefix_of(args.relative_path),
            overwrite=args.overwrite,
            partly=None if args.partly is None else target_folder(args.partly),
            exact=exact,
            mixed=args.allow_partly,
        ),
        options_of(args),
        rules=rules,
        ultrasound=args.ultrasound,
        uid_key=secrets.token_bytes(32) if args.new_uids or args.new_uids_of else None,
        sidecar=args.sidecar,
        proof_file=args.proof,
        copy_clean=args.copy_clean,
        accepted=AcceptedText(args.accept_text or "none"),
        dry_run=args.dry_run,
        check_text=args.check_text,
        allow_unstored=args.allow_unstored_previews,
        reviewer_rules=rule_paths(args.deid_rules, settings) if _wants_database(args) or args.copy_clean else (),
        keeps_record=args.json or args.proof,
        resume=args.resume,
        user=settings.user,
        threads=1 if args.dask else args.jobs or cores(),
    )
    return replace(job, asked=run_digest(job))


def _check(args: argparse.Namespace) -> None:
    """Options that say nothing together are refused: one that is silently ignored is one that somebody relies on."""
    require_one_place(args)
    if args.relative_path is not None and args.output is None:
        raise UsageError("--relative-path means nothing without --output")
    require_deid(args)
    drawn = bool(args.rect) or args.whole or bool(args.shape)
    if not drawn and (args.frame is not None or args.overlay is not None or args.everywhere):
        raise UsageError("--frame, --overlay and --everywhere mean nothing without --rect, --shape or --whole")
    if args.everywhere and (args.frame is not None or args.overlay is not None):
        raise UsageError("--everywhere means every plane", hint="leave --frame and --overlay out")
    if args.check_text and args.dry_run:
        raise UsageError("--check-text looks at what was written, and --dry-run writes nothing", hint="choose one")
    if args.check_text and args.resume:
        raise UsageError(
            "--resume passes over outputs, and would not look at them for text",
            hint="leave --check-text out, and look at all of them with dcmaudit verify --check-text",
        )
    if args.remove_private_bulk and args.private in {"keep", "refuse"}:
        raise UsageError(f"--remove-private-bulk and --private {args.private} contradict each other", hint="choose one")
    if args.shard is not None and args.overwrite:
        raise UsageError(
            "--overwrite has to know every input, and --shard looks at some of them", hint="choose one of the two"
        )
    if args.resume and args.overwrite:
        raise UsageError("--resume keeps existing outputs and --overwrite replaces them", hint="choose one")
    if args.black != "all" and args.csv is None and not _wants_database(args):
        raise UsageError("--black means nothing without the database or --csv", hint="add --from-db")
    _check_copies(args)
    _check_database(args)
    if not args.files and args.csv is None and not _wants_database(args):
        raise UsageError("no file is named", hint="name files, or a list with --csv, or use the database")


def _exact_output(args: argparse.Namespace, settings: Settings) -> Target | None:
    """The output's own name where ``-o`` is called like a DICOM file and is no folder.

    UsageError where there is more than one input, or where they come from a list or the database.
    """
    from dcmaudit.pipeline.remote import target_folder
    from dcmaudit.sources import Passed, Problem, find

    if args.output is None or not args.output.lower().endswith(".dcm"):
        return None
    target = target_folder(args.output)
    if isinstance(target, Path) and target.is_dir():
        return None
    names = find(args.files, recursive=args.recursive or settings.recursive, pacs_root=settings.pacs_root)
    inputs = list(islice((one for one in names if not isinstance(one, (Passed, Problem))), 2))
    if len(inputs) > 1 or not args.files or args.relative_path is not None:
        raise UsageError(f"{args.output} is the name of one file", hint="name one input with it, or a folder")
    return target


def _check_copies(args: argparse.Namespace) -> None:
    if args.accept_text is not None and not args.copy_clean:
        raise UsageError("--accept-text means nothing without --copy-clean")
    if args.partly is not None and args.allow_partly:
        raise UsageError("--partly keeps partly audited outputs apart and --allow-partly does not", hint="choose one")


def _check_database(args: argparse.Namespace) -> None:
    if args.include_unreviewed and not _wants_database(args):
        raise UsageError("--include-unreviewed means nothing without the database", hint="add --from-db")
    if args.allow_unstored_previews and not (_wants_database(args) or args.copy_clean):
        raise UsageError("--allow-unstored-previews means nothing without the database", hint="add --from-db")
    if args.moved and not _wants_database(args):
        raise UsageError("--moved means nothing without the database", hint="add --from-db")


def _wants_database(args: argparse.Namespace) -> bool:
    others = args.csv is not None or args.rect or args.shape or args.whole or args.deid or args.ultrasound
    removed = "remove" in {args.overlays, args.icons}
    alone = removed or args.remove_high_bit_overlays or args.remove_private_bulk
    return args.from_db or not (others or alone)


def _store(args: argparse.Namespace, settings: Settings) -> Store | None:
    if not _wants_database(args):
        return None
    from dcmaudit.store import is_database_missing, open_store

    if is_database_missing(settings.database):
        # Whoever mistyped the folder must not read that no file has marks.
        raise StoreError("no database here", file=settings.database, hint="name an existing one with --db")
    return open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True)


def _ledger(args: argparse.Namespace, settings: Settings) -> Store | None:
    """The database that says who looked at what, where copies are asked for; None where there is none."""
    if not args.copy_clean:
        return None
    from dcmaudit.store import is_database_missing, open_store

    if is_database_missing(settings.database):
        return None
    return open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True)


def _asked(
    args: argparse.Namespace, settings: Settings, store: Store | None, report: Report
) -> tuple[RequestSources, list[Reference]]:
    """Everything that is asked, and the files that a CSV list names."""
    from dcmaudit.pipeline.request_sources import RequestSources

    by_file: dict[str, list[Request]] = {}
    problems: dict[str, list[str]] = {}
    left: dict[str, int] = {}
    listed = [] if args.csv is None else from_csv(args, settings, by_file, problems, left, report)
    asked = RequestSources(
        requests_of(args, args.rect), by_file, problems, store, unreviewed=args.include_unreviewed, moved=args.moved,
        keeps_harmless=args.black != "all", left=left,
    )  # fmt: skip
    return asked, listed
