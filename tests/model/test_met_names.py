"""Inputs met in a run: each once, none taken for another, in at most sixteen bytes."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from dcmaudit.model import met_names as module
from dcmaudit.model.met_names import SIZE, MetNames, digest_of


@pytest.mark.parametrize("few", [0, 100, 4096])
def test_it_answers_as_a_set_does(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    chance, met, plain = random.Random(few), MetNames(), set[bytes]()  # noqa: S311 (made-up names)
    assert not met
    for _ in range(20_000):
        digest = digest_of(b"%d" % chance.randrange(13_000))
        assert (digest in met) == (digest in plain)
        met.add(digest)
        plain.add(digest)
        assert digest in met
    assert len(met) == len(plain)


@pytest.mark.parametrize("place", range(SIZE))
def test_digests_that_differ_in_one_byte_are_two(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    met = MetNames()
    for value in range(3, 256):
        digest = bytearray(b"\5" * SIZE)
        digest[place] = value
        assert bytes(digest) not in met
        met.add(bytes(digest))
    assert len(met) == 253
    # 0 marks what is free, and is a digest all the same.
    assert bytes(SIZE) not in met
    met.add(bytes(SIZE))
    assert bytes(SIZE) in met


def test_a_further_name_takes_no_more_than_sixteen_bytes() -> None:
    met, count = MetNames(), 150_000
    for n in range(40_000):
        met.add(digest_of(b"%d" % n))

    def held() -> int:
        return sum(len(one) * one.itemsize for part in met._parts for one in part)

    before = held()
    tracemalloc.start()
    for n in range(40_000, 40_000 + count):
        met.add(digest_of(b"%d" % n))
    traced, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (held() - before) / count <= 16
    # What grew was made anew and is traced whole.
    assert peak <= 16 * (count + 40_000) + 500_000, (traced, peak)
