"""A line that lies askew is one box around all of it, and edges that lie askew are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.finding import Mode
from dcmaudit.detect.ocr.own import OwnLooks
from dcmaudit.detect.textnet import TextLine, TextNet, slanted_lines, with_slanted
from dcmaudit.model import Box

EDGE = 400


@pytest.fixture(scope="module")
def net() -> TextNet:
    """The network of the package."""
    return TextNet(1)


def slanted(text: str, angle: float, scale: float) -> np.ndarray:
    """A line in the middle of a dark picture, turned by so many degrees."""
    picture = np.zeros((EDGE, EDGE), np.uint8)
    (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    at = ((EDGE - wide) // 2, (EDGE + high) // 2)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 1, cv2.LINE_AA)
    matrix = cv2.getRotationMatrix2D((EDGE / 2, EDGE / 2), angle, 1)
    return np.asarray(cv2.warpAffine(picture, matrix, (EDGE, EDGE)), np.uint8)


@pytest.mark.parametrize("angle", [40, -40, 35])
@pytest.mark.parametrize(("text", "scale"), [("QUILL, MAEVE", 0.5), ("MRN 771420", 0.5), ("NYQVIST LARS", 0.4)])
def test_a_line_that_lies_askew_is_one_box_around_its_ink(net: TextNet, text: str, angle: int, scale: float) -> None:
    picture = slanted(text, angle, scale)
    lines = TextFinder(None, Mode.DEFAULT, [OwnLooks(net)]).find([picture])
    ink = picture > 80
    held = [float(ink[line.box.top : line.box.bottom, line.box.left : line.box.right].sum()) for line in lines]
    assert max(held) >= 0.98 * ink.sum()
    assert len(lines) <= 2


def test_an_edge_that_lies_askew_is_no_line(net: TextNet) -> None:
    picture = np.zeros((EDGE, EDGE), np.uint8)
    cv2.line(picture, (60, 320), (340, 80), 200, 5, cv2.LINE_AA)
    cv2.ellipse(picture, (200, 200), (150, 60), 35, 0, 360, 120, 2, cv2.LINE_AA)
    assert slanted_lines(net, picture, net.maps(picture)) == []


def test_pieces_join_their_line_and_others_stay() -> None:
    corners = np.array([[0, 20], [100, 90], [90, 100], [-10, 30]], np.float32)
    whole = TextLine(Box(0, 20, 100, 100), 0.95, corners)
    piece, beside, beyond = (
        TextLine(Box(40, 45, 60, 70), 0.9),
        TextLine(Box(70, 22, 95, 40), 0.9),
        TextLine(Box(70, 70, 104, 100), 0.9),
    )
    *others, grown = with_slanted([piece, beside, beyond], [whole], np.zeros((60, 60), np.float32))
    assert others == [beside]
    assert grown.box == Box(0, 20, 104, 100)


def askew(places: list[tuple[int, int]]) -> tuple[list[TextLine], TextLine, np.ndarray]:
    """Letters of 8 x 8 cells at places (top, left) that were found, a line askew over all of them, and their ink."""
    ink = np.zeros((100, 100), np.float32)
    lines = []
    for top, left in places:
        ink[top : top + 8, left : left + 8] = 0.9
        lines.append(TextLine(Box(2 * left - 2, 2 * top - 2, 2 * left + 18, 2 * top + 18), 0.95))
    corners = np.array([[24, 4], [196, 176], [176, 196], [4, 24]], np.float32)
    return lines, TextLine(Box(4, 4, 196, 196), 0.95, corners), ink


def test_labels_below_and_beside_each_other_are_no_line_askew() -> None:
    lines, whole, ink = askew([(6, 6), (46, 46), (82, 82)])
    assert with_slanted(lines, [whole], ink) == lines


def test_letters_that_follow_each_other_are_one_line_askew() -> None:
    lines, whole, ink = askew([(6 + 9 * place, 6 + 9 * place) for place in range(9)])
    (one,) = with_slanted(lines, [whole], ink)
    assert one.corners is not None


def test_a_line_askew_with_ink_that_nothing_else_covers_stays() -> None:
    lines, whole, ink = askew([(6, 6), (46, 46), (82, 82)])
    found = with_slanted([lines[0], lines[2]], [whole], ink)
    assert any(one.corners is not None for one in found)
