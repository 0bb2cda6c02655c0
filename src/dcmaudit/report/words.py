"""Phrases that several reports share."""

from __future__ import annotations

from collections.abc import Mapping

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
