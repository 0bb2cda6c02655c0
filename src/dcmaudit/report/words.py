"""Phrases that several reports share."""

from __future__ import annotations

from collections.abc import Mapping

from dcmaudit.model.counts import counted as _counted

NOTHING_FOUND = "no DICOM file was found"
"""What a summary says that has nothing to count."""


def inputs(count: int) -> str:
    """So many inputs, in words."""
    return "1 input" if count == 1 else f"{count} inputs"


def counted(counts: Mapping[str, int]) -> str:
    """Numbers with what they count, ``3 done, 1 failed``; those of none are left out."""
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or NOTHING_FOUND


def passed_over(counts: Mapping[str, int]) -> str:
    """The end of a summary that says what was passed over, by reason; empty where nothing was."""
    return f"; passed over: {counted(counts)}" if any(counts.values()) else ""


def not_begun(total: int | None, begun: int, known: int) -> str:
    """How many inputs a run that was ended did not begin: at least ``known``; ``total`` None where nobody knows it."""
    return (
        "the others were not begun"
        if total is None
        else f"{_counted(max(total - begun, known), 'was', 'were')} not begun"
    )
