"""Names met in a run: each is told again, none is forgotten, and a name takes some ten bytes."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from dcmaudit.model import known_names as module
from dcmaudit.model.known_names import KnownNames


def test_a_name_is_new_once_and_then_told_with_who_brought_it() -> None:
    known = KnownNames()
    assert known.meet("/out/a.dcm", "/in/a.dcm") is None
    assert known.meet(b"\xff\x00", "/in/b.dcm") is None
    assert known.meet("/out/a.dcm", "/in/c.dcm") == "/in/a.dcm"
    assert known.meet(b"\xff\x00", "/in/d.dcm") == "/in/b.dcm"
    assert known.meet("/\udcff.dcm", "e") is None
    assert "/out/a.dcm" in known
    assert "/out/b.dcm" not in known
    assert known.count == 3


def test_names_that_are_kept_no_more_are_known_still() -> None:
    known = KnownNames(named=2)
    for n in range(5):
        assert known.meet(str(n), f"name {n}") is None
    assert [known.meet(str(n), "again") for n in range(5)] == ["name 0", "name 1", "", "", ""]


@pytest.mark.parametrize("seed", range(3))
def test_it_answers_as_a_set_does(seed: int) -> None:
    chance, known, plain = random.Random(seed), KnownNames(), set[str]()  # noqa: S311 (made-up names)
    for _ in range(20_000):
        name = f"/archive/{chance.randrange(13_000)}.dcm"
        assert (known.meet(name, name) is not None) == (name in plain)
        plain.add(name)
    assert known.count == len(plain)
    assert all(name in known for name in plain)


def test_many_parts_in_one_table_find_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PARTS", 1)
    known = KnownNames(named=0)
    assert all(known.meet(str(n), "") is None for n in range(5000))
    assert all(known.meet(str(n), "") == "" for n in range(5000))


def test_a_further_name_takes_no_more_than_sixteen_bytes() -> None:
    known = KnownNames(named=0)
    for n in range(40_000):
        known.meet(f"/archive/{n}", "")
    tracemalloc.start()
    before = sum(part.itemsize * len(part) for part in known._parts)
    for n in range(40_000, 140_000):
        known.meet(f"/archive/{n}", "")
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    after = sum(part.itemsize * len(part) for part in known._parts)
    assert (after - before) / 100_000 <= 16
    assert peak - before <= 16 * 140_000 + 1_000_000, (held, peak)


def test_several_keys_are_met_together_or_not_at_all() -> None:
    known = KnownNames()
    assert known.meet_new(["a", "b"], "first")
    assert not known.meet_new(["c", "b"], "second")
    assert "c" not in known
    assert (known.first("a"), known.first("b"), known.count) == ("first", "first", 2)
    assert known.meet_new(["c"], "third")
