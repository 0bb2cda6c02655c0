"""Plane addresses and the list of planes."""

from __future__ import annotations

import pytest

from dcmaudit.errors import UsageError
from dcmaudit.model import (
    FrameAddress,
    OverlayAddress,
    PlaneGroup,
    PlaneKind,
    PlaneList,
    Size,
    StrayBitAddress,
    parse_key,
)

SIZE = Size(8, 6)


def listing() -> PlaneList:
    return PlaneList(
        [
            PlaneGroup(PlaneKind.FRAME, 0, range(3), SIZE),
            PlaneGroup(PlaneKind.OVERLAY, 0x6000, range(2), SIZE),
            PlaneGroup(PlaneKind.OVERLAY, 0x6002, range(0), SIZE),
            PlaneGroup(PlaneKind.EMBEDDED_OVERLAY, 0x6010, range(1), SIZE),
            PlaneGroup(PlaneKind.STRAY_BIT, 13, (1, 4), SIZE),
            PlaneGroup(PlaneKind.ICON, 0, (0,), SIZE),
            PlaneGroup(PlaneKind.UNSHOWN, 0, (0,), None, reason="a video", name="pixel data"),
            PlaneGroup(PlaneKind.UNSHOWN, 1, (0,), None, reason="curves", name="curve 5000"),
        ]
    )


@pytest.mark.parametrize(
    "key", ["", "f", "f-1", "o6001.0", "o5000.0", "o6000", "b3", "t3", "t3.", "z1", "f1 ", "f1\n", "o60fe.0"]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(UsageError):
        parse_key(key)


@pytest.mark.parametrize("group", [0x5FFE, 0x6001, 0x6100, 0])
def test_an_overlay_group_outside_the_range_is_refused(group: int) -> None:
    with pytest.raises(UsageError, match="even group"):
        OverlayAddress(group, 0)


def test_the_list_has_every_plane_in_order() -> None:
    keys = [plane.address.key for plane in listing()]
    assert keys == ["f0", "f1", "f2", "o6000.0", "o6000.1", "o6010.0", "b13.1", "b13.4", "i0", "x0", "x1"]
    assert [listing()[i].address.key for i in range(len(listing()))] == keys
    assert [plane.address.key for plane in listing()[-3:]] == keys[-3:]


def test_every_plane_is_found_where_it_is() -> None:
    planes = listing()
    for index, plane in enumerate(planes):
        assert planes.find(plane.address) == index
    for absent in (FrameAddress(3), OverlayAddress(0x6002, 0), StrayBitAddress(13, 2), StrayBitAddress(12, 1)):
        assert planes.find(absent) is None


def test_fast_forward_goes_from_group_to_group() -> None:
    planes = listing()
    seen, index = [], 0
    while index is not None:
        seen.append(planes[index].address.key)
        index = planes.next_group(index)
    assert seen == ["f0", "o6000.0", "o6010.0", "b13.1", "i0", "x0", "x1"]
    assert planes.group_start(4) == 3


def test_titles_count_as_people_do() -> None:
    titles = [plane.title for plane in listing()]
    assert titles[0] == "frame 1/3"
    assert titles[4] == "overlay 6000 frame 2/2"
    assert titles[7] == "stray bit 13 of frame 5"
    assert titles[-1] == "not audited: curve 5000"


def test_a_million_frames_cost_nothing() -> None:
    planes = PlaneList([PlaneGroup(PlaneKind.FRAME, 0, range(10**9), SIZE)])
    assert len(planes) == 10**9
    assert planes[10**9 - 1].address == FrameAddress(10**9 - 1)
    assert planes.find(FrameAddress(123_456_789)) == 123_456_789
