"""One is singular, everything else is not, zero included."""

from __future__ import annotations

import pytest

from dcmaudit.model.counts import counted
from dcmaudit.report.words import not_begun


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ("plane",), "1 plane"),
        (0, ("plane",), "0 planes"),
        (2, ("plane",), "2 planes"),
        (1, ("entry", "entries"), "1 entry"),
        (3, ("entry", "entries"), "3 entries"),
        (1, ("file is", "files are"), "1 file is"),
        (5, ("file is", "files are"), "5 files are"),
    ],
)
def test_a_count_and_its_noun_agree(count: int, words: tuple[str, ...], said: str) -> None:
    assert counted(count, *words) == said


@pytest.mark.parametrize(
    ("total", "said"), [(4, "1 was not begun"), (5, "2 were not begun"), (None, "the others were")]
)
def test_a_run_that_was_ended_says_in_the_right_number_what_it_did_not_begin(total: int | None, said: str) -> None:
    assert said in not_begun(total, 3, 0)
