"""Which planes of a file were seen, and how."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

from dcmaudit.model import HowSeen, PlaneGroup, PlaneKind, PlaneList, Size
from dcmaudit.store import SeenRecord, SeenSpan

COUNTED = (HowSeen.PAINTED, HowSeen.PROJECTION, HowSeen.SKIPPED)
"""The ways of seeing after which a plane no longer waits to be looked at; a glance is none of them."""

LEAST_SCALE = 0.5
"""At half size a stroke of one pixel still leaves a trace; in smaller pictures small text is lost."""

Ranges = list[tuple[int, int]]
"""Half-open ranges, in order, that neither overlap nor touch."""


def how_seen(size: Size | None, width: int, height: int) -> HowSeen:
    """How a plane of ``size`` was seen in a picture among others that was painted ``width`` x ``height`` pixels large.

    PROJECTION where at least half its columns and half its rows were painted, otherwise GLANCED.
    """
    if size is None or width < size.width * LEAST_SCALE or height < size.height * LEAST_SCALE:
        return HowSeen.GLANCED
    return HowSeen.PROJECTION


class Places:
    """A set of places kept as ranges, for files of a million frames that are seen one after the other."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.ranges: Ranges = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int | None = None) -> bool:
        """Take in ``start`` to ``end`` (just ``start`` where it is None); whether anything was new."""
        end = start + 1 if end is None else end
        if end <= start:
            return False
        first = bisect_left(self.ranges, start, key=lambda item: item[1])
        last = bisect_right(self.ranges, end, key=lambda item: item[0])
        touched = self.ranges[first:last]
        if len(touched) == 1 and touched[0][0] <= start and end <= touched[0][1]:
            return False
        if touched:
            start, end = min(start, touched[0][0]), max(end, touched[-1][1])
        self.ranges[first:last] = [(start, end)]
        return True

    def __contains__(self, place: int) -> bool:
        found = bisect_right(self.ranges, place, key=lambda item: item[0]) - 1
        return found >= 0 and place < self.ranges[found][1]

    def __len__(self) -> int:
        return sum(end - start for start, end in self.ranges)


class SeenPlanes:
    """For every group of planes and every way of seeing, the planes that were seen so.

    Groups and planes go by the names and numbers of the store's spans, which stay true when stray bits come into
    the list of planes later.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, HowSeen], Places] = {}
        self._unstored: dict[tuple[str, HowSeen], Places] = {}

    def add(self, group: PlaneGroup, start: int, end: int, how: HowSeen) -> None:
        """Note the positions ``start`` to ``end`` (half-open) of a group."""
        name, numbers = span_name(group), _numbers(group)
        spans = [(numbers[place], numbers[place] + 1) for place in range(start, end)]
        if isinstance(numbers, range) and start < end:
            spans = [(numbers[start], numbers[end - 1] + 1)]
        seen = self._seen.setdefault((name, how), Places())
        for first, last in spans:
            if seen.add(first, last):
                self._unstored.setdefault((name, how), Places()).add(first, last)

    def load(self, record: SeenRecord) -> None:
        """Take in what the database has."""
        seen = self._seen.setdefault((record.group, record.how), Places())
        for start, end in record.ranges:
            seen.add(start, end)

    @property
    def has_unstored(self) -> bool:
        """Whether anything was noted since ``take_unstored``."""
        return bool(self._unstored)

    def take_unstored(self) -> Mapping[HowSeen, list[SeenSpan]]:
        """What was noted since the last call."""
        found: dict[HowSeen, list[SeenSpan]] = {}
        for (name, how), places in self._unstored.items():
            found.setdefault(how, []).extend(SeenSpan(name, start, end) for start, end in places.ranges)
        self._unstored = {}
        return found

    def put_back(self, how: HowSeen, spans: Iterable[SeenSpan]) -> None:
        """What ``take_unstored`` gave and could not be stored."""
        for span in spans:
            self._unstored.setdefault((span.group, how), Places()).add(span.start, span.stop)

    def positions(self, group: PlaneGroup, *hows: HowSeen) -> Ranges:
        """The positions within the group that were seen in one of these ways, as half-open ranges."""
        union, name, numbers = Places(), span_name(group), _numbers(group)
        for how in hows:
            for start, end in self._seen.get((name, how), Places()).ranges:
                union.add(bisect_left(numbers, start), bisect_left(numbers, end))
        return union.ranges

    def count(self, planes: PlaneList, *hows: HowSeen) -> int:
        """How many planes of the list were seen in one of these ways."""
        return sum(end - start for group in planes.groups for start, end in self.positions(group, *hows))


def span_name(group: PlaneGroup) -> str:
    """The name of the group in the store's spans."""
    return SeenSpan.of(group.address(0)).group


def _numbers(group: PlaneGroup) -> Sequence[int]:
    """The store's number of every plane of the group, ascending."""
    if group.kind in {PlaneKind.ICON, PlaneKind.UNSHOWN}:
        return range(group.number, group.number + 1)
    return group.frames
