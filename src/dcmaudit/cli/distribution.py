"""Where a batch is worked on: by processes of this machine, on a cluster, or in parts by runs of their own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from dcmaudit.cli.common import say
from dcmaudit.errors import UsageError
from dcmaudit.model.counts import counted

if TYPE_CHECKING:
    from dcmaudit.model.shards import Shard
    from dcmaudit.settings import Settings


def add_dask(group: argparse._ActionsContainer) -> None:
    """Add ``--dask``."""
    group.add_argument("--dask", metavar="ADDRESS", help="work on the Dask cluster of this scheduler")


def add_shard(group: argparse._ActionsContainer) -> None:
    """Add ``--shard``."""
    group.add_argument(
        "--shard", type=_shard, metavar="N/ALL",
        help="do the N-th of so many parts of the inputs, by their names: for the jobs of an array, one part each",
    )  # fmt: skip


def _shard(text: str) -> Shard:
    from dcmaudit.model.shards import Shard

    return Shard.parse(text)


def where(args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What ``workers.each`` is told about where the work is done. UsageError where two options contradict."""
    require_one_place(args)
    return {"jobs": args.jobs, "dask": args.dask, "dask_wait": settings.dask_wait}


def require_one_place(args: argparse.Namespace) -> None:
    """UsageError where the options name two places, or nobody to do the work."""
    if args.jobs is not None and args.jobs < 1:
        raise UsageError(f"--jobs {args.jobs} leaves nobody to do the work", hint="1 or more are allowed")
    if args.jobs is not None and args.dask is not None:
        raise UsageError("--jobs is for this machine and --dask for a cluster", hint="choose one")


def has_nothing_to_do(args: argparse.Namespace) -> bool:
    """Whether all inputs are in other parts, which is no failure; it is said."""
    shard: Shard | None = getattr(args, "shard", None)
    if shard is None or not shard.is_empty:
        return False
    say(f"part {shard} has none of the {counted(shard.others, 'input')}: nothing to do")
    return True
