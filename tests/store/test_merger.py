"""Databases of several runs become one: everything comes along once, and what contradicts is named and left."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dcmaudit.cli import main
from dcmaudit.cli.common import Exit
from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, HowSeen, IconAddress, Identity, Origin, Outcome
from dcmaudit.model.effort import Effort
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.store import Look, Looked, NewRect, OcrEngine, Store, TagChange, file_rows, schema
from dcmaudit.store.identities import MOVED
from dcmaudit.store.merger import TABLES
from support.stored import done_record, put_look, put_seen, set_comment
from support.stores import Opener

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "Model 1", None, 480, 640)
RECTS = [
    NewRect(Box(1, 1, 5, 3), FrameAddress(2), text="é"),
    NewRect(Box(1, 1, 5, 3), Everywhere.ALL_FRAMES, frames=3),
    NewRect(Box(1, 1, 5, 3), IconAddress(0)),
]


def filled(store: Store, *names: str) -> Store:
    for name in names:
        screen = Screen(PreviewPolicy.LEAVE, ("x",), (ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE),))
        store.finish(name, DEVICE, change=TagChange(comment="c"), rects=RECTS, screen=screen,
                     looked=Looked(3, 2, 1, 0, is_searched=True, unshown=1))  # fmt: skip
        put_look(store, name, Look(OcrEngine.LINES, Outcome.DONE, planes=3, digest="sha256:1"))
        store.put_identity(name, Identity("1.2", name), size=5, modified_ns=6)
        put_seen(store, name, HowSeen.SEEN, [FrameAddress(0)])
        store.hide(name, ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE))
    return store


def told(store: Store, name: str) -> list[object]:
    rects = [(row.box, row.scope, row.text, row.engine, row.problem, row.modified) for row in store.rects(name)]
    tag, seen = store.tag(name), store.seen(name)
    return [
        rects, None if tag is None else (tag.marked, tag.comment, tag.device, tag.modified), store.looks(name),
        store.identity(name), seen, store.screen(name),
        done_record(store, name), store.hidden(name), store.gaps([name]),
    ]  # fmt: skip


def test_what_another_database_knows_comes_along_with_times_and_users(
    store: Store, tmp_path: Path, opener: Opener
) -> None:
    other = filled(opener(tmp_path / "other", user="somebody"), "/a.dcm", "/b.dcm")
    filled(store, "/c.dcm")
    found = list(store.merge_from(other))
    assert [(one.filename, one.taken, one.contradiction) for one in found] == [
        ("/a.dcm", True, None), ("/b.dcm", True, None)
    ]  # fmt: skip
    for name in ("/a.dcm", "/b.dcm"):
        assert told(store, name) == told(other, name)
        before = [(one.at, one.by, one.action, one.count) for one in other.history(name)]
        after = [(one.at, one.by, one.action, one.count) for one in store.history(name)]
        assert after[0][2] == "taken from another database"
        assert after[1:] == before
    assert store.check() == []
    assert store.expand("/a.dcm", 3) == 0, "the rectangle on all frames has its rows"
    assert [one.taken for one in store.merge_from(other)] == [False, False], "a second time there is nothing to take"
    assert store.check() == []


def test_contradictions_are_named_and_nothing_of_their_file_is_taken(
    store: Store, tmp_path: Path, opener: Opener
) -> None:
    other = filled(opener(tmp_path / "other"), "/a.dcm", "/b.dcm", "/c.dcm")
    filled(store, "/a.dcm", "/b.dcm")
    set_comment(store, "/a.dcm", "another", DEVICE)
    store.add_rects("/b.dcm", RECTS[:1])
    put_look(store, "/c.dcm", Look(OcrEngine.LINES, Outcome.DONE, planes=3, digest="sha256:other"))
    before = {name: told(store, name) for name in ("/a.dcm", "/b.dcm", "/c.dcm")}
    found = {one.filename: one.contradiction for one in store.merge_from(other)}
    assert found == {
        "/a.dcm": "done mark, tag or comment", "/b.dcm": "rectangles", "/c.dcm": "looks of engines"
    }  # fmt: skip
    assert {name: told(store, name) for name in before} == before


def test_parts_of_one_file_that_do_not_contradict_are_put_together(
    store: Store, tmp_path: Path, opener: Opener
) -> None:
    other = opener(tmp_path / "other")
    other.put_results([replace(file_rows("/a.dcm", RECTS[:1]), look=Look(OcrEngine.LINES, Outcome.DONE))])
    store.put_identity("/a.dcm", Identity("1.2", "d"))
    assert [one.taken for one in store.merge_from(other)] == [True]
    assert len(store.rects("/a.dcm")) == len(store.looks("/a.dcm")) == 1
    assert store.identity("/a.dcm") is not None


def test_the_same_findings_of_looks_that_were_asked_in_other_ways_do_not_contradict(
    store: Store, tmp_path: Path, opener: Opener
) -> None:
    thorough = Effort("thorough")
    with opener(tmp_path / "other", user=store.user) as other:
        for name, effort, ours in (("/older.dcm", None, thorough), ("/newer.dcm", thorough, None)):
            put_look(other, name, Look(OcrEngine.LINES, Outcome.DONE, size=3, effort=effort))
            put_look(store, name, Look(OcrEngine.LINES, Outcome.DONE, size=3, effort=ours))
        put_look(other, "/less.dcm", Look(OcrEngine.LINES, Outcome.PARTLY, size=3, effort=thorough))
        put_look(store, "/less.dcm", Look(OcrEngine.LINES, Outcome.DONE, size=3, effort=thorough))
        found = {one.filename: one.contradiction for one in store.merge_from(other)}
    assert found == {"/older.dcm": None, "/newer.dcm": None, "/less.dcm": "looks of engines"}
    assert [store.looks(name)[0].effort for name in ("/older.dcm", "/newer.dcm")] == [thorough, None]


def test_many_files_come_page_by_page(store: Store, tmp_path: Path, opener: Opener) -> None:
    other = opener(tmp_path / "other")
    names = [f"/{n:04}.dcm" for n in range(950)]
    other.put_results([file_rows(name, RECTS[:1] * 3) for name in names])
    assert [one.filename for one in store.merge_from(other)] == names
    assert list(store.filenames()) == names
    assert store.check() == []


def test_what_cannot_be_taken_wholly_is_refused(tmp_path: Path, opener: Opener) -> None:
    store = filled(opener(tmp_path / "one"), "/a.dcm")
    with pytest.raises(UsageError):
        list(store.merge_from(store))
    filled(opener(tmp_path / "two"), "/b.dcm").close()
    with closing(sqlite3.connect(tmp_path / "two" / "dcmaudit.sqlite.db")) as raw, raw:
        raw.execute('ALTER TABLE "DicomRects" ADD COLUMN ispii INTEGER')
    raw.close()
    with pytest.raises(StoreError, match="ispii"):
        list(store.merge_from(opener(tmp_path / "two")))
    assert list(store.filenames()) == ["/a.dcm"]


def test_the_command_says_what_it_took(tmp_path: Path, opener: Opener, capsys: pytest.CaptureFixture[str]) -> None:
    filled(opener(tmp_path / "one"), "/a.dcm", "/b.dcm").close()
    filled(opener(tmp_path / "two"), "/c.dcm").close()
    whole = filled(opener(tmp_path / "whole"), "/b.dcm")
    words = ["db", "merge", "--db", str(tmp_path / "whole"), str(tmp_path / "one"), str(tmp_path / "two")]
    assert main(words) == Exit.GOOD
    out = capsys.readouterr().out
    assert "1 file taken, 1 known already, 0 contradict" in out
    assert list(whole.filenames()) == ["/a.dcm", "/b.dcm", "/c.dcm"]
    set_comment(whole, "/c.dcm", "x", DEVICE)
    assert main(words) == Exit.NOT_ALL
    assert "/c.dcm: done mark, tag or comment" in capsys.readouterr().err
    assert main(["db", "merge", "--db", str(tmp_path / "whole"), str(tmp_path / "nothing")]) != Exit.GOOD


def test_no_table_with_rows_of_a_file_is_forgotten_when_a_file_moves_or_another_database_is_taken_in() -> None:
    of_files = {table.name for table in schema.metadata.tables.values() if "filename" in table.columns}
    # What somebody did stays under the name that the file had then; the history of a taken file is taken by itself.
    acts = {"dcmaudit_history", "dcmaudit_removed"}
    assert {table.name for table in TABLES.values()} == of_files - acts
    joined = {"dcmaudit_seen", "dcmaudit_parts", "dcmaudit_identity"}
    assert {table.name for table in MOVED} == of_files - acts - joined
