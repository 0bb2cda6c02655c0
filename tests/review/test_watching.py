"""Marks that other programs store, and changed files, are noticed while a file is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.model import Box, FrameAddress
from dcmaudit.review import Desk, Session
from dcmaudit.store import NewRect, OcrEngine, Store, open_store
from support.desks import do, ready, settled, state, wait_for, write_cine


@pytest.fixture
def watched(session: Session) -> Session:
    """The document with a page that waits for news."""
    session.listen(lambda: None)
    session.desk.watcher.look()
    return session


@pytest.fixture
def elsewhere(database: Path, session: Session) -> Store:
    """The database as another program has it open."""
    store = open_store(database, user="somebody")
    yield store  # type: ignore[misc]
    store.close()


FOUND = NewRect(Box(3, 4, 20, 12), FrameAddress(0), engine=OcrEngine.LINES, text="SMITH")


def test_findings_that_are_stored_while_the_file_is_open_appear(
    watched: Session, elsewhere: Store, files: list[Path]
) -> None:
    do(watched, "cursor", box=[30, 30, 40, 40])
    before = state(watched)
    elsewhere.add_rects(str(files[0]), [FOUND])
    watched.desk.watcher.look()
    settled(watched)
    after = state(watched)
    assert [(rect["box"], rect["source"], rect["applied"]) for rect in after["rects"]] == [
        ([3, 4, 20, 12], "OCR", True)
    ]
    assert after["message"]["text"] == "1 rectangle of this file came in from elsewhere, 1 of them found by OCR."
    assert after["revision"] > before["revision"]
    assert (after["cursor"], after["plane"]["key"]) == (before["cursor"], before["plane"]["key"])
    assert after["file"]["state"] == "in work"
    assert after["database"]["changes"] == before["database"]["changes"] + 1


def test_what_another_person_tags_is_shown(watched: Session, elsewhere: Store, files: list[Path]) -> None:
    assert watched.file is not None and watched.file.facts is not None
    elsewhere.set_marked(str(files[0]), watched.file.facts.device, marked=True)
    watched.desk.watcher.look()
    assert (state(watched)["file"]["state"], state(watched)["message"]) == ("tagged", None)


def test_a_warning_that_stands_there_is_not_replaced(watched: Session, elsewhere: Store, files: list[Path]) -> None:
    watched.say("Look here.", "warning")
    elsewhere.add_rects(str(files[0]), [FOUND])
    watched.desk.watcher.look()
    assert state(watched)["message"]["text"] == "Look here."
    assert len(state(watched)["rects"]) == 1


def test_own_marks_are_no_news_for_the_file(watched: Session) -> None:
    do(watched, "mark", box=[1, 1, 9, 9])
    watched.desk.watcher.look()
    before = state(watched)
    watched.desk.watcher.look()
    after = state(watched)
    assert (after["revision"], after["message"]) == (before["revision"], before["message"])
    assert len(after["rects"]) == 1


def test_a_document_without_a_page_is_left_alone(session: Session, elsewhere: Store, files: list[Path]) -> None:
    elsewhere.add_rects(str(files[0]), [FOUND])
    session.desk.watcher.look()
    assert state(session)["rects"] == []


def test_a_file_that_changes_on_disk_is_told_before_anybody_marks_it(watched: Session, files: list[Path]) -> None:
    write_cine(files[0], frames=2, uid=5)
    revision = watched.revision
    watched.desk.watcher.look()
    assert (state(watched)["file"]["changed"], watched.revision > revision) == (True, True)


def test_the_watcher_looks_by_itself(
    open_desk: Callable[..., Desk], files: list[Path], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.review.watching.PAUSE", 0.02)
    session = ready(open_desk(files))
    session.listen(lambda: None)
    with open_store(database, user="somebody") as store:
        store.add_rects(str(files[0]), [FOUND])
    wait_for(lambda: state(session)["rects"])


def test_a_mistake_does_not_end_the_watch(
    open_desk: Callable[..., Desk],
    files: list[Path],
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("dcmaudit.review.watching.PAUSE", 0.02)
    session = ready(open_desk(files))
    look = session.desk.watcher._look_at
    mistakes = [RuntimeError("SMITH^J")]

    def once_wrong(*arguments: Any) -> None:
        if mistakes:
            raise mistakes.pop()
        look(*arguments)

    monkeypatch.setattr(session.desk.watcher, "_look_at", once_wrong)
    session.listen(lambda: None)
    wait_for(lambda: not mistakes)
    with open_store(database, user="somebody") as store:
        store.add_rects(str(files[0]), [FOUND])
    wait_for(lambda: state(session)["rects"])
    assert "RuntimeError" in caplog.text
    assert "SMITH" not in caplog.text
