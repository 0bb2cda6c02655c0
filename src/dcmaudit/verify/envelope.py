"""The file around the data set: preamble, file meta information, its length to the last byte (PS3.10 7.1)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.verify.record import Record

META, LENGTH = "file meta information", "file length"
_LONG = {b"OB", b"OW", b"UN", b"SQ", b"UT", b"OF", b"OD", b"OL", b"OV", b"UC", b"UR", b"SV", b"UV"}
JPEG_LOSSLESS = b"1.2.840.10008.1.2.4.70"
_CLASS, _INSTANCE, _SYNTAX = 0x00020002, 0x00020003, 0x00020010
_OWN = {0x00020000, 0x00020001, _INSTANCE, _SYNTAX, 0x00020012, 0x00020013}
"""Elements that describe the file and its writer; every other one must stay."""


@dataclass(slots=True)
class Envelope:
    """What a file has before its data set. ``start`` is where the data set begins."""

    preamble: bytes | None
    start: int
    meta: dict[int, bytes] = field(default_factory=dict)
    is_ordered: bool = True
    length_is_right: bool = True


def read_envelope(source: ByteSource) -> Envelope:
    """The envelope of a file; one without preamble or without meta information has nothing of it."""
    head = source.read_at(0, 132)
    found = Envelope(head[:128] if head[128:] == b"DICM" else None, 132 if head[128:] == b"DICM" else 0)
    first, declared, last = found.start, None, -1
    while (head := source.read_at(found.start, 12))[:2] == b"\x02\0" and len(head) >= 8:
        tag = 0x00020000 | struct.unpack("<H", head[2:4])[0]
        if head[4:6] in _LONG:
            value, length = found.start + 12, struct.unpack("<L", head[8:12])[0]
        elif head[4:6].isalpha() and head[4:6].isupper():
            value, length = found.start + 8, struct.unpack("<H", head[6:8])[0]
        else:  # implicit, which some writers use here
            value, length = found.start + 8, struct.unpack("<L", head[4:8])[0]
        found.meta[tag] = source.read_at(value, length)
        found.is_ordered &= tag > last
        last, found.start = tag, value + length
        if tag == 0x00020000 and length == 4:
            first, declared = found.start, struct.unpack("<L", found.meta[tag])[0]
    found.length_is_right = declared is not None and found.start - first == declared
    return found


def compare_envelopes(record: Record, before: Envelope, after: Envelope, written_in: bytes, *, new: dict[int, bytes],
                      transcoded: bool, new_uids: bool) -> None:  # fmt: skip
    """Compare two envelopes.

    ``written_in`` is the transfer syntax of the original; ``new`` holds SOP Class (0008,0016) and Instance UID
    (0008,0018) of the new data set.
    """
    record.require(META, "file meta information", "the file has no preamble", holds=after.preamble is not None)
    kept = after.preamble in {before.preamble, bytes(128)}
    record.require(META, "preamble", "it is neither that of the original nor empty", holds=kept)
    record.require(META, "(0002,0000)", "it is not the length of the group", holds=after.length_is_right)
    record.require(META, "file meta information", "its elements are out of order", holds=after.is_ordered)
    syntax = _bare(after.meta.get(_SYNTAX))
    if transcoded:
        record.require(META, "(0002,0010)", "it is not that of lossless JPEG", holds=syntax == JPEG_LOSSLESS)
    elif _SYNTAX in before.meta:
        same = syntax == _bare(before.meta[_SYNTAX])
        record.require(META, "(0002,0010)", "the transfer syntax is another", holds=same)
    else:
        record.require(META, "(0002,0010)", "it is not how the data set is written", holds=syntax == written_in)
    for tag in sorted(before.meta.keys() - _OWN):
        name = f"(0002,{tag & 0xFFFF:04X})"
        record.require(META, name, "it changed", holds=_bare(after.meta.get(tag)) == _bare(before.meta[tag]))
    for tag in sorted(after.meta.keys() - before.meta.keys() - _OWN):
        holds = tag == _CLASS and _bare(after.meta[tag]) == _bare(new.get(0x00080016))
        record.require(META, f"(0002,{tag & 0xFFFF:04X})", "it is new", holds=holds)
    instance = _bare(after.meta.get(_INSTANCE))
    allowed = {_bare(new.get(0x00080018))}
    if not new_uids and _INSTANCE in before.meta:
        allowed = {_bare(before.meta[_INSTANCE])}
    record.require(META, "(0002,0003)", "it is not the SOP Instance UID of the data set",
                   holds=instance in allowed)  # fmt: skip


def check_deflated_end(record: Record, source: ByteSource, start: int) -> None:
    """A deflated data set ends with its stream, and at most one byte of padding (PS3.5 A.5)."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    at = start
    while not unpacker.eof and (unpacker.unconsumed_tail or at < source.size):
        data = unpacker.unconsumed_tail or source.read_at(at, 1 << 16)
        if not unpacker.unconsumed_tail:
            at += len(data)
        unpacker.decompress(data, 1 << 20)
    left = len(unpacker.unused_data) + max(0, source.size - at)
    holds = unpacker.eof and (left == 0 or (left == 1 and unpacker.unused_data == b"\0"))
    record.require(LENGTH, "the end of the file", f"{left} bytes stand behind the deflated data set", holds=holds)


def _bare(value: bytes | None) -> bytes | None:
    return None if value is None else value.rstrip(b" \0")
