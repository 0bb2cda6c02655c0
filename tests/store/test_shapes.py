"""Shapes are rows of our own table; for other programs rectangles that cover them stand in DicomRects."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from dcmaudit.errors import UsageError
from dcmaudit.model import Box, DeviceFacts, Everywhere, FrameAddress, IconAddress, Origin, OverlayAddress, Size
from dcmaudit.model.records import shape_rect
from dcmaudit.model.screen import ShownArea
from dcmaudit.model.shapes import parse_shape
from dcmaudit.store import NewRect, Store, covers, migrate, open_store
from store.test_migrations import upgraded_to
from support.shapes import pixels
from support.stores import Opener

NAME = "/archive/cine.dcm"
SIZE = Size(64, 48)
FAN = parse_shape("keep fan 32,-8 6,44 58,44 32,4 in 64x48")
STAR = parse_shape("polygon 10,8 50,12 20,40 in 64x48")
DEVICE = DeviceFacts(modality="US", model="M", rows=48, columns=64, image_type=("ORIGINAL", "PRIMARY"))
QUERY = 'SELECT frame, overlay, "left", "top", "right", "bottom" FROM "DicomRects" WHERE filename = :name ORDER BY id'


def shared(store: Store, name: str = NAME) -> list[tuple[int, ...]]:
    """The rows of DicomRects, read past the store."""
    with store._database.reading() as session:
        return [tuple(row) for row in session.connection.execute(text(QUERY), {"name": name})]


def change(store: Store, statement: str) -> None:
    """What another program does to the database."""
    with store._database.writing() as session:
        session.connection.execute(text(statement))


def covered(rows: list[tuple[int, ...]], frame: int, overlay: int = -1) -> set[tuple[int, int]]:
    boxes = tuple(Box(r[2], r[3], r[4] + 1, r[5] + 1) for r in rows if r[:2] == (frame, overlay))
    return set(pixels(boxes))


def test_a_shape_comes_back_and_rectangles_cover_it_for_others(store: Store) -> None:
    ids = store.add_rects(NAME, [
        shape_rect(FAN, Everywhere.ALL_FRAMES, frames=3),
        shape_rect(STAR, FrameAddress(1)),
        shape_rect(STAR, OverlayAddress(0x6002, 0)),
        shape_rect(STAR, IconAddress(0)),
        NewRect(Box(1, 1, 3, 3), FrameAddress(0)),
    ])  # fmt: skip
    found = {row.id: row for row in store.rects(NAME)}
    assert [(found[name].shape, found[name].scope, found[name].problem) for name in ids] == [
        (FAN, Everywhere.ALL_FRAMES, None),
        (STAR, FrameAddress(1), None),
        (STAR, OverlayAddress(0x6002, 0), None),
        (STAR, IconAddress(0), None),
        (None, FrameAddress(0), None),
    ]
    assert found[ids[0]].boxes == FAN.boxes(SIZE)
    assert found[ids[1]].box == STAR.box(SIZE)
    assert len(found) == 5, "what stands for a shape is no mark of its own"
    rows = shared(store)
    for frame in range(3):
        assert set(pixels(FAN.boxes(SIZE))) <= covered(rows, frame)
    assert set(pixels(STAR.boxes(SIZE))) <= covered(rows, 0, 1)
    assert {row[:2] for row in rows} == {(0, -1), (1, -1), (2, -1), (0, 1)}
    assert store.info().shapes == 4
    assert {row.filename: len(list(store.rects_of([NAME])[NAME])) for row in store.rects(NAME)} == {NAME: 5}


def test_removing_and_restoring_take_the_rows_along(store: Store) -> None:
    (name,) = store.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES, frames=3)])
    before = shared(store)
    removed = store.remove_rects([name])
    assert shared(store) == []
    store.restore_rects(removed)
    assert sorted(shared(store)) == sorted(before)
    (row,) = store.rects(NAME)
    assert (row.id, row.shape, row.problem) == (name, FAN, None)
    former = store.clear(NAME)
    assert (store.rects(NAME), shared(store)) == ([], [])
    store.restore(former)
    assert [row.shape for row in store.rects(NAME)] == [FAN]
    assert store.check() == []


@pytest.mark.parametrize(
    "statement",
    [
        'DELETE FROM "DicomRects" WHERE id = (SELECT MAX(id) FROM "DicomRects")',
        'UPDATE "DicomRects" SET "right" = "right" - 1 WHERE id = (SELECT MIN(id) FROM "DicomRects")',
        'UPDATE "DicomRects" SET frame = 7 WHERE id = (SELECT MIN(id) FROM "DicomRects")',
    ],
)
def test_rows_that_another_program_changed_are_a_problem_of_the_shape(store: Store, statement: str) -> None:
    (name,) = store.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES, frames=2)])
    change(store, statement)
    broken = next(row for row in store.rects(NAME) if row.id == name)
    assert broken.problem
    assert "shape" in broken.problem
    assert (broken.box, broken.shape) == (None, None)
    assert len(store.rects(NAME)) > 1, "what is left counts as rectangles"
    store.remove_rects([name])
    assert all(row.problem is None for row in store.rects(NAME))


def test_a_shape_whose_text_changed_is_a_problem(store: Store) -> None:
    store.add_rects(NAME, [shape_rect(STAR, FrameAddress(0))])
    change(store, "UPDATE dcmaudit_rects SET shape = replace(shape, '50,12', '50,13')")
    (row,) = [row for row in store.rects(NAME) if row.id.startswith("x")]
    assert row.problem
    assert "stored" in row.problem
    assert row.shape is None
    assert store.info().problems == 1


def test_shapes_that_mean_nothing_are_refused(store: Store) -> None:
    for shape, scope in [
        (replace(STAR, size=None), FrameAddress(0)),
        (STAR, Everywhere.ALL_PLANES),
        (STAR, Everywhere.ALL_OVERLAYS),
        (parse_shape("polygon 70,70 90,70 90,90 in 64x48"), FrameAddress(0)),
        (parse_shape("keep rectangle 0,0 64,48 in 64x48"), FrameAddress(0)),
        (parse_shape("keep rectangle 64,0 80,48 in 64x48"), FrameAddress(0)),
    ]:
        with pytest.raises(UsageError):
            shape_rect(shape, scope)
    with pytest.raises(UsageError):
        store.add_rects(NAME, [NewRect(Box(0, 0, 1, 1), FrameAddress(0), shape=STAR)])
    assert store.rects(NAME) == []


def test_the_number_of_frames_may_be_noted_later(store: Store) -> None:
    store.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES)])
    assert shared(store) == []
    assert store.expand(NAME, 4) == 1
    assert {row[0] for row in shared(store)} == {0, 1, 2, 3}
    assert store.expand(NAME, 2) == 1
    assert {row[0] for row in shared(store)} == {0, 1}
    assert [row.shape for row in store.rects(NAME)] == [FAN]


def test_many_frames_get_fewer_rectangles_each() -> None:
    values = {"scope": "all frames", "shape": None, "left": 1, "top": 1, "right": 2, "bottom": 2}
    from dcmaudit.model.shapes import stored_text

    values["shape"] = stored_text(FAN)
    for frames in (1, 300, 5000, 20_000):
        places = covers.places(values, frames)
        assert frames <= len(places) <= covers.MOST
        assert set(pixels(FAN.boxes(SIZE))) <= {
            pixel for left, top, right, bottom, frame, _ in places if frame == frames - 1
            for pixel in pixels((Box(left, top, right + 1, bottom + 1),))
        }  # fmt: skip
    assert covers.places(values, 20_001) == []


# --- lists ----------------------------------------------------------------------------------------------------------


def test_exports_have_the_rectangles_and_name_the_shape(store: Store) -> None:
    store.add_rects(NAME, [
        shape_rect(FAN, Everywhere.ALL_FRAMES, frames=2), shape_rect(STAR, IconAddress(0)),
        NewRect(Box(1, 1, 3, 3), FrameAddress(0)),
    ])  # fmt: skip
    out = io.StringIO()
    assert store.export_rects(out) == len(shared(store)) + 1
    lines = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert {(line["frame"], line["dcmaudit_shape"]) for line in lines} == {
        ("0", FAN.text), ("1", FAN.text), ("", STAR.text), ("0", ""),
    }  # fmt: skip
    assert [line["dcmaudit_scope"] for line in lines if line["dcmaudit_shape"] == STAR.text] == ["i0"]
    boxes = tuple(
        Box(*(int(line[edge]) for edge in ("left", "top")), *(int(line[edge]) + 1 for edge in ("right", "bottom")))
        for line in lines if line["frame"] == "1"
    )  # fmt: skip
    assert set(pixels(FAN.boxes(SIZE))) <= set(pixels(boxes))
    dumped = io.StringIO()
    store.dump_json(dumped)
    found = json.loads(dumped.getvalue())
    assert len(found["rects"]) == len(shared(store))
    assert [(one["scope"], one["shape"]) for one in found["shapes"]] == [("all frames", FAN.text), ("i0", STAR.text)]
    assert store.count_shapes() == 2


def test_without_shapes_exports_are_what_they_were(store: Store) -> None:
    store.add_rects(NAME, [NewRect(Box(1, 1, 3, 3), FrameAddress(0))])
    out, dumped = io.StringIO(), io.StringIO()
    store.export_rects(out)
    store.dump_json(dumped)
    assert "dcmaudit_shape" not in out.getvalue()
    assert set(json.loads(dumped.getvalue())) == {"rects", "tags"}


def test_merging_takes_shapes_along(location: str, opener: Opener, tmp_path: Path) -> None:
    store, other = opener(location), opener(tmp_path / "other")
    other.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES, frames=2), shape_rect(STAR, FrameAddress(1))])
    other.close()
    with open_store(tmp_path / "other", user="tester", read_only=True) as read:
        assert [one.taken for one in store.merge(read._database)] == [True]
        assert [one.contradiction for one in store.merge(read._database)] == [None]
    assert [row.shape for row in store.rects(NAME)] == [FAN, STAR]
    assert set(pixels(FAN.boxes(SIZE))) <= covered(shared(store), 1)


# --- suggestions ----------------------------------------------------------------------------------------------------


def test_a_shape_is_suggested_to_images_of_the_same_device_and_size(store: Store) -> None:
    store.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES, frames=2), NewRect(Box(1, 1, 9, 5), FrameAddress(0))])
    store.mark_done(NAME, DEVICE)
    found = store.similar("/archive/other.dcm", DEVICE, FrameAddress(0))
    assert [(one.shape, one.means, one.origin) for one in found] == [
        (FAN, Everywhere.ALL_FRAMES, Origin.SIMILAR), (None, FrameAddress(0), Origin.SIMILAR),
    ]  # fmt: skip
    assert store.similar("/archive/other.dcm", replace(DEVICE, rows=50), FrameAddress(0)) == []
    assert store.similar("/archive/other.dcm", DEVICE, OverlayAddress(0x6000, 0)) == []
    assert [one.shape for one in store.similar("/archive/other.dcm", DEVICE, FrameAddress(7))] == [FAN]


def test_one_mask_a_device_is_proposed_the_newest(store: Store) -> None:
    newer = parse_shape("keep fan 32,-9 6,44 58,44 in 64x48")
    for name, shape in (("/a.dcm", FAN), ("/b.dcm", newer)):
        store.add_rects(name, [shape_rect(shape, Everywhere.ALL_FRAMES, frames=2), shape_rect(STAR, FrameAddress(0))])
        store.mark_done(name, DEVICE)
    found = store.similar("/c.dcm", DEVICE, FrameAddress(0))
    assert [one.shape for one in found] == [STAR, newer] or [one.shape for one in found] == [newer, STAR]
    assert "2 similar images" in next(one.reason for one in found if one.shape == STAR)


def test_learning_takes_no_shape_for_a_rectangle(store: Store) -> None:
    store.add_rects(NAME, [shape_rect(FAN, Everywhere.ALL_FRAMES, frames=2), NewRect(Box(1, 1, 9, 5), FrameAddress(0))])
    store.mark_done(NAME, DEVICE)
    (example,) = store.examples("/other.dcm", DEVICE)
    assert [(mark.left, mark.top, mark.right, mark.bottom) for mark in example.marks] == [(1, 1, 9, 5)]


def test_a_hidden_shape_hides_no_other(store: Store) -> None:
    area = ShownArea(Box(0, 0, 64, 48), FrameAddress(0), Origin.LEARNED, FAN)
    store.hide(NAME, area)
    store.hide(NAME, replace(area, shape=None))
    assert store.hidden(NAME) == {area, replace(area, shape=None)}
    store.unhide(NAME, replace(area, shape=None))
    assert store.hidden(NAME) == {area}
    store.unhide(NAME, area)
    assert store.hidden(NAME) == set()


# --- older databases ------------------------------------------------------------------------------------------------


def test_a_database_of_the_step_before_is_read_and_brought_up_to_date(tmp_path: Path) -> None:
    place = upgraded_to(tmp_path, "0010")
    with closing(sqlite3.connect(place)) as raw, raw:
        raw.execute(
            'INSERT INTO dcmaudit_rects (filename, scope, "top", "bottom", "left", "right", ocrengine, ocrtext, '
            "nerengine, nerpii, last_modified, last_modified_by) VALUES (?, 'i0', 0, 1, 0, 1, -1, '', -1, -1, "
            "'2026-01-01 00:00:00', 'me')", (NAME,),
        )  # fmt: skip
        raw.execute(
            'INSERT INTO dcmaudit_hidden (filename, scope, "top", "bottom", "left", "right", origin, hidden_at, '
            "hidden_by) VALUES (?, 'f0', 0, 1, 0, 1, 'learned', '2026-01-01', 'me')", (NAME,),
        )  # fmt: skip
    with open_store(place, user="tester", read_only=True) as store:
        assert [(row.box, row.shape) for row in store.rects(NAME)] == [(Box(0, 0, 2, 2), None)]
        assert store.hidden(NAME) == {ShownArea(Box(0, 0, 2, 2), FrameAddress(0), Origin.LEARNED)}
        assert store.similar(NAME, DEVICE, FrameAddress(0)) == []
        assert store.info().shapes == 0
        out = io.StringIO()
        store.export_rects(out)
        store.dump_json(io.StringIO())
    with open_store(place, user="tester") as store:
        store.add_rects(NAME, [shape_rect(STAR, FrameAddress(0))])
        assert [row.shape for row in store.rects(NAME)] == [None, STAR]
        assert store.check() == []
        assert store.info().version == migrate.HEAD
    assert migrate.HEAD >= "0011"
