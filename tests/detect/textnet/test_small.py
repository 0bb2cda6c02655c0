"""Small planes: what takes a large part of one counts where it is seen twice as large, too."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.detect.textnet import TextLine, TextMaps, TextNet, seen_larger
from dcmaudit.model import Box

WHOLE = Box(8, 8, 56, 50)


class Twice:
    """A network that sees the same everywhere, and counts how often it is asked."""

    def __init__(self, region: float, ink: float) -> None:
        self.levels, self.asked = (region, ink), 0

    def maps(self, picture: npt.NDArray[np.uint8]) -> TextMaps:
        self.asked += 1
        shape = -(-picture.shape[0] // 2), -(-picture.shape[1] // 2)
        region, ink = (np.full(shape, level, np.float32) for level in self.levels)
        return TextMaps(ink, region)


def left(net: object, edge: int, *lines: TextLine) -> list[TextLine]:
    return seen_larger(net, np.zeros((edge, edge), np.uint8), lines)  # type: ignore[arg-type]


@pytest.mark.parametrize(("region", "ink", "count"), [(0.9, 0.9, 1), (0.9, 0.4, 0), (0.5, 0.9, 0)])
def test_a_box_of_much_of_a_small_plane_counts_where_both_maps_of_the_larger_picture_see_it(
    region: float, ink: float, count: int
) -> None:
    assert len(left(Twice(region, ink), 64, TextLine(WHOLE, 0.88), TextLine(WHOLE, 0.9))) == 2 * count


def test_one_look_is_enough_for_all_boxes_and_none_is_made_for_what_is_sure_or_small_or_in_a_larger_plane() -> None:
    net = Twice(0.0, 0.0)
    assert left(net, 64, TextLine(WHOLE, 0.88), TextLine(Box(0, 0, 60, 40), 0.7)) == []
    assert net.asked == 1
    kept = [TextLine(WHOLE, 0.97), TextLine(Box(2, 2, 60, 12), 0.85)]
    assert left(net, 64, *kept) == kept
    assert left(net, 128, TextLine(WHOLE, 0.88)) == [TextLine(WHOLE, 0.88)]
    assert net.asked == 1


def test_a_letter_of_half_a_small_plane_is_kept_by_the_network_itself() -> None:
    picture = np.full((64, 64), 30, np.uint8)
    cv2.putText(picture, "R", (14, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.7, 255, 4, cv2.LINE_AA)
    line = TextLine(Box(10, 10, 54, 54), 0.88)
    assert seen_larger(TextNet(1), picture, [line]) == [line]
