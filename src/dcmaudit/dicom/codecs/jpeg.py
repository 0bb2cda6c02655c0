"""JPEG (ISO 10918-1): baseline, extended, progressive, lossless; decoded by imagecodecs (libjpeg-turbo)."""

from __future__ import annotations

import numpy as np

from dcmaudit.dicom.codecs.base import Cells, Codec, Decoded, as_cells, require_size
from dcmaudit.dicom.codecs.codestreams import JpegHeader, ends_with_eoi, jpeg_header
from dcmaudit.dicom.layout import PixelLayout
from dcmaudit.errors import DecodeError, TruncatedError

_LOSSLESS = 0xC3


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame. Colour comes out as RGB when it was transformed, as the header names it when it was not.

    Raises TruncatedError where the codestream has no end and a strict decoder finds pixels missing.
    """
    header = jpeg_header(data)
    require_size(
        layout,
        columns=header.columns,
        rows=header.rows or layout.rows,  # 0: the number of lines follows the first scan (DNL)
        samples=len(header.components),
        precision=header.precision,
    )
    whole = ends_with_eoi(data)
    if not whole:
        _require_all_pixels(data, header)
        data += b"\xff\xd9"
    if header.frame == _LOSSLESS:
        return Decoded(as_cells(_lossless(data, header), layout), _untransformed(layout))
    if layout.samples == 1:
        return Decoded(as_cells(_turbo(data), layout), layout.photometric)
    space = "YCBCR" if is_transformed(header, layout.photometric) else "RGB"
    return Decoded(as_cells(_turbo(data, space), layout), "RGB")


def is_transformed(header: JpegHeader, photometric: str) -> bool:
    """Whether three components are YCbCr: by the Adobe marker, the JFIF marker, ids 'RGB', then the DICOM header."""
    if header.transform is not None:
        return header.transform != 0
    if header.jfif:
        return True
    if bytes(header.components) == b"RGB":
        return False
    return photometric != "RGB"


def _untransformed(layout: PixelLayout) -> str:
    """Lossless processes code the components as they are: the DICOM header says what they mean."""
    return "YBR_FULL" if layout.photometric.startswith("YBR_FULL") else \
        "RGB" if layout.samples == 3 else layout.photometric  # fmt: skip


def _turbo(data: bytes, space: str | None = None) -> Cells:
    import imagecodecs

    try:
        return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace="RGB" if space else None))
    except Exception as error:
        raise DecodeError(f"the JPEG decoder refused it ({_short(error)})") from error


def _lossless(data: bytes, header: JpegHeader) -> Cells:
    """libjpeg-turbo first; predictors, subsampling or odd precisions that it refuses go to the other decoder."""
    import imagecodecs

    same = "RGB" if len(header.components) == 3 else None
    try:
        return np.asarray(imagecodecs.jpeg8_decode(data, colorspace=same, outcolorspace=same))
    except Exception as first:
        try:
            return np.asarray(imagecodecs.jpegsof3_decode(data))
        except Exception:
            raise DecodeError(f"the lossless JPEG decoders refused it ({_short(first)})") from first


def _require_all_pixels(data: bytes, header: JpegHeader) -> None:
    """Refuse a codestream without EOI in which pixels are missing.

    libjpeg makes up what is missing and says nothing. So the codestream is decoded with different bits put behind
    it: where every pixel is there they are never looked at, and the pictures are equal.
    """
    plain = data.rstrip(b"\xff")
    pictures = []
    for tail in (b"", b"\x55" * 2048, b"\xa3\x1c" * 1024):
        try:
            pictures.append(_any(plain + tail + b"\xff\xd9", header))
        except DecodeError as error:
            raise TruncatedError("the JPEG codestream ends early: pixels are missing") from error
    if not all(np.array_equal(pictures[0], other) for other in pictures[1:]):
        raise TruncatedError("the JPEG codestream ends early: pixels are missing")


def _any(data: bytes, header: JpegHeader) -> Cells:
    return _lossless(data, header) if header.frame == _LOSSLESS else _turbo(data)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _precision(data: bytes) -> int:
    return jpeg_header(data).precision


CODEC = Codec("imagecodecs (libjpeg-turbo)", decode, _precision)
