"""How one input of a release ends, with why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Ending(Enum):
    """How one input of a release ends; the value is written in records and lists."""

    RELEASED = "released"
    """Blacked, proved, looked at again."""
    UNCHANGED = "released unchanged"
    """No pixel was blacked: only UIDs and notes in the header are new."""
    HELD = "held back"
    """It may not leave; the reason says why."""
    FAILED = "failed"
    """It could not be read or written."""

    @property
    def is_released(self) -> bool:
        """Whether a file of it lies among the outputs."""
        return self in {Ending.RELEASED, Ending.UNCHANGED}


class Why(Enum):
    """Why an input is held back or failed, as a kind: the value is written in records, which leave the house."""

    UNREADABLE = "it cannot be read"
    NOT_LOOKED_AT = "planes that nobody could look at"
    HEADER = "identifying attributes are filled"
    MODALITY = "a modality that the policy does not name"
    MODEL = "a device that the policy does not name"
    CLASS = "a SOP class that the policy does not name"
    DENIED = "a rule denies it"
    UNLISTED = "a patient that the list of identifiers does not name"
    TAGGED = "tagged by a person for another look"
    EYES = "no person is known to have seen all of it"
    UNSTORED = "marks in the database that cannot be used"
    FORM = "a page of text"
    UNSURE = "text that would be kept was read with too little confidence"
    DOUBT = "places that may be text were not counted"
    REFUSED = "it cannot be redacted as the policy asks"
    NOT_PROVED = "the proof failed"
    TEXT_LEFT = "text is left"
    NO_UID = "it has no UID to be named by"
    TWIN = "another input became the same output"
    CHANGED = "it changed while it was worked on"
    FAULT = "a fault of the program"


@dataclass(slots=True)
class Release:
    """How one input ended. ``staged`` is the finished output, not yet among the others, and ``place`` its name there.

    ``details`` are for the people of the house: they may name planes, never a text or a value of the header. What
    else is here may leave the house.
    """

    name: str
    ending: Ending
    why: Why | None = None
    details: tuple[str, ...] = ()
    staged: Path | None = None
    place: str | None = None
    uids: tuple[tuple[str, str], ...] = ()
    """Old and new UIDs, for those who asked for the list."""
    input_digest: str = ""
    """HMAC of the input's bytes: a plain digest of an original would be a code that identifies it."""
    output_digest: str | None = None
    plan_digest: str | None = None
    proof_digest: str | None = None
    device: tuple[str, str] = ("", "")
    """Modality and model."""
    planes: int = 0
    seen_by: tuple[str, ...] = ()
    """Who is known to have looked at every plane: ``detector``, ``person``."""
    found: Counter[str] = field(default_factory=Counter)
    """Places of text by what became of them: blacked, kept."""
    verdicts: Counter[str] = field(default_factory=Counter)
    """Places of text by their verdict, as they were found first."""
    looks: Counter[str] = field(default_factory=Counter)
    """Planes by who looked at them and how."""
    sources: Counter[str] = field(default_factory=Counter)
    """Blacked rectangles by who proposed them."""
    rules: tuple[str, ...] = ()
    """The rules that apply to it, by the places of these in their files."""
    removals: int = 0
    section: str = ""
    """Pictures before and after for the officer, as a piece of a page that stays; "" where nothing was blacked."""
    is_in_sample: bool = False
    missed: int = 0
    """Rectangles of people under which neither the detector nor a rule had anything to black."""

    def hold(self, why: Why, *details: str) -> None:
        """Keep it back: it does not leave."""
        self.ending, self.why, self.details = Ending.HELD, why, tuple(details)

    def fail(self, why: Why, *details: str) -> None:
        """It came to no end, however far it was: what was begun of it does not leave."""
        self.ending, self.why, self.details = Ending.FAILED, why, tuple(details)


@dataclass(frozen=True, slots=True)
class Unfound:
    """A name that leads to no instance, and why."""

    name: str
    reason: str
    position: int = 0
    """Its place among all inputs, of all parts where there are some; from 1."""
