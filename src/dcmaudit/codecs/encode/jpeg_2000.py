"""JPEG 2000 and High-Throughput JPEG 2000 with the reversible transform (PS3.5 A.4.4)."""

from __future__ import annotations

import imagecodecs
import numpy as np
import openjpeg.utils

from dcmaudit.codecs.encode.parameters import Family, OriginalParameters, Progression, original_parameters
from dcmaudit.codecs.encode.spec import Cells, EncodeSpec, Target, require_fits
from dcmaudit.errors import RedactionError, UnsupportedError

_SSIZ = 42
"""Where the first component's bit depth stands: behind SOC, the SIZ marker and 38 bytes of its segment."""


def encode(cells: Cells, spec: EncodeSpec) -> bytes:
    """Part 1, by OpenJPEG: the 5-3 wavelet, one layer, one tile, of 1 to 16 bits."""
    require_fits(cells, spec)
    samples = _samples(cells, spec)
    data = bytes(
        imagecodecs.jpeg2k_encode(
            samples, 0, codecformat="J2K", reversible=True, bitspersample=spec.precision, mct=spec.mct,
        )
    )  # fmt: skip
    return _as_asked(data, cells, spec)


def encode_high_throughput(cells: Cells, spec: EncodeSpec) -> bytes:
    """Part 15, by OpenJPH: the 5-3 wavelet, packets by resolution (RPCL), a TLM segment, as .202 wants them."""
    require_fits(cells, spec)
    samples = _samples(cells, spec)
    container = 8 * samples.dtype.itemsize
    if not spec.signed and spec.precision < container:
        # The encoder takes the container's width for the depth and moves samples down by half of its range
        # (T.800, G.1.2). Moved up first, the coded numbers are those of the true depth, which is then put in.
        samples = samples + samples.dtype.type((1 << (container - 1)) - (1 << (spec.precision - 1)))
    # .202: the lowest resolution has at most 64 samples a side (PS3.5 A.4.4).
    levels = max(5, (max(cells.shape[:2]) - 1).bit_length() - 6)
    rgb = spec.mct if cells.ndim == 3 else None
    data = bytearray(imagecodecs.htj2k_encode(samples, reversible=True, tlm=True, resolutions=levels, rgb=rgb))
    for component in range(1 if cells.ndim == 2 else cells.shape[2]):
        data[_SSIZ + 3 * component] = (0x80 if spec.signed else 0) | (spec.precision - 1)
    return _as_asked(bytes(data), cells, spec)


def _samples(cells: Cells, spec: EncodeSpec) -> Cells:
    kind = "i" if spec.signed else "u"
    # The transformation is defined for the first three components (T.800 G.2).
    if spec.mct and cells.ndim != 3:
        raise UnsupportedError("the colour transform of JPEG 2000 needs three samples a pixel")
    values = cells.view(np.dtype(f"{kind}{cells.dtype.itemsize}"))
    return values.astype(np.dtype(f"{kind}{1 if spec.precision <= 8 else 2}"))


def _as_asked(data: bytes, cells: Cells, spec: EncodeSpec) -> bytes:
    """The data, when their header says what was asked for: that is what the file's attributes will promise."""
    said = original_parameters(data)
    high = spec.target in {Target.HTJ2K, Target.HTJ2K_LOSSLESS, Target.HTJ2K_LOSSLESS_RPCL}
    wanted = OriginalParameters(
        Family.HTJ2K if high else Family.JPEG_2000, cells.shape[0], cells.shape[1],
        1 if cells.ndim == 2 else cells.shape[2], spec.precision, spec.signed, reversible=True, mct=spec.mct,
        progression=Progression.RPCL if high else said.progression, levels=said.levels, layers=1,
        has_tlm=True if high else said.has_tlm, sampling=((1, 1),) * said.samples,
    )  # fmt: skip
    # Libraries pick defaults anew with their versions; a transfer syntax forbids some of them (PS3.5 A.4.4).
    if said != wanted:
        raise RedactionError("the JPEG 2000 encoder did not write the codestream that was asked for")
    return data


def decode(data: bytes, like: Cells, spec: EncodeSpec) -> Cells:
    """The cells again, by the OpenJPEG of pylibjpeg: for High-Throughput another codec than the encoder."""
    found: Cells = np.asarray(openjpeg.utils.decode(data))
    # The decoder gives the smallest type that holds the depth: widened first, so that the sign fills the cell.
    if spec.signed:
        found = found.astype(np.dtype(f"i{like.dtype.itemsize}")).view(like.dtype)
    return found.reshape(like.shape).astype(like.dtype)
