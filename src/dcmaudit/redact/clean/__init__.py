"""Codestreams without anything beside their picture: comments, application segments, unused tables, trailing bytes.

Every entropy-coded byte stays as it is, and whatever decides how they become pixels.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from dcmaudit.codecs.layout import PixelLayout
from dcmaudit.codecs.syntaxes import Codestream
from dcmaudit.redact.clean.j2k import clean_j2k
from dcmaudit.redact.clean.jpeg import clean_jpeg
from dcmaudit.redact.clean.jxl import clean_jxl
from dcmaudit.redact.clean.rle import clean_rle

BEHIND = "bytes behind the picture"
HARMLESS = frozenset(
    {
        "COM",
        BEHIND,
        "fill bytes",
        "boxes of a container",
        "bytes that say nothing",
        *(f"APP{number}" for number in range(16)),
    }
)
"""What no decoder looks at once the segments that name the colours are kept."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A codestream, and the names of what it had beside its picture."""

    data: bytes
    names: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        """Whether what was left out is certainly nothing that decoders look at."""
        return self.names <= HARMLESS


def cleaned(  # noqa: PLR0911 - one return a kind of codestream
    kind: Codestream, data: bytes, layout: PixelLayout
) -> Cleaned:
    """The codestream of one frame without anything beside its picture.

    Raises DecodeError or TruncatedError where its segments do not lead to its end, UnsupportedError where something
    in it that could be anything is needed to decode it.
    """
    match kind:
        case Codestream.JPEG | Codestream.JPEG_LS:
            return Cleaned(*clean_jpeg(data, is_ls=kind is Codestream.JPEG_LS))
        case Codestream.JPEG_2000:
            return Cleaned(*clean_j2k(data))
        case Codestream.JPEG_XL:
            return Cleaned(*clean_jxl(data))
        case Codestream.RLE:
            return Cleaned(*clean_rle(data, layout.rows * layout.columns))
        case Codestream.DEFLATED_FRAME:
            return _cut(data, len(data) - _left_by_deflate(data, -(-layout.frame_bits // 8) + 1))
        case Codestream.PLAIN:
            return _cut(data, -(-layout.frame_bits // 8))
        case _:
            return Cleaned(data)


def _cut(data: bytes, length: int) -> Cleaned:
    rest = data[length:]
    return Cleaned(data[:length], frozenset({BEHIND} if rest.strip(b"\0") or len(rest) > 1 else ()))


def _left_by_deflate(data: bytes, most: int) -> int:
    """Bytes behind the end of a deflate stream of at most ``most`` bytes."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacker.decompress(data, most)
    # The end of the stream may take a few more bytes than the frame's last one did.
    while not unpacker.eof and unpacker.unconsumed_tail:
        unpacker.decompress(unpacker.unconsumed_tail, 1)
    return len(unpacker.unused_data)


__all__ = ["Cleaned", "cleaned"]
