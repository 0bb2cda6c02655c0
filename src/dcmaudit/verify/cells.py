"""Two versions of one frame compared cell by cell, bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.model import Box
from dcmaudit.verify.black import Mask, mask_of
from dcmaudit.verify.demands import FrameAsk

Cells = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CellFaults:
    """Numbers of pixels that are not as they must be, and in which of the kinds of bits."""

    stored: int = 0
    """Stored values that changed outside the boxes."""
    others: int = 0
    """Bits outside the stored range that changed without being asked to."""
    left_on: int = 0
    """Bits that had to be switched off and were not."""


def bits_of(cells: Cells) -> Cells:
    """The cells as unsigned integers of the same size, floating point ones by their bits."""
    return cells.view(np.dtype(f"u{cells.dtype.itemsize}")) if cells.dtype.kind != "u" else cells


def compare_near(before: Cells, after: Cells, layout: PixelLayout, ask: FrameAsk, widened: tuple[Box, ...],
                 claimed: int) -> CellFaults:  # fmt: skip
    """As ``compare_cells``, which is asked only for the area around the boxes where all around it is the same."""
    # Bits that are asked for may lie anywhere in the frame.
    area = None if ask.bits or ask.strip else _area(before, after, widened)
    if area is None:
        return compare_cells(before, after, layout, ask, widened, claimed)
    rows, columns = area
    here = rows, columns
    moved = tuple(
        Box(b.left - columns.start, b.top - rows.start, b.right - columns.start, b.bottom - rows.start) for b in widened
    )
    size = {"rows": rows.stop - rows.start, "columns": columns.stop - columns.start}
    return compare_cells(before[here], after[here], replace(layout, **size), ask, moved, claimed)


def _area(before: Cells, after: Cells, boxes: tuple[Box, ...]) -> tuple[slice, slice] | None:
    """The rows and columns that the boxes reach, None where there are none, or where cells beside them differ."""
    if not boxes:
        return None
    height, width = before.shape[:2]
    rows = slice(max(0, min(b.top for b in boxes)), min(height, max(b.bottom for b in boxes)))
    columns = slice(max(0, min(b.left for b in boxes)), min(width, max(b.right for b in boxes)))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    beside = (
        (slice(0, rows.start), slice(None)),
        (slice(rows.stop, None), slice(None)),
        (rows, slice(0, columns.start)),
        (rows, slice(columns.stop, None)),
    )
    old, new = bits_of(before), bits_of(after)
    return (rows, columns) if all(np.array_equal(old[one], new[one]) for one in beside) else None


def compare_cells(before: Cells, after: Cells, layout: PixelLayout, ask: FrameAsk, widened: tuple[Box, ...],
                  claimed: int) -> CellFaults:  # fmt: skip
    """What differs between two frames of cells beyond what ``ask`` allows.

    ``widened`` are the boxes in which stored values may change (as asked, or larger where chroma is shared);
    ``claimed`` the bits that overlays in the pixel data use.
    """
    old, new = bits_of(before), bits_of(after)
    changed = old ^ new
    inside = mask_of(widened, layout.rows, layout.columns)
    # These have no bits beside the value.
    if layout.floating or layout.bits_allocated == 1:
        return CellFaults(stored=_pixels((changed != 0) & ~_spread(inside, old)))
    stored_mask = ((1 << layout.bits_stored) - 1) << layout.low
    outside_mask = ((1 << layout.bits_allocated) - 1) & ~stored_mask
    stored = changed & old.dtype.type(stored_mask)
    others = changed & old.dtype.type(outside_mask)
    stored = np.where(_spread(inside, old), old.dtype.type(0), stored)
    for bit, boxes in ask.bits.items():
        free = mask_of(boxes or (Box(0, 0, layout.columns, layout.rows),), layout.rows, layout.columns)
        keep = old.dtype.type(~(1 << bit) & ((1 << layout.bits_allocated) - 1))
        for part in (stored, others):
            np.copyto(part, part & keep, where=_spread(free, old))
    if ask.strip:
        others = np.zeros_like(others)
    # Inside the boxes the writer fills stray bits with what the sign asks for.
    elif outside_mask & ~claimed:
        np.copyto(others, others & old.dtype.type(outside_mask & claimed), where=_spread(inside, old))
    left_on = _left_on(new, layout, ask) + left_inside(new, layout, _spread(inside, old), claimed)
    return CellFaults(_pixels(stored != 0), _pixels(others != 0), left_on)


def left_inside(new: Cells, layout: PixelLayout, inside: Mask, claimed: int) -> int:
    """Cells inside the boxes with a bit that is neither the value's nor an overlay's, and is on.

    Bits above a signed value may repeat its sign, in all of these cells or in none.
    """
    kind, above = new.dtype.type, _above(layout) & ~claimed
    below = ((1 << layout.low) - 1) & ~claimed
    cells = new[inside]
    lit = (cells & kind(above)) != 0
    wrong = (cells & kind(below)) != 0
    if lit.any():
        # A repeated sign is what many writers put above BitsStored; it says no more than the value.
        wrong |= ~_repeats_sign(cells, layout, above) if layout.signed else lit
    return int(np.count_nonzero(wrong))


def _repeats_sign(cells: Cells, layout: PixelLayout, above: int) -> npt.NDArray[np.bool_]:
    kind = cells.dtype.type
    negative = (cells & kind(1 << layout.high)) != 0
    return np.asarray((cells & kind(above)) == np.where(negative, kind(above), kind(0)))


def _above(layout: PixelLayout) -> int:
    return ((1 << layout.bits_allocated) - 1) & ~((1 << (layout.high + 1)) - 1)


def _left_on(new: Cells, layout: PixelLayout, ask: FrameAsk) -> int:
    """Pixels in which a bit is on that had to be off."""
    kind = new.dtype.type
    wrong = np.zeros(new.shape, np.bool_)
    stored = ((1 << layout.bits_stored) - 1) << layout.low
    for bit, boxes in ask.bits.items():
        if ask.strip and not stored >> bit & 1:
            continue
        area = mask_of(boxes or (Box(0, 0, layout.columns, layout.rows),), layout.rows, layout.columns)
        wrong |= ((new & kind(1 << bit)) != 0) & _spread(area, new)
    if ask.strip:
        above = _above(layout)
        below = (1 << layout.low) - 1
        wrong |= (new & kind(below)) != 0
        lit = (new & kind(above)) != 0
        # All of a frame's signs or none: a choice pixel by pixel could draw something.
        if lit.any():
            wrong |= ~_repeats_sign(new, layout, above) if layout.signed else lit
    return _pixels(wrong)


def _spread(mask: Mask, like: Cells) -> Mask:
    """The mask of pixels as one of samples."""
    return np.broadcast_to(mask[..., np.newaxis], like.shape) if like.ndim == 3 else mask


def _pixels(wrong: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(wrong.any(axis=2) if wrong.ndim == 3 else wrong))
