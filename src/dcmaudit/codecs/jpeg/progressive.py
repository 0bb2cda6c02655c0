"""Whether a progressive JPEG (ITU-T T.81, annex G) holds all its scans, and each scan all its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg import loops
from dcmaudit.codecs.jpeg.huffman import HuffmanSpec
from dcmaudit.codecs.jpeg.markers import Parser, ceil_div
from dcmaudit.errors import DamagedError, DecodeError, TruncatedError

Table = npt.NDArray[np.int32]
DAMAGED = "damaged entropy-coded data of a progressive JPEG"
_SOF2 = 0xC2


def require_sound_progressive(data: bytes, *, whole: bool) -> bool:
    """Walk over every block of every scan; True where all are there, False where that cannot be found out here.

    It cannot be without the compiled loop, and for structures that ``parse`` would refuse. DamagedError for a code
    that does not exist, values and runs that cannot be, data that end too early or are left over behind the last
    block, restart intervals and scans that are missing between others, and a component without a DC scan.

    A codestream may end before the finest scans (G.1.1.1 does not ask for them), so that scans that are lost at its
    end are noticed only where the EOI marker is lost too: ``whole`` says that it is there. TruncatedError then.
    """
    library = loops.library()
    if library is None:
        return False
    walk = _Walk(data)
    try:
        walk.run_all()
    except DamagedError:
        raise
    except _CodedError as error:
        raise DamagedError(error.message) from error
    except DecodeError:
        return False
    walk.require_scans(whole=whole)
    return True


class _CodedError(DecodeError):
    """Damage inside the entropy-coded data."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A component of a scan: its place in the frame header, and the table that the scan uses of it."""

    index: int
    table: Table | None


class _Walk(Parser):
    """Parses the marker segments, and walks over each scan where it meets it: tables change between scans."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._bits: list[npt.NDArray[np.int8]] = []
        self._seen: dict[int, npt.NDArray[np.uint8]] = {}

    def run_all(self) -> None:
        """Go over everything up to the EOI marker."""
        while (marker := self.marker()) not in {None, 0xD9}:
            if marker == _SOF2:
                length = int.from_bytes(self.data[self.position : self.position + 2], "big")
                body = self.data[self.position + 2 : self.position + length]
                self.position += length
                # Its frame header has the form of an extended one: 8 or 12 bits.
                self.frame(0xC1, body)
                # The lowest bit of each coefficient that was coded so far, -1 for none.
                self._bits = [np.full(64, -1, np.int8) for _ in self.components]
            elif marker is not None:
                self.segment(marker)

    def require_scans(self, *, whole: bool) -> None:
        """Every component must have been begun; and where no EOI marker says that this is all, finished."""
        if not self._bits or any(bits[0] < 0 for bits in self._bits):
            raise DamagedError("the progressive JPEG codestream lacks the first scan of a component")
        # The last scan of each coefficient brings its lowest bit: where some bit is still above 0, scans are missing.
        if not whole and any(bits.any() for bits in self._bits):
            raise TruncatedError(
                "the progressive JPEG codestream ends without its EOI marker and before its last scans"
            )

    def scan(self, body: bytes) -> None:
        """Walk over one scan; ``body`` is that of its header."""
        count = body[0] if body else 0
        if not self.components or not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise DecodeError("damaged JPEG scan header (SOS)")
        first, last, high, low = body[-3], body[-2], body[-1] >> 4, body[-1] & 15
        # DC alone, or a band of AC of one component; a later scan brings one more bit (T.81 G.1.1.1.1).
        if (last != 0 if first == 0 else not first <= last <= 63 or count > 1) or (high and high != low + 1):
            raise _CodedError("a scan of the progressive JPEG codestream has bounds that cannot be")
        chosen = [self._chosen(body[i], body[i + 1], first, high) for i in range(1, 1 + 2 * count, 2)]
        for one in chosen:
            before = self._bits[one.index][first : last + 1]
            # Successive approximation: Ah of a scan is Al of the one before it (T.81 G.1.1.1.2); -1 where none came
            # before.
            if (before != (high or -1)).any():
                raise _CodedError("a scan of the progressive JPEG codestream is missing or out of order")
            before[:] = low
        if first:
            self._ac(chosen[0], (first, last), high, low)
        else:
            self._dc(chosen, high, low)

    def _chosen(self, identifier: int, tables: int, first: int, high: int) -> _Chosen:
        index = next((i for i, c in enumerate(self.components) if c.identifier == identifier), None)
        if index is None:
            raise _CodedError(f"a scan of component {identifier}, which the JPEG frame header does not have")
        if not first and high:
            return _Chosen(index, None)  # single bits, without a code
        found = self.tables.get((1, tables & 15) if first else (0, tables >> 4))
        if found is None:
            raise _CodedError(f"the JPEG scan of component {identifier} names a Huffman table that is not there")
        return _Chosen(index, _table(found.spec))

    def _dc(self, chosen: list[_Chosen], high: int, low: int) -> None:
        plan = tuple((place, one) for place, one in enumerate(chosen) for _ in range(self._blocks(chosen, one)))
        limits = tuple(self._limit(one.index) for one in chosen)
        library = loops.library()
        for part, interval in self._parts(self._mcus(chosen)):
            mcus = len(interval)
            # Later DC scans are one bit a block, without codes: their length alone can be checked.
            if high:
                position, problem = mcus * len(plan), None
                if position > 8 * (len(part) - loops.PADDING):
                    problem = loops.REASONS[4]
            elif library is not None:
                tables = tuple((place, one.table) for place, one in plan if one.table is not None)
                position, problem = loops.walk_progressive_dc(library, part, mcus, tables, low, limits)
            _require_end(part, position, problem)

    def _ac(self, one: _Chosen, band: tuple[int, int], high: int, low: int) -> None:
        component, library = self.components[one.index], loops.library()
        if one.index not in self._seen:
            self._seen[one.index] = np.zeros((component.blocks_x * component.blocks_y, 64), np.uint8)
        shape = component.own_x, component.blocks_x
        # A coefficient has two bits more than a sample (F.1.2.2.1), of which the scan leaves the lowest out.
        most = 0 if high else max(1, self.precision + 2 - low)
        for part, interval in self._parts(component.own_x * component.own_y):
            if library is not None and one.table is not None:
                seen = self._seen[one.index]
                found = loops.walk_progressive_ac(library, part, interval, shape, one.table, band, most, seen)
                _require_end(part, *found)

    def _limit(self, index: int) -> int:
        step = self.quantisation.get(self.components[index].quantisation, (1,))[0]
        return (8 << (self.precision - 1)) // step + 2

    def _blocks(self, chosen: list[_Chosen], one: _Chosen) -> int:
        # A scan of one component has one block an MCU, others as many as the sampling factors say (T.81 A.2.2,
        # A.2.3).
        component = self.components[one.index]
        return 1 if len(chosen) == 1 else component.h * component.v

    def _mcus(self, chosen: list[_Chosen]) -> int:
        if len(chosen) == 1:
            only = self.components[chosen[0].index]
            return only.own_x * only.own_y
        hmax, vmax = max(c.h for c in self.components), max(c.v for c in self.components)
        return ceil_div(self.size.width, 8 * hmax) * ceil_div(self.size.height, 8 * vmax)

    def _parts(self, mcus: int) -> list[tuple[bytes, range]]:
        """The unstuffed bytes of each restart interval, padded, and its MCUs."""
        return [
            (
                self.data[one.start : one.end].replace(b"\xff\x00", b"\xff") + b"\xff" * loops.PADDING,
                range(one.first, one.first + one.count),
            )
            for one in self.intervals(mcus)
        ]


def _require_end(part: bytes, position: int, problem: str | None) -> None:
    if problem is not None:
        raise _CodedError(f"{DAMAGED}: {problem}")
    rest = part[(position + 7) >> 3 : len(part) - loops.PADDING]
    if rest.strip(b"\x00\xff"):
        raise _CodedError(f"{DAMAGED}: {len(rest)} bytes are left over behind the last block")


@lru_cache(maxsize=16)
def _table(spec: HuffmanSpec) -> Table:
    if not spec.codes:
        raise DecodeError("damaged JPEG Huffman table: it has no codes")
    length, symbol = spec.lengths()
    return spec.windows(length * 256 + symbol).astype(np.int32)
