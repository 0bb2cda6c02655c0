"""Small planes: of 64 x 64 pixels a body is no larger than a line of text elsewhere, and looks like one.

What takes a large part of such a plane counts only if the network sees letters in it when the plane is twice as large:
letters are seen then at least as well, and bodies are not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcmaudit.detect.textnet.boxes import TextLine
from dcmaudit.detect.textnet.network import Picture, TextMaps, TextNet
from dcmaudit.detect.vision import cv2

_EDGE, _PART = 100, 5
"""Pixels of a small plane's lesser edge at most, and the part of it that a box's lesser side takes at least."""
_SURE = 0.95
"""What is as sure as this needs no second look."""
_REGION, _INK = 0.7, 0.58
"""What the maps of the larger picture must come up to in the box."""


def seen_larger(net: TextNet, picture: Picture, lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines, in a small plane without those that take a large part of it and are not seen twice as large."""
    edge = min(picture.shape[:2])
    maps: TextMaps | None = None
    out = []
    for line in lines:
        box = line.box
        if edge <= _EDGE and line.score < _SURE and min(box.width, box.height) >= max(1, edge // _PART):
            if maps is None:
                large = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
                maps = net.maps(np.asarray(large, np.uint8))
            # A map is half as large as its picture: so it has the pixels of the plane.
            where = (slice(box.top, box.bottom), slice(box.left, box.right))
            if maps.region[where].max(initial=0) < _REGION or maps.ink[where].max(initial=0) < _INK:
                continue
        out.append(line)
    return out
