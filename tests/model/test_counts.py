"""One is singular, everything else is not, zero included."""

from __future__ import annotations

import pytest

from dcmaudit.model.counts import counted


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
