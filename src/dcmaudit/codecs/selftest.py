"""Whether the codecs work here: a small picture made up on the spot is coded and decoded in each family.

For ``dcmaudit doctor``. Nothing of it is used on a file, and no file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs import codec_for
from dcmaudit.codecs.encode import EncodeSpec, Target, encode_frame
from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.syntaxes import transfer_syntax
from dcmaudit.errors import DcmauditError

EDGE = 32
"""Rows and columns of the picture."""
_LOSS = 8
"""Levels that a lossy codestream may differ in, of those that the picture has."""
_JPEG = "1.2.840.10008.1.2.4"


@dataclass(frozen=True, slots=True)
class CodecTest:
    """One transfer syntax that was tried; ``problem`` says what went wrong, None where nothing did."""

    uid: str
    title: str
    problem: str | None


def codec_tests() -> Iterator[CodecTest]:
    """Every transfer syntax for which a codestream can be made here, tried one after the other."""
    for uid, title, encode in _lossy():
        yield CodecTest(uid, title, _problem(uid, encode, tolerance=_LOSS))
    for target in Target:
        title = target.name.replace("_", " ")
        yield CodecTest(target.value, title, _problem(target.value, _exact(target), tolerance=0))


Encode = Callable[[npt.NDArray[Any]], bytes]


def _lossy() -> Iterator[tuple[str, str, Encode]]:
    """The syntaxes that are only read and never written, so that there is no encoder of ours for them."""

    def baseline(cells: npt.NDArray[Any]) -> bytes:
        import imagecodecs

        return bytes(imagecodecs.jpeg8_encode(cells, level=95))

    def extended(cells: npt.NDArray[Any]) -> bytes:
        import imagecodecs

        return bytes(imagecodecs.jpeg8_encode(cells, level=95, bitspersample=12))

    yield f"{_JPEG}.50", "JPEG baseline", baseline
    yield f"{_JPEG}.51", "JPEG extended, 12 bits", extended


def _exact(target: Target) -> Encode:
    return lambda cells: encode_frame(cells, EncodeSpec(target, precision=_bits(cells)))


def _bits(cells: npt.NDArray[Any]) -> int:
    return 12 if cells.dtype.itemsize == 2 else 8


def _problem(uid: str, encode: Encode, *, tolerance: int) -> str | None:
    deep = uid == f"{_JPEG}.51"
    cells = _picture(12 if deep else 8)
    layout = PixelLayout(
        EDGE, EDGE, 1, "MONOCHROME2", 16 if deep else 8, 12 if deep else 8, 11 if deep else 7,
        signed=False, planar=False, floating=False,
    )  # fmt: skip
    codec = codec_for(transfer_syntax(uid).codestream)
    if codec is None:
        return "there is no codec for it"
    try:
        found = codec.decode(encode(cells), layout).cells
    except DcmauditError as error:
        return error.message
    except Exception as error:  # a library that is missing or broken raises whatever it likes
        return f"its library failed: {type(error).__name__}"
    worst = int(np.abs(found.astype(np.int64) - cells).max())
    return None if worst <= tolerance else f"the picture came back with levels up to {worst} apart"


def _picture(bits: int) -> npt.NDArray[Any]:
    """A slope from black to almost white: (rows, columns), uint8 or uint16."""
    slope = np.add.outer(np.arange(EDGE), np.arange(EDGE)) * ((1 << bits) - 1) // (2 * EDGE)
    return slope.astype(np.uint8 if bits == 8 else np.uint16)
