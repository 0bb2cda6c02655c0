"""The second decoders of a frame in a file: those of its codestream, and pydicom for native frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dcmaudit.codecs import codec_for
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.second_decoders import Cells, SecondDecoder, second_decoder_of, second_decoders_of
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.errors import DecodeError, DicomError

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


def first_decoder(reader: FrameReader) -> str:
    """The name of the decoder that ``reader`` itself uses."""
    codec = codec_for(reader.syntax.codestream) if reader.index is not None else None
    return "numpy" if codec is None else codec.name


def second_decoders(reader: FrameReader, frame: int) -> tuple[SecondDecoder, ...]:
    """Other decoders than the reader's own for one frame, the one of the most different origin first."""
    if reader.index is None:
        found = second_decoder(reader, frame)
        return () if found is None else (found,)
    return second_decoders_of(reader.syntax.codestream, reader.codestream(frame), reader.layout)


def second_decoder(reader: FrameReader, frame: int) -> SecondDecoder | None:
    """Another decoder than the reader's own for one frame, None where there is none."""
    layout = reader.layout
    if reader.index is None:
        # pydicom wants whole bytes in little endian; other frames have one reader only
        plain = reader.syntax.little_endian and layout.bits_allocated > 1
        return SecondDecoder("pydicom", _pydicom(reader)) if plain else None
    return second_decoder_of(reader.syntax.codestream, reader.codestream(frame), layout)


def decoded_by(decoder: SecondDecoder, reader: FrameReader, frame: int) -> Cells:
    """The cells of one frame as ``FrameReader.cells`` has them.

    DecodeError where this decoder refuses it or returns another shape.
    """
    try:
        data = reader.codestream(frame) if reader.index is not None else native_bytes(reader, frame)
        return decoder.cells_of(data, reader.layout)
    except (DicomError, MemoryError):
        raise
    except Exception as error:
        raise DecodeError(f"{decoder.name} refused it ({type(error).__name__})") from error


def native_bytes(reader: FrameReader, frame: int) -> bytes:
    """The bytes of a frame of whole bytes as they stand in the file."""
    size = reader.layout.frame_bits // 8
    return reader.body.read_at(reader.element.offset + frame * size, size)


def _pydicom(reader: FrameReader) -> Callable[[bytes, PixelLayout], Cells]:
    keyword = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData"}.get(reader.element.tag, "PixelData")

    def decode(data: bytes, layout: PixelLayout) -> Cells:
        from pydicom.pixels import get_decoder  # type: ignore[attr-defined]

        options: dict[str, Any] = {
            "rows": layout.rows,
            "columns": layout.columns,
            "samples_per_pixel": layout.samples,
            "photometric_interpretation": "YBR_FULL_422" if layout.halved else layout.photometric,
            "bits_allocated": layout.bits_allocated,
            "bits_stored": layout.bits_stored,
            "pixel_representation": int(layout.signed),
            "planar_configuration": int(layout.planar),
            "number_of_frames": 1,
            "pixel_keyword": keyword,
            "pixel_vr": "OW",
            "correct_unused_bits": False,
        }
        decoder = get_decoder(_EXPLICIT_LITTLE)
        array, _ = decoder.as_array(data + b"\0" * (len(data) % 2), raw=True, **options)
        return np.asarray(array)

    return decode
