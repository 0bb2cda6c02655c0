"""Packet headers of JPEG 2000: bits with stuffing, and tag trees (ISO 15444-1 B.10)."""

from __future__ import annotations

from dcmaudit.errors import DecodeError


class HeaderBits:
    """Reads the bits of one packet header from byte ``at`` on; behind a byte FF the next one has seven (B.10.1)."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._left = 0
        self._byte = 0

    def bit(self) -> int:
        """The next bit."""
        if not self._left:
            if self._at >= len(self._data):
                raise DecodeError("the JPEG 2000 codestream ends inside a packet header")
            self._left = 7 if self._byte == 0xFF else 8
            self._byte = self._data[self._at]
            self._at += 1
        self._left -= 1
        return self._byte >> self._left & 1

    def number(self, bits: int) -> int:
        """The next ``bits`` bits as a number."""
        value = 0
        for _ in range(bits):
            value = value << 1 | self.bit()
        return value

    def end(self) -> tuple[int, bool]:
        """Where the header ends, and whether bits are set that only fill up its last byte."""
        is_dirty = bool(self._byte & ((1 << self._left) - 1))
        if self._byte == 0xFF:
            if self._at >= len(self._data):
                raise DecodeError("the JPEG 2000 codestream ends inside a packet header")
            is_dirty |= self._data[self._at] != 0
            self._at += 1
        return self._at, is_dirty


class TagTree:
    """A tag tree over (rows, columns) leaves (B.10.2)."""

    def __init__(self, rows: int, columns: int) -> None:
        self._sizes = [(rows, columns)]
        while self._sizes[-1] != (1, 1):
            high, wide = self._sizes[-1]
            self._sizes.append((-(-high // 2), -(-wide // 2)))
        self._values = [[0] * (high * wide) for high, wide in self._sizes]
        self._known = [[False] * (high * wide) for high, wide in self._sizes]

    def is_below(self, bits: HeaderBits, row: int, column: int, threshold: int) -> bool:
        """Whether the value of a leaf is less than the threshold; reads what has to be read to tell."""
        low = 0
        for level in range(len(self._sizes) - 1, -1, -1):
            place = (row >> level) * self._sizes[level][1] + (column >> level)
            values, known = self._values[level], self._known[level]
            values[place] = max(values[place], low)
            while not known[place] and values[place] < threshold:
                if bits.bit():
                    known[place] = True
                else:
                    values[place] += 1
            low = values[place]
        return self._known[0][row * self._sizes[0][1] + column] and low < threshold

    def value(self, bits: HeaderBits, row: int, column: int) -> int:
        """The whole value of a leaf."""
        threshold = 1
        while not self.is_below(bits, row, column, threshold):
            threshold += 1
            if threshold > 128:
                raise DecodeError("a packet header of the JPEG 2000 codestream is damaged")
        return threshold - 1
