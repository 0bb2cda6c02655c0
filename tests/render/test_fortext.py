"""In which pictures of a plane text is looked for."""

from __future__ import annotations

import numpy as np
import pytest

from dcmaudit.codecs.samples import Samples
from dcmaudit.render import pictures_for_text

from .pictures import ink


def page(ground: tuple[int, int, int], grid: tuple[int, int, int]) -> np.ndarray:
    picture = np.empty((256, 256, 3), np.uint8)
    picture[:] = ground
    picture[::6], picture[:, ::6] = grid, grid
    picture[ink("aVR 25 mm/s")] = (20, 20, 20)
    return picture


@pytest.mark.parametrize(("ground", "grid"), [((255, 255, 255), (255, 150, 150)), ((250, 245, 250), (160, 190, 250))])
def test_a_page_on_a_coloured_grid_comes_as_its_brightest_channel_in_which_the_grid_is_gone(
    ground: tuple[int, int, int], grid: tuple[int, int, int]
) -> None:
    pictures = pictures_for_text(Samples(page(ground, grid), "RGB", 8))
    assert len(pictures) == 2
    letters = ink("aVR 25 mm/s")
    assert np.ptp(pictures[1][~letters].astype(int)) <= 10
    assert pictures[1][letters].max() == 20


def test_pages_without_colour_dark_pictures_and_quick_looks_have_no_such_picture() -> None:
    grey = page((255, 255, 255), (200, 200, 200))
    assert len(pictures_for_text(Samples(grey, "RGB", 8))) == 1
    dark = page((20, 0, 0), (90, 20, 20))
    assert len(pictures_for_text(Samples(dark, "RGB", 8))) == 1
    coloured = page((255, 255, 255), (255, 150, 150))
    assert len(pictures_for_text(Samples(coloured, "RGB", 8), quick=True)) == 1
