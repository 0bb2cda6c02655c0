"""Grey planes to 8-bit levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dcmaudit.codecs.samples import Array, Lut, Samples, Window
from dcmaudit.errors import HeaderError
from dcmaudit.model import Rendering, View
from dcmaudit.render import render, shown_as

FULL = View()
VOI = View(Rendering.VOI)


def grey(values: object, dtype: str = "u2", photometric: str = "MONOCHROME2", **more: object) -> Samples:
    array = np.atleast_2d(np.array(values, dtype=dtype))
    return Samples(array, photometric, array.dtype.itemsize * 8, signed=array.dtype.kind == "i", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8"])
def test_the_smallest_value_is_black_and_the_largest_white_for_every_cell(dtype: str) -> None:
    assert render(grey([10, 20, 40, 110], dtype)).tolist() == [[0, 26, 77, 255]]


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "f4", "f8"])
def test_negative_values_lie_below_positive_ones(dtype: str) -> None:
    assert render(grey([-100, 0, 100], dtype)).tolist() == [[0, 128, 255]]


def test_the_whole_range_of_each_cell_can_be_shown() -> None:
    for dtype in ("u1", "u2", "u4", "i1", "i2", "i4"):
        limits = np.iinfo(dtype)
        assert render(grey([limits.min, limits.max], dtype)).tolist() == [[0, 255]]
    assert render(grey([-1.7e308, 0, 1.7e308], "f8")).tolist() == [[0, 128, 255]]


def test_monochrome1_is_turned_over() -> None:
    assert render(grey([0, 51, 255], "u1", "MONOCHROME1")).tolist() == [[255, 204, 0]]
    assert render(grey([-1, 0, 1], "f4", "MONOCHROME1")).tolist() == [[255, 128, 0]]


def test_a_falling_rescale_turns_the_plane_over_and_twice_is_not_at_all() -> None:
    assert render(grey([0, 255], "u1", modality=(-1.0, 0.0))).tolist() == [[255, 0]]
    assert render(grey([0, 255], "u1", "MONOCHROME1", modality=(-1.0, 0.0))).tolist() == [[0, 255]]


@pytest.mark.parametrize("slope", [0.0, float("nan"), float("inf")])
def test_a_rescale_that_says_nothing_hides_nothing(slope: float) -> None:
    assert render(grey([3, 5], modality=(slope, 1.0))).tolist() == [[0, 255]]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
def test_a_plane_of_one_value_is_black(photometric: str, dtype: str) -> None:
    plane = grey(np.full((4, 5), 7), dtype, photometric)
    for rendering in (Rendering.FULL, Rendering.LOCAL):
        assert not render(plane, View(rendering)).any()
    assert (render(plane, View(inverted=True)) == 255).all()


def test_values_that_are_no_numbers_stand_apart_from_all_numbers() -> None:
    nan, inf = float("nan"), float("inf")
    assert render(grey([nan, -inf, 0, 1, inf], "f4")).tolist() == [[0, 0, 32, 223, 255]]
    assert render(grey([nan, -inf, 0, 1, inf], "f4", "MONOCHROME1")).tolist() == [[0, 255, 223, 32, 0]]
    assert render(grey([nan, 5, 5], "f8")).tolist() == [[0, 32, 32]]


def test_a_modality_table_that_rises_and_falls_is_applied() -> None:
    table = Lut(0, 16, np.array([0, 100, 50], dtype=np.uint16))
    assert render(grey([0, 1, 2], modality=table)).tolist() == [[0, 255, 128]]


def test_a_modality_table_that_keeps_values_apart_is_applied() -> None:
    table = Lut(10, 16, np.array([1000, 600, 0], dtype=np.uint16))
    assert render(grey([10, 11, 12], modality=table)).tolist() == [[255, 153, 0]]


def test_a_modality_table_cannot_hide_text_by_making_values_equal() -> None:
    table = Lut(0, 16, np.array([0, 500], dtype=np.uint16))
    assert render(grey([0, 1, 2], modality=table)).tolist() == [[0, 128, 255]]
    falling = Lut(0, 16, np.array([500, 0], dtype=np.uint16))
    assert render(grey([0, 1, 2], modality=falling)).tolist() == [[255, 128, 0]]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        # PS3.3 C.11.2.1.2.1: c=100 w=100: black up to 50, white above 149
        (Window(100, 100), [0, 0, 3, 126, 255, 255]),
        # C.11.2.1.3.2: black up to 50, white above 150
        (Window(100, 100, "LINEAR_EXACT"), [0, 0, 3, 125, 252, 255]),
        (Window(100, 100, "SIGMOID"), [30, 30, 31, 125, 224, 226]),
    ],
)
def test_windows_follow_the_standard(window: Window, expected: list[int]) -> None:
    values = [49, 50, 51, 99, 149, 151]
    got = render(grey(values, windows=(window,)), VOI)[0].tolist()
    if window.function == "SIGMOID":
        expected = [round(255 / (1 + np.exp(-4 * (v - 100) / 100))) for v in values]
    assert got == expected


def test_a_window_of_width_one_is_a_threshold() -> None:
    assert render(grey([4, 5, 6], windows=(Window(5.5, 1),)), VOI).tolist() == [[0, 0, 255]]


def test_the_window_applies_after_the_rescale_and_before_monochrome1() -> None:
    shifted = grey([1000, 1050, 1200], modality=(2.0, -2000.0), windows=(Window(100, 200, "LINEAR_EXACT"),))
    assert render(shifted, VOI).tolist() == [[0, 128, 255]]
    turned = grey([0, 255], "u1", "MONOCHROME1", windows=(Window(128, 256),))
    assert render(turned, VOI).tolist() == [[255, 0]]


def test_the_first_of_several_windows_counts() -> None:
    plane = grey([0, 10, 20], windows=(Window(10, 20, "LINEAR_EXACT"), Window(0, 2)))
    assert render(plane, VOI).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    "window",
    [
        Window(5, 0.5),
        Window(5, 0, "LINEAR_EXACT"),
        Window(5, -1, "SIGMOID"),
        Window(float("nan"), 9),
        Window(5, 9, "CUBIC"),
    ],
)
def test_a_window_that_the_standard_forbids_gives_the_full_range_and_says_so(window: Window) -> None:
    plane = grey([0, 10, 20], windows=(window,))
    assert (render(plane, VOI) == render(plane, FULL)).all()
    shown = shown_as(plane, VOI)
    assert shown.rendering is Rendering.FULL
    assert shown.reason


def test_without_a_window_the_voi_view_is_the_full_range_and_says_so() -> None:
    plane = grey([0, 10, 20])
    assert (render(plane, VOI) == render(plane, FULL)).all()
    assert shown_as(plane, VOI).reason == "the file has no VOI window or table"
    assert shown_as(plane, FULL).reason is None


def test_a_voi_table_is_applied_with_its_ends_held() -> None:
    table = Lut(10, 8, np.array([0, 128, 255], dtype=np.uint16))
    plane = grey([0, 10, 11, 12, 99], voi_luts=(table,))
    assert render(plane, VOI).tolist() == [[0, 0, 128, 255, 255]]


def test_an_integer_table_and_plain_arithmetic_agree() -> None:
    rng = np.random.default_rng(1)
    small = rng.integers(-3000, 3000, (60, 70)).astype(np.int16)
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        for view in (FULL, VOI):
            more = {"windows": (Window(40, 400),), "modality": (1.5, -20.0)}
            one = render(grey(small, "i2", photometric, **more), view)
            other = render(grey(small, "i4", photometric, **more), view)
            real = render(grey(small, "f8", photometric, **more), view)
            assert (one == other).all()
            assert (one == real).all()


@given(
    hnp.arrays(
        st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4"]).map(np.dtype),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    ),
)
def test_brighter_values_are_never_shown_darker(array: Array) -> None:
    levels = render(Samples(array, "MONOCHROME2", 16))
    assert levels.shape == array.shape
    assert levels.dtype == np.uint8
    order = np.argsort(array, axis=None, kind="stable")
    finite = np.isfinite(array.ravel()[order].astype(np.float64))
    assert (np.diff(levels.ravel()[order][finite].astype(int)) >= 0).all()


def test_strided_and_big_planes_come_out_like_plain_ones() -> None:
    array = np.arange(10000, dtype=np.uint16).reshape(100, 100)
    assert (
        render(Samples(array[::2, ::-3], "MONOCHROME2", 16))
        == render(Samples(array[::2, ::-3].copy(), "MONOCHROME2", 16))
    ).all()


def test_bit_planes_are_black_and_white_in_every_view() -> None:
    bits = Samples(np.array([[0, 1]], dtype=np.uint8), "BITS", 1)
    for rendering in Rendering:
        assert render(bits, View(rendering)).tolist() == [[0, 255]]
    assert render(bits, View(inverted=True)).tolist() == [[255, 0]]


def test_a_plane_without_pixels_or_with_wrong_axes_is_refused() -> None:
    with pytest.raises(HeaderError, match="no pixels"):
        render(Samples(np.zeros((0, 4), dtype=np.uint8), "MONOCHROME2", 8))
    with pytest.raises(HeaderError, match="one sample"):
        render(Samples(np.zeros((2, 4, 3), dtype=np.uint8), "MONOCHROME2", 8))
