"""Plans: each rectangle finds its planes or is refused with a reason."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model.addresses import (
    FrameAddress,
    IconAddress,
    OverlayAddress,
    PlaneAddress,
    StrayBitAddress,
    UnshownAddress,
)
from dcmaudit.model.geometry import Box, Point, Size
from dcmaudit.model.planes import PlaneGroup, PlaneKind, PlaneList
from dcmaudit.model.redaction import IconPolicy, OverlayPolicy, RedactionOptions, RedactionPlan, Request
from dcmaudit.model.regions import Everywhere, Origin, Scope
from dcmaudit.redact import make_plan, scaled

IMAGE = Size(100, 80)


def planes(frames: int = 4) -> PlaneList:
    return PlaneList(
        [
            PlaneGroup(PlaneKind.FRAME, 0, range(frames), IMAGE),
            PlaneGroup(PlaneKind.OVERLAY, 0x6000, range(1), Size(120, 90), origin=Point(-10, -5)),
            PlaneGroup(PlaneKind.OVERLAY, 0x6002, range(2), Size(20, 20), origin=Point(70, 60), image_frame_origin=1),
            PlaneGroup(PlaneKind.EMBEDDED_OVERLAY, 0x6010, range(frames), IMAGE, origin=Point(0, 0)),
            PlaneGroup(PlaneKind.STRAY_BIT, 13, (2,), IMAGE),
            PlaneGroup(PlaneKind.ICON, 0, (0,), Size(10, 8)),
            PlaneGroup(PlaneKind.UNSHOWN, 0, (0,), None, reason="vector graphics", name="curve 5000"),
        ]
    )


def asked(box: Box | None, scope: Scope) -> Request:
    return Request(box, scope, Origin.COMMAND, "asked for")


def plan_of(box: Box | None, scope: Scope, **options: object) -> RedactionPlan:
    return make_plan("a.dcm", planes(), [asked(box, scope)], RedactionOptions(**options))  # type: ignore[arg-type]


def blacked(plan: RedactionPlan) -> dict[str, list[Box]]:
    return {plane.address.key: list(plan.boxes(plane)) for plane in plan.touched()}


def test_a_rectangle_on_one_frame_stays_on_it_and_reaches_the_icon() -> None:
    plan = plan_of(Box(10, 10, 30, 20), FrameAddress(1))
    assert not plan.problems
    assert blacked(plan) == {"f1": [Box(10, 10, 30, 20)], "i0": [Box(0, 0, 4, 3)]}


def test_icons_are_left_alone_when_asked() -> None:
    assert list(blacked(plan_of(Box(10, 10, 30, 20), FrameAddress(1), icons=IconPolicy.KEEP))) == ["f1"]


def test_all_frames_means_every_image_frame_and_no_overlay() -> None:
    plan = plan_of(Box(0, 0, 5, 5), Everywhere.ALL_FRAMES, icons=IconPolicy.KEEP)
    assert list(blacked(plan)) == ["f0", "f1", "f2", "f3"]


def test_the_image_is_carried_to_overlays_through_their_origin() -> None:
    plan = plan_of(Box(60, 55, 80, 70), FrameAddress(2), overlays=OverlayPolicy.SAME, icons=IconPolicy.KEEP)
    assert blacked(plan) == {
        "f2": [Box(60, 55, 80, 70)],
        "o6000.0": [Box(70, 60, 90, 75)],
        "o6002.1": [Box(0, 0, 10, 10)],
        "o6010.2": [Box(60, 55, 80, 70)],
    }


def test_every_plane_means_the_same_pixels_of_every_plane_as_the_reviewer_shows_them() -> None:
    found = blacked(plan_of(Box(0, 0, 50, 50), Everywhere.ALL_PLANES))
    assert set(found) == {plane.address.key for plane in planes() if plane.size}
    assert found["o6000.0"] == [Box(0, 0, 50, 50)]
    assert found["o6002.1"] == [Box(0, 0, 20, 20)]
    assert found["i0"] == [Box(0, 0, 10, 8)]


def test_every_plane_carries_the_place_of_the_image_to_overlays_too_when_asked() -> None:
    found = blacked(plan_of(Box(0, 0, 50, 50), Everywhere.ALL_PLANES, overlays=OverlayPolicy.SAME))
    assert found["o6000.0"] == [Box(0, 0, 50, 50), Box(10, 5, 60, 55)]


def test_a_rectangle_for_every_plane_may_be_one_of_the_largest_plane() -> None:
    found = blacked(plan_of(Box(90, 70, 120, 90), Everywhere.ALL_PLANES))
    assert found["o6000.0"] == [Box(90, 70, 120, 90)]
    assert found["f0"] == [Box(90, 70, 100, 80)]
    assert "o6002.0" not in found
    problems = plan_of(Box(90, 70, 121, 90), Everywhere.ALL_PLANES).problems
    assert [problem.text for problem in problems] == [
        "it reaches outside every plane (they have 10 x 8 and 20 x 20 and 100 x 80 and 120 x 90 pixels)"
    ]


def test_an_icon_of_other_proportions_is_blacked_wholly() -> None:
    listing = PlaneList(
        [PlaneGroup(PlaneKind.FRAME, 0, range(1), IMAGE), PlaneGroup(PlaneKind.ICON, 0, (0,), Size(64, 64))]
    )
    plan = make_plan("a.dcm", listing, [asked(Box(0, 0, 9, 9), FrameAddress(0))])
    assert blacked(plan)["i0"] == [Box(0, 0, 64, 64)]


def test_icons_that_are_kept_are_kept_from_rectangles_for_every_plane_too() -> None:
    for box in (Box(0, 0, 5, 5), None):
        assert "i0" not in blacked(plan_of(box, Everywhere.ALL_PLANES, icons=IconPolicy.KEEP))


def test_stray_bits_that_stay_in_a_blacked_frame_are_told() -> None:
    stays = ("stray bits beside the image's values stay as they are (bit 13 of its cells)",)
    assert plan_of(Box(0, 0, 5, 5), FrameAddress(2)).notes == stays
    assert plan_of(Box(0, 0, 5, 5), Everywhere.ALL_FRAMES).notes == stays
    assert plan_of(Box(0, 0, 5, 5), Everywhere.ALL_PLANES).notes == ()
    assert plan_of(Box(0, 0, 5, 5), FrameAddress(2), remove_high_bits=True).notes == ()
    assert plan_of(Box(0, 0, 5, 5), OverlayAddress(0x6000, 0)).notes == ()


def test_several_rectangles_all_reach_the_icon() -> None:
    requests = [asked(Box(0, 0, 10, 10), FrameAddress(0)), asked(Box(80, 70, 90, 80), FrameAddress(3))]
    assert len(blacked(make_plan("a.dcm", planes(), requests))["i0"]) == 2


def test_whole_planes_need_no_rectangle() -> None:
    assert blacked(plan_of(None, OverlayAddress(0x6000, 0))) == {"o6000.0": [Box(0, 0, 120, 90)]}
    every = plan_of(None, Everywhere.ALL_PLANES)
    assert not every.problems
    assert {plane.address.key for plane in planes() if plane.size} == set(blacked(every))


@pytest.mark.parametrize(
    ("box", "scope", "words"),
    [
        (Box(90, 0, 101, 5), FrameAddress(0), "outside the plane of 100 x 80"),
        (Box(-1, 0, 5, 5), FrameAddress(0), "outside"),
        (Box(0, 0, 5, 81), Everywhere.ALL_FRAMES, "outside"),
        (Box(0, 0, 30, 5), OverlayAddress(0x6002, 0), "outside the plane of 20 x 20"),
        (Box(0, 0, 121, 5), Everywhere.ALL_OVERLAYS, "outside every plane"),
        (Box(0, 0, 5, 5), FrameAddress(4), r"on frame 5 \(4 in lists\) .*no such plane.*4 in frames"),
        (Box(0, 0, 5, 5), OverlayAddress(0x6004, 0), "no such plane"),
        (Box(0, 0, 5, 5), OverlayAddress(0x6000, 1), "no such plane"),
        (Box(0, 0, 5, 5), StrayBitAddress(13, 1), "no such plane"),
        (Box(0, 0, 5, 5), IconAddress(1), r"on icon 2 \(1 in lists\) .*no such plane"),
        (Box(0, 0, 5, 5), UnshownAddress(0), "cannot be shown"),
    ],
)
def test_what_does_not_fit_is_a_problem(box: Box, scope: Scope, words: str) -> None:
    problems = plan_of(box, scope).problems
    assert len(problems) == 1
    assert re.search(words, str(problems[0]))


def test_all_frames_of_a_file_without_frames_is_a_problem() -> None:
    only_overlay = PlaneList([PlaneGroup(PlaneKind.OVERLAY, 0x6000, range(1), IMAGE)])
    plan = make_plan("a.dcm", only_overlay, [asked(Box(0, 0, 5, 5), Everywhere.ALL_FRAMES)])
    assert len(plan.problems) == 1


def test_rectangles_inside_others_are_not_repeated() -> None:
    requests = [asked(Box(0, 0, 9, 9), FrameAddress(0)), asked(Box(2, 2, 5, 5), Everywhere.ALL_FRAMES)]
    plan = make_plan("a.dcm", planes(), [*requests, requests[0]], RedactionOptions(icons=IconPolicy.KEEP))
    assert plan.planes == {FrameAddress(0): plan.planes[FrameAddress(0)]}
    assert [item.box for item in plan.planes[FrameAddress(0)]] == [Box(0, 0, 9, 9)]


def test_a_million_frames_are_planned_at_once() -> None:
    plan = make_plan("a.dcm", planes(10**6), [asked(Box(0, 0, 9, 9), Everywhere.ALL_FRAMES)])
    assert len(plan.groups) == 2
    assert not plan.planes


positions = st.integers(0, 79)


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_a_scaled_box_covers_every_pixel_that_the_thumbnail_took_from_it(
    width: int, height: int, data: st.DataObject
) -> None:
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(left, top, data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height)))
    small = Size(data.draw(st.integers(1, 64)), data.draw(st.integers(1, 64)))
    image = scaled(box, Size(width, height), small)
    assert image.is_inside(small)
    centres_x = (np.arange(small.width) + 0.5) * width / small.width
    centres_y = (np.arange(small.height) + 0.5) * height / small.height
    for index in np.nonzero((centres_x >= box.left) & (centres_x < box.right))[0]:
        assert image.left <= index < image.right
    for index in np.nonzero((centres_y >= box.top) & (centres_y < box.bottom))[0]:
        assert image.top <= index < image.bottom


scopes: st.SearchStrategy[PlaneAddress | Everywhere] = st.sampled_from(
    [*(plane.address for plane in planes() if plane.size), *Everywhere]
)


@given(st.lists(st.tuples(positions, positions, st.integers(1, 40), st.integers(1, 40), scopes), max_size=6))
def test_every_box_of_a_plan_is_inside_its_plane_and_every_request_shows(
    asks: list[tuple[int, int, int, int, Scope]],
) -> None:
    requests = [asked(Box.from_corner(x=x, y=y, width=w, height=h), scope) for x, y, w, h, scope in asks]
    plan = make_plan("a.dcm", planes(), requests)
    for plane in plan.touched():
        assert plane.size is not None
        assert all(box.is_inside(plane.size) for box in plan.boxes(plane))
    for request in requests:
        if isinstance(request.scope, Everywhere) or plan.problems:
            continue
        index = plan.listing.find(request.scope)
        assert index is not None
        assert request.box is not None
        assert any(box.contains(request.box) for box in plan.boxes(plan.listing[index]))
