from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

from textgen.lines import forenames, harmless, identifying, misread, someone, surnames

from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.model import Verdict

PLAN = chain_plan(DEFAULT)

pytestmark = pytest.mark.skipif(not surnames(), reason="the package names, of names of a census, is not installed")


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0.97, 0), (0.02, 0.84, 0), (0.05, 0.70, 1)])
def test_lines_of_machines_are_harmless_and_no_line_about_a_person_is(rate: float, least: float, most: int) -> None:
    pick = random.Random(f"lines {rate}")  # noqa: S311 - no secret
    called: list[str] = []
    for _ in range(700):
        person, other = someone(pick), someone(pick)
        for header in (person, other, None):
            line = misread(identifying(pick, person), pick, rate)
            if PLAN.chain(header).judge(line).verdict is Verdict.HARMLESS:
                called.append(line)
    verdicts = Counter(
        PLAN.chain(someone(pick)).judge(misread(harmless(pick), pick, rate)).verdict for _ in range(1000)
    )
    assert len(called) <= most, f"made-up lines: {called}"
    assert verdicts[Verdict.HARMLESS] >= least * verdicts.total()


def test_of_the_names_of_a_census_only_terms_that_everybody_uses_are_harmless_alone() -> None:
    chain = PLAN.chain(None)
    called = {name for name in (*surnames()[:40_000], *forenames()) if chain.judge(name).verdict is Verdict.HARMLESS}
    assert len(surnames()) > 80_000
    # Sides and labels after which hardly anybody is called; parts of the body are names of thousands.
    assert "RIGHT" in called
    assert not {"HEAD", "HAND", "BONE", "PEAK", "MIN"} & called
    assert len(called) <= 14, sorted(called)


def test_a_misread_line_differs_and_an_unspoilt_one_does_not() -> None:
    pick = random.Random(3)  # noqa: S311 - no secret
    line = "WINTERGREEN, ISOLDE 23/09/1957"
    assert misread(line, pick, 0.0) == line
    assert any(misread(line, pick, 0.2) != line for _ in range(5))
