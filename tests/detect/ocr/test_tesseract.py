"""Tesseract as it is on this machine: what it reads, and that it is started as seldom as can be."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcmaudit.detect.ocr import FinderKind, Mode, make_finder
from dcmaudit.detect.ocr.looks import EngineLooks
from dcmaudit.detect.ocr.tesseract import TesseractEngine
from dcmaudit.errors import EngineError
from dcmaudit.model.engines import OcrEngine
from support.lettering import lettered

pytestmark = pytest.mark.skipif(
    find_spec("pytesseract") is None or shutil.which("tesseract") is None, reason="needs pytesseract and tesseract"
)

WORDS = ("HOLLOWAY", "FENWICK", "ARDLEY")
Corners = np.ndarray[Any, np.dtype[np.float32]]


def corners(left: int, top: int, right: int, bottom: int) -> Corners:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def three_lines() -> tuple[Any, list[Corners]]:
    """Three lines below each other, and where they are."""
    rows = [40 + 60 * number for number in range(3)]
    picture = lettered((200, 300), [(word, 20, row) for word, row in zip(WORDS, rows, strict=True)], ground=10)
    return picture, [corners(12, row - 26, 200, row + 8) for row in rows]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> Callable[[TesseractEngine], list[str]]:
    """The lists that the program is started with, from now on."""

    def watch(engine: TesseractEngine) -> list[str]:
        lists: list[str] = []
        real = engine._module.image_to_data

        def noted(path: str, **options: Any) -> Any:
            lists.append(Path(path).read_text())
            return real(path, **options)

        monkeypatch.setattr(engine._module, "image_to_data", noted)
        return lists

    return watch


def test_plain_lettering_is_found_and_read() -> None:
    spots = TesseractEngine(1, None).detect(lettered((200, 400), [("HOLLOWAY", 40, 100)], ground=10))
    (spot,) = [spot for spot in spots if "HOLLOWAY" in (spot.text or "")]
    assert 30 <= spot.box.left <= 46
    assert 70 <= spot.box.top < spot.box.bottom <= 112


@pytest.mark.parametrize("processes", [1, 2])
def test_lines_are_read_in_their_order_by_no_more_processes_than_threads(
    processes: int, starts: Callable[[TesseractEngine], list[str]]
) -> None:
    engine = TesseractEngine(processes, None)
    picture, places = three_lines()
    lists = starts(engine)
    empty = corners(220, 10, 290, 40)
    answers = engine.read(picture, [places[0], empty, *places[1:]])
    assert [text for text, _ in answers if text in WORDS] == list(WORDS)
    assert answers[1][0] not in WORDS
    assert all(confidence is not None and 0 <= confidence <= 1 for _, confidence in answers)
    assert len(lists) == processes
    assert sum(names.count(".png\n") for names in lists) == 4


def test_a_line_is_read_the_way_up_that_its_corners_say() -> None:
    picture, places = three_lines()
    rows, columns = picture.shape
    turned = np.ascontiguousarray(np.rot90(picture, 1))  # (x, y) is at (y, columns - x)
    there = np.stack([places[0][:, 1], columns - places[0][:, 0]], axis=1).astype(np.float32)
    ((text, sure),) = TesseractEngine(1, None).read(turned, [there])
    assert text == "HOLLOWAY"
    assert sure is not None
    assert sure > 0.8
    flipped = np.ascontiguousarray(np.rot90(picture, 2))
    upside_down = (np.array([columns, rows], np.float32) - places[1]).astype(np.float32)
    assert TesseractEngine(1, None).read(flipped, [upside_down])[0][0] == "FENWICK"


def test_all_looks_at_a_plane_are_one_start_and_are_enlarged_once(
    starts: Callable[[TesseractEngine], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = make_finder("tesseract", FinderKind.ENGINE, Mode.DEFAULT, threads=1)
    engine = finder.engine
    assert isinstance(engine, TesseractEngine)
    shown: list[tuple[int, ...]] = []
    real = engine._found
    monkeypatch.setattr(
        engine, "_found", lambda pictures, *rest: shown.extend(one.shape for one in pictures) or real(pictures, *rest)
    )
    lists = starts(engine)
    picture, _ = three_lines()
    found = finder.find([picture])
    assert [line.text for line in found if line.text in WORDS] == list(WORDS)
    assert len(lists) == 1
    # Upright and turned by a quarter, each with the strip below it, twice as large: and no more than that.
    assert shown == [(2 * 252, 2 * 300), (2 * 352, 2 * 200)]


def test_many_looks_find_what_looks_one_by_one_find() -> None:
    class OneByOne:
        """The same engine without its way to take many pictures."""

        kind = OcrEngine.TESSERACT

        def __init__(self, engine: TesseractEngine) -> None:
            self.detect, self.read = engine.detect, engine.read

    engine = TesseractEngine(2, None)
    picture, _ = three_lines()
    together, alone = (
        [(one.box, one.spot.text) for one in EngineLooks(way, Mode.DEFAULT, shortest=0).detect([picture]).found]
        for way in (engine, OneByOne(engine))
    )
    assert together == alone
    assert together


def test_its_own_threads_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_THREAD_LIMIT", "8")
    TesseractEngine(4, None)
    assert os.environ["OMP_THREAD_LIMIT"] == "1"


def test_a_picture_that_the_program_leaves_out_is_an_error_and_nothing_stays_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = TesseractEngine(1, None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    real = engine._module.image_to_data

    def without_the_last(path: str, **options: Any) -> Any:
        found = real(path, **options)
        keep = [place for place, page in enumerate(found["page_num"]) if page < max(found["page_num"])]
        return {name: [column[place] for place in keep] for name, column in found.items()}

    monkeypatch.setattr(engine._module, "image_to_data", without_the_last)
    picture, places = three_lines()
    with pytest.raises(EngineError, match="2 pictures of 3"):
        engine.read(picture, places)
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_hangs_or_fails_is_an_error_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TesseractEngine(1, None)

    def hang(_path: str, **_options: Any) -> Any:
        raise RuntimeError("Tesseract process timeout HOLLOWAY")

    monkeypatch.setattr(engine._module, "image_to_data", hang)
    with pytest.raises(EngineError) as caught:
        engine.detect(three_lines()[0])
    assert caught.value.message == "tesseract failed on a picture (RuntimeError)"


def test_language_data_and_a_program_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match=r"no eng\.traineddata"):
        TesseractEngine(1, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="does not run"):
        TesseractEngine(1, None)
