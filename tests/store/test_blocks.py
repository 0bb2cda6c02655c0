"""Many files in one transaction: the same rows, looks and identities as one by one, all of them or none."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from dcmaudit.errors import StoreError, UsageError
from dcmaudit.model import (
    Box,
    Coverage,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    HowSeen,
    IconAddress,
    Identity,
    Origin,
    Outcome,
    OverlayAddress,
    ReviewState,
    Size,
    StrayBitAddress,
    Verdict,
)
from dcmaudit.model.effort import Effort
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.store import (
    FileRows,
    Look,
    Looked,
    NerEngine,
    NewRect,
    OcrEngine,
    SeenPart,
    Store,
    TagChange,
    file_rows,
    open_store,
    rects_of,
    schema,
    sums,
)
from dcmaudit.store.looks import Noted
from support.stored import done_record, put_look, put_seen, set_marked
from support.stores import Opener

RECTS = (
    NewRect(Box(3, 1, 5, 3), FrameAddress(7), OcrEngine.RAPIDOCR, "Mü\0ller", NerEngine.HEADER, Verdict.IDENTIFYING),
    NewRect(Box(0, 0, 2, 2), OverlayAddress(0x6002, 3), 777, "", 888, Verdict.HARMLESS),
    NewRect(Box(9, 9, 10, 10), IconAddress(0), OcrEngine.LINES),
    NewRect(Box(9, 9, 10, 10), StrayBitAddress(12, 4), OcrEngine.LINES),
    NewRect(None, FrameAddress(7), OcrEngine.RAPIDOCR, "whole text"),
    NewRect(None, Everywhere.ALL_PLANES, OcrEngine.RAPIDOCR),
)
LOOK = Look(OcrEngine.RAPIDOCR, Outcome.DONE, complete=True, planes=3, places=2, worst=Verdict.UNKNOWN, size=5)


def result(name: str, rects: tuple[NewRect, ...] = RECTS, **more: object) -> FileRows:
    packed = file_rows(name, rects)
    fields = {"look": LOOK, "identity": Identity("1.2", name), "size": 5, "modified_ns": 6, **more}
    return FileRows(name, packed.shared, packed.own, **fields)  # type: ignore[arg-type]


def told(store: Store, name: str) -> list[tuple[object, ...]]:
    return [
        (row.id, row.box, row.scope, row.engine, row.text, row.ner, row.verdict, row.problem, row.modified_by)
        for row in store.rects(name)
    ]


def differing(store: Store) -> list[str]:
    with store._database.reading() as session:
        return sums.disagreeing(session, 20)


def test_results_of_many_files_are_stored_as_one_by_one(store: Store) -> None:
    store.add_rects("/one.dcm", RECTS)
    put_look(store, "/one.dcm", LOOK)
    store.put_results([result(f"/{n}.dcm") for n in range(150)])
    one = [row[1:] for row in told(store, "/one.dcm")]
    for n in (0, 77, 149):
        name = f"/{n}.dcm"
        assert [row[1:] for row in told(store, name)] == one
        (look,) = store.looks(name)
        (first,) = store.looks("/one.dcm")
        assert (look.engine, look.outcome, look.planes, look.worst) == (
            first.engine,
            first.outcome,
            first.planes,
            first.worst,
        )
        found = store.identity(name)
        assert found is not None
        assert (found.identity, found.size, found.modified_ns) == (Identity("1.2", name), 5, 6)
        assert [entry.action for entry in store.history(name)] == ["rectangles added"]
    assert differing(store) == []


def test_rows_that_travel_are_the_rectangles_they_were_made_of() -> None:
    again = rects_of(file_rows("/a.dcm", RECTS))
    order = {rect.scope: rect for rect in again if rect.box is not None}
    for rect in RECTS:
        if rect.box is not None:
            text = rect.text.replace("\0", "\N{REPLACEMENT CHARACTER}")
            found = order[rect.scope]
            assert (found.box, found.engine, found.text, found.ner, found.verdict) == (
                rect.box,
                rect.engine,
                text,
                rect.ner,
                rect.verdict,
            )
    assert sum(rect.box is None for rect in again) == 2


def test_a_new_look_replaces_former_rows_and_looks_that_came_to_nothing(store: Store) -> None:
    store.put_results([result("/a.dcm", look=Look(OcrEngine.LINES, Outcome.FAILED, ("x",))), result("/b.dcm")])
    former = tuple(row.id for row in store.rects("/a.dcm"))
    put_seen(store, "/a.dcm", HowSeen.SEEN, [FrameAddress(0)])
    store.put_results([result("/a.dcm", RECTS[:1], former=former, identity=Identity("1.2", "other"), size=9)])
    assert [row.box for row in store.rects("/a.dcm")] == [RECTS[0].box]
    assert [look.engine for look in store.looks("/a.dcm")] == [OcrEngine.RAPIDOCR]
    assert store.seen("/a.dcm") == [], "what was seen was of other content"
    assert len(store.rects("/b.dcm")) == len(RECTS)
    assert [entry.action for entry in store.history("/a.dcm")][:2] == ["rectangles added", "rectangles removed"]
    assert differing(store) == []


def test_one_unusable_name_leaves_nothing_of_the_others(store: Store) -> None:
    bad = FileRows("/\udcff.dcm")
    with pytest.raises(UsageError):
        store.put_results([result("/a.dcm"), bad])
    assert store.rects("/a.dcm") == []
    assert store.looks("/a.dcm") == []


def test_what_fails_at_the_end_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from dcmaudit.store import identities

    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(identities, "write_many", broken)
    with pytest.raises(StoreError):
        store.put_results([result(f"/{n}.dcm") for n in range(100)])
    assert list(store.filenames()) == []
    assert list(store.history()) == []


def test_a_rectangle_for_all_frames_and_one_outside_its_plane_are_refused() -> None:
    with pytest.raises(UsageError):
        file_rows("/a.dcm", [NewRect(Box(0, 0, 1, 1), Everywhere.ALL_FRAMES, frames=3)])
    with pytest.raises(UsageError):
        file_rows("/a.dcm", [NewRect(Box(-1, 0, 1, 1), FrameAddress(0))])


# --- questions ----------------------------------------------------------------------------------------------------


def test_rectangles_of_many_names_are_those_of_each(store: Store) -> None:
    store.add_rects("/a.dcm", [*RECTS, NewRect(Box(0, 0, 2, 2), Everywhere.ALL_FRAMES, frames=4)])
    store.add_rects("/b.dcm", RECTS[:2])
    found = store.rects_of(["/a.dcm", "/none.dcm", "/b.dcm", "", "/\udcff"])
    assert found == {name: store.rects(name) for name in ("/a.dcm", "/b.dcm")}
    for name, rows in found.items():
        assert [row.stored for row in rows] == [row.stored for row in store.rects(name)]


def noted_of(known: Mapping[str, Iterable[Noted]]) -> dict[str, set[tuple[object, ...]]]:
    """What is known of the looks at files, without when it was noted."""
    return {name: {(one.stamp, one.effort, one.is_done, one.digest) for one in noted} for name, noted in known.items()}


def test_looked_at_tells_files_wholly_looked_at_by_one_of_the_engines(store: Store) -> None:
    mark = NewRect(None, Everywhere.ALL_PLANES, OcrEngine.LINES)
    effort = Effort("thorough", ("own", "rapidocr"), (), "", ("overlays",))
    lines = Look(OcrEngine.LINES, Outcome.DONE, size=3, modified_ns=4, effort=effort)
    store.put_results(
        [
            FileRows("/done.dcm", file_rows("x", [mark]).shared, look=lines),
            FileRows("/other.dcm", file_rows("x", RECTS).shared, look=LOOK),
            FileRows("/text.dcm", file_rows("x", [NewRect(None, Everywhere.ALL_PLANES, 101, "t")]).shared),
            FileRows("/frame.dcm", file_rows("x", [NewRect(None, FrameAddress(0), 101)]).shared),
        ]
    )
    store.add_rects("/older.dcm", [mark])
    # The mark of a former look is there still.
    for outcome in (Outcome.FAILED, Outcome.REFUSED, Outcome.PARTLY):
        store.add_rects(f"/{outcome.value}.dcm", [mark])
        put_look(store, f"/{outcome.value}.dcm", Look(OcrEngine.LINES, outcome, effort=effort))
    names = [
        *(f"/{outcome.value}.dcm" for outcome in Outcome),
        "/done.dcm",
        "/other.dcm",
        "/text.dcm",
        "/frame.dcm",
        "/older.dcm",
        "/none.dcm",
    ]
    assert noted_of(store.looked_at(names, {OcrEngine.LINES})) == {
        "/done.dcm": {((3, 4), effort.text(), True, None)},
        "/older.dcm": set(),
    }
    assert {one.at for one in store.looked_at(["/done.dcm"], {OcrEngine.LINES})["/done.dcm"]} == {
        store.looks("/done.dcm")[0].at
    }
    assert store.looks("/done.dcm")[0].effort == effort
    both = store.looked_at(names, {OcrEngine.LINES, OcrEngine.RAPIDOCR})
    assert noted_of(both)["/other.dcm"] == {((5, None), None, True, LOOK.digest)}


def test_what_a_look_found_is_known_after_one_that_failed_and_after_one_that_saw_a_part(store: Store) -> None:
    mark = NewRect(None, Everywhere.ALL_PLANES, OcrEngine.LINES)
    effort = Effort()
    found = Look(OcrEngine.LINES, Outcome.DONE, complete=True, places=2, size=3, modified_ns=4, effort=effort)
    store.put_results([FileRows("/a.dcm", file_rows("x", [mark]).shared, look=found)])
    part = replace(found, outcome=Outcome.PARTLY, complete=False)
    put_look(store, "/part.dcm", part)
    put_look(store, "/empty.dcm", replace(part, places=0))
    for _ in range(2):  # it stays however often a look fails, whoever looks meanwhile
        put_look(store, "/a.dcm", Look(OcrEngine.LINES, Outcome.FAILED, ("died",), effort=Effort("fast")))
        put_look(store, "/a.dcm", Look(OcrEngine.TESSERACT, Outcome.DONE, complete=True))
    known = store.looked_at(["/a.dcm", "/part.dcm", "/empty.dcm"], {OcrEngine.LINES})
    assert {name: [(one.stamp, one.is_done) for one in noted] for name, noted in known.items()} == {
        "/a.dcm": [((3, 4), False)],
        "/part.dcm": [((3, 4), False)],
    }
    assert all(Effort.parse(one.effort) == effort for noted in known.values() for one in noted)
    # It is what another look was asked, not the one that failed.
    assert next((look.outcome, look.effort) for look in store.looks("/a.dcm")) == (Outcome.FAILED, None)
    put_look(store, "/a.dcm", found)
    assert noted_of(store.looked_at(["/a.dcm"], {OcrEngine.LINES})) == {"/a.dcm": {((3, 4), effort.text(), True, None)}}


def test_marks_of_many_are_what_each_question_says(store: Store) -> None:
    device = DeviceFacts("US")
    screen = Screen(PreviewPolicy.LEAVE, ("x",), (ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE),))
    store.add_rects("/done.dcm", RECTS)
    looked = Looked(3, 2, 1, 0, is_searched=True)
    store.finish("/done.dcm", device, change=TagChange(), screen=screen, looked=looked)
    set_marked(store, "/tagged.dcm", device, marked=True)
    store.add_rects("/work.dcm", RECTS[:1])
    put_look(store, "/failed.dcm", Look(OcrEngine.LINES, Outcome.FAILED, ("why",)))
    names = ["/done.dcm", "/none.dcm", "/tagged.dcm", "/work.dcm", "/failed.dcm", "/\udcff", "/done.dcm"]
    found = list(store.marks_of(names))
    assert [one.filename for one in found] == names
    for one in found:
        assert one.state is store.states([one.filename])[one.filename]
        assert list(one.rects) == store.rects(one.filename)
        assert one.screen == (None if one.filename == "/\udcff" else store.screen(one.filename))
        assert one.done == done_record(store, one.filename)
        assert one.look == store.shortfalls([one.filename]).get(one.filename)
        assert one.corrupt is None
    assert found[0].state is ReviewState.DONE
    assert found[0].screen == screen


def test_one_damaged_file_is_told_and_the_others_are_answered(store: Store) -> None:
    for name in ("/a.dcm", "/b.dcm"):
        store.add_rects(name, RECTS)
        store.mark_done(name, DeviceFacts("US"))
    with store._database.writing() as session:
        table = next(source for source in sums.SOURCES if source.table == "DicomRects").sums
        query = f"UPDATE {table} SET total = total + 1 WHERE filename = '/a.dcm'"  # noqa: S608
        session.connection.exec_driver_sql(query)
    one, other = store.marks_of(["/a.dcm", "/b.dcm"])
    assert one.corrupt is not None
    assert (one.rects, other.corrupt, len(other.rects)) == ((), None, len(RECTS))
    with pytest.raises(StoreError, match=r"/a\.dcm"):
        store.rects_of(["/a.dcm", "/b.dcm"])


def test_a_row_that_is_gone_is_a_damage_too(store: Store, location_kind: str) -> None:
    if location_kind != "sqlite":
        pytest.skip("a server's triggers cannot be gone around in this way")
    store.add_rects("/a.dcm", RECTS[:1])
    with store._database.writing() as session:
        trigger = "dcmaudit_sums_rects_delete"
        session.connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        session.connection.exec_driver_sql('DELETE FROM "DicomRects"')
        session.connection.exec_driver_sql(sums.sqlite_triggers()[trigger])
    with pytest.raises(StoreError):
        store.rects_of(["/a.dcm"])


def test_a_block_costs_the_same_number_of_questions_whatever_is_in_it(store: Store) -> None:
    store.put_results([result(f"/{n}.dcm") for n in range(300)])
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(store._database.engine(), "before_cursor_execute", note)
    counts = []
    for many in (2, 300):
        asked.clear()
        names = [f"/{n}.dcm" for n in range(many)]
        list(store.marks_of(names))
        store.looked_at(names, {OcrEngine.RAPIDOCR})
        store.rects_of(names)
        counts.append(len(asked))
    assert counts[0] == counts[1] > 5


def test_sums_are_kept_of_what_was_hidden_seen_in_part_and_not_shown(store: Store) -> None:
    area = ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE)
    store.hide("/a.dcm", area)
    store.put_sights("/a.dcm", {}, [SeenPart(FrameAddress(0), Coverage(Size(10, 10), 1))])
    store.finish("/a.dcm", DeviceFacts(), change=TagChange(), looked=Looked(3, 3, 0, 0, is_searched=True, unshown=2))
    store.hide("/a.dcm", area)
    store.unhide("/a.dcm", area)
    store.hide("/a.dcm", area)
    assert differing(store) == []
    for table, column in (("dcmaudit_hidden", '"left"'), ("dcmaudit_parts", "number"), ("dcmaudit_unshown", "parts")):
        name = next(source.sums for source in sums.SOURCES if source.table == table)
        with store._database.writing() as session:
            session.connection.exec_driver_sql(f"UPDATE {table} SET {column} = {column} + 1")  # noqa: S608
        assert differing(store) == []
        with store._database.writing() as session:
            (before,) = session.connection.exec_driver_sql(f"SELECT total FROM {name}").one()  # noqa: S608
            session.connection.exec_driver_sql(f"UPDATE {name} SET total = {before} + 1")  # noqa: S608
        assert differing(store) == ["/a.dcm"]
        with store._database.writing() as session:
            session.connection.exec_driver_sql(f"UPDATE {name} SET total = {before}")  # noqa: S608


def test_a_database_of_the_step_before_gets_its_sums(tmp_path: Path, opener: Opener) -> None:
    with open_store(tmp_path, user="u") as store:
        store.hide("/a.dcm", ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE))
    with closing(sqlite3.connect(tmp_path / "dcmaudit.sqlite.db")) as older, older:
        for name in set(sums.sqlite_triggers()) - set(sums.sqlite_triggers("0009")):
            older.execute(f"DROP TRIGGER {name}")
        for name in schema.STEPS["0010"]:
            older.execute(f"DROP TABLE {name}")
        for name in ("dcmaudit_removed_by_row", "dcmaudit_removed_by_file"):
            older.execute(f"DROP INDEX {name}")
        older.execute("UPDATE dcmaudit_version SET version_num = '0009'")
    older.close()
    store = opener(tmp_path)
    assert len(store.hidden("/a.dcm")) == 1
    store.put_preference("a", 1)
    assert store.check() == []
    with store._database.reading() as session:
        found = session.rows("SELECT filename, marks FROM dcmaudit_sums_hidden", {})
    assert [tuple(row) for row in found] == [("/a.dcm", 1)]


@pytest.mark.postgres
def test_four_parents_at_once_never_wait_for_each_other(request: pytest.FixtureRequest, opener: Opener) -> None:
    """Each stores blocks of the same files, in an order of its own: with row locks alone two of them would deadlock."""
    location = request.getfixturevalue("server").new_database()
    opener(location).put_preference("made", 1)
    names = [f"/{n}.dcm" for n in range(120)]
    failures: list[BaseException] = []

    def parent(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 (an order)
        try:
            with open_store(location, user=f"parent {number}", timeout=60) as store:
                for _ in range(8):
                    block = chance.sample(names, 80)
                    store.put_results([result(name) for name in block])
                    store.add_rects(chance.choice(names), RECTS[:1])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=parent, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert failures == []
    assert not any(thread.is_alive() for thread in threads)
    store = opener(location)
    assert differing(store) == []
    assert len(list(store.history())) == 4 * 8 * 81


@pytest.mark.postgres
def test_who_waits_for_a_file_says_so_and_gives_up(
    request: pytest.FixtureRequest, opener: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    location = request.getfixturevalue("server").new_database()
    holder, waiting = opener(location), opener(location, timeout=1)
    holder.put_preference("made", 1)
    waiting.put_preference("made", 2)
    with (
        holder._database.writing("/b.dcm"),
        caplog.at_level(logging.WARNING, logger="dcmaudit"),
        pytest.raises(StoreError, match=r"."),
    ):
        waiting.put_results([result(name) for name in ("/a.dcm", "/b.dcm", "/c.dcm")])
    assert any("waiting for" in message for message in caplog.messages)
    waiting.put_results([result(name) for name in ("/a.dcm", "/b.dcm", "/c.dcm")])
    assert len(waiting.rects("/b.dcm")) == len(RECTS)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_times_are_read_in_the_zone_that_holds_when_they_are_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    store.put_results([result("/a.dcm", RECTS)])
    before = store.rects_of(["/a.dcm"])["/a.dcm"][0].modified
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        after = store.rects_of(["/a.dcm"])["/a.dcm"][0].modified
        assert before is not None and after is not None
        assert before.replace(tzinfo=None) == after.replace(tzinfo=None)
        assert after == after.replace(tzinfo=None).astimezone()
    finally:
        monkeypatch.undo()
        time.tzset()
