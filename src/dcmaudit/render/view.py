"""One plane as a picture: the only way from stored values to what people see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dcmaudit.codecs.samples import Array, Lut, Samples, Window
from dcmaudit.errors import HeaderError
from dcmaudit.model import Rendering, View
from dcmaudit.render.colour import luminance, to_rgb
from dcmaudit.render.grey import full_range, is_dark_high, windowed
from dcmaudit.render.local import local_contrast
from dcmaudit.render.tables import Levels, values_present
from dcmaudit.render.voi import voi_choice

_GREY = frozenset({"MONOCHROME1", "MONOCHROME2"})
BITS = "BITS"


@dataclass(frozen=True, slots=True)
class Shown:
    """How a plane was really rendered, and what has to be said about it: why that is not the view asked for, or that
    there is nothing in it to show. None where nothing has."""

    rendering: Rendering
    reason: str | None = None


def render(samples: Samples, view: View | None = None) -> Levels:
    """The plane as uint8, (rows, columns) for grey and bit planes or (rows, columns, 3) in RGB order for colour.

    FULL runs from the smallest to the largest value present; 8-bit colour is shown as it is; a plane of one grey
    value is black; set bits of a bit plane are 255. VOI applies the first window or table of the file, or shows
    FULL where there is none that can be applied: ``shown_as`` tells which. LOCAL stretches each part of the plane
    by itself, on stored values, so that no table of the file can hide a difference. ``inverted`` turns the levels
    over at the end. The default is FULL, because text can hide outside a window. ``samples`` is not changed, but
    the result may share its memory.

    HeaderError where the samples contradict their photometric interpretation, UnsupportedError where that is not
    known (PS3.3 C.7.6.3.1.2). Both name no file: the caller knows it.
    """
    view = view or View()
    _check(samples)
    levels = _rendered(samples, view)
    return 255 - levels if view.inverted else levels


def shown_as(samples: Samples, view: View) -> Shown:
    """What ``render`` does with that view: VOI may come out as the full range, with the reason in words.

    A plane of floating point that holds no number at all is black in every view, and this says so.
    """
    if samples.array.dtype.kind == "f" and samples.array.size and bool(np.isnan(samples.array).all()):
        return Shown(view.rendering, "every value of it is NaN (not a number): it is shown black")
    if view.rendering is Rendering.VOI and isinstance(reason := voi_choice(samples), str):
        return Shown(Rendering.FULL, reason)
    return Shown(view.rendering)


def _rendered(samples: Samples, view: View) -> Levels:
    if samples.photometric == BITS:
        return np.where(samples.array != 0, np.uint8(255), np.uint8(0))
    if view.rendering is Rendering.LOCAL:
        return _local(samples)
    if samples.photometric not in _GREY:
        return to_rgb(samples)
    choice = voi_choice(samples)
    if view.rendering is Rendering.VOI and isinstance(choice, Window | Lut):
        return windowed(samples, choice)
    return full_range(samples)


def _local(samples: Samples) -> Levels:
    if samples.photometric in _GREY:
        return local_contrast(samples.array, dark_high=is_dark_high(samples))
    picture = to_rgb(samples)
    bright = luminance(picture)
    base = _index_order(samples) if samples.photometric == "PALETTE COLOR" else bright
    shift = local_contrast(base).astype(np.int16) - (bright >> 8).astype(np.int16)
    # The same step on all three keeps differences of colour at equal brightness in sight.
    shifted: Levels = np.clip(picture + shift[..., np.newaxis], 0, 255).astype(np.uint8)
    return shifted


def _index_order(samples: Samples) -> Array:
    """Palette indices as brightness, moved apart so that no two are equal.

    A palette can give two indices one colour: what is written with them is visible in no other rendering.
    """
    present = values_present(samples.array)
    bright = luminance(to_rgb(replace(samples, array=present[np.newaxis])))[0].astype(np.int32)
    place = np.empty(present.size, dtype=np.int32)
    place[np.argsort(bright, kind="stable")] = np.arange(present.size, dtype=np.int32)
    step = max(1, min(16, 16384 // present.size))
    order = np.zeros(256**samples.array.dtype.itemsize, dtype=np.int32)
    unsigned = np.uint8 if samples.array.dtype.itemsize == 1 else np.uint16
    order[present.view(unsigned)] = (bright >> 4) + place * step
    return np.take(order, samples.array.view(unsigned))


def _check(samples: Samples) -> None:
    array = samples.array
    if array.size == 0:
        raise HeaderError(f"a plane of {array.shape} samples has no pixels")
    if samples.photometric in _GREY | {BITS} and array.ndim != 2:
        raise HeaderError(f"{samples.photometric} needs one sample a pixel, found axes {array.shape}")
