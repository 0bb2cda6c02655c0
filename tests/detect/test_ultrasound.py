"""Ultrasound regions of a header and what lies outside of them."""

from __future__ import annotations

import pytest

from dcmaudit.detect.problems import ProblemKind
from dcmaudit.detect.ultrasound import ultrasound_regions
from dcmaudit.model import Box, Everywhere, Origin, Size
from support.headers import header, region, ultrasound

SIZE = Size(640, 480)


def test_the_last_column_and_row_of_a_region_are_kept() -> None:
    found = ultrasound_regions(ultrasound((10, 20, 629, 469)), SIZE)
    assert found.keep == (Box(10, 20, 630, 470),)
    assert found.redact == (Box(0, 0, 640, 20), Box(0, 20, 10, 470), Box(630, 20, 640, 470), Box(0, 470, 640, 480))
    assert found.problems == ()


def test_a_region_of_the_whole_image_leaves_nothing_to_redact() -> None:
    found = ultrasound_regions(ultrasound((0, 0, 639, 479)), SIZE)
    assert found.present
    assert (found.keep, found.redact, found.problems) == ((Box(0, 0, 640, 480),), (), ())


def test_the_regions_hold_for_every_frame_and_say_why() -> None:
    regions = ultrasound_regions(ultrasound((0, 60, 639, 479), (0, 60, 100, 100)), SIZE).regions
    assert [(one.box, one.scope, one.origin) for one in regions] == [
        (Box(0, 0, 640, 60), Everywhere.ALL_FRAMES, Origin.ULTRASOUND)
    ]
    assert regions[0].reason == "outside the 2 ultrasound regions that the header names"


def test_overlapping_and_repeated_regions_are_kept_once() -> None:
    found = ultrasound_regions(ultrasound((0, 0, 319, 479), (200, 0, 639, 479), (0, 0, 319, 479)), SIZE)
    assert found.keep == (Box(0, 0, 320, 480), Box(200, 0, 640, 480))
    assert found.redact == ()


def test_a_region_beyond_the_edge_is_clipped_and_named() -> None:
    found = ultrasound_regions(ultrasound((0, 100, 640, 480)), SIZE)
    assert found.redact == (Box(0, 0, 640, 100),)
    assert [one.kind for one in found.problems] == [ProblemKind.CLIPPED]
    assert found.is_complete
    assert "(0, 100) to (640, 480)" in found.problems[0].message
    assert "640 x 480" in found.problems[0].message


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ((300, 10, 200, 100), "upside down"),
        ((10, 300, 100, 200), "upside down"),
        ((640, 0, 700, 100), "outside the image"),
        ((0, 480, 100, 500), "outside the image"),
        ((0, 0, 0, 0), "all its edges are 0"),
        ((None, 0, 100, 100), "RegionLocationMinX0 is absent"),
        ((0, 0, 100, None), "RegionLocationMaxY1 is absent"),
    ],
)
def test_an_unusable_region_is_named_and_redacted_with_the_rest(edges: tuple[int, ...], words: str) -> None:
    found = ultrasound_regions(ultrasound(edges, (0, 240, 639, 479)), SIZE)  # type: ignore[arg-type]
    assert found.redact == (Box(0, 0, 640, 240),)
    assert [one.kind for one in found.problems] == [ProblemKind.REGION_IGNORED]
    assert words in found.problems[0].message
    assert "region 1 of 2" in found.problems[0].message


def test_a_region_of_one_column_is_a_region() -> None:
    assert ultrasound_regions(ultrasound((5, 0, 5, 479)), SIZE).keep == (Box(5, 0, 6, 480),)


@pytest.mark.parametrize("boxes", [[], [(5, 5, 1, 1)], [(0, 0, 0, 0), (9000, 0, 9001, 1)]])
def test_no_usable_region_is_a_problem_and_suggests_nothing(boxes: list[tuple[int, int, int, int]]) -> None:
    found = ultrasound_regions(ultrasound(*boxes), SIZE)
    assert found.present
    assert (found.keep, found.redact, found.regions) == ((), (), ())
    assert found.problems[-1].kind is ProblemKind.NO_REGIONS
    assert found.problems[-1].is_blocking
    assert not found.is_complete


def test_a_header_without_the_sequence_has_no_problem() -> None:
    found = ultrasound_regions(header(Modality="CT"), SIZE)
    assert (found.present, found.keep, found.redact, found.problems) == (False, (), (), ())


def test_thousands_of_regions_are_bounded_and_named() -> None:
    found = ultrasound_regions(
        header(SequenceOfUltrasoundRegions=[region(i % 600, 0, 620, 479) for i in range(1500)]), SIZE
    )
    assert any("1500 ultrasound regions" in one.message for one in found.problems)
    assert found.keep
