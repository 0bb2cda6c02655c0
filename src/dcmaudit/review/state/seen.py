"""Which planes of a file were seen, and how: what is stored, and what still has to be."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dcmaudit.model import (
    Box,
    Coverage,
    FrameRange,
    GroupAddress,
    HowSeen,
    PlaneAddress,
    PlaneGroup,
    PlaneList,
    PlaneSpan,
    Size,
    frame_of,
    group_of,
)
from dcmaudit.model.records import Looked, PartRecord, SeenPart, SeenRecord

Ranges = list[tuple[int, int]]
"""Half-open ranges, in order, that neither overlap nor touch."""

GLANCES = tuple(how for how in HowSeen if not how.is_seen)
"""Every way of seeing after which nobody could have read what is on the plane; the stronger ones first."""


class NumberRanges:
    """A set of numbers kept as ranges, for files of a million frames that are seen one after the other."""

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

    def without(self, others: Iterable[tuple[int, int]]) -> Ranges:
        """The ranges that are left where ``others`` (in order, apart) are taken out."""
        left: Ranges = []
        taken = list(others)
        for start, end in self.ranges:
            rest = start
            for first, last in taken:
                if last <= rest or first >= end:
                    continue
                if first > rest:
                    left.append((rest, first))
                rest = last
            if rest < end:
                left.append((rest, end))
        return left

    def __contains__(self, number: int) -> bool:
        found = bisect_right(self.ranges, number, key=lambda item: item[0]) - 1
        return found >= 0 and number < self.ranges[found][1]

    def __len__(self) -> int:
        return sum(end - start for start, end in self.ranges)


@dataclass(frozen=True, slots=True)
class Unstored:
    """What was seen and is not in the database yet: whole planes and glances by way, and parts of planes."""

    spans: Mapping[HowSeen, list[PlaneSpan]]
    parts: Sequence[SeenPart]


class SeenPlanes:
    """For every group of planes and every way of seeing, the planes that were seen so; and parts of planes.

    Groups and planes go by their addresses, which stay true when stray bits come into the list of
    planes later. Questions are answered from what is **stored**; what was noted and is not stored yet is
    handed out with ``take`` and counts once ``settle`` has it back. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._stored: dict[tuple[GroupAddress, HowSeen], NumberRanges] = {}
        self._noted: dict[tuple[GroupAddress, HowSeen], NumberRanges] = {}
        self._parts: dict[PlaneAddress, Coverage] = {}
        self._noted_parts: dict[PlaneAddress, Coverage] = {}
        self._on_the_way = 0

    # Noting

    def add(self, group: PlaneGroup, start: int, end: int, how: HowSeen) -> None:
        """Note the positions ``start`` to ``end`` (half-open) of a group."""
        where, numbers = group.where, _numbers(group)
        # Of stray bits and thumbnails not every frame has one: their numbers have holes.
        spans = [(numbers[position], numbers[position] + 1) for position in range(start, end)]
        if isinstance(numbers, range) and start < end:
            spans = [(numbers[start], numbers[end - 1] + 1)]
        with self._lock:
            for first, last in spans:
                self._note(where, how, first, last)

    def add_boxes(self, address: PlaneAddress, size: Size, boxes: Iterable[Box]) -> None:
        """Note parts of one plane; once they are all of it together, the plane is seen."""
        group, frame = group_of(address), frame_of(address)
        with self._lock:
            if self._has(group, HowSeen.SEEN, frame):
                return
            before = Coverage(size)
            for known in (self._parts.get(address), self._noted_parts.get(address)):
                # A part of another size is of a file that has changed since: nothing of this one was seen then.
                before = before | known if known is not None and known.size == size else before
            now = before
            for box in boxes:
                now = now.with_box(box)
            if now.is_complete:
                self._noted_parts.pop(address, None)
                self._note(group, HowSeen.SEEN, frame, frame + 1)
            elif now != before:
                self._noted_parts[address] = now

    def _note(self, group: GroupAddress, how: HowSeen, start: int, end: int) -> None:
        known = NumberRanges(self._stored.get((group, how), NumberRanges()).ranges)
        if known.add(start, end):
            self._noted.setdefault((group, how), NumberRanges()).add(start, end)

    def _has(self, group: GroupAddress, how: HowSeen, frame: int) -> bool:
        return any(frame in kept.get((group, how), NumberRanges()) for kept in (self._stored, self._noted))

    # The database

    def forget_stored(self) -> None:
        """What the database has is read anew: it may be less than before."""
        with self._lock:
            self._stored.clear()
            self._parts.clear()

    def load(self, record: SeenRecord) -> None:
        """Take in what the database has."""
        with self._lock:
            for span in record.spans:
                stored = self._stored.setdefault((span.group, record.how), NumberRanges())
                stored.add(span.frames.start, span.frames.stop)

    def load_part(self, record: PartRecord) -> None:
        """Take in a part of a plane that the database has."""
        with self._lock:
            self._join(self._parts, record.part)

    @property
    def has_unstored(self) -> bool:
        """Whether anything was noted that ``take`` has not handed out."""
        return bool(self._noted or self._noted_parts)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was noted is stored."""
        return not self.has_unstored and not self._on_the_way

    def take(self) -> Unstored:
        """What was noted since the last call, to be stored and given to ``settle``, or else to ``put_back``."""
        with self._lock:
            spans: dict[HowSeen, list[PlaneSpan]] = {}
            for (group, how), noted in self._noted.items():
                frames = (FrameRange(start, end) for start, end in noted.ranges)
                spans.setdefault(how, []).extend(PlaneSpan(group, each) for each in frames)
            parts = [SeenPart(address, coverage) for address, coverage in self._noted_parts.items()]
            self._noted, self._noted_parts = {}, {}
            self._on_the_way += 1
            return Unstored(spans, parts)

    def settle(self, taken: Unstored) -> None:
        """What ``take`` gave is stored: it counts from now on."""
        with self._lock:
            self._on_the_way -= 1
            for how, spans in taken.spans.items():
                for span in spans:
                    self._stored.setdefault((span.group, how), NumberRanges()).add(span.frames.start, span.frames.stop)
            for part in taken.parts:
                self._join(self._parts, part)

    def put_back(self, taken: Unstored) -> None:
        """What ``take`` gave could not be stored."""
        with self._lock:
            self._on_the_way -= 1
            for how, spans in taken.spans.items():
                for span in spans:
                    self._noted.setdefault((span.group, how), NumberRanges()).add(span.frames.start, span.frames.stop)
            for part in taken.parts:
                self._join(self._noted_parts, part)

    @staticmethod
    def _join(kept: dict[PlaneAddress, Coverage], part: SeenPart) -> None:
        known = kept.get(part.address)
        kept[part.address] = (
            known | part.coverage if known is not None and known.size == part.coverage.size else part.coverage
        )

    # What is stored

    def positions(self, group: PlaneGroup, *hows: HowSeen) -> Ranges:
        """The positions within the group that were seen in one of these ways, as half-open ranges."""
        union, where, numbers = NumberRanges(), group.where, _numbers(group)
        with self._lock:
            for how in hows:
                for start, end in self._stored.get((where, how), NumberRanges()).ranges:
                    union.add(bisect_left(numbers, start), bisect_left(numbers, end))
        return union.ranges

    def count(self, planes: PlaneList, *hows: HowSeen) -> int:
        """How many planes of the list were seen in one of these ways."""
        return sum(end - start for group in planes.groups for start, end in self.positions(group, *hows))

    def part(self, address: PlaneAddress) -> Coverage | None:
        """Which part of a plane was seen; None where it is none, or all of it."""
        with self._lock:
            if frame_of(address) in self._stored.get((group_of(address), HowSeen.SEEN), NumberRanges()):
                return None
            return self._parts.get(address)

    def part_positions(self, group: PlaneGroup) -> list[int]:
        """The positions of a group of which a part was seen, in order."""
        where, numbers = group.where, _numbers(group)
        with self._lock:
            whole = self._stored.get((where, HowSeen.SEEN), NumberRanges())
            frames = [frame_of(address) for address in self._parts if group_of(address) == where]
            found = [frame for frame in frames if frame not in whole]
        positions = [(bisect_left(numbers, number), number) for number in found]
        return sorted(at for at, number in positions if at < len(numbers) and numbers[at] == number)

    def looked(self, planes: PlaneList, *, is_searched: bool) -> Looked:
        """How far the planes of a list were looked at."""
        seen = self.count(planes, HowSeen.SEEN)
        in_part = sum(len(self.part_positions(group)) for group in planes.groups)
        shown = 0
        for group in planes.groups:
            positions = NumberRanges(self.positions(group, *HowSeen))
            for position in self.part_positions(group):
                positions.add(position)
            shown += len(positions)
        return Looked(len(planes), seen, in_part, shown - seen - in_part, is_searched)

    def only(self, planes: PlaneList, how: HowSeen) -> int:
        """How many planes were seen in this way and in no stronger one; those seen in part are stronger than all."""
        stronger = list(HowSeen)[: list(HowSeen).index(how)]
        total = 0
        for group in planes.groups:
            before = NumberRanges(self.positions(group, *stronger))
            for position in self.part_positions(group):
                before.add(position)
            known = len(before)
            for start, end in self.positions(group, how):
                before.add(start, end)
            total += len(before) - known
        return total


def _numbers(group: PlaneGroup) -> Sequence[int]:
    """The frame of every plane of the group, ascending, as its address has it."""
    return group.frames if group.where.kind.has_frames else range(1)
