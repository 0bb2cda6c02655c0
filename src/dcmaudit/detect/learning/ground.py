"""What the pixels under a suggestion look like: empty, like the rest of the image, or with something on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmaudit.detect.learning.chances import Reliability
from dcmaudit.detect.learning.clusters import GROWTH
from dcmaudit.detect.learning.flat import is_flat
from dcmaudit.detect.learning.learner import Candidate
from dcmaudit.detect.learning.widening import trimmed, widened
from dcmaudit.model import Box, Ground, Size
from dcmaudit.model.learning import Source

EMPTY_HERE = "empty here: one flat value; "
PLAIN_HERE = "nothing stands out here; "
TEXT_HERE = "the image shows text here; "

_EVERY = 4
_BUSY, _SHARP = 0.9, 0.95
_TIMES = 1.5
_INSIDE = 0.9


_SAID = {
    (True, True): Ground.TEXT,
    (True, False): Ground.CLAIMED,
    (False, True): Ground.DENIED,
    (False, False): Ground.BARE,
}
"""What is under a rectangle by whether the text detector sees text there, and whether something stands out."""


class Pixels:
    """One decoded plane, asked about many rectangles.

    ``array`` holds stored values, (rows, columns) or (rows, columns, samples). ``tolerance`` as for ``is_flat``.
    """

    def __init__(self, array: NDArray[Any], tolerance: int = 0) -> None:
        self._array = array
        self._tolerance = tolerance
        self._busy = _quantile(array[::_EVERY], _BUSY)

    def ground(self, box: Box) -> Ground:
        """EMPTY, PLAIN or MARKED: what is under ``box``. Only its part inside the plane counts."""
        if is_flat(self._array, box, self._tolerance):
            return Ground.EMPTY
        return Ground.MARKED if self.stands_out(box) else Ground.PLAIN

    def stands_out(self, box: Box) -> bool:
        """Whether what is under ``box`` is sharper than the rest of the plane."""
        inside = box.clipped(Size(self._array.shape[1], self._array.shape[0])) or box
        part = self._array[inside.top : inside.bottom, inside.left : inside.right]
        return _quantile(part, _SHARP) > _TIMES * self._busy

    def shows_text(self, box: Box) -> bool | None:
        """Whether the plane itself shows text under ``box``; None where nobody can tell, as sharpness alone cannot."""
        del box
        return None

    def text_mask(self, window: Box) -> NDArray[np.bool_] | None:
        """Which pixels of ``window``, (rows, columns), lie on a line of text; None where nobody can tell."""
        del window
        return None

    def fitted(self, box: Box, largest: int | None = None) -> Box:
        """``box``, grown to the ends of the text that it cuts through and without flat edges; as it is where no text
        stands out. It grows to 1.5 times ``largest`` pixels at most, the area of the largest example (None: of
        ``box``), and where lines of text are known over nothing else."""
        # Where nothing stands out there is no text to grow to.
        if self.ground(box) is not Ground.MARKED:
            return box
        most = int(GROWTH * (box.area if largest is None else largest))
        grown = widened(self._array, box, self._busy, most, self.text_mask)
        return trimmed(self._array, grown, self._tolerance)


def _quantile(array: NDArray[Any], share: float) -> float:
    """A quantile of how much neighbours in a row differ, over all samples; nan counts as the sharpest."""
    steps = np.abs(np.diff(array.astype(np.float64), axis=1)).ravel()
    if not steps.size:
        return 0.0
    return float(np.nan_to_num(np.quantile(steps, share, method="lower"), nan=np.inf))


def grounded(candidates: Sequence[Candidate], pixels: Pixels, reliability: Reliability) -> list[Candidate]:
    """The same candidates after a look at the pixels, the likeliest first.

    Those over a flat area say so. Those where nothing stands out are judged as a kind of their own: how often that
    is right is learned, not assumed. Those that cut text off are made longer, and what then means the same text as a
    likelier one is left out.
    """
    kept: list[Candidate] = []
    looked_at = (_grounded(item, pixels, reliability) for item in candidates)
    for item in sorted(looked_at, key=lambda item: -item.chance):
        # Fitted to what stands there, two candidates may have become one.
        if not any(_is_in(item.region.box, other.region.box) for other in kept):
            kept.append(item)
    return kept


def _is_in(box: Box, other: Box) -> bool:
    shared = box.intersection(other)
    return shared is not None and shared.area >= _INSIDE * box.area


def _grounded(item: Candidate, pixels: Pixels, reliability: Reliability) -> Candidate:
    ground = pixels.ground(item.region.box)
    # A detector that sees text on one flat value is wrong.
    shown = None if ground is Ground.EMPTY else pixels.shows_text(item.region.box)
    told = ground if shown is None else _SAID[shown, pixels.stands_out(item.region.box)]
    kind = item.kind.on(told)
    words = {Ground.EMPTY: EMPTY_HERE, Ground.PLAIN: PLAIN_HERE, Ground.MARKED: TEXT_HERE if shown else ""}[ground]
    # Another frame of the same file looks alike: what did not stand out there need not stand out here.
    is_own = item.kind.source is Source.OWN and ground is Ground.PLAIN
    estimate = item.estimate if is_own else reliability.after_look(item.estimate, told)
    confidence = 0.0 if ground is Ground.EMPTY else round(reliability.corrected(kind, estimate), 4)
    region = replace(
        item.region,
        box=pixels.fitted(item.region.box, item.largest),
        reason=words + item.region.reason,
        confidence=confidence,
    )
    return replace(item, region=region, kind=kind, is_empty=ground is Ground.EMPTY)
