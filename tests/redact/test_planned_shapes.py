"""Plans with shapes: where they lie, what they are carried to, and what is refused."""

from __future__ import annotations

import pytest

from dcmaudit.model import Box, Everywhere, FrameAddress, Origin, Point, Scope, Size
from dcmaudit.model.planes import PlaneGroup, PlaneKind, PlaneList
from dcmaudit.model.redaction import OverlayPolicy, RedactionOptions, RedactionPlan, Request
from dcmaudit.model.shapes import Shape, parse_shape
from dcmaudit.redact import make_plan
from support.shapes import pixels

IMAGE = Size(100, 80)
FAN = parse_shape("keep fan 50,-10 10,70 90,70")
STAR = parse_shape("polygon 10,10 60,20 20,50")


def planes(frames: int = 3) -> PlaneList:
    return PlaneList(
        [
            PlaneGroup(PlaneKind.FRAME, 0, range(frames), IMAGE),
            PlaneGroup(PlaneKind.OVERLAY, 0x6000, range(1), Size(120, 90), origin=Point(-10, -5)),
            PlaneGroup(PlaneKind.ICON, 0, (0,), Size(10, 8)),
        ]
    )


def plan_of(*requests: Request, **options: object) -> RedactionPlan:
    return make_plan("a.dcm", planes(), requests, RedactionOptions(**options))  # type: ignore[arg-type]


def asked(shape: Shape, scope: Scope = Everywhere.ALL_FRAMES) -> Request:
    return Request.for_shape(shape, scope, Origin.COMMAND, "asked for")


def test_one_shape_on_every_single_frame_is_one_for_all_frames() -> None:
    plan = plan_of(*(asked(STAR, FrameAddress(frame)) for frame in range(3)))
    assert not plan.planes
    assert [item.shape for item in plan.groups[0]] == [STAR]


def test_a_rectangle_takes_in_a_shape_and_no_shape_a_rectangle() -> None:
    inside, around = (
        Request(Box(0, 0, 9, 9), FrameAddress(0), Origin.COMMAND, ""),
        Request(Box(0, 0, 90, 70), Everywhere.ALL_FRAMES, Origin.COMMAND, ""),
    )
    plan = plan_of(asked(FAN), inside)
    assert [item.box for item in plan.planes[FrameAddress(0)]] == [inside.box], (
        "it is black by the fan, and stays named"
    )
    plan = plan_of(asked(STAR), around)
    assert [item.shape for item in plan.groups[0]] == [None]
    plan = plan_of(asked(STAR), asked(STAR), asked(FAN))
    assert len(plan.groups[0]) == 2


def test_overlays_get_the_shape_by_their_origin_and_icons_the_box_around_it() -> None:
    plan = plan_of(asked(STAR), overlays=OverlayPolicy.SAME)
    (overlay,) = plan.groups[1]
    image = set(pixels(plan.boxes(plan.listing[0])))
    assert {(x - 10, y - 5) for x, y in pixels(overlay.boxes)} == image
    (icon,) = plan.groups[2]
    assert (icon.shape, icon.box) == (None, Box(0, 0, 7, 6))
    (kept,) = plan_of(asked(FAN)).groups[2]
    assert kept.box == Box(0, 0, 10, 8)


def test_the_outside_of_a_kept_region_is_black_in_overlays_that_are_larger() -> None:
    plan = plan_of(asked(FAN), overlays=OverlayPolicy.SAME)
    (overlay,) = plan.groups[1]
    black = set(pixels(overlay.boxes))
    assert {(0, 0), (119, 89), (0, 89)} <= black
    assert (60, 40) not in black


@pytest.mark.parametrize(
    ("shape", "scope", "words"),
    [
        (FAN, Everywhere.ALL_PLANES, "one plane or on all frames"),
        (FAN, Everywhere.ALL_OVERLAYS, "one plane or on all frames"),
        (FAN, FrameAddress(9), "no such plane"),
        (FAN.on(Size(100, 81)), FrameAddress(0), "drawn on a plane of 100 x 81"),
        (parse_shape("polygon 10,10 110,20 20,50"), FrameAddress(0), "reaches outside"),
        (parse_shape("polygon -1,10 60,20 20,50"), FrameAddress(0), "reaches outside"),
        (parse_shape("polygon 200,10 260,20 220,50 in 100x80"), FrameAddress(0), "no pixel"),
        (parse_shape("keep rectangle 200,10 260,20"), FrameAddress(0), "keeps no pixel"),
    ],
)
def test_what_does_not_fit_is_refused(shape: Shape, scope: Scope, words: str) -> None:
    plan = plan_of(asked(shape, scope))
    assert len(plan.problems) == 1
    assert words in str(plan.problems[0])
    assert plan.is_empty


def test_a_stored_shape_may_reach_over_the_edge_that_it_was_drawn_at() -> None:
    plan = plan_of(asked(parse_shape("polygon 10,10 110,20 20,50 in 100x80")))
    assert not plan.problems
    assert all(box.is_inside(IMAGE) for box in plan.boxes(plan.listing[0]))


def test_a_region_that_keeps_everything_blacks_nothing_anywhere() -> None:
    plan = plan_of(asked(parse_shape("keep rectangle 0,0 100,80")), overlays=OverlayPolicy.SAME)
    assert (plan.is_empty, plan.problems) == (True, ())
    assert "keeps all of the plane" in plan.notes[0]
