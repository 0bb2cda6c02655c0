from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from dcmaudit.errors import UsageError
from dcmaudit.sources.sampling import Unit, allocate, frame_of, joint_bound, needed, upper_bound


def units(series: dict[str, int], kind: str = "CT") -> list[Unit]:
    return [Unit(f"{one}/{k}", one, (kind,)) for one, count in series.items() for k in range(count)]


def test_none_in_three_hundred_is_the_rule_of_three() -> None:
    assert upper_bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert upper_bound(0, 300) == pytest.approx(3 / 300, rel=0.01)
    assert upper_bound(0, 0) == 1
    assert upper_bound(5, 5) == 1


def test_the_bound_with_findings_is_that_of_clopper_and_pearson() -> None:
    # From published tables of the one-sided 95 % limit.
    assert upper_bound(1, 20) == pytest.approx(0.2161, abs=2e-4)
    assert upper_bound(2, 50) == pytest.approx(0.1206, abs=2e-4)


def test_the_bound_holds_as_often_as_it_says() -> None:
    chance = np.random.default_rng(1)
    for population, bad, size in ((200, 6, 60), (200, 20, 30), (1000, 10, 250)):
        found = chance.hypergeometric(bad, population - bad, size, 4000)
        for bound_of in (lambda k: upper_bound(k, size), lambda k: upper_bound(k, size, population=population)):  # noqa: B023
            bounds = {int(k): bound_of(int(k)) for k in set(found.tolist())}
            missed = np.mean([bounds[int(k)] < bad / population for k in found])
            assert missed <= 0.06


def test_knowing_how_many_there_are_never_loosens_the_bound() -> None:
    for size in (10, 50, 99):
        assert upper_bound(0, size, population=100) <= upper_bound(0, size)
    assert upper_bound(0, 100, population=100) == 0


def test_what_is_needed_is_the_least_that_gives_the_bound() -> None:
    assert needed(0.01) == 299
    for population in (50, 500, 5000):
        count = needed(0.01, population=population)
        assert upper_bound(0, count, population=population) < 0.01
        assert upper_bound(0, count - 1, population=population) >= 0.01
    assert needed(0.01, population=100_000) <= 299


def test_strata_together_are_as_good_as_one_sample_where_they_are_drawn_alike() -> None:
    assert joint_bound([(1000, 100, 0), (2000, 200, 0)]) == pytest.approx(upper_bound(0, 300), rel=1e-6)
    assert joint_bound([(3000, 300, 0)]) == pytest.approx(upper_bound(0, 300), rel=1e-6)


def test_a_stratum_that_nobody_looked_at_counts_as_bad() -> None:
    assert joint_bound([(900, 300, 0), (100, 0, 0)]) > 0.1
    assert joint_bound([(900, 300, 0), (100, 1, 0)]) < joint_bound([(900, 300, 0), (100, 0, 0)])
    assert joint_bound([(10, 0, 0)]) == 1


def test_the_joint_bound_is_the_worst_case() -> None:
    strata = [(500, 40, 0), (100, 30, 0), (50, 5, 0)]
    bound, total, budget = joint_bound(strata), 650, math.log(0.05)
    best = 0.0
    for first in np.linspace(0, 0.2, 120):
        for second in np.linspace(0, 0.2, 120):
            left = budget - 40 * math.log1p(-first) - 30 * math.log1p(-second)
            if left <= 0:
                third = 1 - math.exp(left / 5)
                best = max(best, (500 * first + 100 * second + 50 * third) / total)
    assert best <= bound + 1e-9
    assert best == pytest.approx(bound, rel=0.02)


@pytest.mark.parametrize(("found", "looked", "population"), [(2, 1, None), (-1, 1, None), (0, 5, 4)])
def test_numbers_that_cannot_be_are_refused(found: int, looked: int, population: int | None) -> None:
    with pytest.raises(UsageError):
        upper_bound(found, looked, population=population)


def test_series_are_drawn_alike_however_many_images_they_have() -> None:
    series = {f"s{k}": 1 if k < 50 else 40 for k in range(100)}
    met = Counter[str]()
    for seed in range(60):
        drawn = frame_of(units(series), seed).draw({("CT",): 20})
        assert len({unit.series for unit in drawn}) == 20
        met.update("small" if series[unit.series] == 1 else "large" for unit in drawn)
    assert 0.42 < met["small"] / met.total() < 0.58


def test_any_image_of_a_series_can_be_the_one() -> None:
    met = {frame_of(units({"s": 10}), seed).draw({("CT",): 1})[0].name for seed in range(120)}
    assert len(met) == 10


def test_the_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    all_units = units({f"s{k}": 3 for k in range(50)})
    first = frame_of(all_units, 5).draw({("CT",): 10})
    assert first == frame_of(all_units[::-1], 5).draw({("CT",): 10})
    assert first != frame_of(all_units, 6).draw({("CT",): 10})


def test_allocation_is_in_proportion_and_leaves_nothing_out() -> None:
    sizes = {("CT",): 900, ("US",): 95, ("XA",): 5}
    given = allocate(sizes, 100)
    assert sum(given.values()) in {100, 101}
    assert given[("CT",)] in {89, 90}
    assert min(given.values()) >= 1
    assert allocate(sizes, 100, least=5)[("XA",)] == 5
    assert allocate(sizes, 5000) == sizes
    assert allocate({}, 5) == {}
