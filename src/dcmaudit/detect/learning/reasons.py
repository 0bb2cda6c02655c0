"""Why a rectangle is suggested, in a sentence for people. No value of the file or of another one is in it."""

from __future__ import annotations

from collections.abc import Mapping

from dcmaudit.detect.learning.levels import Fit, Level
from dcmaudit.model import Size

Tally = Mapping[Level, tuple[int, int]]
"""By level: in how many examples there was text, and how many examples there are."""

_CLAUSES = 2


def of_examples(tally: Tally, elsewhere: int, size: Size, fit: Fit) -> str:
    """Such as ``9 of 10 done images of this model, 1024x768, had text here``."""
    clauses: list[str] = []
    for level in sorted(tally, reverse=True):
        hits, trials = tally[level]
        if trials and len(clauses) < _CLAUSES:
            clauses.append(f"{hits} of {trials} {_images(level, size, fit, trials, first=not clauses)}")
    sentence = f"{' and '.join(clauses)} had text here"
    if elsewhere:
        sentence += f"; {elsewhere} more on other frames"
    return sentence


def _images(level: Level, size: Size, fit: Fit, trials: int, *, first: bool) -> str:
    images = ("done image" if trials == 1 else "done images") if first else ""
    kind = {
        Level.EXACT: f"of this model, {size.width}x{size.height},",
        Level.VERSION: "of this model and size with another software version",
        Level.TYPE: "of this model and size with another image type",
        Level.SIZE: f"of this model in another size ({_how(fit)})",
    }[level]
    return f"{images} {kind}".strip()


def _how(fit: Fit) -> str:
    return "scaled" if fit is Fit.SCALED else "measured from the nearest edge"


def of_own(hits: int, trials: int, former: str) -> str:
    """Such as ``marked on 3 of 4 other frames of this file``, and what the examples say where there are any."""
    frames = "frame" if trials == 1 else "frames"
    own = f"marked on {hits} of {trials} other {frames} of this file"
    return f"{own}; {former}" if former else own
