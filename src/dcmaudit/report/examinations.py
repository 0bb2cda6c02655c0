"""What ``doctor`` found on a machine: as lines and as JSON. No patient data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from dcmaudit.model.texts import printable


class State(Enum):
    """How something is; the value stands in the JSON."""

    GOOD = "good"
    """It is there and works."""
    NOTE = "note"
    """It is not there or unusual, and the program works without it."""
    WRONG = "wrong"
    """It is needed, and missing or faulty."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``detail`` and ``hint`` hold no patient data: no name of an image, no mark."""

    section: str
    name: str
    state: State
    detail: str
    hint: str | None = None

    def record(self) -> dict[str, Any]:
        """The finding as ``doctor --json`` prints it."""
        return {
            "section": self.section, "name": self.name, "state": self.state.value, "detail": self.detail,
            "hint": self.hint,
        }  # fmt: skip

    def line(self) -> str:
        """The finding for people, below the title of its section."""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"  {_SIGNS[self.state]}  {self.name}: {self.detail}{hint}")


_SIGNS = {State.GOOD: "  ok ", State.NOTE: " note", State.WRONG: "WRONG"}


def summary(counts: Mapping[State, int]) -> str:
    """How many findings there are of each state."""
    told = {State.WRONG: "wrong or missing", State.NOTE: "worth a look", State.GOOD: "as it should be"}
    return ", ".join(f"{counts.get(state, 0)} {words}" for state, words in told.items())
