"""The inputs of a command line, counted by looking for them once more."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcmaudit.settings import Settings


def count_files(args: argparse.Namespace, settings: Settings, given_up: Callable[[], bool]) -> int | None:
    """How many files ``args.files`` lead to; None where the count was given up."""
    from dcmaudit.sources import Passed, Problem, find

    shard = getattr(args, "shard", None)
    shard = None if shard is None else replace(shard)  # it counts what its own run meets
    count = 0
    for found in find(
        args.files, recursive=args.recursive or settings.recursive, pacs_root=settings.pacs_root, shard=shard
    ):
        if given_up():
            return None
        count += not isinstance(found, (Passed, Problem))
    return count
