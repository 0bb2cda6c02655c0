"""Marks that go while others look, and marks that a new look of an engine replaces."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dcmaudit.errors import StoreError
from dcmaudit.model import Box, Coverage, DeviceFacts, Everywhere, FrameAddress, HowSeen, Identity, PlaneSpan, Size
from dcmaudit.model.records import RemovalKind, SeenPart
from dcmaudit.store import NewRect, OcrEngine, Store, file_rows
from support.stored import put_seen
from support.stores import Opener
from support.where import span

NAME = "/a.dcm"
MARK = NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES)
READ = NewRect(Box(4, 4, 8, 8), FrameAddress(1), engine=OcrEngine.LINES)


def _ways(store: Store) -> dict[HowSeen, tuple[PlaneSpan, ...]]:
    return {record.how: record.spans for record in store.seen(NAME)}


def test_what_is_noted_once_a_mark_is_gone_that_was_black_does_not_count(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ids = ann.add_rects(NAME, [MARK])
    shown = ben.rects(NAME)
    ann.remove_rects(ids)
    part = SeenPart(FrameAddress(7), Coverage(Size(64, 64)).with_box(Box(0, 0, 64, 8)))
    assert not ben.put_sights(NAME, {HowSeen.SEEN: [span("f", 0, 4)]}, [part], shown)
    assert _ways(ben) == {HowSeen.UNCOVERED: (span("f", 0, 4),)}
    (left,) = ben.parts_seen(NAME)
    assert left.part.coverage == part.coverage.without_box(MARK.box or Box(0, 0, 1, 1))
    # With the marks that are there it counts.
    assert ben.put_sights(NAME, {HowSeen.SEEN: [span("f", 0, 4)]}, [], ben.rects(NAME))
    assert _ways(ben)[HowSeen.SEEN] == (span("f", 0, 4),)


def test_what_somebody_else_had_seen_before_the_mark_came_speaks_for_nobody_who_saw_it_black(
    location: str, opener: Opener
) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    put_seen(ben, NAME, HowSeen.SEEN, [FrameAddress(0)])
    ids = ann.add_rects(NAME, [MARK])
    put_seen(ann, NAME, HowSeen.SEEN, [FrameAddress(0)])
    ann.remove_rects(ids)
    assert {(record.by, record.how) for record in ann.seen(NAME)} == {
        ("ann", HowSeen.UNCOVERED), ("ben", HowSeen.SEEN),
    }  # fmt: skip


def test_where_an_engine_finds_less_than_before_what_lay_below_counts_no_more(store: Store) -> None:
    first = file_rows(NAME, [READ, replace(READ, scope=FrameAddress(2))])
    store.put_results([first])
    put_seen(store, NAME, HowSeen.SEEN, [span("f", 0, 4)])
    former = tuple(row.id for row in store.rects(NAME))
    # The same at the same place uncovers nothing.
    store.put_results([replace(first, former=former)])
    assert _ways(store) == {HowSeen.SEEN: (span("f", 0, 4),)}
    former = tuple(row.id for row in store.rects(NAME))
    store.put_results([replace(file_rows(NAME, [READ]), former=former)])
    assert _ways(store) == {HowSeen.SEEN: (span("f", 0, 2), span("f", 3, 4)), HowSeen.UNCOVERED: (span("f", 2, 3),)}
    assert store.removals() == []


def test_under_another_name_nothing_is_known_of_before_a_mark_came(store: Store) -> None:
    first, second = Identity("1.2.3", "sha256:aa"), "/b.dcm"
    store.put_identity(NAME, first)
    former = store.add_rects(NAME, [MARK])
    put_seen(store, NAME, HowSeen.SEEN, [FrameAddress(0)])
    (mark,) = store.add_rects(NAME, [replace(MARK, box=Box(0, 0, 9, 9))])
    store.remove_rects(former)
    store.adopt(second, first)
    # Seen again with the other mark.
    put_seen(store, second, HowSeen.SEEN, [FrameAddress(0)])
    store.remove_rects([mark])
    assert {record.how for record in store.seen(second)} == {HowSeen.UNCOVERED}


def test_who_is_called_like_a_text_loses_nothing_when_texts_are_forgotten(location: str, opener: Opener) -> None:
    store = opener(location, user="ocr")
    ids = store.add_rects(NAME, [MARK])
    put_seen(store, NAME, HowSeen.SEEN, [FrameAddress(0)])
    rows = store.remove_rects(ids)
    store.forget_text(None)
    store.restore_rects(rows)
    assert _ways(store) == {HowSeen.SEEN: (span("f", 0, 1),)}


def test_what_was_removed_of_a_file_that_moved_comes_back_under_its_new_name(store: Store) -> None:
    first, second = Identity("1.2.3", "sha256:aa"), "/b.dcm"
    store.put_identity(NAME, first)
    (gone, _) = store.add_rects(NAME, [MARK, replace(MARK, scope=Everywhere.ALL_FRAMES, box=Box(0, 0, 9, 9))])
    put_seen(store, NAME, HowSeen.SEEN, [FrameAddress(0)])
    store.remove_rects([gone], RemovalKind.REMOVED)
    store.adopt(second, first)
    assert [removal.filename for removal in store.removals()] == [second]
    store.restore_removal(store.removals()[0].act)
    assert store.rects(NAME) == []
    assert len(store.rects(second)) == 2
    assert {record.how for record in store.seen(second)} == {HowSeen.SEEN}


def test_a_file_that_was_cleared_and_moved_has_its_tag_back_under_its_new_name(store: Store) -> None:
    first, second = Identity("1.2.3", "sha256:aa"), "/b.dcm"
    store.put_identity(NAME, first)
    store.mark_done(NAME, DeviceFacts())
    store.clear(NAME)
    store.add_rects(NAME, [MARK])
    store.adopt(second, first)
    store.restore_removal(store.removals()[0].act)
    assert store.tag(NAME) is None
    assert store.tag(second) is not None


def test_whoever_still_has_the_former_name_of_a_file_puts_nothing_back_under_it(store: Store) -> None:
    first, second = Identity("1.2.3", "sha256:aa"), "/b.dcm"
    store.put_identity(NAME, first)
    store.mark_done(NAME, DeviceFacts())
    cleared = store.clear(NAME)
    (gone, _) = store.add_rects(NAME, [MARK, replace(MARK, scope=Everywhere.ALL_FRAMES, box=Box(0, 0, 9, 9))])
    records = store.remove_rects([gone], RemovalKind.REMOVED)
    store.adopt(second, first)
    with pytest.raises(StoreError, match=r"belong to /b\.dcm by now"):
        store.restore_rects(records)
    with pytest.raises(StoreError, match=r"belong to /b\.dcm by now"):
        store.restore(cleared)
    assert store.rects(NAME) == []
    assert store.tag(NAME) is None
    assert len(store.rects(second)) == 1
