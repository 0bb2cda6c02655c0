"""Where each element of a data set lies in the file, so that what does not change can be copied byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from dcmaudit.dicom.header import PIXEL_TAGS, Header
from dcmaudit.errors import HeaderError
from dcmaudit.model.vrs import LONG_VR_CODES

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 32
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """One element: from ``start`` to ``end`` of the body, its value from ``value`` on.

    ``length`` is what its header says: UNDEFINED, or the bytes of the value. ``vr`` is None in implicit encoding.
    """

    tag: int
    vr: bytes | None
    start: int
    value: int
    length: int
    end: int

    @property
    def value_end(self) -> int:
        """Where the value ends: before the delimiter of an undefined length."""
        return self.end - 8 if self.length == UNDEFINED else self.end


class Readable(Protocol):
    """Bytes by their place in a body."""

    @property
    def name(self) -> str:
        """What the input is called."""
        ...

    @property
    def size(self) -> int:
        """Where the bytes end."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """The bytes from ``offset`` on: ``length`` of them, or fewer at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a body, held in memory, under the offsets that it has in the body."""

    name: str
    start: int
    data: bytes

    @property
    def size(self) -> int:
        """Where it ends."""
        return self.start + len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """As of the body; nothing outside of the part."""
        return self.data[offset - self.start : offset - self.start + length]


class Walker:
    """Reads element headers of one body; ``implicit`` and the byte order are those of the data set."""

    def __init__(self, header: Header, body: Readable | None = None) -> None:
        self._body = header.body if body is None else body
        self._implicit = header.syntax.implicit
        self._order = "<" if header.syntax.little_endian else ">"
        self._pixels = {element.tag: element for element in header.pixels}
        self._end = header.body.size if header.end is None else header.end
        self._filled: dict[int, bool] = {}

    def data_set(self, start: int) -> Iterator[Span]:
        """The elements of the data set that begins at ``start``, up to the last one that can be read behind pixel data.

        HeaderError where an element's length leads outside of the body: such a file cannot be copied exactly. Zero
        bytes behind the last element, with which some writers fill blocks, are no element.
        """
        at = start
        while at + 8 <= self._end:
            # Some writers fill a block of the disk with zeros behind the data set.
            if self._body.read_at(at, 8) == bytes(8) and self._is_zero(at):
                return
            span = self._span(at, self._implicit, self._body.size, 0)
            yield span
            at = span.end

    def _is_zero(self, start: int) -> bool:
        pieces = range(start, self._body.size, _CHUNK)
        return all(not any(self._body.read_at(at, _CHUNK)) for at in pieces)

    def is_sequence(self, span: Span) -> bool:
        """Whether the element is a sequence; an unknown one in implicit encoding where it begins like one."""
        if span.vr is None:
            is_overlay = 0x6000 <= span.tag >> 16 <= 0x60FF and span.tag & 0xFFFF == 0x3000  # it may lie in fragments
            return span.tag not in PIXEL_TAGS and not is_overlay and self.begins_with_item(span)
        return span.vr == b"SQ" or (span.vr == b"UN" and span.length == UNDEFINED)

    def items(self, span: Span) -> Iterator[tuple[int, int]]:
        """Start and end of the content of each item of a sequence."""
        at, end = span.value, span.value_end
        while at + 8 <= end:
            tag, _, value, length = self._head(at, implicit=True)
            if tag != ITEM:
                return
            stop = value + length if length != UNDEFINED else self._item_end(value, end, implicit=self._inside(span))
            yield value, stop
            at = stop if length != UNDEFINED else stop + 8

    def elements(self, span: Span, start: int, end: int) -> Iterator[Span]:
        """The elements of one item of the sequence ``span``."""
        at = start
        while at + 8 <= end:
            inner = self._span(at, self._inside(span), end, 1)
            yield inner
            at = inner.end

    def fills(self, span: Span) -> bool:
        """Whether a sequence's items, and the elements of each, can be read and take all of its bytes."""
        if span.start not in self._filled:
            self._filled[span.start] = self._fills(span)
        return self._filled[span.start]

    def _fills(self, span: Span) -> bool:
        try:
            at = span.value
            for start, end in self.items(span):
                if start != at + 8 or end > span.value_end:
                    return False
                inside = start
                for inner in self.elements(span, start, end):
                    if self.is_sequence(inner) and not self.fills(inner):
                        return False
                    inside = inner.end
                if inside != end:
                    return False
                at = self.item_end(start, end)
        except HeaderError:
            return False
        return at == span.value_end

    def item_end(self, start: int, end: int) -> int:
        """Where an item ends whose content is from ``start`` to ``end``: behind its delimiter, if it has one."""
        return end + 8 if self._body.read_at(start - 4, 4) == b"\xff\xff\xff\xff" else end

    def begins_with_item(self, span: Span) -> bool:
        """Whether the value begins like a sequence: all that tells one in implicit encoding."""
        if span.length == UNDEFINED:
            return span.tag not in PIXEL_TAGS
        if span.length < 8:
            return False
        tag, _, value, length = self._head(span.value, implicit=True)
        return tag == ITEM and (length == UNDEFINED or value + length <= span.end)

    def _inside(self, span: Span) -> bool:
        # A sequence whose VR nobody knew is written as UN in implicit little endian (PS3.5 6.2.2).
        return self._implicit or span.vr == b"UN"

    def _head(self, at: int, *, implicit: bool) -> tuple[int, bytes | None, int, int]:
        head = self._body.read_at(at, 12)
        if len(head) < 8:
            raise _broken(self._body, at)
        group, number = struct.unpack(f"{self._order}HH", head[:4])
        tag = group << 16 | number
        if implicit or group == 0xFFFE:
            return tag, None, at + 8, struct.unpack(f"{self._order}L", head[4:8])[0]
        vr = head[4:6]
        if vr in LONG_VR_CODES:
            if len(head) < 12:
                raise _broken(self._body, at)
            return tag, vr, at + 12, struct.unpack(f"{self._order}L", head[8:12])[0]
        return tag, vr, at + 8, struct.unpack(f"{self._order}H", head[6:8])[0]

    def _span(self, at: int, implicit: bool, limit: int, depth: int) -> Span:  # noqa: FBT001 - private, always named by place
        tag, vr, value, length = self._head(at, implicit=implicit)
        pixels = self._pixels.get(tag) if depth == 0 and tag in PIXEL_TAGS else None
        # The reader has walked its fragments already, and knows how far they are there.
        if pixels is not None:
            vr = pixels.vr.encode() if pixels.vr else None
            declared = UNDEFINED if pixels.declared is None else pixels.declared
            return Span(tag, vr, at, pixels.offset, declared, pixels.offset + pixels.length)
        if length == UNDEFINED:
            end = self._sequence_end(value, limit, implicit=implicit or vr == b"UN", depth=depth + 1)
        else:
            end = value + length
        if end > limit:
            raise _broken(self._body, at)
        return Span(tag, vr, at, value, length, end)

    def _sequence_end(self, at: int, limit: int, *, implicit: bool, depth: int) -> int:
        if depth > _DEEPEST:
            raise _broken(self._body, at)
        while at + 8 <= limit:
            tag, _, value, length = self._head(at, implicit=True)
            if tag == SEQUENCE_END:
                return value
            if tag != ITEM:
                raise _broken(self._body, at)
            at = value + length if length != UNDEFINED else self._item_end(
                value, limit, implicit=implicit, depth=depth + 1
            ) + 8  # fmt: skip
        raise _broken(self._body, at)

    def _item_end(self, at: int, limit: int, *, implicit: bool, depth: int = 1) -> int:
        """Where the content of an item of undefined length ends: at its delimiter."""
        while at + 8 <= limit:
            tag, *_ = self._head(at, implicit=True)
            if tag == ITEM_END:
                return at
            at = self._span(at, implicit, limit, depth).end
        raise _broken(self._body, at)


def data_set_start(header: Header) -> int:
    """Where the data set begins in the header's body: behind the file meta information (PS3.10 7.1)."""
    body = header.body
    if header.syntax.deflated:
        return 0
    at = 132 if body.read_at(128, 4) == b"DICM" else 0
    while True:
        head = body.read_at(at, 12)
        if len(head) < 8 or head[:2] != b"\x02\0":
            return at
        vr = head[4:6]
        # Group 2 is explicit by PS3.10 7.1, and implicit in some files.
        if vr.isalpha() and vr.isupper():
            long = vr in LONG_VR_CODES
            at += (12 if long else 8) + struct.unpack("<L" if long else "<H", head[8:12] if long else head[6:8])[0]
        else:
            at += 8 + struct.unpack("<L", head[4:8])[0]


def _broken(body: Readable, at: int) -> HeaderError:
    return HeaderError(
        f"the element at byte {at} leads outside of its data set", file=body.name, hint="the file is damaged"
    )
