"""The local-contrast view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render import render
from dcmaudit.render.local import local_contrast, places

from .pictures import anatomy, around, as_stored, ink

FULL, LOCAL = View(), View(Rendering.LOCAL)


def contrast(levels: Array, strokes: Array) -> float:
    return abs(float(levels[strokes].mean()) - float(levels[around(strokes, 4)].mean()))


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
def test_text_one_level_above_a_flat_ground_is_made_plain(dtype: str) -> None:
    strokes = ink("DOE^JOHN")
    plane = np.full(strokes.shape, 100, dtype=dtype)
    plane[strokes] += 1
    plane[250:, 250:] = 127  # something bright, so that the full range does not show the text
    samples = Samples(plane, "MONOCHROME2", 16)
    assert contrast(render(samples, FULL), strokes) < 12
    assert contrast(render(samples, LOCAL), strokes) > 100


def test_text_beside_an_outlier_and_padding_is_made_plain() -> None:
    strokes = ink("1960-01-02")
    plane = np.full(strokes.shape, 500, dtype=np.int16)
    plane[strokes] = 504
    plane[:, 200:] = -32768
    plane[255, 0] = 32767
    samples = Samples(plane, "MONOCHROME2", 16, signed=True)
    assert contrast(render(samples, FULL), strokes) < 1
    assert contrast(render(samples, LOCAL), strokes) > 60


def test_faint_text_over_noise_gains_contrast() -> None:
    strokes = ink("HOSPITAL", at=(10, 10))
    plane = anatomy()
    plane[strokes] += 60
    samples = Samples(as_stored(plane), "MONOCHROME2", 12)
    assert contrast(render(samples, FULL), strokes) < 8
    assert contrast(render(samples, LOCAL), strokes) > 20


def test_the_local_view_has_the_direction_of_the_full_one() -> None:
    ramp = np.tile(np.arange(0, 256, dtype=np.uint8), (256, 1))
    for photometric, rising in (("MONOCHROME2", True), ("MONOCHROME1", False)):
        levels = render(Samples(ramp, photometric, 8), LOCAL).astype(int)
        inner = np.diff(levels[128, :20])
        assert ((inner >= 0) if rising else (inner <= 0)).all()
        assert abs(levels[128, 0] - levels[128, 255]) > 150


@settings(max_examples=40)
@given(
    hnp.arrays(
        st.sampled_from(["u1", "i2", "u2", "i4", "f4"]).map(np.dtype),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=300),
        elements={"allow_nan": False},
        fill=st.just(3),
    ),
)
def test_any_plane_of_any_size_comes_out_whole(array: Array) -> None:
    levels = local_contrast(array)
    assert levels.shape == array.shape
    assert levels.dtype == np.uint8
    assert levels.any() == (np.unique(array).size > 1)


def test_places_keep_small_distances_and_shorten_empty_stretches() -> None:
    few, count = places(np.array([[-5, 1000], [-3, -5]], dtype=np.int16))
    assert (few.tolist(), count) == ([[0, 1005], [2, 0]], 1006)
    wide, count = places(np.array([[-32768, 0, 1, 32767]], dtype=np.int16))
    assert count <= 4096
    assert wide[0, 2] - wide[0, 1] == 1
    assert wide[0, 1] > 1000
    many, count = places(np.arange(65536, dtype=np.uint16).reshape(256, 256))
    assert count == 4096
    assert (np.diff(many.ravel().astype(int)) >= 0).all()
    real, count = places(np.array([[0.5, np.inf, np.nan, -1.0]]))
    order = real[0].tolist()
    assert order[3] < order[0] < order[1] < order[2]
