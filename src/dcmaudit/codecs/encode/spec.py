"""What to encode a frame to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.encode.parameters import OriginalParameters
from dcmaudit.errors import UnsupportedError

Cells = npt.NDArray[Any]


class Target(Enum):
    """Transfer syntaxes in which a frame can be written exactly; the value is the UID (PS3.6, table A-1)."""

    RLE = "1.2.840.10008.1.2.5"
    DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"
    JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
    JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
    JPEG_LS = "1.2.840.10008.1.2.4.80"
    JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
    JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
    JPEG_2000 = "1.2.840.10008.1.2.4.91"
    JPEG_XL_LOSSLESS = "1.2.840.10008.1.2.4.110"
    HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
    HTJ2K_LOSSLESS_RPCL = "1.2.840.10008.1.2.4.202"
    HTJ2K = "1.2.840.10008.1.2.4.203"


@dataclass(frozen=True, slots=True)
class EncodeSpec:
    """How one frame becomes a codestream.

    ``precision`` is the number of bits that each sample has in the codestream: BitsStored, or as many as the
    original codestream had where bits above it are in use (overlays). ``signed`` says that the codestream itself
    is to be signed, which JPEG 2000 alone can be; all others hold the bits as they are. ``mct`` asks for the
    reversible colour transform of JPEG 2000 (PhotometricInterpretation YBR_RCT), ``interleave`` is JPEG-LS's ILV
    of colour frames, ``predictor`` that of JPEG lossless under .57 (always 1 under .70), ``adobe`` keeps the Adobe
    segment that colour in JPEG lossless had. RLE and deflated frames hold the cells as they are and look at
    none of these.
    """

    target: Target
    precision: int
    signed: bool = False
    mct: bool = False
    interleave: int = 2
    predictor: int = 1
    adobe: bool = False

    @classmethod
    def like(cls, target: Target, original: OriginalParameters) -> EncodeSpec:
        """A spec that keeps what the original codestream of the same transfer syntax had."""
        return cls(
            target,
            original.precision,
            signed=original.signed,
            mct=bool(original.mct),
            interleave=2 if original.interleave is None else original.interleave,
            # Only .57 leaves the choice; the other syntaxes name their predictor or have none.
            predictor=original.predictor if target is Target.JPEG_LOSSLESS and original.predictor else 1,
            adobe=original.transform is not None,
        )


def needed_precision(cells: Cells, *, signed: bool) -> int:
    """The smallest number of bits that holds every cell; ``signed`` as two's complement of the cell's own width."""
    if not signed:
        return max(1, int(cells.max(initial=0)).bit_length())
    # Of a negative number the sign needs a bit of its own: -4 fits into three bits, as 3 does.
    values = cells.view(np.dtype(f"i{cells.dtype.itemsize}"))
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    return max(1, high.bit_length() + 1, (-low - 1).bit_length() + 1 if low < 0 else 1)


def require_fits(cells: Cells, spec: EncodeSpec) -> None:
    """UnsupportedError where a cell has bits outside ``precision`` that the codestream could not hold."""
    bits = 8 * cells.dtype.itemsize
    if spec.precision > bits or spec.precision > 16:
        raise UnsupportedError(
            f"{spec.precision} bits a sample cannot be written exactly in this transfer syntax from cells of {bits} "
            f"bits: at most {min(bits, 16)} are allowed"
        )
    if needed_precision(cells, signed=spec.signed) > spec.precision:
        raise UnsupportedError(
            f"cells have bits in use above the {spec.precision} that the codestream would hold",
            hint="encode with as many bits as are allocated, as the original did",
        )
