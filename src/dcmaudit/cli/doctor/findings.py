"""An examination of one part of the program or the machine, and what becomes of one that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from dcmaudit.report.examinations import Finding, State

if TYPE_CHECKING:
    from dcmaudit.settings import Settings

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
