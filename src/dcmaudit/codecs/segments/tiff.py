"""The directories of a TIFF file as EXIF uses it (TIFF 6.0, JEITA CP-3451): the thumbnails that they name."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_CODES = {1: "B", 3: "H", 4: "L", 13: "L"}
_MOST_DIRECTORIES, _MOST_ENTRIES = 16, 4096
_SUB_DIRECTORIES = 0x014A


@dataclass(frozen=True, slots=True)
class Directory:
    """The whole numbers of one directory by tag, and whether the file has all of it."""

    numbers: dict[int, tuple[int, ...]]

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag."""
        return self.numbers.get(tag, (default,))[0]


def directories(data: bytes) -> Iterator[Directory]:
    """Every directory of the chain and the ones below it, in the order of the file; none where it is no TIFF."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        return
    waiting, seen = [struct.unpack(f"{order}L", data[4:8])[0]] if len(data) >= 8 else [], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        offset = waiting.pop(0)
        # A chain may lead back into itself, by damage or on purpose.
        if offset in seen or not 8 <= offset <= len(data) - 2:
            continue
        seen.add(offset)
        count = min(struct.unpack_from(f"{order}H", data, offset)[0], _MOST_ENTRIES)
        end = offset + 2 + 12 * count
        entries = dict(_entry(data, order, at) for at in range(offset + 2, min(end, len(data) - 11), 12))
        directory = Directory({tag: values for tag, values in entries.items() if values})
        yield directory
        # Cameras and scanners put further thumbnails into SubIFDs.
        waiting += directory.numbers.get(_SUB_DIRECTORIES, ())
        if end + 4 <= len(data):
            waiting.append(struct.unpack_from(f"{order}L", data, end)[0])


def _entry(data: bytes, order: str, at: int) -> tuple[int, tuple[int, ...]]:
    tag, kind, count = struct.unpack_from(f"{order}HHL", data, at)
    code, size = _CODES.get(kind), _SIZES.get(kind, 1) * count
    if code is None or not 0 < count <= _MOST_ENTRIES:
        return tag, ()
    # A value of up to four bytes stands in the place of its offset (TIFF 6.0, section 2).
    start = at + 8 if size <= 4 else struct.unpack_from(f"{order}L", data, at + 8)[0]
    raw = data[start : start + size]
    return tag, struct.unpack(f"{order}{count}{code}", raw) if len(raw) == size else ()
