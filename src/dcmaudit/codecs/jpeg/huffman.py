"""Huffman tables of sequential JPEG (ITU-T T.81, annex C and F): codes and lookup tables.

The lookup tables answer for the next 16 bits of the entropy-coded data at once, and for as many symbols as end
in them: the blocks of a picture are walked in about a third as many steps as it has symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from dcmaudit.errors import DecodeError

# One entry of a lookup table is an int: bits to go on (6 bits), AC coefficients to go on (13 bits), and in the
# tables that begin with a DC symbol the DC difference above them.
BITS = 63
STEP_SHIFT = 6
STEPS = 0x1FFF
DIFFERENCE_SHIFT = 19
SIZE_SHIFT = 20  # of an entry for one AC symbol alone
END = 1024  # added to the coefficients: an end-of-block symbol was read
INVALID = 4096  # added to the coefficients: no such code, or a symbol that sequential JPEG does not have
LONG = 2048  # added to the coefficients: a DC code and its bits are longer than 16 bits, read it by itself

Int = npt.NDArray[np.int64]


@dataclass(frozen=True)
class HuffmanSpec:
    """A table as DHT gives it: the number of codes of each length from 1 to 16, and the symbols in code order."""

    is_ac: bool
    counts: tuple[int, ...]
    symbols: bytes

    @cached_property
    def codes(self) -> dict[int, tuple[int, int]]:
        """Symbol to (code, length), as annex C assigns them; DecodeError where the lengths do not fit a code."""
        found: dict[int, tuple[int, int]] = {}
        code, at = 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[at : at + count]:
                # libjpeg refuses such tables, too: two symbols would share a code.
                if code >= 1 << length:
                    raise DecodeError("damaged JPEG Huffman table: more codes than its lengths allow")
                # A symbol may stand twice in a table; encoders take the shorter code, decoders know both.
                found.setdefault(symbol, (code, length))
                code += 1
            at += count
            code <<= 1
        return found

    @cached_property
    def by_code(self) -> dict[tuple[int, int], int]:
        """(code, length) to symbol."""
        return {code: symbol for symbol, code in self.codes.items()}

    @property
    def body(self) -> bytes:
        """The table as it stands in DHT, without its Tc/Th byte."""
        return bytes(self.counts) + self.symbols

    def windows(self, entries: Int) -> Int:
        """For each 16-bit window the entry of the symbol whose code it begins with, 0 where there is none.

        ``entries`` has one number a symbol, in code order: codes of that order are windows of rising order (C.2).
        """
        bits = np.repeat(np.arange(1, 17), self.counts)
        filled = np.repeat(entries, 1 << (16 - bits))
        return np.concatenate([filled, np.zeros(65536 - len(filled), np.int64)])

    def lengths(self) -> tuple[Int, Int]:
        """For each symbol in code order: the length of its code, and the symbol."""
        return np.repeat(np.arange(1, 17), self.counts), np.frombuffer(self.symbols, np.uint8).astype(np.int64)


class Lookup:
    """Tables over 16-bit windows for one pair of a DC and an AC table.

    ``dc`` has the length and the size of a DC symbol (length * 32 + size, 0 for no code). ``ac`` has a single
    AC symbol as an entry, with its size from bit 20 on, and ``quick`` the same for the first 10 bits, 0 where a
    code is longer. ``block`` begins with a DC symbol and goes on into the
    AC symbols; ``many`` has as many AC symbols as end in the window: both are for the loop in Python alone.
    """

    def __init__(self, dc: HuffmanSpec, ac: HuffmanSpec) -> None:
        if not ac.codes or not dc.codes:  # and refuses lengths that fit no code
            raise DecodeError("damaged JPEG Huffman table: it has no codes")
        length, symbol = ac.lengths()
        steps = _steps(symbol)
        bits = np.where(steps >= INVALID, 0, length + (symbol & 15))
        size = np.where(steps < END, symbol & 15, 0)
        entries = bits | steps << STEP_SHIFT | size << SIZE_SHIFT
        windows = ac.windows(entries)
        self.ac = np.where(windows == 0, INVALID << STEP_SHIFT, windows).astype(np.int32)  # no code: no entry is 0
        self.quick = ac.windows(np.where(length <= 10, entries, 0))[::64].astype(np.int32)
        dc_length, dc_size = dc.lengths()
        self.dc = dc.windows(np.where(dc_size > 15, 0, dc_length * 32 + dc_size)).astype(np.int32)
        self._specs = dc, ac

    @cached_property
    def _ac_parts(self) -> tuple[Int, Int, Int]:
        """For each window: length of its first code, bits of code and value, coefficients to go on."""
        spec = self._specs[1]
        bits = (self.ac & BITS).astype(np.int64)
        steps = ((self.ac >> STEP_SHIFT) & STEPS).astype(np.int64)
        return spec.windows(spec.lengths()[0]), bits, steps

    @cached_property
    def block(self) -> list[int]:
        """Entries that begin with a DC symbol."""
        length, size = (self.dc >> 5).astype(np.int64), (self.dc & 31).astype(np.int64)
        entries = _with_dc(np.arange(65536, dtype=np.int64), length, size, self._ac_parts)
        return _shared(np.where(length == 0, INVALID << STEP_SHIFT, entries))

    @cached_property
    def many(self) -> list[int]:
        """Entries of AC symbols alone."""
        window = np.arange(65536, dtype=np.int64)
        nothing = np.zeros_like(window)
        bits, steps = _chain(window, nothing, nothing, self._ac_parts)
        # A window whose first symbol is already invalid keeps that mark.
        bad = self._ac_parts[2] >= INVALID
        return _shared(np.where(bad, INVALID << STEP_SHIFT, bits | steps << STEP_SHIFT))


@lru_cache(maxsize=16)
def lookup(dc: HuffmanSpec, ac: HuffmanSpec) -> Lookup:
    """The lookup tables of a pair of tables; kept, for the frames of a series mostly share theirs."""
    return Lookup(dc, ac)


def _steps(symbol: Int) -> Int:
    """AC coefficients to go on behind each symbol."""
    run, size = symbol >> 4, symbol & 15
    # RRRRSSSS (T.81 F.1.2.2.1): F0 goes over sixteen zeros, 00 ends the block.
    steps = np.where(size > 0, run + 1, np.where(run == 15, 16, END))
    # Runs without a value are end-of-band runs, which progressive JPEG alone has (T.81 G.1.2.2).
    found: Int = np.where((size == 0) & (run > 0) & (run < 15), INVALID, steps)
    return found


def _chain(window: Int, bits: Int, steps: Int, table: tuple[Int, Int, Int]) -> tuple[Int, Int]:
    """Appends AC symbols to entries that have consumed ``bits``, while their whole code lies in the window."""
    code_length, symbol_bits, symbol_steps = table
    for _ in range(16):
        at = (window << np.minimum(bits, 16)) & 0xFFFF
        fits = (bits < 16) & (steps < 64) & (symbol_steps[at] < INVALID) & (bits + code_length[at] <= 16)
        if not fits.any():
            break
        bits = np.where(fits, bits + symbol_bits[at], bits)
        steps = np.where(fits, steps + symbol_steps[at], steps)
    return bits, steps


def _with_dc(window: Int, length: Int, size: Int, table: tuple[Int, Int, Int]) -> Int:
    total = length + size
    whole = (total <= 16) & (length > 0)
    raw = (window >> np.maximum(16 - total, 0)) & ((1 << size) - 1)
    difference = np.where((size > 0) & (raw < (1 << np.maximum(size - 1, 0))), raw - (1 << size) + 1, raw)
    bits, steps = _chain(window, np.where(whole, total, 16), np.zeros_like(window), table)
    entry = bits | steps << STEP_SHIFT
    entry = entry + (difference << DIFFERENCE_SHIFT)
    return np.where(whole, entry, LONG << STEP_SHIFT)


def _shared(entries: Int) -> list[int]:
    # Equal entries share one int object: a few thousand objects stay in the processor's cache, 65,536 do not.
    values, index = np.unique(entries, return_inverse=True)
    objects = values.tolist()
    return [objects[i] for i in index.tolist()]
