"""Changing the cells of one frame: stored values, overlay bits and stray bits, each without the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import RedactionError
from dcmaudit.model import Box

Cells = npt.NDArray[Any]
_MOST_AREAS = 64


def outside_mask(layout: PixelLayout) -> int:
    """The bits of a cell outside the stored range, claimed by an overlay or not."""
    return layout.unclaimed_mask


def put_stored(
    cells: Cells, painted: Cells, boxes: Iterable[Box], layout: PixelLayout, claimed: int, *, carried: int = -1
) -> Cells:
    """``cells`` with the stored values of ``painted`` inside the boxes, and nothing else of what was there.

    ``claimed`` are bits that embedded overlays use: they alone keep what they hold inside a box. All others outside of
    the stored range are cleared, or, above a signed value, repeat its sign where every cell of the frame does so (PS3.5
    8.1.1 leaves them open; readers that take the whole cell for a number need them). ``carried`` are the bits that the
    frame's encoding has room for. Outside the boxes every bit of every cell stays.
    """
    if layout.floating or layout.bits_allocated == 1:
        changed = cells.copy()
        for area in _areas(boxes, cells):
            changed[area] = painted[area]
        return changed
    kind = cells.dtype.type
    stored = ((1 << layout.bits_stored) - 1) << layout.low
    kept = outside_mask(layout) & claimed
    above = outside_mask(layout) & ~((1 << (layout.high + 1)) - 1) & ~claimed & carried
    # Bits above repeat the sign in every cell of the frame, or belong to something else.
    extend = layout.signed and above != 0 and _repeats_sign(cells, layout, above)
    sign = 1 << layout.high
    changed = cells.copy()
    for area in _areas(boxes, cells):
        # A view of the bits: negative values do not fit an unsigned cell of more bits as numbers.
        values = np.left_shift(_unsigned(painted[area], cells.dtype), layout.low) & kind(stored)
        if extend:
            values = np.where(values & kind(sign), values | kind(above), values)
        changed[area] = values | (cells[area] & kind(kept)) if kept else values
    return changed


def clear_bits(cells: Cells, boxes_of_bit: Mapping[int, Sequence[Box]]) -> Cells:
    """``cells`` with single bits cleared inside boxes; RedactionError for floating point cells."""
    if not any(boxes_of_bit.values()):
        return cells
    # Every bit of a fraction is part of its value.
    if cells.dtype.kind != "u":
        raise RedactionError("floating point cells have no bits of their own to clear")
    changed = cells.copy()
    for bit, boxes in boxes_of_bit.items():
        keep = cells.dtype.type(~(1 << bit) & _all(cells))
        for area in _areas(boxes, cells):
            changed[area] &= keep
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


def _unsigned(values: Cells, dtype: np.dtype[Any]) -> Cells:
    return values.astype(dtype) if values.dtype.kind == "u" else values.astype(f"i{dtype.itemsize}").view(dtype)


def _repeats_sign(cells: Cells, layout: PixelLayout, above: int) -> bool:
    """Whether every cell of this frame carries the sign of its value upwards; true where none is negative."""
    kind = cells.dtype.type
    signs = (cells & kind(1 << layout.high)) != 0
    return bool(np.array_equal((cells & kind(above)) == kind(above), signs) and not (cells[~signs] & kind(above)).any())


def _all(cells: Cells) -> int:
    return (1 << (8 * cells.dtype.itemsize)) - 1


def _areas(boxes: Iterable[Box], cells: Cells) -> Iterator[tuple[slice, slice] | npt.NDArray[np.bool_]]:
    """What indexes the pixels of the boxes: one area a box, or of very many (those of a shape) one mask for all."""
    areas = [(slice(box.top, box.bottom), slice(box.left, box.right)) for box in boxes]
    if len(areas) <= _MOST_AREAS:
        yield from areas
        return
    mask = np.zeros(cells.shape[:2], np.bool_)
    for area in areas:
        mask[area] = True
    yield mask
