"""A mark that goes leaves planes that were seen with it black: they count as seen no more, and how many is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dcmaudit.model import HowSeen
from dcmaudit.review import ReviewApp, Session
from support.apps import do, paint, ready, state, store_of, wait_for, write_cine

WORDS = "{} as seen no more: what is bare now may have been black then. Look again."


def _see(session: Session, *commands: str) -> None:
    paint(session)
    for command in commands:
        do(session, command)
        paint(session)


def _said(after: dict[str, Any]) -> str:
    return str((after["message"] or {"text": ""})["text"])


def _seen(after: dict[str, Any]) -> list[list[int]]:
    return list(after["groups"][0]["seen"])


def test_planes_seen_below_a_mark_count_no_more_when_it_goes_and_those_seen_before_it_do(session: Session) -> None:
    _see(session, "next-frame")
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    # The third and the fourth frame are seen with the mark on them.
    _see(session, "next-frame", "next-frame")
    undone = do(session, "undo")
    assert undone["message"]["text"].endswith(WORDS.format("2 planes count"))
    assert undone["message"]["kind"] == "warning"
    assert undone["plane"]["title"] == "frame 2/4"
    assert _seen(undone) == [[0, 2]]
    assert undone["groups"][0]["glanced"] == [[2, 4]]
    # It comes back: they were seen with it.
    redone = do(session, "redo")
    assert _seen(redone) == [[0, 4]]
    assert _seen(do(session, "undo")) == [[0, 2]]
    # Now they are seen without it, and nothing is lost when it comes and goes once more.
    _see(session, "next-frame", "next-frame")
    assert _seen(do(session, "redo")) == [[0, 4]]
    gone = do(session, "undo")
    assert _seen(gone) == [[0, 4]]
    assert "no more" not in _said(gone)


def test_what_is_said_stands_until_somebody_does_something(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(session, "next-frame", "next-frame")
    said = do(session, "undo")["message"]
    assert WORDS.format("2 planes count") in said["text"]
    file_id = state(session)["file"]["file_id"]
    # What the page sends by itself: which plane it shows, and where the cursor is.
    assert do(session, "seen", file_id=file_id, shown=[])["message"] == said
    assert do(session, "cursor", box=[1, 1, 9, 9])["message"] == said
    assert do(session, "next-frame")["message"] is None


def test_a_question_stands_while_the_page_reports_what_it_shows(session: Session) -> None:
    asked = do(session, "done-next")["question"]
    assert asked is not None
    file_id = state(session)["file"]["file_id"]
    assert do(session, "seen", file_id=file_id, shown=[])["question"] == asked
    assert do(session, "dismiss")["question"] is None


def test_of_two_marks_that_are_gone_one_that_comes_back_does_not_speak_for_the_other(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    do(session, "mark", box=[40, 5, 50, 15], scope="all frames")
    _see(session, "next-frame", "next-frame", "next-frame")
    rows = {tuple(rect["box"]): rect["id"] for rect in state(session)["rects"] if rect["stored"]}
    assert _seen(do(session, "remove-rect", id=rows[10, 5, 30, 15])) == []
    do(session, "remove-rect", id=rows[40, 5, 50, 15])
    # The second one is back, the first is not.
    assert _seen(do(session, "undo")) == []
    assert _seen(do(session, "undo")) == [[0, 4]]


def test_a_mark_of_an_earlier_start_is_thought_to_have_been_black_all_the_time(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    first = ready(open_app(files))
    do(first, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(first, "next-frame")
    do(first, "mark", box=[31, 5, 35, 15])
    later = ready(open_app(files))
    rows = {tuple(rect["box"]): rect["id"] for rect in do(later, "next-frame")["rects"] if rect["stored"]}
    # Of the plane that is shown alone, which is seen anew: nothing is said.
    assert _said(do(later, "remove-rect", id=rows[31, 5, 35, 15])) == ""
    assert _said(do(later, "remove-rect", id=rows[10, 5, 30, 15])) == WORDS.format("1 plane counts")
    do(later, "undo")
    assert _seen(do(later, "undo")) == [[0, 2]]
    # What was removed comes back after a restart, too, with what was seen.
    _see(later)
    assert WORDS.format("1 plane counts") in _said(do(later, "clear-file"))
    assert _seen(do(ready(open_app(files)), "undo")) == [[0, 2]]


def test_marks_of_single_planes_further_on_count_each_on_its_own(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15])
    do(session, "copy-forwards", box=[40, 5, 50, 15])
    _see(session, "next-frame", "next-frame")
    do(session, "previous-frame")
    assert _said(do(session, "undo")).endswith(WORDS.format("2 planes count"))


def test_a_file_that_is_done_is_known_not_to_be_seen_as_far_as_its_record_said(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(session, "next-frame", "next-frame", "next-frame")
    store = store_of(session)
    name = session.opened().name
    do(session, "done-next", confirm=True)
    (before,) = store.done_records()
    do(session, "go-file", index=0)
    row = next(rect for rect in state(session)["rects"] if rect["stored"])
    do(session, "remove-rect", id=row["id"])
    (after,) = [one for one in store.done_records() if one.filename == name]
    assert (before.looked.seen, after.looked.seen) == (4, 0)
    assert after.looked.glanced == before.looked.glanced + 4
    do(session, "undo")
    (again,) = store.done_records()
    assert again.looked == before.looked


def test_a_mark_of_another_database_is_not_taken_for_one_of_the_same_id(session: Session, tmp_path: Path) -> None:
    one, other = str(tmp_path / "one"), str(tmp_path / "other")

    def mark(database: str) -> list[str]:
        do(session, "set-database", path=database)
        after = do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
        return [rect["id"] for rect in after["rects"] if rect["stored"]]

    first = mark(other)
    do(session, "set-database", path=one)
    _see(session, "next-frame", "next-frame", "next-frame")
    assert mark(one) == first
    do(session, "set-database", path=other)
    # All planes are seen with the first mark on them.
    _see(session, "previous-frame", "previous-frame", "previous-frame")
    assert _said(do(session, "remove-rect", id=first[0])) == WORDS.format("3 planes count")


def test_of_a_mark_in_several_files_it_is_told_of_all_of_them(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    uid = "1.2.826.0.1.3680043.10.9.77"
    names = [write_cine(tmp_path / f"{n}.dcm", uid=900 + n, SeriesInstanceUID=uid) for n in range(3)]
    session = ready(open_app(names))
    # The first plane of each file is seen before the mark comes.
    for _ in names:
        paint(session)
        do(session, "next-file")
    do(session, "go-file", index=0)
    do(session, "cursor", box=[10, 5, 30, 15])
    do(session, "mark-series")
    wait_for(lambda: session.question is not None)
    question = state(session)["question"]
    do(session, question["command"], **question["args"])
    for index in range(3):
        do(session, "go-file", index=index)
        _see(session, "next-frame", "next-frame")
    store = store_of(session)
    undone = do(session, "undo")
    assert WORDS.format("6 planes count of 3 files") in _said(undone)
    for name in names:
        seen = [span for one in store.seen(str(name)) if one.how is HowSeen.SEEN for span in one.spans]
        assert [(span.frames.start, span.frames.stop) for span in seen] == [(0, 1)], name
    do(session, "redo")
    for name in names:
        seen = [span for one in store.seen(str(name)) if one.how is HowSeen.SEEN for span in one.spans]
        assert [(span.frames.start, span.frames.stop) for span in seen] == [(0, 3)], name


def test_what_two_marks_covered_one_after_the_other_nobody_has_seen(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(session, "next-frame", "next-frame", "next-frame")
    former = next(rect["id"] for rect in state(session)["rects"] if rect["stored"])
    # The larger one comes first, then the smaller one goes; all planes are seen again with the larger one.
    do(session, "mark", box=[5, 5, 35, 20], scope="all frames")
    assert _seen(do(session, "remove-rect", id=former)) == []
    _see(session, "previous-frame", "previous-frame", "previous-frame")
    after = state(session)
    assert _seen(after) == [[0, 4]]
    (larger,) = [rect["id"] for rect in after["rects"] if rect["stored"]]
    assert _seen(do(session, "remove-rect", id=larger)) == []


def test_an_adjusted_mark_that_is_taken_back_leaves_what_was_seen_with_the_former_one(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(session, "next-frame", "next-frame", "next-frame")
    former = next(rect["id"] for rect in state(session)["rects"] if rect["stored"])
    do(session, "mark", box=[5, 5, 35, 20], scope="all frames")
    do(session, "remove-rect", id=former)
    do(session, "undo")
    undone = do(session, "undo")
    assert _seen(undone) == [[0, 4]]
    assert "no more" not in _said(undone)


def test_of_a_file_that_was_replaced_nothing_was_seen_before_its_mark_came(session: Session) -> None:
    _see(session, "next-frame", "next-frame", "next-frame")
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    store, name = store_of(session), session.opened().name
    (mark,) = store.rects(name)
    spans = [span for record in store.seen(name) for span in record.spans]
    # What was seen is forgotten, as of another file, and seen anew with the mark.
    store.forget_seen(name)
    store.put_sights(name, {HowSeen.SEEN: spans})
    store.remove_rects([mark.id])
    assert {record.how for record in store.seen(name)} == {HowSeen.UNCOVERED}
