"""How a long file is cut into runs of planes or frames, by their number alone, so that every process cuts it alike."""

from __future__ import annotations

LONG = 100
"""Planes or frames of a file up to which they are one piece of work."""

_RUNS = 64
"""Runs that a long file has at least, so that so many processes can have one each, unless they would be too short."""

_SHORTEST = 4
"""Planes in a run at least: whoever has one opens the file for it."""


def runs_of(count: int, most: int) -> list[range]:
    """``count`` planes or frames in runs of at most ``most``: one run of all where they are not more than ``LONG``."""
    if count <= LONG:
        return [range(count)] if count else []
    size = run_size(count, most)
    return [range(start, min(count, start + size)) for start in range(0, count, size)]


def run_size(count: int, most: int) -> int:
    """Planes or frames in each run of a long file of ``count``."""
    return min(most, max(_SHORTEST, -(-count // _RUNS)))
