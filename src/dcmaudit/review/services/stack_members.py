"""Which planes make a stack: those of a group of a file, or the frames of a whole series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dcmaudit.errors import ReviewError
from dcmaudit.model import FrameAddress, PlaneAddress, Reference
from dcmaudit.review.state.session import Session
from dcmaudit.review.state.stack import SeriesStack

MOST_FRAMES = 200_000
"""Frames of a series that are projected: headers say how many there are, and may say anything."""


@dataclass(frozen=True, slots=True)
class Member:
    """One plane of a stack: its file, how to get at it, and where in the file it is."""

    file_id: int
    reference: Callable[[], Reference]
    address: PlaneAddress


@dataclass(frozen=True, slots=True)
class StackKey:
    """Which planes: those of a group of a file, or the frames of the series that a list has around that file."""

    file_id: int
    label: str


SERIES = "series"
"""In the place of the number of a group: the image frames of all files of the series."""


def series_stack(session: Session, file_id: int) -> SeriesStack:
    """The series of a file of the list, as it was wholly found last.

    Somebody may have gone on to another series since the question was put, or the list may have grown: what was on the
    screen then is what the question is about. ReviewError where the file was not looked at as part of a series, or
    where that is not wholly found yet.
    """
    place = session.worklist.place(file_id)
    for stack in reversed(session.whole_stacks):
        if stack.worklist is session.worklist and stack.index(place) is not None:
            return stack
    if session.stack is None or session.stack.index(place) is None:
        raise ReviewError(
            "this file is not looked at as part of a series", hint="choose “A series as one stack” in the View menu"
        )
    raise ReviewError("the list is still being searched for this series", hint="try again in a moment")


def series_key(stack: SeriesStack, file_id: int) -> StackKey:
    """The key of the frames of a series, for the one file from which it is looked at."""
    return StackKey(file_id, f"{SERIES} of {len(stack.places)} {stack.uid}")


def series_members(stack: SeriesStack) -> list[Member]:
    """Every image frame of every file of the series, in its order; ReviewError for more than ``MOST_FRAMES``."""
    if sum(stack.frames) > MOST_FRAMES:
        raise ReviewError(
            f"the headers of this series tell of {sum(stack.frames):,} frames, and {MOST_FRAMES:,} can be projected",
            hint="project its files one by one",
        )
    worklist = stack.worklist
    return [
        Member(worklist.file_id(place), worklist.referrer(place), FrameAddress(frame))
        for place, frames in zip(stack.places, stack.frames, strict=True)
        for frame in range(frames)
    ]
