from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcmaudit.detect.textnet import split_rows
from dcmaudit.model import Box


def map_of(*lines: Box, shape: tuple[int, int] = (100, 200)) -> np.ndarray:
    ink = np.zeros(shape, np.float32)
    for line in lines:
        ink[line.top // 2 : line.bottom // 2, line.left // 2 : line.right // 2] = 0.9
    return ink


def test_two_lines_in_one_box_are_cut_between_them() -> None:
    ink = map_of(Box(20, 20, 200, 36), Box(20, 44, 120, 60))
    assert split_rows(Box(10, 10, 210, 70), ink) == [Box(10, 10, 210, 40), Box(10, 40, 210, 70)]


@pytest.mark.parametrize(
    "lines",
    [
        [Box(20, 20, 200, 36)],
        [Box(20, 20, 200, 36), Box(20, 40, 200, 42)],  # underlined
        [Box(20, 20, 200, 36), Box(60, 12, 64, 16)],  # the dot of an i
        [Box(20, 20, 32, 36), Box(20, 44, 32, 60)],  # letters one below the other
        [],
    ],
)
def test_what_is_one_line_stays_one_box(lines: list[Box]) -> None:
    box = Box(10, 10, 210, 70)
    assert split_rows(box, map_of(*lines)) == [box]


def test_small_lines_whose_ink_runs_together_are_cut_where_the_middles_of_lines_lie_apart() -> None:
    box = Box(10, 10, 210, 60)
    ink = map_of(Box(20, 20, 200, 32), Box(20, 36, 200, 48))
    ink[16:18, 10:100:2] = 0.9  # half of what is between them
    together = np.zeros(ink.shape, np.float32)
    together[10:24, 10:100] = 0.9
    apart = together.copy()
    apart[15:19] = 0.2
    assert split_rows(box, ink) == [box]
    assert split_rows(box, ink, together) == [box]
    assert [part.bottom for part in split_rows(box, ink, apart)][:-1] == [32]
    # What is higher is as likely a curve beside a letter.
    assert split_rows(Box(10, 10, 210, 80), ink, apart) == [Box(10, 10, 210, 80)]


@settings(deadline=None)
@given(
    left=st.integers(0, 50), top=st.integers(0, 50), width=st.integers(1, 150), height=st.integers(1, 120),
    seed=st.integers(0, 50),
)  # fmt: skip
def test_the_parts_of_a_box_are_the_box(left: int, top: int, width: int, height: int, seed: int) -> None:
    box = Box(left, top, left + width, top + height)
    ink = np.zeros((100, 200), np.float32)
    region = np.zeros((100, 200), np.float32)
    for row in np.random.default_rng(seed).integers(0, 95, 4):
        ink[row : row + 4] = 0.8
        region[row + 1 : row + 3] = 0.9
    parts = split_rows(box, ink, region)
    assert sum(part.area for part in parts) == box.area
    assert all(box.contains(part) for part in parts)
    assert all(one.bottom == other.top for one, other in itertools.pairwise(parts))
