"""What a detector could not do, or did differently from what was asked: never silent, always with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ProblemKind(Enum):
    """What happened. ``is_blocking`` tells whether the answer may miss something."""

    CLIPPED = "reaches outside the image"
    """Part of a rectangle lies outside; the part inside is used whole, so nothing is missed."""
    REGION_IGNORED = "ultrasound region not used"
    """A region that cannot be used; what it would have kept is redacted, so nothing is missed."""
    OUTSIDE = "lies outside the image"
    """A rectangle shares no pixel with the image: the rule was made for another kind of image."""
    NO_REGIONS = "no usable ultrasound region"
    """The regions to keep are absent or all unusable, so what lies outside of them is unknown."""
    UNDECIDED = "took too long"
    """A pattern ran into its time limit: whether the rule applies is unknown."""

    @property
    def is_blocking(self) -> bool:
        """Whether something that should be redacted may be missing from the answer."""
        return self in {ProblemKind.OUTSIDE, ProblemKind.NO_REGIONS, ProblemKind.UNDECIDED}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to tell the user. The message names rules, lines and regions, never a value of the header."""

    kind: ProblemKind
    message: str

    @property
    def is_blocking(self) -> bool:
        """Whether something that should be redacted may be missing from the answer."""
        return self.kind.is_blocking
