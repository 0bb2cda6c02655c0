"""One frame of cells into one exact codestream, proved by decoding it again before it is given away."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dcmaudit.codecs.encode import deflate, jpeg_2000, jpeg_lossless, jpeg_ls, jpeg_xl, rle
from dcmaudit.codecs.encode.spec import Cells, EncodeSpec, Target
from dcmaudit.errors import DcmauditError, RedactionError, UnsupportedError

Encoder = Callable[[Cells, EncodeSpec], bytes]
Decoder = Callable[[bytes, Cells, EncodeSpec], Cells]

_CODECS: dict[Target, tuple[Encoder, Decoder]] = {
    Target.RLE: (rle.encode, rle.decode),
    Target.DEFLATED_FRAME: (deflate.encode, deflate.decode),
    Target.JPEG_LOSSLESS: (jpeg_lossless.encode, jpeg_lossless.decode),
    Target.JPEG_LOSSLESS_SV1: (jpeg_lossless.encode, jpeg_lossless.decode),
    Target.JPEG_LS: (jpeg_ls.encode, jpeg_ls.decode),
    Target.JPEG_LS_NEAR: (jpeg_ls.encode, jpeg_ls.decode),
    Target.JPEG_2000_LOSSLESS: (jpeg_2000.encode, jpeg_2000.decode),
    Target.JPEG_2000: (jpeg_2000.encode, jpeg_2000.decode),
    Target.HTJ2K_LOSSLESS: (jpeg_2000.encode_high_throughput, jpeg_2000.decode),
    Target.HTJ2K_LOSSLESS_RPCL: (jpeg_2000.encode_high_throughput, jpeg_2000.decode),
    Target.HTJ2K: (jpeg_2000.encode_high_throughput, jpeg_2000.decode),
    Target.JPEG_XL_LOSSLESS: (jpeg_xl.encode, jpeg_xl.decode),
}


def encode_frame(cells: Cells, spec: EncodeSpec, *, check: bool = True) -> bytes:
    """The codestream of a frame, from which exactly these cells come back.

    ``cells`` has the axes (rows, columns) or (rows, columns, 3) and an unsigned integer dtype as wide as
    BitsAllocated; signed pixels are the same bits. With ``check`` the result is decoded, by another library than
    the one that encoded it where there is one, and compared; leave it out only where the caller compares.

    Raises UnsupportedError for cells that this transfer syntax or the precision cannot hold exactly,
    RedactionError where the encoder fails or does not give the cells back.
    """
    if cells.dtype.kind != "u" or cells.ndim not in {2, 3} or (cells.ndim == 3 and cells.shape[2] != 3):
        raise UnsupportedError(f"cells of {cells.dtype} with {cells.ndim} axes cannot be encoded")
    cells = np.ascontiguousarray(cells, cells.dtype.newbyteorder("="))
    encode, decode = _CODECS[spec.target]
    name = spec.target.name.lower().replace("_", " ")
    try:
        data = bytes(encode(cells, spec))
        again = decode(data, cells, spec) if check else cells
    except DcmauditError:
        raise
    except Exception as error:
        # The libraries raise types of their own, of which no two agree.
        raise RedactionError(f"the encoder for {name} failed: {type(error).__name__}") from error
    # An encoder that loses a value in a rare case would be found by the proof as well, but only after the whole file.
    if again.shape != cells.shape or not np.array_equal(again, cells):
        raise RedactionError(f"the encoder for {name} did not give back the samples it was given")
    return data
