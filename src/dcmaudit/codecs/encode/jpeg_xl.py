"""JPEG XL Lossless (PS3.5 A.4.12)."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np

from dcmaudit.codecs.encode.spec import Cells, EncodeSpec, require_fits
from dcmaudit.errors import RedactionError

EFFORT = 3
"""Of 1 to 9: the default of 7 is 4 % smaller and takes ten times as long."""


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """By libjxl: a bare codestream, of 1 to 16 bits."""
    require_fits(cells, spec)
    samples = cells.astype(np.uint8 if spec.precision <= 8 else np.uint16, copy=False)
    data = bytes(
        imagecodecs.jpegxl_encode(
            samples, lossless=True, bitspersample=spec.precision, effort=EFFORT, usecontainer=False
        )
    )
    return data if data[:2] == b"\xff\x0a" else _codestream(data)


def _codestream(boxed: bytes) -> bytes:
    """The codestream in a container (ISO/IEC 18181-2): libjxl makes one for deep samples whatever it is told."""
    at = 0
    while at + 8 <= len(boxed):
        (length,) = struct.unpack_from(">I", boxed, at)
        if boxed[at + 4 : at + 8] == b"jxlc":
            return boxed[at + 8 : at + length if length else len(boxed)]
        # Length 0 reaches to the end, 1 stands for a longer field that no frame of ours needs.
        if length < 8:
            break
        at += length
    raise RedactionError("the JPEG XL encoder did not write one codestream")


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:  # noqa: ARG001
    """The cells again, by the same library (there is no second decoder to install)."""
    found: Cells = np.asarray(imagecodecs.jpegxl_decode(data))
    return found.reshape(like.shape).astype(like.dtype)
