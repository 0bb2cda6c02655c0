"""What was seen is kept as ranges, and stray bits that come in later do not move it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model import Box, FrameAddress, HowSeen, PlaneGroup, PlaneKind, PlaneList, Size
from dcmaudit.review.state.seen import NumberRanges, SeenPlanes
from dcmaudit.review.state.sight import Fidelity, Issued, way_projected
from dcmaudit.store import Looked, SeenRecord
from support.where import span

SIZE = Size(4, 4)
FRAMES = PlaneGroup(PlaneKind.FRAME, 0, range(10), SIZE)
STRAY = PlaneGroup(PlaneKind.STRAY_BIT, 12, (2, 5, 9), SIZE)
ICON = PlaneGroup(PlaneKind.ICON, 1, range(1), SIZE)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 8))))
def test_places_hold_what_a_set_holds(spans: list[tuple[int, int]]) -> None:
    places, expected = NumberRanges(), set()
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
    seen.add(STRAY, 1, 3, HowSeen.SEEN)
    seen.settle(seen.take())
    assert seen.positions(STRAY, HowSeen.SEEN) == [(1, 3)]
    assert seen.positions(STRAY, HowSeen.SKIPPED) == []


def test_what_is_new_is_handed_over_once_and_counts_once_it_is_stored() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 0, 3, HowSeen.SEEN)
    seen.add(ICON, 0, 1, HowSeen.MAXIMUM)
    taken = seen.take()
    assert taken.spans == {HowSeen.SEEN: [span("f", 0, 3)], HowSeen.MAXIMUM: [span("i1", 0, 1)]}
    assert (seen.has_unstored, seen.is_settled, seen.positions(FRAMES, HowSeen.SEEN)) == (False, False, [])
    seen.settle(taken)
    assert (seen.is_settled, seen.positions(FRAMES, HowSeen.SEEN)) == (True, [(0, 3)])
    seen.add(FRAMES, 0, 3, HowSeen.SEEN)
    assert not seen.has_unstored


def test_what_could_not_be_stored_is_handed_over_again() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 4, 6, HowSeen.SEEN)
    seen.add_boxes(FrameAddress(1), SIZE, [Box(0, 0, 2, 4)])
    taken = seen.take()
    seen.put_back(taken)
    assert seen.take() == taken


def test_parts_of_a_plane_make_it_seen_only_together() -> None:
    seen = SeenPlanes()
    for boxes, is_whole in (([Box(0, 0, 2, 4)], False), ([Box(2, 0, 4, 3)], False), ([Box(1, 2, 4, 4)], True)):
        seen.add_boxes(FrameAddress(7), SIZE, boxes)
        taken = seen.take()
        assert (HowSeen.SEEN in taken.spans, bool(taken.parts)) == (is_whole, not is_whole)
        seen.settle(taken)
        assert seen.part_positions(FRAMES) == ([] if is_whole else [7])
        assert (seen.part(FrameAddress(7)) is None) == is_whole
    assert seen.looked(PlaneList([FRAMES]), is_searched=True) == Looked(10, 1, 0, 0, True)


def test_what_the_database_has_counts_but_is_not_stored_again() -> None:
    seen, now = SeenPlanes(), datetime.now(UTC)
    seen.load(SeenRecord("x.dcm", HowSeen.SEEN, (span("b12", 2, 6),), "me", now, now))
    planes = PlaneList([FRAMES, STRAY, ICON])
    assert seen.positions(STRAY, HowSeen.SEEN) == [(0, 2)]
    assert seen.count(planes, *HowSeen) == 2
    assert not seen.has_unstored


def test_a_plane_seen_in_two_ways_counts_once() -> None:
    seen = SeenPlanes()
    seen.add(FRAMES, 0, 5, HowSeen.SEEN)
    seen.add(FRAMES, 3, 8, HowSeen.MAXIMUM)
    seen.add(FRAMES, 7, 9, HowSeen.SKIPPED)
    seen.settle(seen.take())
    planes = PlaneList([FRAMES])
    assert seen.count(planes, *HowSeen) == 9
    assert [seen.only(planes, how) for how in (HowSeen.SEEN, HowSeen.MAXIMUM, HowSeen.SKIPPED)] == [5, 3, 1]
    assert seen.looked(planes, is_searched=True) == Looked(10, 5, 0, 4, True)


def test_a_projection_is_told_by_its_kind_at_half_size_or_more() -> None:
    large = Size(width=1000, height=600)
    issued = Issued("min", Fidelity.LOSSLESS)
    assert way_projected(large, 500, 300, issued) is HowSeen.MINIMUM
    assert way_projected(large, 499, 300, issued) is HowSeen.SMALL
    assert way_projected(large, 500, 299, issued) is HowSeen.SMALL
    assert way_projected(None, 500, 300, issued) is HowSeen.SMALL
    assert way_projected(large, 500, 300, Issued("full", Fidelity.LOSSLESS)) is None
