"""How many changes apart two texts are, beside the plain table that everybody can check."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.detect.pii.words import distance, holds_nearly

texts = st.text("AB01", max_size=9)


def table(one: str, other: str) -> int:
    """The textbook's edit distance."""
    before = list(range(len(other) + 1))
    for row, a in enumerate(one, start=1):
        now = [row]
        for column, b in enumerate(other, start=1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (a != b)))
        before = now
    return before[-1]


@given(texts, texts, st.integers(0, 3))
def test_the_distance_is_that_of_the_table_up_to_the_bound(one: str, other: str, bound: int) -> None:
    assert distance(one, other, bound) == min(table(one, other), bound + 1)


@given(st.text("AB01", max_size=14), st.text("AB01", min_size=1, max_size=6), st.integers(0, 3))
def test_a_text_holds_nearly_what_one_of_its_parts_is_near(text: str, wanted: str, bound: int) -> None:
    parts = {text[start:end] for start in range(len(text) + 1) for end in range(start, len(text) + 1)}
    near = any(table(part, wanted) <= bound for part in parts)
    # A text that is shorter than what is wanted by more than the bound can hold it in no part.
    assert holds_nearly(text, wanted, bound) is near
