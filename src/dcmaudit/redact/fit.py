"""Whether what is asked fits a plane, and where it lies in a smaller picture of the same."""

from __future__ import annotations

from collections.abc import Iterable

from dcmaudit.model.geometry import Box, Size
from dcmaudit.model.redaction import Blackened
from dcmaudit.model.shapes import Shape


def shape_fault(shape: Shape, size: Size) -> str | None:
    """Why a shape cannot lie on a plane of that size, in words; None where it can.

    What is black inside must lie on the plane, as rectangles must. What is kept may reach over its edges, as the fan of
    an ultrasound image does, but must keep a pixel.
    """
    plane = f"the plane of {size.width} x {size.height} pixels"
    if shape.size is not None and shape.size != size:
        return f"it was drawn on a plane of {shape.size.width} x {shape.size.height} pixels, and not on {plane}"
    if shape.keep:
        nothing = sum(box.area for box in shape.boxes(size)) == size.area
        return f"it keeps no pixel of {plane}; black out whole planes instead" if nothing else None
    bounds = shape.bounds()
    if bounds is None or shape.box(size) is None:
        return f"it holds no pixel of {plane}"
    return None if shape.size is not None or bounds.is_inside(size) else f"it reaches outside {plane}"


def is_scaled(from_size: Size, to_size: Size) -> bool:
    """Whether a thumbnail has the proportions of its image, but for rounding; else it was cropped or has borders.

    Nobody can tell then where in it a place of the image is.
    """
    height = to_size.width * from_size.height / from_size.width
    width = to_size.height * from_size.width / from_size.height
    return abs(height - to_size.height) <= 1 or abs(width - to_size.width) <= 1


def scaled(box: Box, from_size: Size, to_size: Size) -> Box:
    """The box of ``to_size`` that covers every pixel into which ``box`` of ``from_size`` may have been drawn.

    Rounded outwards and one pixel wider, for a thumbnail is drawn with a filter; clipped to ``to_size``. A box outside
    its own plane still yields the nearest edge pixels, never nothing.
    """
    # A pixel more on each side: programs that make thumbnails round and smooth in their own ways.
    left = box.left * to_size.width // from_size.width - 1
    top = box.top * to_size.height // from_size.height - 1
    right = -(-box.right * to_size.width // from_size.width) + 1
    bottom = -(-box.bottom * to_size.height // from_size.height) + 1
    left, top = min(max(left, 0), to_size.width - 1), min(max(top, 0), to_size.height - 1)
    return Box(left, top, max(left + 1, min(right, to_size.width)), max(top + 1, min(bottom, to_size.height)))


def without_contained(items: Iterable[Blackened]) -> tuple[Blackened, ...]:
    """Without boxes that another one covers wholly; the first of equal ones stays."""
    kept: list[Blackened] = []
    for item in sorted(items, key=lambda item: -item.box.area):
        if not any(other.covers(item) for other in kept):
            kept.append(item)
    return tuple(sorted(kept, key=lambda item: (item.box.top, item.box.left)))
