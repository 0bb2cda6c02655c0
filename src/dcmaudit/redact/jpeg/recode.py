"""Coding all blocks of a codestream with other Huffman tables; the coefficients stay what they are."""

from __future__ import annotations

from collections.abc import Mapping

from dcmaudit.codecs.jpeg.entropy import Walker, scan_plan
from dcmaudit.codecs.jpeg.huffman import HuffmanSpec
from dcmaudit.codecs.jpeg.markers import Codestream, Interval, Scan, TableSegment
from dcmaudit.redact.jpeg.bits import BitWriter
from dcmaudit.redact.jpeg.rewrite import Replacement, replaced, table_changes

Codes = dict[int, tuple[int, int]]


def recode(stream: Codestream, specs: Mapping[TableSegment, HuffmanSpec]) -> bytes:
    """The codestream with those tables in place of the present ones, and every scan that uses them coded anew.

    The rare way out where a table has no room for a symbol; slow (symbol by symbol), and without shortcuts.
    """
    changes = table_changes(specs)
    for scan in stream.scans:
        if any(table in specs for component in scan.components for table in (component.dc, component.ac)):
            changes += [_interval(stream, scan, interval, specs) for interval in scan.intervals]
    return replaced(stream.data, changes)


def _interval(
    stream: Codestream, scan: Scan, interval: Interval, specs: Mapping[TableSegment, HuffmanSpec]
) -> Replacement:
    plan = scan_plan(stream, scan)
    walker = Walker(stream.data[interval.start : interval.end], len(scan.components), plan)
    old = [(c.dc.spec, c.ac.spec) for c in scan.components]
    new = [(specs.get(c.dc, c.dc.spec).codes, specs.get(c.ac, c.ac.spec).codes) for c in scan.components]
    writer = BitWriter()
    for _ in range(interval.count):
        for place, tables in plan:
            writer.put_difference(new[place][0], walker.read_difference(tables))
            start = walker.position
            walker.skip_coefficients(tables)
            _copy_coefficients(walker, writer, (start, walker.position), (old[place][1], new[place][1]))
    walker.require_end()
    return interval.start, interval.end, writer.finish()


def _copy_coefficients(
    walker: Walker, writer: BitWriter, span: tuple[int, int], tables: tuple[HuffmanSpec, Codes]
) -> None:
    spec, codes = tables
    by_code = spec.by_code
    at, stop = span
    while at < stop:
        code = length = 0
        while (code, length) not in by_code:
            code = walker.bits(at, at + length + 1)
            length += 1
        symbol = by_code[code, length]
        at += length
        size = symbol & 15
        writer.put(*codes[symbol])
        writer.put(walker.bits(at, at + size), size)
        at += size
