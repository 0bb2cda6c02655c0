"""Where text was found in each file of a long list: what is kept comes back, and takes few bytes."""

from __future__ import annotations

import pytest

from dcmaudit.model import Box
from dcmaudit.review.state import found_places
from dcmaudit.review.state.found_places import Found, FoundPlaces

KEYS = ("f3", "f57", "f4", "o6000.3", "o6002.0", "b12.3", "i0", "t3.0", "t40.1", "x0", "f2147483646")


def test_what_is_kept_of_a_file_comes_back() -> None:
    kept = FoundPlaces()
    found = Found("b12.3", (Box(0, 0, 5, 5), Box(200, 100, 255, 120)), KEYS)
    kept.put(7, found)
    assert kept.get(7) == found
    assert kept.get(3) == kept.get(99) == Found()
    kept.put(7, Found(None, (), ("f1",)))
    assert kept.get(7) == Found(None, (), ("f1",))
    kept.drop(7)
    kept.drop(99)
    assert kept.get(7) == Found()


def test_places_of_large_planes_are_kept_a_little_larger_and_never_smaller() -> None:
    kept, box = FoundPlaces(), Box(1003, 2009, 1301, 2047)
    kept.put(0, Found("f0", (box,)))
    (found,) = kept.get(0).places
    assert found.left <= box.left < box.right <= found.right
    assert found.top <= box.top < box.bottom <= found.bottom
    assert max(box.left - found.left, box.top - found.top, found.right - box.right, found.bottom - box.bottom) <= 9


def test_files_that_are_looked_at_again_and_again_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_places, "_PART", 4096)
    kept, last = FoundPlaces(), dict[int, Found]()
    for turn in range(3000):
        place = turn * 7 % 40
        last[place] = Found(
            f"f{turn}", (Box(turn % 200, 1, 200 + turn % 50, 9),), tuple(f"f{turn + 2 * n}" for n in range(9))
        )
        kept.put(place, last[place])
    assert {place: kept.get(place) for place in last} == last
    assert kept.nbytes < 40_000
