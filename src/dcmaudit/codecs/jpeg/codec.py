"""JPEG (ISO 10918-1): baseline, extended, progressive, lossless; decoded by imagecodecs (libjpeg-turbo)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dcmaudit.codecs.base import Cells, Codec, Decoded, as_cells, require_size
from dcmaudit.codecs.codestreams import JpegHeader, ends_with_eoi, jpeg_header
from dcmaudit.codecs.jpeg import require_sound, require_sound_progressive, walk_over, wrapped_samples
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DecodeError, TruncatedError

_LOSSLESS = 0xC3
_SEQUENTIAL = {0xC0, 0xC1}
_PROGRESSIVE = 0xC2
_FIRST_HALVED = 5
_WRAPPED = (
    "samples of the lossless JPEG leave the range of its precision and were cut to it: some devices write such "
    "codestreams; damage can look the same"
)
_HALVED = f"{_WRAPPED}. Other programs can show another picture, as the predictor halves what they have not cut"
_TAILS = (b"\xa3\x1c" * 1024, b"\x55" * 2048)
"""Bits that mean something in every Huffman table, and not the zeros that libjpeg takes where there are none."""


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame. Colour comes out as RGB when it was transformed, as the header names it when it was not.

    Raises TruncatedError where pixels are missing, whether or not the codestream has an EOI marker, DamagedError
    where the entropy-coded data of a sequential or lossless codestream do not make up all its blocks or samples.
    """
    header = jpeg_header(data)
    require_size(
        layout,
        columns=header.columns,
        rows=header.rows or layout.rows,  # 0: the number of lines follows the first scan (DNL)
        samples=len(header.components),
        precision=header.precision,
    )
    # With EOI there, one other ending is enough to see whether the bits before it are looked at.
    tails: tuple[bytes, ...] = _TAILS[:1]
    whole = ends_with_eoi(data)
    if not whole:
        data, tails = data + b"\xff\xd9", _TAILS
    if header.frame == _LOSSLESS:
        return _decode_lossless(data, header, layout, tails)

    # Said to the decoder in so many words, for left to itself it guesses by markers alone.
    space = None if layout.samples == 1 else "YCBCR" if is_transformed(header, layout.photometric) else "RGB"
    sound = _is_sound(data, header, whole=whole)
    array = _turbo(data, space)
    if not sound:
        _require_all_pixels(data, array, lambda stream: _turbo(stream, space), tails)
    return Decoded(as_cells(array, layout), "RGB" if space else layout.photometric)


def _decode_lossless(data: bytes, header: JpegHeader, layout: PixelLayout, tails: tuple[bytes, ...]) -> Decoded:
    walked = walk_over(data)
    samples = wrapped_samples(data, signed=layout.signed) if walked.wrapped else None
    if samples is not None:
        note = _HALVED if max(walked.predictors) >= _FIRST_HALVED else _WRAPPED
        return Decoded(as_cells(samples, layout), _untransformed(layout), note)
    array = _lossless(data, header)
    if not walked.sound:
        _require_all_pixels(data, array, lambda stream: _lossless(stream, header), tails)
    return Decoded(as_cells(array, layout), _untransformed(layout))


def _is_sound(data: bytes, header: JpegHeader, *, whole: bool) -> bool:
    """Whether the coded data were walked over to their last bit and found whole; False where they cannot be."""
    if header.frame == _PROGRESSIVE:
        return require_sound_progressive(data, whole=whole)
    return header.frame in _SEQUENTIAL and require_sound(data)


def is_transformed(header: JpegHeader, photometric: str) -> bool:
    """Whether three components are YCbCr: by the Adobe marker, the JFIF marker, ids 'RGB', then the DICOM header.

    Nobody halves the resolution of green and blue: components of different sampling are YCbCr whatever the header says.
    """
    # The order in which libjpeg decides, so that what is shown is what other programs show.
    if header.transform is not None:
        return header.transform != 0
    # JFIF is YCbCr by definition (T.871), and nobody halves green and blue.
    if header.jfif or header.subsampled:
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


def _require_all_pixels(data: bytes, array: Cells, picture: Callable[[bytes], Cells], tails: tuple[bytes, ...]) -> None:
    """Refuse a codestream that ends, at its last EOI, before all pixels of ``array`` are there.

    libjpeg makes up what is missing and says nothing. So the codestream is decoded again with other bits in front
    of its end: where every pixel is there they are never looked at, and the pictures are equal.
    """
    # Fill bytes before EOI would join with the new bits to a marker.
    plain = data[: data.rindex(b"\xff\xd9")].rstrip(b"\xff")
    for tail in tails:
        try:
            other = picture(plain + tail + b"\xff\xd9")
        except DecodeError as error:
            raise TruncatedError("the JPEG codestream ends early: pixels are missing") from error
        if not np.array_equal(array, other):
            raise TruncatedError("the JPEG codestream ends early: pixels are missing")


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def _precision(data: bytes) -> int:
    return jpeg_header(data).precision


CODEC = Codec("imagecodecs (libjpeg-turbo)", decode, _precision)
