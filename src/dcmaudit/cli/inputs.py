"""The inputs that the names of a command line lead to, found as they are needed, and how many there may be."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcmaudit.settings import Settings
    from dcmaudit.sources import Found
    from dcmaudit.sources.extent import Estimate, Extent


class Inputs:
    """One search, which every part of a command shares: nothing is looked for twice.

    ``of_all_parts``: with ``--shard`` the inputs of other parts come out, too, and whoever asks counts them.
    """

    def __init__(self, args: argparse.Namespace, settings: Settings, *, of_all_parts: bool = False) -> None:
        self._args, self._settings, self._of_all_parts = args, settings, of_all_parts
        self._extent: Extent | None = None
        self._found: Iterator[Found] | None = None
        self._mine = 0

    def __iter__(self) -> Iterator[Found]:
        """What is found, on from where it was last asked for."""
        if self._found is None:
            from dcmaudit.sources import find
            from dcmaudit.sources.extent import Extent

            args, settings, self._extent = self._args, self._settings, Extent()
            found = find(
                args.files,
                recursive=args.recursive or settings.recursive,
                pacs_root=settings.pacs_root,
                shard=None if self._of_all_parts else args.shard,
                extent=self._extent,
            )
            self._found = self._counted(found)
        return self._found

    def _counted(self, every: Iterator[Found]) -> Iterator[Found]:
        from dcmaudit.sources import Passed, Problem

        for found in every:
            self._mine += not isinstance(found, (Passed, Problem))
            yield found

    def estimate(self) -> Estimate | None:
        """How many inputs of this run's part there may be; None where nothing can be said yet."""
        if self._extent is None:
            return None
        found, shard = self._extent.estimate(), self._args.shard
        if found is None or shard is None:
            return found
        from dcmaudit.sources.extent import Estimate

        if found.is_exact:
            return Estimate(shard.mine if self._of_all_parts else self._mine, is_exact=True)
        met = shard.mine + shard.others
        return Estimate(round(found.count * shard.mine / met), is_exact=False) if met else None

    def look_on(self, give_up: Callable[[], bool]) -> None:
        """Find the rest, only to count it, until ``give_up`` says so."""
        for _ in self:
            if give_up():
                return
