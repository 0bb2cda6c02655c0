"""What every way of finding text has in common: how hard to look, what is found, who finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from dcmaudit.detect.ocr.memory import Memory
from dcmaudit.detect.ocr.spots import Picture, Spot
from dcmaudit.model import Box


class Mode(Enum):
    """How hard to look; the value is the word on the command line."""

    FAST = "fast"
    """One look at the full range of values: for a first impression."""
    DEFAULT = "default"
    """Planes of more than 8 bits in their window and in local contrast too."""
    THOROUGH = "thorough"
    """Every way of finding, every look: finds more and covers more that is no text."""


class FinderKind(Enum):
    """Who finds the lines of text; the value is the word on the command line."""

    OWN = "own"
    """dcmaudit's own detector."""
    RAPIDOCR = "rapidocr"
    """RapidOCR's detector, whoever reads."""
    BOTH = "both"
    """What either of these two finds."""
    ENGINE = "engine"
    """The detector of the engine that reads."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may hold text: where, in which of the plane's pictures, and the box that would be reported.

    ``spot`` lies close around the letters, for reading; ``box`` has a margin and lies inside the plane.
    """

    spot: Spot
    picture: int
    box: Box


@dataclass(slots=True)
class Sighting:
    """What a look at one plane gave: what counts as text, what was seen and did not count, and who may judge what
    other detectors see."""

    found: list[Candidate] = field(default_factory=list)
    rejected: list[Candidate] = field(default_factory=list)
    backs: Callable[[Candidate], bool] | None = None
    """Whether this detector half sees a line where another one found something; None where it cannot say."""


class Detector(Protocol):
    """One way to find lines of text on a plane."""

    def detect(
        self,
        pictures: Sequence[Picture],
        *,
        memory: Memory | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Sighting:
        """Where text is; ``pictures`` show one plane, the first in its full range. EngineError where it fails.

        ``memory`` is of the frames of one cine before this one. ``stop`` is asked between looks.
        """
        ...
