"""The elements of a data set as they lie in a file: a walk of our own, so that writer and proof share no mistake."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.errors import HeaderError
from dcmaudit.verify.vrs import LONG, SHORT

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_WINDOW = 1 << 16
_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Element:
    """One element: it begins at ``start``, its value at ``value``; ``end`` is one past its last byte.

    ``vr`` is None where none is written. ``length`` is the written one, UNDEFINED for values with a delimiter.
    ``cut`` says that the file ends inside it.
    """

    tag: int
    vr: str | None
    start: int
    value: int
    length: int
    end: int
    cut: bool = False

    @property
    def value_end(self) -> int:
        """One past the value, before the delimiter of an undefined length."""
        return self.end - 8 if self.length == UNDEFINED and not self.cut else self.end

    @property
    def name(self) -> str:
        """The tag as people write it."""
        return tag_name(self.tag)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a sequence: its head at ``start``, then its elements from ``value`` to before ``value_end``.

    ``length`` is the written one, UNDEFINED for items with a delimiter; ``end`` is one past the delimiter.
    """

    start: int
    value: int
    length: int
    value_end: int
    end: int
    elements: tuple[Element, ...]


def tag_name(tag: int) -> str:
    """(0010,0010) for 0x00100010."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


class DataSet:
    """Walks the elements of one data set in ``body``, written in one encoding."""

    def __init__(self, body: ByteSource, *, implicit: bool, little: bool, end: int | None = None) -> None:
        self.body = body
        self._end = body.size if end is None else end
        self._implicit = implicit
        self._order = "<" if little else ">"
        self.order: Literal["little", "big"] = "little" if little else "big"
        self._at, self._window = 0, b""

    def elements(self, start: int) -> Iterator[Element]:
        """The elements of the top level. Stops where no element's head is left, or none stands: see ``rest``."""
        at = start
        while at + 8 <= self._end:
            # Neither is the tag of an element: some writers fill a block of the disk with them behind the data set.
            if self._bytes(at, 4) in {b"\0\0\0\0", b"\xff\xff\xff\xff"}:
                return
            element = self._element(at, self.body.size, implicit=self._implicit, depth=0)
            yield element
            at = element.end

    def rest(self, end: int) -> bytes:
        """What stands behind the last element, at most a MiB of it."""
        return self.body.read_at(end, min(1 << 20, max(0, self.body.size - end)))

    def is_sequence(self, element: Element) -> bool:
        """Whether the value is items: by its VR, or by how it begins where no VR tells."""
        if element.tag in PIXELS or (0x6000 <= element.tag >> 16 <= 0x60FF and element.tag & 0xFFFF == 0x3000):
            return False  # an overlay may lie in fragments, too
        if element.vr == "SQ":
            return True
        if element.vr not in {None, "UN"}:
            return False
        # UN of undefined length is a sequence, its items in implicit encoding (PS3.5 6.2.2, note 2).
        if element.length == UNDEFINED:
            return True
        if element.vr == "UN" or element.length < 8 or element.cut:
            return False
        # Without a VR only the dictionary could tell; how the value begins tells it for private elements, too.
        return self._head(element.value, implicit=True)[0] == ITEM and self._fits(element)

    def items(self, element: Element) -> Iterator[tuple[Element, ...]]:
        """The elements of each item of a sequence, as far as there are any."""
        for item in self.parts(element, strict=False):
            yield item.elements

    def parts(self, element: Element, *, strict: bool = True) -> Iterator[Item]:
        """The items of a sequence. ``strict``: they must lead to its last byte, else HeaderError."""
        implicit = self._implicit or element.vr == "UN"  # PS3.5 6.2.2
        at, end = element.value, element.value_end
        few = 0 if strict else 7  # bytes that hold no head any more, behind the last item or element
        while at + few < end:
            tag, _, value, length = self._head(at, implicit=True)
            stop = end if length == UNDEFINED else value + length
            # An item that leads behind its sequence, or something else than one.
            if tag != ITEM or stop > end:
                raise self._broken(at)
            found: list[Element] = []
            inner = value
            while inner + few < stop:
                if length == UNDEFINED and self._head(inner, implicit=True)[0] == ITEM_END:
                    break
                found.append(self._element(inner, stop, implicit=implicit, depth=1))
                inner = found[-1].end
            if strict and inner != stop and not (length == UNDEFINED and inner + 8 <= end):
                raise self._broken(inner)
            after = inner + 8 if length == UNDEFINED else stop
            yield Item(at, value, length, inner, after, tuple(found))
            at = after

    def raw(self, element: Element, limit: int = 1 << 20) -> bytes:
        """The value as it is, at most ``limit`` bytes of it."""
        return self.body.read_at(element.value, min(limit, element.value_end - element.value))

    def bytes_of(self, start: int, end: int) -> bytes:
        """The bytes from ``start`` to before ``end``, which must be few."""
        return self.body.read_at(start, end - start)

    def head(self, element: Element) -> bytes:
        """Tag, VR, reserved bytes and length as they are written."""
        return self.body.read_at(element.start, element.value - element.start)

    def is_implicit_in(self, element: Element | None) -> bool:
        """Whether the elements in a sequence, or those of the top level, are written without VR."""
        return self._implicit or (element is not None and element.vr == "UN")

    def _fits(self, element: Element) -> bool:
        _, _, value, length = self._head(element.value, implicit=True)
        return length == UNDEFINED or value + length <= element.end

    def _element(self, at: int, limit: int, *, implicit: bool, depth: int) -> Element:
        tag, vr, value, length = self._head(at, implicit=implicit)
        if depth > _DEEPEST:
            raise self._broken(at)
        if length != UNDEFINED:
            # Pixel data alone may be cut short: the frames that are there are still shown.
            cut = value + length > limit
            if cut and not (depth == 0 and tag in PIXELS):
                raise self._broken(at)
            return Element(tag, vr, at, value, length, min(limit, value + length), cut)
        if tag in PIXELS:
            end, cut = self._fragments_end(value, limit)
            return Element(tag, vr, at, value, length, end, cut)
        return Element(tag, vr, at, value, length, self._sequence_end(value, limit, implicit or vr == "UN", depth + 1))

    def _sequence_end(self, at: int, limit: int, implicit: bool, depth: int) -> int:  # noqa: FBT001 - private
        while at + 8 <= limit:
            tag, _, value, length = self._head(at, implicit=True)
            if tag == SEQUENCE_END:
                return value
            if tag != ITEM:
                break
            at = value + length
            if length == UNDEFINED:
                at = value
                while self._head(at, implicit=True)[0] != ITEM_END:
                    at = self._element(at, limit, implicit=implicit, depth=depth + 1).end
                at += 8
        raise self._broken(at)

    def _fragments_end(self, at: int, limit: int) -> tuple[int, bool]:
        while at + 8 <= limit:
            tag, length = struct.unpack("<2H", self._bytes(at, 4)), struct.unpack("<L", self._bytes(at + 4, 4))[0]
            # Fragments are little endian in every syntax that has them (PS3.5 A.4).
            if tag == (0xFFFE, 0xE0DD):
                return at + 8, False
            if tag != (0xFFFE, 0xE000) or at + 8 + length > limit:
                return min(at if tag != (0xFFFE, 0xE000) else limit, limit), True
            at += 8 + length
        return limit, True

    def _head(self, at: int, *, implicit: bool) -> tuple[int, str | None, int, int]:
        head = self._bytes(at, 12)
        if len(head) < 8:
            raise self._broken(at)
        group, number = struct.unpack(f"{self._order}HH", head[:4])
        tag = group << 16 | number
        written = head[4:6].decode("latin-1")
        # Some writers put an explicit VR before the pixel data of an implicit data set.
        explicit = not implicit or (tag in PIXELS and written in {"OB", "OW"} and head[6:8] == b"\0\0")
        if group == 0xFFFE or not explicit:
            return tag, None, at + 8, struct.unpack(f"{self._order}L", head[4:8])[0]
        if written in SHORT:
            return tag, written, at + 8, struct.unpack(f"{self._order}H", head[6:8])[0]
        # A VR of a later edition has the long form; anything else is no VR.
        if written not in LONG and not (written.isalpha() and written.isupper()):
            raise self._broken(at)
        if len(head) < 12:
            raise self._broken(at)
        return tag, written, at + 12, struct.unpack(f"{self._order}L", head[8:12])[0]

    def _bytes(self, at: int, length: int) -> bytes:
        begin = at - self._at
        if begin < 0 or begin + length > len(self._window):
            near = 0 <= begin <= len(self._window) + _WINDOW
            self._at, begin = at, 0
            self._window = self.body.read_at(at, _WINDOW if near else 64)  # far: over a large value, to a head
        return self._window[begin : begin + length]

    def _broken(self, at: int) -> HeaderError:
        return HeaderError(f"the element at byte {at} leads outside of its data set, or is none", file=self.body.name)
