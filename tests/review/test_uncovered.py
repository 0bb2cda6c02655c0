"""A mark that goes leaves planes that were seen with it black: how many is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dcmaudit.review import ReviewApp, Session
from support.apps import do, paint, ready

WORDS = "What lay below may have been black when {} seen, and still counts as seen: look there again."


def _see(session: Session, *commands: str) -> None:
    paint(session)
    for command in commands:
        do(session, command)
        paint(session)


def _said(after: dict) -> str:  # type: ignore[type-arg]
    return str((after["message"] or {"text": ""})["text"])


def test_planes_seen_below_a_mark_are_counted_when_it_goes_and_those_seen_before_it_are_not(session: Session) -> None:
    _see(session, "next-frame")
    do(session, "mark", box=[10, 5, 30, 15], scope="all frames")
    # The third and the fourth frame are seen with the mark on them.
    _see(session, "next-frame", "next-frame")
    undone = do(session, "undo")
    assert undone["message"]["text"].endswith(WORDS.format("2 other planes were"))
    assert undone["message"]["kind"] == "warning"
    assert undone["plane"]["title"] == "frame 2/4"
    # It comes back when all were seen without it: nothing is said of taking it away once more.
    do(session, "redo")
    assert "black" not in _said(do(session, "undo"))


def test_a_mark_of_an_earlier_start_is_thought_to_have_been_black_all_the_time(
    open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    first = ready(open_app(files))
    do(first, "mark", box=[10, 5, 30, 15], scope="all frames")
    _see(first, "next-frame")
    do(first, "mark", box=[31, 5, 35, 15])
    later = ready(open_app(files))
    rows = {tuple(rect["box"]): rect["id"] for rect in do(later, "next-frame")["rects"] if rect["stored"]}
    assert _said(do(later, "remove-rect", id=rows[31, 5, 35, 15])) == ""
    assert _said(do(later, "remove-rect", id=rows[10, 5, 30, 15])) == WORDS.format("1 other plane was")
    do(later, "undo")
    do(later, "undo")
    assert "black" not in _said(do(later, "clear-file"))


def test_marks_of_single_planes_further_on_count_each_on_its_own(session: Session) -> None:
    do(session, "mark", box=[10, 5, 30, 15])
    do(session, "copy-forwards", box=[40, 5, 50, 15])
    _see(session, "next-frame", "next-frame")
    do(session, "previous-frame")
    assert _said(do(session, "undo")).endswith(WORDS.format("2 other planes were"))


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
    assert _said(do(session, "remove-rect", id=first[0])) == WORDS.format("3 other planes were")
