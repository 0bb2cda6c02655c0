"""``dcmaudit release``: originals go in; files come out that may leave the house, and a report that can be signed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from dcmaudit.cli.common import Exit, add_ignore_sections, exit_codes, local_path, say
from dcmaudit.cli.distribution import add_dask, add_shard, has_nothing_to_do, require_one_place
from dcmaudit.cli.inputs import Inputs
from dcmaudit.cli.names import add_files
from dcmaudit.cli.progress import Progress, add_progress
from dcmaudit.cli.stopping import stoppable
from dcmaudit.model.counts import counted
from dcmaudit.model.texts import printable
from dcmaudit.report.jsonlines import json_line

if TYPE_CHECKING:
    from dcmaudit.pipeline.release import Release, ReleaseFolders
    from dcmaudit.pipeline.release.conclusion import Concluded
    from dcmaudit.pipeline.release.order import Order
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Tally

NAME = "release"
SUMMARY = "make files that may leave, and a report on them"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.description = (
        "Look at every plane of every input, black out what the policy says, prove it, and look again. What is not "
        "known to be right is held back. Outputs and the report go to OUT, the lists that stay in the house to HELD."
    )
    parser.epilog = exit_codes("every input was released", "some were held back or failed")
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
        "--eyes",
        choices=("all", "sample", "none"),
        help="which files a person must look at, if the policy does not say",
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
    add_progress(parser)
    add_dask(parser)
    add_shard(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object an input on standard output")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Release every input; the end of each that is held back or failed is told on standard error."""
    from dcmaudit.pipeline.release.batch import ReleaseBatch
    from dcmaudit.pipeline.release.order import checked

    require_one_place(args)
    order = checked(_order(args), settings)
    if order.is_key_new:
        say(f"{args.key}: a new key was made; keep it where only you can read it")
    inputs = Inputs(args, settings, of_all_parts=True)
    with ReleaseBatch(order, inputs) as batch:
        quiet = getattr(args, "quiet", False)
        shown = Progress("releasing", inputs=inputs, quiet=quiet, form=args.progress, answers=args.json)
        with shown as progress, stoppable() as stop:
            for ended in batch.run(stop.asked):
                progress.before = batch.before
                progress.advance(not ended.release.ending.is_released)
                _tell(args, ended.release, ended.record, progress)
            if not batch.is_through:
                say("interrupted: what is finished is recorded; the same command goes on with --resume")
                return Exit.INTERRUPTED
        told = finish(args, batch.folders, batch.conclude(), batch.tally)
        return Exit.GOOD if has_nothing_to_do(args) else told


def _order(args: argparse.Namespace) -> Order:
    from dcmaudit.pipeline.release.order import Order
    from dcmaudit.pipeline.remote import target_folder

    return Order(
        args.files, target_folder(args.output), args.held.absolute(), args.key, policy=args.policy, eyes=args.eyes,
        deid_rules=args.deid_rules, identifiers=args.identifiers, uid_map=args.uid_map, resume=args.resume,
        jobs=args.jobs, dask=args.dask, shard=args.shard,
    )  # fmt: skip


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


def finish(args: argparse.Namespace, folders: ReleaseFolders, done: Concluded, tally: Tally | None = None) -> int:
    """Say how all of it ended; the exit code."""
    from dcmaudit.pipeline.release.folder import PAGE

    for name in done.unknown:
        say(f"{printable(name)}: it is in the list of the sample, and none of the inputs")
    if done.unmet and getattr(args, "shard", None) is None:
        say(f"no input is of {printable(', '.join(done.unmet))}, which the policy names under [people]: is that right?")
    for name in done.lost:
        say(f"{printable(str(folders.place / name))}: it was released and is not there any more; make the release anew")
    for name in done.strangers:
        say(f"{printable(str(folders.place / name))}: it is no output of this release; take it away")
    if not getattr(args, "quiet", False):
        released, held = folders.count - done.held, done.held
        say(
            f"{counted(folders.count, 'input')}: {released} released, {held} held back or failed "
            f"({folders.held}/held.csv)"
        )
        if tally is not None and tally.passed_over:
            say(tally.summary())
        chain = f"chain of records ends in {folders.link[:16]}"
        say(f"report: {folders.place / PAGE}; {chain}; dcmaudit report sign signs it")
    return Exit.GOOD if folders.count and done.is_all else Exit.NOT_ALL
