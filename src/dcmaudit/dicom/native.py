"""Frames of native (uncompressed) pixel data, each read alone (PS3.5 8.2 and annex D)."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.cells import Cells, cells_of
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.header import PixelElement
from dcmaudit.errors import TruncatedError


def native_frame(body: ByteSource, element: PixelElement, layout: PixelLayout, frame: int, *, little: bool) -> Cells:
    """The cells of one frame, (rows, columns) or (rows, columns, 3), native byte order, unsigned or floating.

    Raises TruncatedError where the frame is not wholly in the file.
    """
    swapped = not little and layout.bits_allocated <= 8 and element.vr != "OB"  # bytes in big endian words
    first_bit = frame * layout.frame_bits
    start, end = first_bit // 8, -(-(first_bit + layout.frame_bits) // 8)
    if swapped:
        start, end = start // 2 * 2, -(-end // 2) * 2
    if end > element.length + (element.length % 2 if swapped else 0):
        raise TruncatedError(f"the pixel data end inside frame {frame + 1}")
    data = body.read_at(element.offset + start, end - start)
    if len(data) < end - start - swapped:
        raise TruncatedError(f"the file ends inside frame {frame + 1}")
    if swapped:
        data = np.frombuffer(data.ljust(end - start, b"\0"), "<u2").astype(">u2").tobytes()
    return cells_of(data, layout, skip_bits=first_bit - start * 8, little=little)
