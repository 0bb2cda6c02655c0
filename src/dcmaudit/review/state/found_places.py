"""Where text was found in each file of a list, in few bytes: a list may have millions of files."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dcmaudit.model import Box

_PART = 1 << 20
"""Bytes that are taken at a time."""

_STEPS = 255


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of one file: the key of the plane that shows it best, places on it, and planes with text.

    ``places`` have been made a little larger: their edges lie on a raster of 255 steps.
    """

    plane: str | None = None
    places: tuple[Box, ...] = ()
    with_text: tuple[str, ...] = ()


_NOTHING = Found()


class FoundPlaces:
    """By place of the list, what was found; in blocks of bytes, so that a file costs no objects. For one thread at a
    time."""

    def __init__(self) -> None:
        self._at: array[int] = array("q")
        self._parts: list[bytes] = []
        self._last = bytearray()
        """The part that is being filled; it is the one behind ``_parts``."""
        self._lost = self._used = 0
        self._prefixes: dict[str, int] = {}

    @property
    def nbytes(self) -> int:
        """Memory of it, in bytes."""
        return sum(map(len, self._parts)) + len(self._last) + self._at.itemsize * len(self._at)

    def put(self, place: int, found: Found) -> None:
        """Keep that of the file at ``place``, in place of what was kept of it."""
        self.drop(place)
        if found == _NOTHING:
            return
        self._at.extend([-1] * (place + 1 - len(self._at)))
        made = self._packed(found)
        self._at[place] = self._append(made)

    def get(self, place: int) -> Found:
        """What is kept of the file at ``place``."""
        at = self._at[place] if place < len(self._at) else -1
        if at < 0:
            return _NOTHING
        return self._unpacked(self._from(at))

    def drop(self, place: int) -> None:
        """Keep nothing of that file."""
        at = self._at[place] if place < len(self._at) else -1
        if at < 0:
            return
        self._at[place] = -1
        self._lost += len(self._packed(self._unpacked(self._from(at))))
        # Files that are looked at again and again must not fill the memory.
        if self._lost > _PART and self._lost > self._used // 2:
            self._compact()

    def _compact(self) -> None:
        kept = [(place, self._packed(self._unpacked(self._from(at)))) for place, at in enumerate(self._at) if at >= 0]
        self._parts, self._last, self._lost, self._used = [], bytearray(), 0, 0
        for place, made in kept:
            self._at[place] = self._append(made)

    def _from(self, at: int) -> Iterator[int]:
        """The bytes from there on."""
        part, start = divmod(at, _PART)
        return iter(memoryview(self._parts[part] if part < len(self._parts) else self._last)[start:])

    def _append(self, made: bytes) -> int:
        if len(self._last) + len(made) > _PART:
            # As bytes it has no spare room.
            self._parts.append(bytes(self._last))
            self._last = bytearray()
        start = len(self._last)
        self._last += made
        self._used += len(made)
        return len(self._parts) * _PART + start

    def _packed(self, found: Found) -> bytes:
        edge = max((max(box.right, box.bottom) for box in found.places), default=0)
        scale = max(1, -(-edge // _STEPS))
        keys = ([found.plane] if found.plane is not None else []) + list(found.with_text)
        out = bytearray(_numbers([found.plane is not None, len(keys), len(found.places), scale]))
        for box in found.places:
            out += bytes((box.left // scale, box.top // scale, -(-box.right // scale), -(-box.bottom // scale)))
        before = (-1, 0)
        for key in keys:
            prefix, number = self._split(key)
            # Mostly frames in order: the step from one to the next fits into a byte.
            step = number - before[1]
            out += _numbers([(abs(step) << 2) | (step < 0) << 1 | (prefix != before[0])])
            if prefix != before[0]:
                out += _numbers([prefix])
            before = (prefix, number)
        return bytes(out)

    def _unpacked(self, data: Iterator[int]) -> Found:
        has_plane, count, boxes, scale = (_number(data) for _ in range(4))
        places = tuple(Box(*(next(data) * scale for _ in range(4))) for _ in range(boxes))
        keys, prefix, number, stems = list[str](), 0, 0, list(self._prefixes)
        for _ in range(count):
            step = _number(data)
            if step & 1:
                prefix = _number(data)
            number += -(step >> 2) if step & 2 else step >> 2
            keys.append(f"{stems[prefix]}{number}")
        return Found(keys[0] if has_plane else None, places, tuple(keys[1:] if has_plane else keys))

    def _split(self, key: str) -> tuple[int, int]:
        """What stands in front of the last number of a key, by a number of its own, and that number."""
        stem = key.rstrip("0123456789")
        # A number that begins with zeros would lose them; then all of it is the stem.
        digits = key[len(stem) :]
        if not digits or (digits[0] == "0" and len(digits) > 1):
            raise ValueError("that is no key of a plane")
        return self._prefixes.setdefault(stem, len(self._prefixes)), int(digits)


def _numbers(values: Sequence[int]) -> bytes:
    """Whole numbers from 0, small ones in one byte."""
    out = bytearray()
    for value in values:
        rest = int(value)
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def _number(data: Iterator[int]) -> int:
    value = shift = 0
    while True:
        byte = next(data)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7
