"""One file along the whole path: every plane is looked at once, and what cannot be is named."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dcmaudit.audit import search
from dcmaudit.detect.ocr import FinderKind, Mode, TextFinder
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.errors import EngineError
from dcmaudit.model import (
    Box,
    Everywhere,
    FileReading,
    FrameAddress,
    IconAddress,
    Outcome,
    OverlayAddress,
    StrayBitAddress,
    Verdict,
)
from dcmaudit.model.engines import OcrEngine
from dcmaudit.pipeline.ocr import OcrJob, Ultrasound, read_file
from dcmaudit.report.findings_list import COLUMNS, csv_lines
from dcmaudit.store import NewRect, Store, open_store
from support.blobs import BlobEngine
from support.files import MemoryReference, Overlay, dataset, file_bytes
from support.lettering import lettered
from support.readings import is_read, store_reading

JOB = OcrJob("blobs", Mode.FAST, chain_plan(DEFAULT))
SHAPE = (700, 800)


@pytest.fixture
def blobs(monkeypatch: pytest.MonkeyPatch) -> BlobEngine:
    """The exact engine in the place of the real one."""
    engine = BlobEngine()
    monkeypatch.setattr(search, "finder_of", lambda _engine, mode, *_: TextFinder(engine, mode))
    return engine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "db", user="tester") as opened:
        yield opened


def frame(*boxes: tuple[int, int, int, int], ground: int = 10) -> np.ndarray:
    picture = np.full(SHAPE, ground, np.uint8)
    picture[0, 0], picture[0, -1] = 0, 255  # the whole range, so that levels stay what they are
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = 255
    return picture


def memory(array: Any, **how: Any) -> MemoryReference:
    return MemoryReference("/archive/a.dcm", file_bytes(dataset(array, **how)))


WORD = (100, 100, 200, 120)
OTHER = (400, 500, 500, 520)


def test_frames_overlays_icons_and_stray_bits_are_all_looked_at(blobs: BlobEngine) -> None:
    bits = (frame(OTHER) > 200).astype(np.uint8)
    icon = dataset(np.zeros((64, 64), np.uint8))
    icon_data = np.zeros((64, 64), np.uint8)
    icon_data[20:30, 10:40] = 255
    icon = dataset(icon_data)
    item = Dataset()
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored",
                    "HighBit", "PixelRepresentation", "PixelData"):  # fmt: skip
        setattr(item, keyword, getattr(icon, keyword))
    cells = frame(WORD).astype(np.uint16) * 4
    data = dataset(cells, bits_stored=12, overlays=[Overlay(bits)], extra={"IconImageSequence": [item]})
    stray = cells.copy()
    stray[300:320, 300:400] |= 1 << 14
    data.PixelData = stray.astype("<u2").tobytes()
    reading = read_file(JOB, MemoryReference("/archive/a.dcm", file_bytes(data)))
    assert reading.result.outcome is Outcome.DONE
    found = {plane.address: len(plane.findings) for plane in reading.planes}
    assert found == {
        FrameAddress(0): 1, OverlayAddress(0x6000, 0): 1, StrayBitAddress(14, 0): 1, IconAddress(0): 1
    }  # fmt: skip
    without = read_file(replace(JOB, overlays=False), MemoryReference("/archive/a.dcm", file_bytes(data)))
    assert {plane.address for plane in without.planes} == set(found) - {OverlayAddress(0x6000, 0)}


def test_identical_frames_are_looked_at_once_and_reported_on_each(blobs: BlobEngine) -> None:
    stack = np.stack([frame(WORD), frame(WORD), frame(OTHER), frame(WORD)])
    reading = read_file(JOB, memory(stack, frames=4))
    assert [len(plane.findings) for plane in reading.planes] == [1, 1, 1, 1]
    assert reading.looked_at == 2
    assert len(blobs.shown) == 2


def test_a_plane_of_one_value_is_audited_without_being_looked_at(blobs: BlobEngine) -> None:
    reading = read_file(JOB, memory(np.full(SHAPE, 255, np.uint8)))
    assert reading.result.outcome is Outcome.DONE
    assert reading.looked_at == 0


def test_still_text_of_a_cine_is_on_every_frame_that_shows_it(
    blobs: BlobEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(1)
    word = frame(WORD)
    word[104:116, 104:196] = 10  # strokes, as letters are: most of the box is ground
    stack = np.stack([np.maximum(word, noise.integers(0, 200, SHAPE).astype(np.uint8)) for _ in range(9)])
    stack[4, 90:130, 90:210] = 50  # covered in one frame
    seen = blobs.detect

    def blind_in_frames(picture: np.ndarray) -> Any:
        # Only the median, in which the moving noise is nearly even, shows it to this engine.
        return seen(picture) if picture[300:600].std() < 40 else []

    monkeypatch.setattr(blobs, "detect", blind_in_frames)
    reading = read_file(JOB, memory(stack, frames=9))
    assert [len(plane.findings) for plane in reading.planes] == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert all(plane.findings[0].box.contains(Box(*WORD)) for plane in reading.planes if plane.findings)


def test_a_frame_that_fails_is_named_and_the_others_go_on(blobs: BlobEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = blobs.detect

    def fails(picture: np.ndarray) -> Any:
        if picture[535, 470] == 255:
            raise EngineError("the engine failed on a picture")
        return seen(picture)

    monkeypatch.setattr(blobs, "detect", fails)
    reading = read_file(JOB, memory(np.stack([frame(WORD), frame(OTHER), frame()]), frames=3))
    assert reading.result.outcome is Outcome.PARTLY
    assert reading.result.reasons == ("frame 2/3: the engine failed on a picture",)
    assert [len(plane.findings) for plane in reading.planes] == [1, 0, 0]


@pytest.mark.parametrize("data", [b"", b"no DICOM at all" * 40])
def test_what_is_no_dicom_fails_with_a_reason(blobs: BlobEngine, data: bytes) -> None:
    result = read_file(JOB, MemoryReference("/archive/a.dcm", data)).result
    assert result.outcome is Outcome.FAILED
    assert result.reasons


def ultrasound(left: int, top: int, right: int, bottom: int) -> dict[str, Any]:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    return {"SequenceOfUltrasoundRegions": [item]}


def test_ultrasound_regions_are_reported_or_spare_what_lies_outside(blobs: BlobEngine) -> None:
    source = memory(frame(WORD, OTHER), extra=ultrasound(300, 400, 700, 650))
    (used,) = read_file(replace(JOB, ultrasound=Ultrasound.USE), source).planes
    assert [finding.engine for finding in used.findings].count(OcrEngine.ULTRASOUND) == 4
    assert [finding.engine for finding in used.findings].count(OcrEngine.KERAS) == 2
    (spared,) = read_file(replace(JOB, ultrasound=Ultrasound.EXCEPT), source).planes
    assert [finding.box.contains(Box(*OTHER)) for finding in spared.findings] == [True]


def test_a_page_of_text_is_proposed_as_a_whole(blobs: BlobEngine) -> None:
    page = np.full(SHAPE, 20, np.uint8)
    page[0, 0] = 0
    for row in range(12):
        for column in range(3):
            page[30 + 55 * row : 50 + 55 * row, 30 + 260 * column : 230 + 260 * column] = 255
    reading = read_file(JOB, memory(page))
    first = reading.planes[0].findings[0]
    assert (first.engine, first.box) == (OcrEngine.FORM, Box(0, 0, 800, 700))
    assert first.judgement.verdict is Verdict.IDENTIFYING
    thin = np.where(page == 255, page, 20).astype(np.uint8)
    for row in range(12):
        thin[42 + 55 * row : 50 + 55 * row] = 20
    screen = thin.copy()
    for row in range(12):  # as much again that is no text: an image among its settings
        screen[52 + 55 * row : 83 + 55 * row, 100:420] = 120
    for picture, numbers in ((thin, {OcrEngine.FORM, OcrEngine.KERAS}), (screen, {OcrEngine.KERAS})):
        picture[0, 0] = 0
        assert {finding.engine for finding in read_file(JOB, memory(picture)).planes[0].findings} == numbers
    few = read_file(JOB, memory(frame(WORD, OTHER)))
    assert {finding.engine for finding in few.planes[0].findings} == {OcrEngine.KERAS}


@pytest.mark.parametrize("finder", [FinderKind.ENGINE, FinderKind.OWN])
def test_the_real_engine_reads_and_judges_a_name_of_the_header(finder: FinderKind) -> None:
    picture = lettered((240, 360), [("FENWICK", 40, 60), ("LEFT", 200, 200)])
    job = OcrJob("rapidocr", Mode.DEFAULT, chain_plan(DEFAULT), threads=2, finder=finder)
    reading = read_file(
        job, memory(picture.astype(np.uint16) * 16, bits_stored=12, extra={"PatientName": "Fenwick^Ada"})
    )
    said = {finding.text: finding.judgement.verdict for finding in reading.planes[0].findings}
    wanted = {"FENWICK": Verdict.IDENTIFYING, "LEFT": Verdict.HARMLESS}
    if finder is FinderKind.ENGINE:
        assert said == wanted
    # How many boxes too many the own detector makes is measured in bench/detect, not here.
    assert wanted.items() <= said.items()
    assert reading.planes[0].whole is not None
    assert reading.planes[0].whole.verdict is Verdict.IDENTIFYING
    assert "FENWICK" not in repr(reading)
    assert pickle.loads(pickle.dumps(reading)) == reading  # noqa: S301 - our own


# --- where findings go


def one_reading(blobs: BlobEngine) -> FileReading:
    return read_file(
        JOB,
        memory(np.stack([frame(WORD), frame()]), frames=2, overlays=[Overlay((frame(OTHER) > 200).astype(np.uint8))]),
    )


def test_findings_are_stored_with_a_mark_that_the_file_is_done(blobs: BlobEngine, store: Store) -> None:
    store.add_rects("/archive/a.dcm", [NewRect(Box(1, 1, 5, 5), FrameAddress(0))])  # a reviewer's
    reading = one_reading(blobs)
    for _ in range(2):  # a second time replaces and never doubles
        store_reading(store, reading, OcrEngine.KERAS)
        rows = store.rects("/archive/a.dcm")
        boxes = [(row.scope, row.box) for row in rows if row.box is not None]
        assert len(boxes) == len(set(boxes)) == 3
        assert [row.scope for row in rows if row.is_summary] == [
            FrameAddress(0), OverlayAddress(0x6000, 0), Everywhere.ALL_PLANES
        ]  # fmt: skip
        assert is_read(rows, OcrEngine.KERAS)
        assert not is_read(rows, OcrEngine.RAPIDOCR)


def test_a_plane_for_which_memory_is_too_small_is_named_and_the_others_go_on(
    blobs: BlobEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, asked = blobs.detect, []

    def scarce(picture: np.ndarray) -> object:
        asked.append(1)
        if len(asked) == 2:
            raise MemoryError
        return seen(picture)

    monkeypatch.setattr(blobs, "detect", scarce)
    cells = np.stack([frame(WORD), frame(OTHER), frame(WORD, OTHER)])
    reading = read_file(JOB, memory(cells, frames=3))
    assert reading.result.outcome is Outcome.PARTLY
    assert reading.result.reasons == ("frame 2/3: there is not enough memory for it",)
    assert [len(plane.findings) for plane in reading.planes] == [1, 0, 2]


def test_without_rectangles_only_the_text_of_each_plane_is_stored(blobs: BlobEngine, store: Store) -> None:
    store_reading(store, one_reading(blobs), OcrEngine.KERAS, rects=False)
    assert all(row.box is None for row in store.rects("/archive/a.dcm"))


def test_a_file_that_was_looked_at_in_part_gets_no_mark(blobs: BlobEngine, store: Store) -> None:
    reading = one_reading(blobs)
    store_reading(
        store, replace(reading, result=replace(reading.result, outcome=Outcome.PARTLY, reasons=("x",))), OcrEngine.KERAS
    )
    assert not is_read(store.rects("/archive/a.dcm"), OcrEngine.KERAS)


def test_the_lines_of_csv_are_the_originals(blobs: BlobEngine) -> None:
    lines = csv_lines(one_reading(blobs), OcrEngine.KERAS).split("\r\n")
    assert lines[0].startswith("/archive/a.dcm,0,-1,")
    assert ",keras,92,97,207,122,WORD,,-1" in lines[0]
    assert lines[1].endswith(",keras,-1,-1,-1,-1,WORD,,-1")
    assert lines[2].startswith("/archive/a.dcm,1,-1,")
    assert lines[2].endswith(",keras,-1,-1,-1,-1,,,-1")
    assert lines[3].startswith("/archive/a.dcm,0,0,")
    assert all(line.count(",") == len(COLUMNS) - 1 for line in lines if line)
