"""Who finished which files, and which were finished or opened again since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dcmaudit.model import Box, DeviceFacts, FrameAddress
from dcmaudit.store import FinishMark, NewRect, Store
from support.originals import make_original
from support.stored import set_marked
from support.stores import Opener

DEVICE = DeviceFacts()


def test_finishers_are_named_for_done_and_tagged_files_alone(store: Store) -> None:
    set_marked(store, "/a.dcm", DEVICE, marked=False)
    set_marked(store, "/b.dcm", DEVICE, marked=True)
    store.add_rects("/c.dcm", [NewRect(Box(1, 1, 5, 5), FrameAddress(0))])
    assert store.finishers(["/a.dcm", "/b.dcm", "/c.dcm", "/none.dcm", "/\ud800"]) == {
        "/a.dcm": "tester",
        "/b.dcm": "tester",
    }
    assert store.finishers([]) == {}


def test_what_changes_a_tag_row_is_told_and_rectangles_are_not(store: Store) -> None:
    set_marked(store, "/old.dcm", DEVICE, marked=False)
    mark = store.newest_finish()
    assert store.finished_since(mark) == set()
    store.add_rects("/c.dcm", [NewRect(Box(1, 1, 5, 5), FrameAddress(0))])
    assert store.finished_since(mark) == set()
    set_marked(store, "/new.dcm", DEVICE, marked=False)
    set_marked(store, "/old.dcm", DEVICE, marked=True)
    assert store.finished_since(mark) == {"/new.dcm", "/old.dcm"}
    mark = store.newest_finish()
    former = store.clear("/new.dcm")
    assert store.finished_since(mark) == {"/new.dcm"}
    mark = store.newest_finish()
    store.restore(former)
    assert store.finished_since(mark) == {"/new.dcm"}


def test_a_row_of_the_original_tool_is_told_without_any_history(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "marks.db"
    store = opener(path)
    set_marked(store, "/a.dcm", DEVICE, marked=False)
    mark = store.newest_finish()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO DicomTags (filename, mark, last_modified_by) VALUES ('/b.dcm', 'F', 'berta')")
    assert store.finished_since(mark) == {"/b.dcm"}
    assert store.finishers(["/b.dcm"]) == {"/b.dcm": "berta"}


def test_a_database_without_tables_of_ours_can_be_asked(tmp_path: Path, opener: Opener) -> None:
    store = opener(make_original(tmp_path / "marks.db"), read_only=True)
    assert store.newest_finish() == FinishMark(0, 0)
    assert store.finished_since(FinishMark(0, 0)) == set()
    assert store.finishers(["/a.dcm"]) == {}
