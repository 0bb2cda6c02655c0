"""The elements in the items of a sequence that is still bytes, walked over without parsing their values."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from dcmaudit.dicom.dictionary import standard_vr
from dcmaudit.model.vrs import LONG_VR_CODES, SHORT_VR_CODES

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_SHORTEST = 24
"""Values shorter than this are of no interest to anybody who looks for pictures."""


class NotItemsError(Exception):
    """The bytes are no items, or do not fill them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one value lies in the bytes, and the tags that lead to it from the items on.

    ``beside`` are the short values of the same item, by which it may have to be understood.
    """

    path: tuple[int, ...]
    vr: str | None
    start: int
    end: int
    beside: dict[int, bytes] = field(repr=False)
    little: bool

    @property
    def creator(self) -> str | None:
        """The private creator that reserved the block of the element, None where there is none."""
        tag = self.path[-1]
        if not tag >> 16 & 1 or tag & 0xFFFF <= 0xFF:
            return None
        value = self.beside.get((tag >> 16 << 16) | (tag >> 8 & 0xFF))
        return value.decode("latin-1").strip(" \0") if value else None

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The values of an element of 16-bit numbers in the same item."""
        value = self.beside.get(tag, b"")
        return struct.unpack(f"{'<' if self.little else '>'}{len(value) // 2}H", value[: len(value) // 2 * 2])


def walk_items(data: bytes, *, implicit: bool, little: bool, deepest: int) -> Iterator[Place]:
    """Every value in the items of ``data`` but for short ones, at every depth; NotItemsError where there are none."""
    walk = _Walk(data, implicit=implicit, little=little, deepest=deepest)
    end = walk.items(0, len(data), (), 0, open_end=True)
    if data[end:].strip(b"\0"):
        raise NotItemsError
    return iter(walk.places)


class _Walk:
    def __init__(self, data: bytes, *, implicit: bool, little: bool, deepest: int) -> None:
        self._data, self._implicit, self._little, self._deepest = data, implicit, little, deepest
        self._tag = struct.Struct("<HHL" if little else ">HHL").unpack_from
        self._length = struct.Struct("<H" if little else ">H").unpack_from
        self._long = struct.Struct("<L" if little else ">L").unpack_from
        self._item = b"\xfe\xff\x00\xe0" if little else b"\xff\xfe\xe0\x00"
        self.places: list[Place] = []

    def items(self, at: int, end: int, path: tuple[int, ...], depth: int, *, open_end: bool) -> int:
        """Walk over items up to ``end`` or a delimiter; the position behind them."""
        if depth > self._deepest:
            raise NotItemsError
        while at + 8 <= end:
            group, number, length = self._tag(self._data, at)
            tag = group << 16 | number
            at += 8
            # A sequence of defined length has no delimiter (PS3.5 7.5.2).
            if tag == _SEQUENCE_END and open_end:
                return at
            if tag != _ITEM:
                raise NotItemsError
            if length == _UNDEFINED:
                at = self._elements(at, end, path, depth, open_end=True)
            else:
                if at + length > end:
                    raise NotItemsError
                at = self._elements(at, at + length, path, depth, open_end=False)
        if at < end and self._data[at:end].strip(b"\0"):
            raise NotItemsError
        return end

    def _elements(self, at: int, end: int, path: tuple[int, ...], depth: int, *, open_end: bool) -> int:
        beside: dict[int, bytes] = {}
        while at + 8 <= end:
            group, number, length = self._tag(self._data, at)
            tag = group << 16 | number
            if tag == _ITEM_END and open_end:
                return at + 8
            # A delimiter where an element should be: these are no items, or damaged ones.
            if group == 0xFFFE:
                raise NotItemsError
            vr, at, length = self._head(at, length)
            if length == _UNDEFINED:
                at = self._without_length(at, end, (*path, tag), vr, beside, depth)
                continue
            if at + length > end:
                raise NotItemsError
            if length < _SHORTEST:
                beside[tag] = self._data[at : at + length]
            elif not self._is_sequence(tag, vr, at) or not self._inside(at, at + length, (*path, tag), depth):
                self._note((*path, tag), vr, at, at + length, beside)
                # Private creators and descriptors are short; they are needed to judge their neighbours.
                if length < 128:
                    beside[tag] = self._data[at : at + length]
            at += length
        if open_end or at != end:
            raise NotItemsError
        return end

    def _head(self, at: int, length: int) -> tuple[bytes | None, int, int]:
        if self._implicit:
            return None, at + 8, length
        vr = self._data[at + 4 : at + 6]
        # Two reserved bytes, then four of length (PS3.5 7.1.2).
        if vr in LONG_VR_CODES:
            if at + 12 > len(self._data):
                raise NotItemsError
            return vr, at + 12, self._long(self._data, at + 8)[0]
        if vr not in SHORT_VR_CODES:
            raise NotItemsError
        return vr, at + 8, self._length(self._data, at + 6)[0]

    def _without_length(self, at: int, end: int, path: tuple[int, ...], vr: bytes | None, beside: dict[int, bytes],
                        depth: int) -> int:  # fmt: skip
        # Only encapsulated pixel data have an undefined length otherwise: fragments.
        if vr is not None and vr not in {b"SQ", b"UN"}:
            return self._fragments(at, end, path, vr, beside)
        if vr == b"UN" and not self._implicit:  # PS3.5 6.2.2
            inner = _Walk(self._data, implicit=True, little=True, deepest=self._deepest)
            behind = inner.items(at, end, path, depth + 1, open_end=True)
            self.places += inner.places
            return behind
        return self.items(at, end, path, depth + 1, open_end=True)

    def _fragments(self, at: int, end: int, path: tuple[int, ...], vr: bytes, beside: dict[int, bytes]) -> int:
        while at + 8 <= end:
            group, number, length = self._tag(self._data, at)
            at += 8
            if group << 16 | number == _SEQUENCE_END:
                return at
            if group << 16 | number != _ITEM or at + length > end:
                raise NotItemsError
            if length >= _SHORTEST:
                self._note(path, vr, at, at + length, beside)
            at += length
        raise NotItemsError

    def _is_sequence(self, tag: int, vr: bytes | None, at: int) -> bool:
        if vr is not None and vr != b"UN":
            return vr == b"SQ"
        begins = self._data[at : at + 4] in {self._item, b"\xfe\xff\x00\xe0"}
        # In implicit VR the dictionary knows what a standard element is; of others their first bytes tell.
        return begins if tag >> 16 & 1 or vr == b"UN" else begins and _is_standard_sequence(tag)

    def _inside(self, at: int, end: int, path: tuple[int, ...], depth: int) -> bool:
        """Whether what calls itself a sequence, or begins like one, is one: its values were noted then."""
        unknown = not self._implicit and self._data[at - 8 : at - 6] == b"UN"
        inner = _Walk(self._data, implicit=True, little=True, deepest=self._deepest) if unknown else self
        before = len(inner.places)
        try:
            inner.items(at, end, path, depth + 1, open_end=False)
        except NotItemsError:
            del inner.places[before:]
            return False
        if inner is not self:
            self.places += inner.places
        return True

    def _note(self, path: tuple[int, ...], vr: bytes | None, start: int, end: int, beside: dict[int, bytes]) -> None:
        self.places.append(Place(path, vr.decode("ascii") if vr else None, start, end, beside, self._little))


def _is_standard_sequence(tag: int) -> bool:
    return standard_vr(tag) in {None, "SQ"}
