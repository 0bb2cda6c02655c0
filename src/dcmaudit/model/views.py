"""Ways to look at a plane."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Rendering(Enum):
    """How stored values become 8-bit levels; the value is used in addresses and on the command line."""

    FULL = "full"
    """The whole range of values present in the plane: the default, for text can hide outside a window."""
    VOI = "voi"
    """The first VOI window or table of the file; the full range where it has none."""
    LOCAL = "local"
    """Contrast equalised tile by tile, for text that differs by a few levels only."""


@dataclass(frozen=True, slots=True)
class View:
    """A rendering, and whether it is shown inverted."""

    rendering: Rendering = Rendering.FULL
    inverted: bool = False


class Projection(Enum):
    """How the planes of a stack are put into one picture."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean"
    RANGE = "range"
    """What lies between the largest and the smallest value."""
    TEXT = "text"
    """A map of where strokes like those of text stand still or appear in any frame."""


class SpreadKind(Enum):
    """What is shown of many files that are alike: of every pixel, over all frames of all of them."""

    MAX = "max"
    MIN = "min"
    MEAN = "mean"
    RANGE = "range"
    """How far the largest and the smallest level are apart."""
    TEXT = "text"
    """How likely the text detector found text there, in the file where it is likeliest."""
