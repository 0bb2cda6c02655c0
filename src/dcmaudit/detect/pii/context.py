"""What stands beside a number says what it is: a label before it, a unit behind it, a scale that it is a part of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from dcmaudit.detect.pii.terms import LABELS, UNITS
from dcmaudit.detect.pii.words import plain
from dcmaudit.model import Box, Keep

_NUMBER = re.compile(r"[-+]?[0-9]{1,5}(?:[.,][0-9]{1,2})?")
_LABEL = re.compile(r"(?:^|[\s:;,/])([A-Z][A-Z0-9]*)\s?[:=]?$")
_UNIT = frozenset(unit.replace("?", "") for unit in UNITS if len(unit) > 1 or not unit.isalpha())
"""Without those of one letter, which are sides and initials as well."""
_NEAR = 3.0
"""Heights of a line between a label and its number at most."""
_BESIDE = 1.5
"""The same between a number and its unit."""
_NUMERALS = re.compile(r"I{1,3}(?:[^A-Z0-9]+I{1,3})*")
_WORD = re.compile(r"[^\W\d_]{2}|[^\W\d_\x00-\x7f]")
"""Two letters, or one that is none of ASCII: a name may be as short."""
_NAME = 4.0
"""The same between a name and the numeral that ends it."""
_LEADS = 2
"""Lines of other leads that make a plane the page of an ECG."""
_STEPS = 4
"""Numbers that make a scale at least."""
_OFF = 0.12
"""Part of a step by which a number of a scale may stand off its place."""


def explained(texts: Sequence[str], boxes: Sequence[Box], is_harmless: Callable[[str], bool]) -> dict[int, Keep]:
    """Which of the lines of a plane are numbers, or units, that what stands beside them makes technical.

    A number counts behind a label that was read, before a unit, and as one of four and more in a row or column whose
    values grow as evenly as their places: nobody's numbers do. ``is_harmless`` judges the number together with what
    explains it.
    """
    clean = [plain(text) for text in texts]
    numbers = [place for place, text in enumerate(clean) if _NUMBER.fullmatch(text)]
    out: dict[int, Keep] = {}
    for place in numbers:
        for other in range(len(clean)):
            if other == place or not _is_on_row(boxes[place], boxes[other]):
                continue
            label = _LABEL.search(clean[other])
            if label and label[1] in LABELS and _gap(boxes[other], boxes[place]) <= _NEAR:
                alone = clean[other].rstrip(" :=") == label[1]
                if is_harmless(f"{label[1]} {clean[place]}") and (alone or is_harmless(clean[other])):
                    out[place] = Keep.MEASUREMENT
            elif (
                clean[other] in _UNIT
                and _gap(boxes[place], boxes[other]) <= _BESIDE
                and is_harmless(f"{clean[place]} {clean[other]}")
            ):
                out[place] = out[other] = Keep.MEASUREMENT
    for scale in _scales(clean, boxes, numbers):
        if all(is_harmless(f"{clean[place]} MM") for place in scale):
            out |= dict.fromkeys(scale, Keep.SCALE)
    return out


def ends_of_names(texts: Sequence[str], boxes: Sequence[Box], known: Sequence[bool]) -> list[int]:
    """Which of the lines of a plane are II or III, leads of an ECG, and may be the end of a name that stands beside.

    What is not ``known`` to be harmless on the same row makes them so: a word, and where no other lead is written on
    the plane, what could not be read as well.
    """
    from dcmaudit.detect.pii.technical import is_leads  # where nobody reads nothing is judged

    clean = [plain(text) for text in texts]
    leads = sum(is_leads(text) and not _NUMERALS.fullmatch(text) for text in clean)
    return [
        place
        for place, text in enumerate(clean)
        if _NUMERALS.fullmatch(text)
        and any(
            other != place
            and not known[other]
            and (_WORD.search(texts[other]) or (not texts[other].strip() and leads < _LEADS))
            and _is_on_row(boxes[place], boxes[other])
            and min(_gap(boxes[other], boxes[place]), _gap(boxes[place], boxes[other])) <= _NAME
            for other in range(len(clean))
        )
    ]


def _is_on_row(one: Box, other: Box) -> bool:
    common = min(one.bottom, other.bottom) - max(one.top, other.top)
    return common >= 0.5 * min(one.height, other.height)


def _gap(left: Box, right: Box) -> float:
    """Heights between two boxes, the first left of the second; infinity where it is not."""
    if left.left >= right.left:
        return float("inf")
    return max(0, right.left - left.right) / max(1, min(left.height, right.height))


def _scales(texts: Sequence[str], boxes: Sequence[Box], numbers: Sequence[int]) -> list[list[int]]:
    out = []
    for along, across in ((_middle_y, _middle_x), (_middle_x, _middle_y)):
        left = sorted(numbers, key=lambda place: across(boxes[place]))
        while left:
            first = left[0]
            near = [place for place in left if across(boxes[place]) - across(boxes[first]) <= boxes[first].height]
            left = [place for place in left if place not in near]
            near.sort(key=lambda place: along(boxes[place]))
            if len(near) >= _STEPS and _is_even(
                [along(boxes[place]) for place in near], [float(texts[place].replace(",", ".")) for place in near]
            ):
                out.append(near)
    return out


def _is_even(places: Sequence[float], values: Sequence[float]) -> bool:
    """Whether values grow, or fall, in proportion to their places."""
    x, y = np.asarray(places), np.asarray(values)
    # Equal numbers, or numbers in one place, are no scale.
    if np.ptp(x) <= 0 or np.ptp(y) <= 0 or len(set(values)) < len(values):
        return False
    slope, start = np.polyfit(x, y, 1)
    step = np.ptp(y) / (len(y) - 1)
    return bool(np.abs(slope * x + start - y).max() <= _OFF * step)


def _middle_x(box: Box) -> float:
    return (box.left + box.right) / 2


def _middle_y(box: Box) -> float:
    return (box.top + box.bottom) / 2
