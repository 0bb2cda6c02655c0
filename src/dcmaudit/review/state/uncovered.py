"""Planes that were seen while a mark was black on them: once the mark goes, nobody has seen what lay below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dcmaudit.model import Everywhere, GroupAddress, HowSeen, PlaneAddress, PlaneGroup
from dcmaudit.model.counts import counted
from dcmaudit.model.records import RectRow
from dcmaudit.review.state.open_file import OpenFile, applies
from dcmaudit.review.state.seen import NumberRanges, Ranges

_Seen = Mapping[GroupAddress, Ranges]


class SeenBefore:
    """Of marks that were stored since the program began, which planes had been seen already when they came."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def note(self, file: OpenFile, before: Iterable[RectRow]) -> None:
        """The file has other marks than ``before``: remember what was seen when the new ones came.

        One that was taken away and comes back is new: what was seen in between was seen without it.
        """
        known = {row.id for row in before}
        new = [row.id for row in file.rects if row.id not in known]
        if new:
            now = {group.where: file.seen.positions(group, HowSeen.SEEN) for group in file.planes.groups}
            self._seen.update((each, now) for each in new)

    def clear(self) -> None:
        """Forget all of it: another database has other marks of the same ids."""
        self._seen.clear()

    def uncovered(self, file: OpenFile, gone: Iterable[RectRow], here: PlaneAddress | None) -> str:
        """What to say of marks that are gone: how many planes, but the one that is shown, may have been seen with them
        black. Empty where there is none."""
        rows = [row for row in gone if row.scope is not None and row.box is not None]
        count = sum(self._below(rows, group, file, here) for group in file.planes.groups)
        if not count:
            return ""
        planes = counted(count, "other plane was", "other planes were")
        return f"What lay below may have been black when {planes} seen, and still counts as seen: look there again."

    def _below(self, rows: Iterable[RectRow], group: PlaneGroup, file: OpenFile, here: PlaneAddress | None) -> int:
        seen = NumberRanges(file.seen.positions(group, HowSeen.SEEN))
        found = NumberRanges()
        for row in rows if seen.ranges else ():
            scope = row.scope
            since = seen.without(self._seen.get(row.id, {}).get(group.where, []))
            if isinstance(scope, Everywhere) and not applies(scope, group.address(0)):
                continue
            for start, end in since:
                if isinstance(scope, Everywhere):
                    found.add(start, end)
                    continue
                for position in range(start, end):
                    if group.address(position) == scope:
                        found.add(position)
        shown = next((at for start, end in found.ranges for at in range(start, end) if group.address(at) == here), None)
        return len(found) - (shown is not None)
