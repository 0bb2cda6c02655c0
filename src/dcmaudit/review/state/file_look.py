"""What a look at every plane of one file gave, and why the file may stand apart from others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dcmaudit.model import Box
from dcmaudit.review.state.series_plan import Stamp

PLACES_KEPT = 16
"""Places of text that are kept of one plane of a file, to be drawn on its small picture."""

PLANES_KEPT = 64
"""Planes with text of one file that are kept, to go to."""

DOUBT = 0.5
"""From this likelihood on a place that is not taken for text makes its file stand apart."""


class Concern(Enum):
    """Why a file is not among those that look the same; the value is what people read. The gravest come first."""

    UNREADABLE = "not wholly looked at"
    FOUND = "text was found"
    DOUBTED = "something like text"
    UNLOOKED = "no detector looked"
    DECLARED = "declared by its header"
    UNLIKE = "unlike the others"
    UNCOMPARED = "not compared with others"

    @property
    def bit(self) -> int:
        """Its place in a mask."""
        return 1 << _ORDER[self]


_ORDER = {concern: number for number, concern in enumerate(Concern)}


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a look at every plane of one file gave.

    ``found`` counts places of text. ``failed`` says in words why not all of it could be looked at, ``undetected`` that
    no detector looked. ``likelihood`` is that of the likeliest place, 0 to 1, ``plane`` the key of the plane that it is
    on and ``places`` some of the places there, of what looks like text where ``found`` is 0. ``with_text`` are the keys
    of planes with text, at most PLANES_KEPT. ``instance`` is the SOP Instance UID, "" where the file has none and None
    where nobody noted it; ``is_new`` that it is of now, and not of what was known before.
    """

    planes: int
    found: int = 0
    failed: str | None = None
    undetected: bool = False
    likelihood: float = 0.0
    plane: str | None = None
    places: tuple[Box, ...] = ()
    stamp: Stamp | None = None
    with_text: tuple[str, ...] = ()
    instance: str | None = None
    is_new: bool = True
