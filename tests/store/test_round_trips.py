"""Whatever can be written comes back equal, from the store and from its exports."""

from __future__ import annotations

import csv
import io
import itertools
import json
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcmaudit.model import (
    Box,
    DeviceFacts,
    Everywhere,
    FrameAddress,
    FrameRange,
    HowSeen,
    IconAddress,
    OverlayAddress,
    Scope,
    StrayBitAddress,
    Verdict,
)
from dcmaudit.model.addresstexts import scope_text, shared_columns
from dcmaudit.store import NerEngine, NewRect, OcrEngine, Store, TagChange, open_store, schema
from dcmaudit.store.journal import joined, parse_ranges, ranges_text
from dcmaudit.store.rect_ids import RectTable
from dcmaudit.store.rows import rect_row, rect_values
from support.stored import put_seen
from support.where import span

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NUMBER = st.integers(0, 2**31 - 2)
EDGE = st.integers(0, 100_000)
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), EDGE, EDGE, st.integers(1, 9999), st.integers(1, 9999))
SCOPES: st.SearchStrategy[Scope] = st.one_of(
    st.sampled_from(Everywhere),
    st.builds(FrameAddress, NUMBER),
    st.builds(OverlayAddress, st.integers(0, 127).map(lambda slot: 0x6000 + 2 * slot), NUMBER),
    st.builds(StrayBitAddress, st.integers(0, 63), NUMBER),
    st.builds(IconAddress, st.integers(0, 99)),
)
RECTS = st.builds(
    NewRect,
    box=st.none() | BOXES,
    scope=SCOPES,
    engine=st.sampled_from(OcrEngine) | st.integers(200, 300),
    text=TEXT,
    ner=st.sampled_from(NerEngine) | st.integers(200, 300),
    verdict=st.sampled_from(Verdict),
)
WORD = TEXT.filter(bool)
DEVICES = st.builds(
    DeviceFacts,
    modality=st.none() | WORD.filter(lambda word: word != "NoModality"),
    image_type=st.none() | st.lists(TEXT, min_size=1, max_size=5).map(tuple).filter(lambda v: v != ("NoImageType",)),
    model=st.none() | WORD.filter(lambda word: word != "NoModel"),
    burned_in_annotation=st.none() | WORD.filter(lambda word: word != "NoBIA"),
    rows=st.none() | st.integers(1, 65535),
    columns=st.none() | st.integers(1, 65535),
)
RANGES = st.lists(
    st.builds(lambda start, count: FrameRange(start, start + count), st.integers(0, 60), st.integers(1, 60))
)


@pytest.fixture(scope="module")
def written_store() -> Iterator[Store]:
    """One store for all examples, each of which uses a name of its own."""
    with tempfile.TemporaryDirectory() as folder, open_store(folder, user="tester") as store:
        yield store


def text_of(store: Store, what: str) -> str:
    out = io.StringIO(newline="")
    getattr(store, what)(out)
    return out.getvalue()


@given(rect=RECTS)
def test_a_rectangle_becomes_columns_and_a_rectangle_again(rect: NewRect) -> None:
    values = rect_values("name", rect, "tester")
    shared = shared_columns(rect.scope)
    if shared is None:
        row = rect_row({"id": 1, **values, "scope": scope_text(rect.scope)}, RectTable.OWN)
    else:
        row = rect_row({"id": 1, **values, "frame": shared[0], "overlay": shared[1]}, RectTable.SHARED)
    assert row.problem is None
    assert (row.box, row.scope, row.engine, row.text, row.ner, row.verdict) == (
        rect.box, rect.scope, rect.engine, rect.text, rect.ner, rect.verdict,
    )  # fmt: skip


@given(row=st.dictionaries(
    st.sampled_from(["top", "bottom", "left", "right", "frame", "overlay", "ocrengine", "nerengine", "nerpii",
                     "filename", "ocrtext", "last_modified", "last_modified_by"]),
    st.none() | st.integers(-5, 500) | st.floats() | TEXT | st.binary(max_size=5),
))  # fmt: skip
def test_no_row_whatever_is_in_it_makes_reading_fail(row: dict[str, object]) -> None:
    found = rect_row({"id": 1, **row}, RectTable.SHARED)
    assert (found.problem is None) == (found.scope is not None)
    if found.problem is not None:
        assert found.box is None


@given(one=RANGES, other=RANGES)
def test_ranges_hold_exactly_the_numbers_put_in(one: list[FrameRange], other: list[FrameRange]) -> None:
    both = joined(one + other)
    numbers = {number for each in one + other for number in each}
    assert [number for each in both for number in each] == sorted(numbers)
    assert parse_ranges(ranges_text(both)) == both
    assert all(left.stop < right.start for left, right in itertools.pairwise(both))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rects=st.lists(RECTS, max_size=4), device=DEVICES, comment=st.none() | WORD, marked=st.booleans(), name=WORD)
def test_marks_come_back_from_the_store_and_from_its_exports(
    written_store: Store,
    rects: list[NewRect],
    device: DeviceFacts,
    comment: str | None,
    name: str,
    *,
    marked: bool,
) -> None:
    store = written_store
    store.clear(name)
    store.add_rects(name, rects)
    store.finish(name, device, change=TagChange(marked=marked, comment=comment))
    tag = store.tag(name)
    assert tag is not None
    assert (tag.device, tag.comment, tag.marked) == (device, comment, marked)
    rows = store.rects(name)
    assert sorted((row.box is None, str(row.scope), row.text, int(row.engine or 0)) for row in rows) == sorted(
        (rect.box is None, str(rect.scope), rect.text, int(rect.engine)) for rect in rects
    )
    dumped = json.loads(text_of(store, "dump_json"))
    shared = [row for row in rows if row.id.startswith("r")]
    assert [row["ocrtext"] for row in dumped["rects"] if row["filename"] == name] == [row.text for row in shared]
    exported = list(csv.DictReader(io.StringIO(text_of(store, "export_rects"), newline="")))
    assert [row["ocrtext"] for row in exported if row["filename"] == name] == [row.text for row in rows]
    (line,) = [
        row for row in csv.DictReader(io.StringIO(text_of(store, "export_tags"), newline="")) if row["filename"] == name
    ]
    assert line["mark"] == str(marked)
    assert line["comment"] == (comment or "")
    assert tuple(json.loads(line["ImageType"])) == (device.image_type or ("NoImageType",))
    marks = store.clear(name)
    store.restore(marks)
    assert store.rects(name) == rows
    assert store.tag(name) == tag


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=5), name=WORD)
def test_planes_seen_come_back(written_store: Store, parts: list[tuple[int, int]], name: str) -> None:
    before = {n for record in written_store.seen(name) for each in record.spans for n in each.frames}
    put_seen(written_store, name, HowSeen.PAINTED, [span("f", start, start + count) for start, count in parts])
    (record,) = written_store.seen(name)
    expected = before | {number for start, count in parts for number in range(start, start + count)}
    assert {n for each in record.spans for n in each.frames} == expected


def test_the_tables_of_rectangles_have_the_names_of_the_schema() -> None:
    assert (schema.rects.name, schema.extra_rects.name) == (RectTable.SHARED, RectTable.OWN)
