"""From counts to probabilities: Beta-Binomial estimates that lean on farther kin, checked against what came true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dcmaudit.detect.learning.levels import Level
from dcmaudit.model import Ground, SuggestionKind
from dcmaudit.model.learning import Examples, Source

SHOWN = 0.5
"""From which probability on a suggestion is shown. Lower, and more than one in twenty of those shown would be wrong."""

_BASE = 0.25
_STRENGTH: Mapping[Level, float] = {Level.SIZE: 2.0, Level.TYPE: 1.5, Level.VERSION: 1.0, Level.EXACT: 0.6}
"""How many examples of this level the estimate from the farther ones is worth."""

_OTHER_FRAMES = 0.3
_OWN = 0.85
_FORMER = 12.0
_ASSUMED = 20.0
_LOCAL = 4.0
_BY_SHARPNESS: Mapping[Ground, tuple[float, float]] = {Ground.MARKED: (0.8, 0.3), Ground.PLAIN: (0.2, 0.7)}
_BY_DETECTOR: Mapping[Ground, tuple[float, float]] = {
    Ground.TEXT: (0.74, 0.02),
    Ground.CLAIMED: (0.18, 0.03),
    Ground.DENIED: (0.03, 0.28),
    Ground.BARE: (0.05, 0.67),
}
_GROUNDS = {name: judge for judge in (_BY_SHARPNESS, _BY_DETECTOR) for name in judge}
"""How often right and wrong suggestions stand on such a ground, before any was judged, by who says so."""
_STEPS = 10
_HOW_MANY = ((4.5, Examples.MANY), (1.5, Examples.FEW))


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
        # From far to near: each level leans on what the farther ones say, the less the more examples it has.
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
    # Where similar images say nothing, text on one frame of a file is nearly always on the others.
    former = estimate if examples else _OWN
    strength = 1.0 + 0.5 * min(examples, 10.0)
    return (own.hits + strength * former) / (own.trials + strength)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often suggestions of each kind came true: what the estimates are corrected by.

    A kind that was judged rarely is left as it was estimated.
    """

    judged: Mapping[SuggestionKind, tuple[int, int]] = field(default_factory=dict)
    """By kind: how many were right, and how many there were."""
    grounds: Mapping[Ground, tuple[int, int]] = field(default_factory=dict)
    """The same by what was under them."""
    here: Mapping[Ground, int] = field(default_factory=dict)
    """What was under those that were right on images of the same model."""

    @classmethod
    def of(
        cls, judgements: Iterable[tuple[SuggestionKind, bool]], here: Mapping[Ground, int] | None = None
    ) -> Reliability:
        """The record of these judgements, kind and whether it was right; ``here`` is ``Learner.grounds``."""
        counts: dict[SuggestionKind, list[int]] = {}
        for kind, right in judgements:
            count = counts.setdefault(kind, [0, 0])
            count[0] += right
            count[1] += 1
        grounds: dict[Ground, list[int]] = {}
        for kind, (rights, total) in counts.items():
            if kind.ground in _GROUNDS:
                count = grounds.setdefault(kind.ground, [0, 0])
                count[0] += rights
                count[1] += total
        return cls(
            {kind: (count[0], count[1]) for kind, count in counts.items()},
            {ground: (count[0], count[1]) for ground, count in grounds.items()},
            {ground: count for ground, count in (here or {}).items() if ground in _GROUNDS},
        )

    def corrected(self, kind: SuggestionKind, estimate: float) -> float:
        """The estimate, pulled towards what suggestions of this kind came to."""
        right, total = self.judged.get(kind, (0, 0))
        return (right + _FORMER * estimate) / (total + _FORMER)

    def after_look(self, estimate: float, ground: Ground) -> float:
        """The estimate after a look at the pixels, by Bayes' rule.

        How often right and wrong suggestions have such a ground is counted, from what is assumed before any were.
        What sharpness told alone (MARKED, PLAIN) is counted apart from what it told together with the text
        detector, which is far surer. Where the two disagree a model's own images soon tell whom to believe: there
        are devices whose speckle the detector takes for letters.
        """
        judge = _GROUNDS.get(ground)
        # Such a ground says nothing of right and wrong: the estimate stays.
        if judge is None:
            return estimate
        assumed = judge[ground]
        right, total = self.grounds.get(ground, (0, 0))
        counts = [self.grounds.get(name, (0, 0)) for name in judge]
        all_right, all_total = sum(count[0] for count in counts), sum(count[1] for count in counts)
        here = sum(self.here.get(name, 0) for name in judge)
        if_right = (right + _ASSUMED * assumed[0]) / (all_right + _ASSUMED)
        # One device writes black on white, the other faintly into speckle: its own images know best.
        if_right = (self.here.get(ground, 0) + _LOCAL * if_right) / (here + _LOCAL)
        if_wrong = (total - right + _ASSUMED * assumed[1]) / (all_total - all_right + _ASSUMED)
        return estimate * if_right / (estimate * if_right + (1 - estimate) * if_wrong)


def kind_of(source: Source, count: Count, estimate: float) -> SuggestionKind:
    """The kind that suggestions which rest on alike evidence are judged by together."""
    examples = Examples.NONE
    if count.trials:
        examples = next((many for least, many in _HOW_MANY if count.trials >= least), Examples.ONE)
    return SuggestionKind(source, examples, min(_STEPS - 1, int(estimate * _STEPS)))
