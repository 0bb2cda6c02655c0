"""What reviewed files teach: the marks of done files, and how suggestions were judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from typing import Literal, NamedTuple

from dcmaudit.errors import UsageError
from dcmaudit.model.addresses import (
    FRAMES,
    OVERLAY_GROUPS,
    AddressKind,
    FrameRange,
    GroupAddress,
    PlaneAddress,
    PlaneSpan,
    frame_of,
    group_address,
    group_of,
)
from dcmaudit.model.facts import DeviceFacts
from dcmaudit.model.geometry import Box
from dcmaudit.model.regions import Everywhere, Scope

Reach = PlaneSpan | GroupAddress | Literal[Everywhere.ALL_PLANES]
"""Which planes a mark is on: a run of frames, all frames of a group, or every plane of the file."""


class Mark(NamedTuple):
    """One rectangle that a reviewer left on a done file, half-open, in the pixels of its plane.

    A plain tuple, because thousands are made for one question. ``agreed`` tells a suggestion that was
    accepted from a rectangle that was drawn.
    """

    left: int
    top: int
    right: int
    bottom: int
    reach: Reach
    agreed: bool = False

    def is_in(self, group: GroupAddress) -> bool:
        """Whether it is on planes of that group."""
        return self.reach is Everywhere.ALL_PLANES or self.group == group

    def is_on(self, group: GroupAddress, frame: int) -> bool:
        """Whether it is on that plane."""
        return self.is_in(group) and (not isinstance(self.reach, PlaneSpan) or frame in self.reach.frames)

    @property
    def group(self) -> GroupAddress | Literal[Everywhere.ALL_PLANES]:
        """The group whose planes it is on, or all."""
        return self.reach.group if isinstance(self.reach, PlaneSpan) else self.reach


def reaches(scope: Scope) -> Iterator[Reach]:
    """Which planes a rectangle with that scope is on; all overlays are every group that a file may have."""
    match scope:
        case Everywhere.ALL_PLANES:
            yield Everywhere.ALL_PLANES
        case Everywhere.ALL_FRAMES:
            yield FRAMES
        case Everywhere.ALL_OVERLAYS:
            for number in OVERLAY_GROUPS:
                yield group_address(AddressKind.OVERLAY, number)
        case address:
            yield PlaneSpan(group_of(address), FrameRange.of(frame_of(address)))


class Source(Enum):
    """What speaks for a suggestion, the value as it is stored: the nearest kin that has text there."""

    EXACT = "exact"
    VERSION = "version"
    TYPE = "type"
    SCALED = "size scaled"
    ANCHORED = "size anchored"
    ELSEWHERE = "elsewhere"
    """Examples that have it on other frames only."""
    OWN = "own"
    """Other frames of the same file."""


class Examples(Enum):
    """How many examples spoke, the value as it is stored."""

    NONE = "none"
    ONE = "1"
    FEW = "few"
    MANY = "many"


class Ground(Enum):
    """What is under a rectangle, the value as it is stored."""

    EMPTY = "empty"
    """One flat value: nothing can be written there."""
    PLAIN = "plain"
    """No sharper than the rest of the plane; faint text is still possible."""
    MARKED = "marked"
    """Sharper than the rest of the plane, as text is."""
    TEXT = "text"
    """The text detector saw text there, which is surer than sharpness, and it stands out."""
    BARE = "bare"
    """The text detector saw none, and nothing stands out."""
    CLAIMED = "claimed"
    """The text detector saw text where nothing stands out: faint text, or speckle that it takes for letters."""
    DENIED = "denied"
    """Something stands out, and the text detector saw no text in it."""


@dataclass(frozen=True, slots=True)
class SuggestionKind:
    """The evidence under which suggestions are judged together: ``exact/1/7``, ``exact/1/7/marked``.

    ``tenth`` is the estimate before it was corrected, 0 to 9. ``ground`` is None before a look at the pixels.
    """

    source: Source
    examples: Examples
    tenth: int
    ground: Ground | None = None

    @property
    def text(self) -> str:
        """The kind as it is stored."""
        start = f"{self.source.value}/{self.examples.value}/{self.tenth}"
        return start if self.ground is None else f"{start}/{self.ground.value}"

    def on(self, ground: Ground) -> SuggestionKind:
        """The same after a look at the pixels."""
        return replace(self, ground=ground)


def _any_of(values: type[Enum]) -> str:
    return "|".join(value.value for value in values)


_KIND = re.compile(rf"({_any_of(Source)})/({_any_of(Examples)})/([0-9])(?:/({_any_of(Ground)}))?")


@lru_cache(maxsize=1024)
def parse_kind(text: str) -> SuggestionKind:
    """The kind with that ``SuggestionKind.text``; UsageError for any other."""
    found = _KIND.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text!r} is no kind of suggestion",
            hint=f"allowed: one of {_any_of(Source)}, a slash, one of {_any_of(Examples)}, a slash, a digit, and where "
            f"pixels were looked at a slash and one of {_any_of(Ground)}",
        )
    ground = None if found[4] is None else Ground(found[4])
    return SuggestionKind(Source(found[1]), Examples(found[2]), int(found[3]), ground)


@dataclass(frozen=True, slots=True)
class Example:
    """One done file. ``frames`` is None where nobody noted it (the file was done with the original tool).

    ``groups`` are the groups of planes it has, None likewise. ``unseen`` names by group the frames that
    were skipped and never painted: they say nothing. ``grounds`` counts what was under the suggestions
    that were right.
    """

    device: DeviceFacts
    marks: tuple[Mark, ...] = ()
    frames: int | None = None
    groups: frozenset[GroupAddress] | None = None
    unseen: Mapping[GroupAddress, tuple[FrameRange, ...]] = field(default_factory=dict)
    grounds: Mapping[Ground, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """One suggestion and what became of it when the file was done.

    ``kind`` says what it rested on; ``shown`` is false for one that was held back, whose place was looked
    at all the same.
    """

    address: PlaneAddress
    box: Box
    kind: SuggestionKind
    chance: float
    accepted: bool
    shown: bool = True
