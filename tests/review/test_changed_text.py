"""Text that changes under ground that moves: what a sheet does not show is never said to be shown."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dcmaudit.codecs.samples import Array
from dcmaudit.render.tables import Levels
from dcmaudit.review.services.stack_text_map import StackTextMap
from dcmaudit.review.services.text_under import InkMaps

FRAMES = 200
SHAPE = (96, 256)
STRING = "MERRIWEATHER 52"


def ground(number: int) -> npt.NDArray[np.uint8]:
    """A wall that moves through speckle."""
    noise = np.random.default_rng(number % 7).gamma(1.5, 30, SHAPE).astype(np.float32)
    rows = np.mgrid[: SHAPE[0], : SHAPE[1]][0]
    wall = 60 * np.exp(-(((rows - 48 - 30 * np.sin(number / 5)) / 12) ** 2))
    return np.asarray(np.clip(cv2.GaussianBlur(noise, (0, 0), 1) + wall, 0, 160), np.uint8)


def frame(number: int, text: str, *, at: tuple[int, int] = (12, 58), ink: int = 255) -> npt.NDArray[np.uint8]:
    picture = ground(number)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, ink, 2, cv2.LINE_AA)
    return picture


Stack = list[tuple[Levels, Array]]
"""Of each plane, where the detector sees writing, and its values."""


@pytest.fixture(scope="module")
def maps() -> InkMaps:
    return InkMaps()


@pytest.fixture(scope="module")
def standing(maps: InkMaps) -> Stack:
    """The same string on every frame."""
    planes = [frame(number, STRING) for number in range(FRAMES)]
    return [(maps.strokes(plane), plane) for plane in planes]


def laid_out(stack: Stack) -> StackTextMap:
    found = StackTextMap(len(stack))
    for number, (strokes, values) in enumerate(stack):
        found.add(number, strokes, values)
        found.mapped += 1
    found.begin_sheets()
    for number, (_strokes, values) in enumerate(stack):
        found.lay(number, values if found.has_writing(number) else None)
    return found


@pytest.fixture(scope="module")
def shown(standing: Stack) -> list[int]:
    """The frames whose string the first sheet is said to show: many, though it shows that of one or two."""
    found = laid_out(standing)
    numbers = [number for number in range(FRAMES) if found.shows(number, {0})]
    assert len(numbers) > FRAMES // 4
    return numbers


@pytest.mark.parametrize(
    ("text", "at", "ink"),
    [
        ("MERRIWEATHER 53", (12, 58), 255),
        ("MERRIWEATHFR 52", (12, 58), 255),
        ("MERRTWEATHER 52", (12, 58), 255),
        (STRING, (13, 58), 255),
        ("OLDENBURGER 719", (12, 58), 255),
        ("OLDENBURGER 719", (12, 58), 200),
    ],
    ids=["a digit", "a stroke less", "another letter", "a pixel aside", "another string", "a fainter one"],
)
def test_a_string_that_is_another_one_on_one_frame_of_many_is_not_said_to_be_shown_with_them(
    standing: Stack, shown: list[int], maps: InkMaps, text: str, at: tuple[int, int], ink: int
) -> None:
    odd = shown[len(shown) // 2]
    values = frame(odd, text, at=at, ink=ink)
    stack = [*standing[:odd], (maps.strokes(values), values), *standing[odd + 1 :]]
    found = laid_out(stack)
    others = [number for number in range(FRAMES) if number != odd and found.shows(number, {0})]
    # One sheet shows one of both; where the map took the odd one, nothing of the others may count as shown.
    assert not (found.shows(odd, {0}) and others)
