"""Parts of planes, how far done files were looked at, and removed rows that can be put back after a restart."""

from __future__ import annotations

import json

import pytest

from dcmaudit.errors import StoreConflictError, StoreError
from dcmaudit.model import (
    Box,
    Coverage,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    HowSeen,
    IconAddress,
    Identity,
    OverlayAddress,
    PlaneAddress,
    Size,
)
from dcmaudit.store import Looked, NewRect, RectRow, RemovalKind, SeenPart, Store, TagChange
from support.stored import done_record
from support.stores import Opener
from support.where import span

NAME = "/a.dcm"
SIZE = Size(20, 10)
LEFT = Coverage(SIZE).with_box(Box(0, 0, 12, 10))
RIGHT = Coverage(SIZE).with_box(Box(10, 0, 20, 10))
DEVICE = DeviceFacts("US", (), "Model", None, 10, 20)


def _parts(store: Store) -> dict[PlaneAddress, Coverage]:
    return {record.part.address: record.part.coverage for record in store.parts_seen(NAME)}


def test_parts_are_joined_and_go_once_the_plane_is_seen_whole(store: Store) -> None:
    store.put_sights(NAME, {HowSeen.SMALL: [span("f", 0, 3)]}, [SeenPart(FrameAddress(2), LEFT)])
    store.put_sights(NAME, {}, [SeenPart(FrameAddress(2), RIGHT), SeenPart(OverlayAddress(0x6000, 0), RIGHT)])
    assert _parts(store) == {FrameAddress(2): LEFT | RIGHT, OverlayAddress(0x6000, 0): RIGHT}
    store.put_sights(NAME, {HowSeen.SEEN: [span("f", 1, 3)]}, [])
    assert _parts(store) == {OverlayAddress(0x6000, 0): RIGHT}
    assert {(record.how, record.spans) for record in store.seen(NAME)} == {
        (HowSeen.SMALL, (span("f", 0, 3),)),
        (HowSeen.SEEN, (span("f", 1, 3),)),
    }


def test_a_part_of_a_plane_of_another_size_is_not_joined(store: Store) -> None:
    store.put_sights(NAME, {}, [SeenPart(FrameAddress(0), LEFT)])
    other = Coverage(Size(30, 30)).with_box(Box(0, 0, 5, 5))
    store.put_sights(NAME, {}, [SeenPart(FrameAddress(0), other)])
    assert _parts(store) == {FrameAddress(0): other}


def test_what_one_person_saw_is_not_what_another_saw(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ann.put_sights(NAME, {}, [SeenPart(FrameAddress(0), LEFT)])
    ben.put_sights(NAME, {HowSeen.SEEN: [span("f", 0, 1)]}, [])
    assert [(record.by, record.part.coverage) for record in ann.parts_seen(NAME)] == [("ann", LEFT)]


def test_parts_go_with_the_content_and_move_with_the_name(store: Store) -> None:
    identity = Identity("1.2.3", "sha256:1")
    store.put_identity("/old.dcm", identity, size=5, modified_ns=5)
    store.put_sights("/old.dcm", {}, [SeenPart(FrameAddress(0), LEFT), SeenPart(IconAddress(0), LEFT)])
    store.put_sights(NAME, {}, [SeenPart(FrameAddress(0), RIGHT)])
    finish(store, Looked(2, 0, 2, 0, is_searched=True), "/old.dcm")
    assert store.adopt(NAME, identity) == "/old.dcm"
    assert _parts(store) == {FrameAddress(0): LEFT | RIGHT, IconAddress(0): LEFT}
    record = done_record(store, NAME)
    assert record is not None and record.looked.in_part == 2 and done_record(store, "/old.dcm") is None
    assert store.forget_seen(NAME, except_pixels=True) == 1
    assert _parts(store) == {FrameAddress(0): LEFT | RIGHT}
    store.put_identity(NAME, Identity("1.2.3", "sha256:2"), size=6, modified_ns=6)
    assert _parts(store) == {}


def finish(store: Store, looked: Looked, name: str = NAME) -> None:
    store.finish(name, DEVICE, change=TagChange(), looked=looked)


def test_how_far_a_file_was_looked_at_is_noted_with_its_tag_row_and_goes_with_it(store: Store) -> None:
    first, second = Looked(7, 3, 1, 2, is_searched=True), Looked(7, 7, 0, 0, is_searched=True)
    before = store.finish(NAME, DEVICE, change=TagChange(marked=True), looked=first)
    again = store.finish(NAME, DEVICE, change=TagChange(comment="x"), looked=second)
    record = done_record(store, NAME)
    assert record is not None and (record.looked, record.by) == (second, store.user)
    assert record.looked.is_whole
    taken = store.take_back(again)
    record = done_record(store, NAME)
    assert record is not None and (record.looked, record.looked.unseen) == (first, 4)
    store.finish_again(taken)
    store.take_back(again)
    assert (store.info().not_all_seen, store.info().not_noted) == (1, 0)
    store.take_back(before)
    assert done_record(store, NAME) is None
    assert ("planes not seen", 4) in [(entry.action, entry.count) for entry in store.history(NAME)]


def test_what_somebody_has_changed_since_is_neither_taken_back_nor_done_again(store: Store) -> None:
    mine = store.finish(NAME, DEVICE, change=TagChange(), looked=Looked(1, 1, 0, 0, is_searched=True))
    store.finish(NAME, DEVICE, change=TagChange(marked=True, comment="look at the corner"))
    with pytest.raises(StoreConflictError, match="somebody has finished, tagged or changed it since"):
        store.take_back(mine)
    tag = store.tag(NAME)
    assert tag is not None
    assert (tag.marked, tag.comment) == (True, "look at the corner")
    second = store.finish("/other.dcm", DEVICE, change=TagChange())
    taken = store.take_back(second)
    store.finish("/other.dcm", DEVICE, change=TagChange(marked=True))
    with pytest.raises(StoreConflictError):
        store.finish_again(taken)


def test_done_by_another_tool_is_counted_as_not_noted(store: Store) -> None:
    finish(store, Looked(1, 1, 0, 0, is_searched=True))
    store.mark_done(NAME, DEVICE)
    assert done_record(store, NAME) is None
    assert (store.info().not_all_seen, store.info().not_noted) == (0, 1)


def _marked(store: Store) -> list[RectRow]:
    store.add_rects(NAME, [NewRect(Box(0, 0, 5, 5), FrameAddress(0), text="Müller"),
                           NewRect(Box(1, 1, 4, 4), Everywhere.ALL_FRAMES, frames=3)])  # fmt: skip
    store.finish(NAME, DEVICE, change=TagChange(marked=True, comment="look"))
    return store.rects(NAME)


def test_what_was_cleared_comes_back_after_a_restart_exactly_as_it_was(location: str, opener: Opener) -> None:
    store = opener(location)
    rects, tag = _marked(store), store.tag(NAME)
    dumped = _dump(store)
    store.clear(NAME)
    store.close()
    again = opener(location)
    assert again.rects(NAME) == []
    (removal,) = again.removals()
    assert (removal.kind, removal.filename, removal.count) == (RemovalKind.CLEARED, NAME, 3)
    again.restore_removal(removal.act)
    assert again.rects(NAME) == rects and again.tag(NAME) == tag
    assert _dump(again) == dumped
    assert again.removals() == []
    with pytest.raises(StoreError, match="back already"):
        again.restore_removal(removal.act)


def test_removals_are_offered_newest_first_and_only_those_of_a_person(store: Store, opener: Opener) -> None:
    first, second = store.add_rects(NAME, [NewRect(Box(n, 0, n + 5, 5), FrameAddress(0)) for n in (0, 9)])
    store.remove_rects([first], RemovalKind.REMOVED)
    store.remove_rects([second])
    assert [(removal.kind, removal.count) for removal in store.removals()] == [(RemovalKind.REMOVED, 1)]
    third = store.add_rects("/b.dcm", [NewRect(Box(0, 0, 5, 5), FrameAddress(0))])
    rows = store.remove_rects(third, RemovalKind.REMOVED)
    assert [removal.filename for removal in store.removals()] == ["/b.dcm", NAME]
    store.restore_rects(rows)
    assert [removal.filename for removal in store.removals()] == [NAME]


def test_nothing_is_put_back_over_a_file_that_was_finished_again(store: Store) -> None:
    _marked(store)
    store.clear(NAME)
    finish(store, Looked(1, 1, 0, 0, is_searched=True))
    (removal,) = store.removals()
    with pytest.raises(StoreError, match="again since"):
        store.restore_removal(removal.act)
    assert store.rects(NAME) == []
    assert len(store.removals()) == 1


def _dump(store: Store) -> object:
    import io

    out = io.StringIO()
    store.dump_json(out)
    return json.loads(out.getvalue())
