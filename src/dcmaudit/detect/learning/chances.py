"""From counts to probabilities: Beta-Binomial estimates that lean on farther kin, checked against what came true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dcmaudit.detect.learning.levels import Level

SHOWN = 0.6
"""From which probability on a suggestion is shown. Lower, and more than one in twenty of those shown would be wrong."""

_BASE = 0.25
_STRENGTH: Mapping[Level, float] = {Level.SIZE: 2.0, Level.TYPE: 1.5, Level.VERSION: 1.0, Level.EXACT: 0.6}
"""How many examples of this level the estimate from the farther ones is worth."""

_OTHER_FRAMES = 0.3
_OWN = 0.85
_FORMER = 12.0
_STEPS = 10


@dataclass(frozen=True, slots=True)
class Count:
    """Of ``trials`` examples, ``hits`` had text at a place; both weighted, so that newer ones count more."""

    hits: float = 0.0
    trials: float = 0.0


def chance(levels: Mapping[Level, Count], elsewhere: float = 0.0, base: float = _BASE) -> float:
    """The probability that the place has text, from the farthest kin to the nearest.

    ``elsewhere`` is the share of examples that have it on other frames only. At every level the estimate so far
    counts like a few examples, so that two near relatives outvote fifty far ones.
    """
    estimate = min(0.9, base + _OTHER_FRAMES * elsewhere)
    for level in Level:
        count = levels.get(level)
        if count is not None and count.trials:
            strength = _STRENGTH[level]
            estimate = (count.hits + strength * estimate) / (count.trials + strength)
    return estimate


def with_own(estimate: float, own: Count, examples: float) -> float:
    """The probability after a look at the other frames of the same file.

    Frames of a file mostly agree, and the more examples spoke about this very frame, the less that weighs.
    ``examples`` 0 says that there were none.
    """
    if not own.trials:
        return estimate
    former = estimate if examples else _OWN
    strength = 1.0 + 0.5 * min(examples, 10.0)
    return (own.hits + strength * former) / (own.trials + strength)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often suggestions of each kind came true: what the estimates are corrected by.

    A kind that was judged rarely is left as it was estimated.
    """

    judged: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By kind: how many were right, and how many there were."""

    @classmethod
    def of(cls, judgements: Iterable[tuple[str, bool]]) -> Reliability:
        """The record of these judgements, kind and whether it was right."""
        counts: dict[str, tuple[int, int]] = {}
        for kind, right in judgements:
            rights, total = counts.get(kind, (0, 0))
            counts[kind] = (rights + right, total + 1)
        return cls(counts)

    def corrected(self, kind: str, estimate: float) -> float:
        """The estimate, pulled towards what suggestions of this kind came to."""
        right, total = self.judged.get(kind, (0, 0))
        return (right + _FORMER * estimate) / (total + _FORMER)


def kind_of(source: str, count: Count, estimate: float) -> str:
    """The name under which suggestions that rest on alike evidence are judged together."""
    examples = "none" if not count.trials else "1" if count.trials < 1.5 else "few" if count.trials < 4.5 else "many"
    return f"{source}/{examples}/{min(_STEPS - 1, int(estimate * _STEPS))}"


def calibration(judgements: Sequence[tuple[float, bool]], steps: int = _STEPS) -> list[tuple[float, float, int]]:
    """By tenths of probability: what was said on average, the share that came true, and how many there were."""
    found = []
    for step in range(steps):
        inside = [(said, right) for said, right in judgements if min(steps - 1, int(said * steps)) == step]
        if inside:
            said = sum(item[0] for item in inside) / len(inside)
            found.append((said, sum(item[1] for item in inside) / len(inside), len(inside)))
    return found
