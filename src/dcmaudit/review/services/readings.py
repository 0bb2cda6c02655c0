"""What looks for text gave, plane by plane: kept, so that a file that is opened later has it at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from dcmaudit.model import PlaneAddress, Region
from dcmaudit.review.services.protocols import Instances, Suggestions
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

    @property
    def heat(self) -> float:
        """How likely it is that the plane shows text, 0 to 1: as much as its likeliest place."""
        return 1.0 if self.found else max((region.confidence or 0.0 for region in self.rejected), default=0.0)

    @property
    def lines(self) -> tuple[Region, ...]:
        """The places of text, without the one that is a whole page."""
        return self.found[self.is_form :]


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings by file id and plane, of files that are still as they were then.

    Asked right after the file was used: the pool of open files knows then what it is now.
    """

    suggestions: Suggestions
    instances: Instances
    _files: OrderedDict[int, tuple[Stamp | None, dict[PlaneAddress, Reading]]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, file_id: int, address: PlaneAddress, reading: Reading) -> None:
        """Keep what was found on a plane in the place of what was found there before."""
        stamp = self.instances.stamp(file_id)
        with self._lock:
            former, known = self._files.get(file_id, (stamp, {}))
            # Findings of a file that was changed since are of other pixels.
            self._files[file_id] = stamp, {**(known if former == stamp else {}), address: reading}
            self._files.move_to_end(file_id)
            while len(self._files) > _KEPT:
                self._files.popitem(last=False)

    def of(self, file_id: int) -> dict[PlaneAddress, Reading]:
        """What was found in a file so far; nothing where it was changed since."""
        stamp = self.instances.stamp(file_id)
        with self._lock:
            former, known = self._files.get(file_id, (stamp, {}))
            return known if former == stamp else {}

    def put(self, file: OpenFile, address: PlaneAddress, reading: Reading) -> None:
        """Suggest in an open file what was found on one of its planes."""
        self.suggestions.replace_read(file, address, reading.found, reading.rejected)
        with file.lock:
            file.change(heat={**file.heat, address: reading.heat})

    def restore(self, file: OpenFile) -> None:
        """Suggest in a file that was just opened all that was found in it before."""
        for address, reading in self.of(file.file_id).items():
            self.put(file, address, reading)
