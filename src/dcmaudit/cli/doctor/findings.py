"""What an examination finds: one line each, with a state that decides the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcmaudit.settings import Settings


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
        """The finding for ``--json``."""
        return {
            "section": self.section, "name": self.name, "state": self.state.value, "detail": self.detail,
            "hint": self.hint,
        }  # fmt: skip


Examination = Callable[["Settings"], Iterable[Finding]]


def examined(section: str, examine: Examination, settings: Settings) -> Iterator[Finding]:
    """What ``examine`` finds; an examination that fails is itself something wrong, and the others go on."""
    from dcmaudit.errors import DcmauditError

    try:
        yield from examine(settings)
    except DcmauditError as error:
        yield Finding(section, "examination", State.WRONG, str(error), error.hint)
    except Exception as error:  # whatever a broken installation raises: its kind is told
        yield Finding(
            section, "examination", State.WRONG, f"it failed: {type(error).__name__}", "install dcmaudit again"
        )
