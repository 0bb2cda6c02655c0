"""What must stay cheap when there are ten million rows: each question has an index, and nothing is held as a whole."""

from __future__ import annotations

import io
import re
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from dcmaudit.errors import StoreError
from dcmaudit.model import (
    Box,
    Coverage,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    HowSeen,
    IconAddress,
    Identity,
    Judged,
    Origin,
    Outcome,
    Region,
    Size,
)
from dcmaudit.model.addresses import FRAMES, FrameRange, PlaneSpan
from dcmaudit.model.learning import parse_kind
from dcmaudit.model.screen import PreviewPolicy, Screen, ShownArea
from dcmaudit.model.searches import PlaneSearch, SearchFor
from dcmaudit.store import (
    ListedRect,
    Look,
    Looked,
    NewRect,
    OcrEngine,
    SeenPart,
    Store,
    TagChange,
    file_rows,
    marks,
    open_store,
)
from support.stores import Opener

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "Model 1", None, 480, 640)
RECTS = [NewRect(Box(n, 1, n + 5, 3), FrameAddress(n), text="x") for n in range(3)]
RECTS += [NewRect(Box(1, 1, 5, 3), Everywhere.ALL_FRAMES, frames=3), NewRect(Box(1, 1, 5, 3), IconAddress(0))]
AREA = ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.RULE)
SPAN = PlaneSpan(FRAMES, FrameRange(0, 2))
FOUND = [PlaneSearch(FrameAddress(n), (Region(AREA.box, FrameAddress(n), Origin.OCR, "r", "x"),)) for n in range(2)]
PART = SeenPart(FrameAddress(0), Coverage(Size(10, 10), 1))


def everything(store: Store, folder: Path) -> dict[str, Callable[[], object]]:
    """Every method of the store, called so that it asks its questions."""
    a = "/a.dcm"
    return {
        "add_rects": lambda: store.add_rects(a, RECTS),
        "remove_rects": lambda: store.restore_rects(store.remove_rects([row.id for row in store.rects(a)[:2]])),
        "lately_uncovered": store.lately_uncovered,
        "restore_rects": lambda: None,
        "restore_removal": lambda: [
            store.clear("/removed.dcm") if store.add_rects("/removed.dcm", RECTS) else None,
            [store.restore_removal(one.act) for one in store.removals()],
        ],
        "rects": lambda: store.rects(a),
        "fingerprint": lambda: store.fingerprint(a),
        "token": store.token,
        "expand": lambda: [store.expand(a, 4), store.expand(a, 5)],
        "tag": lambda: store.tag(a),
        "mark_done": lambda: [store.mark_done(f"/{n}.dcm", DEVICE) for n in range(3)],
        "restore_tag": lambda: store.restore_tag(a, store.restore_tag(a, None)),
        "clear": lambda: store.restore(store.clear(a)),
        "restore": lambda: None,
        "removals": store.removals,
        "put_results": lambda: store.put_results(
            [
                replace(
                    file_rows(f"/many{n}.dcm", RECTS[:3]),
                    look=Look(OcrEngine.LINES, Outcome.DONE, places=1),
                    identity=Identity("1.2", "d"),
                )
                for n in range(3)
            ]
            * 1
        ),
        "rects_of": lambda: store.rects_of([a, "/b.dcm"]),
        "looked_at": lambda: store.looked_at([a, "/many1.dcm"], {OcrEngine.LINES}),
        "marks_of": lambda: [list(store.marks_of([a, "/many1.dcm", "/none.dcm"], pack=pack)) for pack in (False, True)],
        "finish": lambda: store.finish_again(store.take_back(finished(store, a))),
        "take_back": lambda: None,
        "finish_again": lambda: None,
        "screen": lambda: store.screen(a),
        "hide": lambda: store.hide(a, AREA),
        "hidden": lambda: store.hidden(a),
        "unhide": lambda: store.unhide(a, AREA),
        "put_identity": lambda: [store.put_identity(a, Identity("1.2", "d"), size=n) for n in (1, 2)],
        "put_searches": lambda: [store.put_searches(a, SearchFor(1, 2, "m"), FOUND) for _ in range(2)],
        "searches": lambda: store.searches(a, SearchFor(1, 2, "m")),
        "file_search": lambda: store.file_search(a, SearchFor(1, 2, "m")),
        "identity": lambda: store.identity(a),
        "replaced_at": lambda: store.replaced_at(a),
        "find_moved": lambda: store.find_moved("/new.dcm", Identity("1.2", "d")),
        "adopt": lambda: [
            store.add_rects("/old.dcm", RECTS),
            store.put_identity("/old.dcm", Identity("9", "e")),
            store.put_sights("/old.dcm", {HowSeen.SEEN: [SPAN]}),
            store.adopt("/new.dcm", Identity("9", "e")),
        ],
        "put_sights": lambda: [store.put_sights(a, {HowSeen.SEEN: [SPAN]}, [PART]) for _ in range(2)],
        "parts_seen": lambda: store.parts_seen(a),
        "seen": lambda: [store.seen(a), store.seen(a, user="tester")],
        "forget_seen": lambda: [store.forget_seen(a, except_pixels=value) for value in (True, False)],
        "looks": lambda: store.looks(a),
        "shortfalls": lambda: store.shortfalls([a]),
        "gaps": lambda: store.gaps([a, "/b.dcm"]),
        "examples": lambda: store.examples("/new.dcm", DEVICE),
        "learn": lambda: store.learn(a, DEVICE, frames=3, groups=[FRAMES], judged=[judged()]),
        "judge": lambda: store.judge(a, [judged()]),
        "judgements": store.judgements,
        "judged": lambda: store.judged(a),
        "states": lambda: store.states([a, "/b.dcm"]),
        "states_to_review": lambda: store.states_to_review([a, "/b.dcm"]),
        "finishers": lambda: store.finishers([a]),
        "newest_finish": store.newest_finish,
        "finished_since": lambda: store.finished_since(store.newest_finish()),
        "filenames": lambda: list(store.filenames()),
        "similar": lambda: store.similar("/new.dcm", DEVICE, FrameAddress(0)),
        "history": lambda: [list(store.history()), list(store.history(a))],
        "preferences": store.preferences,
        "put_preference": lambda: [store.put_preference("x", value) for value in (1, None)],
        "forget_text": lambda: store.forget_text([a]),
        "take_in": lambda: store.take_in("/listed.dcm", [ListedRect(RECTS[0])], None),
        "recount": lambda: store.recount(a),
        "merge_from": lambda: merged(store, folder),
        "merge": lambda: None,
    }


WHOLE = {
    "check", "info", "compact", "backup", "dump_json", "export_rects", "export_tags", "done_records", "nameless_rows",
    "is_known_sound", "close", "warm_up", "count_shapes",
}  # fmt: skip
"""Methods that are asked once for all of the database, and read it whole: what they hold is tested apart."""


def merged(store: Store, folder: Path) -> None:
    with open_store(folder / "other", user="other") as other:
        rows = [file_rows(f"/other{n}.dcm", RECTS[:3]) for n in range(3)]
        other.put_results([replace(one, identity=Identity("7", "x")) for one in rows])
        assert all(one.taken for one in store.merge_from(other))


def finished(store: Store, name: str) -> object:
    screen = Screen(PreviewPolicy.LEAVE, ("x",), (AREA,))
    looked = Looked(3, 2, 1, 0, is_searched=True, unshown=1)
    return store.finish(name, DEVICE, change=TagChange(), rects=RECTS[:1], screen=screen, looked=looked)


def judged() -> Judged:
    return Judged(FrameAddress(0), Box(0, 0, 2, 2), parse_kind("exact/1/7"), 0.5, accepted=True, shown=True)


@contextmanager
def noted(store: Store) -> Iterator[list[tuple[str, object]]]:
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    engine = store._database.engine()
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_every_method_of_the_store_is_either_explained_or_reads_the_whole(store: Store, tmp_path: Path) -> None:
    methods = {name for name in dir(store) if not name.startswith("_") and callable(getattr(type(store), name, None))}
    assert methods == set(everything(store, tmp_path)) | WHOLE


_SMALL = {"dcmaudit_preferences", "dcmaudit_version"}
"""Tables that do not grow with the files."""


def scans(store: Store, statement: str, values: object) -> list[str]:
    """The tables that a statement goes through row by row, without an index that narrows them."""
    if not re.match(r"\s*(SELECT|UPDATE|DELETE|INSERT|WITH)", statement) or statement.endswith("LIMIT 0"):
        return []
    if re.search(r"ORDER BY (\w+\.)?id DESC\s+LIMIT", statement) and "WHERE" not in statement:
        return []  # the newest rows, in the order in which the table lies
    with store._database.reading() as session:
        raw = session.connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection):
            first = values[0] if isinstance(values, list) else values
            plan = [str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", first).fetchall()]  # type: ignore[call-overload]
            found = [
                match[1] for line in plan if (match := re.match(r"SCAN (\w+)\b(?! USING (COVERING )?INDEX)", line))
            ]
        else:
            cursor = raw.cursor()  # type: ignore[union-attr]
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {statement}", values[0] if isinstance(values, list) else values)
            found = [m[1] for (line,) in cursor.fetchall() if (m := re.search(r'Seq Scan on "?(\w+)"?', line))]
    return [name for name in found if name.startswith(("Dicom", "dcmaudit_")) and name not in _SMALL]


def test_no_question_goes_through_a_table_row_by_row(store: Store, tmp_path: Path, location_kind: str) -> None:
    found: dict[str, set[str]] = {}
    with noted(store) as asked:
        for name, call in everything(store, tmp_path).items():
            asked.clear()
            call()
            statements = list(asked)
            for statement, values in statements:
                bad = scans(store, statement, values)
                if bad:
                    found.setdefault(name, set()).add(f"{bad}: {' '.join(statement.split())[:200]}")
    assert not found, "\n".join(f"{name}: {line}" for name, lines in found.items() for line in sorted(lines))


# --- all of it ----------------------------------------------------------------------------------------------------


def filled(opener: Opener, place: Path, files: int) -> Store:
    store = opener(place)
    for start in range(0, files, 500):
        store.put_results([file_rows(f"/{n:06}.dcm", RECTS[:3]) for n in range(start, start + 500)])
    return store


class Counting(io.TextIOBase):
    """Takes a text and keeps its length."""

    length = 0

    def write(self, text: str) -> int:
        self.length += len(text)
        return len(text)


@pytest.mark.parametrize("what", ["export_rects", "dump_json", "filenames"])
def test_lists_hold_no_more_of_a_large_database_than_of_a_small_one(what: str, tmp_path: Path, opener: Opener) -> None:

    peaks = []
    for files in (2_000, 12_000):
        store = filled(opener, tmp_path / str(files), files)
        calls: dict[str, Callable[[], object]] = {
            "export_rects": lambda store=store: store.export_rects(Counting()),  # type: ignore[misc]
            "dump_json": lambda store=store: store.dump_json(Counting()),  # type: ignore[misc]
            "filenames": lambda store=store: sum(1 for _ in store.filenames()),  # type: ignore[misc]
        }
        tracemalloc.start()
        calls[what]()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000, peaks


def test_info_counts_rows_that_nobody_understands_among_many_that_are_good(tmp_path: Path, opener: Opener) -> None:
    store = filled(opener, tmp_path, 1000)
    assert store.info().problems == 0
    bad = {
        "a word": "UPDATE DicomRects SET \"left\" = 'x' WHERE id = 5",
        "nothing": 'UPDATE DicomRects SET "top" = NULL WHERE id = 7',
        "the wrong way round": 'UPDATE DicomRects SET "right" = "left" - 1 WHERE id = 9',
        "too large": 'UPDATE DicomRects SET "right" = 9999999999 WHERE id = 11',
        "no plane": "UPDATE DicomRects SET frame = -7 WHERE id = 13",
        "no overlay": "UPDATE DicomRects SET overlay = 200 WHERE id = 15",
        "no UTF-8": "UPDATE DicomRects SET ocrtext = CAST(x'ff41' AS TEXT) WHERE id = 2017",
        "a lone continuation": "UPDATE DicomRects SET last_modified_by = CAST(x'80' AS TEXT) WHERE id = 2019",
        "both": "UPDATE DicomRects SET ocrtext = CAST(x'ff41' AS TEXT), frame = -7 WHERE id = 2021",
    }
    for number, (name, statement) in enumerate(bad.items(), start=1):
        with store._database.writing() as session:
            session.connection.exec_driver_sql(statement)
        info = store.info()
        assert info.problems == number, name
    assert (info.rects, info.files) == (3000, 1000)
    with store._database.writing() as session:
        session.connection.exec_driver_sql("UPDATE DicomRects SET ocrtext = 'übung ✓' WHERE id = 30")
    assert store.info().problems == len(bad)


ODD = [
    "'x'",
    "'7'",
    "x'37'",
    "''",
    "NULL",
    "1.5",
    "-1.5",
    "-1",
    "-2",
    "0",
    "3000000000",
    "9e99",
    "1000000",
    "127",
    "128",
]
"""Words, bytes, fractions and numbers at the limits of what a column may hold."""


@pytest.mark.parametrize("also", [[], ["right"], ["top", "left"], ["bottom", "right", "overlay"]])
def test_info_counts_exactly_the_rows_with_a_problem_whatever_stands_in_their_columns(
    tmp_path: Path, opener: Opener, also: list[str]
) -> None:
    """The question that finds them quickly knows no kind of value that the reading of a row does not know."""
    store = filled(opener, tmp_path, 500)
    number = 0
    with store._database.writing() as session:
        for column in ("left", "top", "right", "bottom", "frame", "overlay"):
            for value in ODD:
                number += 1
                changes = ", ".join(f'"{one}" = {value}' for one in dict.fromkeys([column, *also]))
                session.connection.exec_driver_sql(f"UPDATE DicomRects SET {changes} WHERE id = {number}")  # noqa: S608
    with store._database.reading() as session:
        rows = [row for name in store.filenames() for row in marks.find_rects(session, name)]
    assert len(rows) == 1500
    problems = sum(row.problem is not None for row in rows)
    assert 0 < problems < number
    assert store.info().problems == problems


def test_rows_of_our_own_table_that_nobody_understands_are_counted(store: Store) -> None:
    store.add_rects("/a.dcm", [NewRect(Box(1, 1, 5, 3), IconAddress(n)) for n in range(9)])
    with store._database.writing() as session:
        for number, change in enumerate(("scope = 'nowhere'", "scope = 'it''s'", '"left" = -5', '"top" = NULL')):
            session.connection.exec_driver_sql(f"UPDATE dcmaudit_rects SET {change} WHERE id = {number + 1}")  # noqa: S608
    assert store.info().problems == 4


# --- check and compact --------------------------------------------------------------------------------------------


def test_compact_gives_room_back_and_loses_nothing(store: Store, location_kind: str) -> None:
    store.put_results([file_rows(f"/{n}.dcm", RECTS[:3] * 5) for n in range(400)])
    for n in range(380):
        store.remove_rects([row.id for row in store.rects(f"/{n}.dcm")])
    with store._database.writing() as session:
        session.connection.exec_driver_sql("DELETE FROM dcmaudit_removed")
    kept = {f"/{n}.dcm": store.rects(f"/{n}.dcm") for n in range(400)}
    before, after = store.compact()
    if location_kind == "sqlite":
        assert after < before
    assert {name: store.rects(name) for name in kept} == kept
    assert store.check() == []


def test_compact_says_that_others_use_the_database(tmp_path: Path, opener: Opener) -> None:
    store = opener(tmp_path, timeout=0.2)
    store.add_rects("/a.dcm", RECTS)
    other = sqlite3.connect(tmp_path / "dcmaudit.sqlite.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"."):
        store.compact()
    other.close()
    assert len(store.rects("/a.dcm")) == len(RECTS)


def test_a_reader_compacts_nothing(tmp_path: Path, opener: Opener) -> None:
    opener(tmp_path).add_rects("/a.dcm", RECTS)
    with pytest.raises(StoreError, match=r"."):
        opener(tmp_path, read_only=True).compact()
