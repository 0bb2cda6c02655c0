"""JPEG-LS (ISO 14495-1), lossless and near-lossless; decoded by imagecodecs (CharLS), pyjpegls where that refuses."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.base import Codec, Decoded, as_cells, require_size
from dcmaudit.codecs.codestreams import ends_with_eoi, jpeg_header
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DecodeError, TruncatedError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame; the colour space is what the DICOM header says."""
    import imagecodecs

    header = jpeg_header(data)
    # Files exist with a JPEG of another kind under a JPEG-LS syntax; it would be read by other rules.
    if header.frame != 0xF7:
        raise DecodeError("the frame is a JPEG codestream, not JPEG-LS")
    require_size(
        layout,
        columns=header.columns,
        rows=header.rows,
        samples=len(header.components),
        precision=header.precision,
    )
    if not ends_with_eoi(data):
        raise TruncatedError("the JPEG-LS codestream ends without an EOI marker")
    try:
        array = np.asarray(imagecodecs.jpegls_decode(data))
    except Exception as error:
        raise DecodeError(f"the JPEG-LS decoder refused it ({type(error).__name__})") from error
    if array.shape == (layout.samples, layout.rows, layout.columns) and layout.samples > 1:
        array = np.moveaxis(array, 0, 2)  # components coded one after the other (ILV 0)
    return Decoded(as_cells(array, layout), layout.photometric.replace("YBR_FULL_422", "YBR_FULL"))


def _precision(data: bytes) -> int:
    return jpeg_header(data).precision


CODEC = Codec("imagecodecs (CharLS)", decode, _precision)
