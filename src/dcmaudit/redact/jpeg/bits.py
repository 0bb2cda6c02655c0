"""Writing entropy-coded bits."""

from __future__ import annotations


class BitWriter:
    """Collects bits, first bit first; ``finish`` gives the bytes of one restart interval."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._value = 0
        self._bits = 0

    def put(self, value: int, bits: int) -> None:
        """Appends the lowest ``bits`` bits of ``value``, which has no others."""
        self._value = self._value << bits | value
        self._bits += bits
        if self._bits > 1024:
            rest = self._bits & 7
            self._bytes += (self._value >> rest).to_bytes(self._bits >> 3, "big")
            self._value &= (1 << rest) - 1
            self._bits = rest

    def put_difference(self, codes: dict[int, tuple[int, int]], difference: int) -> None:
        """Appends a DC difference: the code of its size, then its bits (T.81, F.1.2.1)."""
        size = abs(difference).bit_length()
        self.put(*codes[size])
        # Negative differences are written less one, in the same number of bits (T.81 F.1.2.1).
        self.put(difference if difference >= 0 else difference + (1 << size) - 1, size)

    @property
    def pending(self) -> tuple[int, int]:
        """The bits put so far as (value, bits); for short patterns that are put again and again."""
        return self._value, self._bits

    def finish(self) -> bytes:
        """The bytes: filled up with ones, a 00 behind every FF (T.81, F.1.2.3)."""
        fill = -self._bits & 7
        if self._bits:
            self._bytes += (self._value << fill | (1 << fill) - 1).to_bytes((self._bits + fill) >> 3, "big")
        self._value = self._bits = 0
        return bytes(self._bytes).replace(b"\xff", b"\xff\x00")
