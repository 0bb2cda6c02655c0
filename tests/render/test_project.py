"""Projections of stacks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from dcmaudit.codecs.samples import Array, Lut, Palette, Samples, Window
from dcmaudit.errors import DecodeError, UsageError
from dcmaudit.model import FrameAddress, PlaneAddress, Projection, Rendering, View
from dcmaudit.render import Projector, project, project_planes, render
from dcmaudit.render.strokes import stroke_map

from .pictures import anatomy, around, as_stored, ink

SHAPE = (256, 256)


def grey(array: object, photometric: str = "MONOCHROME2", **more: object) -> Samples:
    values = np.atleast_2d(np.asarray(array))
    return Samples(values, photometric, 16, signed=values.dtype.kind == "i", **more)  # type: ignore[arg-type]


def small(values: list[int], dtype: str = "u2") -> Array:
    return np.array([values], dtype=dtype)


def test_max_and_min_take_the_brightest_and_darkest_as_shown() -> None:
    frames = [small([0, 50, 10]), small([100, 0, 10]), small([0, 0, 20])]
    top = render(grey(np.max(frames, axis=0)))
    bottom = render(grey(np.min(frames, axis=0)))
    assert (project(map(grey, frames), Projection.MAX) == top).all()
    assert (project(map(grey, frames), Projection.MIN) == bottom).all()


def test_in_monochrome1_the_brightest_is_the_smallest_value() -> None:
    frames = [small([0, 50, 10]), small([100, 0, 10])]
    turned = [grey(frame, "MONOCHROME1") for frame in frames]
    expected = render(grey(np.min(frames, axis=0), "MONOCHROME1"))
    assert (project(turned, Projection.MAX) == expected).all()
    falling = [grey(frame, modality=(-1.0, 0.0)) for frame in frames]
    assert (project(falling, Projection.MAX) == expected).all()


def test_the_mean_is_the_mean_of_stored_values() -> None:
    frames = [small([-100, 0, 40], "i2"), small([100, 0, 60], "i2")]
    assert project(map(grey, frames), Projection.MEAN).tolist() == [[0, 0, 255]]


def test_a_frame_is_not_stretched_by_itself() -> None:
    dark, bright = small([1, 2, 3]), small([1000, 0, 0])
    # By itself the dark frame's 3 would be as white as the 1000.
    assert project([grey(dark), grey(bright)], Projection.MAX).tolist() == [[255, 0, 0]]


def test_frames_with_their_own_rescale_are_compared_in_its_unit() -> None:
    frames = [grey(small([10, 0]), modality=(1.0, 0.0)), grey(small([2, 10]), modality=(10.0, 0.0))]
    assert project(frames, Projection.MAX).tolist() == [[0, 255]]  # 20 and 100
    assert project(frames, Projection.MEAN).tolist() == [[0, 255]]  # 15 and 50
    projector = Projector(Projection.MEAN)
    for frame in [*frames, frames[0]]:
        projector.add(frame)
    window = View(Rendering.VOI)
    assert projector.count == 3
    assert projector.picture(window).tolist() == [[0, 255]]


def test_views_apply_to_the_projection() -> None:
    frames = [grey(small([0, 50, 100]), windows=(Window(50, 20, "LINEAR_EXACT"),)) for _ in range(2)]
    assert project(frames, Projection.MAX, View(Rendering.VOI)).tolist() == [[0, 128, 255]]
    assert project(frames, Projection.MAX, View(inverted=True)).tolist() == [[255, 127, 0]]


def test_overlay_frames_are_joined() -> None:
    frames = [Samples(small(bits, "u1"), "BITS", 1) for bits in ([0, 1, 0], [0, 0, 1], [0, 0, 1])]
    assert project(frames, Projection.MAX).tolist() == [[0, 255, 255]]
    assert project(frames, Projection.MIN).tolist() == [[0, 0, 0]]
    assert project(frames, Projection.MEAN).tolist() == [[0, 85, 170]]
    assert project(frames, Projection.MAX, View(inverted=True)).tolist() == [[255, 0, 0]]


def test_colour_is_projected_channel_by_channel_without_a_range_of_its_own() -> None:
    one = np.array([[[10, 0, 0], [0, 0, 9]]], dtype=np.uint8)
    two = np.array([[[0, 20, 0], [0, 0, 7]]], dtype=np.uint8)
    frames = [Samples(one, "RGB", 8), Samples(two, "RGB", 8)]
    assert project(frames, Projection.MAX).tolist() == [[[10, 20, 0], [0, 0, 9]]]
    assert project(frames, Projection.MEAN).tolist() == [[[5, 10, 0], [0, 0, 8]]]
    deep = [Samples(one.astype(np.uint16) * 100, "RGB", 16), Samples(two.astype(np.uint16), "RGB", 16)]
    assert project(deep, Projection.MAX).tolist() == [[[255, 5, 0], [0, 0, 230]]]


def test_palette_planes_are_projected_in_colour() -> None:
    tables = [Lut(0, 8, np.array(table, dtype=np.uint16)) for table in ([0, 200], [90, 0], [0, 0])]
    frames = [Samples(small([index], "u1"), "PALETTE COLOR", 8, palette=Palette(*tables)) for index in (0, 1)]
    assert project(frames, Projection.MAX).tolist() == [[[200, 90, 0]]]


def test_one_plane_projected_is_that_plane() -> None:
    plane = grey(as_stored(anatomy()))
    for projection in (Projection.MAX, Projection.MIN, Projection.MEAN):
        assert (project([plane], projection) == render(plane)).all()


def test_planes_of_other_sizes_or_kinds_and_no_planes_are_refused() -> None:
    with pytest.raises(UsageError, match="2 x 1 pixels"):
        project([grey(small([1])), grey(small([1, 2]))], Projection.MAX)
    with pytest.raises(UsageError, match="BITS"):
        project([grey(small([1])), Samples(small([1], "u1"), "BITS", 1)], Projection.MAX)
    with pytest.raises(UsageError, match="no plane"):
        project([], Projection.TEXT)


def test_the_samples_are_never_changed_and_only_one_plane_is_held() -> None:
    arrays = [as_stored(anatomy(seed=seed)) for seed in range(3)]
    before = [array.copy() for array in arrays]
    for projection in Projection:
        project(map(grey, arrays), projection)
    assert all((one == other).all() for one, other in zip(arrays, before, strict=True))


def cine(static: Array, once: Array, frames: int = 24) -> Iterator[Samples]:
    for number in range(frames):
        plane = anatomy(turn=number / 4, seed=number)
        plane[static] += 300
        if number == frames // 2:
            plane[once] += 700
        yield grey(as_stored(plane))


def test_the_text_map_shows_text_that_stays_and_text_of_a_single_frame() -> None:
    static, once = ink("STATIC 1960", at=(8, 6)), ink("ONE FRAME", at=(90, 140))
    levels = project(cine(static, once), Projection.TEXT).astype(float)
    # Writing is shown with the ground around it.
    rest = ~(beside(static, 24) | beside(once, 24))
    assert levels[static].mean() > 100
    assert levels[once].mean() > 70
    assert levels[rest].mean() < 8
    assert np.percentile(levels[rest], 95) < 45


def beside(mask: Array, reach: int) -> Array:
    """The mask and what is so many pixels from it."""
    rows, columns = np.nonzero(mask)
    wide = np.zeros_like(mask)
    wide[
        max(0, rows.min() - reach) : rows.max() + reach + 1, max(0, columns.min() - reach) : columns.max() + reach + 1
    ] = 1
    return wide


@pytest.mark.parametrize("sign", [1, -1])
def test_writing_of_one_plane_is_on_the_text_map_as_it_is_on_the_plane_where_bright_planes_cover_it(sign: int) -> None:
    """A maximum hides it: every pixel is brighter on another plane."""
    once = ink("DOE 1962", at=(60, 40))
    planes = [np.full(SHAPE, 400.0 + 50 * number) for number in range(8)]
    planes[2][once] += sign * 60
    levels = project((grey(as_stored(plane)) for plane in planes), Projection.TEXT).astype(float)
    here = beside(once, 3)
    likeness = np.corrcoef(levels[here], once[here])[0, 1]
    assert abs(likeness) > 0.7
    assert project((grey(as_stored(plane)) for plane in planes), Projection.MAX)[here].std() == 0


def test_faint_text_that_stays_rises_out_of_noise_that_does_not() -> None:
    static = ink("FAINT TEXT 12", size=20, at=(8, 100))

    def frames() -> Iterator[Samples]:
        for seed in range(40):
            plane = np.random.default_rng(seed).normal(500, 30, SHAPE)
            plane[static] += 30
            yield grey(as_stored(plane))

    single = stroke_map(next(frames()).array)
    together = project(frames(), Projection.TEXT)
    assert single[static].mean() < 20
    assert together[static].mean() > 25
    assert together[~(static | around(static))].mean() < 12


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_one_plane_with_light_or_dark_text_has_it_on_its_map(sign: int, dtype: str) -> None:
    strokes = ink("DOE^JANE 12345", at=(20, 60))
    plane = np.full(SHAPE, 120.0)
    plane += np.random.default_rng(2).normal(0, 3, SHAPE)
    plane[strokes] += sign * 60
    levels = stroke_map(plane.astype(dtype))
    assert levels[strokes].mean() > 90
    assert levels[~(strokes | around(strokes))].mean() < 2


def test_lines_edges_and_noise_are_not_taken_for_text() -> None:
    plane = np.random.default_rng(4).normal(800, 40, SHAPE)
    plane[:, 128:] += 900
    plane[60:62, :] += 900
    assert stroke_map(as_stored(plane)).mean() < 4


def test_text_that_differs_in_colour_alone_is_on_the_map() -> None:
    strokes = ink("RED ON GREY", at=(20, 60))
    plane = np.full((*SHAPE, 3), 120, dtype=np.uint8)
    plane[strokes] = (180, 96, 100)
    assert stroke_map(plane)[strokes].mean() > 100


class Stack:
    """Three frames, the second of which cannot be decoded."""

    def read(self, address: PlaneAddress) -> Samples:
        assert isinstance(address, FrameAddress)
        if address.frame == 1:
            raise DecodeError("the codestream ends early", file="x.dcm")
        return grey(small([address.frame, 5]))


def test_what_cannot_be_read_is_named_beside_the_projection() -> None:
    addresses = [FrameAddress(number) for number in range(3)]
    told: list[int] = []
    projected = project_planes(Stack(), addresses, Projection.MAX, progress=told.append)
    assert projected.planes == (addresses[0], addresses[2])
    assert projected.failed == ((addresses[1], "the codestream ends early"),)
    assert projected.picture is not None
    assert projected.picture.tolist() == [[0, 255]]
    assert told == [1, 2, 3]
    nothing = project_planes(Stack(), addresses[1:2], Projection.MAX)
    assert nothing.picture is None
    assert len(nothing.failed) == 1


def test_a_projection_can_be_left() -> None:
    addresses = [FrameAddress(number) for number in (0, 2, 0)]
    answers = iter([False, True])
    projected = project_planes(Stack(), addresses, Projection.MAX, stop=lambda: next(answers))
    assert projected.planes == tuple(addresses[:1])
