"""Colour planes to 8-bit RGB."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dcmaudit.codecs.samples import Array, Lut, Palette, Samples
from dcmaudit.errors import HeaderError, UnsupportedError
from dcmaudit.model import Rendering, View
from dcmaudit.render import render

VOI, LOCAL = View(Rendering.VOI), View(Rendering.LOCAL)


def pixels(*rows: tuple[int, int, int], dtype: str = "u1") -> Array:
    return np.array([rows], dtype=dtype)


def random_rgb(dtype: str = "u1", top: int = 256) -> Array:
    return np.random.default_rng(5).integers(0, top, (40, 50, 3)).astype(dtype)


def palette(*tables: list[int], first: int = 0, bits: int = 16) -> Palette:
    return Palette(*(Lut(first, bits, np.array(table, dtype=np.uint16)) for table in tables))


def indices(values: list[int], dtype: str = "u1", **more: object) -> Samples:
    array = np.array([values], dtype=dtype)
    return Samples(array, "PALETTE COLOR", array.dtype.itemsize * 8, signed=array.dtype.kind == "i", **more)  # type: ignore[arg-type]


def test_eight_bit_rgb_is_shown_as_it_is_in_the_full_and_the_voi_view() -> None:
    array = random_rgb()
    for view in (View(), VOI):
        assert (render(Samples(array, "RGB", 8), view) == array).all()
    assert (render(Samples(array, "RGB", 8), View(inverted=True)) == 255 - array).all()


def test_eight_bits_in_cells_of_sixteen_are_shown_as_they_are() -> None:
    array = random_rgb("u2")
    assert (render(Samples(array, "RGB", 8)) == array).all()


def test_deeper_rgb_runs_from_zero_to_the_largest_value_of_any_channel() -> None:
    assert render(Samples(pixels((0, 2048, 4095), dtype="u2"), "RGB", 16)).tolist() == [[[0, 128, 255]]]
    assert render(Samples(pixels((0, 0, 2**31), dtype="u4"), "RGB", 32)).tolist() == [[[0, 0, 255]]]
    assert not render(Samples(pixels((0, 0, 0), dtype="u2"), "RGB", 16)).any()


def test_ybr_full_is_turned_into_rgb_as_pillow_does_it() -> None:
    array = random_rgb()
    channels = [Image.fromarray(np.ascontiguousarray(array[..., channel])) for channel in range(3)]
    expected = np.asarray(Image.merge("YCbCr", channels).convert("RGB"))
    got = render(Samples(array, "YBR_FULL", 8))
    assert np.abs(got.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_PARTIAL_422", "YBR_PARTIAL_420"])
def test_the_quick_way_for_bytes_follows_the_formula_of_the_standard(photometric: str) -> None:
    array = random_rgb()
    y, cb, cr = (array[..., channel].astype(float) for channel in range(3))
    if "PARTIAL" in photometric:  # PS3.3 C.7.6.3.1.2: Y = .2568 R + .5041 G + .0979 B + 16, and so on
        forward = np.array([[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]])
        foot = 16
    else:
        forward = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
        foot = 0
    rgb = np.stack([y - foot, cb - 128, cr - 128], axis=2) @ np.linalg.inv(forward).T
    expected = np.clip(np.floor(rgb + 0.5), 0, 255)
    got = render(Samples(array, photometric, 8))
    assert np.abs(got - expected).max() <= 1


def test_deep_ybr_agrees_with_ybr_of_eight_bits() -> None:
    array = random_rgb()
    array[0, 0] = (255, 128, 128)  # white, so that the largest value is the declared one
    for photometric in ("YBR_FULL", "YBR_PARTIAL_422"):
        shallow = render(Samples(array, photometric, 8)).astype(int)
        deep = render(Samples(array.astype(np.uint16) * 16, photometric, 12)).astype(int)
        assert np.abs(shallow - deep).max() <= 2


@pytest.mark.parametrize(("dtype", "offset"), [("u2", 2048), ("i2", 0)])
def test_the_reversible_transformation_is_undone_exactly(dtype: str, offset: int) -> None:
    rgb = random_rgb("i4", 1024)
    rgb[0, 0] = 4095
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    stored = np.stack([(red + 2 * green + blue) >> 2, blue - green + offset, red - green + offset], axis=2)
    plain = render(Samples(rgb.astype(np.uint16), "RGB", 12))
    assert (render(Samples(stored.astype(dtype), "YBR_RCT", 12, signed=dtype == "i2")) == plain).all()


def test_a_palette_of_sixteen_bits_is_shown_by_its_upper_eight() -> None:
    colours = palette([0, 0xFFFF], [0x8000, 0xFF00], [0x01FF, 0])
    assert render(indices([0, 1], palette=colours)).tolist() == [[[0, 128, 1], [255, 255, 0]]]


def test_eight_bit_entries_declared_as_sixteen_are_not_shown_black() -> None:
    colours = palette([0, 255], [128, 255], [1, 0])
    assert render(indices([0, 1], palette=colours)).tolist() == [[[0, 128, 1], [255, 255, 0]]]


def test_values_outside_of_a_palette_take_its_ends() -> None:
    colours = palette([10, 20], [30, 40], [50, 60], first=100)
    got = render(indices([0, 100, 101, 60000], "u2", palette=colours)).tolist()
    assert got == [[[10, 30, 50], [10, 30, 50], [20, 40, 60], [20, 40, 60]]]


@pytest.mark.parametrize("first", [-2, 65534])
def test_the_first_value_mapped_has_the_sign_of_the_pixels(first: int) -> None:
    colours = palette([1, 2, 3], [1, 2, 3], [1, 2, 3], first=first)
    got = render(indices([-2, -1, 0], "i2", palette=colours))[..., 0].tolist()
    assert got == [[1, 2, 3]]
    unsigned = render(indices([65534, 65535], "u2", palette=colours))[..., 0].tolist()
    assert unsigned == [[1, 2]]


def test_two_indices_of_one_colour_can_be_told_apart_in_the_local_view() -> None:
    colours = palette([7, 7, 9], [7, 7, 9], [7, 7, 9])
    plane = Samples(np.kron([[0, 1], [2, 0]], np.ones((8, 8))).astype(np.uint8), "PALETTE COLOR", 8, palette=colours)
    assert render(plane)[0, 0].tolist() == render(plane)[0, 8].tolist()
    local = render(plane, LOCAL)[..., 0].astype(int)
    assert abs(local[0, 0] - local[0, 8]) > 60
    assert abs(local[0, 0] - local[8, 0]) > 60


def test_visible_text_of_a_palette_stays_visible_in_the_local_view() -> None:
    # Black and white beside a grey: neighbours as indices, far apart to the eye, with a second black far away.
    tables = [[*range(200), 250, 30, 0]] * 3
    plane = np.full((64, 64), 201, dtype=np.uint8)
    plane[:32, :32] = np.arange(32) * 6
    plane[20:30, 40:60] = 200
    plane[0, 0] = 202
    local = render(Samples(plane, "PALETTE COLOR", 8, palette=palette(*tables)), LOCAL).astype(int)
    assert local[25, 50, 0] - local[50, 50, 0] > 120


def test_the_local_view_of_colour_keeps_hue_and_shows_one_level_of_difference() -> None:
    array = np.full((64, 64, 3), (10, 12, 14), dtype=np.uint8)
    array[20:30, 20:40, 2] += 1
    local = render(Samples(array, "RGB", 8), LOCAL).astype(int)
    assert abs(local[25, 30, 2] - local[0, 0, 2]) > 100
    assert local[0, 0, 0] <= local[0, 0, 1] < local[0, 0, 2]


def test_what_contradicts_its_photometric_interpretation_is_refused() -> None:
    with pytest.raises(HeaderError, match="Palette Color Lookup Table"):
        render(indices([0]))
    with pytest.raises(HeaderError, match="Palette Color Lookup Table"):
        render(indices([0], palette=palette([], [], [])))
    with pytest.raises(HeaderError, match="one sample"):
        render(Samples(random_rgb(), "PALETTE COLOR", 8, palette=palette([1], [1], [1])))
    with pytest.raises(HeaderError, match="three samples"):
        render(Samples(np.zeros((2, 2), np.uint8), "RGB", 8))
    with pytest.raises(UnsupportedError, match="'CMYK'"):
        render(Samples(random_rgb(), "CMYK", 8))


def test_the_samples_are_never_changed() -> None:
    array = random_rgb()
    before = array.copy()
    for photometric in ("RGB", "YBR_FULL", "YBR_PARTIAL_422", "YBR_RCT"):
        for rendering in Rendering:
            render(Samples(array, photometric, 8), View(rendering, inverted=True))
    assert (array == before).all()
