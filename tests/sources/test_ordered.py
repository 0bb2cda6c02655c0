from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.sources.ordered import OrderedNames, natural

pieces = st.lists(
    st.one_of(st.integers(0, 10**6).map(str), st.sampled_from(["IM", ".", "-", "é", "\udce9", "0", "٣", "dcm"])),
    min_size=1,
    max_size=6,
)
file_names = st.one_of(pieces.map("".join), st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1))


@given(st.lists(file_names, unique=True), st.sampled_from([1, 3, 7, 1000]))
def test_everything_that_goes_in_comes_out_once_in_natural_order(names: list[str], run: int) -> None:
    ordered = OrderedNames(run=run)
    for name in names:
        ordered.add(name)
    assert list(ordered.drain()) == sorted(names, key=natural)


def test_numbers_sort_as_people_count_them() -> None:
    assert sorted(["IM10", "IM9", "IM1", "IM01", "A", "1.2.30.1", "1.2.4.10"], key=natural) == [
        "1.2.4.10", "1.2.30.1", "A", "IM01", "IM1", "IM9", "IM10",
    ]  # fmt: skip


def test_many_shapes_take_the_other_road_to_the_same_order() -> None:
    names = [f"{'a' * (n % 97)}{n}{'b' * (n % 89)}" for n in range(3000)]
    ordered = OrderedNames(run=1000)
    for name in names:
        ordered.add(name)
    assert list(ordered.drain()) == sorted(names, key=natural)


def test_a_list_that_was_drained_is_empty() -> None:
    ordered = OrderedNames()
    ordered.add("a")
    assert list(ordered.drain()) == ["a"]
    assert list(ordered.drain()) == []
