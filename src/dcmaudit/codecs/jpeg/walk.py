"""The loop over the blocks of a JPEG in Python and numpy: what ``_walk.c`` does, where that could not be built."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg.huffman import BITS, DIFFERENCE_SHIFT, END, SIZE_SHIFT, STEP_SHIFT, STEPS, Lookup
from dcmaudit.errors import DecodeError

DAMAGED = "damaged JPEG entropy-coded data"

Blocks = npt.NDArray[np.int16]
Int = npt.NDArray[np.int64]


def _zigzag() -> Int:
    """Place in a block, row by row, of the k-th coded coefficient (T.81, figure A.6)."""
    order = sorted(range(64), key=lambda i: (i // 8 + i % 8, i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8))
    return np.array(order, np.int64)


ZIGZAG = _zigzag()


class Walkable(Protocol):
    """What the loop needs of a Walker."""

    length: int
    position: int
    dc: list[int]
    plan: tuple[tuple[int, Lookup], ...]

    @property
    def windows(self) -> list[int]:
        """``byte_windows`` of the interval."""
        ...

    def read_difference(self, tables: Lookup) -> int:
        """Reads the DC difference at the position."""
        ...

    def skip_coefficients(self, tables: Lookup) -> None:
        """Goes over the AC coefficients at the position."""
        ...

    def window(self, at: int) -> int:
        """The 16 bits from a bit on."""
        ...


def skip_in_python(walker: Walkable, mcus: int, coefficients: Blocks | None = None) -> None:
    """Goes over ``mcus`` MCUs, as ``Walker.skip`` says.

    Positions are found one after the other, several symbols at a time; the coefficients are then read of all
    blocks at once.
    """
    starts: list[int] = []
    values: list[int] = []
    _walk(walker, mcus, starts, values)
    if coefficients is None:
        return
    dc = np.array(values, np.int64)
    if len(dc) and (dc.min() < -32768 or dc.max() > 32767):
        raise DecodeError(f"{DAMAGED}: a DC value that a sequential JPEG cannot hold")
    windows, at = np.array(walker.windows, np.int64), np.array(starts, np.int64)
    for i, (_, tables) in enumerate(walker.plan):
        step = len(walker.plan)
        coefficients[i::step] = _decoded(windows, at[i::step], tables)
    coefficients[:, 0] = dc


def byte_windows(data: bytes) -> list[int]:
    """23 bits from each byte on: 16 bits from any bit of that byte are a shift and a mask away."""
    padded = np.frombuffer(data + b"\xff" * 8, np.uint8).astype(np.uint32)
    windows: list[int] = (padded[:-2] << 15 | padded[1:-1] << 7 | padded[2:] >> 1).tolist()
    return windows


def _walk(walker: Walkable, mcus: int, starts: list[int], values: list[int]) -> None:
    plan = [(component, tables.block, tables.many, tables) for component, tables in walker.plan]
    windows, dc, at = walker.windows, walker.dc, walker.position
    try:
        for _ in range(mcus):
            for component, block, many, tables in plan:
                first = at
                entry = block[(windows[at >> 3] >> (~at & 7)) & 0xFFFF]
                k = (entry >> STEP_SHIFT) & STEPS
                before = dc[component]
                dc[component] = before + (entry >> DIFFERENCE_SHIFT)
                at += entry & BITS
                while k < 63:
                    entry = many[(windows[at >> 3] >> (~at & 7)) & 0xFFFF]
                    at += entry & BITS
                    k += entry >> STEP_SHIFT
                # An end of block behind 63 coefficients, or more than 63, was the next block's data.
                if k != 63 and not END <= k < END + 63:
                    walker.position = first
                    dc[component] = before + walker.read_difference(tables)
                    walker.skip_coefficients(tables)
                    at = walker.position
                starts.append(first)
                values.append(dc[component])
    except IndexError:
        raise DecodeError(f"{DAMAGED}: it ends in the middle of a block") from None
    if at > walker.length:
        raise DecodeError(f"{DAMAGED}: it ends in the middle of a block")
    walker.position = at


def _decoded(windows: Int, at: Int, tables: Lookup) -> Blocks:
    """The coefficients of the blocks that begin at these bits (their DC stays 0): all blocks step by step at once."""
    first = tables.dc[_window(windows, at)].astype(np.int64)
    at = at + (first >> 5) + (first & 31)
    out = np.zeros((len(at), 64), np.int16)
    block, k = np.arange(len(at)), np.zeros(len(at), np.int64)
    while len(block):
        code = _window(windows, at)
        entry = tables.ac[code].astype(np.int64)
        size = entry >> SIZE_SHIFT
        k = k + ((entry >> STEP_SHIFT) & STEPS)
        at = at + (entry & BITS)
        bits = _window(windows, at - size) >> (16 - size)
        coded = size > 0
        value = np.where(bits < 1 << np.maximum(size - 1, 0), bits - (1 << size) + 1, bits)
        out[block[coded], ZIGZAG[k[coded]]] = value[coded]
        going = k < 63
        block, k, at = block[going], k[going], at[going]
    return out


def _window(windows: Int, at: Int) -> Int:
    found: Int = (windows[at >> 3] >> (~at & 7)) & 0xFFFF
    return found
