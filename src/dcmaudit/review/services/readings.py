"""What looks for text gave, plane by plane: kept, so that a file that is opened later has it at once, also tomorrow."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from dcmaudit.errors import DcmauditError
from dcmaudit.model import PlaneAddress, Reference, Region
from dcmaudit.model.counts import counted
from dcmaudit.model.searches import KeptSearch, PlaneSearch, SearchFor
from dcmaudit.review.services.page_words import told
from dcmaudit.review.services.protocols import Database, Instances, Suggestions
from dcmaudit.review.state.open_file import OpenFile
from dcmaudit.review.state.series_plan import Stamp

_KEPT = 50_000
"""Files whose readings are kept; the one that was asked for longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a look at one plane gave: text, and places that were looked at and not taken for text."""

    found: tuple[Region, ...] = ()
    rejected: tuple[Region, ...] = ()
    is_form: bool = False
    """Whether the plane is a page of text: the first region found is then all of it."""
    on: date | None = None
    """The day of it, where the database had it from an earlier start of the program."""

    @property
    def heat(self) -> float:
        """How likely it is that the plane shows text, 0 to 1: as much as its likeliest place."""
        return 1.0 if self.found else max((region.confidence or 0.0 for region in self.rejected), default=0.0)

    @property
    def lines(self) -> tuple[Region, ...]:
        """The places of text, without the one that is a whole page."""
        return self.found[self.is_form :]


@dataclass(frozen=True, slots=True)
class Searched:
    """A file of a list, for which readings are kept and asked."""

    file_id: int
    name: str
    referrer: Callable[[], Reference]


@dataclass(slots=True)
class _Known:
    """The readings of one file; ``asked``: the database that was asked what it has of it."""

    stamp: Stamp | None
    readings: dict[PlaneAddress, Reading] = field(default_factory=dict)
    asked: str | None = None


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings by file id and plane, of files that are still as they were then.

    They are stored, too, with size and time of change of the file and ``method``, the way in which it was read; with
    another of these they count for nothing. Of files that have no size and time (objects of a bucket) nothing is
    stored. Asked right after the file was used: the pool of open files knows then what it is now.
    """

    suggestions: Suggestions
    instances: Instances
    database: Database
    method: Callable[[], str]
    _files: OrderedDict[int, _Known] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, file: Searched, address: PlaneAddress, reading: Reading) -> str:
        """Keep what was found on a plane in the place of what was found there before.

        Says in words why it is lost when the program ends; "" where it is stored, or where nothing is.
        """
        stamp = self.instances.stamp(file.file_id)
        with self._lock:
            known = self._current(file.file_id, stamp)
            known.readings = {**known.readings, address: reading}
            self._files.move_to_end(file.file_id)
            while len(self._files) > _KEPT:
                self._files.popitem(last=False)
        what = self._of(stamp)
        # What was read of a file that was written to since is of nobody knows which content.
        if what is None or not self.database.may_write or self.instances.has_changed(file.file_id, file.referrer()):
            return ""
        try:
            search = PlaneSearch(address, reading.found, reading.rejected, reading.is_form, self._instance(file))
            self.database.store.put_searches(file.name, what, [search])
        except DcmauditError as error:
            return f"What was found is lost when the program ends, for it could not be stored: {told(error)}"
        return ""

    def of(self, file: Searched) -> Mapping[PlaneAddress, Reading]:
        """What was found in a file so far, today or on another day; nothing where it was changed since."""
        stamp, store = self.instances.stamp(file.file_id), self.database.store
        what = self._of(stamp)
        with self._lock:
            known = self._current(file.file_id, stamp)
            is_asked = what is None or known.asked == store.location
        if what is not None and not is_asked:
            # Not under the lock: a server may take its time.
            kept = store.searches(file.name, what)
            stored = _stored(kept, self._instance(file)) if kept else {}
            with self._lock:
                known.readings = {**stored, **known.readings}
                known.asked = store.location
        return known.readings

    def _current(self, file_id: int, stamp: Stamp | None) -> _Known:
        """What is known of the file as it is now, to be filled."""
        known = self._files.get(file_id)
        # Findings of a file that was changed since are of other pixels.
        if known is None or known.stamp != stamp:
            known = self._files[file_id] = _Known(stamp)
        return known

    def _instance(self, file: Searched) -> str:
        with self.instances.lease(file.file_id, file.referrer) as instance:
            return instance.sop_instance_uid or ""

    def _of(self, stamp: Stamp | None) -> SearchFor | None:
        """For what a reading of now counts; None where nobody could know whether the file is still the same."""
        return None if stamp is None else SearchFor(stamp[2], stamp[3], self.method())

    def put(self, file: OpenFile, address: PlaneAddress, reading: Reading) -> None:
        """Suggest in an open file what was found on one of its planes."""
        self.suggestions.replace_read(file, address, reading.found, reading.rejected)
        with file.lock:
            file.change(heat={**file.heat, address: reading.heat})

    def restore(self, file: OpenFile) -> str:
        """Suggest in a file that was just opened all that was found in it before.

        What of it is of an earlier start of the program, in words; "" where nothing is. Errors of the database: as
        it raises them.
        """
        found = self.of(Searched(file.file_id, file.name, file.referrer))
        for address, reading in found.items():
            self.put(file, address, reading)
        return _told([reading for reading in found.values() if reading.on is not None])


def _stored(kept: list[KeptSearch], uid: str) -> dict[PlaneAddress, Reading]:
    return {
        each.search.address: Reading(
            _dated(each.search.found, each.at.date()), _dated(each.search.rejected, each.at.date()),
            each.search.is_form, each.at.date(),
        )
        for each in kept
        # Another instance of the same size and time, under the same name, is not the file that was read.
        if isinstance(each.search, PlaneSearch) and each.search.instance == uid
    }  # fmt: skip


def _dated(regions: tuple[Region, ...], day: date) -> tuple[Region, ...]:
    return tuple(replace(region, reason=f"{region.reason}; found on {day}") for region in regions)


def _told(former: list[Reading]) -> str:
    if not former:
        return ""
    days = sorted({reading.on for reading in former if reading.on is not None})
    when = f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
    with_text = sum(bool(reading.found) for reading in former)
    on = f"text was found on {with_text} of them" if with_text else "no text was found, which proves nothing"
    return f"{counted(len(former), 'plane of it was', 'planes of it were')} read {when}: {on}."
