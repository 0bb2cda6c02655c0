"""From examples to suggestions for one plane: ranked, with a probability and a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmaudit.detect.learning import reasons
from dcmaudit.detect.learning.chances import SHOWN, Count, Reliability, chance, kind_of, with_own
from dcmaudit.detect.learning.clusters import Places, clusters, covers, largest, middle, near, outline, whole
from dcmaudit.detect.learning.evidence import Evidence, Flags, Numbers, edges_of
from dcmaudit.detect.learning.levels import Boxes, Fit, Level
from dcmaudit.model import (
    FRAMES,
    Box,
    DeviceFacts,
    Everywhere,
    Example,
    FrameAddress,
    FrameRange,
    Ground,
    GroupAddress,
    Mark,
    Origin,
    PlaneAddress,
    PlaneSpan,
    Region,
    Size,
    SuggestionKind,
    frame_of,
    group_of,
)
from dcmaudit.model.learning import Examples, Source

_MOST_CLUSTERS = 48
_MOST_MEMBERS = 60
_UNKNOWN_FIT = 0.75
_SAME_PLACE = 0.5
_RARE, _MANY = 0.12, 8
_CERTAIN = 0.93
_MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may have text.

    ``estimate`` is the probability before it was corrected by what came true, ``region.confidence`` the one after.
    ``kind`` names the evidence for that correction. ``is_empty`` tells a likely place under which this image has
    nothing at all. ``largest`` is the area in pixels of the largest example that it was drawn from, None where that
    is not known.
    """

    region: Region
    kind: SuggestionKind
    estimate: float
    is_empty: bool = False
    largest: int | None = None

    @property
    def chance(self) -> float:
        """The probability that there is text, as well as it is known."""
        return self.region.confidence or 0.0

    @property
    def rests_on_one(self) -> bool:
        """Whether a single image, equal in everything, is all that speaks for it."""
        return self.kind.source is Source.EXACT and self.kind.examples is Examples.ONE

    @property
    def is_shown(self) -> bool:
        """Whether it is worth a person's look.

        Where nearly all examples have text it is, whatever the pixels look like: faint text is what people miss.
        """
        # Empty here, where text is usual: shown all the same, for faint text is what people miss.
        if self.is_empty:
            return self.estimate >= SHOWN
        return self.chance >= SHOWN or self.estimate >= _CERTAIN


@dataclass(slots=True)
class _Found:
    box: NDArray[np.float64]
    estimate: float
    examples: float
    source: Source
    count: Count
    reason: str
    largest: int
    is_wide: bool = False


class Learner:
    """What examples say about one image. Made once a file and asked plane by plane; reads nothing else.

    ``examples`` are done files, the newest first; those of other models are left out. ``frames`` is the number of
    frames of the image.
    """

    def __init__(
        self, device: DeviceFacts, examples: Sequence[Example], frames: int, reliability: Reliability | None = None
    ) -> None:
        self._device = device
        self._frames = frames
        self._evidence = Evidence(device, examples)
        self._reliability = reliability or Reliability()

    @property
    def grounds(self) -> Counter[Ground]:
        """How often suggestions that were right on images of this model stood on each kind of ground."""
        return self._evidence.grounds

    def candidates(
        self,
        address: PlaneAddress,
        size: Size,
        own: Sequence[Mark] = (),
        seen: Sequence[FrameRange] = (),
    ) -> list[Candidate]:
        """Places that may have text on one plane, the likeliest first, none on top of another.

        ``size`` is the plane's; boxes are clipped to it. ``own`` are the marks of this file so far, ``seen`` the
        frames of the plane's group that were looked at. What is marked on this plane already
        is not suggested again. Unlikely places are among the answers; ``is_shown`` tells them.
        """
        group, frame = group_of(address), frame_of(address)
        found = self._of_examples(group, frame, size)
        found = _with_own(found, [mark for mark in own if mark.group == group], group_of(address), frame, seen)
        ranked = [self._candidate(item, address, size) for item in found]
        here = [_box(mark) for mark in own if mark.is_on(group, frame)]
        kept: list[Candidate] = []
        for item in sorted((item for item in ranked if item), key=lambda item: -item.chance):
            boxes = here + [other.region.box for other in kept]
            if not any(_is_same_place(item.region.box, box) for box in boxes):
                kept.append(item)
        return kept

    def refutes_unknown(self, address: PlaneAddress) -> bool:
        """Whether there are so many equal done images that a place not among the candidates is unlikely."""
        there, _ = self._evidence.trials(group_of(address), frame_of(address), self._frames)
        return int((there & (self._evidence.levels == Level.EXACT)).sum()) >= _MANY

    def _candidate(self, found: _Found, address: PlaneAddress, size: Size) -> Candidate | None:
        left, top, right, bottom = whole(found.box)
        # Carried to a small image, a box may hold no whole pixel.
        if right <= left or bottom <= top:
            return None
        box = Box(left, top, right, bottom).clipped(size)
        if box is None:
            return None
        kind = kind_of(found.source, found.count, found.estimate)
        confidence = self._reliability.corrected(kind, found.estimate)
        is_wide = found.is_wide and self._frames > 1 and isinstance(address, FrameAddress)
        region = Region(
            box,
            address,
            Origin.LEARNED,
            found.reason,
            confidence=round(confidence, 4),
            applies_to=Everywhere.ALL_FRAMES if is_wide else None,
        )
        return Candidate(region, kind, found.estimate, largest=found.largest)

    # What examples say

    def _of_examples(self, group: GroupAddress, frame: int, size: Size) -> list[_Found]:
        evidence = self._evidence
        fits = evidence.fits if group == FRAMES and evidence.fits else {Fit.SAME: None}
        there, numbers = evidence.trials(group, frame, self._frames)
        found: list[_Found] = []
        for fit, agreement in fits.items():
            found += self._of_fit(group, size, fit, agreement, there, numbers)
        return found

    def _of_fit(
        self, group: GroupAddress, size: Size, fit: Fit, agreement: float | None, there: Flags, numbers: Numbers
    ) -> list[_Found]:
        evidence = self._evidence
        if fit is Fit.SAME:
            there = there & (evidence.levels > Level.SIZE)
        used = np.flatnonzero(evidence.in_group(group) & there[evidence.owner])
        if not len(used):
            return []
        owner, boxes = evidence.owner[used], evidence.boxes_for(self._device, fit)[used]
        same = (evidence.first[used] <= numbers[owner]) & (evidence.last[used] >= numbers[owner])
        weights = evidence.weights[owner] * (1.0 + evidence.levels[owner]) * np.where(same, 1.0, 0.3)
        view = _View(there, owner, boxes, same, evidence.agreed[used], evidence.wide[used])
        # Places that hardly any of many examples has are not even counted: they cannot become likely.
        least = _RARE * there.sum() if there.sum() >= _MANY else 0
        return [
            self._of_cluster(members, view, size, fit, agreement)
            for members in clusters(boxes, weights)[:_MOST_CLUSTERS]
            if len(members) > least
        ]

    def _of_cluster(self, members: Places, view: _View, size: Size, fit: Fit, agreement: float | None) -> _Found:
        evidence, there, owner, boxes = self._evidence, view.there, view.owner, view.boxes
        core = middle(boxes[members])
        holds = covers(boxes, core)
        holds[members] = True
        marked = np.zeros(len(there), dtype=bool)
        marked[owner[holds]] = True
        hit = np.zeros(len(there), dtype=bool)
        hit[owner[holds & view.same]] = True
        counts, tally = {}, {}
        for level in Level:
            mine = there & (evidence.levels == level)
            if mine.any():
                counts[level] = Count(float(evidence.weights[mine & hit].sum()), float(evidence.weights[mine].sum()))
                tally[level] = (int((mine & hit).sum()), int(mine.sum()))
        only_elsewhere = marked & ~hit
        elsewhere = float(evidence.weights[only_elsewhere].sum() / evidence.weights[there].sum())
        estimate = chance(counts, elsewhere)
        nearest = max(counts)
        # No image of this size is known: how well marks carry over is part of the chance.
        if nearest is Level.SIZE:
            estimate *= _UNKNOWN_FIT if agreement is None else agreement
        trials = sum(count.trials for level, count in counts.items() if level > Level.SIZE)
        best = _best(members, view, evidence.levels)
        return _Found(
            box=outline(*best),
            estimate=estimate,
            examples=trials,
            source=_source(tally, fit),
            count=counts[nearest],
            reason=reasons.of_examples(tally, int(only_elsewhere.sum()), size, fit),
            largest=largest(*best),
            is_wide=float(view.wide[members].mean()) > _MOSTLY,
        )


@dataclass(frozen=True, slots=True)
class _View:
    """The marks that count for one plane: owner, edges, whether on the frame in question, accepted, on all frames."""

    there: Flags
    owner: Numbers
    boxes: Boxes
    same: Flags
    agreed: Flags
    wide: Flags


def _best(members: Places, view: _View, levels: Numbers) -> tuple[Boxes, Flags]:
    """The newest members that say most about the exact place: of the same size, on the same frame."""
    for better in (levels[view.owner] > Level.SIZE, view.same):
        if better[members].any():
            members = members[better[members]]
    members = members[:_MOST_MEMBERS]
    return view.boxes[members], view.agreed[members]


_SOURCES = {Level.TYPE: Source.TYPE, Level.VERSION: Source.VERSION, Level.EXACT: Source.EXACT}


def _source(tally: reasons.Tally, fit: Fit) -> Source:
    for level in sorted(tally, reverse=True):
        if tally[level][0]:
            # Marks of another size are only ever carried over by one of the two fits.
            return _SOURCES.get(level, Source.SCALED if fit is Fit.SCALED else Source.ANCHORED)
    return Source.ELSEWHERE


# What the other frames of the same file say


def _with_own(
    found: list[_Found], own: Sequence[Mark], group: GroupAddress, frame: int, seen: Sequence[FrameRange]
) -> list[_Found]:
    others = [mark for mark in own if not mark.is_on(group, frame)]
    marked: set[int] = {number for mark in others for number in _frames(mark)}
    trials = len(marked | {number for one in seen for number in _limited(one)} - {frame})
    if not trials:
        return found
    # Text keeps its place from frame to frame of one file: no margin is needed, as if all had been accepted.
    boxes = edges_of(others)
    agreed = np.ones(len(boxes), dtype=bool)
    matched: dict[int, _Found] = {}
    result = []
    groups = clusters(boxes, np.ones(len(boxes))) if others else []
    for item in found:
        places = next((n for n, members in enumerate(groups) if _means(item.box, boxes[members])), None)
        if places is None or places in matched:
            item.estimate = with_own(item.estimate, Count(0.0, trials), item.examples)
            result.append(item)
        else:
            matched[places] = item
    for number, members in enumerate(groups):
        hits = len({n for place in members for n in _frames(others[place])})
        drawn = np.array([others[place].agreed for place in members], dtype=bool)
        mine = outline(boxes[members], agreed[members]), largest(boxes[members], drawn)
        result.append(_of_own(matched.get(number), *mine, hits, trials))
    return result


_LIMIT = 4096
"""Frames of a run that are looked at: a file may have a million, and no answer needs them."""


def _of_own(former: _Found | None, box: NDArray[np.float64], area: int, hits: int, trials: int) -> _Found:
    count = Count(float(hits), float(trials))
    estimate = with_own(former.estimate if former else 0.0, count, former.examples if former else 0.0)
    reason = reasons.of_own(hits, trials, former.reason if former else "")
    # Marked frame by frame in this very file: that is then what is wanted.
    largest_one = min(area, former.largest) if former else area
    return _Found(box, estimate, former.examples if former else 0.0, Source.OWN, count, reason, largest_one)


def _means(box: NDArray[np.float64], boxes: Boxes) -> bool:
    core, one = middle(boxes), box[None, :]
    return bool(near(one, core)[0] or covers(one, core)[0] or covers(core[None, :], box)[0])


def _frames(mark: Mark) -> range:
    return _limited(mark.reach.frames) if isinstance(mark.reach, PlaneSpan) else range(1)


def _limited(frames: FrameRange) -> range:
    return range(frames.start, min(frames.stop, frames.start + _LIMIT))


def _box(mark: Mark) -> Box:
    return Box(mark.left, mark.top, mark.right, mark.bottom)


def _is_same_place(one: Box, other: Box) -> bool:
    shared = one.intersection(other)
    return shared is not None and shared.area >= _SAME_PLACE * min(one.area, other.area)
