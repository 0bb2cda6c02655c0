from __future__ import annotations

import random

import pytest

from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    IconAddress,
    Origin,
    OverlayAddress,
    PlaneAddress,
    Verdict,
)
from dcmaudit.store import NewRect, Store
from dcmaudit.store.similar import NEAR, merged, without_contained
from support.stored import set_marked

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY", ""), "Model X", None, 480, 640)
FRAME = FrameAddress(0)


def done(store: Store, name: str, *boxes: Box, device: DeviceFacts = DEVICE, at: PlaneAddress = FRAME) -> None:
    store.add_rects(name, [NewRect(box, at) for box in boxes])
    store.mark_done(name, device)


def boxes(store: Store, device: DeviceFacts = DEVICE, at: PlaneAddress = FRAME) -> list[Box]:
    return [region.box for region in store.similar("/new.dcm", device, at)]


def test_a_done_file_of_the_same_device_suggests_its_rectangles(store: Store) -> None:
    done(store, "/a.dcm", Box(0, 0, 50, 20), Box(300, 0, 400, 20))
    found = store.similar("/new.dcm", DEVICE, FRAME)
    assert [region.box for region in found] == [Box(0, 0, 50, 20), Box(300, 0, 400, 20)]
    assert {(region.origin, region.scope, region.text) for region in found} == {(Origin.SIMILAR, FRAME, None)}
    assert "a similar image" in found[0].reason


def test_the_reason_counts_the_files(store: Store) -> None:
    for name in "abc":
        done(store, name, Box(0, 0, 50, 20))
    (found,) = store.similar("/new.dcm", DEVICE, FRAME)
    assert "3 similar images" in found.reason


def test_a_file_does_not_suggest_to_itself_nor_before_it_is_done(store: Store) -> None:
    done(store, "/new.dcm", Box(0, 0, 50, 20))
    store.add_rects("/a.dcm", [NewRect(Box(1, 1, 9, 9), FRAME)])
    assert boxes(store) == []
    set_marked(store, "/a.dcm", DEVICE, marked=True)
    assert boxes(store) == [Box(1, 1, 9, 9)]


@pytest.mark.parametrize(
    "change",
    [{"modality": "CT"}, {"image_type": ("DERIVED",)}, {"model": "Y"}, {"rows": 481}, {"columns": None},
     {"image_type": None}, {"model": None}, {"modality": None}],
)  # fmt: skip
def test_every_attribute_has_to_be_equal(store: Store, change: dict[str, object]) -> None:
    from dataclasses import replace

    done(store, "/a.dcm", Box(0, 0, 50, 20))
    assert boxes(store, replace(DEVICE, **change)) == []  # type: ignore[arg-type]


def test_frame_and_overlay_have_to_be_the_same(store: Store) -> None:
    done(store, "/a.dcm", Box(0, 0, 5, 5), at=FrameAddress(2))
    done(store, "/b.dcm", Box(1, 10, 5, 15), at=OverlayAddress(0x6002, 2))
    assert boxes(store) == []
    assert boxes(store, at=FrameAddress(2)) == [Box(0, 0, 5, 5)]
    assert boxes(store, at=OverlayAddress(0x6002, 2)) == [Box(1, 10, 5, 15)]
    assert boxes(store, at=OverlayAddress(0x6000, 2)) == []
    assert boxes(store, at=IconAddress(0)) == []


def test_summaries_and_every_plane_rows_are_no_suggestion_for_one_frame(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(None, FRAME, text="t"), NewRect(Box(0, 0, 5, 5), Everywhere.ALL_PLANES)])
    store.mark_done("/a.dcm", DEVICE)
    assert boxes(store) == []


def test_rectangles_within_four_pixels_merge_and_contained_ones_drop(store: Store) -> None:
    done(store, "/a.dcm", Box(100, 100, 200, 150), Box(300, 300, 400, 400))
    done(store, "/b.dcm", Box(104, 96, 204, 154), Box(310, 310, 390, 390))
    done(store, "/c.dcm", Box(105, 101, 201, 151))
    done(store, "/d.dcm", Box(500, 100, 600, 150), Box(505, 100, 600, 150))
    assert boxes(store) == [Box(100, 96, 204, 154), Box(500, 100, 600, 150), Box(300, 300, 400, 400)]


def test_one_identifying_text_among_harmless_ones_decides(store: Store) -> None:
    for name, verdict in (("a", Verdict.HARMLESS), ("b", Verdict.IDENTIFYING), ("c", Verdict.UNKNOWN)):
        store.add_rects(name, [NewRect(Box(0, 0, 9, 9), FRAME, verdict=verdict)])
        store.mark_done(name, DEVICE)
    (found,) = store.similar("/new.dcm", DEVICE, FRAME)
    assert found.verdict is Verdict.IDENTIFYING


def is_near(one: Box, other: Box) -> bool:
    apart = (one.left - other.left, one.top - other.top, one.right - other.right, one.bottom - other.bottom)
    return max(map(abs, apart)) <= NEAR


def test_the_grid_merges_what_comparing_all_with_all_would() -> None:
    chance = random.Random(4)  # noqa: S311
    for _ in range(200):
        items = []
        for _ in range(chance.randrange(1, 40)):
            left, top = chance.randrange(0, 140), chance.randrange(0, 140)
            items.append(Box(left, top, left + chance.randrange(1, 12), top + chance.randrange(1, 12)))
        plain: list[Box] = []
        for box in items:
            item = box
            while near := next((other for other in plain if is_near(other, item)), None):
                plain.remove(near)
                item = item.union(near)
            plain.append(item)
        pieces = merged((box.left, box.top, box.right, box.bottom, 1, 0) for box in items)
        found = [Box(*piece[:4]) for piece in pieces]
        assert not [1 for one in found for other in found if one is not other and is_near(one, other)]
        for box in items:
            assert any(item.contains(box) for item in found)
        kept = [Box(*piece[:4]) for piece in without_contained(pieces)]
        assert not [1 for one in kept for other in kept if one is not other and other.contains(one)]
        assert len(found) <= len(items)
        if len(items) < 4:
            assert sorted(found) == sorted(plain)
