"""States of a file in review, and outcomes of work on a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ReviewState(Enum):
    """How far people are with a file, derived from the database (a tag row is what makes the difference)."""

    NOT_REVIEWED = "not reviewed"
    """No row at all."""
    IN_WORK = "in work"
    """Rectangles, but no tag row."""
    DONE = "done"
    """An unmarked tag row."""
    TAGGED = "tagged"
    """A marked tag row: done once, and needs another look."""

    @property
    def is_done(self) -> bool:
        """Whether a tag row exists: the file is left out of the next review and feeds suggestions."""
        return self in {ReviewState.DONE, ReviewState.TAGGED}


class HowSeen(Enum):
    """How a reviewer came to see a plane; the value is stored. Later ones are weaker."""

    PAINTED = "painted"
    """The plane itself was painted on the screen."""
    PROJECTION = "projection"
    """It was part of a projection or contact sheet that was painted at half its size or more."""
    SKIPPED = "skipped"
    """The reviewer went over it with fast-forward, on purpose."""
    GLANCED = "glanced"
    """It was part of a picture too small for small text: where it was not seen better, it was not seen."""

    @property
    def is_seen(self) -> bool:
        """Whether a person could have read what is on the plane."""
        return self in {HowSeen.PAINTED, HowSeen.PROJECTION}


class Outcome(Enum):
    """How work on one input ended. Every input ends in exactly one of them."""

    DONE = "done"
    COPIED = "copied unchanged"
    """Nothing was to be done, and it is known that every plane was looked at (only where somebody asked for copies)."""
    PARTLY = "partly audited"
    TEXT_LEFT = "text left"
    """Redacted and proved, and text is seen outside of what was blacked (only where somebody asked to look)."""
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one input and why; ``reasons`` is empty only for DONE and COPIED."""

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome not in {Outcome.DONE, Outcome.COPIED} and not self.reasons:
            raise ValueError(f"{self.outcome.value} without a reason")
