"""The stored samples of one plane, out of the cells of its frame, with what the header says about showing them."""

from __future__ import annotations

import numpy as np

from dcmaudit.codecs.layout import stored_values
from dcmaudit.codecs.samples import Array, Samples
from dcmaudit.dicom.display import modality_of, palette_of, voi_luts_of, windows_of
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header
from dcmaudit.dicom.units import unit_of
from dcmaudit.errors import (
    HeaderError,
)


def samples_of(cells: Array, photometric: str, reader: FrameReader, header: Header, frame: int) -> Samples:
    """The stored values in ``cells``, with what ``header`` says about showing them."""
    layout, attributes = reader.layout, header.attributes
    signed = layout.signed
    values = cells if layout.floating or layout.bits_allocated == 1 else stored_values(cells, layout)
    palette = palette_of(attributes, signed=signed) if photometric == "PALETTE COLOR" else None
    gray = layout.samples == 1 and palette is None
    return Samples(
        array=values,
        photometric=photometric,
        bits_stored=layout.bits_stored,
        signed=signed,
        palette=palette,
        modality=modality_of(header, frame, signed=signed) if gray else None,
        windows=windows_of(header, frame) if gray else (),
        voi_luts=voi_luts_of(attributes, signed=signed) if gray else (),
        unit=unit_of(header, frame) if gray else None,
    )


def bit_samples(bits: Array) -> Samples:
    return Samples(bits, "BITS", 1)


def bits_of(cells: Array, bit: int) -> Array:
    """One bit of each cell, (rows, columns) uint8 of 0 and 1; of colour where any sample has it on."""
    if cells.dtype.kind == "f":
        raise HeaderError("no such plane")
    plane: Array = (np.right_shift(cells, bit) & 1).astype(np.uint8)
    # An overlay bit may stand in one of the samples alone.
    return plane.max(axis=2) if plane.ndim == 3 else plane
