"""The pictures of one plane in which text is looked for: burned-in text may be visible in one of them only."""

from __future__ import annotations

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render.tables import Levels
from dcmaudit.render.view import BITS, render, shown_as


def pictures_for_text(samples: Samples, *, quick: bool = False, thorough: bool = False) -> list[Levels]:
    """Pictures of the whole plane, uint8, (rows, columns) or (rows, columns, 3); the first is the full range.

    A grey plane of more than 8 bits comes in its VOI window too, where it has one, and in local contrast: the full
    range of thousands of values shows a difference of a few as nothing. ``quick`` leaves these out; ``thorough``
    adds local contrast for planes of 8 bits. A plane of one value has no picture, for nothing is in it. HeaderError
    and UnsupportedError as ``render`` has them.
    """
    array = samples.array
    if array.size and array.min() == array.max():
        return []
    pictures = [render(samples)]
    deep = array.dtype.itemsize > 1
    if quick or samples.photometric == BITS:
        return pictures
    if deep and shown_as(samples, View(Rendering.VOI)).reason is None:
        pictures.append(render(samples, View(Rendering.VOI)))
    if thorough or (deep and array.ndim == 2):
        pictures.append(render(samples, View(Rendering.LOCAL)))
    return pictures
