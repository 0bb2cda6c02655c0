"""Which kind of harmless text a line is, told from the lines alone: for readings that were stored without it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dcmaudit.detect.pii.context import explained
from dcmaudit.detect.pii.technical import is_technical, kind_of
from dcmaudit.detect.pii.words import plain
from dcmaudit.model import Box, Keep

_NUMBERS = re.compile(r"[-+0-9.,/ ]+")


def kinds_of(texts: Sequence[str], boxes: Sequence[Box]) -> list[Keep | None]:
    """The kind of each line of a plane, should it be harmless; None: of none of them, such as of a site's own list.

    Numbers that nothing explains count as a scale, which is kept only where that is asked for: what made them harmless
    may not be among the lines any more.
    """
    beside = explained(texts, boxes, is_technical)
    found: list[Keep | None] = []
    for place, text in enumerate(texts):
        kind = beside.get(place) or kind_of(text)
        found.append(Keep.SCALE if kind is None and _NUMBERS.fullmatch(plain(text)) else kind)
    return found
