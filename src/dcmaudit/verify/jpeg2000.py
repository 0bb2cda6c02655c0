"""JPEG 2000 codestreams taken apart by the proof's own parser, to their last byte (ISO 15444-1 annexes A and B)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from dcmaudit.errors import DecodeError
from dcmaudit.verify.tagtree import HeaderBits, TagTree

SOC, SIZ, CAP, COD, COC, QCD, QCC, RGN, POC, TLM, COM, SOT, SOD, EOC = (
    0x4F, 0x51, 0x50, 0x52, 0x53, 0x5C, 0x5D, 0x5E, 0x5F, 0x55, 0x64, 0x90, 0x93, 0xD9,
)  # fmt: skip
_NEEDED = frozenset({SIZ, CAP, 0x56, 0x59, COD, COC, QCD, QCC, RGN, POC, 0x60, 0x61})
"""Segments that a decoder needs: size, capabilities, profile, styles, quantisation, order, packed packet headers."""
_LARGEST_PRECINCT = 1 << 15
_HIGH_THROUGHPUT = 0x40


@dataclass(frozen=True, slots=True)
class TilePart:
    """One tile-part: its place in SOT, the segments behind it, its packets. ``length`` is Psot."""

    tile: int
    number: int
    parts: int
    length: int
    size: int
    segments: tuple[tuple[int, bytes], ...]
    data: bytes


@dataclass(slots=True)
class Codestream:
    """A codestream taken apart: (marker, body) of its main header, its tile-parts, and what stands behind its end."""

    main: list[tuple[int, bytes]] = field(default_factory=list)
    parts: list[TilePart] = field(default_factory=list)
    tail: bytes = b""
    has_end: bool = False

    def only(self, marker: int) -> bytes:
        """The body of a segment that stands once in the main header."""
        found = [body for kind, body in self.main if kind == marker]
        if len(found) != 1:
            raise DecodeError(f"the JPEG 2000 codestream has {len(found)} segments FF{marker:02X}")
        return found[0]


def codestream(data: bytes) -> Codestream:
    """The codestream taken apart; DecodeError where that fails. It must begin with SOC."""
    if data[:4] != b"\xff\x4f\xff\x51":
        raise DecodeError("the frame does not begin with a JPEG 2000 codestream")
    found, at = Codestream(), 2
    while at + 2 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise DecodeError(f"byte {at} of the JPEG 2000 codestream begins no segment")
        if marker == EOC:
            found.has_end, found.tail = True, data[at + 2 :]
            return found
        if marker == SOT:
            at = _tile_part(found, data, at)
            continue
        body, at = _body(data, at)
        if found.parts:
            raise DecodeError("a segment of the JPEG 2000 codestream stands between tile-parts")
        found.main.append((marker, body))
    raise DecodeError("the JPEG 2000 codestream has no end marker")


def _body(data: bytes, at: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    if length < 2 or at + 2 + length > len(data):
        raise DecodeError(f"the segment at byte {at} of the JPEG 2000 codestream is damaged")
    return data[at + 4 : at + 2 + length], at + 2 + length


def _tile_part(found: Codestream, data: bytes, start: int) -> int:
    body, at = _body(data, start)
    # SOT has eight bytes behind its length (T.800 A.4.2).
    if len(body) != 8:
        raise DecodeError("a tile-part of the JPEG 2000 codestream has a damaged header")
    tile, length, number, parts = _ints(">HLBB", body)
    end = start + length
    # Psot 0: the last tile-part, up to EOC (T.800 A.4.2).
    if not length:
        end = data.rfind(b"\xff\xd9", start)
    segments: list[tuple[int, bytes]] = []
    while data[at : at + 2] != b"\xff\x93":
        if data[at : at + 1] != b"\xff":
            raise DecodeError(f"byte {at} of the JPEG 2000 codestream begins no segment")
        marker = data[at + 1]
        inner, at = _body(data, at)
        segments.append((marker, inner))
    if not at + 2 <= end <= len(data):
        raise DecodeError("a tile-part of the JPEG 2000 codestream leads nowhere")
    found.parts.append(TilePart(tile, number, parts, length, end - start, tuple(segments), data[at + 2 : end]))
    return end


def _ints(layout: str, data: bytes) -> tuple[int, ...]:
    return struct.unpack(layout, data)


def bare_codestream(data: bytes) -> bytes:
    """The codestream without the boxes that some writers put around it; DecodeError where there is none."""
    start = 0 if data[:4] == b"\xff\x4f\xff\x51" else data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0:
        raise DecodeError("the frame is no JPEG 2000 codestream")
    return data[start:]


def fault_of_kept(before: bytes, after: bytes) -> str | None:
    """In words what a codestream of which nothing was asked has other than its original, None for nothing.

    Boxes around it, comments, registrations, packet lengths, unknown segments and bytes behind the end may be gone.
    """
    old, new = codestream(bare_codestream(before)), codestream(after)
    if new.tail not in {b"", b"\0"} or (new.tail and len(after) % 2):
        return f"{len(new.tail)} bytes stand behind its end"
    fault = _fault_of_order(_told(old.main), _told(new.main)) or _fault_of_lengths(new)
    if fault is not None:
        return fault
    if len(old.parts) != len(new.parts):
        return f"it has {len(new.parts)} tile-parts, it had {len(old.parts)}"
    for was, now in zip(old.parts, new.parts, strict=True):
        if (was.tile, was.number, was.parts) != (now.tile, now.number, now.parts) or was.data != now.data:
            return "a tile-part is another"
        fault = _fault_of_order(list(was.segments), list(now.segments))
        if fault is not None:
            return fault
    return None


def _told(main: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    return [one for one in main if one[0] != TLM]


def _fault_of_order(old: list[tuple[int, bytes]], new: list[tuple[int, bytes]]) -> str | None:
    left = list(old)
    for marker, body in new:
        while left and left[0] != (marker, body):
            if left.pop(0)[0] in _NEEDED:
                return "a segment of its header is missing or changed"
        if not left:
            return f"its segment FF{marker:02X} of {len(body)} bytes is new"
        left.pop(0)
    return "a segment of its header is missing" if any(marker in _NEEDED for marker, _ in left) else None


def _fault_of_lengths(found: Codestream) -> str | None:
    """Psot and TLM must be true: what they pass over nobody reads (A.4.2, A.7.1)."""
    for number, part in enumerate(found.parts):
        # Only the last one may leave its length open.
        if part.length != part.size and (part.length or number + 1 < len(found.parts)):
            return "a tile-part has another length than it says"
    told: list[tuple[int | None, int]] = []
    for expected, body in enumerate(body for marker, body in found.main if marker == TLM):
        index, style = body[0], body[1]
        widths = (style >> 4 & 3, 4 if style & 0x40 else 2)
        step = sum(widths)
        # Ztlm counts the segments, Stlm says how wide a tile's number and a length are (T.800 A.7.1).
        if index != expected or widths[0] > 2 or style & 0x8F or (len(body) - 2) % step:
            return "its list of tile-part lengths is damaged"
        for at in range(2, len(body), step):
            tile = int.from_bytes(body[at : at + widths[0]], "big") if widths[0] else None
            told.append((tile, int.from_bytes(body[at + widths[0] : at + step], "big")))
    if told and len(told) != len(found.parts):
        return "its list of tile-part lengths has another number of them"
    for (tile, length), part in zip(told, found.parts, strict=False):
        if length != part.size or tile not in {None, part.tile}:
            return "its list of tile-part lengths is not true"
    return None


def left_over(data: bytes) -> str | None:
    """In words what a codestream has that no decoder needs, None for nothing."""
    found = codestream(bare_codestream(data))
    told = [*found.main, *(segment for part in found.parts for segment in part.segments)]
    strange = [(marker, len(body)) for marker, body in told if marker not in _NEEDED | {TLM}]
    if strange:
        marker, size = strange[0]
        return f"a comment of {size} bytes" if marker == COM else f"a segment FF{marker:02X} of {size} bytes"
    if data[:2] != b"\xff\x4f":
        return "boxes around the picture"
    return f"{len(found.tail)} bytes behind the picture" if found.tail.strip(b"\0") else None


def fault_of_rewritten(data: bytes) -> str | None:  # noqa: PLR0911 - one return a rule
    """In words what a codestream that was written anew carries beside its picture, None for nothing.

    It must be of one tile with reversible coding and one layer, as lossless encoders write it, and its packets must
    lead to the end of its tile-parts.
    """
    found = codestream(data)
    if found.tail not in {b"", b"\0"} or (found.tail and len(data) % 2):
        return f"{len(found.tail)} bytes stand behind its end"
    for marker, body in found.main:
        if marker == COM:
            return f"it has a comment of {len(body)} bytes"
        if marker not in {SIZ, CAP, COD, QCD, TLM}:
            return f"it has a segment FF{marker:02X} of {len(body)} bytes that its picture does not need"
    if any(part.segments for part in found.parts):
        return "its tile-part has segments that its picture does not need"
    if [part.number for part in found.parts] != list(range(len(found.parts))) or any(p.tile for p in found.parts):
        return "it has more than one tile"
    if any(part.parts not in {0, len(found.parts)} for part in found.parts):
        return "it has another number of tile-parts than it says"
    fault = _fault_of_lengths(found) or _fault_of_headers(found)
    return fault if fault is not None else _Packets(found).fault()


def _fault_of_headers(found: Codestream) -> str | None:  # noqa: PLR0911 - one return a rule
    size, style, steps = found.only(SIZ), found.only(COD), found.only(QCD)
    capabilities = [body for marker, body in found.main if marker == CAP]
    if len(size) != 36 + 3 * int.from_bytes(size[34:36], "big"):
        return "its size segment is longer than it has to be"
    if len(capabilities) > 1 or any(len(body) != 6 for body in capabilities):
        return "its capabilities are longer than they have to be"
    # Rsiz 4000 says that CAP follows; other profiles promise what nothing here needs.
    if size[:2] not in {b"\0\0", b"\x40\0"} or any(body[:5] != b"\0\2\0\0\0" or body[5] > 31 for body in capabilities):
        return "its capabilities say more than they have to"
    width, height, left, top, tile_w, tile_h, tile_x, tile_y = struct.unpack(">8L", size[2:34])
    if any((left, top, tile_x, tile_y)) or tile_w < width or tile_h < height:
        return "it is not one tile that begins at 0"
    if any(size[i] != 1 for n in range(36, len(size), 3) for i in (n + 1, n + 2)):
        return "its components are subsampled"
    levels = style[5]
    if style[0] or style[2:4] != b"\0\1" or len(style) != 10 or style[9] != 1:
        return "it is coded in another way than reversibly, in one layer, with the largest precincts"
    # Code blocks of up to 1024 samples a side (T.800 table A.18).
    if style[8] & ~_HIGH_THROUGHPUT or style[6] > 8 or style[7] > 8 or levels > 32:
        return "its code blocks are coded in another way than lossless encoders do"
    # No quantisation: an exponent a band, its lowest three bits unused (T.800 A.6.4).
    if steps[0] & 0x1F or len(steps) != 2 + 3 * levels or any(step & 7 for step in steps[1:]):
        return "its quantisation says more than it has to"
    return None


class _Packets:
    """Reads the headers of all packets and passes over their bodies (B.10)."""

    def __init__(self, found: Codestream) -> None:
        size, style = found.only(SIZ), found.only(COD)
        self._data = b"".join(part.data for part in found.parts)
        self._width, self._height = struct.unpack(">2L", size[2:10])
        self._components = int.from_bytes(size[34:36], "big")
        self._order, self._levels = style[1], style[5]
        self._block = style[6] + 2, style[7] + 2
        self._is_high = bool(style[8] & _HIGH_THROUGHPUT)

    def fault(self) -> str | None:
        """In words what is wrong with the packets, None where they lead to the last byte."""
        if max(self._width, self._height) > _LARGEST_PRECINCT or self._order > 4:
            return "it has more precincts than are followed here"
        resolutions, components = range(self._levels + 1), range(self._components)
        # With one precinct a resolution, PCRL and CPRL go component by component, the others resolution by
        # resolution.
        by_component = self._order >= 3
        order = [(r, c) for c in components for r in resolutions] if by_component else \
            [(r, c) for r in resolutions for c in components]  # fmt: skip
        at = 0
        for resolution, _ in order:
            at, fault = self._packet(at, resolution)
            if fault is not None:
                return fault
        left = len(self._data) - at
        return f"{abs(left)} bytes stand behind its last packet, or are missing" if left else None

    def _bands(self, resolution: int) -> list[tuple[int, int]]:
        """(rows, columns) of code blocks of each sub-band of a resolution (B.5, B.7)."""
        level = self._levels - resolution + (resolution > 0)
        corners = [(0, 0)] if not resolution else [(1, 0), (0, 1), (1, 1)]
        wide, high = self._block
        found = []
        for x, y in corners:
            half = (1 << level) >> 1
            columns = -(-max(0, self._width - half * x) // (1 << level))
            rows = -(-max(0, self._height - half * y) // (1 << level))
            found.append((-(-rows // (1 << high)), -(-columns // (1 << wide))))
        return found

    def _packet(self, at: int, resolution: int) -> tuple[int, str | None]:
        bits = HeaderBits(self._data, at)
        total = 0
        # The first bit says whether the packet is empty (T.800 B.10.3).
        if bits.bit():
            for rows, columns in self._bands(resolution):
                if not rows or not columns:
                    continue
                included, planes = TagTree(rows, columns), TagTree(rows, columns)
                for row in range(rows):
                    for column in range(columns):
                        # One layer: a block is in it or nowhere.
                        if included.is_below(bits, row, column, 1):
                            planes.value(bits, row, column)
                            total += self._lengths(bits)
        at, is_dirty = bits.end()
        return at + total, "a packet header sets bits that nothing reads" if is_dirty else None

    def _lengths(self, bits: HeaderBits) -> int:
        """Bytes of a code block, by its number of passes and its lengths (B.10.6, B.10.7; T.814 for two segments)."""
        passes, width = _passes(bits), 3
        # Lblock grows by one for each bit that is 1 (T.800 B.10.7.1).
        while bits.bit():
            width += 1
        if not self._is_high:
            return bits.number(width + passes.bit_length() - 1)
        if passes > 3:
            raise DecodeError("a code block of the JPEG 2000 codestream has more passes than are followed here")
        total = bits.number(width)
        if passes > 1:
            total += bits.number(width + (passes - 1).bit_length() - 1)
        return total


def _passes(bits: HeaderBits) -> int:
    """The number of coding passes (table B.4)."""
    if not bits.bit():
        return 1
    if not bits.bit():
        return 2
    few = bits.number(2)
    if few < 3:
        return 3 + few
    some = bits.number(5)
    return 6 + some if some < 31 else 37 + bits.number(7)
