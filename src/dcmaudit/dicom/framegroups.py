"""The items of the Per-frame Functional Groups Sequence (PS3.3 C.7.6.16), found without parsing them.

An enhanced image has one item a frame, ten thousand in a slide. Parsing them all takes seconds; stepping over their
headers takes a fraction, and one frame needs one item.
"""

from __future__ import annotations

import io
import struct
from array import array
from dataclasses import dataclass, field
from functools import cache

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.bytesource import ByteSource
from dcmaudit.dicom.quiet import quietly
from dcmaudit.errors import HeaderError, TruncatedError
from dcmaudit.model.vrs import LONG_VR_CODES

PER_FRAME = 0x52009230
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_DEEPEST = 32


@dataclass(slots=True)
class FrameGroups:
    """Where the items lie in the body; ``item(k)`` parses one.

    ``broken`` are the numbers of the items whose elements do not fill them: what they hold is known to nobody.
    """

    body: ByteSource
    implicit: bool
    little: bool
    start: int
    end: int = 0
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("Q"))
    broken: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.offsets)

    def item(self, index: int) -> Attributes | None:
        """The attributes of one item; None where there is no such item. Of a ``broken`` one they are empty."""
        if not 0 <= index < len(self.offsets):
            return None
        data = self.body.read_at(self.offsets[index], self.lengths[index])
        try:
            with quietly():
                return Attributes(read_dataset(io.BytesIO(data), self.implicit, self.little, bytelength=len(data)))
        except Exception:
            self.broken.add(index)
            return Attributes(Dataset())

    @property
    def problem(self) -> str | None:
        """In words which items are broken, None where none is known to be."""
        if not self.broken:
            return None
        count, first = len(self.broken), min(self.broken) + 1
        which = f"item {first} of {len(self)}" if count == 1 else f"{count} of {len(self)} items, the first is {first},"
        return f"{which} cannot be parsed: what is in it was not looked at"

    def holds(self, marker: bytes) -> bool:
        """Whether the bytes of a tag occur anywhere in the sequence."""
        step = 1 << 20
        return any(
            marker in self.body.read_at(at, min(step + len(marker), self.end - at))
            for at in range(self.start, self.end, step)
        )


def frame_groups(body: ByteSource, start: int, length: int, *, implicit: bool, little: bool) -> FrameGroups:
    """Index the sequence whose value begins at ``start``; ``length`` may be the undefined one.

    Raises TruncatedError where the file ends inside it, HeaderError where something else than items is in it.
    """
    groups = FrameGroups(body, implicit, little, start)
    walker = _Walker(body, implicit=implicit, little=little)
    limit = None if length == _UNDEFINED else start + length
    groups.end = walker.sequence(start, limit, 0, groups)
    return groups


class _Walker:
    """Steps over headers through one buffer."""

    def __init__(self, body: ByteSource, *, implicit: bool, little: bool) -> None:
        self._body = body
        self._implicit = implicit
        self._tag = struct.Struct("<HHL" if little else ">HHL")
        self._short = struct.Struct("<H" if little else ">H")
        self._long = struct.Struct("<L" if little else ">L")
        self._start, self._data = 0, b""

    def _head(self, position: int) -> tuple[int, int, int]:
        """Tag, size of the header, and length of the value of the element or item at ``position``."""
        at = position - self._start
        if at < 0 or at + 12 > len(self._data):
            self._start, at = position, 0
            self._data = self._body.read_at(position, 1 << 18)
        if len(self._data) < at + 8:
            raise TruncatedError("it ends inside its Per-frame Functional Groups Sequence", file=self._body.name)
        group, number, length = self._tag.unpack_from(self._data, at)
        # Items and delimiters have no VR in any syntax (PS3.5 7.5).
        if self._implicit or group == 0xFFFE:
            return group << 16 | number, 8, length
        vr = self._data[at + 4 : at + 6]
        # Lengths of two bytes follow these VRs at once (PS3.5 7.1.2).
        if vr not in LONG_VR_CODES:
            return group << 16 | number, 8, self._short.unpack_from(self._data, at + 6)[0]
        if len(self._data) < at + 12:
            raise TruncatedError("it ends inside its Per-frame Functional Groups Sequence", file=self._body.name)
        return group << 16 | number, 12, self._long.unpack_from(self._data, at + 8)[0]

    def sequence(self, position: int, limit: int | None, depth: int, keep: FrameGroups | None = None) -> int:
        """The position behind a sequence whose items begin at ``position``."""
        if depth > _DEEPEST:
            raise HeaderError("its sequences are nested too deeply to be a data set", file=self._body.name)
        while limit is None or position < limit:
            tag, head, length = self._head(position)
            position += head
            if tag == _SEQUENCE_END:
                return position
            if tag != _ITEM:
                raise HeaderError("a sequence holds something else than items", file=self._body.name)
            end = position + length if length != _UNDEFINED else self._item(position, depth)
            if end > self._body.size:
                raise TruncatedError("it ends inside its Per-frame Functional Groups Sequence", file=self._body.name)
            if keep is not None:
                if length != _UNDEFINED and not self._is_whole(position, end):
                    keep.broken.add(len(keep))
                keep.offsets.append(position)
                # Without the eight bytes of the item's own delimiter.
                keep.lengths.append(end - position if length != _UNDEFINED else end - position - 8)
            position = end
        return position

    def _item(self, position: int, depth: int) -> int:
        while True:
            tag, head, length = self._head(position)
            position += head
            if tag == _ITEM_END:
                return position
            position = position + length if length != _UNDEFINED else self.sequence(position, None, depth + 1)

    def _is_whole(self, position: int, end: int) -> bool:
        """Whether elements fill an item of a written length, and items the sequences in it."""
        try:
            return self._filled(position, end, 0)
        except HeaderError:
            return False

    def _filled(self, position: int, end: int, depth: int) -> bool:
        last = -1
        while position < end:
            at = position
            tag, head, length = self._head(position)
            position += head
            # Tags rise within an item (PS3.5 7.1): else the written length is wrong.
            if tag <= last or tag >> 16 == 0xFFFE:
                return False
            last = tag
            if length == _UNDEFINED:
                position = self.sequence(position, None, depth + 1)
                continue
            position += length
            if position <= end and self._is_sequence(at, tag) and not self._items_fill(at + head, position, depth + 1):
                return False
        return position == end

    def _is_sequence(self, position: int, tag: int) -> bool:
        """Whether the element whose head was just read is a sequence: as it is written, or else by the standard."""
        # Without a VR only the dictionary knows sequences.
        if self._implicit:
            return _is_standard_sequence(tag)
        at = position - self._start
        return self._data[at + 4 : at + 6] == b"SQ"

    def _items_fill(self, position: int, end: int, depth: int) -> bool:
        if depth > _DEEPEST:
            return False
        while position < end:
            tag, head, length = self._head(position)
            position += head
            if tag != _ITEM:
                return False
            if length == _UNDEFINED:
                position = self._item(position, depth)
            elif position + length > end or not self._filled(position, position + length, depth):
                return False
            else:
                position += length
        return position == end


@cache
def _is_standard_sequence(tag: int) -> bool:
    return tag >> 16 & 1 == 0 and dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"
