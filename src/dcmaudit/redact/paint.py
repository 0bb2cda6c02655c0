"""What the writer asks of whoever decides on black: it knows values, the writer knows cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.model import Box


class Painter(Protocol):
    """Decides which stored value is black, and puts it into arrays."""

    def black(self, samples: Samples) -> tuple[int | float, ...]:
        """The stored value of black in ``samples``, one number a sample."""
        ...

    def paint(self, samples: Samples, boxes: Sequence[Box]) -> Array:
        """A copy of ``samples.array`` with every box black; the same axes and dtype."""
        ...
