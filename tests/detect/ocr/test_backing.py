"""Which boxes of another detector count beside what the own one saw, and half saw."""

from __future__ import annotations

import numpy as np

from dcmaudit.detect.ocr.backing import Backing
from dcmaudit.detect.ocr.finder import TextFinder
from dcmaudit.detect.ocr.finding import Candidate, Mode, Sighting
from dcmaudit.detect.ocr.spots import Spot, corners_of
from dcmaudit.model import Box

LINES = [Box(40, 40 + 30 * n, 200, 56 + 30 * n) for n in range(4)]


def candidate(box: Box, picture: int = 0) -> Candidate:
    """A place as another detector reports it."""
    return Candidate(Spot(corners_of(box), 0.9), picture, box)


def backing(*half_seen: Box, found: list[Box] | None = None) -> Backing:
    """Of a picture of 512 x 512 with one map."""
    region = np.zeros((256, 256), np.float32)
    for box in half_seen:
        region[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] = 0.5
    made = Backing()
    made.take(0, region, 2)
    made.lines = found or []
    return made


def test_a_small_box_counts_whatever_the_own_detector_saw() -> None:
    assert backing().backs(candidate(LINES[0]))
    assert backing().backs(candidate(LINES[0], picture=3))


def test_a_large_box_counts_where_lines_were_half_seen() -> None:
    body = Box(50, 50, 300, 300)
    assert not backing().backs(candidate(body))
    assert not backing(Box(60, 60, 100, 80)).backs(candidate(body))
    assert backing(Box(60, 60, 290, 200)).backs(candidate(body))


def test_a_paragraph_of_lines_that_were_found_is_none() -> None:
    made = backing(*LINES, Box(40, 160, 200, 200), found=LINES)
    assert not made.backs(candidate(Box(36, 36, 204, 210)))


def test_a_box_counts_where_something_in_it_was_not_found() -> None:
    both = Box(38, 38, 204, 88)
    assert not backing(LINES[0], LINES[1], found=LINES[:2]).backs(candidate(both))
    assert backing(LINES[0], LINES[1], found=LINES[:1]).backs(candidate(both))


def test_a_line_that_goes_on_where_the_own_detector_saw_nothing_counts() -> None:
    name = Box(40, 40, 100, 56)
    assert backing(name, found=[name]).backs(candidate(Box(38, 38, 182, 58)))
    upright = Box(40, 40, 56, 100)
    assert backing(upright, found=[upright]).backs(candidate(Box(38, 38, 58, 162)))
    # All of it was seen, in one piece or in two.
    assert not backing(name, found=[name]).backs(candidate(Box(30, 38, 116, 58)))
    assert not backing(name, found=[Box(40, 40, 66, 56), Box(72, 40, 100, 56)]).backs(candidate(Box(36, 38, 106, 58)))


def test_what_is_not_backed_is_a_place_to_look_at_and_no_line() -> None:
    class Fixed:
        """A detector that always sees the same."""

        def __init__(self, sighting: Sighting) -> None:
            self.sighting = sighting

        def detect(self, *_: object, **__: object) -> Sighting:
            """What it sees."""
            return self.sighting

    made = backing(LINES[0], found=LINES[:1])
    own = Sighting(found=[candidate(LINES[0])], backs=made.backs)
    small, body = Box(300, 300, 360, 316), Box(240, 40, 500, 280)
    other = Sighting(found=[candidate(small), candidate(body)])
    seen = TextFinder(None, Mode.THOROUGH, [Fixed(own), Fixed(other)]).look([np.zeros((512, 512), np.uint8)])
    assert [line.box for line in seen.lines] == [LINES[0], small]
    assert [line.box for line in seen.rejected] == [body]
