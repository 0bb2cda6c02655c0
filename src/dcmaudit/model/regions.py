"""Rectangles with a meaning: where they apply, who proposed them and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dcmaudit.model.addresses import PlaneAddress
from dcmaudit.model.geometry import Box
from dcmaudit.model.shapes import Shape


class Everywhere(Enum):
    """Scopes that name no single plane."""

    ALL_FRAMES = "all frames"
    ALL_OVERLAYS = "all overlays"
    ALL_PLANES = "all planes"


Scope = PlaneAddress | Everywhere
"""Where a rectangle applies: one plane, every image frame, every overlay frame, or everything."""


class Origin(Enum):
    """Who proposed a rectangle. The value is shown to people and stored."""

    REVIEWER = "reviewer"
    STORED = "stored"
    SIMILAR = "similar image"
    RULE = "deid rule"
    ULTRASOUND = "ultrasound regions"
    OCR = "OCR"
    LEARNED = "learned"
    COMMAND = "command line"
    LIST = "CSV list"


class Verdict(Enum):
    """Whether text is likely to identify a person; the value is the database's ``nerpii``."""

    UNKNOWN = -1
    HARMLESS = 0
    IDENTIFYING = 1


class Keep(Enum):
    """What kind of harmless text it is: what a policy may keep by its kind. The value is the word for it."""

    MARKER = "side marker or view"
    SCALE = "scale"
    MEASUREMENT = "measurement or setting"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Region:
    """One rectangle in the pixels of its plane, with its reason.

    ``reason`` is a sentence for people and never holds recognised text; that is in ``text`` alone, which goes to
    the page and the database and nowhere else. ``confidence`` is between 0 and 1, None where nobody measured it.
    ``applies_to`` is where it is stored when somebody applies it, None: in its scope. A rectangle that a similar image
    has on all frames is looked up plane by plane, and means all frames. With ``shape`` that is what is meant, and
    ``box`` is around it.
    """

    box: Box
    scope: Scope
    origin: Origin
    reason: str
    text: str | None = None
    verdict: Verdict = Verdict.UNKNOWN
    confidence: float | None = None
    applies_to: Scope | None = None
    shape: Shape | None = None

    @property
    def means(self) -> Scope:
        """Where it is stored when somebody applies it."""
        return self.scope if self.applies_to is None else self.applies_to
