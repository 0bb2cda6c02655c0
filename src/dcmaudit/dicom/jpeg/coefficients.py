"""The quantised DCT coefficients of a sequential JPEG, for comparing two codestreams block by block."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dcmaudit.dicom.jpeg.entropy import Walker, scan_plan
from dcmaudit.dicom.jpeg.huffman import HuffmanSpec
from dcmaudit.dicom.jpeg.markers import Codestream, Scan, parse
from dcmaudit.errors import DecodeError

Blocks = npt.NDArray[np.int16]
Int = npt.NDArray[np.int64]


def _zigzag() -> Int:
    """Place in a block, row by row, of the k-th coded coefficient (T.81, figure A.6)."""
    order = sorted(range(64), key=lambda i: (i // 8 + i % 8, i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8))
    return np.array(order, np.int64)


ZIGZAG = _zigzag()


def coefficients(codestream: bytes) -> list[Blocks]:
    """The quantised coefficients of each component of the frame header, in its order.

    Axes (block rows, block columns, 64), int16; the 64 run row by row over the frequencies (index 8 * v + u).
    Blocks that only fill up the last MCU are included; those that a scan of one component does not code are 0.
    Raises DecodeError as ``redact_blocks`` does, and for damage anywhere in the entropy-coded data.
    """
    stream = parse(codestream)
    found = [np.zeros((c.blocks_y, c.blocks_x, 64), np.int16) for c in stream.components]
    for scan in stream.scans:
        data, starts, values = _walked(stream, scan)
        slots = [place for place, _ in scan_plan(stream, scan)]
        for place, component in enumerate(scan.components):
            columns = [i for i, slot in enumerate(slots) if slot == place]
            flat = _decoded(data, starts[:, columns].ravel(), component.dc.spec, component.ac.spec)
            flat[:, 0] = values[:, columns].ravel()
            h = stream.factors(component.index)[0] if scan.interleaved else 1
            v = len(columns) // h
            blocks = flat.reshape(scan.mcus_y, scan.mcus_x, v, h, 64).transpose(0, 2, 1, 3, 4)
            blocks = blocks.reshape(scan.mcus_y * v, scan.mcus_x * h, 64)
            found[component.index][: blocks.shape[0], : blocks.shape[1]] = blocks
    return found


def _walked(stream: Codestream, scan: Scan) -> tuple[bytes, Int, Int]:
    """All intervals' data one behind the other; each block's first bit in them and DC value, axes (MCU, block)."""
    plan = scan_plan(stream, scan)
    parts: list[bytes] = []
    starts: list[Int] = []
    values: list[int] = []
    offset = 0
    for interval in scan.intervals:
        walker = Walker(stream.data[interval.start : interval.end], len(scan.components), plan)
        here: list[int] = []
        walker.skip(interval.count, here, values)
        walker.require_end()
        parts.append(walker.data)
        starts.append(np.array(here, np.int64) + offset)
        offset += walker.length
    dc = np.array(values, np.int64)
    if len(dc) and (dc.min() < -32768 or dc.max() > 32767):
        raise DecodeError("the JPEG's DC values are outside the range that a sequential JPEG can hold")
    return b"".join(parts), np.concatenate(starts).reshape(-1, len(plan)), dc.reshape(-1, len(plan))


def _decoded(data: bytes, at: Int, dc: HuffmanSpec, ac: HuffmanSpec) -> Blocks:
    """The coefficients of the blocks that begin at these bits (their DC stays 0): all blocks step by step at once."""
    raw = np.frombuffer(data + bytes(8), np.uint8).astype(np.int64)
    windows = raw[:-2] << 15 | raw[1:-1] << 7 | raw[2:] >> 1
    dc_length, dc_size = dc.lengths()
    length, symbol = ac.lengths()
    first = _window(windows, at)
    at = at + dc_length[first] + dc_size[first]
    out = np.zeros((len(at), 64), np.int16)
    block, k = np.arange(len(at)), np.zeros(len(at), np.int64)
    while len(block):
        code = _window(windows, at)
        run, size = symbol[code] >> 4, symbol[code] & 15
        at = at + length[code]
        k = k + np.where(size > 0, run + 1, np.where(run == 15, 16, 64))
        bits = _window(windows, at) >> (16 - size)
        at = at + size
        coded = size > 0
        value = np.where(bits < 1 << np.maximum(size - 1, 0), bits - (1 << size) + 1, bits)
        out[block[coded], ZIGZAG[k[coded]]] = value[coded]
        going = k < 63
        block, k, at = block[going], k[going], at[going]
    return out


def _window(windows: Int, at: Int) -> Int:
    found: Int = (windows[at >> 3] >> (~at & 7)) & 0xFFFF
    return found
