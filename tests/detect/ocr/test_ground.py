"""Marks a few levels from a flat ground in planes of many levels, shown without what is around."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dcmaudit.audit.pictures import pictures_of
from dcmaudit.codecs.samples import Samples
from dcmaudit.detect.ocr import Mode
from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.ground import Marks, without_ground
from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.textnet import TextNet

STRIP = slice(90, 126)


def plane(step: int, level: int = 3900, *, text: str = "QUILL 44") -> tuple[np.ndarray, np.ndarray]:
    """(256, 256) of 12 bits: a body of many levels above a flat strip with letters ``step`` from it; and their ink."""
    rng = np.random.default_rng(8)
    rows, columns = np.mgrid[:256, :256]
    values = 1200 + 900 * np.sin(rows / 17) * np.cos(columns / 23) + 150 * np.sin(rows / 3 + columns / 5)
    values[STRIP] = level
    values += rng.normal(0, 2, values.shape)
    ink = np.zeros((256, 256), np.uint8)
    cv2.putText(ink, text, (14, 116), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)
    values += step * (ink > 0)
    return np.clip(np.round(values), 0, 4095).astype(np.uint16), ink > 0


@pytest.mark.parametrize("step", [20, -20])
@pytest.mark.parametrize("level", [60, 1500, 3900])
def test_letters_twenty_of_4096_values_from_their_strip_are_far_from_the_ground_and_nothing_else_is(
    step: int, level: int
) -> None:
    values, ink = plane(step, level)
    shown = without_ground(values)
    assert shown is not None
    far = np.abs(shown.astype(int) - 128) >= 40
    assert far[ink].mean() >= 0.9
    assert far[~cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)].mean() <= 0.001
    assert isinstance(shown, Marks)


def test_nothing_is_shown_where_nothing_stands_on_a_flat_ground() -> None:
    values, _ = plane(0)
    shown = without_ground(values)
    assert shown is None or (shown != 128).mean() < 0.001
    assert without_ground(np.zeros((8, 8), np.uint16)) is None
    ramp = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint16) * 8
    assert without_ground(ramp) is None


def test_the_ground_goes_to_the_last_row_and_column_of_any_size() -> None:
    values, ink = plane(30)
    for rows, columns in ((253, 251), (256, 249), (254, 256)):
        shown = without_ground(np.ascontiguousarray(values[:rows, :columns]))
        assert shown is not None
        assert shown.shape == (rows, columns)
        assert (np.abs(shown.astype(int) - 128) >= 40)[ink[:rows, :columns]].mean() >= 0.9


@pytest.mark.parametrize(("step", "level", "text"), [(14, 60, "QUILL 44"), (14, 3900, "QUILL 44"), (-18, 3900, "R")])
def test_the_default_mode_finds_faint_letters_on_a_narrow_strip_between_bodies(
    step: int, level: int, text: str
) -> None:
    values, ink = plane(step, level, text=text)
    pictures = pictures_of(Samples(values, "MONOCHROME2", 12), Mode.DEFAULT)
    finder = TextFinder(None, Mode.DEFAULT, [OwnLooks(TextNet(1))])
    covered = np.zeros(values.shape, bool)
    for line in finder.find(pictures):
        covered[line.box.top : line.box.bottom, line.box.left : line.box.right] = True
    assert covered[ink].mean() >= 0.9


def test_neither_fast_looks_nor_planes_of_8_bits_have_this_picture() -> None:
    values, _ = plane(20)
    deep = Samples(values, "MONOCHROME2", 12)
    assert not any(isinstance(one, Marks) for one in pictures_of(deep, Mode.FAST))
    assert sum(isinstance(one, Marks) for one in pictures_of(deep, Mode.DEFAULT)) == 1
    shallow = Samples((values >> 4).astype(np.uint8), "MONOCHROME2", 8)
    assert not any(isinstance(one, Marks) for one in pictures_of(shallow, Mode.DEFAULT))


def test_what_a_picture_is_and_not_its_levels_says_how_sure_its_lines_must_be() -> None:
    """The same levels twice: as the marks of a plane, where a line must be surer, and as any other picture of it."""
    finder = TextFinder(None, Mode.DEFAULT, [OwnLooks(TextNet(1))])
    found = {Marks: 0, np.ndarray: 0}
    for number in range(12):
        levels = np.full((128, 128), 128, np.uint8)
        cv2.putText(levels, "Il", (20 + number, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 131 + 2 * number, 1)
        levels += np.random.default_rng(number).integers(0, 3, levels.shape, np.uint8) * (levels != 128)
        assert 2 * np.count_nonzero(levels == 128) > levels.size
        first = np.zeros_like(levels)
        for kind in found:
            found[kind] += len(finder.find([first, levels.view(kind)]))
    assert found[Marks] < found[np.ndarray]
