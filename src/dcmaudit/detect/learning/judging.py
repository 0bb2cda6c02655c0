"""Whether a suggestion came true."""

from __future__ import annotations

from collections.abc import Iterable

from dcmaudit.model import Box

HELD = 0.9
"""How much of a marked area a suggestion must hold to be right: what is cut off could still be read."""
FILLED = 0.25
"""How much of a suggestion must be marked for it to be right: black boxes over half an image help nobody."""


def is_right(suggestion: Box, marks: Iterable[Box]) -> bool:
    """Whether the suggestion holds at least one of the marks of its plane, and not much besides marks."""
    shared = [(mark, mark.intersection(suggestion)) for mark in marks]
    held = [mark for mark, common in shared if common is not None and common.area >= HELD * mark.area]
    return bool(held) and sum(mark.area for mark in held) >= FILLED * suggestion.area
