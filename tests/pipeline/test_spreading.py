"""How evenly the program spreads work, in a time of its own: see ``support.virtual``."""

from __future__ import annotations

import pytest

from dcmaudit.pipeline.planelooks import STRETCH
from support.virtual import Costs, Input, Run, batch

SMALL, FILES, FRAMES = 0.002, 3000, 300
CREW = Costs(answer=0.00001)


def archive(frame: float, *, frames: int = FRAMES, place: int = 2 * FILES // 3) -> list[Input]:
    """Small files, and one cine among them."""
    small = [Input(number, SMALL) for number in range(FILES)]
    return [*small[:place], Input(FILES, frame, frames, STRETCH, opening=0.0015), *small[place:]]


def over_ideal(run: Run, items: list[Input]) -> float:
    return run.seconds * len(run.spread) / sum(item.seconds * max(1, item.frames) for item in items)


@pytest.mark.parametrize("workers", [2, 16, 64])
@pytest.mark.parametrize("frame", [0.0024, 0.015, 0.06])
@pytest.mark.parametrize("place", [0, 2 * FILES // 3])
def test_one_cine_among_three_thousand_files_holds_nobody_up(workers: int, frame: float, place: int) -> None:
    items = archive(frame, place=place)
    run = batch(items, workers, CREW)
    assert over_ideal(run, items) < 1.3
    assert set(run.answers) == set(items)
    assert [frame for piece in run.answers[items[place]] for frame in piece] == list(range(FRAMES))


@pytest.mark.parametrize("workers", [2, 16, 64])
def test_small_files_alone_are_spread_evenly_to_the_last(workers: int) -> None:
    items = [Input(number, SMALL) for number in range(FILES)]
    run = batch(items, workers, CREW)
    assert over_ideal(run, items) < 1.05
    assert len(run.answers) == FILES


def test_slow_files_at_the_end_are_not_kept_behind_each_other() -> None:
    items = [Input(number, SMALL if number < 2900 else 0.05) for number in range(3000)]
    run = batch(items, 16, CREW)
    assert over_ideal(run, items) < 1.15


def test_many_cines_are_spread_evenly_too() -> None:
    items = [Input(number, 0.015, 120, STRETCH, opening=0.0015) for number in range(40)]
    run = batch(items, 16, CREW)
    assert over_ideal(run, items) < 1.1
