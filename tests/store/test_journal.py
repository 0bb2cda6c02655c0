from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from dcmaudit.errors import StoreCorruptError, StoreError
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
)
from dcmaudit.store import NewRect, Store, schema
from support.stored import put_seen, set_comment, set_marked
from support.stores import Opener
from support.where import span

RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0), text="SMITH^JOHN")
EXTRA = NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES)
ONE = Identity("1.2.3", "sha256:aa")


# --- seen ---------------------------------------------------------------------------------------------------------


def test_planes_seen_are_joined_into_ranges(store: Store) -> None:
    put_seen(store, "/a.dcm", HowSeen.PAINTED, [FrameAddress(number) for number in (0, 1, 2, 7)])
    put_seen(store, "/a.dcm", HowSeen.PAINTED, [FrameAddress(3), FrameAddress(1), OverlayAddress(0x6010, 4)])
    put_seen(store, "/a.dcm", HowSeen.PROJECTION, [span("f", 0, 1_000_000)])
    put_seen(store, "/a.dcm", HowSeen.SKIPPED, [StrayBitAddress(12, 5), IconAddress(0)])
    found = store.seen("/a.dcm")
    assert {(record.how, record.spans) for record in found} == {
        (HowSeen.PAINTED, (span("f", 0, 4), span("f", 7, 8))),
        (HowSeen.PAINTED, (span("o6010", 4, 5),)),
        (HowSeen.PROJECTION, (span("f", 0, 1_000_000),)),
        (HowSeen.SKIPPED, (span("b12", 5, 6),)),
        (HowSeen.SKIPPED, (span("i0", 0, 1),)),
    }
    record = found[0]
    assert (record.count, record.by) == (5, "tester")
    assert record.holds(FrameAddress(7))
    assert not record.holds(FrameAddress(5))
    assert not record.holds(IconAddress(0))
    assert record.first <= record.last
    assert store.seen("/b.dcm") == []


def test_what_each_person_saw_is_kept_apart(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    put_seen(ann, "/a.dcm", HowSeen.PAINTED, [FrameAddress(0)])
    put_seen(ben, "/a.dcm", HowSeen.PAINTED, [FrameAddress(1)])
    assert [record.spans for record in ann.seen("/a.dcm", user="ben")] == [(span("f", 1, 2),)]
    assert [record.by for record in ann.seen("/a.dcm")] == ["ann", "ben"]


def seen_rows(store: Store, group: str, how: str, ranges: str) -> None:
    put_seen(store, "/a.dcm", HowSeen.SEEN, [FrameAddress(0)])
    with store._database.writing("/a.dcm") as session:
        values = {"plane_group": group, "how": how, "ranges": ranges}
        session.connection.execute(schema.seen.update().values(**values))


@pytest.mark.parametrize(
    ("group", "how", "ranges", "words"),
    [
        ("i0", "seen", "0", "'i0' is no group of planes that were seen"),
        ("o6001", "seen", "0", "'o6001' is no group of planes"),
        ("z", "seen", "0", "'z' is no group of planes"),
        ("f", "guessed", "0", "'guessed' is no way of seeing"),
        ("f", "seen", "0-", "'0-' is no run of numbers"),
        ("f", "seen", "5-2", "frames 5 to 3"),
        ("f", "seen", "0,,3", "'' is no run of numbers"),
        ("x", "seen", "0-2000000000", "no file has 2000000001 of 'x'"),
    ],
)
def test_a_row_of_what_was_seen_that_is_not_understood_is_refused_and_named(
    store: Store, group: str, how: str, ranges: str, words: str
) -> None:
    seen_rows(store, group, how, ranges)
    with pytest.raises(StoreCorruptError) as raised:
        store.seen("/a.dcm")
    assert words in raised.value.message
    assert raised.value.file == "/a.dcm"


# --- history ------------------------------------------------------------------------------------------------------


def test_the_history_says_who_did_what_and_never_a_text(location: str, opener: Opener) -> None:
    ann, ben = opener(location, user="ann"), opener(location, user="ben")
    ids = ann.add_rects("/a.dcm", [RECT, EXTRA])
    ben.restore_rects(ben.remove_rects(ids))
    set_comment(ann, "/a.dcm", "SMITH again", DeviceFacts("US"))
    set_marked(ben, "/a.dcm", DeviceFacts("US"), marked=True)
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
    put_seen(store, "/old.dcm", HowSeen.PAINTED, [FrameAddress(0), FrameAddress(1)])
    put_seen(store, "/new.dcm", HowSeen.PAINTED, [FrameAddress(2)])
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
    assert [record.spans for record in store.seen("/new.dcm")] == [(span("f", 0, 3),)]
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
