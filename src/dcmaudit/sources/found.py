"""What a search for inputs yields: something to open, something passed over, or something that went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from dcmaudit.errors import DcmauditError
from dcmaudit.model import Reference
from dcmaudit.model.counts import counted

NAMED_LIMIT = 1000


class Passing(Enum):
    """Why something was passed over. The value is a phrase for people."""

    NOT_DICOM = "not DICOM"
    EMPTY = "empty file"
    DUPLICATE = "named before"
    SUBFOLDER = "subfolder, not asked for (-r looks into it)"
    SAME_FOLDER = "link to a folder that is read anyway"
    ARCHIVE = "archive, not looked into"
    SPECIAL = "not a regular file (pipe, socket or device), not opened"
    INDEX = "DICOMDIR, its files are not opened through it here"

    @property
    def is_named(self) -> bool:
        """Whether people should see each of these by name, not only their number: images may be behind it."""
        return self in {Passing.SUBFOLDER, Passing.SAME_FOLDER, Passing.ARCHIVE, Passing.SPECIAL, Passing.INDEX}


@dataclass(frozen=True, slots=True)
class Passed:
    """Something that was passed over on purpose, and why."""

    name: str
    reason: Passing


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was asked for and could not be had.

    ``error`` holds message, name and hint; ``where`` the line or record of the list that named it, None where it
    was found in a folder or named by hand.
    """

    name: str
    error: DcmauditError
    where: str | None = None

    def __str__(self) -> str:
        return f"{self.error}{self._place}"

    @property
    def words(self) -> str:
        """What is wrong, without the name, for a line that begins with it."""
        return f"{self.error.words}{self._place}"

    @property
    def _place(self) -> str:
        return f" [{self.where}]" if self.where else ""


Found = Reference | Passed | Problem
"""One result of a search. Whatever is neither ``Passed`` nor ``Problem`` is a reference."""


@dataclass
class Tally:
    """Counts of a search, with the names that people should see; at most ``NAMED_LIMIT`` of each sort are kept."""

    found: int = 0
    passed: Counter[Passing] = field(default_factory=Counter)
    problems: int = 0
    named: list[Passed] = field(default_factory=list)
    named_problems: list[Problem] = field(default_factory=list)

    def add(self, found: Found) -> Reference | None:
        """Count ``found`` and return it if it is a reference, else None."""
        if isinstance(found, Passed):
            self.passed[found.reason] += 1
            if found.reason.is_named and len(self.named) < NAMED_LIMIT:
                self.named.append(found)
            return None
        if isinstance(found, Problem):
            self.problems += 1
            if len(self.named_problems) < NAMED_LIMIT:
                self.named_problems.append(found)
            return None
        self.found += 1
        return found

    @property
    def passed_over(self) -> int:
        """How many were passed over, for whatever reason."""
        return self.passed.total()

    def summary(self) -> str:
        """One line for a terminal: ``12 files; passed over: 3 not DICOM; 1 problem``."""
        parts = [counted(self.found, "file")]
        if self.passed_over:
            reasons = ", ".join(f"{count} {reason.value}" for reason, count in self.passed.items())
            parts.append(f"passed over: {reasons}")
        if self.problems:
            parts.append(counted(self.problems, "problem"))
        return "; ".join(parts)
