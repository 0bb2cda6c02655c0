"""``dcmaudit release``: originals go in; files come out that may leave the house, and a report that can be signed."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmaudit.cli.common import Exit, add_ignore_sections, local_path, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, where
from dcmaudit.cli.names import add_files
from dcmaudit.cli.ocr_progress import count_files
from dcmaudit.cli.progress import Progress
from dcmaudit.cli.stopping import stoppable
from dcmaudit.errors import UsageError
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line
from dcmaudit.report.policies import policy_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dcmaudit.pipeline.release import Key, Policy, Release, ReleaseFolders, ReleaseJob, ReleaseTask, Unfound
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally
    from dcmaudit.sources.shards import Shard
    from dcmaudit.store import Store

NAME = "release"
SUMMARY = "take originals to files that may leave, with a report"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Look at every plane of every input, black out what the policy says, prove it, and look again. What is not "
        "known to be right is held back. Outputs and the report go to OUT, the lists that stay in the house to HELD."
    )
    parser.epilog = "exit codes: 0 every input was released; 1 some were held back or failed; 2 wrong usage"
    add_files(parser, "DICOM files, wildcards, folders, lists")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="folder of what may leave; s3://BUCKET/PREFIX too"
    )
    parser.add_argument("--held", type=local_path, required=True, metavar="DIR", help="folder of the lists that stay")
    parser.add_argument(
        "--key", type=local_path, required=True, metavar="FILE",
        help="the secret that new UIDs and keyed digests are made with; made if it is not there. Keep it",
    )  # fmt: skip
    parser.add_argument("--policy", type=local_path, metavar="FILE", help="TOML file of the policy")
    parser.add_argument(
        "--eyes", choices=("all", "sample", "none"), help="whose eyes it needs, if the policy is silent"
    )
    parser.add_argument("--deid-rules", metavar="PATH", help="this file or folder of deid rules")
    add_ignore_sections(parser)
    parser.add_argument(
        "--identifiers", type=local_path, metavar="CSV",
        help="list of known names, numbers and dates: columns patient, name, number, date, place",
    )  # fmt: skip
    parser.add_argument(
        "--uid-map", type=local_path, metavar="FILE", help="list of old and new UIDs, for this user alone; not in OUT"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the release that OUT holds")
    parser.add_argument("-r", "-R", "--recursive", action="store_true", default=None, help="look into subfolders too")
    parser.add_argument("-j", "--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add_dask(parser)
    add_shard(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object an input on standard output")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Release every input; the end of each that is held back or failed is told on standard error."""
    from dcmaudit.pipeline import workers
    from dcmaudit.pipeline.release import Key, release_file, require_apart_from_inputs
    from dcmaudit.pipeline.remote import target_folder
    from dcmaudit.sources import Tally

    place = where(args, settings)
    policy = _policy(args)
    rules, sample = _rules(args, settings, policy), _sample(policy)
    args.output = target_folder(args.output)
    require_apart_from_inputs([name for name in args.files if isinstance(name, str)], args.output, args.held)
    _check_places(args)
    known = _identifiers(args)
    key, is_new = Key.of(args.key)
    if is_new:
        say(f"{args.key}: a new key was made; keep it where only you can read it")
    tally = Tally()
    with ExitStack() as opened:
        store = opened.enter_context(_store(settings, policy))
        about = _about(policy, rules, key, known, has_database=store is not None, shard=args.shard)
        folders = opened.enter_context(_folders(args, settings, about))
        job = _job(args, settings, policy, rules, key, folders, known)
        with _progress(args, settings) as progress, stoppable() as stop:
            tasks = _tasks(args, settings, store, folders, sample, tally, stop.asked)
            for task, answer in workers.each(partial(release_file, job), tasks, **place, stop=stop.asked):
                release = answer if not isinstance(answer, Exception) else _broken(task, answer)
                if release is None:
                    # What comes behind it may be finished, and is done again: the chain is in the inputs' order.
                    break
                record = folders.take(release, task.position)
                progress.advance(not release.ending.is_released)
                _tell(args, release, record, progress)
            if stop.asked():
                say("interrupted: what is finished is recorded; the same command goes on with --resume")
                return Exit.INTERRUPTED
        if has_nothing_to_do(args):
            finish(args, folders, about, sample, tally)
            return Exit.GOOD
        return finish(args, folders, about, sample, tally)


def _check_places(args: argparse.Namespace) -> None:
    """What must not leave lies outside of OUT; what is written at the end can be written there."""
    from dcmaudit.pipeline.release import require_outside

    for option in ("key", "policy", "identifiers", "uid_map"):
        path = getattr(args, option)
        if path is not None and isinstance(args.output, Path):
            require_outside(args.output, path, f"--{option.replace('_', '-')}")
    if args.uid_map is None:
        return
    if args.uid_map.exists() and not args.resume:
        raise UsageError("a file of that name is there", file=str(args.uid_map), hint="name a new one")
    if not args.uid_map.absolute().parent.is_dir():
        raise UsageError("there is no such folder", file=str(args.uid_map.absolute().parent), hint="make it first")


def _policy(args: argparse.Namespace) -> Policy:
    from dcmaudit.detect.ocr import ENGINES
    from dcmaudit.pipeline.release import load_policy

    return load_policy(args.policy, eyes=args.eyes, engines=frozenset(ENGINES))


def _rules(args: argparse.Namespace, settings: Settings, policy: Policy) -> tuple[str, ...]:
    from dcmaudit.audit import checked_rules, rule_paths

    if not policy.rules:
        if args.deid_rules is not None:
            raise UsageError("--deid-rules means nothing: the policy says rules = false")
        return ()
    paths = rule_paths(args.deid_rules, settings)
    checked_rules(paths, ignore_sections=settings.ignore_sections)
    return paths


def _identifiers(args: argparse.Namespace) -> tuple[str, str] | None:
    """The list of known identifiers and its digest; ListError where it cannot be used, before anything is written."""
    from dcmaudit.detect.pii.cohort import digest_of, read_cohort

    if args.identifiers is None:
        return None
    found = (str(args.identifiers.absolute()), digest_of(args.identifiers))
    read_cohort(*found)
    return found


def _sample(policy: Policy) -> dict[str, tuple[str, int]] | None:
    """The drawn files of the policy's list: stratum, and how many series that has. None without a sample."""
    from dcmaudit.cli.sample import rows_of

    if policy.sample is None:
        return None
    return {row["filename"]: (row["stratum"], int(row["series_in_stratum"])) for row in rows_of(policy.sample)}


def _about(
    policy: Policy,
    rules: tuple[str, ...],
    key: Key,
    known: tuple[str, str] | None,
    *,
    has_database: bool,
    shard: Shard | None,
) -> dict[str, Any]:
    """What the whole chain stands on; it is its first record."""
    import hashlib
    import hmac

    from dcmaudit import __version__

    digests = sorted(hashlib.sha256(Path(rule).read_bytes()).hexdigest() for rule in rules)
    return {
        "program": f"dcmaudit {__version__}",
        "versions": _versions(policy),
        "policy": policy_record(policy),
        "has_database": has_database,
        "rules_sha256": digests,
        # Keyed: a plain digest of a list of names could be found by trying lists.
        "identifiers": None if known is None else hmac.digest(key.records, known[1].encode(), hashlib.sha256).hex(),
        "key": hashlib.sha256(b"which key: " + key.records).hexdigest()[:16],
        **({} if shard is None else {"part": str(shard)}),
    }


def _versions(policy: Policy) -> dict[str, str]:
    """What decides what is seen and read: the same versions give the same release on every machine."""
    from importlib.metadata import PackageNotFoundError, version

    from dcmaudit.detect.textnet import weights_digest

    found = {"detector, SHA-256 of its weights": weights_digest()}
    for package in (policy.engine, "onnxruntime", "opencv-python-headless", "pydicom"):
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _store(settings: Settings, policy: Policy) -> Any:
    from contextlib import nullcontext

    from dcmaudit.pipeline.release import Eyes
    from dcmaudit.store import is_database_missing, open_store

    if is_database_missing(settings.database):
        if policy.eyes is not Eyes.NONE:
            raise UsageError(
                f"the policy needs a person's eyes ({policy.eyes.value}), and no database says who looked",
                hint="name the database of the review with --db",
            )
        if policy.needs_marks:
            raise UsageError(
                "the policy says that marks of people are blacked (marks = true), and there is no database of them",
                hint="name the database of the review with --db, or leave marks out",
            )
        return nullcontext(None)
    return open_store(settings.database, user=settings.user, timeout=settings.db_wait, read_only=True)


def _folders(args: argparse.Namespace, settings: Settings, about: dict[str, Any]) -> ReleaseFolders:
    from dcmaudit.pipeline.release import ReleaseFolders

    return ReleaseFolders(args.output, args.held.absolute(), about=about, resume=args.resume, user=settings.user)


def _job(
    args: argparse.Namespace, settings: Settings, policy: Policy, rules: tuple[str, ...], key: Key,
    folders: ReleaseFolders, known: tuple[str, str] | None,
) -> ReleaseJob:  # fmt: skip
    from dataclasses import replace

    from dcmaudit.detect.ocr import FinderKind, Mode
    from dcmaudit.detect.pii import DEFAULT, chain_plan
    from dcmaudit.pipeline.ocr import OcrJob
    from dcmaudit.pipeline.process import cores
    from dcmaudit.pipeline.release import ReleaseJob

    look = OcrJob(
        engine=policy.engine,
        mode=Mode(policy.mode),
        plan=replace(chain_plan(DEFAULT, smi_root=settings.smi_root), identifiers=known),
        threads=1 if args.dask else max(1, cores() // (args.jobs or cores())),
        tessdata=None if settings.tessdata_prefix is None else str(settings.tessdata_prefix),
        finder=FinderKind.OWN,
    )
    look.make_finder()  # a missing engine ends the run before anything is written
    return ReleaseJob(policy, look, rules, key.uids, key.records, folders.staging)


def _progress(args: argparse.Namespace, settings: Settings) -> Progress:
    def total(given_up: Callable[[], bool]) -> int | None:
        return count_files(args, settings, given_up)

    return Progress("releasing", total, quiet=getattr(args, "quiet", False))


def _tasks(
    args: argparse.Namespace, settings: Settings, store: Store | None, folders: ReleaseFolders,
    sample: dict[str, tuple[str, int]] | None, tally: Tally, given_up: Callable[[], bool],
) -> Iterator[ReleaseTask | Unfound]:  # fmt: skip
    """Every input in order, those that the run before has done apart."""
    from dcmaudit.model import ReviewState
    from dcmaudit.pipeline.clearance import ledger_of
    from dcmaudit.pipeline.jobs import RedactionTask
    from dcmaudit.pipeline.release import ReleaseTask, Unfound
    from dcmaudit.pipeline.request_sources import RequestSources
    from dcmaudit.sources import Passed, Problem, find

    marks = RequestSources(store=store, unreviewed=True)
    number = position = 0
    names = find(args.files, recursive=args.recursive or settings.recursive, pacs_root=settings.pacs_root)
    for found in names:
        if given_up():
            return
        if isinstance(found, Passed):
            tally.add(found)
            continue
        position += 1  # among the inputs of all parts, so that the parts can be put in order
        if args.shard is not None and not args.shard.holds(found.name):
            args.shard.others += 1
            continue
        if args.shard is not None:
            args.shard.mine += 1
        tally.add(found)
        done = folders.is_done(number, found.name)
        number += 1
        if done:
            continue
        if isinstance(found, Problem):
            yield Unfound(found.name, str(found.error.message), position)
            continue
        in_sample = sample is not None and found.name in sample
        if store is None:
            yield ReleaseTask(found, RedactionTask(found), in_sample=in_sample, position=position)
            continue
        state = store.states([found.name]).get(found.name, ReviewState.NOT_REVIEWED)
        (asked,) = marks.tasks([found])
        yield ReleaseTask(found, asked, state, ledger_of(store, found.name), in_sample, position)


def _broken(task: ReleaseTask | Unfound, error: Exception) -> Release | None:
    """A worker that died over it, or work that nobody began: the one is an outcome, the other is not."""
    from dcmaudit.pipeline.process import BrokenOffError, NotBegunError
    from dcmaudit.pipeline.release import Ending, Release, Unfound, Why

    if isinstance(error, (NotBegunError, BrokenOffError)):
        return None
    name = task.name if isinstance(task, Unfound) else task.reference.name
    return Release(name, Ending.FAILED, Why.FAULT, (f"the process that worked on it ended ({type(error).__name__})",))


def _tell(args: argparse.Namespace, release: Release, record: Any, progress: Progress) -> None:
    if args.json:
        line = json_line("release", {
            "file": release.name, "outcome": release.ending.value,
            "why": None if release.why is None else release.why.value, "details": list(release.details),
            "output": record["output"], "n": record["n"],
        })  # fmt: skip
        progress.output(line)
    if not release.ending.is_released and not getattr(args, "quiet", False):
        why = "" if release.why is None else f": {release.why.value}"
        details = f" ({'; '.join(release.details)})" if release.details else ""
        say(f"{printable(release.name)}: {release.ending.value}{why}{printable(details)}")


def finish(
    args: argparse.Namespace, folders: ReleaseFolders, about: dict[str, Any],
    sample: dict[str, tuple[str, int]] | None, tally: Tally | None = None,
) -> int:  # fmt: skip
    """The report and the lists of the house, once every input has ended."""
    from dcmaudit.pipeline.release.conclusion import conclude
    from dcmaudit.pipeline.release.folder import PAGE
    from dcmaudit.pipeline.release.parts import note_part

    shard: Shard | None = getattr(args, "shard", None)
    if shard is not None:
        note_part(folders.held, shard.mine + shard.others, sample)
    is_mine = shard.holds if shard is not None else (lambda _name: True)
    done = conclude(folders, about, sample, uid_map=args.uid_map, is_mine=is_mine)
    for name in done.unknown:
        say(f"{printable(name)}: it is in the list of the sample, and none of the inputs")
    for name in done.strangers:
        say(f"{printable(str(folders.place / name))}: it is no output of this release; take it away")
    if not getattr(args, "quiet", False):
        released, held = folders.count - done.held, done.held
        say(f"{folders.count} inputs: {released} released, {held} held back or failed ({folders.held}/held.csv)")
        if tally is not None and tally.passed_over:
            say(tally.summary())
        chain = f"chain of records ends in {folders.link[:16]}"
        say(f"report: {folders.place / PAGE}; {chain}; dcmaudit report sign signs it")
    is_all = folders.count and not (done.held or done.strangers or done.unknown)
    return Exit.GOOD if is_all else Exit.NOT_ALL
