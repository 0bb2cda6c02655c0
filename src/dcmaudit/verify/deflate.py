"""A raw deflate stream walked bit by bit: one stream, whose blocks all say something, nothing beside it (RFC 1951)."""

from __future__ import annotations

import zlib

_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_EXTRA_LENGTH = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0)
_EXTRA_DISTANCE = (0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13)
_FIXED = [8] * 144 + [9] * 112 + [7] * 24 + [8] * 8
_LONGEST = 15
_CHUNK = 1 << 18
_LEVELS = (1, 6)
"""Of zlib: dcmaudit's own, and what most programs use. A stream that it makes of the same bytes holds nothing else."""

Table = tuple[tuple[int, int], ...]
"""For the next 15 bits: the length of the code that they begin with, 0 for none, and its symbol."""


def fault_of_stream(data: bytes, size: int | None = None) -> str | None:
    """In words what a raw deflate stream carries beside its content, None for nothing.

    ``size`` is the number of bytes that it has to hold, and one 00 more where that is odd; None for any. At most one
    byte 00 may follow the stream.
    """
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(data) if size is None else unpacker.decompress(data, size + 2)
    except zlib.error:
        return "it is damaged"
    # A byte of zero makes an odd frame even.
    if size is not None and (len(plain) < size or plain[size:] not in {b"", b"\0"[: size % 2]}):
        return "it holds more or less than its frame"
    if not unpacker.eof:
        return "it does not end"
    rest = unpacker.unused_data
    if rest not in {b"", b"\0"} or (rest and len(data) % 2):
        return f"{len(rest)} bytes stand behind it"
    stream = data[: len(data) - len(rest)]
    return None if any(_is_made(plain, stream, level) for level in _LEVELS) else _Walk(stream).fault()


def _is_made(plain: bytes, stream: bytes, level: int) -> bool:
    """Whether zlib makes that stream of these bytes; given up where the two part."""
    packer, at = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS), 0
    for start in range(0, len(plain), _CHUNK):
        piece = packer.compress(plain[start : start + _CHUNK])
        if stream[at : at + len(piece)] != piece:
            return False
        at += len(piece)
    return stream[at:] == packer.flush()


class _Walk:
    """Walks the blocks of a stream that zlib could unpack: whatever is damaged was found before."""

    def __init__(self, stream: bytes) -> None:
        self._data = stream + b"\0\0\0\0"
        self._at = 0
        self._size = 8 * len(stream)

    def fault(self) -> str | None:
        """In words what is unneeded in the stream."""
        while True:
            final, kind = self._take(1), self._take(2)
            produced = 0
            # A stored block begins at a byte; the bits before it are read by nobody.
            if kind == 0:
                if self._take(-self._at % 8):
                    return "bits are set that nothing reads"
                produced = self._take(16)
                self._at += 16 + 8 * produced
            else:
                fault, produced = self._coded(kind)
                if fault is not None:
                    return fault
            # Empty blocks say nothing and could be counted out into a text.
            if not produced and not final:
                return "it has an empty block"
            if final:
                break
        if self._take(-self._at % 8):
            return "bits are set that nothing reads"
        return None if self._at == self._size else "it does not end where its last block does"

    def _take(self, count: int) -> int:
        at = self._at
        value = int.from_bytes(self._data[at >> 3 : (at + count + 7) >> 3], "little") >> (at & 7)
        self._at = at + count
        return value & ((1 << count) - 1)

    def _coded(self, kind: int) -> tuple[str | None, int]:
        """Walk a compressed block: what is unneeded in it, and how many symbols it has."""
        lengths, distances = (_FIXED, [5] * 30) if kind == 1 else self._tables()
        literal, distance = _table(lengths), _table(distances)
        data, at, symbols = self._data, self._at, 0
        while True:
            window = int.from_bytes(data[at >> 3 : (at >> 3) + 4], "little") >> (at & 7)
            bits, symbol = literal[window & 0x7FFF]
            at += bits
            if symbol == 256:
                break
            symbols += 1
            if symbol > 256:
                at += _EXTRA_LENGTH[symbol - 257]
                window = int.from_bytes(data[at >> 3 : (at >> 3) + 4], "little") >> (at & 7)
                bits, symbol = distance[window & 0x7FFF]
                at += bits + _EXTRA_DISTANCE[symbol]
            if at > self._size:
                return "it ends inside a block", 0
        self._at = at
        return None, symbols

    def _tables(self) -> tuple[list[int], list[int]]:
        literals, distances, codes = self._take(5) + 257, self._take(5) + 1, self._take(4) + 4
        small = [0] * 19
        for place in _ORDER[:codes]:
            small[place] = self._take(3)
        table, found = _table(small), list[int]()
        while len(found) < literals + distances:
            at = self._at
            window = int.from_bytes(self._data[at >> 3 : (at >> 3) + 4], "little") >> (at & 7)
            bits, symbol = table[window & 0x7FFF]
            self._at += bits
            if symbol < 16:
                found.append(symbol)
            # 16 repeats the length before, 17 and 18 are runs of zeros (RFC 1951 3.2.7).
            elif symbol == 16:
                found += found[-1:] * (3 + self._take(2))
            else:
                found += [0] * (3 + self._take(3) if symbol == 17 else 11 + self._take(7))
        return found[:literals], found[literals:]


def _table(lengths: list[int]) -> Table:
    """The lookup table of a canonical code; bits of a code come with the first one lowest (3.1.1)."""
    out: list[tuple[int, int]] = [(0, 0)] * (1 << _LONGEST)
    code = 0
    for bits in range(1, _LONGEST + 1):
        for symbol, length in enumerate(lengths):
            if length == bits:
                turned = int(f"{code:0{bits}b}"[::-1], 2)
                out[turned :: 1 << bits] = [(bits, symbol)] * (1 << (_LONGEST - bits))
                code += 1
        code <<= 1
    return tuple(out)
