"""Small files of every kind, redacted by the program's own writer, for whoever wants to damage them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dcmaudit.model import Everywhere, FrameAddress, OverlayAddress
from dcmaudit.model.redaction import RedactionOptions
from support.files import (
    DEFLATED_FRAMES,
    EXPLICIT,
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    RLE,
    Overlay,
    color_gradient,
    gradient,
    letter_bits,
    reference,
)
from support.jpegs import picture
from support.proofs import Redacted, ask, redacted

ROWS, COLUMNS = 24, 32
INNER = (4, 6, 14, 12)
AREA = ROWS * COLUMNS


def stack(frames: int, dtype: Any = np.uint16) -> np.ndarray[Any, Any]:
    return np.stack([gradient(ROWS, COLUMNS, dtype=dtype) // 2 + 1 + i for i in range(frames)])


@cache
def native() -> Redacted:
    """Twelve bits of sixteen, three frames, overlays of both kinds, a stray bit, a sequence, private elements."""
    cells = stack(3) & 0x0FFF
    cells[1, :3, :5] |= 1 << 14
    bits = np.stack([letter_bits(), letter_bits()[::-1]])
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-1", "one thing"
    file = reference(
        cells,
        EXPLICIT,
        frames=3,
        bits_stored=12,
        overlays=[Overlay(bits, 0x6000), Overlay(np.stack([_letter()] * 3), 0x6002, embedded=12)],
        extra={
            "ImageType": ["ORIGINAL", "PRIMARY"],
            "LossyImageCompression": "00",
            "ProcedureCodeSequence": Sequence([item]),
            "StudyDescription": "words",
            "SmallestImagePixelValue": 1,
        },
    )
    return redacted(file, ask(INNER, FrameAddress(1)), ask((2, 1, 9, 7), OverlayAddress(0x6000, 0)))


def _letter() -> np.ndarray[Any, Any]:
    return np.pad(letter_bits(), ((0, ROWS - 16), (0, COLUMNS - 20)))


@cache
def colour() -> Redacted:
    return redacted(reference(color_gradient(), photometric="RGB"), ask(INNER, Everywhere.ALL_FRAMES))


@cache
def ybr() -> Redacted:
    return redacted(reference(color_gradient(), photometric="YBR_FULL"), ask(INNER, Everywhere.ALL_FRAMES))


@cache
def signed() -> Redacted:
    cells = gradient(dtype=np.int16) // 8
    return redacted(reference(cells, bits_stored=12), ask(INNER, Everywhere.ALL_FRAMES))


@cache
def rle() -> Redacted:
    return redacted(reference(stack(3), RLE, frames=3), ask(INNER, FrameAddress(1)))


@cache
def extended() -> Redacted:
    """The frames that nothing is asked of lie before an extended offset table that another program wrote."""
    return redacted(reference(stack(3), RLE, frames=3, table="extended"), ask(INNER, FrameAddress(1)))


@cache
def j2k() -> Redacted:
    return redacted(reference(stack(2), JPEG_2000_LOSSLESS, frames=2), ask(INNER, FrameAddress(0)))


@cache
def j2k_colour() -> Redacted:
    file = reference(color_gradient(), JPEG_2000_LOSSLESS, photometric="YBR_RCT")
    return redacted(file, ask(INNER, Everywhere.ALL_FRAMES))


@cache
def jpeg() -> Redacted:
    """Two frames of 4:2:0 colour."""
    frames = np.stack([picture(80, 64, seed=seed) for seed in (1, 2)])
    file = reference(frames, JPEG_BASELINE, frames=2, photometric="YBR_FULL_422",
                     extra={"LossyImageCompression": "01", "LossyImageCompressionRatio": "8"})  # fmt: skip
    return redacted(file, ask((20, 20, 30, 28), FrameAddress(0)))


@cache
def jpeg_ls() -> Redacted:
    return redacted(reference(gradient(), JPEG_LS), ask(INNER, FrameAddress(0)))


@cache
def jpeg_lossless() -> Redacted:
    return redacted(reference(gradient(dtype=np.uint16), JPEG_LOSSLESS_SV1), ask(INNER, FrameAddress(0)))


@cache
def deflated_frames() -> Redacted:
    return redacted(reference(gradient(), DEFLATED_FRAMES), ask(INNER, FrameAddress(0)))


@cache
def htj2k() -> Redacted:
    return redacted(reference(color_gradient(), HTJ2K_LOSSLESS, photometric="RGB"), ask(INNER, FrameAddress(0)))


@cache
def icon() -> Redacted:
    small = Dataset()
    small.SamplesPerPixel, small.PhotometricInterpretation = 1, "MONOCHROME2"
    small.Rows = small.Columns = 8
    small.BitsAllocated = small.BitsStored = 8
    small.HighBit, small.PixelRepresentation = 7, 0
    small.PixelData = bytes(range(100, 164))
    small["PixelData"].VR = "OB"
    file = reference(gradient(), extra={"IconImageSequence": Sequence([small])})
    return redacted(file, ask((8, 8, 16, 16), Everywhere.ALL_FRAMES))


@cache
def new_uid() -> Redacted:
    return redacted(reference(gradient()), ask(INNER, Everywhere.ALL_FRAMES), new_uid="2.25.1234")


@cache
def asserted() -> Redacted:
    options = RedactionOptions(assert_clean=True)
    return redacted(reference(gradient()), ask(INNER, Everywhere.ALL_FRAMES), options=options)


CASES: dict[str, Callable[[], Redacted]] = {
    case.__name__: case
    for case in (
        native,
        colour,
        ybr,
        signed,
        rle,
        extended,
        j2k,
        j2k_colour,
        jpeg,
        jpeg_ls,
        jpeg_lossless,
        deflated_frames,
        htj2k,
        icon,
        new_uid,
        asserted,
    )
}
