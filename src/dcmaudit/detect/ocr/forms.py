"""Pages of text: a scanned form is blacked out whole, for its handwriting is read badly or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dcmaudit.detect.ocr.spots import Line, Picture, grey_of
from dcmaudit.model import covered_area

REASON = "the plane is a page of text, a scanned form"
UNREAD_REASON = (
    "the plane is full of what looks like writing, and hardly any of it was read: a page of text or handwriting, "
    "or a test pattern"
)

_LINES = 12
_COVERED = 0.06
_PAPER = 0.55
_NARROW = 24
_INK = 0.03
"""Part of a line's box that differs from the ground: letters fill a tenth and more of theirs."""
_WORDS = 3
"""Lines of which a word was read that make a page a form without doubt."""
_LETTERS = 3
_SURE = 0.5
_OTHER = 0.5
"""Part of what is not ground that may lie outside of text on a page: stamps, rulings, handwriting."""
_DARK, _OTHER_ON_DARK = 100, 0.25
"""Below this level of the ground it is as likely a device's screen, with an image among its lines: then less may."""


def is_form(picture: Picture, lines: Sequence[Line]) -> bool:
    """Whether the plane is a page of text: many lines, spread over most of it, on one even ground.

    The ground may be light or dark: the most frequent level and its neighbours take most of the picture. Text
    around an image (an ultrasound screen) is not enough: lines must lie in most parts of the plane, and little else
    may be there. A line counts where it stands out from the ground: what was found in local contrast alone does not.
    """
    if len(lines) < _LINES:
        return False
    grey = grey_of(picture)
    rows, columns = grey.shape
    if covered_area(line.box for line in lines) < _COVERED * rows * columns:
        return False
    # The ground is the commonest level, be it paper or a dark screen.
    counts = np.bincount(grey.ravel(), minlength=256)
    ground = int(counts.argmax())
    if counts[max(0, ground - _NARROW) : ground + _NARROW + 1].sum() < _PAPER * grey.size:
        return False
    other = np.abs(grey.astype(np.int16) - ground) > _NARROW
    lines = [line for line in lines if _inked(other, line) >= _INK]
    if len(lines) < _LINES or covered_area(line.box for line in lines) < _COVERED * rows * columns:
        return False
    drawn = int(other.sum())
    for line in lines:
        other[line.box.top : line.box.bottom, line.box.left : line.box.right] = False
    if other.sum() > (_OTHER_ON_DARK if ground < _DARK else _OTHER) * drawn:
        return False
    parts = {(4 * line.box.top // rows, 3 * ((line.box.left + line.box.right) // 2) // columns) for line in lines}
    middle = {(row, column) for row, column in parts if row in {1, 2}}
    # Of twelve parts of the plane: labels around an image leave its middle free.
    return len(parts) >= 7 and len(middle) >= 3


def is_read(lines: Sequence[Line]) -> bool:
    """Whether words were read on the page: of bars and rings nothing is but single letters, signs and dashes.

    Only what a page is called hangs on it. What cannot be read is covered all the same, for it may be handwriting.
    """
    return sum(_has_word(line) for line in lines) >= _WORDS


def reason(lines: Sequence[Line]) -> str:
    """Why one rectangle over the whole of a page with these lines is proposed."""
    return REASON if is_read(lines) else UNREAD_REASON


def _has_word(line: Line) -> bool:
    letters = {letter for letter in line.text.casefold() if letter.isalnum()}
    return len(letters) >= _LETTERS and (line.confidence is None or line.confidence >= _SURE)


def _inked(other: npt.NDArray[np.bool_], line: Line) -> float:
    box = line.box
    return float(other[box.top : box.bottom, box.left : box.right].mean())
