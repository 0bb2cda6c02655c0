"""The fragments of encapsulated pixel data, and the tables that point at them (PS3.5 A.4)."""

from __future__ import annotations

import struct
from itertools import pairwise

from dcmaudit.dicom.frames import FrameReader
from dcmaudit.model.counts import counted
from dcmaudit.verify.dataset import DataSet, Element
from dcmaudit.verify.record import Record

FRAGMENTS, TABLES, COUNT = "fragments", "offset tables", "number of frames"
_EXTENDED, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_BEGINNINGS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ")


def check_fragments(record: Record, reader: FrameReader) -> None:
    """Every item whole and of even length, the delimiter there, and the offset table true or empty."""
    fragments = reader.element.fragments
    if fragments is None:
        return
    where = "pixel data"
    record.require(FRAGMENTS, where, "they end without their delimiter", holds=not fragments.cut)
    # The delimiter's length is 0 (PS3.5 A.4); other bytes there could say something.
    if not fragments.cut:
        end = reader.body.read_at(fragments.end - 8, 8)
        record.require(FRAGMENTS, where, "their delimiter has a length", holds=end == b"\xfe\xff\xdd\xe0\0\0\0\0")
    odd = sum(length % 2 for length in fragments.lengths)
    record.require(FRAGMENTS, where, f"{counted(odd, 'fragment has', 'fragments have')} an odd length", holds=not odd)
    # Where a frame is cut into pieces could say something, and only a codestream of 4 GiB has to be cut.
    record.require(FRAGMENTS, where, f"{len(fragments.lengths)} fragments hold {reader.count} frames",
                   holds=len(fragments.lengths) == reader.count)  # fmt: skip
    table = reader.body.read_at(reader.element.offset, 8)
    holds = table[:4] == b"\xfe\xff\0\xe0" and struct.unpack("<L", table[4:])[0] == 4 * len(fragments.table)
    record.require(FRAGMENTS, where, "they do not begin with an offset table", holds=holds)
    if fragments.table:
        starts = [offset - 8 - fragments.first_item for offset in fragments.offsets]
        _check_table(record, "basic offset table", fragments.table, starts, reader)


def _check_table(record: Record, name: str, table: tuple[int, ...], starts: list[int], reader: FrameReader) -> None:
    """Each entry must be where a frame begins: at every fragment where there are as many, else at a codestream."""
    record.require(TABLES, name, f"it has {len(table)} entries for {reader.count} frames",
                   holds=len(table) == reader.count)  # fmt: skip
    # One fragment a frame: each entry can be held against it.
    if len(starts) == reader.count:
        record.require(TABLES, name, "its entries are not where the frames begin", holds=list(table) == starts)
        return
    known = {start: number for number, start in enumerate(starts)}
    rising = all(a < b for a, b in pairwise(table))
    there = [known[entry] for entry in table if entry in known]
    fragments = reader.element.fragments
    true = rising and len(there) == len(table) and there[:1] == [0] and fragments is not None
    if true and fragments is not None:
        heads = (reader.body.read_at(fragments.offsets[number], 16) for number in there)
        true = all(head.startswith(_BEGINNINGS) for head in heads)
    record.require(TABLES, name, "its entries are not where the frames begin", holds=true)


def check_extended(record: Record, data: DataSet, elements: dict[int, Element], reader: FrameReader) -> None:
    """An extended offset table, where there is one, names each frame's place and length (PS3.3 C.7.6.3.1.8)."""
    fragments = reader.element.fragments
    table, lengths = elements.get(_EXTENDED), elements.get(_EXTENDED_LENGTHS)
    if fragments is None or (table is None and lengths is None):
        return
    name = "extended offset table"
    if table is None or lengths is None:
        record.fail(TABLES, name, "it is there by halves")
        return
    places = _numbers(data.raw(table, 1 << 26))
    record.require(TABLES, name, "both offset tables are filled", holds=not fragments.table)
    starts = [offset - 8 - fragments.first_item for offset in fragments.offsets]
    _check_table(record, name, places, starts, reader)
    sizes = _numbers(data.raw(lengths, 1 << 26))
    true = len(sizes) == len(fragments.lengths) and all(
        # Lengths are those of the codestreams, fragments are padded to even ones.
        written in {there, there - 1}
        for written, there in zip(sizes, fragments.lengths, strict=True)
    )
    record.require(TABLES, name, "its lengths are not those of the frames", holds=true)


def _numbers(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(value) // 8}Q", value[: len(value) // 8 * 8])


def check_count(record: Record, old: FrameReader, new: FrameReader) -> None:
    """NumberOfFrames says how many frames there are, unless it was wrong in the original already."""
    if new.count != new.declared and (old.count, old.declared) == (new.count, new.declared):
        record.note(f"NumberOfFrames is {new.declared} and there are {new.count} frames, as in the original")
        return
    record.require(COUNT, "image", f"NumberOfFrames is {new.declared}, there are {new.count} frames",
                   holds=new.count == new.declared)  # fmt: skip
