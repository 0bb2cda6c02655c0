"""What is done around an engine, with an engine that is exact; and the default engine on real lettering."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dcmaudit.detect.ocr import Engine, Line, Mode, TextFinder
from dcmaudit.detect.ocr.looks import flattened
from dcmaudit.model import Box
from support.blobs import BlobEngine
from support.lettering import ink_of, lettered


def marked(shape: tuple[int, int], *boxes: tuple[int, int, int, int]) -> np.ndarray:
    picture = np.zeros(shape, np.uint8)
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = 255
    return picture


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("shape", [(700, 900), (64, 64), (3000, 1500), (1281, 5000), (40, 3000)])
def test_boxes_come_back_in_pixels_of_the_plane_whatever_its_size(mode: Mode, shape: tuple[int, int]) -> None:
    rows, columns = shape
    places = [(2, 3, 22, 11), (columns - 24, rows - 12, columns - 3, rows - 2)]
    lines = TextFinder(BlobEngine(), mode).find([marked(shape, *places)])
    assert len(lines) == 2
    for (left, top, right, bottom), line in zip(places, lines, strict=True):
        assert line.box.contains(Box(left, top, right, bottom))
        assert line.box.width <= right - left + 16
        assert line.box.height <= bottom - top + 12


def test_a_line_across_the_edge_of_a_tile_is_one_line() -> None:
    lines = TextFinder(BlobEngine(), Mode.FAST).find([marked((1000, 2600), (900, 500, 1600, 520))])
    assert [line.box.contains(Box(900, 500, 1600, 520)) for line in lines] == [True]


def test_the_word_below_the_picture_is_never_reported_and_what_touches_the_border_is() -> None:
    engine = BlobEngine()
    assert TextFinder(engine, Mode.DEFAULT).find([np.zeros((800, 800), np.uint8)]) == []
    assert max(picture.max() for picture in engine.shown) == 255  # the word was there
    (line,) = TextFinder(engine, Mode.DEFAULT).find([marked((800, 800), (300, 790, 400, 800))])
    assert line.box.contains(Box(300, 790, 400, 800))
    assert line.box.bottom == 800


def test_a_box_of_most_of_the_frame_is_left_out() -> None:
    assert TextFinder(BlobEngine(), Mode.FAST).find([marked((800, 800), (50, 50, 700, 700))]) == []


def test_what_is_known_is_not_read_again_and_stays() -> None:
    engine = BlobEngine()
    known = Line(Box(95, 95, 205, 125), "KNOWN", 0.99, 1.0)
    lines = TextFinder(engine, Mode.FAST).find([marked((800, 800), (100, 100, 200, 120))], known=[known])
    assert [line.text for line in lines] == ["KNOWN"]
    assert lines[0].box.contains(known.box)
    assert engine.read_count == 0


def test_text_in_a_second_picture_of_the_plane_is_found() -> None:
    empty, other = np.zeros((800, 800), np.uint8), marked((800, 800), (100, 100, 200, 120))
    assert len(TextFinder(BlobEngine()).find([empty, other])) == 1


def test_looking_stops_when_it_is_told_to() -> None:
    engine = BlobEngine()
    TextFinder(engine, Mode.THOROUGH).find([marked((800, 800), (1, 1, 9, 9))], stop=lambda: len(engine.shown) >= 1)
    assert len(engine.shown) == 1


def test_a_background_that_changes_slowly_is_taken_away() -> None:
    ramp = np.tile(np.linspace(0, 200, 300).astype(np.uint8), (300, 1))
    ramp[100:103, 100:140] += 12
    flat = flattened(ramp)
    assert abs(int(flat[20, 150]) - 128) <= 6
    assert int(flat[101, 120]) - 128 >= 24


def test_the_default_engine_finds_and_reads_lettering_upright_and_turned(rapid: Engine) -> None:
    shape = (360, 480)
    strings = [("HOLLOWAY JUNE", 30, 60), ("12/03/1950", 260, 300)]
    picture = lettered(shape, strings)
    for turns in range(4):
        shown = np.ascontiguousarray(np.rot90(picture, turns))
        lines = TextFinder(rapid).find([shown])
        covered = np.zeros(shown.shape, bool)
        for line in lines:
            covered[line.box.top : line.box.bottom, line.box.left : line.box.right] = True
        for text, x, y in strings:
            assert np.rot90(covered, -turns)[ink_of(shape, text, x, y)].mean() >= 0.9, (turns, text)
        read = " ".join(line.text for line in lines)
        assert "1950" in read, turns
        if turns != 2:  # upside down, a line is found and may be read in pieces
            assert "HOLLOWAY" in read, turns


def test_the_default_engine_leaves_a_textured_picture_without_text_mostly_alone(rapid: Engine) -> None:
    for seed, mode in itertools.product(range(2), (Mode.FAST, Mode.DEFAULT)):
        noise = np.random.default_rng(seed).normal(100, 30, (512, 512)).clip(0, 255).astype(np.uint8)
        lines = TextFinder(rapid, mode).find([noise])
        assert sum(line.box.area for line in lines) < 0.05 * noise.size
