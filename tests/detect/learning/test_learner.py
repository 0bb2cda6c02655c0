from __future__ import annotations

from dataclasses import replace

import pytest

from dcmaudit.detect.learning import Candidate, Learner, Reliability
from dcmaudit.model import (
    FRAMES,
    Box,
    DeviceFacts,
    Everywhere,
    Example,
    FrameAddress,
    FrameRange,
    Mark,
    Origin,
    OverlayAddress,
    PlaneAddress,
    Size,
)
from support.where import groups, span

DEVICE = DeviceFacts("US", ("ORIGINAL", "PRIMARY"), "Model X", None, 480, 640, "Acme", "1.0")
SIZE = Size(640, 480)
NAME = (10, 10, 110, 26)
FRAME = FrameAddress(0)


def mark(edges: tuple[int, int, int, int] = NAME, key: str = "f", first: int = 0, last: int = 0) -> Mark:
    return Mark(*edges, span(key, first, last + 1))


def example(*marks: Mark, frames: int = 1, has: tuple[str, ...] = ("f",), **device: object) -> Example:
    return Example(replace(DEVICE, **device), marks, frames, groups(*has))  # type: ignore[arg-type]


def candidates(
    examples: list[Example],
    at: PlaneAddress = FRAME,
    *,
    frames: int = 1,
    own: tuple[Mark, ...] = (),
    seen: tuple[FrameRange, ...] = (),
    size: Size = SIZE,
    reliability: Reliability | None = None,
    **device: object,
) -> list[Candidate]:
    facts = replace(DEVICE, **device)  # type: ignore[arg-type]
    return Learner(facts, examples, frames, reliability).candidates(at, size, own, seen)


def shown(*args: object, **how: object) -> list[Candidate]:
    return [item for item in candidates(*args, **how) if item.is_shown]  # type: ignore[arg-type]


def test_a_done_image_of_the_same_kind_suggests_its_mark_with_a_reason() -> None:
    (found,) = candidates([example(mark())])
    assert found.is_shown
    assert found.region.box.contains(Box(*NAME))
    assert (found.region.origin, found.region.scope) == (Origin.LEARNED, FRAME)
    assert found.region.reason == "1 of 1 done image of this model, 640x480, had text here"


def test_the_reason_counts_images_without_a_mark() -> None:
    (found,) = candidates([example(mark()) for _ in range(9)] + [example()])
    assert found.region.reason == "9 of 10 done images of this model, 640x480, had text here"


def test_every_image_with_a_mark_raises_the_probability_and_every_one_without_lowers_it() -> None:
    rising = [candidates([example(mark())] * count)[0].chance for count in (1, 2, 5, 20)]
    assert rising == sorted(rising)
    assert rising[-1] > 0.95
    falling = [candidates([example(mark())] * 5 + [example()] * count)[0].chance for count in (0, 1, 5)]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 0.6


def test_a_place_that_one_of_many_images_had_is_not_suggested() -> None:
    assert shown([example()] * 20 + [example(mark())]) == []


def test_newer_images_count_more_than_older_ones() -> None:
    marked, bare = [example(mark())] * 20, [example()] * 20
    assert candidates(marked + bare)[0].chance > 0.55 > candidates(bare + marked)[0].chance


def test_marks_that_differ_a_little_become_one_rectangle_that_holds_them_all() -> None:
    edges = [(10 + n % 3, 10 - n % 2, 110 + 7 * (n % 4), 26 + n % 2) for n in range(12)]
    (found,) = candidates([example(mark(edge)) for edge in edges])
    assert all(found.region.box.contains(Box(*edge)) for edge in edges)
    assert found.region.box.area < 2 * Box(10, 9, 132, 27).area


def test_one_careless_mark_does_not_stretch_the_rectangle_of_many_good_ones() -> None:
    many = [example(mark()) for _ in range(40)] + [example(mark((5, 4, 190, 40)))]
    assert candidates(many)[0].region.box.area < 1.6 * Box(*NAME).area


def test_accepted_suggestions_do_not_make_rectangles_grow() -> None:
    box = candidates([example(mark())])[0].region.box
    for _ in range(5):
        agreed = Mark(box.left, box.top, box.right, box.bottom, span("f", 0, 1), agreed=True)
        box = candidates([example(agreed)] * 3)[0].region.box
    assert box == candidates([example(mark())])[0].region.box


def test_lines_of_text_below_each_other_stay_apart() -> None:
    lines = [mark((10, 10 + 20 * n, 110, 24 + 20 * n)) for n in range(3)]
    assert len(shown([example(*lines)] * 4)) == 3


def test_another_software_version_counts_until_there_are_images_of_this_one() -> None:
    others = [example(mark(), software_versions="0.9")] * 10
    (found,) = candidates(others)
    assert found.is_shown
    assert found.region.reason == "10 of 10 of this model and size with another software version had text here" or (
        "10 of 10 done images of this model and size with another software version had text here" in found.region.reason
    )
    assert shown([example(), example(), *others]) == []


def test_another_image_type_is_kin_and_empty_values_at_its_end_mean_nothing() -> None:
    (found,) = candidates([example(mark(), image_type=("DERIVED",))] * 3)
    assert "with another image type" in found.region.reason
    (same,) = candidates([example(mark(), image_type=("ORIGINAL", "PRIMARY", ""))])
    assert "of this model, 640x480" in same.region.reason


def test_another_model_or_modality_says_nothing() -> None:
    assert candidates([example(mark(), model="Y"), example(mark(), modality="CT")]) == []
    assert candidates([example(mark(), model=None)], model=None) == []


@pytest.mark.parametrize("fit", ["scaled", "measured from the nearest edge"])
def test_marks_are_carried_over_to_another_size_in_the_way_that_fits_the_sizes_that_are_known(fit: str) -> None:
    scaled = fit == "scaled"
    # Bottom right, in 640x480, 320x240 and asked for 1280x960.
    big, small = (500, 440, 600, 460), (250, 220, 300, 230) if scaled else (180, 200, 280, 220)
    examples = [example(mark(big))] * 4 + [example(mark(small), rows=240, columns=320)] * 4
    (found,) = shown(examples, rows=960, columns=1280, size=Size(1280, 960))
    expected = Box(1000, 880, 1200, 920) if scaled else Box(1140, 920, 1240, 940)
    assert found.region.box.contains(expected)
    assert found.region.box.area < 2.5 * expected.area
    assert fit in found.region.reason


def test_a_mark_on_one_frame_suggests_the_same_on_the_others_of_the_file() -> None:
    (found,) = candidates([], FrameAddress(3), frames=10, own=(mark(),))
    assert found.is_shown
    assert found.region.box == Box(*NAME)
    assert found.region.reason == "marked on 1 of 1 other frame of this file"


def test_frames_that_were_seen_without_it_speak_against_a_mark_of_one_frame() -> None:
    often = candidates([], FrameAddress(9), frames=10, own=(mark(first=0, last=8),), seen=(FrameRange(0, 9),))[0]
    once = candidates([], FrameAddress(9), frames=10, own=(mark(),), seen=(FrameRange(0, 9),))[0]
    assert often.is_shown
    assert not once.is_shown
    assert once.region.reason.startswith("marked on 1 of 9 other frames of this file")


def test_text_of_first_frames_alone_is_not_suggested_on_the_others() -> None:
    cines = [example(mark(), frames=20)] * 6
    assert [item.region.box.contains(Box(*NAME)) for item in shown(cines, FrameAddress(0), frames=30)] == [True]
    assert shown(cines, FrameAddress(12), frames=30) == []
    assert shown(cines, FrameAddress(12), frames=30, own=(mark(),), seen=(FrameRange(0, 12),)) == []


def test_a_mark_on_every_plane_counts_on_every_plane() -> None:
    everywhere = Example(DEVICE, (Mark(*NAME, Everywhere.ALL_PLANES),), 5, groups("f", "o6000"))
    for at in (FrameAddress(3), OverlayAddress(0x6000, 0)):
        assert len(shown([everywhere] * 3, at, frames=5)) == 1


def test_overlays_learn_from_overlays_only() -> None:
    over = example(mark(key="o6000"), has=("f", "o6000"))
    assert len(shown([over] * 2, OverlayAddress(0x6000, 0))) == 1
    assert candidates([over] * 2) == []
    assert candidates([over] * 2, OverlayAddress(0x6002, 0)) == []
    assert len(shown([over] * 2 + [example()] * 9, OverlayAddress(0x6000, 0))) == 1


def test_frames_that_were_skipped_are_no_evidence() -> None:
    skipped = replace(example(frames=5), frames=5, unseen={FRAMES: (FrameRange(1, 5),)})
    examples = [example(mark(first=0, last=4), frames=5)] * 2 + [skipped] * 6
    assert shown(examples, FrameAddress(2), frames=5)
    assert not shown(examples, FrameAddress(0), frames=5)


def test_what_is_marked_already_is_not_suggested_again() -> None:
    assert candidates([example(mark())] * 3, own=(mark((12, 11, 108, 25)),)) == []


def test_boxes_stay_inside_the_plane() -> None:
    (found,) = candidates([example(mark((600, 460, 640, 480)))])
    assert found.region.box.is_inside(SIZE)


def test_kinds_that_seldom_came_true_are_believed_less() -> None:
    (plain,) = candidates([example(mark())])
    doubted = Reliability.of([(plain.kind, False)] * 40)
    (found,) = candidates([example(mark())], reliability=doubted)
    assert found.estimate == plain.estimate
    assert found.chance < 0.3
    assert not found.is_shown


def test_the_reason_holds_no_value_of_any_file() -> None:
    (found,) = candidates([example(mark(), software_versions="Anna Example")], software_versions="Bob Example")
    assert not any(word in found.region.reason for word in ("Anna", "Bob", "Acme", "Model X"))


def test_absurd_marks_do_no_harm() -> None:
    absurd = [mark((10**9, 10**9, 2 * 10**9, 2 * 10**9)), mark((0, 0, 2**31, 1)), mark((639, 479, 640, 480))]
    for item in candidates([example(*absurd)] * 3, rows=1, columns=1, size=Size(1, 1)) + candidates([example(*absurd)]):
        assert item.region.box.is_inside(SIZE)
