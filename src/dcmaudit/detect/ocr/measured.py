"""What each way of looking is measured to miss, in a sentence for whoever relies on it.

The shares are those of ``bench/lettering``: faces, layouts and grounds that no training ever saw. A test holds them
to docs/detection-figures.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from dcmaudit.detect.ocr.finding import FinderKind, Mode


@dataclass(frozen=True, slots=True)
class Missed:
    """Of a hundred legible lines, how many no box covers; ``worst``: kinds of which clearly more are missed."""

    in_hundred: float
    worst: str


MISSED: dict[tuple[FinderKind, Mode], Missed] = {
    (FinderKind.OWN, Mode.DEFAULT): Missed(
        2.3,
        "letters over 100 pixels, lines a few levels from their ground in 12 to 16 bits, dotted letters, slanted lines",
    ),
    (FinderKind.OWN, Mode.THOROUGH): Missed(0.9, "half transparent lines, lines on stained tissue, dotted letters"),
    (FinderKind.BOTH, Mode.THOROUGH): Missed(0.7, "half transparent lines, lines on stained tissue, dotted letters"),
}
"""For the ways that were measured as they are today; the thorough ones on fewer lines."""


def what_is_missed(finder: FinderKind, mode: Mode) -> str:
    """Which mode this was and what it is measured to miss."""
    known = MISSED.get((finder, mode))
    if known is None:
        return f"looked in mode {mode.value} with finder {finder.value}, whose misses are not measured"
    return (
        f"looked in mode {mode.value} with finder {finder.value}, measured to miss {known.in_hundred:g} in 100 legible "
        f"lines, most of all {known.worst}: nothing found is no proof that nothing is there"
    )
