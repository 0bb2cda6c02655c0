"""Rectangles that the database packs: the same rows, sums and damage as those that are read one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dcmaudit.errors import StoreCorruptError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, OverlayAddress, ReviewState, Size, Verdict
from dcmaudit.model.packed import PackedRects
from dcmaudit.model.records import MarkedFile, RectRow, shape_rect
from dcmaudit.model.shapes import parse_shape
from dcmaudit.store import NewRect, OcrEngine, Store, open_store, sums
from dcmaudit.store.formula import MODULUS, sum_of
from dcmaudit.store.packed import COLUMNS, unpack

PLAIN = (
    NewRect(Box(3, 1, 5, 3), FrameAddress(7), OcrEngine.RAPIDOCR, "Mü#ller", verdict=Verdict.IDENTIFYING),
    NewRect(Box(0, 0, 2, 2), OverlayAddress(0x6002, 3), 777, "", verdict=Verdict.HARMLESS),
    NewRect(None, FrameAddress(7), OcrEngine.RAPIDOCR, "whole text"),
)
NUMBERS = COLUMNS[1:]
LEFT_OUT = {"text", "modified", "modified_by", "stored"}
"""What is not packed."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "marks", user="tester") as store:
        yield store


def told(row: RectRow) -> dict[str, object]:
    return {one.name: getattr(row, one.name) for one in fields(row) if one.name not in LEFT_OUT}


def both(store: Store, *names: str) -> list[tuple[MarkedFile, MarkedFile]]:
    return list(zip(store.marks_of(names), store.marks_of(names, pack=True), strict=True))


def changed(store: Store, query: str, *values: object) -> None:
    with store._database.writing() as session:
        session.connection.exec_driver_sql(query, values)


def test_packed_rows_are_those_that_are_read(store: Store) -> None:
    for number in range(30):
        store.add_rects(f"/{number}.dcm", PLAIN[: number % 4])
    store.mark_done("/29.dcm", DeviceFacts("US"))
    store.mark_done("/28.dcm", DeviceFacts("US"))
    names = [f"/{number}.dcm" for number in range(31)] + ["/29.dcm", "/\udcff"]
    found = both(store, *names)
    assert sum(packed.packed is not None for _, packed in found) == 23
    for read, packed in found:
        assert (read.state, read.noted, read.corrupt, read.done) == (
            packed.state, packed.noted, packed.corrupt, packed.done
        )  # fmt: skip
        assert read.packed is None
        assert not packed.rects
        rows = unpack(packed.packed) if packed.packed is not None else []
        assert list(map(told, rows)) == list(map(told, read.rects))


def test_no_text_is_packed(store: Store) -> None:
    store.add_rects("/a.dcm", PLAIN)
    ((_, packed),) = both(store, "/a.dcm")
    assert packed.packed is not None
    assert not any(word in packed.packed.rows for word in ("ller", "whole", "tester"))


SHAPE = shape_rect(parse_shape("polygon 4,3 28,5 9,21").on(Size(30, 24)), FrameAddress(0))


@pytest.mark.parametrize("rect", [SHAPE, NewRect(Box(1, 1, 2, 2), Everywhere.ALL_FRAMES, frames=3)])
def test_what_stands_in_two_tables_is_read(store: Store, rect: NewRect) -> None:
    store.add_rects("/a.dcm", [*PLAIN, rect])
    store.add_rects("/b.dcm", PLAIN)
    (read, packed), (_, other) = both(store, "/a.dcm", "/b.dcm")
    assert (packed.packed, list(map(told, packed.rects))) == (None, list(map(told, read.rects)))
    assert other.packed is not None


@pytest.mark.parametrize(
    "change",
    [
        "frame = NULL", "frame = 1.5", "frame = 'many'", "nerpii = NULL", "ocrengine = 1e400", "ocrengine = -1e400",
        "ocrtext = CAST(x'c3' AS TEXT)", "last_modified_by = CAST(x'41ff' AS TEXT)", "\"left\" = x'00'",
        "last_modified = CAST(x'c3' AS TEXT), last_modified_by = CAST(x'a9' AS TEXT)", "\"right\" = 'x#y'",
    ],
)  # fmt: skip
def test_what_is_no_whole_number_and_no_text_is_read_and_told_as_ever(store: Store, change: str) -> None:
    for name in ("/a.dcm", "/b.dcm"):
        store.add_rects(name, PLAIN)
    changed(store, f"UPDATE \"DicomRects\" SET {change} WHERE filename = '/a.dcm' AND frame = 7")  # noqa: S608
    (read, packed), (other, also) = both(store, "/a.dcm", "/b.dcm")
    assert packed.packed is None
    assert (packed.corrupt, list(map(told, packed.rects))) == (read.corrupt, list(map(told, read.rects)))
    assert len(other.rects) == len(unpack(also.packed) if also.packed is not None else also.rects)


def test_a_table_with_columns_of_others_is_read(store: Store) -> None:
    store.add_rects("/a.dcm", PLAIN)
    changed(store, 'ALTER TABLE "DicomRects" ADD COLUMN "shape" TEXT')
    ((read, packed),) = both(store, "/a.dcm")
    assert (packed.packed, packed.rects) == (None, read.rects)


def test_edges_that_mean_nothing_are_problems_of_their_row_there_too(store: Store) -> None:
    store.add_rects("/a.dcm", PLAIN)
    changed(store, 'UPDATE "DicomRects" SET "right" = 1, "left" = 9 WHERE frame = 7')
    ((read, packed),) = both(store, "/a.dcm")
    assert packed.packed is not None
    assert list(map(told, unpack(packed.packed))) == list(map(told, read.rects))
    assert any(row.problem for row in read.rects)


@pytest.mark.parametrize(
    "damage", ["UPDATE \"DicomRects\" SET \"left\" = \"left\" + 1 WHERE frame = 7", 'DELETE FROM "DicomRects"']
)  # fmt: skip
def test_rows_that_are_not_those_that_were_stored_are_refused(store: Store, damage: str) -> None:
    for name in ("/a.dcm", "/b.dcm"):
        store.add_rects(name, PLAIN)
        store.mark_done(name, DeviceFacts("US"))
    triggers = {name: sql for name, sql in sums.sqlite_triggers().items() if name.startswith("dcmaudit_sums_rects")}
    for name in triggers:
        changed(store, f"DROP TRIGGER {name}")
    changed(store, f"{damage} {'AND' if 'WHERE' in damage else 'WHERE'} filename = '/a.dcm'")
    for sql in triggers.values():
        changed(store, sql)
    (read, packed), (_, other) = both(store, "/a.dcm", "/b.dcm")
    assert read.corrupt is not None
    assert packed.state is ReviewState.DONE
    assert packed.packed is not None
    with pytest.raises(StoreCorruptError) as raised:
        unpack(packed.packed)
    assert raised.value.words == read.corrupt.words
    assert other.packed is not None
    assert len(unpack(other.packed)) == len(PLAIN)


def test_a_name_whose_rectangles_were_all_removed_has_none(store: Store) -> None:
    store.remove_rects(store.add_rects("/a.dcm", PLAIN))
    store.remove_rects(store.add_rects("/b.dcm", PLAIN))
    store.mark_done("/b.dcm", DeviceFacts("US"))
    (read, packed), (_, done) = both(store, "/a.dcm", "/b.dcm")
    assert (read.state, packed.state, packed.packed) == (ReviewState.NOT_REVIEWED, ReviewState.NOT_REVIEWED, None)
    assert done.state is ReviewState.DONE
    assert done.packed is not None
    assert unpack(done.packed) == []


NUMBER = some.one_of(some.integers(-3, 3000), some.integers(-(2**63), 2**63 - 1))


@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(NUMBER, some.tuples(*[NUMBER] * len(NUMBERS)), some.none() | some.text()), max_size=4))
def test_python_says_the_sum_that_the_database_says(rows: list[tuple[int, tuple[int, ...], str | None]]) -> None:
    import sqlite3

    raw = sqlite3.connect(":memory:")
    columns = ", ".join(f'"{name}"' for name in NUMBERS)
    raw.execute(f'CREATE TABLE "DicomRects" (id INTEGER, {columns}, ocrtext TEXT)')
    rows = [(number, values, None if text is None else text.encode("utf-8", "ignore").decode().replace("\0", ""))
            for number, values, text in rows]  # fmt: skip
    raw.executemany(
        f'INSERT INTO "DicomRects" VALUES ({", ".join("?" * (len(NUMBERS) + 2))})',  # noqa: S608
        [(number, *values, text) for number, values, text in rows],
    )
    source = next(one for one in sums.SOURCES if one.table == "DicomRects")
    assert source.numbers == NUMBERS
    value = sums.value(source, "m", is_sqlite=True)
    (total,) = raw.execute(f'SELECT coalesce(sum({value}), 0) % {MODULUS} FROM "DicomRects" AS m').fetchone()  # noqa: S608
    raw.close()
    assert sum_of((n, v, -1 if text is None else len(text)) for n, v, text in rows) == total


def test_packed_rows_that_cannot_be_are_refused() -> None:
    packed = PackedRects("/a.dcm", "[[1,1,1,1,1,0,-1,1,1,1,0]]", 1, 5, "/db")
    with pytest.raises(StoreCorruptError, match=r"/a\.dcm"):
        unpack(packed)
