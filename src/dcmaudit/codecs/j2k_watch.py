"""Signs of damage inside the code-blocks of JPEG 2000, which decoders go over in silence.

The arithmetic decoder of a code-block can read any bytes, so that a changed byte makes rubbish of the rest of the
block and no error. But a decoder that went astray needs another number of bytes than the encoder wrote: it leaves some
unread, or runs on behind the last one. OpenJPEG counts both when the codestream asks for it by a flag of the
code-block style ("predictable termination", ISO 15444-1 table A.19), which changes nothing else in decoding. So it is
given the codestream with this flag set, and its counts are read from its warnings.

Encoders that promise nothing never left bytes over in the files looked at. Nearly all of their lossless blocks end
so that at most 4 bytes have to be made up, but 11 were seen in a file that is whole; a block that was cut to reach a
size can lack many more (33 were seen). So a few more made-up bytes than usual are a remark, and only many are a
refusal (docs/damage.md).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.codestreams import J2kHeader
from dcmaudit.codecs.quiet import heard_from_decoders
from dcmaudit.errors import DamagedError

_LEFT = re.compile(r"PTERM check failure: (\d+) remaining bytes")
_MADE_UP = re.compile(r"PTERM check failure: (\d+) synthes\w+ 0xFF")
_BROKEN = re.compile(r"segment too long|Malformed HT codeblock|Expected (SOP|EPH) marker")
MOST_LEFT, MOST_MADE_UP, MOST_MADE_UP_IN_CUT = 2, 5, 64
_COD, _COC, _SOT = b"\xff\x52", b"\xff\x53", b"\xff\x90"
_PLAIN_STYLES = ~0x0A & 0xFF  # resetting contexts and vertical contexts do not matter; every other flag does
_PREDICTABLE = 0x10


REMARK = "code-blocks of the JPEG 2000 codestream end earlier than is usual: it may be damaged, look closely"


def watched(codestream: bytes, *, whole: bool) -> tuple[npt.NDArray[Any], str | None]:
    """The picture that OpenJPEG makes of a codestream, and a remark where its code-blocks end in an unusual way.

    DamagedError where they do not end as they must. ``whole`` says that no block was cut, as in lossless coding.
    Whatever else the decoder raises comes through.
    """
    import imagecodecs

    with heard_from_decoders() as heard:
        array = np.asarray(imagecodecs.jpeg2k_decode(asking(codestream), verbose=2, numthreads=1))
    remark = None
    for message in heard:
        left, made_up = _LEFT.search(message), _MADE_UP.search(message)
        # Encoders end a block with a byte or two that no bit needs; a decoder that went astray leaves many.
        unread = left is not None and int(left[1]) > MOST_LEFT
        missing = int(made_up[1]) if made_up is not None else 0
        if unread or missing > MOST_MADE_UP_IN_CUT or _BROKEN.search(message):
            raise DamagedError("the JPEG 2000 codestream is damaged: a code-block does not end where its data do")
        # In a frame that says it is lossless nobody cut blocks to reach a size, so bytes are hardly ever missing.
        if whole and missing > MOST_MADE_UP:
            remark = REMARK
    return array, remark


def asking(codestream: bytes) -> bytes:
    """The codestream with the flag set that makes OpenJPEG count, or as it is where other flags forbid that."""
    patched = bytearray(codestream)
    at = 2
    while at + 4 <= len(codestream) and codestream[at : at + 2] != _SOT:
        marker, length = codestream[at : at + 2], int.from_bytes(codestream[at + 2 : at + 4], "big")
        if marker in {_COD, _COC} and length >= 9:
            wide = int.from_bytes(codestream[40:42], "big") > 256  # components, by which COC counts (A.6.2)
            style = at + (12 if marker == _COD else 9 if wide else 8)
            # Selective bypass or termination on each pass move the ends of blocks: then the count would mean
            # something else.
            if patched[style] & _PLAIN_STYLES:
                return codestream
            patched[style] |= _PREDICTABLE
        at += 2 + max(2, length)
    return bytes(patched)


def require_same(header: J2kHeader, codestream: bytes, array: npt.NDArray[Any]) -> None:
    """Hold the picture of a reversible high-throughput codestream against that of another decoder (OpenJPH).

    DamagedError where they differ: nothing but rubbish in the code-blocks makes two decoders of a lossless codestream
    differ. Where the other decoder does not take it there is nothing to compare.
    """
    import imagecodecs

    # Two decoders of irreversible data may round differently; only of reversible data there is one right picture.
    if not header.reversible:
        return
    try:
        other = np.asarray(imagecodecs.htj2k_decode(codestream))
    except Exception:
        return
    if other.shape == array.shape and not np.array_equal(other, array):
        raise DamagedError("the HTJ2K codestream is damaged: two decoders make different pictures of it")
