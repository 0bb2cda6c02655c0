"""The files of one series in the order in which they are walked through as one stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dcmaudit.model.counts import counted
from dcmaudit.review.state.worklist import Worklist

Vector = tuple[float, float, float]

_PARALLEL = 1e-3
"""How far direction cosines of one orientation may differ: they are written with few digits."""


class StackOrder(Enum):
    """By what the files of a series are ordered; the value is what people read."""

    POSITION = "by position"
    NUMBER = "by instance number"
    LIST = "as in the list"


@dataclass(frozen=True, slots=True)
class StackMember:
    """One file: its place in the list, and what its header says about its order.

    ``position`` is ImagePositionPatient, ``row`` and ``column`` are ImageOrientationPatient, in mm and cosines of the
    patient's axes (PS3.3 C.7.6.2.1.1); ``number`` is InstanceNumber. None where the header does not say it.
    ``frames`` is NumberOfFrames.
    """

    place: int
    position: Vector | None = None
    row: Vector | None = None
    column: Vector | None = None
    number: int | None = None
    frames: int = 1


@dataclass(frozen=True, slots=True)
class SeriesStack:
    """The series of the open file as far as it is found. ``places`` are places of the list, in the stack's order.

    ``failed`` counts files of the list that could not be read, and may belong to it; ``is_partial`` says that the list
    is too long to be looked through as a whole.
    """

    worklist: Worklist
    uid: str
    places: tuple[int, ...]
    order: StackOrder
    is_complete: bool = False
    is_partial: bool = False
    failed: int = 0
    frames: tuple[int, ...] = ()
    """How many image frames each of the files has, as its header says."""
    looked: int = 0
    """How long the list was when its files were looked for."""

    @property
    def limits(self) -> str:
        """What may be missing in it, in sentences for a question; empty where nothing is."""
        words = []
        if self.failed:
            words.append(f"{counted(self.failed, 'file')} of the list could not be read and may belong to it.")
        if self.is_partial:
            words.append("The list is long: files of the series far away in it may be missing here.")
        if self.worklist.growing:
            words.append("The folders are still being read: files found later are not among them.")
        return " ".join(words)

    def index(self, place: int) -> int | None:
        """The number, from 0, of a place in the stack; None where it is not in it."""
        return self.places.index(place) if place in self.places else None

    def neighbour(self, place: int, step: int) -> int | None:
        """The place of the file after (1) or before (-1) that at ``place``; None at the ends."""
        index = self.index(place)
        if index is None or not 0 <= index + step < len(self.places):
            return None
        return self.places[index + step]


def ordered(members: Sequence[StackMember]) -> tuple[tuple[int, ...], StackOrder]:
    """The places in order, and by what.

    By position along the normal of the images, where all lie parallel and no two in one place: several volumes in one
    series have each position more than once, and are in the order of their instance numbers then. Equal numbers, and
    files without one, stay as in the list.
    """
    found = sorted(members, key=lambda one: one.place)
    heights = _heights(found)
    if heights is not None:
        pairs = sorted(zip(heights, found, strict=True), key=lambda pair: pair[0])
        return tuple(one.place for _height, one in pairs), StackOrder.POSITION
    if len({one.number for one in found} - {None}) > 1:
        last = max(one.number for one in found if one.number is not None) + 1
        by_number = sorted(found, key=lambda one: last if one.number is None else one.number)
        return tuple(one.place for one in by_number), StackOrder.NUMBER
    return tuple(one.place for one in found), StackOrder.LIST


def _heights(members: Sequence[StackMember]) -> list[float] | None:
    """How far along the normal each image lies, in mm; None where that orders nothing."""
    if len(members) < 2:
        return None
    first = members[0]
    if first.row is None or first.column is None:
        return None
    normal = _cross(first.row, first.column)
    heights: list[float] = []
    for one in members:
        if one.position is None or one.row is None or one.column is None:
            return None
        if not (_near(one.row, first.row) and _near(one.column, first.column)):
            return None
        heights.append(sum(a * b for a, b in zip(normal, one.position, strict=True)))
    return heights if len({round(height, 3) for height in heights}) == len(heights) else None


def _near(one: Vector, other: Vector) -> bool:
    return all(abs(a - b) <= _PARALLEL for a, b in zip(one, other, strict=True))


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
