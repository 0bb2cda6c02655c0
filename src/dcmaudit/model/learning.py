"""What reviewed files teach: the marks of done files, and how suggestions were judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dcmaudit.model.facts import DeviceFacts
from dcmaudit.model.geometry import Box
from dcmaudit.model.planes import FrameAddress, OverlayAddress, PlaneAddress, StrayBitAddress, ThumbnailAddress


class Mark(NamedTuple):
    """One rectangle that a reviewer left on a done file, half-open, in the pixels of its plane.

    A plain tuple, because thousands are made for one question. ``group`` names the kind of plane (see
    ``plane_group``), None for a mark on every plane; ``frames`` are the first and the last frame it is on, None for
    all. ``agreed`` tells a suggestion that was accepted from a rectangle that was drawn.
    """

    left: int
    top: int
    right: int
    bottom: int
    group: str | None
    frames: tuple[int, int] | None
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """One done file. ``frames`` is None where nobody noted it (the file was done with the original tool).

    ``groups`` are the kinds of plane it has, None likewise. ``unseen`` names by group the half-open ranges of frames
    that were skipped and never painted: they say nothing. ``grounds`` counts what was under the suggestions that
    were right (see ``detect.learning.Ground``).
    """

    device: DeviceFacts
    marks: tuple[Mark, ...] = ()
    frames: int | None = None
    groups: frozenset[str] | None = None
    unseen: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    grounds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """One suggestion and what became of it when the file was done.

    ``kind`` says what it rested on (``Candidate.kind``); ``shown`` is false for one that was held back, whose place
    was looked at all the same.
    """

    address: PlaneAddress
    box: Box
    kind: str
    chance: float
    accepted: bool
    shown: bool = True


def plane_group(address: PlaneAddress) -> str:
    """The kind of plane that marks are compared within: ``f``, ``o6000``, ``b12``, ``i0``, ``t0``, ``x0``."""
    match address:
        case FrameAddress():
            return "f"
        case OverlayAddress(group, _):
            return f"o{group:04X}"
        case StrayBitAddress(bit, _):
            return f"b{bit}"
        case ThumbnailAddress(_, index):
            return f"t{index}"
        case _:
            return address.key


def plane_frame(address: PlaneAddress) -> int:
    """The frame of a plane within its group, 0 for what has none."""
    match address:
        case FrameAddress(frame) | OverlayAddress(_, frame) | StrayBitAddress(_, frame) | ThumbnailAddress(frame, _):
            return frame
        case _:
            return 0
