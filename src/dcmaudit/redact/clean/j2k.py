"""JPEG 2000 codestreams without anything beside the picture (ISO 15444-1 annex A)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.errors import DecodeError, TruncatedError

SOC, SOT, SOD, EOC, SIZ, TLM = b"\xff\x4f", 0x90, 0x93, 0xD9, 0x51, 0x55
_MAIN = frozenset({SIZ, 0x50, 0x56, 0x59, 0x52, 0x53, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, TLM})
"""SIZ, CAP, PRF, CPF, COD, COC, QCD, QCC, RGN, POC, PPM, TLM."""
_TILE = frozenset({0x52, 0x53, 0x5C, 0x5D, 0x5E, 0x5F, 0x61})
_NAMES = {0x64: "COM", 0x57: "PLM", 0x58: "PLT", 0x63: "CRG"}
_BEHIND = "bytes behind the picture"


@dataclass(slots=True)
class _Cleaner:
    """Goes from segment to segment, and from tile-part to tile-part."""

    data: bytes
    names: set[str] = field(default_factory=set)
    levels: int = 32
    components: int = 1
    lengths: list[int] = field(default_factory=list)

    def run(self) -> bytes:
        """The codestream that is left."""
        start = self.data.find(b"\xff\x4f\xff\x51", 0, 4096)
        if start < 0:
            raise DecodeError("the frame is no JPEG 2000 codestream (no SOC and SIZ markers)")
        if start:
            self.names.add("boxes around the codestream")
        head, at = self._segments(start + 2, SOT, _MAIN)
        parts: list[bytes] = []
        while self.data[at : at + 2] == bytes([0xFF, SOT]):
            part, at = self._tile_part(at)
            parts.append(part)
            self.lengths.append(len(part))
        if self.data[at : at + 2] != bytes([0xFF, EOC]):
            raise TruncatedError("the JPEG 2000 codestream ends before its EOC marker")
        rest = self.data[at + 2 :]
        if rest.strip(b"\0") or len(rest) > 1:
            self.names.add(_BEHIND)
        return b"".join([SOC, *self._with_lengths(head), *parts, bytes([0xFF, EOC])])

    def _segments(self, at: int, last: int, kept: frozenset[int]) -> tuple[list[tuple[int, bytes]], int]:
        """The segments that stay, up to the marker ``last``, and where that one stands."""
        found: list[tuple[int, bytes]] = []
        while True:
            if at + 4 > len(self.data) or self.data[at] != 0xFF:
                raise TruncatedError("the JPEG 2000 codestream ends inside its headers")
            marker = self.data[at + 1]
            if marker == last:
                return found, at
            if 0x30 <= marker <= 0x3F:  # these stand alone
                self.names.add("reserved markers")
                at += 2
                continue
            length = struct.unpack_from(">H", self.data, at + 2)[0]
            if length < 2 or at + 2 + length > len(self.data):
                raise TruncatedError("the JPEG 2000 codestream ends inside a segment")
            content = self.data[at + 4 : at + 2 + length]
            if marker in kept:
                found.append((marker, self._exactly(marker, content)))
            else:
                self.names.add(_NAMES.get(marker, "unknown markers"))
            at += 2 + length

    def _exactly(self, marker: int, content: bytes) -> bytes:
        """The content without bytes that nothing in it asks for."""
        length = self._needed(marker, content)
        if len(content) > length:
            self.names.add("bytes behind a header")
        return content[:length]

    def _needed(self, marker: int, content: bytes) -> int:
        try:
            return self._length(marker, content)
        except (IndexError, struct.error) as error:
            raise DecodeError(f"segment FF{marker:02X} of the JPEG 2000 codestream is damaged") from error

    def _length(self, marker: int, content: bytes) -> int:
        wide = 1 if self.components < 257 else 2
        if marker == SIZ:
            self.components = struct.unpack_from(">H", content, 34)[0]
            return 36 + 3 * self.components
        # With precincts of its own, a byte for each level follows (T.800 A.6.1).
        if marker == 0x52:
            self.levels = content[5]
            return 10 + (content[5] + 1 if content[0] & 1 else 0)
        if marker == 0x53:
            return wide + 6 + (content[wide + 1] + 1 if content[wide] & 1 else 0)
        # QCD and QCC: a step for each sub-band (T.800 A.6.4, A.6.5).
        if marker in {0x5C, 0x5D}:
            at = wide if marker == 0x5D else 0
            bands = 3 * (self.levels if marker == 0x5C else 32) + 1
            # Without quantisation a byte a band, derived one step, expounded two bytes a band.
            return at + 1 + {0: bands, 1: 2, 2: 2 * bands}.get(content[at] & 31, len(content))
        return wide + 2 if marker == 0x5E else len(content)

    def _tile_part(self, at: int) -> tuple[bytes, int]:
        if at + 12 > len(self.data):
            raise TruncatedError("the JPEG 2000 codestream ends inside a tile-part")
        tile, length, number, count = struct.unpack_from(">HLBB", self.data, at + 4)
        end = at + length
        if not length:  # the last one, up to the end of the codestream
            end = self.data.rstrip(b"\0").rfind(b"\xff\xd9")
        levels = self.levels
        head, data = self._segments(at + 12, SOD, _TILE)
        # A tile-part's own COD holds for that tile alone.
        self.levels = levels
        if not data + 2 <= end <= len(self.data):
            raise TruncatedError("a tile-part of the JPEG 2000 codestream leads nowhere")
        inside = b"".join([*map(_segment, head), self.data[data:end]])
        return b"\xff\x90\0\x0a" + struct.pack(">HLBB", tile, 12 + len(inside), number, count) + inside, end

    def _with_lengths(self, head: list[tuple[int, bytes]]) -> list[bytes]:
        """The main header, with the true lengths of tile-parts where it has them (A.7.1)."""
        lengths = iter(self.lengths)
        total = sum(_entries(content)[0] for marker, content in head if marker == TLM)
        # A TLM that does not name every tile-part cannot be made true: it goes, as decoders do without.
        if total != len(self.lengths):
            if total:
                self.names.add("TLM")
            return [_segment(one) for one in head if one[0] != TLM]
        return [_segment((m, _told(c, lengths) if m == TLM else c)) for m, c in head]


def _entries(content: bytes) -> tuple[int, int, int]:
    """How many tile-parts a TLM segment names, and the bytes of a tile's number and of a length."""
    if len(content) < 2:
        return 0, 0, 4
    index, wide = content[1] >> 4 & 3, 4 if content[1] >> 6 & 1 else 2
    return (len(content) - 2) // (index + wide), index, wide


def _told(content: bytes, lengths: Iterator[int]) -> bytes:
    count, index, wide = _entries(content)
    out = content[:2]
    for number in range(count):
        at = 2 + number * (index + wide)
        out += content[at : at + index] + next(lengths).to_bytes(wide, "big")
    return out


def _segment(one: tuple[int, bytes]) -> bytes:
    marker, content = one
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def clean_j2k(data: bytes) -> tuple[bytes, frozenset[str]]:
    """The raw codestream without anything beside its picture, and the names of what went.

    Raises DecodeError or TruncatedError where its segments do not lead to its end.
    """
    cleaner = _Cleaner(data)
    return cleaner.run(), frozenset(cleaner.names)
