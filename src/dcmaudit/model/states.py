"""States of a file in review, and outcomes of work on a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dcmaudit.model.travel import Travels


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
    """How a reviewer came to see a plane; the value is stored. Only SEEN counts, everything else is a glance."""

    SEEN = "seen"
    """Lossless, in the full range or with local contrast, on the stage at half size or more, every part of it."""
    UNCOVERED = "uncovered"
    """As SEEN, but part of it was black: a mark lay there that is gone, and nobody has seen what was below it."""
    MAXIMUM = "maximum"
    """It was part of a maximum projection at half size or more."""
    MINIMUM = "minimum"
    MEAN = "mean"
    RANGE = "range"
    TEXT_MAP = "text map"
    WINDOW = "window"
    """On the stage in the VOI window, outside of which text is hidden."""
    LOSSY = "lossy"
    """On the stage as a picture with losses."""
    SMALL = "small"
    """On the stage, or in a projection, at less than half size: small text is lost."""
    COVERED = "covered"
    """It was part of a projection that cannot show what may be writing on it: other planes cover that there."""
    SHEET = "contact sheet"
    """It was a small picture among others."""
    CLASS = "class"
    """Decided together with others of its kind."""
    SKIPPED = "skipped"
    """The reviewer went over it with fast-forward, on purpose."""
    PAINTED = "painted"
    """Of earlier versions: on the stage, at a size and in a view that nobody noted."""
    PROJECTION = "projection"
    """Of earlier versions: part of a projection of any kind, or of a contact sheet."""
    GLANCED = "glanced"
    """Of earlier versions: part of a picture too small for small text."""

    @property
    def is_seen(self) -> bool:
        """Whether a person could have read what is on the plane."""
        return self is HowSeen.SEEN

    @property
    def words(self) -> str:
        """How, in words that follow \"planes\"; empty for SEEN."""
        return _HOW[self]


_HOW = {
    HowSeen.SEEN: "",
    HowSeen.UNCOVERED: "only with a mark on them that is gone",
    HowSeen.MAXIMUM: "only in a maximum projection",
    HowSeen.MINIMUM: "only in a minimum projection",
    HowSeen.MEAN: "only in a mean projection",
    HowSeen.RANGE: "only in a projection of the range",
    HowSeen.TEXT_MAP: "only in a text map",
    HowSeen.COVERED: "only in projections that other planes cover, so not by this view",
    HowSeen.SHEET: "only in a contact sheet",
    HowSeen.WINDOW: "only in the VOI window",
    HowSeen.LOSSY: "only in a picture with losses",
    HowSeen.SMALL: "only at less than half size",
    HowSeen.CLASS: "only decided with others of their kind",
    HowSeen.SKIPPED: "skipped with f",
    HowSeen.PAINTED: "only noted by an earlier version, at a size that is not known",
    HowSeen.PROJECTION: "only in a projection or contact sheet, noted by an earlier version",
    HowSeen.GLANCED: "only at a glance, noted by an earlier version",
}


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
class Result(Travels):
    """The outcome of one input and why; ``reasons`` is empty only for DONE and COPIED."""

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome not in {Outcome.DONE, Outcome.COPIED} and not self.reasons:
            raise ValueError(f"{self.outcome.value} without a reason")
