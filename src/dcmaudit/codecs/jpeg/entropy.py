"""Walking the entropy-coded data of one restart interval without decoding the coefficients (T.81, F.2.2)."""

from __future__ import annotations

from functools import cached_property

from dcmaudit.codecs.jpeg import loops
from dcmaudit.codecs.jpeg.huffman import BITS, END, INVALID, STEP_SHIFT, STEPS, Lookup, lookup
from dcmaudit.codecs.jpeg.markers import Codestream, Scan
from dcmaudit.codecs.jpeg.walk import DAMAGED, Blocks, byte_windows, skip_in_python
from dcmaudit.errors import DecodeError

Plan = tuple[tuple[int, Lookup], ...]
"""For each block of an MCU: its component's place in the scan, and the lookup tables."""


def scan_plan(stream: Codestream, scan: Scan) -> Plan:
    """The blocks of one MCU of a scan in coding order (T.81, A.2.3)."""
    plan: list[tuple[int, Lookup]] = []
    for place, component in enumerate(scan.components):
        h, v = stream.factors(component.index) if scan.interleaved else (1, 1)
        plan += [(place, lookup(component.dc.spec, component.ac.spec))] * (h * v)
    return tuple(plan)


class Walker:
    """Walks block by block over one restart interval.

    ``position`` is the next bit, from 0 at the interval's first; ``dc`` the running DC value of each component of
    the scan (both start at 0, F.2.1.3.1). ``plan`` names for each block of an MCU the component's place in the
    scan and its lookup tables. Every method raises DecodeError for a code that does not exist, a block of more
    than 64 coefficients, or data that end too early.
    """

    def __init__(self, stuffed: bytes, components: int, plan: Plan) -> None:
        # Byte stuffing: a data byte FF is followed by 00 (T.81 F.1.2.3).
        self.data = stuffed.replace(b"\xff\x00", b"\xff")
        self.length = 8 * len(self.data)
        self.position = 0
        self.dc = [0] * components
        self.plan = plan
        # Ones, as fill bits are (T.81 F.1.2.3), so that a look ahead meets no code that was not there.
        self._padded = self.data + b"\xff" * loops.PADDING

    @cached_property
    def windows(self) -> list[int]:
        """``byte_windows`` of the interval, for the loop in Python alone."""
        return byte_windows(self.data)

    def skip(self, mcus: int, coefficients: Blocks | None = None, limits: tuple[int, ...] | None = None) -> None:
        """Goes over ``mcus`` MCUs; ``coefficients``, which must be zero, receives the 64 of each block.

        Its axes are (block in coding order, 64); the 64 run row by row over the frequencies. ``limits``, which only the
        compiled loop holds to, are the most that the DC values of each component may be away from 0.
        """
        found = loops.library()
        if found is None:
            skip_in_python(self, mcus, coefficients)
            return
        state = self.position, self.dc
        self.position, self.dc, damage = loops.walk(found, self._padded, mcus, self.plan, state, coefficients, limits)
        if damage:
            raise DecodeError(f"{DAMAGED}: {damage}")

    def read_difference(self, tables: Lookup) -> int:
        """The DC difference at the position, which moves behind it."""
        entry = int(tables.dc[self.window(self.position)])
        if not entry:
            raise self._no_code("DC")
        length, size = entry >> 5, entry & 31
        self.position += length
        raw = self.window(self.position) >> (16 - size)
        self.position += size
        # EXTEND (T.81 F.2.2.1): a difference whose highest bit is 0 is negative.
        return raw if not size or raw >> (size - 1) else raw - (1 << size) + 1

    def skip_coefficients(self, tables: Lookup) -> None:
        """Goes over the 63 AC coefficients of a block, symbol by symbol."""
        k, at = 0, self.position
        while k < 63:
            entry = int(tables.ac[self.window(at)])
            at += entry & BITS
            k += (entry >> STEP_SHIFT) & STEPS
        if k >= INVALID:
            self.position = at
            raise self._no_code("AC")
        if k != 63 and k < END:
            raise DecodeError(f"{DAMAGED}: a block of more than 64 coefficients")
        if at > self.length:
            raise DecodeError(f"{DAMAGED}: it ends in the middle of a block")
        self.position = at

    def require_end(self) -> None:
        """DecodeError where more than fill bits is left: bytes of zeros or ones alone are let pass."""
        rest = self.data[(self.position + 7) >> 3 :]
        # Some encoders add a byte or two; what says something is no fill.
        if rest.strip(b"\x00\xff"):
            raise DecodeError(f"{DAMAGED}: {len(rest)} bytes are left over behind the last block")

    def bits(self, start: int, stop: int) -> int:
        """The bits from ``start`` to before ``stop`` as one number."""
        first, last = start >> 3, (stop + 7) >> 3
        value = int.from_bytes(self.data[first:last], "big") >> (8 * last - stop)
        return value & ((1 << (stop - start)) - 1)

    def window(self, at: int) -> int:
        """The 16 bits from bit ``at`` on; DecodeError far behind the end."""
        three = self._padded[at >> 3 : (at >> 3) + 3]
        if len(three) < 3:
            raise DecodeError(f"{DAMAGED}: it ends in the middle of a block")
        return (int.from_bytes(three, "big") >> (8 - (at & 7))) & 0xFFFF

    def _no_code(self, kind: str) -> DecodeError:
        if self.position + 16 > self.length:
            return DecodeError(f"{DAMAGED}: it ends in the middle of a block")
        return DecodeError(f"{DAMAGED}: no such {kind} code")
