from __future__ import annotations

import pytest

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    IconAddress,
    OverlayAddress,
    ReviewState,
    StrayBitAddress,
    ThumbnailAddress,
    UnshownAddress,
    Verdict,
)
from dcmaudit.store import NerEngine, NewRect, OcrEngine, Store, TagChange
from support.stored import set_comment, set_marked

BOX = Box(10, 20, 31, 41)
DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY", ""), "Model X", "YES", 480, 640)
SCOPES = [
    FrameAddress(0),
    FrameAddress(999),
    OverlayAddress(0x6000, 0),
    OverlayAddress(0x60FE, 12),
    Everywhere.ALL_PLANES,
    Everywhere.ALL_FRAMES,
    Everywhere.ALL_OVERLAYS,
    StrayBitAddress(12, 3),
    IconAddress(1),
    ThumbnailAddress(3, 0),
]
SHARED = 5


def test_every_scope_comes_back_as_it_was_stored(store: Store) -> None:
    new = [NewRect(BOX, scope, OcrEngine.RAPIDOCR, "ABC", NerEngine.HEADER, Verdict.IDENTIFYING) for scope in SCOPES]
    ids = store.add_rects("/a.dcm", new)
    found = store.rects("/a.dcm")
    assert [row.scope for row in found] == SCOPES
    assert [row.id for row in found] == ids
    assert [row.id[0] for row in found] == ["r"] * SHARED + ["x"] * (len(SCOPES) - SHARED)
    for row in found:
        assert (row.box, row.engine, row.text) == (BOX, OcrEngine.RAPIDOCR, "ABC")
        assert (row.ner, row.verdict, row.modified_by, row.problem) == (
            NerEngine.HEADER, Verdict.IDENTIFYING, "tester", None,
        )  # fmt: skip
        assert row.modified is not None
        assert row.modified.tzinfo is not None


def test_a_summary_row_has_text_and_no_rectangle(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(None, FrameAddress(3), OcrEngine.TESSERACT, "all of it")])
    (row,) = store.rects("/a.dcm")
    assert row.is_summary
    assert (row.box, row.scope, row.text) == (None, FrameAddress(3), "all of it")


def test_a_rectangle_that_could_be_taken_for_a_summary_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="begins outside"):
        store.add_rects("/a.dcm", [NewRect(Box(-1, -1, 0, 0), FrameAddress(0))])
    assert store.rects("/a.dcm") == []


def test_nothing_is_stored_when_one_of_several_is_refused(store: Store) -> None:
    with pytest.raises(UsageError):
        store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0)), NewRect(BOX, UnshownAddress(0))])
    assert store.rects("/a.dcm") == []
    assert list(store.history()) == []


@pytest.mark.parametrize("name", ["", "a\0b", "/archive/\udce9.dcm"])
def test_a_name_that_no_row_can_hold_is_refused_and_has_no_marks(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        store.add_rects(name, [NewRect(BOX, FrameAddress(0))])
    store.add_rects("/b.dcm", [NewRect(BOX, FrameAddress(0))])
    assert store.rects(name) == []
    assert store.tag(name) is None
    assert store.states([name, "/b.dcm"]) == {name: ReviewState.NOT_REVIEWED, "/b.dcm": ReviewState.IN_WORK}


def test_characters_that_no_database_holds_are_replaced_in_recognised_text(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0), text="A\0B\udcffC")])
    assert store.rects("/a.dcm")[0].text == "A\N{REPLACEMENT CHARACTER}B\N{REPLACEMENT CHARACTER}C"


def test_numbers_of_engines_that_are_not_known_are_kept(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0), engine=77, ner=13)])
    (row,) = store.rects("/a.dcm")
    assert (row.engine, row.ner) == (77, NerEngine.SPACY_13)


def test_removed_rectangles_come_back_under_the_same_names(store: Store) -> None:
    ids = store.add_rects("/a.dcm", [NewRect(BOX, scope, text="x") for scope in SCOPES])
    before = store.rects("/a.dcm")
    removed = store.remove_rects(ids[2:7])
    assert {row.id for row in removed} == set(ids[2:7])
    assert [row.id for row in store.rects("/a.dcm")] == [*ids[:2], *ids[7:]]
    store.restore_rects(removed)
    assert store.rects("/a.dcm") == before
    assert store.rects("/a.dcm")[3].stored == before[3].stored


def test_a_rectangle_is_not_restored_twice(store: Store) -> None:
    ids = store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0)), NewRect(BOX, FrameAddress(1))])
    removed = store.remove_rects(ids)
    store.restore_rects(removed[:1])
    with pytest.raises(StoreError, match="already"):
        store.restore_rects(removed)
    assert len(store.rects("/a.dcm")) == 1


def test_the_name_of_a_removed_rectangle_is_not_given_away(store: Store) -> None:
    (first,) = store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0))])
    (extra,) = store.add_rects("/a.dcm", [NewRect(BOX, IconAddress(0))])
    store.remove_rects([first, extra])
    assert first not in store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0))])
    assert extra not in store.add_rects("/a.dcm", [NewRect(BOX, IconAddress(0))])


def test_removing_what_is_gone_returns_what_was_there(store: Store) -> None:
    (name,) = store.add_rects("/a.dcm", [NewRect(BOX, FrameAddress(0))])
    assert len(store.remove_rects([name, "r999", "x999"])) == 1
    assert store.remove_rects([name]) == []


@pytest.mark.parametrize("name", ["12", "q1", "r", "r-1", "r1; DROP", "r١"])
def test_a_name_that_is_no_rectangle_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="no rectangle"):
        store.remove_rects([name])


def test_states_follow_the_guide(store: Store) -> None:
    store.add_rects("rects", [NewRect(BOX, FrameAddress(0))])
    store.add_rects("extra", [NewRect(BOX, Everywhere.ALL_OVERLAYS)])
    store.mark_done("done", DEVICE)
    set_marked(store, "tagged", DEVICE, marked=True)
    set_comment(store, "commented", "look here", DEVICE)
    store.add_rects("both", [NewRect(BOX, FrameAddress(0)), NewRect(BOX, IconAddress(0))])
    store.mark_done("both", DEVICE)
    assert store.states(["nothing", "rects", "extra", "done", "tagged", "commented", "both"]) == {
        "nothing": ReviewState.NOT_REVIEWED,
        "rects": ReviewState.IN_WORK,
        "extra": ReviewState.IN_WORK,
        "done": ReviewState.DONE,
        "tagged": ReviewState.TAGGED,
        "commented": ReviewState.DONE,
        "both": ReviewState.DONE,
    }


def test_states_of_many_names_come_in_one_answer(store: Store) -> None:
    store.mark_done("n77", DEVICE)
    found = store.states(f"n{number}" for number in range(20_000))
    assert len(found) == 20_000
    assert [name for name, state in found.items() if state.is_done] == ["n77"]


def test_names_of_all_tables_are_listed_once_and_sorted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcmaudit.store.store._PAGE", 2)
    assert list(store.filenames()) == []
    store.add_rects("b", [NewRect(BOX, FrameAddress(0)), NewRect(BOX, FrameAddress(1))])
    store.add_rects("d", [NewRect(BOX, IconAddress(0))])
    store.mark_done("a", DEVICE)
    store.mark_done("b", DEVICE)
    store.mark_done("e'\"%; é", DEVICE)
    assert list(store.filenames()) == ["a", "b", "d", "e'\"%; é"]


def test_a_tag_row_comes_back_with_its_device(store: Store) -> None:
    store.finish("/a.dcm", DEVICE, change=TagChange(marked=True, comment='twice, "please"\nüber'))
    found = store.tag("/a.dcm")
    assert found is not None
    assert (found.marked, found.comment, found.device) == (True, 'twice, "please"\nüber', DEVICE)
    assert found.modified_by == "tester"


def test_absent_attributes_get_the_placeholders_of_the_original(store: Store) -> None:
    store.finish("/a.dcm", DeviceFacts(), change=TagChange(marked=False, comment=""))
    found = store.tag("/a.dcm")
    assert found is not None
    assert found.device == DeviceFacts()
    assert found.stored["modality"] == "NoModality"
    assert found.stored["manufacturermodelname"] == "NoModel"
    assert found.stored["burnedinannotation"] == "NoBIA"
    assert found.stored["imagetype"] == '["NoImageType"]'
    assert (found.stored["mark"], found.stored["comment"]) == ("F", None)


@pytest.mark.parametrize(
    ("sop_class", "expected"),
    [
        ("1.2.840.10008.5.1.4.1.1.7", '["DERIVED", "SECONDARY"]'),
        ("1.2.840.10008.5.1.4.1.1.7.2", '["DERIVED", "SECONDARY"]'),
        ("1.2.840.10008.5.1.4.1.1.77.1.1", '["NoImageType"]'),
    ],
)
def test_a_secondary_capture_without_image_type_gets_its_usual_one(store: Store, sop_class: str, expected: str) -> None:
    store.mark_done("/a.dcm", DeviceFacts("OT"), sop_class)
    found = store.tag("/a.dcm")
    assert found is not None
    assert found.stored["imagetype"] == expected


def test_done_leaves_mark_and_comment_alone(store: Store) -> None:
    set_marked(store, "/a.dcm", DEVICE, marked=True)
    set_comment(store, "/a.dcm", "why", DEVICE)
    former = store.mark_done("/a.dcm", DEVICE)
    found = store.tag("/a.dcm")
    assert former is not None
    assert found is not None
    assert (former.marked, former.comment) == (found.marked, found.comment) == (True, "why")
    set_marked(store, "/a.dcm", DEVICE, marked=False)
    found = store.tag("/a.dcm")
    assert found is not None
    assert (found.marked, found.comment) == (False, "why")


def test_a_tag_row_is_put_back_exactly(store: Store) -> None:
    store.finish("/a.dcm", DEVICE, change=TagChange(marked=True, comment="first"))
    former = store.finish("/a.dcm", DeviceFacts(), change=TagChange(marked=False, comment="")).tag
    assert former is not None
    store.restore_tag("/a.dcm", former)
    found = store.tag("/a.dcm")
    assert found == former
    assert found is not None
    assert found.stored == former.stored
    assert store.restore_tag("/a.dcm", None) == former
    assert store.tag("/a.dcm") is None
    assert store.states(["/a.dcm"])["/a.dcm"] is ReviewState.NOT_REVIEWED


def test_a_tag_row_is_not_put_on_another_file(store: Store) -> None:
    store.mark_done("/a.dcm", DEVICE)
    with pytest.raises(UsageError):
        store.restore_tag("/b.dcm", store.tag("/a.dcm"))
    assert store.tag("/b.dcm") is None


def test_clearing_a_file_takes_everything_and_gives_it_back(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(BOX, scope) for scope in SCOPES] + [NewRect(None, FrameAddress(0), text="t")])
    set_comment(store, "/a.dcm", "why", DEVICE)
    store.add_rects("/b.dcm", [NewRect(BOX, FrameAddress(0))])
    before = store.rects("/a.dcm"), store.tag("/a.dcm")
    marks = store.clear("/a.dcm")
    assert (list(marks.rects), marks.tag) == before
    assert store.rects("/a.dcm") == []
    assert store.tag("/a.dcm") is None
    assert len(store.rects("/b.dcm")) == 1
    store.restore(marks)
    assert (store.rects("/a.dcm"), store.tag("/a.dcm")) == before


def test_text_and_comments_are_not_in_any_repr(store: Store) -> None:
    new = NewRect(BOX, FrameAddress(0), text="SMITH^JOHN")
    store.add_rects("/a.dcm", [new])
    set_comment(store, "/a.dcm", "SMITH again", DEVICE)
    everything = repr([new, store.rects("/a.dcm"), store.tag("/a.dcm"), list(store.history()), store, store.info()])
    assert "SMITH" not in everything
