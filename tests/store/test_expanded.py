"""A rectangle on all frames is one row for us, and one row a frame for everybody else."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dcmaudit.model import FRAMES, Box, DeviceFacts, Everywhere, FrameAddress, IconAddress
from dcmaudit.store import NewRect, Store, TagChange, expanded, open_store, schema
from support.stores import Opener
from support.where import span

NAME = "/archive/cine.dcm"
BOX = Box(3, 1, 5, 3)
EVERY = NewRect(BOX, Everywhere.ALL_FRAMES, frames=4)
DEVICE = DeviceFacts(modality="US", model="M", rows=10, columns=20)


def shared(store: Store) -> list[tuple[object, ...]]:
    """The rows of DicomRects, read past the store."""
    query = 'SELECT filename, frame, overlay, "left", "top", "right", "bottom" FROM "DicomRects" ORDER BY frame, id'
    with store._database.reading() as session:
        return [tuple(row) for row in session.connection.execute(text(query))]


def change(store: Store, statement: str) -> None:
    """What another program does to the database."""
    with store._database.writing() as session:
        session.connection.execute(text(statement))


def rows(count: int) -> list[tuple[object, ...]]:
    return [(NAME, frame, -1, 3, 1, 4, 2) for frame in range(count)]


def test_one_row_here_and_one_row_a_frame_there(store: Store) -> None:
    (name,) = store.add_rects(NAME, [EVERY])
    assert shared(store) == rows(4)
    assert [(row.id, row.scope, row.box) for row in store.rects(NAME)] == [(name, Everywhere.ALL_FRAMES, BOX)]
    dumped = io.StringIO()
    assert store.dump_json(dumped) == []
    found = json.loads(dumped.getvalue())
    assert [row["frame"] for row in found["rects"]] == [0, 1, 2, 3]
    assert "extra_rects" not in found


def test_removing_and_restoring_take_the_rows_along(store: Store) -> None:
    (name,) = store.add_rects(NAME, [EVERY])
    store.add_rects(NAME, [NewRect(BOX, FrameAddress(2))])
    removed = store.remove_rects([name])
    assert shared(store) == [(NAME, 2, -1, 3, 1, 4, 2)], "a rectangle of one frame is another one"
    store.restore_rects(removed)
    assert len(shared(store)) == 5
    assert len(store.rects(NAME)) == 2
    cleared = store.clear(NAME)
    assert shared(store) == []
    store.restore(cleared)
    assert len(shared(store)) == 5
    assert [row.scope for row in store.rects(NAME)] == [FrameAddress(2), Everywhere.ALL_FRAMES]


@pytest.mark.parametrize(
    "statement",
    ['DELETE FROM "DicomRects" WHERE frame = 2', 'UPDATE "DicomRects" SET "right" = 9 WHERE frame = 2'],
)
def test_what_another_program_deletes_or_changes_is_neither_undone_nor_lost(store: Store, statement: str) -> None:
    (name,) = store.add_rects(NAME, [EVERY])
    change(store, statement)
    found = store.rects(NAME)
    problem = found[-1]
    assert problem.id == name
    assert problem.box is None
    assert "frame 2 of 4 in DicomRects were deleted or changed by another program" in str(problem.problem)
    left = {row.scope: row.box for row in found[:-1]}
    wanted = dict.fromkeys(map(FrameAddress, range(4)), BOX)
    wanted.pop(FrameAddress(2))
    if "right" in statement:
        wanted[FrameAddress(2)] = Box(3, 1, 10, 3)
    assert left == wanted
    removed = store.remove_rects([name])
    assert {row.scope: row.box for row in store.rects(NAME)} == wanted, "what was left stays"
    store.restore_rects(removed)
    assert [row.id for row in store.rects(NAME) if row.problem] == [name], "undo does not undo the other program"
    assert store.expand(NAME, 4) == 0


def test_all_rows_deleted_by_another_program_are_told(store: Store) -> None:
    store.add_rects(NAME, [EVERY])
    change(store, 'DELETE FROM "DicomRects"')
    (row,) = store.rects(NAME)
    assert "all its rows" in str(row.problem)


def test_an_export_holds_every_rectangle_in_one_list(store: Store) -> None:
    store.add_rects(NAME, [NewRect(BOX, IconAddress(0)), EVERY, NewRect(BOX, Everywhere.ALL_OVERLAYS)])
    out = io.StringIO(newline="")
    assert store.export_rects(out) == 6
    lines = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert [(line["frame"], line["overlay"], line["dcmaudit_scope"]) for line in lines] == [
        *((str(frame), "-1", "") for frame in range(4)), ("", "", "i0"), ("", "", "all overlays"),
    ]  # fmt: skip


def test_the_number_of_frames_may_become_known_later(store: Store) -> None:
    store.add_rects(NAME, [NewRect(BOX, Everywhere.ALL_FRAMES)])
    out = io.StringIO()
    assert store.dump_json(out) == [NAME]
    assert store.expand(NAME, 3) == 1
    assert shared(store) == rows(3)
    assert store.expand(NAME, 3) == 0
    assert store.expand(NAME, 5) == 1, "the file has other frames now"
    assert shared(store) == rows(5)
    assert len(store.rects(NAME)) == 1


def test_a_rectangle_on_very_many_frames_stays_one_row(store: Store) -> None:
    store.add_rects(NAME, [NewRect(BOX, Everywhere.ALL_FRAMES, frames=expanded.MOST + 1)])
    assert shared(store) == []
    assert store.expand(NAME, expanded.MOST + 1) == 0
    assert store.dump_json(io.StringIO()) == [NAME]


def test_learning_counts_it_once_and_similar_images_tell_its_scope(store: Store) -> None:
    store.add_rects(NAME, [EVERY, NewRect(Box(8, 8, 9, 9), FrameAddress(1))])
    store.finish(NAME, DEVICE, change=TagChange(marked=False, comment=""))
    (example,) = store.examples("/other.dcm", DEVICE)
    assert {(mark.left, mark.reach) for mark in example.marks} == {(3, FRAMES), (8, span("f", 1, 2))}
    found = {region.box: region.means for region in store.similar("/other.dcm", DEVICE, FrameAddress(1))}
    assert found == {BOX: Everywhere.ALL_FRAMES, Box(8, 8, 9, 9): FrameAddress(1)}


def older(folder: Path) -> Path:
    """Make the database as the version before left it."""
    path = folder / "dcmaudit.sqlite.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('DELETE FROM "DicomRects"')
        later = [name for step, names in schema.STEPS.items() if step > schema.SUMS for name in sorted(names)]
        for statement in (
            *(f"DROP TABLE {name}" for name in later),
            "ALTER TABLE dcmaudit_rects DROP COLUMN frames", "UPDATE dcmaudit_version SET version_num = '0004'",
        ):  # fmt: skip
            connection.execute(statement)
    connection.close()
    return path


def test_databases_of_earlier_versions_are_dumped_and_migrated_where_frames_are_known(
    tmp_path: Path, opener: Opener
) -> None:
    with open_store(tmp_path, user="u") as store:
        store.add_rects(NAME, [NewRect(BOX, Everywhere.ALL_FRAMES)])
        store.add_rects("/unknown.dcm", [NewRect(BOX, Everywhere.ALL_FRAMES)])
        store.learn(NAME, DEVICE, frames=3, groups=[FRAMES], judged=[])
    before = older(tmp_path).read_bytes()
    reader = opener(tmp_path, read_only=True)
    out = io.StringIO()
    assert reader.dump_json(out) == ["/unknown.dcm"]
    assert [row["frame"] for row in json.loads(out.getvalue())["rects"]] == [0, 1, 2]
    assert (tmp_path / "dcmaudit.sqlite.db").read_bytes() == before
    writer = opener(tmp_path)
    writer.put_preference("any", 1)
    assert shared(writer) == rows(3)
    assert [row.scope for row in writer.rects(NAME)] == [Everywhere.ALL_FRAMES]
    assert len(writer.rects("/unknown.dcm")) == 1
