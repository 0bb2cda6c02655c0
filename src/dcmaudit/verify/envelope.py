"""The file around the data set: preamble, file meta information, its length to the last byte (PS3.10 7.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.model.limits import LEAST_OF_A_PICTURE
from dcmaudit.verify.deflate import fault_of_stream
from dcmaudit.verify.grammar import IMPLEMENTATION, VERSION, bare, is_text
from dcmaudit.verify.record import Record
from dcmaudit.verify.vrs import LONG_CODES

META, LENGTH = "file meta information", "file length"
JPEG_LOSSLESS = b"1.2.840.10008.1.2.4.70"
_LENGTH, _VERSION, _CLASS, _INSTANCE, _SYNTAX = 0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010
_WRITER, _WRITER_NAME = 0x00020012, 0x00020013
_PRIVATE = frozenset({0x00020100, 0x00020102})
_NEEDED = frozenset({_LENGTH, _VERSION, _CLASS, _INSTANCE, _SYNTAX, _WRITER, _WRITER_NAME})
_OWN = {_LENGTH, _VERSION, _INSTANCE, _SYNTAX, _WRITER, _WRITER_NAME}
"""Elements that describe the file and its writer; every other one must stay."""


@dataclass(slots=True)
class Envelope:
    """What a file has before its data set. ``start`` is where the data set begins.

    ``meta`` has the values of group 0002 with their padding. ``is_plain``: every element is written once, with an
    explicit VR, and its reserved bytes are 00.
    """

    preamble: bytes | None
    start: int
    meta: dict[int, bytes] = field(default_factory=dict)
    is_ordered: bool = True
    length_is_right: bool = True
    is_plain: bool = True


def read_envelope(source: ByteSource) -> Envelope:
    """The envelope of a file; one without preamble or without meta information has nothing of it."""
    start = source.read_at(0, 132)
    found = Envelope(start[:128] if start[128:] == b"DICM" else None, 132 if start[128:] == b"DICM" else 0)
    first, declared, last = found.start, None, -1
    while (head := source.read_at(found.start, 12))[:2] == b"\x02\0" and len(head) >= 8:
        tag = 0x00020000 | struct.unpack("<H", head[2:4])[0]
        if head[4:6] in LONG_CODES:
            value, length = found.start + 12, struct.unpack("<L", head[8:12])[0]
            found.is_plain &= head[6:8] == b"\0\0"
        elif head[4:6].isalpha() and head[4:6].isupper():
            value, length = found.start + 8, struct.unpack("<H", head[6:8])[0]
        else:  # implicit, which some writers use here
            value, length = found.start + 8, struct.unpack("<L", head[4:8])[0]
            found.is_plain = False
        found.meta[tag] = source.read_at(value, length)
        found.is_ordered &= tag > last
        last, found.start = tag, value + length
        if tag == _LENGTH and length == 4:
            first, declared = found.start, struct.unpack("<L", found.meta[tag])[0]
    found.length_is_right = declared is not None and found.start - first == declared
    return found


def compare_envelopes(record: Record, before: Envelope, after: Envelope, written_in: bytes, *, new: dict[int, bytes],
                      transcoded: bool, new_uids: bool, plain: bool = False) -> None:  # fmt: skip
    """Compare two envelopes.

    ``written_in`` is the transfer syntax of the original; ``new`` holds SOP Class (0008,0016) and Instance UID
    (0008,0018) of the new data set. ``plain``: only what a file has to say may be there.
    """
    record.require(META, "file meta information", "the file has no preamble", holds=after.preamble is not None)
    # 128 bytes of the application's own (PS3.10 7.1): room for a small picture.
    kept = after.preamble in {before.preamble, bytes(128)}
    record.require(META, "preamble", "it is neither that of the original nor empty", holds=kept)
    record.require(META, "(0002,0000)", "it is not the length of the group", holds=after.length_is_right)
    record.require(META, "file meta information", "its elements are out of order", holds=after.is_ordered)
    record.require(META, "file meta information", "an element has no VR, or something in its reserved bytes",
                   holds=after.is_plain)  # fmt: skip
    _compare_syntax(record, before, after, written_in, transcoded=transcoded)
    _compare_writer(record, before, after)
    for tag in sorted(before.meta.keys() - _OWN):
        name = f"(0002,{tag & 0xFFFF:04X})"
        if plain and tag not in _NEEDED:
            record.require(META, name, "it was to be left out", holds=tag not in after.meta)
            continue
        # Private information, and whatever is as long as a picture, may have been left out.
        gone = (tag in _PRIVATE or len(before.meta[tag]) >= LEAST_OF_A_PICTURE) and tag not in after.meta
        record.require(META, name, "it changed", holds=gone or _is_kept(before.meta, after.meta, tag))
    for tag in sorted(after.meta.keys() - before.meta.keys() - _OWN):
        # Only the class that the data set has may be added, where the original named none.
        holds = tag == _CLASS and is_text(after.meta[tag], bare(new.get(0x00080016, b"")), "UI")
        text = f"it is new ({len(after.meta[tag])} bytes)"
        record.require(META, f"(0002,{tag & 0xFFFF:04X})", text, holds=holds)
    instance = after.meta.get(_INSTANCE)
    # Neither the data set nor the original may name an instance: then there is none to name.
    holds = is_text(instance or b"", bare(new.get(0x00080018, b"")), "UI")
    if not new_uids and _INSTANCE in before.meta:
        holds = _is_kept(before.meta, after.meta, _INSTANCE)
    record.require(META, "(0002,0003)", "it is not the SOP Instance UID of the data set", holds=holds)


def _compare_syntax(record: Record, before: Envelope, after: Envelope, written_in: bytes, *, transcoded: bool) -> None:
    syntax = after.meta.get(_SYNTAX)
    wanted, text = bare(before.meta.get(_SYNTAX, written_in)), "the transfer syntax is another"
    if transcoded:
        wanted, text = JPEG_LOSSLESS, "it is not that of lossless JPEG"
    elif _SYNTAX not in before.meta:
        text = "it is not how the data set is written"
    record.require(META, "(0002,0010)", text, holds=is_text(syntax, wanted, "UI"))


def _compare_writer(record: Record, before: Envelope, after: Envelope) -> None:
    """Who wrote the file: dcmaudit, or as in the original. Free text here would be room for anything."""
    version = after.meta.get(_VERSION)
    record.require(META, "(0002,0001)", "it is not the version of the file meta information",
                   holds=version == b"\0\1" or _is_kept(before.meta, after.meta, _VERSION))  # fmt: skip
    for tag, own, vr in ((_WRITER, IMPLEMENTATION, "UI"), (_WRITER_NAME, VERSION, "SH")):
        value = after.meta.get(tag)
        holds = value is None or is_text(value, own, vr) or _is_kept(before.meta, after.meta, tag)
        length = 0 if value is None else len(value)
        record.require(META, f"(0002,{tag & 0xFFFF:04X})", "the program that wrote the file is neither dcmaudit nor "
                       f"named in the original ({length} bytes)", holds=holds)  # fmt: skip


def _is_kept(before: dict[int, bytes], after: dict[int, bytes], tag: int) -> bool:
    """Whether a value is the original's, or the original's without needless padding."""
    old, new = before.get(tag), after.get(tag)
    return old is not None and new is not None and (new == old or is_text(new, bare(old), "UI"))


def check_deflated_end(record: Record, source: ByteSource, start: int) -> None:
    """A deflated data set is one stream with nothing beside it, and at most one byte of padding (PS3.5 A.5)."""
    fault = fault_of_stream(source.read_at(start, source.size - start))
    record.require(LENGTH, "the end of the file", f"the deflated data set: {fault}", holds=fault is None)
