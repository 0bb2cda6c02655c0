"""Finding with the own detector, with a small network in the place of the trained one: who finds, who reads, when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from dcmaudit.detect.ocr import FinderKind, Line, Memory, Mode, TextFinder, finder_for, make_finder
from dcmaudit.detect.ocr.looks import EngineLooks
from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.ocr.pictures import telling
from dcmaudit.detect.ocr.spots import cut_by_others
from dcmaudit.detect.textnet import TextNet, boxes_of, doubtful_boxes, lines_of, network, set_apart, slants
from dcmaudit.errors import EngineError
from dcmaudit.model import Box
from dcmaudit.model.engines import OcrEngine
from support.blobs import BlobEngine
from support.smallnet import write_net

FIRST, SECOND = Box(40, 60, 160, 72), Box(200, 300, 280, 312)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> TextNet:
    return TextNet(1, write_net(tmp_path_factory.mktemp("net")))


def marked(*boxes: Box, shape: tuple[int, int] = (512, 512), level: int = 255) -> np.ndarray:
    picture = np.full(shape, 20, np.uint8)
    for box in boxes:
        picture[box.top : box.bottom, box.left : box.right] = level
    return picture


class Nobody:
    """An engine that finds nothing and reads everything, a different word each time."""

    kind = OcrEngine.KERAS

    def __init__(self) -> None:
        self.read_count = 0

    def detect(self, _picture: np.ndarray) -> list[Any]:
        return []

    def read(self, _picture: np.ndarray, places: Sequence[Any]) -> list[tuple[str, float | None]]:
        out: list[tuple[str, float | None]] = [(f"WORD {self.read_count + n}", 0.95) for n in range(len(places))]
        self.read_count += len(places)
        return out


def test_lines_of_the_own_detector_are_read_by_any_engine(net: TextNet) -> None:
    engine = Nobody()
    lines = TextFinder(engine, Mode.DEFAULT, [OwnLooks(net)]).find([marked(FIRST, SECOND)])
    assert [line.text for line in lines] == ["WORD 0", "WORD 1"]
    assert all(line.box.contains(box) for line, box in zip(lines, (FIRST, SECOND), strict=True))
    assert engine.read_count == 2


def test_without_an_engine_lines_are_found_and_not_read(net: TextNet) -> None:
    lines = TextFinder(None, Mode.DEFAULT, [OwnLooks(net)]).find([marked(FIRST)])
    assert [line.text for line in lines] == [""]
    assert lines[0].confidence is None
    assert lines[0].box.contains(FIRST)


def test_further_renderings_must_be_surer_and_what_they_half_see_is_shown_on_request(net: TextNet) -> None:
    faint = next(
        marked(FIRST, level=level)
        for level in range(205, 250)
        if any(0.81 < sure < 0.86 for _, sure in boxes_of(*_maps(net, marked(FIRST, level=level))))
    )
    flat = np.full(faint.shape, 20, np.uint8)
    as_it_is, enhanced = OwnLooks(net).detect([faint, flat]), OwnLooks(net).detect([flat, faint])
    assert [one.box.contains(FIRST) for one in as_it_is.found] == [True]
    assert enhanced.found == []
    assert any(one.box.intersection(FIRST) is not None for one in enhanced.rejected)
    assert len(OwnLooks(net).detect([flat, marked(FIRST)]).found) == 1


def test_the_thorough_mode_looks_once_more_at_twice_the_size(net: TextNet) -> None:
    picture = marked(FIRST, SECOND, shape=(401, 333))
    before = net.pixels_seen
    plain = OwnLooks(net).detect([picture]).found
    once = net.pixels_seen - before
    found = OwnLooks(net, thorough=True).detect([picture]).found
    enlarged = 4 * 401 * 333
    assert net.pixels_seen - before - once == once + enlarged
    assert [one.box for one in found[: len(plain)]] == [one.box for one in plain]
    more = found[len(plain) :]
    assert len(more) == 2
    for one, box in zip(more, (FIRST, SECOND), strict=True):
        assert one.box.contains(box)
        assert Box(box.left - 12, box.top - 12, box.right + 12, box.bottom + 12).contains(one.box)


def test_in_a_cine_the_enlarged_look_is_remembered_as_well(net: TextNet) -> None:
    memory, looks = Memory(), OwnLooks(net, thorough=True)
    first = looks.detect([marked(FIRST)], memory=memory).found
    before = net.pixels_seen
    assert [one.box for one in looks.detect([marked(FIRST)], memory=memory).found] == [one.box for one in first]
    assert net.pixels_seen == before


def _maps(net: TextNet, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    maps = net.maps(picture)
    return maps.ink, maps.region


def test_somebody_must_find() -> None:
    with pytest.raises(ValueError, match="nobody"):
        TextFinder(None, Mode.DEFAULT)


def test_both_detectors_together_find_what_either_finds_and_nothing_twice(net: TextNet) -> None:
    engine = BlobEngine()
    faint = Box(300, 100, 380, 112)  # bright enough for the network, not for the blobs
    picture = np.maximum(marked(FIRST), marked(faint, level=225))
    finder = TextFinder(engine, Mode.FAST, [OwnLooks(net), EngineLooks(engine, Mode.FAST)])
    lines = finder.find([picture])
    assert len(lines) == 2
    assert [len(TextFinder(engine, Mode.FAST).find([picture])), len(engine.shown) > 0] == [1, True]


def test_a_box_at_the_border_lies_inside_the_plane(net: TextNet) -> None:
    corner = Box(480, 506, 512, 512)
    (line,) = TextFinder(None, Mode.FAST, [OwnLooks(net)]).find([marked(corner)])
    assert line.box.contains(corner)
    assert Box(0, 0, 512, 512).contains(line.box)


def test_text_across_the_edge_of_a_tile_is_one_line(net: TextNet) -> None:
    long = Box(900, 500, 1150, 506)
    lines = TextFinder(None, Mode.FAST, [OwnLooks(net)]).find([marked(long, shape=(700, 2100))])
    assert [line.box.contains(long) for line in lines] == [True]


def test_what_is_half_seen_is_told_apart_and_never_twice(net: TextNet) -> None:
    weak = Box(300, 200, 400, 212)
    picture = np.maximum(marked(FIRST), marked(weak, level=202))
    seen = TextFinder(None, Mode.FAST, [OwnLooks(net)]).look([picture, picture])
    assert [line.box.contains(FIRST) for line in seen.lines] == [True]
    assert [line.box.intersection(weak) is not None for line in seen.rejected] == [True]
    assert 0 < seen.rejected[0].score < 0.6


def test_where_a_found_line_fades_out_is_no_doubt_and_faint_ink_beside_it_is() -> None:
    ink, region = np.zeros((100, 200), np.float32), np.zeros((100, 200), np.float32)
    region[40:50, 20:160] = 0.7
    ink[40:50, 60:100:3] = 0.9
    line = Box(110, 76, 210, 104)
    assert doubtful_boxes(ink, region, [line]) == []
    ink[42:48, 140:150:3] = 0.45
    ((box, _),) = doubtful_boxes(ink, region, [line])
    assert box.contains(Box(2 * 140, 2 * 42, 2 * 149, 2 * 48))


def test_a_texture_of_doubts_is_cut_to_the_likeliest() -> None:
    ink = np.zeros((400, 400), np.float32)
    ink[::8, ::14] = ink[1::8, ::14] = ink[::8, 1::14] = 0.4
    ink[0, 0] = 0.45
    doubts = doubtful_boxes(ink, np.zeros_like(ink), [])
    assert len(doubts) == 200
    assert doubts[0][1] == pytest.approx(0.45)
    assert doubtful_boxes(ink, np.zeros_like(ink), [Box(0, 0, 800, 800)]) == []


def test_an_engine_box_of_most_of_the_plane_is_among_the_rejected() -> None:
    seen = TextFinder(BlobEngine(), Mode.FAST).look([marked(Box(50, 50, 700, 700), shape=(800, 800))])
    assert seen.lines == []
    assert [line.box.contains(Box(50, 50, 700, 700)) for line in seen.rejected] == [True]


# --- large letters, and lines that lie askew or close


def letter_l(height: int, level: int, ground: int) -> np.ndarray:
    picture = np.full((512, 512), ground, np.uint8)
    picture[100 : 100 + height, 80 : 80 + height // 6] = level
    picture[100 + height - height // 6 : 100 + height, 80 : 80 + height // 2] = level
    return picture


@pytest.fixture(scope="module")
def trained() -> TextNet:
    return TextNet(1)


@pytest.mark.parametrize("height", [120, 180, 250])
@pytest.mark.parametrize(("level", "ground"), [(255, 10), (20, 170)])
def test_letters_of_up_to_half_the_frame_are_found_whole(
    trained: TextNet, height: int, level: int, ground: int
) -> None:
    picture = letter_l(height, level, ground)
    found = TextFinder(None, Mode.DEFAULT, [OwnLooks(trained)]).find([picture])
    ink = picture == level
    for line in found:
        ink[line.box.top : line.box.bottom, line.box.left : line.box.right] = False
    assert not ink.any()


def test_a_round_body_with_texture_is_no_large_letter(trained: TextNet) -> None:
    y, x = np.mgrid[0:512, 0:512]
    ring = np.abs(np.hypot(x - 256, y - 256) - 150) < 30
    noise = np.random.default_rng(1).normal(0, 30, (128, 128)).repeat(4, 0).repeat(4, 1)
    picture = np.where(ring, 160 + noise, 10).clip(0, 255).astype(np.uint8)
    found = TextFinder(None, Mode.DEFAULT, [OwnLooks(trained)]).find([picture])
    assert sum(line.box.area for line in found) < 0.1 * picture.size


def test_a_line_that_lies_askew_is_one_box_with_the_corners_of_the_line() -> None:
    y, x = np.mgrid[0:200, 0:200]
    along, across = (x - 100) * 0.8 + (y - 100) * 0.6, (y - 100) * 0.8 - (x - 100) * 0.6
    region = ((np.abs(along) < 70) & (np.abs(across) < 5)).astype(np.float32)
    ink = ((np.abs(along) < 70) & (np.abs(across) < 8) & ((along // 4) % 2 == 0)).astype(np.float32) * 0.9
    lines = lines_of(ink, region)
    assert len(lines) == 1
    corners = lines[0].corners
    assert corners is not None
    slope = (corners[1, 1] - corners[0, 1]) / (corners[1, 0] - corners[0, 0])
    assert slope == pytest.approx(0.75, abs=0.1)
    rows, columns = np.nonzero(ink > 0.5)
    box = lines[0].box
    assert box.left <= 2 * columns.min()
    assert box.right >= 2 * columns.max() + 2
    assert box.top <= 2 * rows.min()
    assert box.bottom >= 2 * rows.max() + 2


@pytest.mark.parametrize("angle", [-40, -33, 33, 40])
def test_lines_that_lie_far_askew_are_found_by_a_closer_look(trained: TextNet, angle: int) -> None:
    picture = np.full((256, 256), 90, np.uint8)
    image = Image.new("L", (110, 18))
    ImageDraw.Draw(image).text((3, 1), "ACC 4471902", font=ImageFont.load_default(14), fill=255)
    mask = np.asarray(image.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC), np.float32) / 255
    top, left = (256 - mask.shape[0]) // 2, (256 - mask.shape[1]) // 2
    part = picture[top : top + mask.shape[0], left : left + mask.shape[1]]
    part[:] = (part * (1 - mask) + 245 * mask).astype(np.uint8)
    found = TextFinder(None, Mode.DEFAULT, [OwnLooks(trained)]).find([picture])
    ink = picture > 170
    covered = np.zeros_like(ink)
    for line in found:
        covered[line.box.top : line.box.bottom, line.box.left : line.box.right] = True
    assert covered[ink].mean() >= 0.9
    assert covered.mean() < 0.35


def test_a_closer_look_is_turned_upright_and_counts_in_whole_numbers() -> None:
    rows, columns = np.nonzero(np.eye(40, dtype=bool))
    slant = slants.slant_of(rows, columns)
    assert slant.along == (2896, 2896)
    assert slant.thickness == pytest.approx(1)
    assert slant.length == pytest.approx(39 * 2**0.5 + 1, rel=0.01)
    corners = slant.corners(0, 0, 0)
    assert corners[0] == pytest.approx([0, 0], abs=0.1)
    assert corners[1] == pytest.approx([39, 39], abs=0.1)


def test_boxes_of_two_close_lines_are_cut_between_them_and_lose_no_ink() -> None:
    ink = np.zeros((60, 100), np.float32)
    ink[10:18, 10:80], ink[22:30, 10:70] = 0.9, 0.9
    upper, lower = Box(14, 14, 166, 42), Box(14, 34, 146, 66)
    (first, _), (second, _) = set_apart([(upper, 0.9), (lower, 0.9)], ink)
    assert first.bottom == second.top
    assert first.bottom >= 36
    assert second.top <= 44
    wide = np.zeros((60, 100), np.float32)
    wide[10:18, 10:80], wide[22:30, 10:30], wide[18:21, 75:78] = 0.9, 0.9, 0.9  # a tail below the upper line alone
    kept = set_apart([(upper, 0.9), (Box(14, 34, 70, 66), 0.9)], wide)
    assert kept[0][0] == upper


def test_where_the_emptiest_row_would_cut_ink_off_boxes_are_cut_at_another() -> None:
    ink = np.zeros((60, 100), np.float32)
    ink[10:17, 10:80], ink[22:30, 10:30] = 0.9, 0.9
    ink[17:20, 75:78] = 0.9  # a tail of the upper line, beside the lower one
    ink[20, 12:16] = 0.9
    (upper, _), (lower, _) = set_apart([(Box(14, 14, 166, 42), 0.9), (Box(14, 34, 70, 66), 0.9)], ink)
    assert upper.bottom == lower.top == 41


def test_a_box_of_one_view_is_cut_where_another_sees_two_lines() -> None:
    whole = Box(10, 10, 110, 50)
    assert cut_by_others(whole, [Box(12, 12, 100, 28), Box(12, 32, 90, 48)]) == [
        Box(10, 10, 110, 30),
        Box(10, 30, 110, 50),
    ]
    assert cut_by_others(whole, [Box(12, 12, 50, 28), Box(60, 12, 100, 28)]) == [whole]
    assert cut_by_others(whole, [Box(12, 12, 100, 48)]) == [whole]
    # The second line begins in the box and goes on below it.
    assert cut_by_others(whole, [Box(12, 12, 100, 32), Box(12, 36, 90, 60)]) == [
        Box(10, 10, 110, 34),
        Box(10, 34, 110, 50),
    ]


# --- cines


def test_in_a_cine_only_what_changes_is_looked_at_and_read(net: TextNet) -> None:
    engine, memory = Nobody(), Memory()
    finder = TextFinder(engine, Mode.DEFAULT, [OwnLooks(net)])
    frames = [marked(FIRST) for _ in range(5)]
    for number, frame in enumerate(frames):
        frame[400:430, 10 * number : 10 * number + 30] = 150
    frames[3] |= marked(SECOND)
    before = net.pixels_seen
    found = [finder.find([frame], memory=memory) for frame in frames]
    looked = net.pixels_seen - before
    assert [len(lines) for lines in found] == [1, 1, 1, 2, 1]
    assert found[3][1].box.contains(SECOND)
    assert {line[0].text for line in found} == {"WORD 0"}
    assert engine.read_count == 2
    assert looked < 2.9 * frames[0].size  # the first frame in smaller sizes too, a third more
    alone = [finder.find([frame]) for frame in frames]
    assert [[line.box for line in lines] for lines in alone] == [[line.box for line in lines] for lines in found]


def test_text_that_changes_in_its_place_is_read_again(net: TextNet) -> None:
    engine, memory = Nobody(), Memory()
    finder = TextFinder(engine, Mode.DEFAULT, [OwnLooks(net)])
    one = marked(FIRST)
    other = one.copy()
    other[FIRST.top + 2, FIRST.left : FIRST.right] = 235
    texts = [finder.find([frame], memory=memory)[0].text for frame in (one, one, other, one)]
    assert texts[0] == texts[1]
    assert texts[2] != texts[0]


def test_each_picture_of_a_plane_has_a_memory_of_its_own(net: TextNet) -> None:
    finder, memory = TextFinder(None, Mode.DEFAULT, [OwnLooks(net)]), Memory()
    still = marked(FIRST)
    assert len(finder.find([still, marked()], memory=memory)) == 1
    # Nothing changes in the full range; the window shows something new.
    assert len(finder.find([still, marked(SECOND)], memory=memory)) == 2


# --- who finds


def test_the_thorough_mode_asks_everybody_unless_somebody_is_named() -> None:
    assert finder_for(None, Mode.THOROUGH) is FinderKind.BOTH
    assert finder_for(FinderKind.OWN, Mode.THOROUGH) is FinderKind.OWN


def test_missing_weights_end_the_work_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "FOLDER", tmp_path)
    with pytest.raises(EngineError, match=r"weights\.(onnx|json) of the text detector is missing"):
        make_finder(None, FinderKind.OWN, Mode.FAST, threads=1)


def test_only_pictures_that_show_something_new_are_looked_at() -> None:
    picture = marked(FIRST)
    slightly = np.minimum(picture, 252) + 3
    window = np.where(picture > 100, 255, 0).astype(np.uint8)
    assert [one is picture for one in telling([picture, slightly])] == [True]
    assert len(telling([picture, window, window.copy(), picture.copy()])) == 2
    lone = picture.copy()
    lone[5, 5] = 90  # a single pixel may be the last of a letter
    assert len(telling([picture, lone])) == 2


def test_a_known_line_that_nobody_could_read_is_tried_again_and_stays_one_line(net: TextNet) -> None:
    known = Line(Box(36, 56, 164, 76), "", None, 0.9)
    (line,) = TextFinder(Nobody(), Mode.FAST, [OwnLooks(net)]).find([marked(FIRST)], known=[known])
    assert line.text == "WORD 0"
    assert line.box.contains(known.box)
    (line,) = TextFinder(None, Mode.FAST, [OwnLooks(net)]).find([marked(FIRST)], known=[known])
    assert line.text == ""
