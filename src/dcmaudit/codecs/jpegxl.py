"""JPEG XL (ISO 18181): lossless, recompressed JPEG, lossy; decoded by imagecodecs (libjxl)."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.base import Codec, Decoded, as_cells
from dcmaudit.codecs.jxl_header import jxl_size
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DecodeError, HeaderError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame; libjxl gives grey or RGB whatever the codestream used inside."""
    import imagecodecs

    columns, rows = jxl_size(data)
    if (columns, rows) != (layout.columns, layout.rows):
        raise HeaderError(
            f"the codestream is {columns} x {rows} pixels, Columns x Rows are {layout.columns} x {layout.rows}"
        )
    try:
        array = np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1))
    except Exception as error:
        raise DecodeError(f"the JPEG XL decoder refused it ({type(error).__name__})") from error
    # XYB and YCbCr inside are the codestream's own matter (also of recompressed JPEGs).
    return Decoded(as_cells(array, layout), "RGB" if layout.samples == 3 else layout.photometric)


def _precision(data: bytes) -> None:  # noqa: ARG001 - the signature that all codecs share
    return None


CODEC = Codec("imagecodecs (libjxl)", decode, _precision)
