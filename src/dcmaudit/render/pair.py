"""Two planes side by side on one scale, so that equal values look equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dcmaudit.codecs.samples import Samples
from dcmaudit.model import Rendering, View
from dcmaudit.render.tables import Levels
from dcmaudit.render.view import render


def render_pair(before: Samples, after: Samples, view: View | None = None) -> tuple[Levels, Levels]:
    """Both planes as ``render`` makes them, uint8; where they are of one kind the range of values is that of both.

    Blacking out often takes the smallest or largest value away or brings one: each by itself, FULL would show the rest
    of the plane in other levels. Planes of different kinds (dtype, meaning, channels, bits), and every plane in
    local contrast, are rendered by themselves. Errors as ``render`` raises them.
    """
    if not _are_alike(before, after) or (view is not None and view.rendering is Rendering.LOCAL):
        return render(before, view), render(after, view)
    rows = before.array.shape[0]
    # Rendering is done value by value, so that one tall plane gets the levels of both.
    both = render(replace(before, array=np.concatenate([before.array, after.array])), view)
    return both[:rows], both[rows:]


def _are_alike(before: Samples, after: Samples) -> bool:
    """Whether their values mean the same; the tables come from the header, which no redaction changes."""
    return (
        before.array.dtype == after.array.dtype
        and before.array.shape[1:] == after.array.shape[1:]
        and before.photometric == after.photometric
        and before.bits_stored == after.bits_stored
    )
