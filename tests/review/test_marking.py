"""Marks are stored at once, in the guide's states, and every one of them can be taken back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmaudit.errors import (
    DcmauditError,
    ReviewError,
    StoreConflictError,
    StoreLockedError,
    StoreReadOnlyError,
    UsageError,
)
from dcmaudit.model import Box, FrameAddress
from dcmaudit.review import COMMANDS, ReviewApp, Session
from dcmaudit.store import NewRect, TagChange, open_store
from support.apps import (
    app_of,
    do,
    make_app,
    paint,
    ready,
    services_of,
    state,
    store_of,
    tables,
    text_everywhere,
    wait_for,
    write_cine,
)

WRITING = [command.name for command in COMMANDS if command.writes]


def test_a_rectangle_is_stored_at_once_for_this_plane_alone(
    session: Session, database: Path, files: list[Path]
) -> None:
    do(session, "next-frame")
    after = do(session, "mark", box=[10, 5, 30, 15])
    assert [(rect["box"], rect["applied"], rect["source"]) for rect in after["rects"]] == [
        ([10, 5, 30, 15], True, "stored")
    ]
    # Columns of the original: filename, top, bottom, left, right, frame, overlay; edges are inclusive there.
    assert [row[1:8] for row in tables(database)["DicomRects"]] == [(str(files[0]), 5, 14, 10, 29, 1, -1)]
    assert after["groups"][0]["marked"] == [1]
    assert [rect["stored"] for rect in do(session, "next-frame")["rects"]] == [False]


def test_rectangles_alone_mean_in_work_and_not_done(session: Session, database: Path) -> None:
    after = do(session, "mark")
    assert after["file"]["state"] == "in work"
    assert tables(database)["DicomTags"] == []
    assert after["worklist"]["left"] == 3


def test_the_handled_rectangle_is_what_is_marked_and_it_is_cut_to_the_plane(session: Session) -> None:
    do(session, "cursor", box=[50, 40, 90, 80])
    after = do(session, "mark")
    assert after["handled"]["box"] == [24, 8, 64, 48]
    assert after["rects"][0]["box"] == [24, 8, 64, 48]
    with pytest.raises(UsageError, match="outside the plane"):
        do(session, "mark", box=[64, 0, 70, 10])


@pytest.mark.parametrize(
    ("scope", "shown_on"),
    [
        ("this plane", ["f0"]),
        ("all frames", ["f0", "f1", "f2", "f3"]),
        ("all planes", ["f0", "f1", "f2", "f3", "o6000.0", "o6000.1", "o6002.0"]),
    ],
)
def test_a_mark_reaches_the_planes_of_its_scope(session: Session, scope: str, shown_on: list[str]) -> None:
    do(session, "mark", box=[1, 1, 5, 5], scope=scope)
    found = []
    for index in range(7):
        after = do(session, "go-plane", index=index)
        if any(rect["stored"] for rect in after["rects"]):
            found.append(after["plane"]["key"])
    assert found == shown_on


def test_tagging_and_commenting_mean_done(session: Session, database: Path) -> None:
    after = do(session, "tag")
    assert (after["file"]["state"], after["file"]["tagged"]) == ("tagged", True)
    assert after["worklist"]["left"] == 2
    after = do(session, "tag")
    assert (after["file"]["state"], after["file"]["tagged"]) == ("done", False)
    do(session, "next-file")
    after = do(session, "comment", text="  name top left ")
    assert (after["file"]["state"], after["file"]["comment"]) == ("done", "name top left")
    assert [row[2] for row in tables(database)["DicomTags"]] == ["F", "F"]


def test_done_keeps_the_tag_and_the_comment(session: Session, database: Path) -> None:
    do(session, "tag")
    do(session, "comment", text="look again")
    do(session, "done-next", confirm=True)
    assert [row[2:4] for row in tables(database)["DicomTags"]] == [("T", "look again")]


def test_clearing_removes_everything_marked_and_undo_brings_it_back(session: Session, database: Path) -> None:
    do(session, "mark")
    do(session, "mark", box=[1, 1, 4, 4], scope="all frames")
    do(session, "comment", text="x")
    before = tables(database)
    after = do(session, "clear-file")
    assert (after["rects"], after["file"]["state"]) == ([], "not reviewed")
    cleared = tables(database)
    assert (cleared["DicomRects"], cleared["dcmaudit_rects"], cleared["DicomTags"]) == ([], [], [])
    do(session, "undo")
    assert tables(database) == before


def test_undo_shows_the_file_and_plane_of_the_change(session: Session) -> None:
    do(session, "go-plane", key="o6000.1")
    do(session, "mark", box=[1, 1, 4, 4])
    do(session, "next-file")
    after = do(session, "undo")
    assert (after["worklist"]["number"], after["plane"]["key"], after["rects"]) == (1, "o6000.1", [])
    assert after["message"]["text"] == "Undone: rectangle."
    assert after["can"]["redo"] == "rectangle"


def test_a_tag_that_somebody_gave_since_is_not_lost_by_undo(session: Session) -> None:
    do(session, "mark")
    do(session, "done-next", confirm=True)
    store = store_of(session)
    (name,) = store.filenames()
    tag = store.tag(name)
    assert tag is not None
    store.finish(name, tag.device, change=TagChange(marked=True, comment="the corner"))
    with pytest.raises(StoreConflictError, match="stays as it is now"):
        do(session, "undo")
    tag = store.tag(name)
    assert tag is not None
    assert (tag.marked, tag.comment) == (True, "the corner")
    # It does not bar the way to what was done before.
    assert "Undone" in do(session, "undo")["message"]["text"]


def test_undo_with_nothing_to_undo_is_refused(session: Session) -> None:
    with pytest.raises(ReviewError, match="nothing to undo"):
        do(session, "undo")


def test_one_rectangle_can_be_removed(session: Session) -> None:
    do(session, "mark", box=[1, 1, 4, 4])
    first = do(session, "mark", box=[5, 5, 9, 9])["rects"][0]["id"]
    after = do(session, "remove-rect", id=first)
    assert [rect["box"] for rect in after["rects"]] == [[5, 5, 9, 9]]
    with pytest.raises(UsageError, match="not stored"):
        do(session, "remove-rect", id=first)


@pytest.fixture
def text_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    text_everywhere(monkeypatch)


@pytest.mark.usefixtures("text_seen")
def test_rectangles_of_done_similar_files_are_suggested_and_can_be_applied(session: Session, database: Path) -> None:
    do(session, "mark", box=[1, 1, 9, 9])
    do(session, "mark", box=[20, 20, 40, 40])
    do(session, "next-file")
    assert state(session)["rects"] == []
    do(session, "previous-file")
    do(session, "done-next", confirm=True)
    rects = state(session)["rects"]
    assert [(rect["source"], rect["applied"], rect["box"]) for rect in rects] == [
        ("similar", False, [1, 1, 9, 9]),
        ("similar", False, [20, 20, 40, 40]),
    ]
    after = do(session, "apply-one", id=rects[1]["id"])
    assert sorted((rect["box"], rect["applied"]) for rect in after["rects"]) == [
        ([1, 1, 9, 9], False),
        ([20, 20, 40, 40], True),
    ]
    after = do(session, "apply-all")
    assert all(rect["stored"] for rect in after["rects"])
    assert len(tables(database)["DicomRects"]) == 4
    assert do(session, "apply-all")["message"]["text"] == "There are no suggestions on this plane."


@pytest.mark.usefixtures("text_seen")
def test_a_rejected_suggestion_is_not_shown_and_not_applied(session: Session) -> None:
    do(session, "mark", box=[1, 1, 9, 9])
    do(session, "done-next", confirm=True)
    rejected = state(session)["rects"][0]["id"]
    assert do(session, "reject-one", id=rejected)["rects"] == []
    assert do(session, "apply-all")["rects"] == []


def test_suggestions_can_be_switched_off_and_are_not_applied_then(session: Session) -> None:
    do(session, "mark", box=[1, 1, 9, 9])
    do(session, "done-next", confirm=True)
    assert do(session, "set-option", name="show-similar", value=False)["rects"] == []
    assert do(session, "apply-all")["rects"] == []


def test_options_are_kept_for_the_user(session: Session, open_app: Callable[..., ReviewApp], files: list[Path]) -> None:
    do(session, "toggle-show-stored")
    again = ready(open_app(files))
    assert state(again)["options"]["show-stored"]["value"] is False
    other = ready(open_app(files, user="somebody else"))
    assert state(other)["options"]["show-stored"]["value"] is True


def test_rows_of_a_reading_engine_are_shown_as_ocr_with_text_and_verdict(session: Session, files: list[Path]) -> None:
    store_of(session).add_rects(str(files[1]), [NewRect(Box(1, 2, 9, 8), FrameAddress(0), engine=1, text="SMITH")])
    rect = do(session, "next-file")["rects"][0]
    assert (rect["source"], rect["text"], rect["verdict"], rect["applied"]) == ("OCR", "SMITH", "unknown", True)


@pytest.mark.parametrize("command", WRITING)
def test_the_viewer_marks_nothing(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path, command: str
) -> None:
    session = ready(open_app(files, viewer=True))
    with pytest.raises(ReviewError, match="viewer"):
        do(session, command, text="x", id="r1")
    assert not (database / "dcmaudit.sqlite.db").exists()


def test_the_viewer_writes_nothing_at_all(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path
) -> None:
    writer = ready(open_app(files))
    do(writer, "mark")
    before = tables(database), (database / "dcmaudit.sqlite.db").read_bytes()
    session = ready(open_app(files, viewer=True))
    for command in ("next-frame", "next-overlay", "next-file", "toggle-show-stored", "invert"):
        paint(session)
        do(session, command)
    services_of(session).files.end(session)
    assert (tables(database), (database / "dcmaudit.sqlite.db").read_bytes()) == before


def test_a_database_that_can_only_be_read_refuses_marks_with_what_to_do(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path
) -> None:
    with open_store(database, user="tester") as store:
        store.add_rects(str(files[0]), [NewRect(Box(1, 2, 9, 8), FrameAddress(0))])
    session = ready(open_app(files, read_only=True))
    assert len(state(session)["rects"]) == 1
    with pytest.raises(StoreReadOnlyError, match="nothing can be marked") as caught:
        do(session, "mark")
    assert "File menu" in (caught.value.hint or "")
    do(session, "next-file")


def test_a_database_that_another_process_holds_refuses_and_nothing_is_half_done(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path
) -> None:
    session = ready(open_app(files, timeout=0.3))
    do(session, "mark", box=[1, 1, 4, 4])
    wait_for(lambda: store_of(session).identity(str(files[0])))
    before = tables(database)
    other = sqlite3.connect(database / "dcmaudit.sqlite.db", isolation_level=None)
    with closing(other):
        other.execute("BEGIN IMMEDIATE")
        for command, arguments in (("mark", {}), ("tag", {}), ("undo", {}), ("clear-file", {})):
            with pytest.raises(StoreLockedError):
                do(session, command, **arguments)
        after = do(session, "next-frame")
        assert (after["plane"]["key"], after["file"]["state"]) == ("f1", "in work")
        other.execute("ROLLBACK")
    assert tables(database) == before
    assert do(session, "undo")["file"]["state"] == "not reviewed"


def test_another_database_can_be_chosen(session: Session, database: Path, tmp_path: Path) -> None:
    do(session, "mark")
    other = tmp_path / "other"
    other.mkdir()
    do(session, "set-database", path=str(other))
    after = do(session, "mark", box=[1, 1, 3, 3])
    assert after["database"]["location"] == str(other / "dcmaudit.sqlite.db")
    assert [rect["box"] for rect in after["rects"]] == [[1, 1, 3, 3]]
    assert len(tables(database)["DicomRects"]) == 1
    assert len(tables(other)["DicomRects"]) == 1


def test_two_documents_see_each_others_marks(session: Session) -> None:
    other = app_of(session).open_session()
    assert state(other)["rects"] == []
    revision = other.revision
    do(session, "mark")
    for _ in range(500):
        if state(other)["rects"]:
            break
        paint(other)
        __import__("time").sleep(0.01)
    assert len(state(other)["rects"]) == 1
    assert other.revision > revision


def test_two_documents_walk_apart(session: Session) -> None:
    other = app_of(session).open_session()
    do(session, "next-file")
    do(session, "invert")
    assert (state(other)["worklist"]["number"], state(other)["view"]["inverted"]) == (1, False)


def test_a_marked_file_is_found_again_after_it_was_moved(session: Session, files: list[Path], tmp_path: Path) -> None:
    do(session, "mark")
    store = store_of(session)
    wait_for(lambda: store.identity(str(files[0])) is not None)
    record = store.identity(str(files[0]))
    assert record is not None
    assert store.find_moved(str(tmp_path / "moved.dcm"), record.identity) == [str(files[0])]
    assert store.identity(str(files[1])) is None


# Any sequence of changes, and all of them undone, leaves the database as it was.

_BOX = st.tuples(st.integers(0, 60), st.integers(0, 44), st.integers(1, 30), st.integers(1, 20)).map(
    lambda v: [v[0], v[1], v[0] + v[2], v[1] + v[3]]
)
# NUL is refused, and no database holds half a surrogate pair.
_WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
_STEP = st.one_of(
    st.tuples(st.just("mark"), st.fixed_dictionaries({"box": _BOX}, optional={"scope": st.just("all frames")})),
    st.tuples(st.just("comment"), st.fixed_dictionaries({"text": _WORDS})),
    st.tuples(st.just("remove-rect"), st.fixed_dictionaries({"number": st.integers(0, 5)})),
    st.tuples(st.just("done-next"), st.just({"confirm": True})),
    st.tuples(
        st.sampled_from(["tag", "clear-file", "apply-all", "undo", "redo", "next-frame", "next-file", "previous-file"]),
        st.just({}),
    ),
)


def _perform(session: Session, command: str, arguments: dict[str, Any]) -> None:
    if command == "remove-rect":
        rects = [rect for rect in state(session)["rects"] if rect["stored"]]
        if not rects:
            return
        arguments = {"id": rects[arguments["number"] % len(rects)]["id"]}
    try:
        do(session, command, **arguments)
    except DcmauditError as error:
        assert "nothing to" in error.message


def _marks(database: Path) -> dict[str, Any]:
    return {name: rows for name, rows in tables(database).items() if name not in {"dcmaudit_seen", "dcmaudit_parts"}}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_STEP, min_size=1, max_size=12))
def test_undoing_everything_restores_the_database_exactly(steps: list[tuple[str, dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [write_cine(folder / f"US{number}.dcm", uid=number) for number in (1, 2)]
        database = folder / "database"
        with open_store(database, user="before") as store:
            store.add_rects(str(files[0]), [NewRect(Box(1, 1, 5, 5), FrameAddress(0), engine=1, text="A")])
            store.finish(str(files[0]), _device(), change=TagChange(marked=True, comment="was there"))
        app = make_app(database, files, chosen={"ignore-done": False})
        try:
            session = ready(app)
            before = _marks(database)
            for command, arguments in steps:
                _perform(session, command, arguments)
            after = _marks(database)
            undone = 0
            while session.history.next_undo is not None:
                do(session, "undo")
                undone += 1
            assert _marks(database) == before
            for _ in range(undone):
                do(session, "redo")
            assert _marks(database) == after
        finally:
            app.close()


def _device() -> Any:
    from dcmaudit.model import DeviceFacts

    return DeviceFacts(modality="US", rows=48, columns=64)


@pytest.mark.parametrize("replaced", [False, True], ids=["written over", "replaced"])
@pytest.mark.parametrize(
    ("command", "arguments"),
    [("done-next", {"confirm": True}), ("tag", {}), ("comment", {"text": "x"}), ("mark", {"box": [1, 1, 5, 5]})],
)
def test_nothing_is_stored_for_a_file_that_was_changed_after_it_was_opened(
    session: Session, database: Path, files: list[Path], command: str, arguments: dict[str, Any], replaced: bool
) -> None:
    if replaced:
        write_cine(files[0].with_name("new"), frames=3, uid=77).replace(files[0])
    else:
        write_cine(files[0], frames=3, uid=77)
    with pytest.raises(ReviewError, match="changed after it was opened"):
        do(session, command, **arguments)
    assert not tables(database).get("DicomTags")
    assert not tables(database).get("DicomRects")
