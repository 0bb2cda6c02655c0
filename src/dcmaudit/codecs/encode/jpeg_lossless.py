"""JPEG lossless, process 14 (SOF3): .57 with any predictor, .70 with the first (PS3.5 A.4.1)."""

from __future__ import annotations

import imagecodecs
import numpy as np

from dcmaudit.codecs.encode.parameters import segments
from dcmaudit.codecs.encode.spec import Cells, EncodeSpec, Target, require_fits


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """By libjpeg-turbo. A sample has 2 to 16 bits; colour is stored as it is, without any transform."""
    require_fits(cells, spec)
    # Lossless processes have 2 to 16 bits a sample (T.81 table B.2): cells of one bit are written with two.
    precision = max(spec.precision, 2)
    # .70 is defined by selection value 1; .57 allows all (PS3.5 A.4.1).
    predictor = 1 if spec.target is Target.JPEG_LOSSLESS_SV1 else spec.predictor
    samples = cells.astype(np.uint8 if precision <= 8 else np.uint16, copy=False)
    colour = "RGB" if cells.ndim == 3 else None
    data = bytes(
        imagecodecs.jpeg8_encode(
            samples,
            lossless=True,
            predictor=predictor,
            bitspersample=precision,
            colorspace=colour,
            outcolorspace=colour,
        )
    )
    return data if spec.adobe else _without_adobe(data)


def _without_adobe(data: bytes) -> bytes:
    # The segment says "no transform". A decoder that does not find it may not, in lossless, transform either.
    for marker, body, start in segments(data, 2):
        if marker == 0xEE and body[:5] == b"Adobe":
            return data[:start] + data[start + 4 + len(body) :]
    return data


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:  # noqa: ARG001
    """The cells again, by a decoder that shares nothing with libjpeg."""
    found: Cells = np.asarray(imagecodecs.jpegsof3_decode(data))
    return found.reshape(like.shape).astype(like.dtype)
