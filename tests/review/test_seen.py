"""What was seen is kept as ranges, and stray bits that come in later do not move it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model import HowSeen, PlaneGroup, PlaneKind, PlaneList, Size
from dcmaudit.review.seen import Places, SeenPlanes, how_seen
from dcmaudit.store import SeenRecord, SeenSpan

SIZE = Size(4, 4)
FRAMES = PlaneGroup(PlaneKind.FRAME, 0, range(10), SIZE)
STRAY = PlaneGroup(PlaneKind.STRAY_BIT, 12, (2, 5, 9), SIZE)
ICON = PlaneGroup(PlaneKind.ICON, 1, range(1), SIZE)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8))))
def test_places_hold_what_a_set_holds(spans: list[tuple[int, int]]) -> None:
    places, expected = Places(), set()
    for start, length in spans:
        new = set(range(start, start + length)) - expected
        assert places.add(start, start + length) == bool(new)
        expected |= new
    assert {place for place in range(80) if place in places} == expected
    assert len(places) == len(expected)
    ends = [edge for span in places.ranges for edge in span]
    assert ends == sorted(set(ends))


def test_positions_of_a_group_with_gaps_are_positions_and_not_frames() -> None:
    seen = SeenPlanes()
    seen.add(STRAY, 1, 3, HowSeen.PAINTED)
    assert seen.positions(STRAY, HowSeen.PAINTED) == [(1, 3)]
    assert seen.positions(STRAY, HowSeen.SKIPPED) == []


def test_what_is_new_is_handed_over_once_for_the_store() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 0, 3, HowSeen.PAINTED)
    seen.add(ICON, 0, 1, HowSeen.PROJECTION)
    assert seen.take_unstored() == {
        HowSeen.PAINTED: [SeenSpan("f", 0, 3)],
        HowSeen.PROJECTION: [SeenSpan("i", 1, 2)],
    }
    seen.add(FRAMES, 0, 3, HowSeen.PAINTED)
    assert seen.take_unstored() == {}


def test_what_could_not_be_stored_is_handed_over_again() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 4, 6, HowSeen.PAINTED)
    seen.put_back(HowSeen.PAINTED, seen.take_unstored()[HowSeen.PAINTED])
    assert seen.take_unstored() == {HowSeen.PAINTED: [SeenSpan("f", 4, 6)]}


def test_what_the_database_has_counts_but_is_not_stored_again() -> None:
    seen, now = SeenPlanes(), datetime.now(UTC)
    seen.load(SeenRecord("x.dcm", "b12", HowSeen.PAINTED, ((2, 6),), "me", now, now))
    planes = PlaneList([FRAMES, STRAY, ICON])
    assert seen.positions(STRAY, HowSeen.PAINTED) == [(0, 2)]
    assert seen.count(planes, *HowSeen) == 2
    assert seen.take_unstored() == {}


def test_a_plane_seen_in_two_ways_counts_once() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 0, 5, HowSeen.PAINTED)
    seen.add(FRAMES, 3, 8, HowSeen.PROJECTION)
    assert seen.count(PlaneList([FRAMES]), *HowSeen) == 8


def test_a_picture_among_others_counts_only_at_half_size_or_more() -> None:
    large = Size(width=1000, height=600)
    assert how_seen(large, 500, 300) is HowSeen.PROJECTION
    assert how_seen(large, 499, 300) is HowSeen.GLANCED
    assert how_seen(large, 500, 299) is HowSeen.GLANCED
    assert how_seen(None, 500, 300) is HowSeen.GLANCED
