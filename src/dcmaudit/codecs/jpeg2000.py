"""JPEG 2000 (ISO 15444-1, -2), decoded by imagecodecs, and its high-throughput form (-15), by pylibjpeg-openjpeg."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.base import Codec, Decoded, as_cells, require_size
from dcmaudit.codecs.codestreams import j2k_header, require_whole_j2k
from dcmaudit.codecs.j2k_watch import require_same, watched
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.errors import DecodeError, DicomError


def decode(data: bytes, layout: PixelLayout) -> Decoded:
    """One frame; the component transformation is undone by the decoder, so that YBR_RCT and YBR_ICT become RGB.

    Raises TruncatedError where the tile-parts do not lead to an EOC marker, DamagedError where the code-blocks are seen
    to hold other bytes than an encoder wrote.
    """
    header = j2k_header(data)
    require_size(
        layout,
        columns=header.columns,
        rows=header.rows,
        samples=header.components,
        precision=header.precision,
    )
    require_whole_j2k(data, header)
    codestream = data[header.start :]
    remark = None
    if header.high_throughput:
        array = _openjpeg(codestream)
        require_same(header, codestream, array)
    else:
        array, remark = _imagecodecs(codestream, whole=layout.lossless and header.reversible)
    photometric = layout.photometric
    # Untransformed components are what the header calls them; a decoder that undid RCT or ICT gives RGB.
    if layout.samples == 3:
        plain = photometric.startswith("YBR_FULL") and not header.transformed
        photometric = "YBR_FULL" if plain else "RGB"
    return Decoded(as_cells(array, layout), photometric, remark)


def _imagecodecs(codestream: bytes, *, whole: bool) -> tuple[npt.NDArray[Any], str | None]:
    try:
        return watched(codestream, whole=whole)
    except DicomError:
        raise
    except Exception as error:
        raise DecodeError(f"the JPEG 2000 decoder refused it ({type(error).__name__})") from error


def _openjpeg(codestream: bytes) -> npt.NDArray[Any]:
    # imagecodecs' HTJ2K decoder does not clamp lossy colour: values above the range wrap around
    from openjpeg.utils import decode as openjpeg_decode

    try:
        return np.asarray(openjpeg_decode(codestream, 0))
    except Exception as error:
        raise DecodeError(f"the HTJ2K decoder refused it ({type(error).__name__})") from error


def _precision(data: bytes) -> int:
    return j2k_header(data).precision


CODEC = Codec("imagecodecs / pylibjpeg-openjpeg (OpenJPEG)", decode, _precision)
