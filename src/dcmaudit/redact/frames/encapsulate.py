"""Encapsulated pixel data, streamed: fragments, the Basic and the Extended Offset Table (PS3.5 A.4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from dcmaudit.errors import RedactionError

ITEM = b"\xfe\xff\x00\xe0"
DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
LARGEST_OFFSET = 0xFFFFFFFF
LARGEST_FRAGMENT = 0xFFFFFFFE
_CHUNK = 8 << 20


class BasicTable(Enum):
    """What to do with the Basic Offset Table."""

    FILLED = "filled"
    """The offset of each frame; an empty table where an offset is too large for 32 bits."""
    EMPTY = "empty"
    """No offsets: what an Extended Offset Table asks for (PS3.3 C.7.6.3.1.8), and what any reader accepts."""


@dataclass(frozen=True, slots=True)
class OffsetTables:
    """Where the frames lie: ``offsets`` of their first item, counted from the first byte behind the Basic Offset
    Table, and ``lengths`` in bytes, padding included. ``basic`` says whether the Basic Offset Table holds them.
    """

    offsets: tuple[int, ...]
    lengths: tuple[int, ...]
    basic: bool


class FragmentWriter:
    """Writes the value of an encapsulated Pixel Data element, one frame after the other.

    ``out`` is a file opened for reading and writing, at the first byte behind the element's undefined length. Each
    frame becomes one fragment, padded to an even length with a 00. Only one frame is held in memory. ``frames`` is
    their number, for which room is kept in the Basic Offset Table; ``finish`` fills it in and writes the
    delimiter.
    """

    def __init__(self, out: BinaryIO, frames: int, table: BasicTable = BasicTable.FILLED) -> None:
        self._out = out
        self._frames = frames
        self._filled = table is BasicTable.FILLED and 4 * frames <= LARGEST_FRAGMENT
        self._start = out.tell()
        room = 4 * frames if self._filled else 0
        out.write(ITEM + struct.pack("<I", room))
        out.writelines(bytes(min(_CHUNK, room - at)) for at in range(0, room, _CHUNK))
        self._first = out.tell()
        self._at = self._first
        self._offsets: list[int] = []
        self._lengths: list[int] = []

    def add(self, frame: bytes) -> None:
        """Writes the next frame. RedactionError for one too many, an empty one, or one of 4 GiB."""
        length = len(frame) + len(frame) % 2
        if len(self._offsets) == self._frames:
            raise RedactionError(f"more than the {self._frames} frames that were announced")
        # FFFFFFFF is the undefined length, which an item of pixel data must not have (PS3.5 A.4).
        if not frame or length > LARGEST_FRAGMENT:
            raise RedactionError(f"frame {len(self._offsets) + 1} has {len(frame)} bytes, which no fragment can hold")
        self._offsets.append(self._at - self._first)
        self._lengths.append(length)
        self._out.write(ITEM + struct.pack("<I", length))
        self._out.write(frame)
        if length != len(frame):
            self._out.write(b"\0")
        self._at += 8 + length

    def finish(self) -> OffsetTables:
        """Fills the table in, writes the sequence delimiter and leaves ``out`` behind it.

        RedactionError where fewer frames came than were announced.
        """
        if len(self._offsets) != self._frames:
            raise RedactionError(f"{len(self._offsets)} of {self._frames} frames were written")
        # Basic offsets have 32 bits; an empty table is right for any file (PS3.5 A.4).
        if self._filled and self._offsets and self._offsets[-1] > LARGEST_OFFSET:
            self._drop_table()
        elif self._filled:
            self._out.seek(self._start + 8)
            self._out.write(struct.pack(f"<{self._frames}I", *self._offsets))
        self._out.seek(self._at)
        self._out.write(DELIMITER)
        return OffsetTables(tuple(self._offsets), tuple(self._lengths), self._filled)

    def _drop_table(self) -> None:
        """Moves all fragments forward over the table that cannot be filled: rare, beyond 4 GiB only."""
        room = 4 * self._frames
        for at in range(self._first, self._at, _CHUNK):
            self._out.seek(at)
            piece = self._out.read(min(_CHUNK, self._at - at))
            self._out.seek(at - room)
            self._out.write(piece)
        self._out.seek(self._start + 4)
        self._out.write(bytes(4))
        self._filled = False
        self._at -= room
        self._first -= room
        self._out.truncate(self._at)
