from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from dcmaudit.errors import StoreError
from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    HowSeen,
    IconAddress,
    Identity,
    OverlayAddress,
    ReviewState,
    StrayBitAddress,
    ThumbnailAddress,
)
from dcmaudit.store import NewRect, SeenSpan, Store
from support.stores import Opener

RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0), text="SMITH^JOHN")
EXTRA = NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES)
ONE = Identity("1.2.3", "sha256:aa")


# --- seen ---------------------------------------------------------------------------------------------------------


def test_planes_seen_are_joined_into_ranges(store: Store) -> None:
    store.put_seen("/a.dcm", HowSeen.PAINTED, [FrameAddress(number) for number in (0, 1, 2, 7)])
    store.put_seen("/a.dcm", HowSeen.PAINTED, [FrameAddress(3), FrameAddress(1), OverlayAddress(0x6010, 4)])
    store.put_seen("/a.dcm", HowSeen.PROJECTION, [SeenSpan("f", 0, 1_000_000)])
    store.put_seen("/a.dcm", HowSeen.SKIPPED, [StrayBitAddress(12, 5), IconAddress(0)])
    found = {(record.group, record.how): record for record in store.seen("/a.dcm")}
    assert {key: record.ranges for key, record in found.items()} == {
        ("f", HowSeen.PAINTED): ((0, 4), (7, 8)),
        ("o6010", HowSeen.PAINTED): ((4, 5),),
        ("f", HowSeen.PROJECTION): ((0, 1_000_000),),
        ("b12", HowSeen.SKIPPED): ((5, 6),),
        ("i", HowSeen.SKIPPED): ((0, 1),),
    }
    record = found["f", HowSeen.PAINTED]
    assert (record.count, record.by) == (5, "tester")
    assert record.holds(FrameAddress(7))
    assert not record.holds(FrameAddress(5))
    assert not record.holds(IconAddress(0))
    assert record.first <= record.last
    assert store.seen("/b.dcm") == []


def test_what_each_person_saw_is_kept_apart(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ann.put_seen("/a.dcm", HowSeen.PAINTED, [FrameAddress(0)])
    ben.put_seen("/a.dcm", HowSeen.PAINTED, [FrameAddress(1)])
    assert [record.ranges for record in ann.seen("/a.dcm", user="ben")] == [((1, 2),)]
    assert [record.by for record in ann.seen("/a.dcm")] == ["ann", "ben"]


@pytest.mark.parametrize(
    "address",
    [FrameAddress(9), OverlayAddress(0x60FE, 3), StrayBitAddress(15, 2), IconAddress(4), ThumbnailAddress(7, 1)],
)
def test_a_span_knows_its_addresses(address: FrameAddress) -> None:
    span = SeenSpan.of(address)
    assert span.address(span.start) == address


# --- history ------------------------------------------------------------------------------------------------------


def test_the_history_says_who_did_what_and_never_a_text(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ids = ann.add_rects("/a.dcm", [RECT, EXTRA])
    ben.restore_rects(ben.remove_rects(ids))
    ann.set_comment("/a.dcm", "SMITH again", DeviceFacts("US"))
    ben.set_marked("/a.dcm", DeviceFacts("US"), marked=True)
    ben.add_rects("/b.dcm", [RECT])
    found = [(entry.by, entry.action, entry.filename, entry.count) for entry in ann.history()]
    assert found[::-1] == [
        ("ann", "rectangles added", "/a.dcm", 2),
        ("ben", "rectangles removed", "/a.dcm", 2),
        ("ben", "rectangles restored", "/a.dcm", 2),
        ("ann", "done", "/a.dcm", 1),
        ("ben", "tagged", "/a.dcm", 1),
        ("ben", "rectangles added", "/b.dcm", 1),
    ]
    assert [entry.filename for entry in ann.history("/b.dcm")] == ["/b.dcm"]
    assert all(entry.at.tzinfo for entry in ann.history())


def test_a_long_history_comes_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.store.store._PAGE", 2)
    for number in range(5):
        store.add_rects(f"n{number}", [RECT])
    assert [entry.filename for entry in store.history()] == ["n4", "n3", "n2", "n1", "n0"]


@pytest.mark.parametrize("statement", ["DELETE FROM dcmaudit_history", "UPDATE dcmaudit_history SET done_by = 'x'"])
def test_the_database_itself_keeps_the_history(store: Store, statement: str) -> None:
    store.add_rects("/a.dcm", [RECT])
    with pytest.raises((StoreError, DBAPIError)), store._database.writing() as session:
        session.connection.exec_driver_sql(statement)
    assert [entry.by for entry in store.history()] == ["tester"]


# --- preferences --------------------------------------------------------------------------------------------------


def test_preferences_belong_to_a_person(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ann.put_preference("options", {"highlight": True, "size": [1, 2]})
    ann.put_preference("theme", "light")
    ann.put_preference("theme", "dark")
    ben.put_preference("theme", "light")
    assert ann.preferences() == {"options": {"highlight": True, "size": [1, 2]}, "theme": "dark"}
    ann.put_preference("theme", None)
    assert ann.preferences() == {"options": {"highlight": True, "size": [1, 2]}}
    assert ben.preferences() == {"theme": "light"}


# --- identities ---------------------------------------------------------------------------------------------------


def marked(store: Store, name: str, identity: Identity = ONE) -> None:
    store.add_rects(name, [RECT, EXTRA])
    store.mark_done(name, DeviceFacts("US"))
    store.put_identity(name, identity, size=5, modified_ns=2**62)


def test_an_identity_comes_back(store: Store) -> None:
    store.put_identity("/a.dcm", Identity("1.2", None))
    store.put_identity("/a.dcm", ONE, size=7 * 2**40, modified_ns=2**62)
    found = store.identity("/a.dcm")
    assert found is not None
    assert (found.identity, found.size, found.modified_ns, found.by) == (ONE, 7 * 2**40, 2**62, "tester")
    assert store.identity("/b.dcm") is None


def test_a_moved_file_keeps_all_its_marks(store: Store) -> None:
    marked(store, "/old.dcm")
    store.put_seen("/old.dcm", HowSeen.PAINTED, [FrameAddress(0), FrameAddress(1)])
    store.put_seen("/new.dcm", HowSeen.PAINTED, [FrameAddress(2)])
    rects, tag = store.rects("/old.dcm"), store.tag("/old.dcm")
    assert store.find_moved("/new.dcm", ONE) == ["/old.dcm"]
    assert store.adopt("/new.dcm", ONE) == "/old.dcm"
    assert [(row.id, row.box, row.modified) for row in store.rects("/new.dcm")] == [
        (row.id, row.box, row.modified) for row in rects
    ]
    found = store.tag("/new.dcm")
    assert found is not None
    assert tag is not None
    assert (found.device, found.modified) == (tag.device, tag.modified)
    assert [record.ranges for record in store.seen("/new.dcm")] == [((0, 3),)]
    assert store.rects("/old.dcm") == []
    assert store.seen("/old.dcm") == []
    assert store.states(["/old.dcm", "/new.dcm"]) == {
        "/old.dcm": ReviewState.NOT_REVIEWED, "/new.dcm": ReviewState.DONE,
    }  # fmt: skip
    assert store.identity("/new.dcm") is not None
    assert {entry.filename for entry in store.history() if "moved" in entry.action} == {"/old.dcm", "/new.dcm"}


@pytest.mark.parametrize(
    "identity",
    [
        Identity("1.2.3", None),
        Identity(None, "sha256:aa"),
        Identity("1.2.3", "sha256:ab"),
        Identity("1.2.4", "sha256:aa"),
    ],
)
def test_half_an_identity_moves_nothing(store: Store, identity: Identity) -> None:
    marked(store, "/old.dcm")
    assert store.find_moved("/new.dcm", identity) == []
    with pytest.raises(StoreError, match="no other name"):
        store.adopt("/new.dcm", identity)
    assert len(store.rects("/old.dcm")) == 2


def test_an_ambiguous_move_is_refused_until_one_is_chosen(store: Store) -> None:
    marked(store, "/old1.dcm")
    marked(store, "/old2.dcm")
    store.put_identity("/never-marked.dcm", ONE)
    with pytest.raises(StoreError, match="2 other names"):
        store.adopt("/new.dcm", ONE)
    with pytest.raises(StoreError, match="not noted as the same"):
        store.adopt("/new.dcm", ONE, source="/elsewhere.dcm")
    assert store.rects("/new.dcm") == []
    assert store.adopt("/new.dcm", ONE, source="/old2.dcm") == "/old2.dcm"
    assert len(store.rects("/old1.dcm")) == 2


def test_marks_are_not_moved_on_to_marks(store: Store) -> None:
    marked(store, "/old.dcm")
    store.add_rects("/new.dcm", [RECT])
    with pytest.raises(StoreError, match="marks of its own"):
        store.adopt("/new.dcm", ONE)
    assert len(store.rects("/old.dcm")) == 2
