"""How the blocks of a sequential JPEG lie in its scans, made of its segments (ITU-T T.81 A.2 and B.2).

The rewriter has a parser of its own (``codecs.jpeg.markers``); the two share nothing, so that no mistake is in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from dcmaudit.errors import DecodeError
from dcmaudit.model import Size
from dcmaudit.verify.segments import DHT, DRI, SOS, Piece, Segments

_SEQUENTIAL = frozenset({0xC0, 0xC1})
_RESTART = re.compile(rb"\xff[^\x00]")
"""What parts intervals: in coded data each FF that belongs to them is followed by 00 (T.81 F.1.2.3)."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component of the frame header: its name and its sampling factors."""

    identifier: int
    h: int
    v: int


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: places of its components, their DC and AC tables, MCUs of an interval (0: all), and those intervals."""

    components: tuple[int, ...]
    tables: tuple[tuple[Piece, Piece], ...]
    restart: int
    intervals: tuple[bytes, ...]


@dataclass(frozen=True)
class Picture:
    """A sequential JPEG's frame header and its scans."""

    kind: int
    precision: int
    size: Size
    components: tuple[Component, ...]
    scans: tuple[Scan, ...]

    @cached_property
    def mcu(self) -> Size:
        """Pixels of one MCU of an interleaved scan; 8 x 8 where there is one component (A.2.2)."""
        if len(self.components) == 1:
            return Size(8, 8)
        return Size(8 * max(c.h for c in self.components), 8 * max(c.v for c in self.components))

    @property
    def grid(self) -> Size:
        """MCUs from left to right and from top to bottom."""
        return Size(-(-self.size.width // self.mcu.width), -(-self.size.height // self.mcu.height))

    def is_like(self, other: Picture) -> bool:
        """Whether both have their blocks at the same places of the same scans."""
        return self._shape() == other._shape()

    def _shape(self) -> tuple[object, ...]:
        scans = [(scan.components, scan.restart) for scan in self.scans]
        return self.kind, self.precision, self.size, self.components, scans

    def own_blocks(self, component: int) -> Size:
        """Blocks of a component that hold samples of the picture, which a scan of it alone codes (A.2.4)."""
        one = self.components[component]
        wide, high = max(c.h for c in self.components), max(c.v for c in self.components)
        return Size(_blocks(self.size.width, one.h, wide), _blocks(self.size.height, one.v, high))


def _blocks(samples: int, factor: int, largest: int) -> int:
    return -(-ceil(samples * factor / largest) // 8)


def picture(found: Segments) -> Picture:
    """The picture that segments describe; DecodeError where it is no sequential Huffman JPEG."""
    frame = found.frame
    if frame.kind not in _SEQUENTIAL:
        raise DecodeError("the codestream is no sequential JPEG")
    body = frame.body
    components = tuple(Component(body[i], body[i + 1] >> 4, body[i + 1] & 15) for i in range(6, len(body), 3))
    size = Size(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
    if not components or any(not (c.h and c.v) for c in components):
        raise DecodeError("the codestream's frame header is damaged")
    tables: dict[int, Piece] = {}
    restart, head = 0, b""
    scans: list[Scan] = []
    for piece in found.pieces:
        if piece.kind == DHT:
            tables[piece.number] = piece
        elif piece.kind == DRI:
            restart = int.from_bytes(piece.body, "big")
        elif piece.kind == SOS:
            head = piece.body
        elif piece.kind == 0:
            scans.append(_scan(head, components, tables, restart, piece.body))
    return Picture(frame.kind, body[0], size, components, tuple(scans))


def _scan(head: bytes, components: tuple[Component, ...], tables: dict[int, Piece], restart: int, data: bytes) -> Scan:
    places = {component.identifier: place for place, component in enumerate(components)}
    chosen = [(head[i], head[i + 1]) for i in range(1, 1 + 2 * head[0], 2)]
    try:
        pairs = tuple((tables[number >> 4], tables[0x10 | (number & 15)]) for _, number in chosen)
        return Scan(tuple(places[name] for name, _ in chosen), pairs, restart, tuple(_RESTART.split(data)))
    except KeyError:
        raise DecodeError("a scan of the codestream names a component or a table that is not there") from None
