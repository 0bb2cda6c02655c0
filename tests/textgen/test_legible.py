"""What counts as legible: contrast against roughness, whatever the letters' size and the picture's colours."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

from textgen.cases import make_case
from textgen.legible import LEGIBLE, clearness, deep_clearness
from textgen.scoring import Score

from dcmaudit.model import FileReading, Outcome, Result

Ink = npt.NDArray[np.bool_]


def bars() -> Ink:
    """Five letters of twenty pixels each."""
    ink = np.zeros((60, 120), bool)
    for number in range(5):
        ink[20:30, 20 + 8 * number : 22 + 8 * number] = True
    return ink


def ground(noise: float) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    return np.clip(rng.normal(100, noise, (60, 120)), 0, 255).astype(np.uint8)


def clear(contrast: int, noise: float) -> float:
    bare = ground(noise)
    picture = bare.copy()
    picture[bars()] += np.uint8(contrast)
    return clearness(bars(), 5, 10, picture, bare)


def test_it_grows_with_contrast_and_falls_with_noise() -> None:
    assert clear(15, 20) < LEGIBLE < clear(80, 20)
    assert clear(15, 2) > LEGIBLE
    assert clear(40, 5) > clear(40, 10) > clear(40, 30)


def test_a_flat_ground_leaves_the_contrast_of_a_screen() -> None:
    assert clear(10, 0) == pytest.approx(10 / 2 * np.sqrt(20))


def deep(step: float, noise: float, *, strip: float = 0) -> float:
    """Bars ``step`` values from a ground of 12 bits; the right half of it ``strip`` values higher."""
    bare = np.random.default_rng(3).normal(1000, noise, (60, 120))
    bare[:, 40:] += strip
    values = bare + step * bars()
    return deep_clearness(bars(), 5, 10, np.round(values).astype(np.uint16), np.round(bare).astype(np.uint16))


def test_of_many_levels_what_counts_is_the_step_beside_the_noise_and_not_beside_the_range() -> None:
    assert deep(20, 2) > LEGIBLE
    assert deep(20, 20) < LEGIBLE
    assert deep(200, 20) == pytest.approx(deep(20, 2), rel=0.2)


def test_a_reader_may_choose_another_window_for_each_letter() -> None:
    assert deep(20, 2, strip=2000) > LEGIBLE
    assert deep(-20, 2, strip=2000) > LEGIBLE


def test_what_is_not_there_is_not_legible() -> None:
    assert deep(0, 0) == 0


def test_a_sharp_edge_across_a_line_does_not_make_it_illegible() -> None:
    bare = ground(2)
    bare[:, 60:62] = 255
    picture = bare.copy()
    picture[bars() & (bare < 200)] = 180
    assert clearness(bars(), 5, 10, picture, bare) > LEGIBLE


def test_the_colour_that_shows_it_best_counts() -> None:
    grey = ground(2)
    rough = ground(60)
    bare = np.stack([rough, grey, rough], axis=2)
    picture = bare.copy()
    picture[..., 1][bars()] += 60
    assert clearness(bars(), 5, 10, picture, bare) == pytest.approx(
        clearness(bars(), 5, 10, np.ascontiguousarray(picture[..., 1]), grey)
    )


def test_every_string_counts_and_the_legible_ones_once_more() -> None:
    cases = [make_case("tune", number, edge=256, strings=6) for number in range(6)]
    score = Score()
    for case in cases:
        score.take(case, FileReading(Result(case.name, Outcome.DONE)))
    counts = {name: one["count"] for name, one in score.report(256)["recall"].items()}
    assert counts["all"] == sum(len(case.placed) for case in cases)
    assert counts["legible"] + counts.get("not legible", 0) == counts["all"]
