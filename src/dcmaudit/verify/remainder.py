"""The bytes of a written file that no plane shows: everything but the cells of frames, overlays and icons."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dcmaudit.dicom.parts import Parts
from dcmaudit.verify.dataset import PIXELS, DataSet, Element
from dcmaudit.verify.elements import icon_places

_PIECE = 8 << 20
_OVERLAP = 64
_DATA_OF_OVERLAYS = 0x3000


def unseen_bytes(
    envelope: bytes, data: DataSet, elements: dict[int, Element], parts: Parts
) -> Iterator[tuple[str, bytes]]:
    """Runs of such bytes with their places in words, at most some MiB each; long ones overlap a little.

    ``envelope`` is what stands before the data set, where that is deflated and its bytes are not the file's.
    """
    yield "the file meta information", envelope
    shown = sorted(_shown(data, elements, parts))
    bounds = [0, *(edge for one in shown for edge in one), data.body.size]
    for place, (start, end) in enumerate(pairwise(bounds)):
        if place % 2:
            continue
        for at in range(start, end, _PIECE):
            size = min(_PIECE + _OVERLAP, end - at)
            yield f"bytes {at} to {at + size} of the data set", data.body.read_at(at, size)


def _shown(data: DataSet, elements: dict[int, Element], parts: Parts) -> Iterator[tuple[int, int]]:
    """From where to where the cells of planes lie."""
    image = parts.image
    if image is not None:
        at, length = image.element.offset, image.element.length
        # What stands behind the last frame is shown by no plane.
        if image.index is None:
            length = min(length, image.count * image.layout.frame_bits // 8)
        yield at, at + length
    for tag, element in elements.items():
        if 0x6000 <= tag >> 16 <= 0x60FE and tag & 0xFFFF == _DATA_OF_OVERLAYS and element.value < element.end:
            yield element.value, element.end
    for icon, place in zip(parts.icons, icon_places(data, elements), strict=False):
        found = next((one for one in place.elements if one.tag in PIXELS), None)
        if found is not None and icon.reader is not None and icon.reader.index is None:
            size = icon.reader.layout.frame_bits // 8
            yield found.value, min(found.value + size, found.end)
