"""How far ``dcmaudit ocr`` is; the inputs are counted by looking for them once more, beside the work."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dcmaudit.cli.progress import Progress as AnyProgress

if TYPE_CHECKING:
    from dcmaudit.settings import Settings


class Progress(AnyProgress):
    """A bar over the files of the command line."""

    def __init__(self, args: argparse.Namespace, settings: Settings) -> None:
        def count(given_up: Callable[[], bool]) -> int | None:
            return count_files(args, settings, given_up)

        super().__init__("reading", count, quiet=getattr(args, "quiet", False))


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
