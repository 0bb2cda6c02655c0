"""Suggestions are decided by single keys: choose, accept, reject; what comes next is chosen by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.model import FrameAddress, Origin, Region, parse_key
from dcmaudit.model.geometry import Box
from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.state.open_file import Suggestion
from support.apps import do, ready, services_of, settled, state, store_of, write_cine

FAN = "keep fan 30,-5 4,40 60,40"


def suggest(session: Session, key: str, *boxes: Sequence[int]) -> None:
    """Text was found there, as after ``o``."""
    address = parse_key(key)
    regions = [Region(Box(*box), address, Origin.OCR, "looks like text") for box in boxes]
    services_of(session).suggestions.replace_read(session.opened(), address, regions)


def chosen(after: dict[str, Any]) -> list[int] | None:
    """The box of the chosen suggestion."""
    return next((rect["box"] for rect in after["rects"] if rect["id"] == after["chosen"]), None)


FIRST, SECOND, THIRD = [1, 1, 9, 9], [11, 11, 19, 19], [21, 21, 29, 29]


def test_the_first_key_chooses_and_only_the_next_one_decides(session: Session) -> None:
    suggest(session, "f0", FIRST, SECOND, THIRD)
    assert state(session)["chosen"] is None
    after = do(session, "accept")
    assert chosen(after) == FIRST
    assert not any(rect["stored"] for rect in after["rects"])
    after = do(session, "accept")
    assert [rect["box"] for rect in after["rects"] if rect["stored"]] == [FIRST]
    assert chosen(after) == SECOND
    after = do(session, "reject")
    assert [rect["box"] for rect in after["rects"] if rect["stored"]] == [FIRST]
    assert chosen(after) == THIRD
    after = do(session, "accept-frames")
    assert [(rect["box"], rect["scope"]) for rect in after["rects"]] == [(FIRST, "this plane"), (THIRD, "all frames")]
    assert after["chosen"] is None
    assert "no suggestions" in do(session, "accept")["message"]["text"]


def test_the_next_one_after_the_last_is_the_one_that_was_passed_over(session: Session) -> None:
    suggest(session, "f0", FIRST, SECOND)
    do(session, "next-suggestion")
    assert chosen(do(session, "next-suggestion")) == SECOND
    assert chosen(do(session, "reject")) == FIRST


def test_keys_go_through_the_planes_that_have_suggestions_and_back(session: Session) -> None:
    suggest(session, "f0", FIRST)
    suggest(session, "f2", SECOND, THIRD)
    suggest(session, "o6002.0", FIRST)
    assert chosen(do(session, "next-suggestion")) == FIRST
    after = do(session, "next-suggestion")
    assert (after["plane"]["key"], chosen(after)) == ("f2", SECOND)
    assert chosen(do(session, "next-suggestion")) == THIRD
    assert do(session, "next-suggestion")["plane"]["key"] == "o6002.0"
    after = do(session, "previous-suggestion")
    assert (after["plane"]["key"], chosen(after)) == ("f2", THIRD)
    do(session, "previous-suggestion")
    assert do(session, "previous-suggestion")["plane"]["key"] == "f0"
    assert do(session, "next-frame")["chosen"] is None


def test_how_it_moves_on_is_a_setting(session: Session) -> None:
    suggest(session, "f0", FIRST, SECOND)
    suggest(session, "f3", THIRD)
    do(session, "advance-stay")
    do(session, "reject")
    assert do(session, "reject")["chosen"] is None
    do(session, "advance-file")
    do(session, "reject")
    after = do(session, "reject")
    assert (after["plane"]["key"], chosen(after)) == ("f3", THIRD)
    after = do(session, "reject")
    assert after["plane"]["key"] == "f3"
    assert "No further suggestion is known" in after["message"]["text"]


def test_a_decision_is_taken_back_as_any_other(session: Session) -> None:
    suggest(session, "f0", FIRST)
    do(session, "accept")
    do(session, "reject")
    assert state(session)["rects"] == []
    assert [rect["box"] for rect in do(session, "undo")["rects"]] == [FIRST]


def test_the_row_with_the_keyboard_is_decided_and_a_stored_one_removed(session: Session) -> None:
    suggest(session, "f0", FIRST, SECOND)
    ids = [rect["id"] for rect in state(session)["rects"]]
    after = do(session, "accept", id=ids[1])
    assert [rect["box"] for rect in after["rects"] if rect["stored"]] == [SECOND]
    stored = next(rect["id"] for rect in after["rects"] if rect["stored"])
    after = do(session, "reject", id=stored)
    assert not any(rect["stored"] for rect in after["rects"])


def test_a_rejected_rectangle_stays_away_when_learning_moves_its_edges(
    session: Session, open_app: Callable[..., ReviewApp], files: list[Path]
) -> None:
    def learned(*box: int) -> Region:
        return Region(Box(*box), FrameAddress(0), Origin.LEARNED, "learned")

    file = session.opened()
    with file.lock:
        file.change(suggestions=[*file.suggestions, *_numbered(learned(10, 10, 30, 20))])
    do(session, "reject", id="s90")
    for box, shown in (((12, 9, 33, 22), 0), ((20, 10, 40, 20), 1)):
        again = ready(open_app([files[0]]))
        opened = again.opened()
        with opened.lock:
            opened.change(suggestions=_numbered(learned(*box)))
        assert len(opened.suggestions_here()) == shown


def _numbered(region: Region) -> list[Suggestion]:
    return [Suggestion(90, region)]


def test_a_mask_that_was_refused_more_often_than_drawn_is_no_longer_proposed(
    open_app: Callable[..., ReviewApp], tmp_path: Path
) -> None:
    names = [write_cine(tmp_path / f"{number}.dcm", uid=number) for number in range(5)]
    session = ready(open_app(names))
    do(session, "mark-shape", text=FAN, scope="all frames")
    do(session, "done-next", confirm=True)
    for _ in range(2):
        (rect,) = [rect for rect in state(session)["rects"] if rect["shape"]]
        do(session, "reject", id=rect["id"])
        do(session, "next-file")
        settled(session)
    assert [rect for rect in state(session)["rects"] if rect["shape"]] == []
    assert store_of(session).hidden(str(names[1])), "the refusals are kept"
    do(session, "undo")
    do(session, "next-file")
    assert [rect for rect in do(session, "next-file")["rects"] if rect["shape"]], "taken back, it counts no longer"


@pytest.mark.parametrize("command", ["accept", "accept-frames", "reject", "next-suggestion", "previous-suggestion"])
def test_without_suggestions_the_keys_say_so(session: Session, command: str) -> None:
    assert "suggestion" in do(session, command)["message"]["text"].lower()
    assert store_of(session).rects(str(session.opened().name)) == []
