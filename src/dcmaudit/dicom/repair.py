"""Data sets with delimiters and items where none belong, put right so that what other viewers show is shown here."""

from __future__ import annotations

import io
import struct
from collections import Counter
from dataclasses import dataclass, field

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.fragments import walk_fragments
from dcmaudit.model.vrs import LONG_VR_CODES, SHORT_VR_CODES

_ITEM, _ITEM_END, _SEQUENCE_END, _NOTHING = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0
_UNDEFINED = 0xFFFFFFFF
_MOST = 512 << 20
"""Bytes of a file that are put right: they are copied into memory."""
_MOST_EDITS = 100
_FRAGMENTED = {0x7FE00008, 0x7FE00009, 0x7FE00010}


@dataclass(frozen=True, slots=True)
class Mended:
    """The bytes of the whole file put right, remarks about what was done, and the items that belong to no sequence.

    The remarks count; ``orphans`` is how many bytes were left out with such items.
    """

    body: ByteSource
    notes: tuple[str, ...]
    orphans: int


@dataclass(slots=True)
class _Level:
    """One open sequence (``is_item`` false) or item. ``end`` is None where its length is undefined."""

    start: int
    end: int | None
    implicit: bool
    is_item: bool = False
    is_orphan: bool = False


@dataclass(slots=True)
class _Edits:
    pieces: list[tuple[int, int, bytes]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    orphans: int = 0

    def remove(self, start: int, end: int, note: str) -> None:
        self.pieces.append((start, end, b""))
        self.notes[note] += 1

    def insert(self, at: int, data: bytes, note: str) -> None:
        self.pieces.append((at, at, data))
        self.notes[note] += 1


class _HopelessError(Exception):
    """Something else is wrong with the data set."""


def mended(body: ByteSource, position: int, *, implicit: bool, little: bool) -> Mended | None:
    """The file with its data set, which begins at ``position``, put right; None where nothing could be or had to be.

    What is put right: delimiters without their sequence or item, or twice; items without a sequence; items without
    their end; empty elements (0000,0000).
    """
    if body.size > _MOST:
        return None
    data = body.read_at(0, body.size)
    walk = _Walk(body, data, implicit=implicit, little=little)
    try:
        walk.run(position)
    except (_HopelessError, struct.error):
        return None
    edits = walk.edits
    if not edits.pieces:
        return None
    parts, at = [], 0
    for start, end, new in sorted(edits.pieces):
        if start >= at:
            parts += [data[at:start], new]
            at = end
    parts.append(data[at:])
    notes = tuple(note if count == 1 else f"{note} ({count} times)" for note, count in edits.notes.items())
    return Mended(ByteSource(io.BytesIO(b"".join(parts)), name=body.name), notes, edits.orphans)


class _Walk:
    def __init__(self, body: ByteSource, data: bytes, *, implicit: bool, little: bool) -> None:
        self._body, self._data, self._implicit = body, data, implicit
        order = "<" if little else ">"
        self._tag = struct.Struct(f"{order}HHL").unpack_from
        self._short = struct.Struct(f"{order}H").unpack_from
        self._long = struct.Struct(f"{order}L").unpack_from
        self._delimiter = struct.Struct(f"{order}HHL").pack
        self._last = len(data.rstrip(b"\0"))
        self._levels: list[_Level] = []
        self.edits = _Edits()

    def run(self, at: int) -> None:
        """Walk from ``at`` to the end; _HopelessError where that is not possible."""
        marks = {_SEQUENCE_END: self._sequence_end, _ITEM_END: self._item_end, _NOTHING: self._nothing}
        while at + 8 <= len(self._data):
            self._close_at(at)
            group, number, length = self._tag(self._data, at)
            tag = group << 16 | number
            if tag == _NOTHING and at >= self._last:
                break
            if tag in marks:
                marks[tag](at, length)
                at += 8
            elif tag == _ITEM:
                at = self._item(at, length)
            else:
                at = self._element(at, tag, length)
        if any(level.end is None for level in self._levels):
            raise _HopelessError

    @property
    def _top(self) -> _Level | None:
        return self._levels[-1] if self._levels else None

    def _close_at(self, at: int) -> None:
        while self._levels and (end := self._levels[-1].end) is not None and at >= end:
            if at > end:
                raise _HopelessError
            self._levels.pop()

    def _end_item_before(self, at: int) -> bool:
        """End an item that lacks its end, if the level is one; whether its sequence is the level now."""
        top = self._top
        if top is None or not top.is_item or top.end is not None or top.is_orphan:
            return False
        self._levels.pop()
        self.edits.insert(at, self._delimiter(0xFFFE, 0xE00D, 0), "an item lacks its end")
        return True

    def _sequence_end(self, at: int, _length: int) -> None:
        top = self._top
        if (top is not None and not top.is_item and top.end is None) or self._end_item_before(at):
            self._levels.pop()
        else:
            self.edits.remove(at, at + 8, "a delimiter of a sequence stands where none is open")

    def _item_end(self, at: int, _length: int) -> None:
        top = self._top
        if top is None or not top.is_item or top.end is not None:
            self.edits.remove(at, at + 8, "a delimiter of an item stands where none is open")
            return
        self._levels.pop()
        if top.is_orphan:
            self._orphan(top.start, at + 8)

    def _nothing(self, at: int, length: int) -> None:
        if length or len(self.edits.pieces) >= _MOST_EDITS:
            raise _HopelessError
        self.edits.remove(at, at + 8, "an element (0000,0000) was passed over")

    def _item(self, at: int, length: int) -> int:
        top = self._top
        end = None if length == _UNDEFINED else at + 8 + length
        if end is not None and end > len(self._data):
            raise _HopelessError
        if top is None or (top.is_item and not self._end_item_before(at)):
            if end is not None:
                self._orphan(at, end)
                return end
            self._levels.append(_Level(at, None, self._implicit, is_item=True, is_orphan=True))
            return at + 8
        implicit = self._levels[-1].implicit
        self._levels.append(_Level(at, end, implicit, is_item=True))
        return at + 8

    def _orphan(self, start: int, end: int) -> None:
        self.edits.remove(start, end, "an item belongs to no sequence")
        self.edits.orphans += end - start

    def _element(self, at: int, tag: int, length: int) -> int:
        top = self._top
        if top is not None and not top.is_item:
            raise _HopelessError
        implicit = top.implicit if top is not None else self._implicit
        vr, at, length = self._head(at, length, implicit=implicit)
        if length != _UNDEFINED:
            limit = next((level.end for level in reversed(self._levels) if level.end is not None), len(self._data))
            if at + length > limit:
                raise _HopelessError
            return at + length
        is_overlay = 0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x3000
        if tag in _FRAGMENTED or is_overlay or vr not in {None, b"SQ", b"UN"}:
            fragments = walk_fragments(self._body, at, trusting=False)
            if fragments.cut:
                raise _HopelessError
            return fragments.end
        self._levels.append(_Level(at, None, implicit or vr == b"UN"))
        return at

    def _head(self, at: int, length: int, *, implicit: bool) -> tuple[bytes | None, int, int]:
        if implicit:
            return None, at + 8, length
        vr = self._data[at + 4 : at + 6]
        if vr in LONG_VR_CODES:
            return vr, at + 12, self._long(self._data, at + 8)[0]
        if vr not in SHORT_VR_CODES:
            raise _HopelessError
        return vr, at + 8, self._short(self._data, at + 6)[0]
