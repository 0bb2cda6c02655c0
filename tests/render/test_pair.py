"""Two planes on one scale: what is equal looks equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render import render, render_pair


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_equal_values_have_equal_levels_although_the_largest_was_taken_away(dtype: type, photometric: str) -> None:
    array = np.arange(100, dtype=dtype).reshape(10, 10)
    array[2, 3] = 120
    after = array.copy()
    after[2, 3] = 0
    kind = Samples(array, photometric, 8 * array.itemsize, signed=np.dtype(dtype).kind == "i")
    first, second = render_pair(kind, replace(kind, array=after))
    same = array == after
    assert np.array_equal(first[same], second[same])
    assert first[2, 3] != second[2, 3]
    # by itself it would have been another picture
    assert not np.array_equal(render(replace(kind, array=after)), second)


def test_planes_of_different_kinds_are_shown_each_by_itself() -> None:
    grey = Samples(np.arange(12, dtype=np.uint8).reshape(3, 4), "MONOCHROME2", 8)
    colour = Samples(np.zeros((3, 4, 3), np.uint8), "RGB", 8)
    first, second = render_pair(grey, colour)
    assert np.array_equal(first, render(grey))
    assert np.array_equal(second, render(colour))
    local = View(Rendering.LOCAL)
    assert np.array_equal(render_pair(grey, grey, local)[0], render(grey, local))
