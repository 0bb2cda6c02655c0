"""The marker segments of a sequential Huffman JPEG codestream (ITU-T T.81, annex B), read without decoding.

Only what the block-wise redaction can change exactly is accepted: baseline (SOF0) and extended sequential (SOF1)
with Huffman coding, 8 or 12 bits. Everything else is refused with its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from dcmaudit.codecs.jpeg.huffman import HuffmanSpec
from dcmaudit.codecs.jpeg.intervals import intervals
from dcmaudit.errors import DamagedError, DecodeError
from dcmaudit.model import Size

EOI = b"\xff\xd9"
_MOST_KEPT = 1 << 20

_REFUSED = {
    0xC2: "progressive (SOF2)",
    0xC3: "lossless (SOF3)",
    0xC5: "hierarchical sequential (SOF5)",
    0xC6: "hierarchical progressive (SOF6)",
    0xC7: "hierarchical lossless (SOF7)",
    0xC9: "arithmetic coding (SOF9)",
    0xCA: "arithmetic coding, progressive (SOF10)",
    0xCB: "arithmetic coding, lossless (SOF11)",
    0xCC: "arithmetic coding (DAC)",
    0xCD: "arithmetic coding, hierarchical (SOF13)",
    0xCE: "arithmetic coding, hierarchical (SOF14)",
    0xCF: "arithmetic coding, hierarchical (SOF15)",
    0xDC: "number of lines given after the scan (DNL)",
    0xDE: "hierarchical (DHP)",
    0xDF: "hierarchical (EXP)",
    0xF7: "JPEG-LS (SOF55)",
}


@dataclass(frozen=True, slots=True)
class TableSegment:
    """One Huffman table where it stands in the codestream: ``start`` is its Tc/Th byte, ``end`` one past it.

    ``segment_start`` is the FF of its DHT marker, ``segment_length`` the length that this names.
    """

    spec: HuffmanSpec
    segment_start: int
    segment_length: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the frame header: sampling factors, quantisation table number and block counts.

    ``blocks_x`` and ``blocks_y`` are whole MCUs' worth of blocks; ``own_x`` and ``own_y`` the blocks that hold
    samples of the picture (A.2.4), which are what a scan of this component alone codes.
    """

    identifier: int
    h: int
    v: int
    quantisation: int
    blocks_x: int
    blocks_y: int
    own_x: int
    own_y: int


@dataclass(frozen=True, slots=True)
class Interval:
    """The entropy-coded bytes of one restart interval: ``start`` to ``end`` in the codestream, MCUs from ``first``."""

    start: int
    end: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class ScanComponent:
    """One component of a scan: its place in the frame header, its tables and the DC quantisation step."""

    index: int
    dc: TableSegment
    ac: TableSegment


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: its components, the MCUs in a row and in all, and its restart intervals."""

    components: tuple[ScanComponent, ...]
    mcus_x: int
    mcus_y: int
    intervals: tuple[Interval, ...]

    @property
    def interleaved(self) -> bool:
        """Whether an MCU of the scan holds blocks of several components (A.2.3)."""
        return len(self.components) > 1


@dataclass(frozen=True)
class Codestream:
    """A parsed codestream. ``end`` is one past EOI, or past the last scan's bytes where EOI is missing."""

    data: bytes
    precision: int
    size: Size
    baseline: bool
    components: tuple[Component, ...]
    quantisation: dict[int, tuple[int, ...]]
    scans: tuple[Scan, ...]
    has_eoi: bool
    end: int
    adobe_transform: int | None
    is_jfif: bool

    @cached_property
    def mcu(self) -> Size:
        """Pixels of one MCU of an interleaved scan; 8 x 8 where there is one component (A.2.2)."""
        # A single component is never interleaved, whatever its sampling factors say (T.81 A.2.2).
        if len(self.components) == 1:
            return Size(8, 8)
        return Size(8 * max(c.h for c in self.components), 8 * max(c.v for c in self.components))

    @property
    def grid(self) -> Size:
        """MCUs from left to right and from top to bottom."""
        return Size(ceil_div(self.size.width, self.mcu.width), ceil_div(self.size.height, self.mcu.height))

    def factors(self, index: int) -> tuple[int, int]:
        """Blocks of a component from left to right and from top to bottom in one MCU of ``grid``."""
        if len(self.components) == 1:
            return 1, 1
        return self.components[index].h, self.components[index].v


def ceil_div(number: int, by: int) -> int:
    """The quotient, rounded up."""
    return -(-number // by)


def parse(data: bytes) -> Codestream:
    """The structure of a codestream; DecodeError names what is damaged or not supported.

    DamagedError is raised where a part of the entropy-coded data is certainly missing or changed. The last few are
    kept, for a frame is looked at several times in a row.
    """
    return _kept(data) if len(data) <= _MOST_KEPT else Parser(data).run()


@lru_cache(maxsize=4)
def _kept(data: bytes) -> Codestream:
    return Parser(data).run()


class Parser:
    """Goes from marker to marker; ``run`` makes the codestream's structure of what it finds."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 2
        self.quantisation: dict[int, tuple[int, ...]] = {}
        self.used: dict[int, tuple[int, ...]] = {}
        self.tables: dict[tuple[int, int], TableSegment] = {}
        self.components: tuple[Component, ...] = ()
        self.scans: list[Scan] = []
        self.restart = 0
        self.precision = 0
        self.baseline = True
        self.size = Size(1, 1)
        self.adobe: int | None = None
        self.jfif = False

    def run(self) -> Codestream:
        """The structure; errors as of ``parse``."""
        if self.data[:2] != b"\xff\xd8":
            raise DecodeError("the JPEG codestream does not begin with SOI (FFD8)")
        has_eoi = False
        while not has_eoi:
            marker = self.marker()
            if marker is None:
                break
            has_eoi = marker == 0xD9
            if not has_eoi:
                self.segment(marker)
        # Each component once: a part that no scan codes would be shown grey, and nobody would know.
        coded = sorted(c.index for scan in self.scans for c in scan.components)
        if not self.components or coded != list(range(len(self.components))):
            raise DecodeError(
                f"the JPEG codestream ends with {len(coded)} of its {len(self.components)} components coded"
            )
        return Codestream(
            self.data, self.precision, self.size, self.baseline, self.components, self.used, tuple(self.scans),
            has_eoi, self.position, self.adobe, self.jfif,
        )  # fmt: skip

    def marker(self) -> int | None:
        """The next marker's code, None where only padding is left; the position moves behind it."""
        data, at = self.data, self.position
        if at >= len(data) or not data[at:].strip(b"\x00\xff"):
            return None  # nothing but padding: EOI is missing
        if data[at] != 0xFF:
            raise DecodeError(f"a marker was expected at byte {at} of the JPEG codestream, found {data[at]:02X}")
        while at < len(data) and data[at] == 0xFF:
            at += 1
        if at >= len(data):
            return None
        self.position = at + 1
        return data[at]

    def segment(self, marker: int) -> None:
        """Take in the segment of a marker that was just read."""
        if marker in _REFUSED:
            raise DecodeError(
                f"JPEG with {_REFUSED[marker]}: only sequential Huffman JPEG (SOF0, SOF1) can be changed by blocks"
            )
        start = self.position - 2
        length = int.from_bytes(self.data[self.position : self.position + 2], "big")
        end = self.position + length
        if marker < 0xC0 or 0xD0 <= marker <= 0xD8 or length < 2 or end > len(self.data):
            raise DecodeError(f"damaged JPEG header: marker FF{marker:02X} at byte {start}, length {length}")
        body = self.position + 2
        self.position = end
        if marker == 0xC4:
            self._huffman(start, body, end)
        elif marker == 0xDB:
            self._quantisation(self.data[body:end])
        elif marker in {0xC0, 0xC1}:
            self.frame(marker, self.data[body:end])
        elif marker == 0xDD:
            self.restart = int.from_bytes(self.data[body:end], "big")
        elif marker == 0xDA:
            self.scan(self.data[body:end])
        elif marker == 0xFE or 0xE0 <= marker <= 0xEF:
            self._application(marker, self.data[body:end])
        else:
            raise DecodeError(f"JPEG marker FF{marker:02X} is not allowed in a sequential codestream")

    def _huffman(self, segment: int, at: int, end: int) -> None:
        while at < end:
            kind, number = self.data[at] >> 4, self.data[at] & 15
            counts = self.data[at + 1 : at + 17]
            stop = at + 17 + sum(counts)
            # Tc is 0 for DC and 1 for AC, Th 0 to 3 (T.81 B.2.4.2).
            if kind > 1 or number > 3 or stop > end:
                raise DecodeError(f"damaged JPEG Huffman table at byte {at}")
            spec = HuffmanSpec(kind == 1, tuple(counts), self.data[at + 17 : stop])
            self.tables[kind, number] = TableSegment(spec, segment, end - segment - 2, at, stop)
            at = stop

    def _quantisation(self, body: bytes) -> None:
        at = 0
        while at < len(body):
            # Pq 0: bytes, 1: words of two bytes (T.81 B.2.4.1).
            wide, number = body[at] >> 4, body[at] & 15
            stop = at + 1 + 64 * (wide + 1)
            if wide > 1 or number > 3 or stop > len(body):
                raise DecodeError("damaged JPEG quantisation table")
            step = wide + 1
            values = tuple(int.from_bytes(body[i : i + step], "big") for i in range(at + 1, stop, step))
            # A step of 0 is not allowed (T.81 B.2.4.1), and every coefficient times it would be black.
            if 0 in values:
                raise DecodeError(f"JPEG quantisation table {number} holds a 0")
            self.quantisation[number] = values
            at = stop

    def frame(self, marker: int, body: bytes) -> None:
        """Take in a frame header."""
        if self.components:
            raise DecodeError("the JPEG codestream has two frame headers (SOF)")
        if len(body) < 6 or len(body) != 6 + 3 * body[5] or not body[5]:
            raise DecodeError("damaged JPEG frame header (SOF)")
        self.baseline = marker == 0xC0
        self.precision = body[0]
        # T.81 table B.2.
        if self.precision not in ((8,) if self.baseline else (8, 12)):
            raise DecodeError(f"JPEG of {self.precision} bits under SOF{marker & 15}: allowed are 8, or 12 with SOF1")
        rows, columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        # A height of 0 is told by DNL behind the first scan (T.81 B.2.5): until then nobody knows how many MCUs it
        # has.
        if not rows or not columns:
            raise DecodeError(f"JPEG of {columns} x {rows} pixels (a height of 0 means DNL, which is refused)")
        self.size = Size(columns, rows)
        raw = [(body[i], body[i + 1] >> 4, body[i + 1] & 15, body[i + 2]) for i in range(6, len(body), 3)]
        # T.81 table B.2; more than four components have no place in a scan header.
        if any(not (1 <= h <= 4 and 1 <= v <= 4 and q <= 3) for _, h, v, q in raw) or len(raw) > 4:
            raise DecodeError("JPEG sampling factors must be 1 to 4, in at most 4 components")
        hmax, vmax = max(h for _, h, _, _ in raw), max(v for _, _, v, _ in raw)
        if any(hmax % h or vmax % v for _, h, v, _ in raw):
            raise DecodeError("JPEG sampling factors that do not divide each other are not supported")
        single = len(raw) == 1
        self.components = tuple(_component(c, self.size, (hmax, vmax), single=single) for c in raw)

    def scan(self, body: bytes) -> None:
        """Take in a scan, from its header's body to the next marker."""
        count = body[0] if body else 0
        if not self.components or not 1 <= count <= 4 or len(body) != 4 + 2 * count:
            raise DecodeError("damaged JPEG scan header (SOS)")
        if tuple(body[-3:]) not in {(0, 63, 0), (0, 0, 0)}:  # some writers leave Se at 0; decoders do not look at it
            raise DecodeError("JPEG scan header (SOS) with spectral selection: not a sequential scan")
        chosen = tuple(self._scan_component(body[i], body[i + 1]) for i in range(1, 1 + 2 * count, 2))
        in_mcu = sum(self.components[c.index].h * self.components[c.index].v for c in chosen)
        if count == 1:
            only = self.components[chosen[0].index]
            mcus_x, mcus_y = only.own_x, only.own_y
        else:
            hmax, vmax = max(c.h for c in self.components), max(c.v for c in self.components)
            mcus_x, mcus_y = ceil_div(self.size.width, 8 * hmax), ceil_div(self.size.height, 8 * vmax)
            # At most ten blocks an MCU (T.81 B.2.3), which decoders rely on for their buffers.
            if in_mcu > 10:
                raise DecodeError("JPEG scan with more than 10 blocks in an MCU")
        intervals = self.intervals(mcus_x * mcus_y)
        blocks = mcus_x * mcus_y * (1 if count == 1 else in_mcu)
        if 4 * sum(interval.end - interval.start for interval in intervals) < blocks:
            # A block takes two bits at least: a header that lies about the size must not cost memory.
            raise DamagedError(f"damaged JPEG entropy-coded data: it ends before it can hold {blocks} blocks")
        self.scans.append(Scan(chosen, mcus_x, mcus_y, intervals))

    def _scan_component(self, identifier: int, tables: int) -> ScanComponent:
        index = next((i for i, c in enumerate(self.components) if c.identifier == identifier), None)
        if index is None:
            raise DecodeError(f"JPEG scan of component {identifier}, which the frame header does not have")
        if any(index == c.index for scan in self.scans for c in scan.components):
            raise DecodeError(f"JPEG component {identifier} is coded in two scans")
        dc, ac = self.tables.get((0, tables >> 4)), self.tables.get((1, tables & 15))
        if dc is None or ac is None:
            raise DecodeError(f"JPEG scan of component {identifier} names a Huffman table that is not there")
        number = self.components[index].quantisation
        if number not in self.quantisation:
            raise DecodeError(f"JPEG component {identifier} names quantisation table {number}, which is not there")
        self.used[index] = self.quantisation[number]
        return ScanComponent(index, dc, ac)

    def intervals(self, mcus: int) -> tuple[Interval, ...]:
        """The restart intervals of the scan at the position, which moves behind them."""
        bounds, self.position = intervals(self.data, self.position)
        length = self.restart or mcus
        expected = ceil_div(mcus, length)
        if len(bounds) != expected:
            raise DamagedError(f"JPEG scan with {len(bounds)} restart intervals where {expected} were announced")
        return tuple(Interval(a, b, i * length, min(length, mcus - i * length)) for i, (a, b) in enumerate(bounds))

    def _application(self, marker: int, content: bytes) -> None:
        # Both say how colours are meant, and decoders go by them before PhotometricInterpretation.
        if marker == 0xE0 and content[:5] == b"JFIF\0":
            self.jfif = True
        # Its last byte: 0 untransformed, 1 YCbCr, 2 YCCK (T.872 6.5.3).
        if marker == 0xEE and content[:5] == b"Adobe" and len(content) >= 12:
            self.adobe = content[11]


def _component(raw: tuple[int, int, int, int], size: Size, most: tuple[int, int], *, single: bool) -> Component:
    identifier, h, v, number = raw
    hmax, vmax = most
    # The component's own size is rounded up before its blocks are counted (T.81 A.1.1).
    own_x = ceil_div(ceil_div(size.width * h, hmax), 8)
    own_y = ceil_div(ceil_div(size.height * v, vmax), 8)
    # An interleaved scan fills up its last MCUs with blocks that no picture shows (T.81 A.2.4).
    blocks_x = own_x if single else ceil_div(size.width, 8 * hmax) * h
    blocks_y = own_y if single else ceil_div(size.height, 8 * vmax) * v
    return Component(identifier, h, v, number, blocks_x, blocks_y, own_x, own_y)
