"""Walking the entropy-coded data of one restart interval without decoding the coefficients (T.81, F.2.2)."""

from __future__ import annotations

import numpy as np

from dcmaudit.dicom.jpeg.huffman import BITS, DIFFERENCE_SHIFT, END, INVALID, STEP_SHIFT, STEPS, Lookup, lookup
from dcmaudit.dicom.jpeg.markers import Codestream, Scan
from dcmaudit.errors import DecodeError

_DAMAGED = "damaged JPEG entropy-coded data"


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
        self.data = stuffed.replace(b"\xff\x00", b"\xff")
        self.length = 8 * len(self.data)
        padded = np.frombuffer(self.data + b"\xff" * 8, np.uint8).astype(np.uint32)
        # 23 bits from each byte on: 16 bits from any bit of that byte are a shift and a mask away.
        self.windows: list[int] = (padded[:-2] << 15 | padded[1:-1] << 7 | padded[2:] >> 1).tolist()
        self.position = 0
        self.dc = [0] * components
        self.plan = plan

    def skip(self, mcus: int, starts: list[int] | None = None, values: list[int] | None = None) -> None:
        """Goes over ``mcus`` MCUs; ``starts`` receives the bit at which each block begins, ``values`` its DC."""
        plan = [(component, tables.block, tables.ac, tables) for component, tables in self.plan]
        windows, dc, at = self.windows, self.dc, self.position
        try:
            for _ in range(mcus):
                for component, block, ac, tables in plan:
                    if starts is not None:
                        starts.append(at)
                    entry = block[(windows[at >> 3] >> (~at & 7)) & 0xFFFF]
                    k = (entry >> STEP_SHIFT) & STEPS
                    dc[component] += entry >> DIFFERENCE_SHIFT
                    first = at
                    at += entry & BITS
                    while k < 63:
                        entry = ac[(windows[at >> 3] >> (~at & 7)) & 0xFFFF]
                        at += entry & BITS
                        k += entry >> STEP_SHIFT
                    # An end of block behind 63 coefficients, or more than 63, was the next block's data.
                    if k != 63 and not END <= k < END + 63:
                        at = self._carefully(first, component, tables)
                    if values is not None:
                        values.append(dc[component])
        except IndexError:
            raise DecodeError(f"{_DAMAGED}: it ends in the middle of a block") from None
        if at > self.length:
            raise DecodeError(f"{_DAMAGED}: it ends in the middle of a block")
        self.position = at

    def read_difference(self, tables: Lookup) -> int:
        """The DC difference at the position, which moves behind it."""
        entry = tables.dc[self._window(self.position)]
        if not entry:
            raise self._no_code("DC")
        length, size = entry >> 5, entry & 31
        self.position += length
        raw = self._window(self.position) >> (16 - size)
        self.position += size
        return raw if not size or raw >> (size - 1) else raw - (1 << size) + 1

    def skip_coefficients(self, tables: Lookup) -> None:
        """Goes over the 63 AC coefficients of a block, symbol by symbol."""
        k, at = 0, self.position
        while k < 63:
            entry = tables.one[self._window(at)]
            at += entry & BITS
            k += entry >> STEP_SHIFT
        if k >= INVALID:
            self.position = at
            raise self._no_code("AC")
        if k != 63 and not END <= k < END + 63:
            raise DecodeError(f"{_DAMAGED}: a block of more than 64 coefficients")
        if at > self.length:
            raise DecodeError(f"{_DAMAGED}: it ends in the middle of a block")
        self.position = at

    def require_end(self) -> None:
        """DecodeError where more than fill bits is left: bytes of zeros or ones alone are let pass."""
        rest = self.data[(self.position + 7) >> 3 :]
        if rest.strip(b"\x00\xff"):
            raise DecodeError(f"{_DAMAGED}: {len(rest)} bytes are left over behind the last block")

    def bits(self, start: int, stop: int) -> int:
        """The bits from ``start`` to before ``stop`` as one number."""
        first, last = start >> 3, (stop + 7) >> 3
        value = int.from_bytes(self.data[first:last], "big") >> (8 * last - stop)
        return value & ((1 << (stop - start)) - 1)

    def _carefully(self, first: int, component: int, tables: Lookup) -> int:
        self.dc[component] -= tables.block[self._window(first)] >> DIFFERENCE_SHIFT  # 0 where it had no difference
        self.position = first
        self.dc[component] += self.read_difference(tables)
        self.skip_coefficients(tables)
        return self.position

    def _no_code(self, kind: str) -> DecodeError:
        if self.position + 16 > self.length:
            return DecodeError(f"{_DAMAGED}: it ends in the middle of a block")
        return DecodeError(f"{_DAMAGED}: no such {kind} code")

    def _window(self, at: int) -> int:
        if at >> 3 >= len(self.windows):
            raise DecodeError(f"{_DAMAGED}: it ends in the middle of a block")
        return (self.windows[at >> 3] >> (~at & 7)) & 0xFFFF
