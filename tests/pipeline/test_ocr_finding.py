"""The own detector along the whole path of one file, with a small network in the place of the trained one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.audit import search
from dcmaudit.detect.ocr import FinderKind, Mode
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.detect.textnet import SMALLER, TextNet, network
from dcmaudit.errors import EngineError, StoreError
from dcmaudit.model import Box, Everywhere, FileReading, FrameAddress, Outcome, Verdict
from dcmaudit.pipeline.ocr import OcrJob, read_file
from dcmaudit.report.findings_list import csv_lines
from dcmaudit.store import NewRect, OcrEngine, Store, open_store
from support.files import MemoryReference, dataset, file_bytes
from support.readings import is_read, store_reading
from support.smallnet import write_net

UNREAD = OcrJob("rapidocr", Mode.DEFAULT, chain_plan(DEFAULT), finder=FinderKind.OWN, read=False)
WORD, OTHER = Box(40, 60, 160, 72), Box(200, 300, 280, 312)


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[TextNet]]:
    """The small network; the list has every one that was made."""
    monkeypatch.setattr(network, "FOLDER", write_net(tmp_path / "net"))
    made: list[TextNet] = []
    begin = TextNet.__init__

    def noted(self: TextNet, *how: Any) -> None:
        begin(self, *how)
        made.append(self)

    monkeypatch.setattr(TextNet, "__init__", noted)
    search.finder_of.cache_clear()
    yield made
    search.finder_of.cache_clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "db", user="tester") as opened:
        yield opened


def frame(*boxes: Box, shape: tuple[int, int] = (512, 640)) -> np.ndarray:
    picture = np.full(shape, 20, np.uint8)
    picture[0, 0], picture[0, -1] = 0, 255
    for box in boxes:
        picture[box.top : box.bottom, box.left : box.right] = 255
    return picture


def memory(array: np.ndarray, **how: Any) -> MemoryReference:
    return MemoryReference("/archive/a.dcm", file_bytes(dataset(array, **how)))


def boxes(reading: FileReading) -> list[list[Box]]:
    return [[finding.box for finding in plane.findings] for plane in reading.planes]


def test_finding_without_reading_tells_where_text_is_and_treats_it_as_identifying() -> None:
    reading = read_file(UNREAD, memory(frame(WORD)))
    assert reading.result.outcome is Outcome.DONE
    (finding,) = reading.planes[0].findings
    assert finding.box.contains(WORD)
    assert finding.text == ""
    assert finding.judgement.verdict is Verdict.UNKNOWN
    assert finding.judgement.verdict is not Verdict.HARMLESS
    assert "not read" in finding.judgement.reason
    assert finding.engine is OcrEngine.LINES
    assert reading.verdict is Verdict.UNKNOWN
    assert read_file(UNREAD, memory(frame())).verdict is None


def test_text_in_a_few_levels_of_many_is_found_in_a_further_picture() -> None:
    cells = np.full((512, 640), 100, np.uint16)
    for box in (WORD,):
        cells[box.top : box.bottom, box.left : box.right] = 180
    cells[-1, -1] = 4095
    window = {"WindowCenter": "130", "WindowWidth": "90"}
    source = memory(cells, bits_stored=12, extra=window)
    assert [box.contains(WORD) for box in boxes(read_file(UNREAD, source))[0]] == [True]
    assert boxes(read_file(replace(UNREAD, mode=Mode.FAST), source)) == [[]]


def moving(count: int) -> np.ndarray:
    """A cine with a resting word, a moving square, and another word in the fourth frame alone."""
    frames = np.stack([frame(WORD) for _ in range(count)])
    for number in range(count):
        frames[number, 420:450, 8 * number : 8 * number + 30] = 120
    frames[3, OTHER.top : OTHER.bottom, OTHER.left : OTHER.right] = 255
    return frames


def test_a_cine_costs_little_and_text_of_a_single_frame_is_found_in_that_frame(small: list[TextNet]) -> None:
    frames = moving(20)
    reading = read_file(UNREAD, memory(frames, frames=20))
    assert [len(plane.findings) for plane in reading.planes] == [2 if number == 3 else 1 for number in range(20)]
    assert any(box.contains(OTHER) for box in boxes(reading)[3])
    assert all(any(box.contains(WORD) for box in found) for found in boxes(reading))
    cine = small[0].pixels_seen
    assert cine < 0.35 * frames.size  # the median, the first frame, and what changed
    singly = [read_file(UNREAD, memory(one)) for one in frames]
    smaller = sum(frames.size // times**2 for times in SMALLER)
    assert small[0].pixels_seen - cine == frames.size + smaller
    assert [len(one.planes[0].findings) for one in singly] == [len(plane.findings) for plane in reading.planes]


def test_frames_of_one_file_do_not_leak_into_the_next() -> None:
    read_file(UNREAD, memory(moving(8), frames=8))
    assert boxes(read_file(UNREAD, memory(np.stack([frame(), frame()]), frames=2))) == [[], []]


def test_a_plane_much_larger_than_a_tile_is_looked_at_in_parts() -> None:
    wide = Box(2900, 1200, 3060, 1212)
    picture = frame(wide, shape=(1300, 3100))
    reading = read_file(UNREAD, memory(picture))
    assert [box.contains(wide) for box in boxes(reading)[0]] == [True]


def test_a_frame_on_which_the_detector_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = TextNet._run

    def fails(self: TextNet, part: np.ndarray) -> Any:
        if (part == 77).any():
            raise EngineError("the text detector failed on a picture")
        return run(self, part)

    monkeypatch.setattr(TextNet, "_run", fails)
    frames = np.stack([frame(WORD), frame(WORD, OTHER), frame(OTHER)])
    frames[1, 10, 10] = 77
    reading = read_file(UNREAD, memory(frames, frames=3))
    assert reading.result.outcome is Outcome.PARTLY
    assert reading.result.reasons == ("frame 2/3: the text detector failed on a picture",)
    assert [len(plane.findings) for plane in reading.planes] == [1, 0, 1]


def test_without_weights_every_file_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "net" / "weights.onnx").unlink()
    reading = read_file(UNREAD, memory(frame(WORD)))
    assert reading.result.outcome is Outcome.FAILED
    assert "weights.onnx of the text detector is missing" in reading.result.reasons[0]


# --- where findings go


def test_unread_lines_are_stored_without_text_and_whoever_reads_takes_their_place(store: Store) -> None:
    found = read_file(UNREAD, memory(frame(WORD)))
    store_reading(store, found, OcrEngine.LINES)
    rows = store.rects("/archive/a.dcm")
    assert [(row.engine, row.text, row.verdict) for row in rows if row.box] == [(101, "", Verdict.UNKNOWN)]
    assert is_read(rows, OcrEngine.LINES)
    assert not is_read(rows, OcrEngine.RAPIDOCR)
    finding = replace(found.planes[0].findings[0], text="WORD", engine=OcrEngine.RAPIDOCR)
    plane = replace(found.planes[0], findings=(finding,))
    store_reading(store, replace(found, planes=(plane,)), OcrEngine.RAPIDOCR)
    rows = store.rects("/archive/a.dcm")
    assert {row.engine for row in rows} == {100}
    assert [row.text for row in rows if row.box] == ["WORD"]


def as_read(found: FileReading, text: str = "WORD") -> FileReading:
    """The same findings, but read."""
    planes = [
        replace(plane, findings=tuple(replace(one, text=text, engine=OcrEngine.RAPIDOCR) for one in plane.findings))
        for plane in found.planes
    ]
    return replace(found, planes=tuple(planes))


def test_finding_without_reading_adds_only_what_was_not_read_before(store: Store) -> None:
    store_reading(store, as_read(read_file(UNREAD, memory(frame(WORD)))), OcrEngine.RAPIDOCR)
    before = [row.id for row in store.rects("/archive/a.dcm")]
    again = read_file(UNREAD, memory(frame(WORD)))
    assert store_reading(store, again, OcrEngine.LINES) == 0
    rows = store.rects("/archive/a.dcm")
    assert [row.text for row in rows if row.box] == ["WORD"]
    assert is_read(rows, OcrEngine.LINES)
    for _ in range(2):  # and the second time it replaces its own
        store_reading(store, read_file(UNREAD, memory(frame(WORD, OTHER))), OcrEngine.LINES)
        rows = store.rects("/archive/a.dcm")
        assert [(row.text, row.engine) for row in rows if row.box] == [("WORD", 100), ("", 101)]
    assert set(before) <= {row.id for row in rows}


def test_what_is_known_of_a_plane_that_was_not_looked_at_now_stays(store: Store) -> None:
    found = as_read(read_file(UNREAD, memory(np.stack([frame(WORD), frame(OTHER), frame(WORD, OTHER)]), frames=3)))
    store_reading(store, found, OcrEngine.RAPIDOCR)
    planes = (found.planes[0], replace(found.planes[1], findings=(), reason="it cannot be decoded"))
    cut = replace(found, planes=planes, result=replace(found.result, outcome=Outcome.PARTLY, reasons=("frame 2/3",)))
    store_reading(store, as_read(cut, "NEW"), OcrEngine.RAPIDOCR)
    rows = store.rects("/archive/a.dcm")
    assert sorted((row.scope.frame, row.text) for row in rows if row.box and isinstance(row.scope, FrameAddress)) == [
        (0, "NEW"), (1, "WORD"), (2, "WORD"), (2, "WORD"),
    ]  # fmt: skip
    assert not is_read(rows, OcrEngine.RAPIDOCR)  # it is to be looked at again


def test_the_csv_says_that_lines_were_not_read() -> None:
    lines = csv_lines(read_file(UNREAD, memory(frame(WORD))), OcrEngine.LINES).split("\r\n")
    assert ",lines," in lines[0]
    assert lines[0].endswith(",,,-1")
    assert lines[1].replace('"', "").endswith(",lines,-1,-1,-1,-1,,,-1")


def test_findings_are_replaced_wholly_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add_rects("/archive/a.dcm", [NewRect(Box(1, 1, 5, 5), FrameAddress(0))])  # a reviewer's
    found = read_file(UNREAD, memory(frame(WORD, OTHER)))
    store_reading(store, found, OcrEngine.LINES)
    before = store.rects("/archive/a.dcm")
    from dcmaudit.store import blocks

    insert = blocks.insert_many

    def dies(session: Any, table: str, columns: Any, values: Any) -> None:
        insert(session, table, columns, list(values)[:1])
        raise StoreError("the disk is full")

    monkeypatch.setattr(blocks, "insert_many", dies)
    with pytest.raises(StoreError):
        store_reading(store, found, OcrEngine.LINES)
    assert store.rects("/archive/a.dcm") == before
    monkeypatch.setattr(blocks, "insert_many", insert)
    store_reading(store, read_file(UNREAD, memory(frame(WORD))), OcrEngine.LINES)
    rows = store.rects("/archive/a.dcm")
    assert sum(row.box is not None for row in rows) == 2
    assert [row for row in rows if row.scope is Everywhere.ALL_PLANES and row.engine == 101]


def test_rows_of_other_files_are_never_replaced(store: Store) -> None:
    store.add_rects("/archive/b.dcm", [NewRect(Box(1, 1, 5, 5), FrameAddress(0), engine=101)])
    store_reading(store, read_file(UNREAD, memory(frame(WORD))), OcrEngine.LINES)
    store_reading(store, read_file(UNREAD, memory(frame(WORD))), OcrEngine.LINES)
    assert len(store.rects("/archive/b.dcm")) == 1
