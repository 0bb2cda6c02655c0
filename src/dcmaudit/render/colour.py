"""Colour planes to 8-bit RGB (PS3.3 C.7.6.3.1.2, C.7.6.3.1.5, C.7.9)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Array, Lut, Palette, Samples
from dcmaudit.errors import HeaderError, UnsupportedError
from dcmaudit.render.tables import Levels, is_tabular, through_table, to_byte

LUMINANCE_FIRST = frozenset(
    {"YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"},
)
"""Photometric interpretations of three samples that are not red, green and blue."""

Signed = npt.NDArray[np.int16]
Single = npt.NDArray[np.float32]


def to_rgb(samples: Samples) -> Levels:
    """Three-sample or PALETTE COLOR ``samples`` as (rows, columns, 3) of uint8.

    Samples of 8 bits are shown as they are. Deeper ones run from 0 to the largest value present in any of the
    three, so that the hue stays and a picture that uses few of its bits is not shown black. HeaderError where
    PALETTE COLOR has no tables or the samples of a pixel are not three; UnsupportedError for other names.
    """
    if samples.photometric == "PALETTE COLOR":
        return _through_palette(samples)
    return rgb_levels(rgb_values(samples), samples.bits_stored)


def rgb_values(samples: Samples) -> Array:
    """Three-sample ``samples`` as red, green and blue, in the range of their ``bits_stored``; errors as above.

    Levels of different planes stay comparable, which they are no longer once each was brought to 8 bits.
    """
    if samples.array.ndim != 3 or samples.array.shape[2] != 3:
        raise HeaderError(f"{samples.photometric} needs three samples a pixel, found axes {samples.array.shape}")
    if samples.photometric == "RGB":
        return samples.array
    if samples.photometric not in LUMINANCE_FIRST:
        raise UnsupportedError(
            f"Photometric Interpretation {samples.photometric!r} cannot be shown",
            hint="shown are MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB and the YBR kinds",
        )
    if samples.photometric == "YBR_RCT":
        return _from_reversible(samples)
    if samples.array.dtype == np.uint8 and samples.bits_stored == 8:
        return _from_ybr_bytes(samples.array, partial="PARTIAL" in samples.photometric)
    return _from_ybr(samples)


def luminance(picture: Array) -> npt.NDArray[np.uint16]:
    """What the eye sees as brightness of uint8 RGB, from 0 to 65280, so that one level of any channel counts."""
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))
    weighted = red * np.uint16(77) + green * np.uint16(150) + blue * np.uint16(29)
    return np.asarray(weighted, dtype=np.uint16)


def rgb_levels(array: Array, bits: int) -> Levels:
    """Red, green and blue values of ``bits`` bits as uint8: 8 bits as they are, others up to their largest."""
    if bits == 8 and array.dtype == np.uint8:
        return array
    values = array
    # Devices declare 16 bits and use twelve: the largest value present is white, so that nothing is too dark to see.
    top = 255 if bits == 8 else float(values.max())
    if top <= 0 or not np.isfinite(top):
        return np.zeros(array.shape, dtype=np.uint8)

    def scale(numbers: Array) -> Levels:
        return to_byte(numbers.astype(np.float64) * (255.0 / top))

    return through_table(values, scale) if is_tabular(values) else scale(values)


def _from_ybr_bytes(array: Array, *, partial: bool) -> Levels:
    """YBR of 8 bits to RGB with one table a term, in 32nds of a level."""
    value = np.arange(256, dtype=np.float64)
    # YBR_PARTIAL: black is 16 and white 235; chroma goes from 16 to 240 (PS3.3 C.7.6.3.1.2).
    gain, foot, chroma = (255 / 219, 16, 255 / 224) if partial else (1.0, 0, 1.0)
    luma = _table((value - foot) * gain * 32 + 16)
    centred = (value - 128) * chroma * 32
    y = np.take(luma, array[..., 0])
    blue, red = array[..., 1].astype(np.intp), array[..., 2].astype(np.intp)
    picture = np.empty(array.shape, dtype=np.uint8)
    _store(picture, 0, y + np.take(_table(centred * 1.402), red))
    # Coefficients of CCIR 601 (PS3.3 C.7.6.3.1.2).
    green = np.take(_table(centred * -0.344136), blue) + np.take(_table(centred * -0.714136), red)
    _store(picture, 1, y + green)
    _store(picture, 2, y + np.take(_table(centred * 1.772), blue))
    return picture


def _table(values: npt.NDArray[np.float64]) -> Signed:
    return np.asarray(np.rint(np.clip(values, -32768, 32767)), dtype=np.int16)


def _store(picture: Levels, channel: int, level: Signed) -> None:
    np.right_shift(level, 5, out=level)
    picture[..., channel] = np.clip(level, 0, 255, out=level)


def _from_ybr(samples: Samples) -> Single:
    """YBR of any depth to RGB in the same range, as float32."""
    top = float(2**samples.bits_stored - 1)
    half = float(2 ** (samples.bits_stored - 1))
    y, cb, cr = (samples.array[..., channel].astype(np.float32) for channel in range(3))
    # Chroma is stored with half of the range added; signed samples have 0 as no colour.
    if not samples.signed:
        cb, cr = cb - half, cr - half
    if "PARTIAL" in samples.photometric:
        # 16 to 235 and 16 to 240 of 256 levels, at this depth.
        y = (y - top * 16 / 255) * (255 / 219)
        cb, cr = cb * (255 / 224), cr * (255 / 224)
    planes = (y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb)
    picture: Single = np.clip(np.stack(planes, axis=2), 0, top)
    return picture


def _from_reversible(samples: Samples) -> npt.NDArray[np.int32]:
    """The reversible component transformation of JPEG 2000 undone (ISO 15444-1 G.2)."""
    y, cb, cr = (samples.array[..., channel].astype(np.int32) for channel in range(3))
    # Decoders that undo nothing leave the differences as unsigned numbers around the middle.
    if samples.array.dtype.kind == "u":
        half = 2 ** (samples.bits_stored - 1)
        cb, cr = cb - half, cr - half
    green = y - ((cb + cr) >> 2)
    planes = np.stack((cr + green, green, cb + green), axis=2)
    picture: npt.NDArray[np.int32] = np.clip(planes, 0, 2**samples.bits_stored - 1)
    return picture


def _through_palette(samples: Samples) -> Levels:
    palette = samples.palette
    if palette is None or min(lut.data.size for lut in (palette.red, palette.green, palette.blue)) == 0:
        raise HeaderError("PALETTE COLOR without its Palette Color Lookup Table Data")
    if not is_tabular(samples.array) or samples.array.ndim != 2:
        raise HeaderError("PALETTE COLOR needs one sample of at most 16 bits a pixel")
    tables = _palette_bytes(palette)

    def colours(values: npt.NDArray[np.int64]) -> Levels:
        rows = [
            table[np.clip(values - _first(lut, samples), 0, table.size - 1)]
            for table, lut in zip(tables, (palette.red, palette.green, palette.blue), strict=True)
        ]
        return np.stack(rows, axis=1)

    return through_table(samples.array, colours)


def _palette_bytes(palette: Palette) -> list[Levels]:
    """The tables in 8 bits. Files declare 16 bits over entries of 8, and the reverse: the entries decide."""
    largest = max(int(lut.data.max()) for lut in (palette.red, palette.green, palette.blue))
    shift = 8 if largest > 255 else 0
    return [(lut.data >> shift).astype(np.uint8) for lut in (palette.red, palette.green, palette.blue)]


def _first(lut: Lut, samples: Samples) -> int:
    """The first value mapped, with the sign that the pixels have: its own VR is ambiguous (PS3.3 C.7.6.3.1.5)."""
    # US for a value that is negative.
    if samples.signed and lut.first >= 32768:
        return lut.first - 65536
    if not samples.signed and lut.first < 0:
        return lut.first + 65536
    return lut.first
