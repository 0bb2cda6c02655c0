"""The entropy-coded data of a sequential JPEG that was changed: the shortest coding of its blocks, and no bit more.

A block can be coded in longer ways than need be, and every one of them would hold something. So the bits that the
blocks need are counted here from coefficients and tables, and compared with those that are there (ITU-T T.81 F.1.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dcmaudit.verify.segments import Piece
from dcmaudit.verify.sequential import Picture, Scan

Blocks = npt.NDArray[np.int16]
Bits = npt.NDArray[np.int64]
ZIGZAG = np.array(sorted(range(64), key=lambda i: (i // 8 + i % 8, i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8)))
_PLACES = np.argsort(ZIGZAG, kind="stable")  # the other kind goes wrong under qemu 7.2, which tests use
# EOB and ZRL (T.81 F.1.2.2.1).
_END, _SIXTEEN = 0x00, 0xF0
_DC_SYMBOLS = frozenset(range(16))


def is_grown(old: Piece, new: Piece) -> bool:
    """Whether a Huffman table is the old one with symbols added behind its own: those that black blocks need.

    Codes of the old symbols stay, or are lengthened where there was no room; no symbol is there twice.
    """
    was, now = old.body[16:], new.body[16:]
    more = now[len(was) :]
    allowed = _DC_SYMBOLS if old.number < 0x10 else frozenset({_END})
    # Symbols in another order, or ones that no black block needs, could spell something.
    if now[: len(was)] != was or not set(more) <= allowed or list(more) != sorted(set(more)) or set(more) & set(was):
        return False
    lengths = [list(np.repeat(np.arange(1, 17), list(piece.body[:16]))) for piece in (old, new)]
    return all(a <= b for a, b in zip(lengths[0], lengths[1], strict=False))


@dataclass(frozen=True, slots=True)
class Coded:
    """A sequential JPEG with the coefficients of each component, axes (block rows, block columns, 64), row by row over
    the frequencies, and for each scan the bits that the blocks of each restart interval were read from.
    """

    picture: Picture
    blocks: list[Blocks]
    ends: list[list[int]]


def fault_of_coding(old: Coded, new: Coded, differs: list[npt.NDArray[np.bool_]]) -> str | None:
    """In words what the coded data of ``new`` have beside their blocks and ``old`` has not, None for nothing.

    ``differs`` is true for the blocks of each component that are not the same in both. All others have their bits in
    both, so that it is enough to count those of blocks that differ, and of the DC differences; where a table was
    made anew all are counted.
    """
    for was, now in zip(old.picture.scans, new.picture.scans, strict=True):
        if len(now.intervals) != len(was.intervals):
            return "its restart intervals are not as many as it says"
    waste = sum(
        _grown(old, new, place, differs)
        if all(_is_longer(*pair) for pair in zip(was.tables, now.tables, strict=True))
        else _counted(new, place) - _counted(old, place)
        for place, (was, now) in enumerate(zip(old.picture.scans, new.picture.scans, strict=True))
    )
    tails = _tails(new)
    waste = max(0, waste) + max(0, tails - (_tails(old) if tails else 0))
    return f"its coded data have {waste} bits that its blocks do not need" if waste else None


def _is_longer(old: tuple[Piece, Piece], new: tuple[Piece, Piece]) -> bool:
    """Whether the tables of a component code the old symbols as they did."""
    pairs = [(_lengths(a), _lengths(b)) for a, b in zip(old, new, strict=True)]
    return all(bool(((a == b) | (a > 16)).all()) for a, b in pairs)


def _grown(old: Coded, new: Coded, place: int, differs: list[npt.NDArray[np.bool_]]) -> int:
    """By how many bits more a scan grew than its blocks ask for."""
    needed = 0
    for coded, sign in ((new, 1), (old, -1)):
        picture, scan = coded.picture, coded.picture.scans[place]
        for component, (dc, ac) in zip(scan.components, scan.tables, strict=True):
            levels = _in_order(picture, scan, component, coded.blocks[component][..., :1])
            step = scan.restart * levels.shape[1] or levels.shape[0] * levels.shape[1]
            dc_bits = _bits_of_dc(levels.ravel().astype(np.int64), _lengths(dc), step)
            changed = _changed(picture, scan, component, coded.blocks[component], differs[component])
            needed += sign * int(dc_bits.sum() + _bits_of_ac(changed, _lengths(ac)).sum())
    return sum(new.ends[place]) - sum(old.ends[place]) - needed


def _changed(picture: Picture, scan: Scan, component: int, blocks: Blocks, differs: npt.NDArray[np.bool_]) -> Blocks:
    """The blocks that a scan codes of a component and that differ, axes (block, 64); their order says nothing here."""
    if len(scan.components) == 1:
        own = picture.own_blocks(component)
        blocks, differs = blocks[: own.height, : own.width], differs[: own.height, : own.width]
    found: Blocks = blocks[differs]
    return found


def _counted(coded: Coded, place: int) -> int:
    """By how many bits a scan is longer than the shortest coding of all its blocks."""
    return sum(coded.ends[place]) - int(_bits_of_scan(coded.picture, coded.picture.scans[place], coded.blocks).sum())


def _tails(coded: Coded) -> int:
    """Bits behind the last blocks of all restart intervals, but for those that fill up a byte and are 1."""
    waste = 0
    for scan, ends in zip(coded.picture.scans, coded.ends, strict=True):
        for data, end in zip(scan.intervals, ends, strict=True):
            # Without byte stuffing (T.81 F.1.2.3).
            plain = data.replace(b"\xff\x00", b"\xff")
            left = 8 * len(plain) - end
            ones = (1 << (left % 8)) - 1
            waste += left - left % 8 + (left % 8 > 0 and plain[end >> 3] & ones != ones)
    return waste


def _bits_of_scan(stream: Picture, scan: Scan, coefficients: list[Blocks]) -> Bits:
    """The bits that each MCU of a scan needs, in coding order."""
    total: Any = 0
    for component, (dc, ac) in zip(scan.components, scan.tables, strict=True):
        blocks = _in_order(stream, scan, component, coefficients[component])
        step = scan.restart * blocks.shape[1] or blocks.shape[0] * blocks.shape[1]
        flat = blocks.reshape(-1, 64)
        bits = _bits_of_dc(flat[:, 0].astype(np.int64), _lengths(dc), step) + _bits_of_ac(flat, _lengths(ac))
        total = total + bits.reshape(blocks.shape[:2]).sum(axis=1)
    found: Bits = total
    return found


def _in_order(stream: Picture, scan: Scan, component: int, blocks: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The blocks of a component as a scan codes them: axes (MCU, block of it, 64 or what each has instead)."""
    size = blocks.shape[2]
    if len(scan.components) == 1:
        own = stream.own_blocks(component)
        return blocks[: own.height, : own.width].reshape(-1, 1, size)
    one = stream.components[component]
    rows, columns = blocks.shape[0] // one.v, blocks.shape[1] // one.h
    apart = blocks.reshape(rows, one.v, columns, one.h, size).transpose(0, 2, 1, 3, 4)
    return apart.reshape(rows * columns, one.v * one.h, size)


def _bits_of_dc(levels: Bits, lengths: Bits, step: int) -> Bits:
    """Bits of the DC differences; ``step`` is after how many blocks they begin at 0 again."""
    before = np.concatenate(([0], levels[:-1]))
    # DC prediction begins at 0 again with each restart interval (T.81 F.1.1.5.1).
    before[::step] = 0
    size = _sizes(levels - before)
    found: Bits = lengths[size] + size
    return found


def _bits_of_ac(blocks: Blocks, lengths: Bits) -> Bits:
    """Bits of the AC coefficients of each block: runs of zeros, values, and the end where zeros are left."""
    flat = np.ascontiguousarray(blocks).reshape(-1)
    there = np.flatnonzero(flat)
    there = there[(there & 63) != 0]
    at = np.sort((there & ~63) | _PLACES[there & 63])  # in coding order
    block, place = at >> 6, at & 63
    size = _SIZES[flat[(at & ~63) | ZIGZAG[place]].view(np.uint16)]
    before = np.empty_like(at)
    before[:1], before[1:] = 0, at[:-1]
    run = place - np.where(before >> 6 == block, before & 63, 0) - 1
    bits = _SIXTEENS[run] * lengths[_SIXTEEN] + lengths[(run & 15) << 4 | size] + size
    found = np.bincount(block, bits, len(blocks)).astype(np.int64)
    final = np.zeros(len(blocks), np.int64)
    final[block] = place  # the last one of each block stays
    return np.where(final < 63, found + lengths[_END], found)


_SIZES = np.frexp(np.abs(np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.float64)))[1].astype(np.int64)
"""How many bits a value takes (T.81, table F.1), by its sixteen bits."""
_SIXTEENS = np.arange(64) >> 4


def _sizes(values: Bits) -> Bits:
    found: Bits = np.frexp(np.abs(values).astype(np.float64))[1].astype(np.int64)
    return found


@lru_cache(maxsize=32)
def _lengths(table: Piece) -> Bits:
    """The length of the code of each symbol; large where there is none."""
    out = np.full(256, 1 << 30, np.int64)
    symbols = np.frombuffer(table.body[16:], np.uint8)
    out[symbols[::-1]] = np.repeat(np.arange(1, 17), list(table.body[:16]))[::-1]
    return out
