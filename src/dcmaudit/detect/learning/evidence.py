"""The examples of one image as arrays, so that every plane of it is answered in a few milliseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dcmaudit.detect.learning.levels import Boxes, Fit, Level, carried, level
from dcmaudit.model import (
    FRAMES,
    DeviceFacts,
    Everywhere,
    Example,
    FrameRange,
    Ground,
    GroupAddress,
    Mark,
    PlaneSpan,
    Size,
)

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_AGEING = 0.97
_ENOUGH = 3
_EVERY_FRAME = FrameRange(0, 2**31 + 1)
_NONE = -1
"""The number of no group, so that nothing equals it."""


class Evidence:
    """Examples that are kin to an image, the newest first, and all their marks."""

    def __init__(self, device: DeviceFacts, examples: Sequence[Example]) -> None:
        known: dict[DeviceFacts, Level | None] = {}
        kin: list[tuple[Example, Level | None]] = []
        for example in examples:  # dozens of files, and hardly more than three devices
            if example.device not in known:
                known[example.device] = level(example.device, device)
            kin.append((example, known[example.device]))
        self.examples = [example for example, found in kin if found is not None]
        self.levels = np.array([found for _, found in kin if found is not None], dtype=np.int64)
        self.weights = _weights(self.levels)
        self.marks = [mark for example in self.examples for mark in example.marks]
        self.owner = np.repeat(np.arange(len(self.examples)), [len(example.marks) for example in self.examples])
        self.boxes = edges_of(self.marks)
        self.grounds: Counter[Ground] = Counter()
        for example in self.examples:
            if example.grounds:
                self.grounds.update(example.grounds)
        self.agreed = np.array([mark.agreed for mark in self.marks], dtype=bool)
        self.wide = np.array(
            [_is_wide(mark, example) for example in self.examples for mark in example.marks], dtype=bool
        )
        """Which marks are on all frames of their file."""
        self._numbers: dict[GroupAddress | Everywhere, int] = {}
        reaches = self._reaches()
        self._groups, self.first, self.last = reaches[:, 0], reaches[:, 1], reaches[:, 2]
        same_size = int((self.levels > Level.SIZE).sum())
        self.fits = self._known_fits(device) if same_size < _ENOUGH else {}

    def _reaches(self) -> Numbers:
        """Shape (marks, 3): the number of the group, the first and the last frame of each mark.

        Groups as numbers, because thousands of marks are compared with one group at every plane. Many marks share
        one and the same reach, so that each of them is looked at once.
        """
        known: dict[int, tuple[int, int, int]] = {}
        for mark in self.marks:
            if id(mark.reach) not in known:
                frames = mark.reach.frames if isinstance(mark.reach, PlaneSpan) else _EVERY_FRAME
                number = self._numbers.setdefault(mark.group, len(self._numbers))
                known[id(mark.reach)] = (number, frames.start, frames.last)
        return np.array([known[id(mark.reach)] for mark in self.marks], dtype=np.int64).reshape(-1, 3)

    def in_group(self, group: GroupAddress) -> Flags:
        """Which marks lie on planes of that group."""
        here = (self._numbers.get(group, _NONE), self._numbers.get(Everywhere.ALL_PLANES, _NONE))
        return np.asarray((self._groups == here[0]) | (self._groups == here[1]), dtype=bool)

    def boxes_for(self, device: DeviceFacts, fit: Fit) -> Boxes:
        """All marks in the pixels of an image of that device, those of other sizes carried over by ``fit``."""
        target = _size(device)
        if fit is Fit.SAME or target is None:
            return self.boxes
        boxes = self.boxes.copy()
        for index in np.flatnonzero(self.levels == Level.SIZE):
            source, mine = _size(self.examples[index].device), self.owner == index
            if source is not None:
                boxes[mine] = carried(self.boxes[mine], source, target, fit)
        return boxes

    def trials(self, group: GroupAddress, frame: int, frames: int) -> tuple[Flags, Numbers]:
        """Which examples say something about that plane, and the frame of each that corresponds to it."""
        there, numbers = np.ones(len(self.examples), dtype=bool), np.zeros(len(self.examples), dtype=np.int64)
        marked = set(self.owner[self.in_group(group)].tolist())
        for index, example in enumerate(self.examples):
            number = corresponding(frame, frames, example.frames) if group == FRAMES else frame
            numbers[index] = number
            if example.groups is not None:
                there[index] = group in example.groups or index in marked
            # Of files from before groups were noted only a mark proves that there was such a plane.
            elif group != FRAMES:
                there[index] = index in marked
            # Nobody has looked there: no mark means nothing.
            if any(number in skipped for skipped in example.unseen.get(group, ())):
                there[index] = False
        return there, numbers

    def _known_fits(self, device: DeviceFacts) -> dict[Fit, float | None]:
        """How well each way to carry marks over explains the sizes that are known, None where that cannot be told."""
        by_size: dict[Size, int] = {}
        for index, example in enumerate(self.examples):
            size = _size(example.device)
            if size is not None and any(mark.group == FRAMES for mark in example.marks):
                by_size.setdefault(size, index)
        if not (self.levels == Level.SIZE).any() or _size(device) is None:
            return {}
        sizes = list(by_size)[:4]
        pairs = [(one, other) for one in sizes for other in sizes if one != other]
        return {
            fit: float(np.mean([self._agreement(by_size, one, other, fit) for one, other in pairs])) if pairs else None
            for fit in (Fit.SCALED, Fit.ANCHORED)
        }

    def _agreement(self, by_size: dict[Size, int], one: Size, other: Size, fit: Fit) -> float:
        mine, theirs = (self.boxes[self.owner == by_size[size]] for size in (one, other))
        moved = carried(mine, one, other, fit)
        shared = _intersections(moved, theirs)
        smaller = np.minimum(_areas(moved)[:, None], _areas(theirs)[None, :])
        return float((shared >= 0.5 * smaller).any(axis=1).mean())


def _is_wide(mark: Mark, example: Example) -> bool:
    """Whether a mark is on all frames of its file, said so or frame by frame; of one frame nobody can tell."""
    if not isinstance(mark.reach, PlaneSpan):
        return True
    count, frames = example.frames, mark.reach.frames
    return count is not None and count > 1 and frames.start == 0 and frames.stop >= count


def corresponding(frame: int, frames: int, others: int | None) -> int:
    """The frame of a file with ``others`` frames that plays the part of ``frame`` of ``frames``.

    The first is the first and the last the last: titles and reports stand there.
    """
    if others is None or others == frames or frame == 0:
        return frame
    if frame == frames - 1:
        return others - 1
    return min(frame, max(others - 2, 0))


def edges_of(marks: Sequence[Mark]) -> Boxes:
    """The edges of marks, one row each."""
    return np.array([mark[:4] for mark in marks], dtype=np.float64).reshape(-1, 4)


def _weights(levels: Numbers) -> NDArray[np.float64]:
    weights = np.ones(len(levels))
    for kin in Level:
        places = np.flatnonzero(levels == kin)
        weights[places] = _AGEING ** np.arange(len(places))
    return weights


def _size(device: DeviceFacts) -> Size | None:
    return Size(device.columns, device.rows) if device.columns and device.rows else None


def _areas(boxes: Boxes) -> NDArray[np.float64]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def _intersections(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    width = np.minimum(one[:, None, 2], other[None, :, 2]) - np.maximum(one[:, None, 0], other[None, :, 0])
    height = np.minimum(one[:, None, 3], other[None, :, 3]) - np.maximum(one[:, None, 1], other[None, :, 1])
    return np.asarray(np.clip(width, 0, None) * np.clip(height, 0, None))
