"""Changing the cells of one frame: stored values, overlay bits and stray bits, each without the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.errors import RedactionError
from dcmaudit.model import Box

Cells = npt.NDArray[Any]


def outside_mask(layout: PixelLayout) -> int:
    """The bits of a cell outside the stored range, claimed by an overlay or not."""
    return layout.unclaimed_mask


def put_stored(cells: Cells, painted: Cells, boxes: Iterable[Box], layout: PixelLayout, claimed: int) -> Cells:
    """``cells`` with the stored values of ``painted`` inside the boxes; every other bit of every cell stays.

    ``claimed`` are bits that embedded overlays use. Bits above the stored range that repeat the sign of a signed
    value, and are not claimed, go on repeating it (PS3.5 8.1.1 leaves them open; readers that take the whole cell
    for a number need them).
    """
    if layout.floating or layout.bits_allocated == 1:
        changed = cells.copy()
        for box in boxes:
            area = _area(box)
            changed[area] = painted[area]
        return changed
    kind = cells.dtype.type
    stored = ((1 << layout.bits_stored) - 1) << layout.low
    above = outside_mask(layout) & ~((1 << (layout.high + 1)) - 1) & ~claimed
    extend = layout.signed and above != 0 and _repeats_sign(cells, layout, above)
    sign = 1 << layout.high
    changed = cells.copy()
    for box in boxes:
        area = _area(box)
        old = cells[area]
        values = np.left_shift(painted[area].astype(cells.dtype), layout.low) & kind(stored)
        new = (old & kind(~stored & _all(cells))) | values
        if extend:
            was_sign = (old & kind(above)) == np.where(old & kind(sign), kind(above), kind(0))
            repeated = np.where(new & kind(sign), new | kind(above), new & kind(~above & _all(cells)))
            new = np.where(was_sign, repeated, new)
        changed[area] = new
    return changed


def clear_bits(cells: Cells, boxes_of_bit: Mapping[int, Sequence[Box]]) -> Cells:
    """``cells`` with single bits cleared inside boxes; RedactionError for floating point cells."""
    if not any(boxes_of_bit.values()):
        return cells
    if cells.dtype.kind != "u":
        raise RedactionError("floating point cells have no bits of their own to clear")
    changed = cells.copy()
    for bit, boxes in boxes_of_bit.items():
        keep = cells.dtype.type(~(1 << bit) & _all(cells))
        for box in boxes:
            changed[_area(box)] &= keep
    return changed


def clear_outside(cells: Cells, layout: PixelLayout) -> Cells:
    """``cells`` with every bit outside the stored range cleared: zero, or the repeated sign above signed values."""
    outside = outside_mask(layout)
    if not outside:
        return cells
    kind = cells.dtype.type
    kept: Cells = cells & kind(~outside & _all(cells))
    if layout.signed:
        above = outside & ~((1 << (layout.high + 1)) - 1)
        kept = np.where(kept & kind(1 << layout.high), kept | kind(above), kept)
    return kept


def _repeats_sign(cells: Cells, layout: PixelLayout, above: int) -> bool:
    """Whether negative values of this frame carry their sign upwards; True where there is none to tell."""
    kind = cells.dtype.type
    negative = cells[(cells & kind(1 << layout.high)) != 0]
    return not bool(((negative & kind(above)) == 0).any())


def _all(cells: Cells) -> int:
    return (1 << (8 * cells.dtype.itemsize)) - 1


def _area(box: Box) -> tuple[slice, slice]:
    return slice(box.top, box.bottom), slice(box.left, box.right)
