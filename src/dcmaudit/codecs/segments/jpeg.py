"""JPEG and JPEG-LS codestreams (ITU-T T.81 annex B, T.87 annex C): the segments that are not the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dcmaudit.codecs.segments.pieces import APPLICATION, BEHIND, COMMENT, FILL, TABLES, UNKNOWN, Piece

_SOI, _EOI, _SOS, _COM, _DHT, _DQT, _LS = 0xD8, 0xD9, 0xDA, 0xFE, 0xC4, 0xDB, 0xF7
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {_LS}
_NEEDED = {*_FRAMES, _DHT, _DQT, _SOS, 0xCC, 0xDC, 0xDD, 0xDE, 0xDF, 0xF8}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_IN_LS_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""Markers in entropy-coded data: there FF is followed by 00 or RSTn, or in JPEG-LS by a byte below 80."""


@dataclass(slots=True)
class _Tables:
    """Which tables were defined and not yet used, with the bytes they take."""

    pending: dict[tuple[int, int], int] = field(default_factory=dict)
    unused: int = 0
    quantisation: frozenset[int] = frozenset()

    def define(self, kind: int, number: int, size: int) -> None:
        # A table that is replaced before a scan used it was room for other bytes.
        self.unused += self.pending.pop((kind, number), 0)
        self.pending[kind, number] = size

    def use(self, names: set[tuple[int, int]]) -> None:
        for name in names:
            self.pending.pop(name, None)

    @property
    def wasted(self) -> int:
        return self.unused + sum(self.pending.values())


def jpeg_pieces(data: bytes) -> list[Piece]:
    """Everything in ``data`` but the frame, its scans, and the tables that they use."""
    return _Walk(data).pieces()


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._found: list[Piece] = []
        self._fill = 0
        self._tables = _Tables()
        self._is_ls = False

    def pieces(self) -> list[Piece]:
        at = 2
        while (marker := self._marker(at)) is not None:
            number, at = marker
            if number == _EOI:
                behind = self._data[at:]
                # A zero pads the fragment to an even length (PS3.5 A.4).
                if behind.strip(b"\0"):
                    self._found.append(Piece(BEHIND, behind))
                break
            # Markers without a length (T.81 table B.1).
            if number in _ALONE or number == _SOI:
                continue
            length = int.from_bytes(self._data[at : at + 2], "big")
            body = self._data[at + 2 : at + length]
            at += max(2, length)
            self._take(number, body)
            if number == _SOS:
                at = self._behind_scan(at)
        if self._fill:
            self._found.append(Piece(FILL, b"\xff" * self._fill))
        if self._tables.wasted:
            self._found.append(Piece(TABLES, bytes(self._tables.wasted)))
        return self._found

    def _marker(self, at: int) -> tuple[int, int] | None:
        """The marker at ``at`` and the position behind it; None where there is none."""
        start = at
        while self._data[at : at + 2] == b"\xff\xff":
            at += 1
        self._fill += at - start
        if len(self._data) < at + 2 or self._data[at] != 0xFF:
            return None
        return self._data[at + 1], at + 2

    def _behind_scan(self, at: int) -> int:
        found = (_IN_LS_SCAN if self._is_ls else _IN_SCAN).search(self._data, at)
        if found is None:
            return len(self._data)
        end = found.start()
        # Fill bytes stand before the marker that was found: they are counted with it.
        while end > at and self._data[end - 1] == 0xFF:
            end -= 1
        return end

    def _take(self, marker: int, body: bytes) -> None:
        if 0xE0 <= marker <= 0xEF:
            self._found.append(Piece(APPLICATION, body, marker - 0xE0))
        elif marker == _COM:
            self._found.append(Piece(COMMENT, body))
        elif marker not in _NEEDED:
            self._found.append(Piece(UNKNOWN, body))
        elif marker == _DHT:
            self._huffman(body)
        elif marker == _DQT:
            self._quantisation(body)
        elif marker == _SOS:
            self._scan(body)
        elif marker in _FRAMES:
            self._is_ls = marker == _LS
            # Tq of each component: the tables that its scans use.
            self._tables.quantisation = frozenset(body[8::3])
            # A frame header has three bytes for each of 255 components at most; what is longer holds something else.
            if len(body) > 6 + 3 * 255:
                self._found.append(Piece(UNKNOWN, body[6 + 3 * 255 :]))

    def _huffman(self, body: bytes) -> None:
        at = 0
        while at + 17 <= len(body):
            size = 17 + sum(body[at + 1 : at + 17])
            self._tables.define(body[at] >> 4, body[at] & 15, size)
            at += size
        self._tables.unused += max(0, len(body) - at)

    def _quantisation(self, body: bytes) -> None:
        at = 0
        while at < len(body):
            # Pq 1 has two bytes a step (T.81 B.2.4.1).
            size = 129 if body[at] >> 4 else 65
            self._tables.define(2, body[at] & 15, min(size, len(body) - at))
            at += size

    def _scan(self, body: bytes) -> None:
        count = body[0] if body else 0
        selectors = body[2 : 2 + 2 * count : 2]
        # Td and Ta share a byte (T.81 B.2.3).
        used = {(0, byte >> 4) for byte in selectors} | {(1, byte & 15) for byte in selectors}
        self._tables.use(used | {(2, number) for number in self._tables.quantisation})
        if len(body) > 1 + 2 * count + 3:
            self._found.append(Piece(UNKNOWN, body[1 + 2 * count + 3 :]))
