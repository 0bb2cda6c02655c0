"""A few open instances, shared by everybody who looks at them."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dcmaudit.dicom import Instance, open_instance
from dcmaudit.model import Reference
from dcmaudit.review.state.series_plan import Stamp


@dataclass
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    instance: Instance | None = None
    users: int = 0
    dropped: bool = False


class InstanceCache:
    """Open instances by file id, at most ``limit`` beyond those in use; the longest unused is closed first."""

    def __init__(self, limit: int = 6, opener: Callable[[Reference], Instance] = open_instance) -> None:
        self._limit = limit
        self._opener = opener
        self._slots: OrderedDict[int, _Slot] = OrderedDict()
        self._stamps: dict[int, Stamp | None] = {}
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def lease(self, file_id: int, reference: Callable[[], Reference]) -> Iterator[Instance]:
        """The open instance of ``file_id``, opened where it is not; it stays open while it is leased.

        Two threads that want the same file open it once; a file that is slow to open holds up nobody else.
        DicomError and SourceError come out as ``open_instance`` raises them.
        """
        slot = self._enter(file_id)
        try:
            with slot.lock:
                if slot.instance is None:
                    found = reference()
                    # Of the first opening: pictures of then may still be on screen after a later one.
                    self._stamps.setdefault(file_id, stamp_of(found))
                    slot.instance = self._opener(found)
            yield slot.instance
        finally:
            self._leave(file_id, slot)

    def has_changed(self, file_id: int, reference: Reference) -> bool:
        """Whether the file is another one than when it was first opened here; False where that cannot be known."""
        before = self._stamps.get(file_id)
        now = stamp_of(reference) if before is not None else None
        return now is not None and now != before

    def stamp(self, file_id: int) -> Stamp | None:
        """The stamp of the file when it was first opened here; None where it was not, or has none."""
        return self._stamps.get(file_id)

    def drop(self, file_id: int) -> None:
        """Forget the instance and its stamp; it is closed at once, or when those who use it are through."""
        with self._lock:
            self._stamps.pop(file_id, None)
            slot = self._slots.pop(file_id, None)
            if slot is not None:
                slot.dropped = True
        if slot is not None and not slot.users:
            _close(slot)

    def close(self) -> None:
        """Close what is not in use now, and the rest, with whatever is opened later, when its users are through."""
        with self._lock:
            self._closed = True
            slots = list(self._slots.values())
            self._slots.clear()
            for slot in slots:
                slot.dropped = True
            idle = [slot for slot in slots if not slot.users]
        for slot in idle:
            _close(slot)

    def _enter(self, file_id: int) -> _Slot:
        with self._lock:
            # Who comes after the end gets one of his own, which is closed when he is through.
            if self._closed:
                return _Slot(users=1, dropped=True)
            slot = self._slots.setdefault(file_id, _Slot())
            self._slots.move_to_end(file_id)
            slot.users += 1
            return slot

    def _leave(self, file_id: int, slot: _Slot) -> None:
        closing: list[_Slot] = []
        with self._lock:
            slot.users -= 1
            if slot.instance is None and not slot.users and self._slots.get(file_id) is slot:
                del self._slots[file_id]
            idle = [key for key, other in self._slots.items() if not other.users]
            # Those in use stay open, however many: they are beyond the limit for a moment.
            while len(self._slots) > self._limit and idle:
                old = self._slots.pop(idle.pop(0))
                old.dropped = True
                closing.append(old)
            if slot.dropped and not slot.users and slot not in closing:
                closing.append(slot)
        for old in closing:
            _close(old)


def stamp_of(reference: Reference) -> Stamp | None:
    """The stamp of a file of this machine, None for other inputs and for files that are gone."""
    path = getattr(reference, "path", None)
    try:
        found = os.stat(path) if path is not None else None  # noqa: PTH116 - a path may hold bytes that are no UTF-8
    except (OSError, ValueError):
        return None
    # Device and number, too: a file that was put in its place may have the same size and time.
    return None if found is None else (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _close(slot: _Slot) -> None:
    with slot.lock:
        if slot.instance is not None:
            slot.instance.close()
            slot.instance = None
