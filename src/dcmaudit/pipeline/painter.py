"""Black for the writer: what stored samples mean, told to the redactor, which knows arrays only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dcmaudit.codecs.samples import Array, Lut, Palette, Samples
from dcmaudit.model import Box
from dcmaudit.redact import PixelMeaning, black_level, blacken


class BlackPainter:
    """Paints black as it is rendered, see ``redact.black_level``."""

    def black(self, samples: Samples) -> tuple[int | float, ...]:
        """The stored value of black in ``samples``, one number a sample."""
        return black_level(meaning_of(samples), samples.array)

    def paint(self, samples: Samples, boxes: Sequence[Box]) -> Array:
        """A copy of ``samples.array`` with every box black."""
        return blacken(samples.array, boxes, self.black(samples))


def meaning_of(samples: Samples) -> PixelMeaning:
    """What decides on black in these samples."""
    return PixelMeaning(
        samples.photometric,
        samples.bits_stored,
        signed=samples.signed,
        inverted=_is_inverted(samples.modality),
        darkest_index=None if samples.palette is None else darkest_index(samples.palette),
    )


def _is_inverted(modality: tuple[float, float] | Lut | None) -> bool:
    if isinstance(modality, Lut):
        # A table that falls maps high stored values to low ones, as a negative slope does (PS3.3 C.11.1).
        return bool(modality.data[0] > modality.data[-1])
    return modality is not None and modality[0] < 0


def darkest_index(palette: Palette) -> int:
    """The index whose colour is darkest (Rec. 601 luma); the lowest of equals."""
    tables = (palette.red, palette.green, palette.blue)
    # The three tables should be of one length (PS3.3 C.7.6.3.1.5); broken files have others.
    count = min(len(table.data) for table in tables)
    luma = sum(
        weight * table.data[:count].astype(np.float64) / ((1 << table.bits) - 1)
        for weight, table in zip((0.299, 0.587, 0.114), tables, strict=True)
    )
    return palette.red.first + int(np.argmin(luma))
