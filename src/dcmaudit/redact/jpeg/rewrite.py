"""Putting a codestream together again with some MCUs flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dcmaudit.codecs.jpeg.entropy import Plan, Walker, scan_plan
from dcmaudit.codecs.jpeg.huffman import HuffmanSpec
from dcmaudit.codecs.jpeg.markers import EOI, Codestream, Interval, Scan, TableSegment
from dcmaudit.errors import DecodeError
from dcmaudit.redact.jpeg.bits import BitWriter
from dcmaudit.redact.jpeg.grid import Mask, scan_mask
from dcmaudit.redact.jpeg.room import with_symbols

Replacement = tuple[int, int, bytes]
"""Bytes of the codestream from a start to before an end, and what stands there now."""

END_OF_BLOCK = 0


class TableFullError(Exception):
    """Symbols are missing in Huffman tables that have no room; ``wanted`` names them. Never leaves this package."""

    def __init__(self, wanted: Mapping[TableSegment, frozenset[int]]) -> None:
        super().__init__("a Huffman table is full")
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class _Copy:
    """Bits of the original from ``start`` to before ``stop``."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class _Difference:
    """A new DC difference of a block of a component of the scan."""

    component: int
    value: int


@dataclass(frozen=True, slots=True)
class _Flat:
    """``count`` flat MCUs; the first has these DC differences block by block, the others none."""

    differences: tuple[int, ...]
    count: int


@dataclass(slots=True)
class _NewInterval:
    """What a restart interval is made of now."""

    scan: Scan
    interval: Interval
    walker: Walker
    blocks: tuple[int, ...]
    parts: list[_Copy | _Difference | _Flat] = field(default_factory=list)


def rewrite(stream: Codestream, touched: Mask, dc: Sequence[int]) -> bytes:
    """The new codestream.

    ``touched`` is the mask over the grid of MCUs, ``dc`` the quantised DC value of black for each component of
    the frame. TableFullError where a table has no room for a symbol that is needed.
    """
    intervals: list[_NewInterval] = []
    for scan in stream.scans:
        mask, plan = scan_mask(touched, stream, scan), scan_plan(stream, scan)
        for interval in scan.intervals:
            flags = mask[interval.first : interval.first + interval.count]
            # Without EOI padding may stand behind the last block: it is put together anew, so that nothing is left
            # there.
            last = not stream.has_eoi and interval is stream.scans[-1].intervals[-1]
            if flags.any() or last:
                levels = [dc[c.index] for c in scan.components]
                intervals.append(_redacted(stream.data, plan, (scan, interval), flags, levels))
    specs = _extended(intervals)
    changes = [_emitted(interval, specs) for interval in intervals] + table_changes(specs)
    data = replaced(stream.data[: stream.end], changes)
    return data if stream.has_eoi else data + EOI


def replaced(data: bytes, changes: Sequence[Replacement]) -> bytes:
    """The bytes with each change made; changes do not overlap."""
    parts: list[bytes] = []
    at = 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        parts += [data[at:start], new]
        at = end
    return b"".join([*parts, data[at:]])


def table_changes(specs: Mapping[TableSegment, HuffmanSpec]) -> list[Replacement]:
    """The changes that put other tables into their DHT segments, lengths included."""
    changes: list[Replacement] = []
    growth: dict[int, int] = {}
    lengths: dict[int, int] = {}
    for table, spec in specs.items():
        if spec is table.spec:
            continue
        body = spec.body
        changes.append((table.start + 1, table.end, body))
        growth[table.segment_start] = growth.get(table.segment_start, 0) + len(body) - (table.end - table.start - 1)
        lengths[table.segment_start] = table.segment_length
    for segment, more in growth.items():
        changes.append((segment + 2, segment + 4, (lengths[segment] + more).to_bytes(2, "big")))
    return changes


def _redacted(data: bytes, plan: Plan, place: tuple[Scan, Interval], flags: Mask, levels: list[int]) -> _NewInterval:
    scan, interval = place
    walker = Walker(data[interval.start : interval.end], len(levels), plan)
    new = _NewInterval(scan, interval, walker, tuple(component for component, _ in plan))
    coded = [0] * len(levels)  # the DC values that a decoder of the new bits holds
    behind_black = False
    for black, count in _runs(flags):
        if black:
            new.parts.append(_flat(new.blocks, coded, levels, count))
            walker.skip(count)
            # DC values are coded as differences, so the decoder now holds black.
            coded = list(levels)
        else:
            if behind_black:
                _correct_first(new, coded)
            start = walker.position
            walker.skip(count - behind_black)
            new.parts.append(_Copy(start, walker.position))
            coded = list(walker.dc)
        behind_black = black
    walker.require_end()
    return new


def _runs(flags: Mask) -> list[tuple[bool, int]]:
    """The flags as runs of equal ones: (flag, how many)."""
    bounds = [0, *(np.flatnonzero(np.diff(flags)) + 1).tolist(), len(flags)]
    return [(bool(flags[start]), stop - start) for start, stop in pairwise(bounds)]


def _flat(blocks: tuple[int, ...], coded: list[int], levels: list[int], count: int) -> _Flat:
    now = list(coded)
    differences: list[int] = []
    for component in blocks:
        differences.append(levels[component] - now[component])
        now[component] = levels[component]
    return _Flat(tuple(differences), count)


def _correct_first(new: _NewInterval, coded: list[int]) -> None:
    """The MCU behind a black one: each component's first block gets a new DC difference, the rest is copied."""
    walker = new.walker
    corrected: set[int] = set()
    for component, tables in walker.plan:
        start = walker.position
        walker.dc[component] += walker.read_difference(tables)
        if component not in corrected:
            corrected.add(component)
            new.parts.append(_Difference(component, walker.dc[component] - coded[component]))
            start = walker.position
        walker.skip_coefficients(tables)
        new.parts.append(_Copy(start, walker.position))


def _extended(intervals: Sequence[_NewInterval]) -> dict[TableSegment, HuffmanSpec]:
    wanted: dict[TableSegment, set[int]] = {}
    for new in intervals:
        for component in new.scan.components:
            wanted.setdefault(component.dc, set())
            wanted.setdefault(component.ac, set())
        for part in new.parts:
            if isinstance(part, _Difference):
                wanted[new.scan.components[part.component].dc].add(_size(part.value))
            elif isinstance(part, _Flat):
                for component_index, value in zip(new.blocks, part.differences, strict=True):
                    component = new.scan.components[component_index]
                    # Further flat blocks have a difference of 0.
                    wanted[component.dc] |= {_size(value), 0} if part.count > 1 else {_size(value)}
                    wanted[component.ac].add(END_OF_BLOCK)
    found = {table: with_symbols(table.spec, frozenset(symbols)) for table, symbols in wanted.items()}
    if None in found.values():
        raise TableFullError({t: frozenset(wanted[t]) for t, spec in found.items() if spec is None})
    return {table: spec for table, spec in found.items() if spec is not None}


def _size(difference: int) -> int:
    size = abs(difference).bit_length()
    # Categories go up to 11 for 8 bits and 15 for 12 (T.81 table F.1).
    if size > 15:
        raise DecodeError("the JPEG's DC values are outside the range that a sequential JPEG can hold")
    return size


def _emitted(new: _NewInterval, specs: Mapping[TableSegment, HuffmanSpec]) -> Replacement:
    writer = BitWriter()
    dc = [specs[c.dc].codes for c in new.scan.components]
    ac = [specs[c.ac].codes for c in new.scan.components]
    for part in new.parts:
        if isinstance(part, _Copy):
            writer.put(new.walker.bits(part.start, part.stop), part.stop - part.start)
        elif isinstance(part, _Difference):
            writer.put_difference(dc[part.component], part.value)
        else:
            first = BitWriter()
            for component, value in zip(new.blocks, part.differences, strict=True):
                writer.put_difference(dc[component], value)
                writer.put(*ac[component][END_OF_BLOCK])
            if part.count > 1:
                for component in new.blocks:
                    first.put(*dc[component][0])
                    first.put(*ac[component][END_OF_BLOCK])
                for _ in range(part.count - 1):
                    writer.put(*first.pending)
    return new.interval.start, new.interval.end, writer.finish()
