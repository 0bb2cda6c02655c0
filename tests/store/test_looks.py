"""What engines looked at: kept a file and engine, replaced by the next look, listed with the files that have marks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from dcmaudit.model import Outcome, Verdict
from dcmaudit.sources.databaselist import database_names
from dcmaudit.store import Look, OcrEngine, Store
from support.stored import put_look
from support.stores import Opener

FAILED = Look(OcrEngine.RAPIDOCR, Outcome.FAILED, ("frame 1: damaged",))
CLEAN = Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True, planes=3, digest="sha256:0", size=9, modified_ns=1)


def test_a_look_comes_back_as_it_was_with_its_time_and_user(store: Store) -> None:
    read = Look(
        OcrEngine.TESSERACT,
        Outcome.PARTLY,
        ("an overlay: cannot be shown",),
        planes=7,
        places=2,
        worst=Verdict.HARMLESS,
    )
    put_look(store, "/a.dcm", read)
    (found,) = store.looks("/a.dcm")
    assert (found.engine, found.outcome, found.reasons) == (read.engine, read.outcome, read.reasons)
    assert (found.complete, found.planes, found.places, found.worst) == (False, 7, 2, Verdict.HARMLESS)
    assert found.by == "tester" and found.at is not None


def test_the_next_look_takes_the_place_of_one_that_failed_whoever_looked(store: Store) -> None:
    put_look(store, "/a.dcm", FAILED)
    assert store.shortfalls(["/a.dcm", "/b.dcm"]).keys() == {"/a.dcm"}
    put_look(store, "/a.dcm", Look(OcrEngine.TESSERACT, Outcome.DONE, complete=True, places=1, worst=Verdict.UNKNOWN))
    put_look(store, "/a.dcm", CLEAN)
    assert [(look.engine, look.outcome) for look in store.looks("/a.dcm")] == [
        (OcrEngine.TESSERACT, Outcome.DONE),
        (OcrEngine.RAPIDOCR, Outcome.DONE),
    ]
    assert store.shortfalls(["/a.dcm"]) == {}


def test_files_without_a_mark_that_an_engine_could_not_look_at_are_named_and_counted(store: Store) -> None:
    put_look(store, "/failed.dcm", FAILED)
    put_look(store, "/clean.dcm", CLEAN)
    assert list(store.filenames()) == ["/clean.dcm", "/failed.dcm"]
    assert store.info().looks == {Outcome.FAILED: 1, Outcome.DONE: 1}


def test_a_list_from_the_database_names_them_too(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path / "marks.db")
    put_look(store, "/failed.dcm", FAILED)
    assert [one.name for one in database_names(str(tmp_path / "marks.db"))] == ["/failed.dcm"]


def test_what_cannot_be_understood_was_no_look_at_all_planes(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "marks.db"
    store = opener(path)
    put_look(store, "/a.dcm", CLEAN)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE dcmaudit_looks SET outcome = 'splendid', reasons = '{', complete = 7, worst = 12")
    (look,) = store.looks("/a.dcm")
    assert (look.outcome, look.complete, look.worst) == (Outcome.FAILED, False, Verdict.UNKNOWN)
    assert look.reasons


def test_a_database_of_an_earlier_version_has_no_looks_and_can_be_read(tmp_path: Path, opener: Opener) -> None:
    path = tmp_path / "marks.db"
    put_look(opener(path), "/a.dcm", CLEAN)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE dcmaudit_looks")
        connection.execute("UPDATE dcmaudit_version SET version_num = '0002'")
    older = opener(path, read_only=True)
    assert older.looks("/a.dcm") == [] and older.shortfalls(["/a.dcm"]) == {}
    assert list(older.filenames()) == [] and older.info().looks == {}
