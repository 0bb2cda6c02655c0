"""What the reviewer's open file gets from learning, and what it gives back when it is done."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dcmaudit.detect.learning import Candidate, Learner, Reliability, combined, grounded, is_right
from dcmaudit.dicom import Samples
from dcmaudit.model import (
    Box,
    FrameRange,
    Ground,
    HowSeen,
    Judged,
    Mark,
    Plane,
    PlaneAddress,
    Region,
    covered_area,
)
from dcmaudit.model.learning import reaches
from dcmaudit.model.records import RectRow
from dcmaudit.review.services.text_under import InkMap, SeenPixels
from dcmaudit.review.state.open_file import OpenFile, applies
from dcmaudit.store import Store

_WORTH_NOTING = 0.05
_WORTH_A_LOOK = 0.1
_COVERED = 0.9
_SAME_PLACE = 0.5
_BLURRED = 3
"""How far the samples of an area without anything lie apart after lossy compression."""


@dataclass
class FileLearning:
    """What was learned for one open file: every candidate by plane and box, so that all are judged at the end."""

    learner: Learner | None = None
    reliability: Reliability = field(default_factory=Reliability)
    offered: dict[tuple[PlaneAddress, Box], Candidate] = field(default_factory=dict)


class Learning:
    """Gives open files what similar ones teach, and takes back how that fared."""

    def __init__(self) -> None:
        self._files: weakref.WeakKeyDictionary[OpenFile, FileLearning] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def forget(self, file: OpenFile) -> None:
        """Another database was opened: it teaches other things."""
        with self._lock:
            self._files.pop(file, None)

    def of(self, file: OpenFile) -> FileLearning:
        """What was learned for the file so far."""
        with self._lock:
            return self._files.setdefault(file, FileLearning())

    def regions(
        self, store: Store, file: OpenFile, plane: Plane, samples: Samples | None, ink: InkMap | None = None
    ) -> list[tuple[Region, bool]]:
        """What similar and related images, and the other planes of the file, suggest for one plane.

        Each with whether there is nothing under it, which only ``samples`` can tell; ``ink`` is where the text detector
        sees text. StoreError as the store raises it.
        """
        facts = file.facts
        if facts is None or plane.size is None:
            return []
        learning = self.of(file)
        if learning.learner is None:
            examples = store.examples(file.name, facts.device, facts.sop_class_uid)
            learning.learner = Learner(facts.device, examples, facts.number_of_frames)
            learning.reliability = Reliability.of(store.judgements(), learning.learner.grounds)
        own = list(_own_marks(file))
        candidates = learning.learner.candidates(plane.address, plane.size, own, _seen(file, plane))
        pixels = None if samples is None else SeenPixels(samples.array, _tolerance(file), ink)
        if pixels is not None:
            candidates = grounded(candidates, pixels, learning.reliability)
            # A look at the pixels can change boxes: what was offered before it is not judged beside it. What was marked
            # since is not offered again, and stays to be judged.
            marks = _rows_on(file.rects, plane.address)
            here = [place for place in learning.offered if place[0] == plane.address and place not in file.refused]
            for place in here:
                if not _is_taken(place[1], marks):
                    del learning.offered[place]
        black = _shapes_on(file.rects, plane.address)
        if black:  # the learner knows nothing of shapes
            candidates = [item for item in candidates if not _is_marked(item.region.box, black)]
        for item in candidates:
            learning.offered[plane.address, item.region.box] = item
        similar = [
            region
            for region in store.similar(file.name, facts.device, plane.address, facts.sop_class_uid)
            if not _is_suggested_in_vain(region, _rows_on(file.rects, plane.address))
        ]
        refuted = learning.learner.refutes_unknown(plane.address)
        found = combined(similar, candidates, refuted=refuted, pixels=pixels)
        return [(region, pixels is not None and pixels.ground(region.box) is Ground.EMPTY) for region in found.regions]

    def may_change(self, file: OpenFile, address: PlaneAddress) -> bool:
        """Whether a look at the pixels could show a place of that plane which the marks alone do not make likely."""
        marks = _rows_on(file.rects, address)
        return any(
            at == address and item.estimate >= _WORTH_A_LOOK and not _is_taken(box, marks)
            for (at, box), item in self.of(file).offered.items()
        )

    def judged(self, file: OpenFile) -> list[Judged]:
        """What became of everything that was offered on the planes that were looked at, or was refused."""
        return [
            _judgement(file, address, item)
            for (address, box), item in self.of(file).offered.items()
            if not item.is_empty
            and item.estimate >= _WORTH_NOTING
            and (_is_seen(file, address) or (address, box) in file.refused)
        ]

    def refused(self, file: OpenFile) -> list[Judged]:
        """What became of the offers that the reviewer said no to, known before the file is done."""
        offered = self.of(file).offered.items()
        return [_judgement(file, place[0], item) for place, item in offered if place in file.refused]

    def teach(self, store: Store, file: OpenFile) -> None:
        """Note of a done file what kind of image it is and how its suggestions fared.

        StoreError as the store raises it.
        """
        if file.facts is not None:
            groups = {group.where for group in file.planes.groups}
            store.learn(
                file.name,
                file.facts.device,
                frames=file.facts.number_of_frames,
                groups=groups,
                judged=self.judged(file),
            )

    def teach_refusals(self, store: Store, file: OpenFile) -> None:
        """Note the suggestions that were refused, before the file is done. StoreError as the store raises it.

        How sure later suggestions are is worked out from that at once; the file itself feeds none before it is done.
        """
        if file.tag is None:
            store.judge(file.name, self.refused(file))
        else:
            self.teach(store, file)


def _judgement(file: OpenFile, address: PlaneAddress, item: Candidate) -> Judged:
    box, rows = item.region.box, _rows_on(file.rects, address)
    right = is_right(box, _rectangles(rows)) or _is_marked(box, _shapes_on(rows, address))
    return Judged(address, item.region.box, item.kind, item.estimate, right, item.is_shown)


def _is_seen(file: OpenFile, address: PlaneAddress) -> bool:
    index = file.planes.find(address)
    return index is not None and _was_seen(file, index)


def _own_marks(file: OpenFile) -> Iterator[Mark]:
    for row in file.rects:
        if row.box is None or row.scope is None or row.shape is not None:
            continue
        edges = (row.box.left, row.box.top, row.box.right, row.box.bottom)
        for reach in reaches(row.scope):
            yield Mark(*edges, reach, row.box in file.accepted)


def _seen(file: OpenFile, plane: Plane) -> Sequence[FrameRange]:
    """The frames of the plane's group that were looked at."""
    numbers = plane.group.frames
    spans = file.seen.positions(plane.group, *_LOOKED)
    return [FrameRange(numbers[start], numbers[end - 1] + 1) for start, end in spans if start < end <= len(numbers)]


def _was_seen(file: OpenFile, index: int) -> bool:
    position = index - file.planes.group_start(index)
    spans = file.seen.positions(file.planes[index].group, *_LOOKED)
    return any(start <= position < end for start, end in spans)


def _rows_on(rows: Iterable[RectRow], address: PlaneAddress) -> list[RectRow]:
    return [row for row in rows if row.box and row.scope and applies(row.scope, address)]


def _rectangles(rows: Iterable[RectRow]) -> list[Box]:
    return [row.box for row in rows if row.box and row.shape is None]


def _shapes_on(rows: Iterable[RectRow], address: PlaneAddress) -> list[Box]:
    """What shapes black on a plane."""
    return [box for row in _rows_on(rows, address) if row.shape is not None for box in row.boxes]


def _is_suggested_in_vain(region: Region, rows: Sequence[RectRow]) -> bool:
    """Whether what similar images have is marked on the plane already."""
    if region.shape is not None:
        return any(row.shape == region.shape for row in rows)
    return _is_marked(region.box, [box for row in rows for box in row.boxes])


def _is_marked(box: Box, marks: Sequence[Box]) -> bool:
    parts = [part for part in (box.intersection(mark) for mark in marks) if part is not None]
    return covered_area(parts) >= _COVERED * box.area


def _is_taken(box: Box, rows: Sequence[RectRow]) -> bool:
    """Whether a mark means the place of ``box``, so that the learner does not suggest it again."""
    shared = ((mark, mark.intersection(box)) for mark in _rectangles(rows))
    if any(part is not None and part.area >= _SAME_PLACE * min(mark.area, box.area) for mark, part in shared):
        return True
    return _is_marked(box, [each for row in rows if row.shape is not None for each in row.boxes])


_LOOKED = (HowSeen.SEEN, HowSeen.MAXIMUM, HowSeen.TEXT_MAP, HowSeen.PAINTED, HowSeen.PROJECTION)
"""Ways of seeing in which somebody would have drawn a rectangle where text was."""
_LOSSY = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55",
          "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203")  # fmt: skip


def _tolerance(file: OpenFile) -> int:
    return _BLURRED if file.facts is not None and file.facts.transfer_syntax_uid in _LOSSY else 0
