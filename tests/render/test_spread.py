"""What many pictures have at each place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcmaudit.model import Box, Size, SpreadKind
from dcmaudit.render import Outline, Spread, distances, unlike_places


@given(
    rows=st.integers(1, 70), columns=st.integers(1, 70), edge=st.integers(1, 40), seed=st.integers(0, 99),
    coloured=st.booleans(),
)  # fmt: skip
def test_no_pixel_of_any_picture_is_brighter_or_darker_than_the_extremes(
    rows: int, columns: int, edge: int, seed: int, *, coloured: bool
) -> None:
    shape = (rows, columns, 3) if coloured else (rows, columns)
    pictures = np.random.default_rng(seed).integers(0, 256, (3, *shape), dtype=np.uint8)
    spread = Spread(Size(columns, rows), edge)
    for one in pictures:
        spread.add(one)
    most, least = spread.picture(SpreadKind.MAX), spread.picture(SpreadKind.MIN)
    scale = spread.scale
    assert max(most.shape) <= edge
    for row in range(most.shape[0]):
        for column in range(most.shape[1]):
            part = pictures[:, row * scale : (row + 1) * scale, column * scale : (column + 1) * scale]
            assert (most[row, column], least[row, column]) == (part.max(), part.min())
    assert np.array_equal(spread.picture(SpreadKind.RANGE), most - least)
    mean = spread.picture(SpreadKind.MEAN)
    assert ((mean >= least) & (mean <= most)).all()


def test_text_is_shown_where_it_was_found_in_any_file() -> None:
    spread = Spread(Size(100, 50), 50)
    spread.add_text(Box(10, 10, 20, 14), 0.5)
    spread.add_text(Box(19, 10, 99, 60), 1.0)
    spread.add_text(Box(200, 200, 300, 300), 1.0)
    text = spread.picture(SpreadKind.TEXT)
    assert text.shape == (25, 50)
    assert text[5, 5] == 128
    assert text[24, 49] == 255
    assert text[4].max() == 0
    assert spread.picture(SpreadKind.MAX).max() == 0


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="another size"):
        Spread(Size(4, 4), 4).add(np.zeros((4, 5), np.uint8))


def test_what_is_unlike_the_others_lies_far_from_them() -> None:
    noise = np.random.default_rng(1)
    signatures = []
    for number in range(50):
        outline = Outline()
        picture = noise.integers(40, 60, (64, 80), dtype=np.uint8)
        if number == 17:
            picture[:16, :40] = 255
        outline.add(picture)
        signatures.append(outline.signature())
    away = distances(np.stack(signatures))
    assert int(np.argmax(away)) == 17
    assert away[17] > 10 * np.median(away)
    assert Outline().signature() is None


def test_equal_files_are_not_apart() -> None:
    assert distances(np.full((5, 512), 7, np.uint8)).max() == 0
    assert len(distances(np.zeros((0, 512), np.uint8))) == 0


def test_where_a_file_is_unlike_the_others_is_told_place_by_place() -> None:
    noise = np.random.default_rng(3)
    made = []
    for number in range(20):
        picture = noise.integers(90, 110, (160, 320)).astype(np.uint8)
        if number == 7:
            # A line of text in one corner, and a dark spot in another.
            picture[3:8, 5:35] = 255
            picture[120:150, 240:300] = 0
        outline = Outline()
        outline.add(picture)
        made.append(outline.signature())
    signatures = np.stack([each for each in made if each is not None])
    assert unlike_places(signatures, 0, Size(320, 160), 4.0) == ()
    found = sorted(unlike_places(signatures, 7, Size(320, 160), 4.0), key=lambda box: box.top)
    # In cells of 20 x 10 pixels, those of the spot that it fills or nearly fills.
    assert found[0] == Box(0, 0, 40, 10)
    assert found[1] == Box(240, 120, 300, 150)
    assert len(found) == 2
