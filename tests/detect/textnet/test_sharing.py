"""Whose is what where maps of close lines run together: regions divided, ink shared, spans cut between lines."""

from __future__ import annotations

import numpy as np

from dcmaudit.detect.textnet.boxes import boxes_of
from dcmaudit.detect.textnet.sharing import Figures, cut_between, divided, with_ink

SHAPE = (60, 120)


def test_a_letter_below_a_line_is_divided_from_it_where_less_is_sure() -> None:
    region = np.zeros(SHAPE, np.float32)
    region[10:18, 10:100] = 0.95
    region[18:24, 60:64] = 0.65  # a neck
    region[24:30, 58:66] = 0.9
    member = region > 0.6
    line, letter = divided(member, region)
    assert line[10:18, 10:100].all()
    assert letter[24:30, 58:66].all()
    assert ((line | letter) <= member).all()
    assert not (line & letter).any()


def test_three_lines_are_divided_into_three() -> None:
    region = np.zeros(SHAPE, np.float32)
    region[10:46, 12:20] = 0.72
    for top in (10, 24, 38):
        region[top : top + 8, 10:90] = 0.95
    assert len(divided(region > 0.6, region)) == 3


def test_text_that_runs_upwards_stays_whole() -> None:
    region = np.zeros((120, 60), np.float32)
    region[10:110, 20:28] = 0.65
    for top in range(10, 110, 14):
        region[top : top + 9, 20:28] = 0.95
    assert len(divided(region > 0.6, region)) == 1


def test_words_of_a_line_stay_together() -> None:
    region = np.zeros(SHAPE, np.float32)
    region[10:20, 10:100] = 0.65
    for left in (10, 40, 70):
        region[10:20, left : left + 22] = 0.95
    assert len(divided(region > 0.6, region)) == 1


def test_what_sticks_out_of_a_line_and_is_less_sure_is_none_of_it() -> None:
    region = np.zeros(SHAPE, np.float32)
    region[20:30, 10:100] = 0.9
    region[8:20, 50:55] = 0.75  # a curve's peak
    (line,) = divided(region > 0.6, region)
    assert np.flatnonzero(line.any(axis=1)).tolist() == list(range(20, 30))


def test_ink_that_touches_two_lines_goes_to_the_nearer_one_outside_of_them() -> None:
    marks = np.zeros(SHAPE, np.uint8)
    marks[10:34, 30] = 1
    upper, lower = [10, 12, 100, 20], [10, 24, 100, 32]
    first, second = with_ink([(upper, 8.0), (lower, 8.0)], Figures.of(marks))
    assert first == [10, 10, 100, 22]
    assert second == [10, 22, 100, 34]


def test_ink_of_one_line_that_lies_in_another_does_not_make_it_larger() -> None:
    marks = np.zeros(SHAPE, np.uint8)
    marks[14:34, 30:110] = 1  # begins in both, and reaches too far for the upper one
    upper, lower = [10, 12, 40, 20], [10, 26, 112, 34]
    first, second = with_ink([(upper, 6.0), (lower, 8.0)], Figures.of(marks))
    assert first == upper
    assert second[1] >= 14
    whole = np.zeros(SHAPE, bool)
    for left, top, right, bottom in (first, second):
        whole[top:bottom, left:right] = True
    assert whole[marks > 0].all()


def test_spans_are_cut_between_their_cores_where_least_ink_is() -> None:
    ink = np.zeros(SHAPE, np.float32)
    ink[10:20, 10:60:3] = ink[23:33, 10:60:3] = 0.9
    upper, lower = cut_between([[8, 8, 62, 28], [8, 18, 62, 36]], [[10, 12, 60, 18], [10, 25, 60, 31]], ink)
    assert upper[3] == lower[1]
    assert 20 <= upper[3] <= 23


def test_lines_that_lie_beside_each_other_are_not_cut() -> None:
    ink = np.zeros(SHAPE, np.float32)
    spans = [[8, 8, 62, 28], [60, 10, 110, 30]]
    assert cut_between(spans, [[10, 12, 60, 24], [64, 14, 106, 26]], ink) == spans


def test_all_ink_of_joined_lines_lies_in_their_boxes() -> None:
    ink, region = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.float32)
    for top in (10, 22):
        ink[top : top + 10, 12:90:4] = 0.9
        region[top + 2 : top + 8, 14:88] = 0.95
    region[10:32, 40:44] = np.maximum(region[10:32, 40:44], 0.66)
    ink[10:32, 41] = 0.9  # a stroke through both
    found = [box for box, _ in boxes_of(ink, region)]
    assert len(found) == 2
    covered = np.zeros((120, 240), bool)
    for box in found:
        covered[box.top : box.bottom, box.left : box.right] = True
    assert covered[::2, ::2][ink > 0.5].all()
