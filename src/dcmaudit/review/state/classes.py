"""The files of a list grouped by what they are, what was found in each, and which of them look the same.

A file counts as one of those that look the same only if every plane of it was looked at, a text detector found nothing
on any of them, and it was compared with the others. Whatever is not known stands apart, with its reason.
"""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from dcmaudit.model import Box, Size
from dcmaudit.review.state.file_look import DOUBT, PLACES_KEPT, Concern, FileLook
from dcmaudit.review.state.found_places import Found, FoundPlaces
from dcmaudit.review.state.series_plan import Stamp
from dcmaudit.review.state.worklist import Worklist

UNLIKE = 4.0
"""From this distance on (``render.distances``) a file is unlike the others: usual is about 1."""

FEWEST = 4
"""Files below which nothing can be said about what is usual."""

_TRIED = 0x80
"""Beside the concerns in a mask: somebody has tried to look at the file."""


class Grouping(Enum):
    """By what files are grouped."""

    KIND = "kind"
    """Modality, image type, size, device."""
    SERIES = "series"
    """The same, and the series."""


@dataclass(frozen=True, slots=True)
class ClassKey:
    """What the files of a class have in common, as their headers have it; None where absent.

    ``series`` is None where files are not grouped by series. ``size`` is that of the image frames.
    """

    modality: str | None
    image_type: tuple[str, ...] | None
    size: Size | None
    manufacturer: str | None
    model: str | None
    series: str | None = None


@dataclass
class _Looks:
    """By place of the list, in few bytes each."""

    masks: bytearray = field(default_factory=bytearray)
    likelihoods: array[float] = field(default_factory=lambda: array("f"))
    distances: array[float] = field(default_factory=lambda: array("f"))
    planes: array[int] = field(default_factory=lambda: array("I"))
    reasons: array[int] = field(default_factory=lambda: array("I"))
    """Numbers of words in ``ClassTable``, from 1; 0 for none."""
    stamps: array[int] = field(default_factory=lambda: array("q"))

    def grow(self, total: int) -> None:
        more = total - len(self.masks)
        self.masks += bytes([Concern.UNLOOKED.bit | Concern.UNCOMPARED.bit]) * more
        self.likelihoods.extend([0.0] * more)
        self.distances.extend([0.0] * more)
        self.planes.extend([0] * more)
        self.reasons.extend([0] * more)
        self.stamps.extend([0] * more)


@dataclass
class FileClass:
    """Files of one kind. ``key`` is None for those whose header cannot be read. ``through`` places were looked at."""

    number: int
    key: ClassKey | None
    places: array[int] = field(default_factory=lambda: array("I"))
    through: int = 0
    planes: int = 0
    series: int | None = None
    """The number of its series among those of the same kind, from 1; None where files are not grouped by series."""
    typical: int | None = None
    """The place of the file that is most like the others."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the files of a class divide; ``waiting`` are not done, ``apart`` and ``same`` are all files."""

    files: int
    waiting: int
    apart: int
    same: int
    concerns: Mapping[Concern, int]


class ClassTable:
    """The classes of one list. A service fills it; safe to use from several threads."""

    def __init__(self, worklist: Worklist, grouping: Grouping) -> None:
        self.worklist, self.grouping = worklist, grouping
        self.classes: list[FileClass] = []
        self._numbers: dict[ClassKey | None, int] = {}
        self._series: Counter[ClassKey] = Counter()
        self._of: array[int] = array("i")
        self._looks = _Looks()
        self._found = FoundPlaces()
        self._reasons: dict[str, int] = {"": 0}
        self._forgotten: set[int] = set()
        self._lock = threading.RLock()
        self.through = 0
        """Files that were looked at, or that it was tried with."""
        self.planes_through = 0

    @property
    def sorted(self) -> int:
        """How many files of the list have a class."""
        return len(self._of)

    def sort(self, key: ClassKey | None, *, declared: bool = False) -> None:
        """Put the next file of the list into its class; ``declared``: its header says that text is burned in."""
        with self._lock:
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self.classes)
                self.classes.append(FileClass(number, key, series=self._next_series(key)))
            place = len(self._of)
            self._of.append(number)
            self.classes[number].places.append(place)
            self._looks.grow(place + 1)
            if declared:
                self._looks.masks[place] |= Concern.DECLARED.bit

    def _next_series(self, key: ClassKey | None) -> int | None:
        if key is None or key.series is None:
            return None
        kind = replace(key, series=None)
        self._series[kind] += 1
        return self._series[kind]

    def number_of(self, place: int) -> int | None:
        """The number of the class of the file at ``place``; None where it is not sorted yet."""
        return self._of[place] if place < len(self._of) else None

    def get(self, number: int) -> FileClass | None:
        """The class with that number."""
        return self.classes[number] if 0 <= number < len(self.classes) else None

    def take(self, place: int, look: FileLook) -> None:
        """Take in what a look gave; the file counts as looked at from now on."""
        with self._lock:
            looks = self._looks
            is_new = not looks.masks[place] & _TRIED
            mask = looks.masks[place] & (Concern.DECLARED.bit | Concern.UNLIKE.bit | Concern.UNCOMPARED.bit) | _TRIED
            mask |= Concern.FOUND.bit if look.found else Concern.DOUBTED.bit if look.likelihood >= DOUBT else 0
            mask |= Concern.UNREADABLE.bit if look.failed is not None else 0
            mask |= Concern.UNLOOKED.bit if look.undetected else 0
            # What the header says and how it compares stays: a new look changes only what a look can see.
            looks.masks[place] = mask
            looks.likelihoods[place], looks.planes[place] = look.likelihood, look.planes
            looks.stamps[place] = _short(look.stamp)
            # Most files have one plane with text, which is kept as the likeliest one.
            others = look.with_text if len(look.with_text) > 1 else ()
            self._found.put(place, Found(look.plane, look.places[:PLACES_KEPT], others))
            looks.reasons[place] = self._reasons.setdefault(look.failed or "", len(self._reasons))
            if is_new:
                found = self.classes[self._of[place]]
                self.through += 1
                found.through += 1
                self.planes_through += look.planes
                found.planes += look.planes

    def compare(self, number: int, places: Sequence[int], distances: Sequence[float]) -> None:
        """Take in how unlike the others of their class these files are."""
        with self._lock:
            for place, distance in zip(places, distances, strict=True):
                mask = self._looks.masks[place] & ~(Concern.UNLIKE.bit | Concern.UNCOMPARED.bit)
                self._looks.masks[place] = mask | (Concern.UNLIKE.bit if distance >= UNLIKE else 0)
                self._looks.distances[place] = distance
            if len(places):
                self.classes[number].typical = places[int(np.argmin(distances))]

    def look(self, place: int) -> FileLook | None:
        """What a detector found in the file, for whoever looks at its pixels again; None where none has looked at all
        of it."""
        with self._lock:
            mask = self._looks.masks[place] if place < len(self._of) else 0
            if not mask & _TRIED or mask & (Concern.UNLOOKED.bit | Concern.UNREADABLE.bit):
                return None
            kept = self._found.get(place)
            return FileLook(
                self._looks.planes[place],
                found=int(bool(mask & Concern.FOUND.bit)),
                likelihood=self._looks.likelihoods[place],
                plane=kept.plane,
                places=kept.places,
                with_text=kept.with_text,
            )

    def forget(self, place: int) -> None:
        """The file was changed: nobody has looked at it, and it has to be looked at again."""
        with self._lock:
            if place < len(self._of):
                self._looks.masks[place] |= Concern.UNLOOKED.bit
                self._looks.likelihoods[place] = 0.0
                # What was found lay on other pixels.
                self._found.drop(place)
                self._forgotten.add(place)

    def forgotten(self) -> int | None:
        """The place of a file that has to be looked at again, which is then no longer named here; None for none."""
        with self._lock:
            return self._forgotten.pop() if self._forgotten else None

    @property
    def changed(self) -> int:
        """How many files were changed, and have to be looked at again."""
        return len(self._forgotten)

    def is_of(self, place: int, stamp: Stamp | None) -> bool:
        """Whether the file is still the one that was looked at; True where nobody can know."""
        kept = self._looks.stamps[place] if place < len(self._of) else 0
        return kept == 0 or kept == _short(stamp)

    def concerns(self, place: int) -> tuple[Concern, ...]:
        """Why the file is not among those that look the same; empty where it is."""
        if place >= len(self._of):
            return (Concern.UNLOOKED,)
        mask = self._looks.masks[place]
        return tuple(concern for concern in Concern if mask & concern.bit)

    def likelihood(self, place: int) -> float:
        """Of the likeliest place of text in the file, 0 to 1."""
        return self._looks.likelihoods[place] if place < len(self._of) else 0.0

    def planes(self, place: int) -> int:
        """How many planes of the file were looked at."""
        return self._looks.planes[place] if place < len(self._of) else 0

    def plane(self, place: int) -> str | None:
        """The key of the plane that shows best why the file stands apart; None where there is none."""
        # What was found moves in memory while files are looked at.
        with self._lock:
            return self._found.get(place).plane

    def planes_with_text(self, place: int) -> tuple[str, ...]:
        """The keys of the planes of the file on which text was found, at most PLANES_KEPT; none where that is not
        known."""
        with self._lock:
            kept = self._found.get(place)
        only = (kept.plane,) if kept.plane is not None and Concern.FOUND in self.concerns(place) else ()
        return kept.with_text or only

    def text_places(self, place: int) -> tuple[Box, ...]:
        """Places of text on the plane that shows best why the file stands apart, or of what looks like text there."""
        with self._lock:
            return self._found.get(place).places

    def reason(self, place: int) -> str | None:
        """Why not all of the file could be looked at, in words."""
        number = self._looks.reasons[place] if place < len(self._of) else 0
        with self._lock:
            return next((words for words, known in self._reasons.items() if known == number), None) if number else None

    def order(self, number: int) -> tuple[list[int], int]:
        """The places of a class, those that stand apart first (the gravest reason, then the likeliest text, then the
        greatest distance), and how many these are."""
        with self._lock:
            places = np.array(self.classes[number].places, dtype=np.int64)
            masks = np.frombuffer(bytes(self._looks.masks), np.uint8)[places] & ~np.uint8(_TRIED)
            likely = np.array(self._looks.likelihoods, dtype=np.float32)[places]
            away = np.array(self._looks.distances, dtype=np.float32)[places]
        # The lowest bit that is set is the gravest concern; none at all comes last.
        lowest = np.where(masks == 0, 255, masks & (~masks + 1))
        order = np.lexsort((places, np.where(masks == 0, 0, -away), np.where(masks == 0, 0, -likely), lowest))
        return places[order].tolist(), int(np.count_nonzero(masks))

    def tally(self, number: int) -> Tally:
        """How the files of a class divide."""
        with self._lock:
            places = np.array(self.classes[number].places, dtype=np.int64)
            masks = np.frombuffer(bytes(self._looks.masks), np.uint8)[places] & ~np.uint8(_TRIED)
        waiting = sum(not self.worklist.state(place).is_done for place in places.tolist())
        apart = int(np.count_nonzero(masks))
        counts = {concern: int(np.count_nonzero(masks & concern.bit)) for concern in Concern}
        return Tally(len(places), waiting, apart, len(places) - apart, counts)


def _short(stamp: Stamp | None) -> int:
    """A stamp in eight bytes; 0 for none."""
    return 0 if stamp is None else hash(stamp) or 1
