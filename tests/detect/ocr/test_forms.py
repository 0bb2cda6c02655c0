from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dcmaudit.detect.ocr import Mode
from dcmaudit.detect.ocr.forms import REASON, UNREAD_REASON, is_form, reason
from dcmaudit.detect.ocr.spots import Line
from dcmaudit.detect.pii import DEFAULT, chain_plan
from dcmaudit.model import Box, Verdict
from dcmaudit.pipeline.ocr import OcrJob, read_file
from dcmaudit.sources import LocalReference
from support.files import dataset, file_bytes
from support.lettering import lettered


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


def test_a_screen_with_a_picture_among_its_lines_is_no_form_and_a_dark_page_is_one() -> None:
    lines = lines_of(40)
    dark = page(lines, 250)
    dark[dark == 120] = 10
    assert is_form(dark, lines)
    screen = dark.copy()
    screen[560:600, 20:380] = 150  # an image, or a bar
    assert not is_form(screen, lines)
    paper = page(lines, 20)
    paper[560:575, 20:380] = 20  # a stamp on paper
    assert is_form(paper, lines)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["SURNAME", "Ward 7B", "23/09/1957"], REASON),
        (["SURNAME", "Ward 7B", ""], UNREAD_REASON),
        (["III", "mm", "H H H", "三", "■", "---", "WMWM"] * 5, UNREAD_REASON),
        ([], UNREAD_REASON),
    ],
)
def test_only_a_page_on_which_words_were_read_is_called_a_scanned_form(texts: list[str], said: str) -> None:
    lines = [replace(line, text=text, confidence=0.9) for line, text in zip(lines_of(40), texts, strict=False)]
    lines += lines_of(40)[len(texts) :]
    assert is_form(page(lines, 20), lines)  # covered whole, whatever it is called
    assert reason(lines) == said


def test_words_that_were_read_badly_make_no_form_and_a_reader_without_confidence_does() -> None:
    lines = [replace(line, text="SURNAME", confidence=0.3) for line in lines_of(40)]
    assert reason(lines) == UNREAD_REASON
    assert reason([replace(line, confidence=None) for line in lines]) == REASON


def test_bars_are_not_called_a_scanned_form_and_a_form_is(tmp_path: Path) -> None:
    """With the detector and the reader that everybody has; the group of bars is that of bench/detect at 512 pixels."""
    strings = [(f"Surname {'ABCDEFGHJKLMNPQR'[n]}olland", 40 + 30 * (n % 2), 60 + 52 * n) for n in range(16)]
    strings += [(f"No {n}", 540, 60 + 104 * n) for n in range(8)]
    pictures = {"form": lettered((900, 700), strings, ground=230, ink=20), "bars": bars()}
    job = OcrJob("rapidocr", Mode.FAST, chain_plan(DEFAULT))
    wholes = {}
    for name, picture in pictures.items():
        (tmp_path / name).write_bytes(file_bytes(dataset(picture)))
        (plane,) = read_file(job, LocalReference(str(tmp_path / name))).planes
        wholes[name] = [one for one in plane.findings if one.is_form]
    (form,) = wholes["form"]
    assert (form.judgement.reason, form.judgement.verdict) == (REASON, Verdict.IDENTIFYING)
    assert all(
        (one.judgement.reason, one.judgement.verdict) == (UNREAD_REASON, Verdict.UNKNOWN) for one in wholes["bars"]
    )


def bars() -> np.ndarray:
    picture = np.full((512, 512), 60, np.uint8)
    for number in range(1, 9):
        part = np.where(np.arange(64) // number % 2, 230, 60).astype(np.uint8)
        left, top = (number - 1) % 4 * 128 + 32, (number - 1) // 4 * 256 + 32
        picture[top : top + 64, left : left + 64] = part[np.newaxis]
        picture[top + 128 : top + 192, left : left + 64] = part[:, np.newaxis]
    return picture
