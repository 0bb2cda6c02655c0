"""The pictures of one plane in which text is looked for: burned-in text may be visible in one of them only."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render.tables import Levels
from dcmaudit.render.view import BITS, render, shown_as


def pictures_for_text(samples: Samples, *, quick: bool = False, thorough: bool = False) -> list[Levels]:
    """Pictures of the whole plane, uint8, (rows, columns) or (rows, columns, 3); the first is the full range.

    A grey plane of more than 8 bits comes in its VOI window too, where it has one, and in local contrast: the full
    range of thousands of values shows a difference of a few as nothing. A page in colour comes as its brightest channel
    too: the grid of ECG paper is as bright as the paper there, and dark letters stay dark. ``quick`` leaves these out;
    ``thorough`` adds local contrast for planes of 8 bits. A plane of one value has no picture, for nothing is in it.
    HeaderError and UnsupportedError as ``render`` has them.
    """
    array = samples.array
    # One value: nothing is written on it.
    if array.size and array.min() == array.max():
        return []
    pictures = [render(samples)]
    deep = array.dtype.itemsize > 1
    if quick or samples.photometric == BITS:
        return pictures
    # Of 8 bits the full range shows all that a window would.
    if deep and shown_as(samples, View(Rendering.VOI)).reason is None:
        pictures.append(render(samples, View(Rendering.VOI)))
    if thorough or (deep and array.ndim == 2):
        pictures.append(render(samples, View(Rendering.LOCAL)))
    if is_coloured_page(pictures[0]):
        pictures.append(brightest(pictures[0]))
    return pictures


_LIGHT = 150
"""Levels of 256 that half of a page reaches in its brightest channel at least."""

_COLOURED = 4
"""Levels by which the channels differ on average from which on something in colour is there."""

_EVERY = 4
"""One in so many pixels of either axis is asked."""


def is_coloured_page(picture: Levels) -> bool:
    """Whether the picture, (rows, columns) or (rows, columns, 3), is a light ground with something in colour on it."""
    if picture.ndim != 3:
        return False
    some = picture[::_EVERY, ::_EVERY]
    high = some.max(axis=2)
    return bool(np.median(high) >= _LIGHT and float((high - some.min(axis=2)).mean()) >= _COLOURED)


def brightest(picture: Levels) -> Levels:
    """The brightest channel of each pixel of a picture in colour, (rows, columns)."""
    return np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2])
