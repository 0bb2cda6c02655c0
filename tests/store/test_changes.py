"""Cheap signs that marks were stored elsewhere, and forgetting what was seen of other content; on both databases."""

from __future__ import annotations

from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    HowSeen,
    Identity,
    OverlayAddress,
    StrayBitAddress,
    ThumbnailAddress,
)
from dcmaudit.store import NewRect, Store
from support.stored import put_seen, set_comment, set_marked

RECT = NewRect(Box(0, 0, 2, 2), FrameAddress(0))
DEVICE = DeviceFacts(modality="US", rows=2, columns=2)
PLANES = [FrameAddress(0), StrayBitAddress(12, 0), OverlayAddress(0x6000, 0)]


def test_the_fingerprint_of_a_file_changes_with_its_rows_and_with_nothing_else(store: Store) -> None:
    seen = [store.fingerprint("a.dcm")]
    ids = store.add_rects("a.dcm", [RECT])
    seen.append(store.fingerprint("a.dcm"))
    store.add_rects("a.dcm", [NewRect(Box(0, 0, 2, 2), Everywhere.ALL_PLANES)])
    seen.append(store.fingerprint("a.dcm"))
    store.mark_done("a.dcm", DEVICE)
    seen.append(store.fingerprint("a.dcm"))
    set_marked(store, "a.dcm", DEVICE, marked=True)
    seen.append(store.fingerprint("a.dcm"))
    store.remove_rects(ids)
    seen.append(store.fingerprint("a.dcm"))
    assert len(set(seen)) == len(seen)
    store.add_rects("b.dcm", [RECT])
    assert store.fingerprint("a.dcm") == seen[-1]
    assert store.fingerprint("a\0b") == ()


def test_the_token_changes_with_every_write_to_marks(store: Store) -> None:
    tokens = [store.token()]
    store.add_rects("a.dcm", [RECT])
    tokens.append(store.token())
    store.mark_done("a.dcm", DEVICE)
    tokens.append(store.token())
    set_comment(store, "a.dcm", "look", DEVICE)
    tokens.append(store.token())
    assert len(set(tokens)) == 4
    assert store.token() == tokens[-1]


def test_what_was_seen_of_other_content_is_forgotten(store: Store) -> None:
    store.put_identity("a.dcm", Identity("1.2", "sha256:aa"), size=10, modified_ns=1)
    put_seen(store, "a.dcm", HowSeen.PAINTED, PLANES)
    put_seen(store, "a.dcm", HowSeen.GLANCED, PLANES)
    put_seen(store, "a.dcm", HowSeen.SEEN, [ThumbnailAddress(0, 0)])  # it lies in the frame's bytes
    store.put_identity("a.dcm", Identity("1.2", "sha256:aa"), size=10, modified_ns=1)
    assert len(store.seen("a.dcm")) == 7
    store.put_identity("a.dcm", Identity("1.2", "sha256:aa"), size=10, modified_ns=2)
    assert {span.group.key for record in store.seen("a.dcm") for span in record.spans} == {"f", "b12", "t0"}
    store.put_identity("a.dcm", Identity("1.2", "sha256:bb"), size=10, modified_ns=3)
    assert store.seen("a.dcm") == []


def test_forgetting_is_noted_in_the_history(store: Store) -> None:
    put_seen(store, "a.dcm", HowSeen.PAINTED, PLANES)
    assert store.forget_seen("a.dcm", except_pixels=True) == 1
    assert store.forget_seen("a.dcm") == 2
    assert store.forget_seen("a.dcm") == 0
    assert [(entry.action, entry.count) for entry in store.history("a.dcm")] == [
        ("seen forgotten: other content", 2),
        ("seen forgotten: other content", 1),
    ]
