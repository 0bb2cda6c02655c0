"""What a yes to "redact on the whole series" would write."""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.model import Box
from dcmaudit.model.shapes import Shape
from dcmaudit.review.state.worklist import Worklist

Stamp = tuple[int, int, int, int]
"""Device, inode, size and time of change of a file: what differs once a program writes it or puts another there."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the series: its place in the list, its number of frames, and what it was on disk when it was read."""

    place: int
    frames: int
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One box, or one shape, on every image frame of each of these files."""

    worklist: Worklist
    box: Box
    files: tuple[Member, ...]
    shape: Shape | None = None
