from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dcmaudit.detect.learning import Learner
from dcmaudit.model import (
    FRAMES,
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    FrameRange,
    Ground,
    HowSeen,
    IconAddress,
    Identity,
    Judged,
    Mark,
    OverlayAddress,
    PlaneAddress,
    PlaneSpan,
    Scope,
    Size,
    StrayBitAddress,
    ThumbnailAddress,
    group_of,
    parse_key,
)
from dcmaudit.model.learning import parse_kind
from dcmaudit.store import NewRect, Store, open_store, schema, sums
from dcmaudit.store import learning as steps
from dcmaudit.store.location import FILE_NAME as NAME
from support.stored import put_seen, set_marked
from support.where import groups, span

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY", ""), "Model X", None, 480, 640, "Acme", "2.1")
FRAME = FrameAddress(0)
BOX = Box(10, 10, 110, 26)


def done(store: Store, name: str, *scopes: Scope, device: DeviceFacts = DEVICE, frames: int = 1) -> None:
    store.add_rects(name, [NewRect(BOX, scope) for scope in scopes])
    store.mark_done(name, device)
    store.learn(name, device, frames=frames, groups=groups("f", "o6000"), judged=[])


def judged(accepted: bool = True, kind: str = "exact/1/7", box: Box = BOX) -> Judged:
    return Judged(FRAME, box, parse_kind(kind), 0.71, accepted)


def test_a_done_file_is_an_example_at_once_with_what_the_shared_table_cannot_say(store: Store) -> None:
    done(store, "/a.dcm", FRAME, frames=7)
    (found,) = store.examples("/new.dcm", DEVICE)
    assert found.device == replace(DEVICE, burned_in_annotation=None)
    assert found.marks == (Mark(10, 10, 110, 26, span("f", 0, 1)),)
    assert (found.frames, found.groups) == (7, groups("f", "o6000"))


def test_only_other_files_that_are_done_and_of_the_model_are_examples(store: Store) -> None:
    store.add_rects("/open.dcm", [NewRect(BOX, FRAME)])
    done(store, "/other.dcm", FRAME, device=replace(DEVICE, model="Y"))
    done(store, "/self.dcm", FRAME)
    assert store.examples("/self.dcm", DEVICE) == []
    assert store.examples("/new.dcm", replace(DEVICE, model=None)) == []
    set_marked(store, "/open.dcm", DEVICE, marked=True)
    assert len(store.examples("/self.dcm", DEVICE)) == 1


def test_related_images_come_along_and_the_newest_are_first(store: Store) -> None:
    done(store, "/size.dcm", device=replace(DEVICE, rows=960, columns=1280))
    done(store, "/type.dcm", device=replace(DEVICE, image_type=("DERIVED",)))
    done(store, "/version.dcm", device=replace(DEVICE, software_versions="3.0"))
    found = store.examples("/new.dcm", DEVICE)
    assert [item.device.software_versions for item in found] == ["3.0", "2.1", "2.1"]
    assert [item.device.rows for item in found] == [480, 480, 960]
    assert found[1].device.image_type == ("DERIVED",)


def test_a_file_without_marks_is_an_example_too(store: Store) -> None:
    done(store, "/a.dcm")
    assert [item.marks for item in store.examples("/new.dcm", DEVICE)] == [()]


def test_marks_of_every_scope_come_out_with_their_kind_of_plane_and_frames(store: Store) -> None:
    scopes: list[Scope] = [FrameAddress(3), OverlayAddress(0x6004, 2), IconAddress(0), Everywhere.ALL_FRAMES,
                           Everywhere.ALL_PLANES]  # fmt: skip
    done(store, "/a.dcm", *scopes)
    (found,) = store.examples("/new.dcm", DEVICE)
    assert {mark.reach for mark in found.marks} == {
        span("f", 3, 4), span("o6004", 2, 3), span("i0", 0, 1), FRAMES, Everywhere.ALL_PLANES
    }  # fmt: skip


def test_equal_rectangles_of_many_frames_are_one_mark(store: Store) -> None:
    done(store, "/a.dcm", *(FrameAddress(number) for number in range(40)))
    (found,) = store.examples("/new.dcm", DEVICE)
    assert found.marks == (Mark(10, 10, 110, 26, span("f", 0, 40)),)


def test_frames_between_marked_ones_are_not_taken_for_marked(store: Store) -> None:
    done(store, "/a.dcm", *(FrameAddress(number) for number in (9, 0, 1, 5)))
    (found,) = store.examples("/new.dcm", DEVICE)
    assert [mark.reach for mark in found.marks] == [span("f", 0, 2), span("f", 5, 6), span("f", 9, 10)]


def test_rows_without_a_rectangle_are_no_marks(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(None, FRAME, text="summary")])
    done(store, "/a.dcm")
    assert store.examples("/new.dcm", DEVICE)[0].marks == ()


def test_frames_that_were_only_skipped_are_named(store: Store) -> None:
    done(store, "/a.dcm", frames=10)
    put_seen(store, "/a.dcm", HowSeen.SKIPPED, [span("f", 2, 10)])
    put_seen(store, "/a.dcm", HowSeen.PAINTED, [span("f", 0, 4), span("f", 6, 7)])
    assert store.examples("/new.dcm", DEVICE)[0].unseen == {FRAMES: (FrameRange(4, 6), FrameRange(7, 10))}


@pytest.mark.parametrize("keys", [("i0",), ("i1", "i2"), ("x4",), ("t5.1",), ("b12.3",), ("o6002.3",), ("f0",)])
def test_what_was_skipped_goes_by_the_addresses_that_marks_go_by(store: Store, keys: tuple[str, ...]) -> None:
    done(store, "/a.dcm")
    skipped = [PlaneSpan.of(parse_key(key)) for key in keys]
    put_seen(store, "/a.dcm", HowSeen.SKIPPED, skipped)
    unseen = store.examples("/new.dcm", DEVICE)[0].unseen
    assert unseen == {span.group: (span.frames,) for span in skipped}


KINDS_OF_PLANE = (
    FRAME, IconAddress(0), IconAddress(1), ThumbnailAddress(0, 0), StrayBitAddress(12, 0), OverlayAddress(0x6000, 0)
)  # fmt: skip


@pytest.mark.parametrize("skipped", KINDS_OF_PLANE)
def test_a_skipped_plane_says_nothing_of_its_own_kind_and_takes_nothing_from_others(
    store: Store, skipped: PlaneAddress
) -> None:
    for number in range(3):
        store.add_rects(f"/{number}.dcm", [NewRect(BOX, address) for address in KINDS_OF_PLANE])
    for number in range(9):
        store.mark_done(f"/{number}.dcm", DEVICE)
        store.learn(f"/{number}.dcm", DEVICE, frames=1, groups=map(group_of, KINDS_OF_PLANE), judged=[])
        if number >= 3:
            put_seen(store, f"/{number}.dcm", HowSeen.SKIPPED, [skipped])
    learner = Learner(DEVICE, store.examples("/new.dcm", DEVICE), 1)
    for address in KINDS_OF_PLANE:
        (found,) = learner.candidates(address, Size(640, 480))
        assert found.is_shown is (address == skipped)
        assert found.region.reason.startswith("3 of 3" if address == skipped else "3 of 9")


def test_an_accepted_suggestion_is_told_from_a_drawn_rectangle(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(Box(200, 10, 300, 26), FRAME)])
    done(store, "/a.dcm", FRAME)
    store.learn(
        "/a.dcm", DEVICE, frames=1, groups=groups("f"), judged=[judged(), judged(accepted=False, kind="own/few/3")]
    )
    (found,) = store.examples("/new.dcm", DEVICE)
    assert sorted((mark.left, mark.agreed) for mark in found.marks) == [(10, True), (200, False)]


def test_what_was_under_the_suggestions_that_were_right_is_counted(store: Store) -> None:
    store.mark_done("/a.dcm", DEVICE)
    kinds = {"own/1/7/plain": True, "exact/1/7/marked": True, "type/1/7/marked": True, "exact/1/3/plain": False}
    found = [judged(right, kind, Box(n, 0, n + 5, 5)) for n, (kind, right) in enumerate(kinds.items())]
    store.learn("/a.dcm", DEVICE, frames=1, groups=groups("f"), judged=found)
    assert store.examples("/new.dcm", DEVICE)[0].grounds == {Ground.PLAIN: 1, Ground.MARKED: 2}


def test_judgements_are_kept_newest_first_and_replaced_when_the_file_is_judged_again(store: Store) -> None:
    store.learn("/a.dcm", DEVICE, frames=1, groups=groups("f"), judged=[judged(kind="exact/1/1")])
    store.learn(
        "/b.dcm", DEVICE, frames=1, groups=groups("f"), judged=[judged(kind="type/few/2/plain", accepted=False)]
    )
    assert store.judgements() == [(parse_kind("type/few/2/plain"), False), (parse_kind("exact/1/1"), True)]
    store.learn("/a.dcm", DEVICE, frames=1, groups=groups("f"), judged=[judged(kind="own/many/3/text")])
    assert store.judgements() == [(parse_kind("own/many/3/text"), True), (parse_kind("type/few/2/plain"), False)]
    assert store.judgements(1) == [(parse_kind("own/many/3/text"), True)]
    assert store.judged("/b.dcm") == [judged(kind="type/few/2/plain", accepted=False)]


def test_a_file_that_is_no_longer_done_is_no_example(store: Store) -> None:
    done(store, "/a.dcm", FRAME)
    store.clear("/a.dcm")
    assert store.examples("/new.dcm", DEVICE) == []


def test_a_moved_file_keeps_what_was_learned_from_it(store: Store) -> None:
    identity = Identity("1.2.3", "sha256:00")
    store.put_identity("/old.dcm", identity)
    done(store, "/old.dcm", FRAME, frames=5)
    store.learn("/old.dcm", DEVICE, frames=5, groups=groups("f"), judged=[judged()])
    store.adopt("/moved.dcm", identity)
    assert store.examples("/new.dcm", DEVICE)[0].frames == 5
    assert store.judged("/moved.dcm") == [judged()]


def test_no_more_files_are_read_than_can_matter(store: Store) -> None:
    for number in range(steps.EQUAL_FILES + 10):
        store.mark_done(f"/{number}.dcm", DEVICE)
    assert len(store.examples("/new.dcm", DEVICE)) == steps.EQUAL_FILES


def test_files_that_are_left_out_for_their_many_rectangles_do_not_count_as_unmarked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_MOST_ROWS", 10)
    monkeypatch.setattr(steps, "_CHUNKS", (2, 2))
    for number in range(6):
        done(store, f"/{number}.dcm", *(FrameAddress(frame) for frame in range(8)))
    found = store.examples("/new.dcm", DEVICE)
    assert len(found) == 2
    assert all(item.marks for item in found)


def test_few_rows_and_many_are_understood_alike(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done(store, "/a.dcm", *(FrameAddress(frame) for frame in (0, 1, 2, 5, 7, 8)), OverlayAddress(0x6002, 3))
    done(store, "/b.dcm", Everywhere.ALL_FRAMES, Everywhere.ALL_PLANES)
    store.add_rects("/c.dcm", [NewRect(Box(9, 9, 20, 20), FRAME), NewRect(Box(5, 5, 20, 20), FRAME)])
    done(store, "/c.dcm", FRAME)
    few = store.examples("/new.dcm", DEVICE)
    monkeypatch.setattr(steps, "_MOST_ROWS", 0)
    assert store.examples("/new.dcm", DEVICE) == few
    assert sorted(len(item.marks) for item in few) == [2, 3, 4]


def test_a_database_of_the_original_teaches_without_being_changed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / NAME)) as theirs, theirs:
        theirs.execute(
            'CREATE TABLE DicomRects(id INTEGER PRIMARY KEY, filename, "top", bottom, "left", "right", frame, overlay,'
            " ocrengine, ocrtext, nerengine, nerpii, last_modified, last_modified_by)"
        )
        theirs.execute(
            "CREATE TABLE DicomTags(id INTEGER PRIMARY KEY, filename UNIQUE, mark, comment, modality, imagetype,"
            ' manufacturermodelname, burnedinannotation, "rows", "columns", last_modified, last_modified_by)'
        )
        theirs.execute("INSERT INTO DicomRects VALUES (1,'/a',10,25,10,109,0,-1,-1,'',-1,-1,'','')")
        theirs.execute("INSERT INTO DicomRects VALUES (2,'/a','x',25,10,109,0,-1,-1,'',-1,-1,'','')")
        theirs.execute(
            "INSERT INTO DicomTags VALUES (1,'/a','F',NULL,'US','[''ORIGINAL'', ''PRIMARY'', '''']','Model X','NoBIA',"
            "480,640,'','')"
        )
    theirs.close()
    before = (tmp_path / NAME).read_bytes()
    with open_store(tmp_path, user="u", read_only=True) as store:
        (found,) = store.examples("/new.dcm", DEVICE)
        assert store.judgements() == []
        (region,) = store.similar("/new.dcm", DEVICE, FRAME)
    assert found.marks == (Mark(10, 10, 110, 26, span("f", 0, 1)),)
    assert region.box == Box(10, 10, 110, 26)
    assert found.device.image_type == DEVICE.image_type
    assert (found.frames, found.groups) == (None, None)
    assert (tmp_path / NAME).read_bytes() == before


def test_a_database_of_the_first_step_still_gives_its_own_rectangles_and_is_brought_up_to_date(tmp_path: Path) -> None:
    with open_store(tmp_path, user="u") as store:
        done(store, "/a.dcm", IconAddress(0))
    with closing(sqlite3.connect(tmp_path / NAME)) as older, older:
        for name in sums.sqlite_triggers():
            older.execute(f"DROP TRIGGER {name}")
        for name in (name for step, names in schema.STEPS.items() if step > "0001" for name in names):
            older.execute(f"DROP TABLE {name}")
        for name in ("dcmaudit_newest_of_type", "dcmaudit_newest_of_model"):
            older.execute(f"DROP INDEX {name}")
        older.execute("UPDATE dcmaudit_version SET version_num = '0001'")
    older.close()
    with open_store(tmp_path, user="u", read_only=True) as store:
        assert len(store.rects("/a.dcm")) == 1
        assert store.examples("/new.dcm", DEVICE)[0].frames is None
    with open_store(tmp_path, user="u") as store:
        done(store, "/b.dcm", FRAME, frames=3)
        assert [item.frames for item in store.examples("/new.dcm", DEVICE)] == [3, None]
