from __future__ import annotations

import numpy as np

from dcmaudit.detect.ocr.forms import is_form
from dcmaudit.detect.ocr.spots import Line
from dcmaudit.model import Box


def lines_of(count: int) -> list[Line]:
    """Lines spread over a page of 600 x 400 pixels."""
    return [Line(Box(30 + 120 * (n % 3), 40 * (n // 3), 130 + 120 * (n % 3), 40 * (n // 3) + 18), "", None, 1.0)
            for n in range(count)]  # fmt: skip


def page(lines: list[Line], ink: int) -> np.ndarray:
    picture = np.full((600, 400), 120, np.uint8)
    for line in lines:
        picture[line.box.top + 4 : line.box.bottom - 4, line.box.left + 4 : line.box.right - 4 : 4] = ink
    return picture


def test_a_page_of_lines_is_a_form_and_faint_noise_that_was_boxed_is_none() -> None:
    lines = lines_of(40)
    assert is_form(page(lines, 20), lines)
    # What local contrast makes of the noise of a flat picture: boxes without any ink in the full range.
    assert not is_form(page(lines, 118), lines)


def test_a_few_strings_among_many_boxes_without_ink_are_no_form() -> None:
    lines = lines_of(40)
    assert not is_form(page(lines[:6], 20), lines)
