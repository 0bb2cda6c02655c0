"""JPEG-LS with NEAR 0 (PS3.5 A.4.3)."""

from __future__ import annotations

import imagecodecs
import jpeg_ls
import numpy as np

from dcmaudit.codecs.encode.parameters import segments
from dcmaudit.codecs.encode.spec import Cells, EncodeSpec, require_fits
from dcmaudit.errors import RedactionError, UnsupportedError


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """By CharLS as pyjpegls carries it, without a SPIFF header. A sample has 2 to 16 bits."""
    require_fits(cells, spec)
    precision = max(spec.precision, 2)
    samples = cells.astype(np.uint8 if precision <= 8 else np.dtype("<u2"), copy=False)
    count = 1 if cells.ndim == 2 else cells.shape[2]
    interleave = 0 if count == 1 else spec.interleave
    # Without interleaving each component is a scan of its own, one behind the other.
    if count > 1 and interleave == 0:
        samples = np.ascontiguousarray(samples.transpose(2, 0, 1))
    try:
        return bytes(jpeg_ls.encode_buffer(samples.tobytes(), *cells.shape[:2], count, precision, 0, interleave))
    except RuntimeError:
        return _small(cells, precision)


def _small(cells: Cells, precision: int) -> bytes:
    """Frames of a few pixels, for whose header pyjpegls keeps no room; the other CharLS knows whole bytes only."""
    if cells.size > 4096 or precision != 8 * cells.dtype.itemsize:
        raise UnsupportedError(f"{cells.shape[1]} x {cells.shape[0]} pixels of {precision} bits are not encoded")
    data = bytes(imagecodecs.jpegls_encode(cells))
    # imagecodecs writes a SPIFF header before the frame header; frames carry none.
    for marker, _, start in segments(data, 2):
        if marker == 0xF7:
            return data[:2] + data[start:]
    raise RedactionError("the JPEG-LS encoder did not write the codestream that was asked for")


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:  # noqa: ARG001
    """The cells again, by the CharLS of another package (there is no second implementation to install)."""
    found: Cells = np.asarray(imagecodecs.jpegls_decode(data))
    return found.reshape(like.shape).astype(like.dtype)
