"""Second decoders: other libraries' answers to the same codestream, so that a proof does not rest on one library.

Each returns the cells of a frame as the codec of its kind does, (rows, columns) or (rows, columns, 3), without its
help. Where there is no second library, there is none.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.base import as_cells
from dcmaudit.codecs.codestreams import j2k_header, jpeg_header
from dcmaudit.codecs.jpeg.codec import is_transformed
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.quiet import quietly
from dcmaudit.codecs.syntaxes import Codestream

Cells = npt.NDArray[Any]
_LOSSLESS, _SEQUENTIAL, _PROGRESSIVE = 0xC3, 0xC0, 0xC2


@dataclass(frozen=True, slots=True)
class SecondDecoder:
    """A named decoder of one kind of frame."""

    name: str
    decode: Callable[[bytes, PixelLayout], Cells]

    def cells_of(self, data: bytes, layout: PixelLayout) -> Cells:
        """The cells of a frame, unsigned or floating; raises whatever this decoder raises."""
        with quietly():
            array = np.asarray(self.decode(data, layout))
            return array if array.dtype.kind == "f" else as_cells(array, layout)


def second_decoders_of(kind: Codestream, data: bytes, layout: PixelLayout) -> tuple[SecondDecoder, ...]:
    """Other decoders than the codec's own for a codestream, the one of the most different origin first."""
    found = second_decoder_of(kind, data, layout)
    others = () if found is None else (found,)
    # OpenJPEG of two packages is one implementation twice; OpenJPH is another.
    if kind is Codestream.JPEG_2000:
        header = j2k_header(data)
        if header.high_throughput and header.reversible:  # OpenJPH does not clamp lossy colour
            return SecondDecoder("imagecodecs (OpenJPH)", _openjph), *others
    return others


def second_decoder_of(kind: Codestream, data: bytes, layout: PixelLayout) -> SecondDecoder | None:
    """Another decoder than the codec's own for a codestream, None where there is none."""
    match kind:
        case Codestream.JPEG:
            return _second_jpeg(data)
        case Codestream.JPEG_LS:
            return SecondDecoder("pyjpegls (CharLS)", _pyjpegls)
        case Codestream.JPEG_2000:
            high = j2k_header(data).high_throughput
            return SecondDecoder("imagecodecs (OpenJPEG)", _j2k_imagecodecs) if high else \
                SecondDecoder("pylibjpeg-openjpeg (OpenJPEG)", _j2k_openjpeg)  # fmt: skip
        case Codestream.RLE:
            return SecondDecoder("pylibjpeg-rle", _rle)
        case Codestream.DEFLATED_FRAME:
            # Frames of single bits would need the same unpacking of ours, and so prove nothing more.
            return SecondDecoder("isal", _isal) if layout.bits_allocated > 1 else None
        case _:
            return None


def _second_jpeg(data: bytes) -> SecondDecoder | None:
    header = jpeg_header(data)
    if header.frame == _LOSSLESS:
        return SecondDecoder("imagecodecs (jpegsof3)", _sof3)
    # Pillow reads no JPEG of 12 bits.
    if header.precision == 8 and _SEQUENTIAL <= header.frame <= _PROGRESSIVE:
        return SecondDecoder("Pillow", _pillow)
    return None


def _pillow(data: bytes, layout: PixelLayout) -> Cells:
    from PIL import Image

    header = jpeg_header(data)
    with Image.open(io.BytesIO(data)) as picture:
        if layout.samples == 1:
            return np.asarray(picture)
        # The codestream's own markers tell Pillow its colours; where only the DICOM header knows, it is told.
        if header.transform is None and not header.jfif:
            known = "YCbCr" if is_transformed(header, layout.photometric) else "RGB"
            picture.draft("YCbCr", None)
            if known == "RGB":
                return _as_stored(data)
        return np.asarray(picture.convert("RGB"))


def _as_stored(data: bytes) -> Cells:
    """Three components without any conversion: an Adobe marker says so to the decoder."""
    from PIL import Image

    adobe = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    with Image.open(io.BytesIO(data[:2] + adobe + data[2:])) as picture:
        return np.asarray(picture.convert("RGB"))


def _sof3(data: bytes, layout: PixelLayout) -> Cells:  # noqa: ARG001 - the signature that all share
    import imagecodecs

    return np.asarray(imagecodecs.jpegsof3_decode(data))


def _pyjpegls(data: bytes, layout: PixelLayout) -> Cells:
    from jpeg_ls import decode_buffer

    raw, info = decode_buffer(data)
    width = 1 if info["bits_per_sample"] <= 8 else 2
    flat = np.frombuffer(bytes(raw), np.dtype(f"<u{width}"))
    if layout.samples > 1 and info["interleave_mode"] == 0:
        return np.moveaxis(flat.reshape(layout.samples, layout.rows, layout.columns), 0, 2)
    return flat.reshape((layout.rows, layout.columns) + ((layout.samples,) if layout.samples > 1 else ()))


def _j2k_openjpeg(data: bytes, layout: PixelLayout) -> Cells:  # noqa: ARG001 - the signature that all share
    from openjpeg.utils import decode

    return np.asarray(decode(data[j2k_header(data).start :], 0))


def _j2k_imagecodecs(data: bytes, layout: PixelLayout) -> Cells:  # noqa: ARG001 - the signature that all share
    import imagecodecs

    return np.asarray(imagecodecs.jpeg2k_decode(data[j2k_header(data).start :]))


def _openjph(data: bytes, layout: PixelLayout) -> Cells:  # noqa: ARG001 - the same
    import imagecodecs

    return np.asarray(imagecodecs.htj2k_decode(data[j2k_header(data).start :]))


def _rle(data: bytes, layout: PixelLayout) -> Cells:
    from rle.utils import decode_frame  # type: ignore[attr-defined]

    width, pixels = layout.cell.itemsize, layout.rows * layout.columns
    raw = np.frombuffer(decode_frame(data, pixels, layout.bits_allocated, "<"), np.dtype(f"<u{width}"))
    if layout.samples == 1:
        return raw.reshape(layout.rows, layout.columns)
    return np.moveaxis(raw.reshape(layout.samples, layout.rows, layout.columns), 0, 2)


def _isal(data: bytes, layout: PixelLayout) -> Cells:
    from isal import isal_zlib

    expected = layout.frame_bits // 8
    raw = isal_zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, expected)
    flat = np.frombuffer(raw, layout.cell.newbyteorder("<"), expected // layout.cell.itemsize)
    if layout.samples == 1:
        return flat.reshape(layout.rows, layout.columns)
    if layout.planar:
        return np.moveaxis(flat.reshape(layout.samples, layout.rows, layout.columns), 0, 2)
    return flat.reshape(layout.rows, layout.columns, layout.samples)
