"""Random samples that can be drawn again, and what may be concluded from looking at them. No input is opened here.

Images of a series are alike: text that is on one is mostly on all. So series are drawn, and one image of each; what
is concluded is about series, and looking at more images of the same series changes nothing.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dcmaudit.errors import UsageError
from dcmaudit.sources.s3.uids import drawn

Stratum = tuple[str, ...]
"""The values by which images are divided, in the order of their attributes."""

CONFIDENCE = 0.95
_STEPS = 200


@dataclass(frozen=True, slots=True)
class Unit:
    """One image of one series. ``series`` is its UID, or the image's own name where it has none."""

    name: str
    series: str
    stratum: Stratum


@dataclass(slots=True)
class Frame:
    """What there is to draw from, met image by image; held is one image a series: the one with the smallest draw."""

    seed: int
    images: int = 0
    _kept: dict[tuple[Stratum, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, unit: Unit) -> None:
        """Take an image in."""
        self.images += 1
        key, rank = (unit.stratum, unit.series), (drawn(self.seed, unit.name), unit.name)
        # The smallest draw of each series: a uniform choice of one image, in one pass, of any number.
        if key not in self._kept or rank < self._kept[key]:
            self._kept[key] = rank

    def units(self) -> Iterator[Unit]:
        """Every series with the image of it that is held, in order of their strata and UIDs."""
        for (stratum, series), (_rank, name) in sorted(self._kept.items()):
            yield Unit(name, series, stratum)

    def sizes(self) -> dict[Stratum, int]:
        """How many series there are in each stratum, in order."""
        found: dict[Stratum, int] = {}
        for stratum, _series in self._kept:
            found[stratum] = found.get(stratum, 0) + 1
        return dict(sorted(found.items()))

    def draw(self, allocation: dict[Stratum, int]) -> list[Unit]:
        """So many series of each stratum, every one as likely as any other; one image of each, the same way."""
        heaps: dict[Stratum, list[tuple[int, str, str]]] = {}
        for (stratum, series), (_rank, name) in self._kept.items():
            heap, count = heaps.setdefault(stratum, []), allocation.get(stratum, 0)
            # Negative, so that the largest draw is the one that goes.
            entry = (-drawn(self.seed, f"series {series}"), series, name)
            if len(heap) < count:
                heapq.heappush(heap, entry)
            elif count:
                heapq.heappushpop(heap, entry)
        return [
            Unit(name, series, stratum)
            for stratum in sorted(heaps)
            for _rank, series, name in sorted(heaps[stratum], reverse=True)
        ]


def allocate(sizes: dict[Stratum, int], count: int, *, least: int = 1) -> dict[Stratum, int]:
    """``count`` series over strata in proportion to their sizes, at least ``least`` of each and never more than it has.

    The sum is above ``count`` only where the least of each asks for it.
    """
    total = sum(sizes.values())
    if not total:
        return {}
    shares = {stratum: count * size / total for stratum, size in sizes.items()}
    given = {stratum: min(size, max(least, int(shares[stratum]))) for stratum, size in sizes.items()}
    left = min(count, total) - sum(given.values())
    by_rest = sorted(sizes, key=lambda stratum: (int(shares[stratum]) - shares[stratum], stratum))
    # What rounding down left over goes to the largest remainders, and to others where a stratum is used up.
    while left > 0:
        open_ones = [stratum for stratum in by_rest if given[stratum] < sizes[stratum]]
        for stratum in open_ones[:left]:
            given[stratum] += 1
        left -= min(left, len(open_ones))
    return given


def upper_bound(found: int, looked_at: int, *, confidence: float = CONFIDENCE, population: int | None = None) -> float:
    """The largest share of series with text that fits what was seen, with this confidence.

    ``found`` of ``looked_at`` series drawn at random had text. Exact: binomial (Clopper and Pearson, one-sided), or
    hypergeometric where the ``population`` is given. For none found this is about 3 / looked_at at 95 %.
    """
    _check(confidence)
    if not 0 <= found <= looked_at or (population is not None and looked_at > population):
        raise UsageError("these numbers cannot be: found, looked at and all there are must rise")
    if not looked_at:
        return 1.0
    alpha = 1 - confidence
    if population is not None:
        # Hypergeometric: drawing from a small population without putting back says more than the binomial.
        low, high = found, population - (looked_at - found)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _fewer(found, looked_at, middle, population) > alpha else (low, middle - 1)
        return low / population
    if found == looked_at:
        return 1.0
    low_share, high_share = found / looked_at, 1.0
    for _ in range(_STEPS):
        share = (low_share + high_share) / 2
        # One-sided Clopper-Pearson bound, by halving.
        fits = sum(_binomial(k, looked_at, share) for k in range(found + 1)) > alpha
        low_share, high_share = (share, high_share) if fits else (low_share, share)
    return high_share


def needed(bound: float, *, confidence: float = CONFIDENCE, population: int | None = None) -> int:
    """How many series must be looked at, and no text found on any, to conclude that less than ``bound`` have some."""
    _check(confidence)
    if not 0 < bound < 1:
        raise UsageError("a bound is a share between 0 and 1", hint="1% or 0.01")
    if population is None:
        return math.ceil(math.log(1 - confidence) / math.log(1 - bound))
    low, high = 0, population
    while low < high:
        middle = (low + high) // 2
        if middle and upper_bound(0, middle, confidence=confidence, population=population) < bound:
            high = middle
        else:
            low = middle + 1
    return low


def joint_bound(strata: Sequence[tuple[int, int, int]], *, confidence: float = CONFIDENCE) -> float:
    """The largest share of all series with text, from strata of (series there are, looked at, found).

    Where nothing was found: the worst case over all ways that the strata could hide text and still show none with a
    probability of more than 1 - confidence. Otherwise the strata's own bounds at a confidence that holds for all
    of them together. A stratum that nobody looked at counts as wholly bad.
    """
    _check(confidence)
    total = sum(size for size, _looked, _found in strata)
    if not total:
        return 1.0
    # Text was found: each stratum gets its part of the error (Bonferroni), which is safe whatever the others show.
    if any(found for _size, _looked, found in strata):
        part = 1 - (1 - confidence) / len(strata)
        shares = (size * upper_bound(found, looked, confidence=part) for size, looked, found in strata)
        return min(1.0, sum(shares) / total)
    unseen = sum(size for size, looked, _found in strata if not looked)
    seen = [(size / total, looked) for size, looked, _found in strata if looked]
    return min(1.0, unseen / total + _worst(seen, math.log(1 - confidence)))


def _worst(strata: Sequence[tuple[float, int]], budget: float) -> float:
    """Largest sum of weight times share with sum of looked * log(1 - share) not below ``budget`` (Lagrange)."""

    def clean(multiplier: float) -> Iterator[tuple[float, int, float]]:
        return ((weight, looked, min(1.0, multiplier * looked / weight)) for weight, looked in strata)

    low, high = 0.0, max((weight / looked for weight, looked in strata), default=0.0)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        spent = sum(looked * math.log(rest) if rest else -math.inf for _weight, looked, rest in clean(middle))
        low, high = (middle, high) if spent < budget else (low, middle)
    return sum(weight * (1 - rest) for weight, _looked, rest in clean(high))


def _binomial(k: int, n: int, share: float) -> float:
    if share in {0.0, 1.0}:
        return float(k == (n if share else 0))
    return math.exp(_choose(n, k) + k * math.log(share) + (n - k) * math.log1p(-share))


def _fewer(found: int, looked_at: int, bad: int, population: int) -> float:
    """Probability to find no more than ``found`` where ``bad`` of ``population`` have text."""
    every = _choose(population, looked_at)
    least = max(0, looked_at - (population - bad))
    return sum(
        math.exp(_choose(bad, k) + _choose(population - bad, looked_at - k) - every)
        for k in range(least, min(found, bad) + 1)
    )


def _choose(n: int, k: int) -> float:
    # Logarithms: the numbers themselves have thousands of digits.
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _check(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise UsageError("a confidence is a share between 0 and 1", hint="95% or 0.95")


def frame_of(units: Iterable[Unit], seed: int) -> Frame:
    """Everything there is to draw from."""
    frame = Frame(seed)
    for unit in units:
        frame.add(unit)
    return frame
