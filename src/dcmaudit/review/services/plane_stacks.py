"""The stacks of planes that pages look at as projections: kept as long as somebody does, and few at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from dcmaudit.model import PlaneAddress
from dcmaudit.render.project import Strokes
from dcmaudit.render.strokes import stroke_map
from dcmaudit.review.services.protocols import Instances
from dcmaudit.review.services.stack_members import Member, StackKey
from dcmaudit.review.services.stack_reading import StackReading
from dcmaudit.review.services.threads import Workers

_KEPT = 2
"""Stacks that are kept: each holds a plane's worth of memory for each of its projections."""


class PlaneStacks:
    """The stacks that were asked for last. ``strokes`` says where writing is, for several threads at once."""

    def __init__(self, instances: Instances, strokes: Strokes = stroke_map, *, mappers: int = 2) -> None:
        self._instances, self._strokes = instances, strokes
        self._readers, self._mappers = Workers(_KEPT, "projection"), Workers(mappers, "text-map")
        self._kept: OrderedDict[StackKey, StackReading] = OrderedDict()
        self._unshown: dict[int, set[PlaneAddress]] = {}
        """By file, planes that no sheet shows of stacks that are not kept any more."""
        self._lock = threading.Lock()

    def open(
        self, key: StackKey, members: Callable[[], Sequence[Member]], *, is_for_text: bool = False
    ) -> StackReading:
        """The stack of that key, which is being read from now on; with its text map where that is asked for."""
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            made = StackReading(members(), self._instances, self._strokes, self._mappers)
            with self._lock:
                found = self._kept.setdefault(key, made)
                while len(self._kept) > _KEPT:
                    least = self._kept.popitem(last=False)[1]
                    least.stop()
                    _add_alone(least, self._unshown)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        if is_for_text:
            found.want_text()
        found.begin(self._readers)
        return found

    def known(self, key: StackKey) -> StackReading | None:
        """The stack of that key, where it is kept."""
        with self._lock:
            return self._kept.get(key)

    def drop(self, file_id: int) -> None:
        """Forget every stack that has planes of that file: it is another one now."""
        with self._lock:
            gone = [key for key, kept in self._kept.items() if any(one.file_id == file_id for one in kept.members)]
            for key in gone:
                stack = self._kept.pop(key)
                stack.stop()
                _add_alone(stack, self._unshown)
            self._unshown.pop(file_id, None)

    def alone(self) -> dict[int, set[PlaneAddress]]:
        """By file, the planes whose writing no sheet of a text map shows, of all stacks that were read to their end."""
        with self._lock:
            kept = list(self._kept.values())
            found = {file_id: set(addresses) for file_id, addresses in self._unshown.items()}
        for reading in kept:
            _add_alone(reading, found)
        return found

    def close(self) -> None:
        """End the threads."""
        with self._lock:
            for kept in self._kept.values():
                kept.stop()
            self._kept.clear()
        self._mappers.stop()
        self._readers.stop()


def _add_alone(reading: StackReading, found: dict[int, set[PlaneAddress]]) -> None:
    """Add, by file, the planes of the stack whose writing no sheet of its text map shows."""
    for number in reading.alone:
        member = reading.members[number]
        found.setdefault(member.file_id, set()).add(member.address)
