"""Marks that other programs store, and changed files, are noticed while a file is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dcmaudit.model import Box, FrameAddress
from dcmaudit.review import ReviewApp, Session, worklist_rows
from dcmaudit.store import NewRect, OcrEngine, Store, open_store
from support.apps import app_of, do, ready, services_of, settled, state, wait_for, write_cine
from support.stored import set_marked


@pytest.fixture
def watched(session: Session) -> Session:
    """The document with a page that waits for news."""
    session.listen(lambda: None)
    services_of(session).watcher.look()
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
    services_of(watched).watcher.look()
    settled(watched)
    after = state(watched)
    assert [(rect["box"], rect["source"], rect["applied"]) for rect in after["rects"]] == [
        ([3, 4, 20, 12], "OCR", True)
    ]
    assert after["message"]["text"] == "1 rectangle of this file came in from elsewhere, 1 of them found by OCR."
    assert after["revision"] > before["revision"]
    assert (after["handled"], after["plane"]["key"]) == (before["handled"], before["plane"]["key"])
    assert after["file"]["state"] == "in work"
    assert after["database"]["changes"] == before["database"]["changes"] + 1


def test_what_another_person_tags_is_shown(watched: Session, elsewhere: Store, files: list[Path]) -> None:
    assert watched.file is not None and watched.file.facts is not None
    set_marked(elsewhere, str(files[0]), watched.file.facts.device, marked=True)
    services_of(watched).watcher.look()
    assert (state(watched)["file"]["state"], state(watched)["message"]) == ("tagged", None)


def test_a_warning_that_stands_there_is_not_replaced(watched: Session, elsewhere: Store, files: list[Path]) -> None:
    watched.say("Look here.", "warning")
    elsewhere.add_rects(str(files[0]), [FOUND])
    services_of(watched).watcher.look()
    assert state(watched)["message"]["text"] == "Look here."
    assert len(state(watched)["rects"]) == 1


def test_own_marks_are_no_news_for_the_file(watched: Session) -> None:
    do(watched, "mark", box=[1, 1, 9, 9])
    services_of(watched).watcher.look()
    before = state(watched)
    services_of(watched).watcher.look()
    after = state(watched)
    assert (after["revision"], after["message"]) == (before["revision"], before["message"])
    assert len(after["rects"]) == 1


def test_a_document_without_a_page_is_left_alone(session: Session, elsewhere: Store, files: list[Path]) -> None:
    elsewhere.add_rects(str(files[0]), [FOUND])
    services_of(session).watcher.look()
    assert state(session)["rects"] == []


def test_a_file_that_changes_on_disk_is_told_before_anybody_marks_it(watched: Session, files: list[Path]) -> None:
    write_cine(files[0], frames=2, uid=5)
    revision = watched.revision
    services_of(watched).watcher.look()
    assert (state(watched)["file"]["changed"], watched.revision > revision) == (True, True)


def test_the_watcher_looks_by_itself(
    open_app: Callable[..., ReviewApp], files: list[Path], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcmaudit.review.services.watcher.PAUSE", 0.02)
    session = ready(open_app(files))
    session.listen(lambda: None)
    with open_store(database, user="somebody") as store:
        store.add_rects(str(files[0]), [FOUND])
    wait_for(lambda: state(session)["rects"])


def test_a_mistake_does_not_end_the_watch(
    open_app: Callable[..., ReviewApp],
    files: list[Path],
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("dcmaudit.review.services.watcher.PAUSE", 0.02)
    session = ready(open_app(files))
    look = services_of(session).watcher._look_at
    mistakes = [RuntimeError("SMITH^J")]

    def once_wrong(*arguments: Any) -> None:
        if mistakes:
            raise mistakes.pop()
        look(*arguments)

    monkeypatch.setattr(services_of(session).watcher, "_look_at", once_wrong)
    session.listen(lambda: None)
    wait_for(lambda: not mistakes)
    with open_store(database, user="somebody") as store:
        store.add_rects(str(files[0]), [FOUND])
    wait_for(lambda: state(session)["rects"])
    assert "RuntimeError" in caplog.text
    assert "SMITH" not in caplog.text


def rows(session: Session) -> list[tuple[str, str, str | None]]:
    """Name, state and finisher of every row of the document's list."""
    shown = worklist_rows(session, services_of(session), list(enumerate(session.selection.places)))
    return [(Path(str(row["name"])).name, str(row["state"]), row["done_by"]) for row in shown]  # type: ignore[misc]


def finish(session: Session, store: Store, name: Path, *, marked: bool = False) -> None:
    assert session.file is not None and session.file.facts is not None
    set_marked(store, str(name), session.file.facts.device, marked=marked)


@pytest.mark.parametrize("marked", [False, True])
def test_files_that_somebody_else_finished_leave_the_list_and_come_back(
    watched: Session, elsewhere: Store, files: list[Path], marked: bool
) -> None:
    finish(watched, elsewhere, files[1], marked=marked)
    services_of(watched).watcher.look()
    assert [name for name, *_ in rows(watched)] == ["US0001.dcm", "US0003.dcm"]
    now = state(watched)["worklist"]
    assert (now["total"], now["left"], now["number"], now["found"]) == (2, 2, 1, 3)
    do(watched, "next-file")
    assert state(watched)["file"]["name"] == str(files[2])
    elsewhere.clear(str(files[1]))
    services_of(watched).watcher.look()
    assert len(rows(watched)) == 3


def test_the_open_file_and_the_own_files_stay_in_the_list(
    watched: Session, elsewhere: Store, files: list[Path]
) -> None:
    do(watched, "done-next", confirm=True)
    settled(watched)
    finish(watched, elsewhere, files[1])
    services_of(watched).watcher.look()
    assert state(watched)["file"]["name"] == str(files[1])
    assert state(watched)["file"]["done_by"] == "somebody"
    assert rows(watched) == [
        ("US0001.dcm", "done", "tester"),
        ("US0002.dcm", "done", "somebody"),
        ("US0003.dcm", "not reviewed", None),
    ]


def test_where_done_files_are_shown_they_stay_with_the_name_of_the_finisher(
    watched: Session, elsewhere: Store, files: list[Path]
) -> None:
    do(watched, "set-option", name="ignore-done", value=False)
    finish(watched, elsewhere, files[2])
    services_of(watched).watcher.look()
    assert rows(watched)[2] == ("US0003.dcm", "done", "somebody")
    do(watched, "go-file", index=2)
    settled(watched)
    assert (state(watched)["file"]["state"], state(watched)["file"]["done_by"]) == ("done", "somebody")


def test_another_document_of_the_same_server_follows_too(session: Session, files: list[Path]) -> None:
    other = app_of(session).open_session()
    settled(other)
    other.listen(lambda: None)
    services_of(session).watcher.look()
    do(session, "done-next", confirm=True)
    settled(session)
    do(other, "go-file", index=1)
    services_of(session).watcher.look()
    assert [name for name, *_ in rows(other)] == ["US0002.dcm", "US0003.dcm"]
    assert len(rows(session)) == 3, "numbers do not move under the one who works"
