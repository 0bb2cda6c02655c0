"""A fault that nobody has foreseen, in the middle of many files: what was done until then can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.review import ReviewApp, Session
from dcmaudit.review.services.content_check import ContentCheck
from dcmaudit.review.services.file_records import FileRecords
from dcmaudit.review.services.learning import Learning
from dcmaudit.store import Store
from support.apps import do, perform, ready, services_of, settled, state, store_of, wait_for, write_cine

UID = "1.2.826.0.1.3680043.10.9.813"
SECRET = "MERRIWEATHER"


@pytest.fixture
def session(open_app: Callable[..., ReviewApp], tmp_path: Path) -> Session:
    """Four files of one series, as a stack."""
    folder = tmp_path / "series"
    folder.mkdir()
    names = [
        write_cine(
            folder / f"{number}.dcm", uid=number, frames=2, SeriesInstanceUID=UID,
            ImagePositionPatient=[0, 0, float(number)], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        )
        for number in range(4)
    ]  # fmt: skip
    opened = ready(open_app(names))
    do(opened, "series-stack")
    wait_for(lambda: opened.stack is not None and opened.stack.is_complete)
    return opened


def fault_at(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, call: int, *, after: bool) -> None:
    """Let the call with that number fail, before or after it has done its work."""
    whole, count = getattr(owner, name), 0

    def failing(*arguments: Any, **how: Any) -> Any:
        nonlocal count
        count += 1
        made = whole(*arguments, **how) if after or count != call else None
        if count == call:
            raise ZeroDivisionError(SECRET)
        return made

    monkeypatch.setattr(owner, name, failing)


def said(session: Session, word: str) -> str:
    wait_for(lambda: word in (state(session)["message"] or {"text": ""})["text"])
    settled(session)
    text = str(state(session)["message"]["text"])
    assert SECRET not in text
    return text


def tags(session: Session) -> list[bool]:
    return [store_of(session).tag(session.worklist.name(place)) is not None for place in range(4)]


def marks(session: Session) -> list[int]:
    return [len(store_of(session).rects(session.worklist.name(place))) for place in range(4)]


@pytest.mark.parametrize(
    ("owner", "name", "after", "done"),
    [
        (Store, "finish", False, 2),
        # it was written, and what comes behind it failed
        (ContentCheck, "identify", False, 3),
    ],
)
def test_series_done(
    session: Session, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, after: bool, done: int
) -> None:
    do(session, "done-series")
    wait_for(lambda: session.question is not None)
    fault_at(monkeypatch, owner, name, 3, after=after)
    perform(session, "done-series", {"confirm": True})
    text = said(session, "ended it early")
    assert f"{done} of 4 files of this series are finished" in text and "ZeroDivisionError" in text
    assert sum(tags(session)) == done
    assert f"finishing {done} files of a series" in do(session, "undo")["message"]["text"]
    assert sum(tags(session)) == 0


@pytest.mark.parametrize("value", ["done", "mark"])
def test_a_decision_for_a_class(session: Session, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    do(session, "survey")
    services = services_of(session)
    wait_for(lambda: (found := services.classes.of(session.worklist)) and found.is_complete and not found.is_running)
    ids = [session.worklist.file_id(place) for place in range(4)]
    box = {"box": [1, 1, 9, 9]} if value == "mark" else {}
    do(session, "decide", shown=ids, value=value, **box)
    # The first one is of the open file: what was seen before the command.
    fault_at(monkeypatch, ContentCheck, "keep", 4, after=False)
    perform(session, "decide", {"confirm": True})
    text = said(session, "ended it early")
    assert "undo takes back what was done" in text
    before = marks(session) if value == "mark" else tags(session)
    assert sum(map(bool, before)) >= 1
    do(session, "undo")
    assert sum(marks(session)) == 0 and sum(tags(session)) == 0


def test_a_mark_on_a_series_goes_everywhere_or_nowhere(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    do(session, "cursor", box=[1, 1, 9, 9])
    do(session, "mark-series")
    wait_for(lambda: session.question is not None)
    fault_at(monkeypatch, Store, "add_rects", 3, after=False)
    with pytest.raises(ZeroDivisionError):
        perform(session, "mark-series", {"confirm": True})
    assert sum(marks(session)) == 0


def test_a_mark_on_a_series_that_cannot_be_withdrawn_can_be_undone_later(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(session, "cursor", box=[1, 1, 9, 9])
    do(session, "mark-series")
    wait_for(lambda: session.question is not None)
    fault_at(monkeypatch, Store, "add_rects", 3, after=False)
    fault_at(monkeypatch, Store, "remove_rects", 1, after=False)
    with pytest.raises(ZeroDivisionError):
        perform(session, "mark-series", {"confirm": True})
    assert sum(marks(session)) == 2
    do(session, "undo")
    assert sum(marks(session)) == 0


def test_a_fault_behind_undo_or_redo_loses_no_mark_of_a_series(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(session, "cursor", box=[1, 1, 9, 9])
    do(session, "mark-series")
    wait_for(lambda: session.question is not None)
    perform(session, "mark-series", {"confirm": True})
    assert marks(session) == [1, 1, 1, 1]
    for command, expected in (("undo", 0), ("redo", 1), ("undo", 0), ("redo", 1)):
        with monkeypatch.context() as patch:
            fault_at(patch, FileRecords, "announce", 1, after=False)
            with pytest.raises(ZeroDivisionError):
                perform(session, command, {})
        do(session, command)
        assert marks(session) == [expected] * 4, command


def test_a_single_file_whose_lesson_fails(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    fault_at(monkeypatch, Learning, "teach", 1, after=False)
    with pytest.raises(ZeroDivisionError):
        perform(session, "done-next", {"confirm": True})
    assert sum(tags(session)) == 1
    do(session, "undo")
    assert sum(tags(session)) == 0
