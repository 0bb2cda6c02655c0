"""Whether there is text under a rectangle, as the text detector sees it: asked in the background, kept a while."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcmaudit.audit.pictures import pictures_of
from dcmaudit.codecs.samples import Array
from dcmaudit.detect.learning import Pixels
from dcmaudit.detect.ocr import Mode
from dcmaudit.detect.textnet import TextMaps, TextNet
from dcmaudit.detect.vision import cv2
from dcmaudit.dicom import Samples
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, Ground, PlaneAddress
from dcmaudit.render.strokes import stroke_map
from dcmaudit.render.tables import Levels

_KEPT = 8
_MOST_NETS = 4
_INK, _REGION = 0.4, 0.3
_NONE = 0.15
_LINE, _LONG, _DENSE = 0.4, 2.5, 0.3
"""A line of text fills this share of the length of its place, or is so many times longer than high; and where it
runs, ink is this share of its area. Chosen on the archives with seeds 1 to 5 of ``bench/suggest``."""
_SPECK, _SMALL = 1.5, 0.25
"""What is shorter than so many heights of the place, and than this share of it, is a speck: a place that is about as
high as long may hold a single letter."""


@dataclass(frozen=True, slots=True)
class InkMap:
    """The detector's maps of one plane, of all its pictures together."""

    maps: TextMaps

    def has_text(self, box: Box) -> bool | None:
        """Whether text is seen in ``box`` of the plane; None where that is doubtful."""
        rows, columns = (
            slice(max(0, box.top // 2), -(-box.bottom // 2)),
            slice(max(0, box.left // 2), -(-box.right // 2)),
        )
        ink, region = self.maps.ink[rows, columns], self.maps.region[rows, columns]
        if not ink.size:
            return False
        height, along = min(box.width, box.height), 0 if box.width >= box.height else 1
        inked = (ink >= _INK).any(axis=along)
        # Speckle and sharp edges look like a letter here and there. A line fills its place, or is longer than high.
        is_line = inked.mean() >= _LINE or 2 * inked.sum() >= _LONG * height
        if is_line and (ink >= _INK).sum() >= _DENSE * inked.sum() * ink.shape[along]:
            return True
        seen = (np.maximum(ink, region) >= _NONE).any(axis=along)
        return False if seen.mean() < _SMALL and 2 * seen.sum() < _SPECK * height else None

    def mask(self, window: Box) -> NDArray[np.bool_]:
        """Which pixels of ``window`` of the plane, (rows, columns), belong to a line of text."""
        top, left = window.top // 2, window.left // 2
        rows, columns = slice(top, -(-window.bottom // 2)), slice(left, -(-window.right // 2))
        seen = (self.maps.region[rows, columns] >= _REGION) | (self.maps.ink[rows, columns] >= _INK)
        full = np.repeat(np.repeat(seen, 2, axis=0), 2, axis=1)
        full = full[window.top - 2 * top :, window.left - 2 * left :][: window.height, : window.width]
        missing = (window.height - full.shape[0], window.width - full.shape[1])
        return np.pad(full, ((0, missing[0]), (0, missing[1])))

    @property
    def likelihood(self) -> float:
        """How likely it is that the plane shows text, 0 to 1."""
        return float(self.maps.region.max(initial=0.0))


class SeenPixels(Pixels):
    """Pixels of a plane of which the text detector may know what is on them."""

    def __init__(self, array: Array, tolerance: int, ink: InkMap | None) -> None:
        super().__init__(array, tolerance)
        self._ink = ink

    def ground(self, box: Box) -> Ground:
        """What is under ``box``: an even area holds nothing, else the detector decides, and where it doubts, sharpness.

        A place where the detector sees no text is plain and never empty: it can be wrong, an even area cannot.
        """
        by_sharpness = super().ground(box)
        said = None if by_sharpness is Ground.EMPTY else self.shows_text(box)
        return by_sharpness if said is None else Ground.MARKED if said else Ground.PLAIN

    def shows_text(self, box: Box) -> bool | None:
        """Whether the detector sees text there; None where there is none, or it doubts."""
        return None if self._ink is None else self._ink.has_text(box)

    def text_mask(self, window: Box) -> NDArray[np.bool_] | None:
        """The lines of text that the detector sees; None without one."""
        return None if self._ink is None else self._ink.mask(window)


class InkMaps:
    """One detector for all sessions, loaded when somebody first asks. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._net: TextNet | None = None
        self._is_broken = False
        self._kept: OrderedDict[tuple[int, PlaneAddress], InkMap] = OrderedDict()
        self.nets = max(2, min(_MOST_NETS, os.cpu_count() or 1))
        """How many planes ``strokes`` looks at side by side."""
        self._free: list[TextNet] = []

    def of(self, file_id: int, address: PlaneAddress, samples: Samples) -> InkMap | None:
        """The map of a plane; None where there is no detector, or none for this plane: whoever asks goes on without."""
        with self._lock:
            known = self._kept.get((file_id, address))
            if known is None:
                made: TextMaps | None = None
                with suppress(DcmauditError, MemoryError):
                    made = self._made(samples)
                if made is None:
                    return None
                known = self._kept[file_id, address] = InkMap(made)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return known

    def _unused(self) -> TextNet | None:
        """A detector that no other thread has; None where there is none."""
        try:
            return self._free.pop()
        except IndexError:  # also where another thread was quicker
            return None if self._is_broken else TextNet(1)

    def strokes(self, values: Array) -> Levels:
        """How much every pixel of ``values`` looks like writing, 0 to 255, for projections.

        ``values`` are (rows, columns) of any dtype or (rows, columns, 3) of uint8. Without a detector, a map of thin
        strokes has to do. Each call has a detector of its own, of one thread: two side by side do more than one of two.
        """
        with suppress(DcmauditError, MemoryError):
            net = self._unused()
            if net is not None:
                ink = net.maps(_levels(values)).ink
                self._free.append(net)
                rows, columns = values.shape[:2]
                full = np.repeat(np.repeat(ink, 2, axis=0), 2, axis=1)[:rows, :columns]
                return np.asarray(np.clip(full * 255, 0, 255), np.uint8)
        return stroke_map(values)

    def _made(self, samples: Samples) -> TextMaps | None:
        net = self._loaded()
        if net is None:
            return None
        found = [net.maps(picture) for picture in pictures_of(samples, Mode.DEFAULT)]
        if not found:
            return None
        ink = np.maximum.reduce([maps.ink for maps in found])
        return TextMaps(ink, np.maximum.reduce([maps.region for maps in found]))

    def _loaded(self) -> TextNet | None:
        if self._net is None and not self._is_broken:
            try:
                self._net = TextNet(max(1, (os.cpu_count() or 1) - 1))
            except DcmauditError:
                # The key o says what is wrong; here the look at the pixels alone has to do.
                self._is_broken = True
        return self._net


def _levels(values: Array) -> Levels:
    if values.dtype == np.uint8:
        return np.asarray(values)
    real = np.nan_to_num(values.astype(np.float32))
    return np.asarray(cv2.normalize(real, None, 0, 255, cv2.NORM_MINMAX), np.uint8)
