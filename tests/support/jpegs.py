"""A small JPEG writer of its own, for codestreams that no encoder at hand makes, and pictures to put into JPEGs.

``write`` takes quantised coefficients and lays them out as asked: any sampling, any split into scans, restart
intervals, 8 or 12 bits, and Huffman tables made of exactly the wanted symbols. It shares no code with the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np
import numpy.typing as npt

# The order of T.81, figure A.6: along the diagonals, up and down in turn.
ZIGZAG = tuple(sorted(range(64), key=lambda i: (i // 8 + i % 8, (i % 8) if (i // 8 + i % 8) % 2 == 0 else i // 8)))


def picture(width: int, height: int, channels: int = 3, *, bits: int = 8, seed: int = 0) -> npt.NDArray[np.uint16]:
    """Smooth shapes with noise and no black at all: axes (rows, columns[, channels])."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (5 + 3 * c)) + np.cos(y / (7 - c)) + rng.normal(0, 0.3, x.shape) for c in range(channels)]
    top = (1 << bits) - 1
    stacked = np.stack([np.clip(0.55 * top + 0.15 * top * w, 0.25 * top, top) for w in waves], axis=-1)
    found = stacked.astype(np.uint8 if bits == 8 else np.uint16)
    return found[..., 0] if channels == 1 else found


@dataclass
class Table:
    """Code lengths and symbols; ``codes`` maps a symbol to (code, length)."""

    counts: list[int]
    symbols: list[int]

    @property
    def codes(self) -> dict[int, tuple[int, int]]:
        found, code, at = {}, 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[at : at + count]:
                found[symbol] = (code, length)
                code += 1
            at += count
            code *= 2
        return found

    @classmethod
    def even(cls, symbols: set[int], *, full: bool = False) -> Table:
        """All symbols with codes of one length (the shortest that leaves the code of ones free).

        ``full``: one symbol of each length 1, 2, ..., and the rest of 16 bits, until the codes end in 1...10.
        """
        ordered = sorted(symbols)
        if full:
            counts = [1] * 15 + [1]
            padded = ordered + [s for s in range(0x11, 0xFF) if s % 16 and s not in symbols]
            return cls(counts, padded[:16])
        length = 1
        while (1 << length) - 1 < len(ordered):
            length += 1
        counts = [0] * 16
        counts[length - 1] = len(ordered)
        return cls(counts, ordered)


@dataclass
class Jpeg:
    """What to write. ``sampling`` is (h, v) for each component; ``scans`` lists component numbers of each scan."""

    width: int
    height: int
    coefficients: list[npt.NDArray[np.int16]]
    sampling: list[tuple[int, int]]
    scans: list[list[int]]
    precision: int = 8
    steps: list[int] = field(default_factory=lambda: [1])
    restart: int = 0
    identifiers: Sequence[int] = (1, 2, 3, 4)
    tables: dict[tuple[int, int], Table] = field(default_factory=dict)
    eoi: bool = True
    full_tables: bool = False


def blocks_of(width: int, height: int, sampling: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Block rows and columns of each component, whole MCUs."""
    if len(sampling) == 1:
        return [(-(-height // 8), -(-width // 8))]
    hmax, vmax = max(h for h, _ in sampling), max(v for _, v in sampling)
    across, down = -(-width // (8 * hmax)), -(-height // (8 * vmax))
    return [(down * v, across * h) for h, v in sampling]


def write(jpeg: Jpeg) -> bytes:
    """The codestream."""
    out = bytearray(b"\xff\xd8")
    for number, step in enumerate(jpeg.steps):
        out += b"\xff\xdb\x00\x43" + bytes([number]) + bytes([step] * 64)
    sof = bytes([jpeg.precision]) + jpeg.height.to_bytes(2, "big") + jpeg.width.to_bytes(2, "big")
    sof += bytes([len(jpeg.sampling)])
    for i, (h, v) in enumerate(jpeg.sampling):
        sof += bytes([jpeg.identifiers[i], h << 4 | v, min(i, len(jpeg.steps) - 1)])
    out += b"\xff\xc0" if jpeg.precision == 8 else b"\xff\xc1"
    out += (len(sof) + 2).to_bytes(2, "big") + sof
    for scan in jpeg.scans:
        out += _scan(jpeg, scan)
    return bytes(out + (b"\xff\xd9" if jpeg.eoi else b""))


def _scan(jpeg: Jpeg, scan: list[int]) -> bytes:
    order = _order(jpeg, scan)
    limit = jpeg.restart or len(order)
    coded: list[list[tuple[int, list[tuple[int, int, int]]]]] = []
    for first in range(0, len(order), limit):
        last = dict.fromkeys(scan, 0)
        interval = []
        for mcu in order[first : first + limit]:
            for component, y, x in mcu:
                block = jpeg.coefficients[component][y, x]
                interval.append((component, _symbols(block, int(block[0]) - last[component])))
                last[component] = int(block[0])
        coded.append(interval)
    out = b""
    tables: dict[tuple[int, int], Table] = {}
    for component in scan:
        kind = min(component, 1)
        mine = [symbols for interval in coded for c, symbols in interval if min(c, 1) == kind]
        for ac in (0, 1):
            used = {s for symbols in mine for s, _, _ in (symbols[1:] if ac else symbols[:1])}
            table = jpeg.tables.get((ac, kind)) or Table.even(used or {1}, full=jpeg.full_tables and ac == 1)
            if (ac, kind) not in tables:
                body = bytes([ac << 4 | kind, *table.counts, *table.symbols])
                out += b"\xff\xc4" + (len(body) + 2).to_bytes(2, "big") + body
            tables[ac, kind] = table
    if jpeg.restart:
        out += b"\xff\xdd\x00\x04" + jpeg.restart.to_bytes(2, "big")
    sos = bytes([len(scan)]) + b"".join(bytes([jpeg.identifiers[c], min(c, 1) * 17]) for c in scan) + b"\x00\x3f\x00"
    out += b"\xff\xda" + (len(sos) + 2).to_bytes(2, "big") + sos
    for number, interval in enumerate(coded):
        bits = "".join(_bits(tables, min(c, 1), symbols) for c, symbols in interval)
        bits += "1" * (-len(bits) % 8)
        raw = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
        out += raw + (bytes([0xFF, 0xD0 + number % 8]) if number + 1 < len(coded) else b"")
    return out


def _order(jpeg: Jpeg, scan: list[int]) -> list[list[tuple[int, int, int]]]:
    hmax, vmax = max(h for h, _ in jpeg.sampling), max(v for _, v in jpeg.sampling)
    if len(scan) == 1:
        h, v = jpeg.sampling[scan[0]]
        across = ceil(ceil(jpeg.width * h / hmax) / 8)
        down = ceil(ceil(jpeg.height * v / vmax) / 8)
        return [[(scan[0], y, x)] for y in range(down) for x in range(across)]
    across, down = -(-jpeg.width // (8 * hmax)), -(-jpeg.height // (8 * vmax))
    return [
        [
            (c, my * jpeg.sampling[c][1] + y, mx * jpeg.sampling[c][0] + x)
            for c in scan
            for y in range(jpeg.sampling[c][1])
            for x in range(jpeg.sampling[c][0])
        ]
        for my in range(down)
        for mx in range(across)
    ]


def _symbols(block: npt.NDArray[np.int16], difference: int) -> list[tuple[int, int, int]]:
    """(symbol, value bits, number of bits): the DC one first."""
    found = [_sized(0, difference)]
    run = 0
    zz = [int(block[i]) for i in ZIGZAG]
    last = max((i for i, value in enumerate(zz) if i and value), default=0)
    for value in zz[1 : last + 1]:
        if not value:
            run += 1
            continue
        while run > 15:
            found.append((0xF0, 0, 0))
            run -= 16
        found.append(_sized(run, value))
        run = 0
    if last < 63:
        found.append((0, 0, 0))
    return found


def _sized(run: int, value: int) -> tuple[int, int, int]:
    size = abs(value).bit_length()
    return run << 4 | size, value if value >= 0 else value + (1 << size) - 1, size


def _bits(tables: dict[tuple[int, int], Table], kind: int, symbols: list[tuple[int, int, int]]) -> str:
    out = ""
    for position, (symbol, value, size) in enumerate(symbols):
        code, length = tables[int(position > 0), kind].codes[symbol]
        out += format(code, f"0{length}b") + (format(value, f"0{size}b") if size else "")
    return out
