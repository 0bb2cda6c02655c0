"""JPEG, lossless JPEG and JPEG-LS without anything beside the picture (ITU-T T.81 annex B, T.87 annex C)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dcmaudit.errors import DecodeError, TruncatedError, UnsupportedError

_END = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_END_LS = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_FILLED_RESTART = re.compile(rb"\xff\xff+([\xd0-\xd7])")
SOI, EOI, SOS, DQT, DHT, DNL, DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDC, 0xDD
_KEPT = frozenset({0xCC, DNL, DRI, 0xDE, 0xDF})
"""Arithmetic conditioning, number of lines, restart interval, hierarchical progression: they decide on the picture."""
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {DHT, 0xC8, 0xCC}) | {0xF7}
_BEHIND = "bytes behind the picture"


@dataclass(slots=True)
class _Table:
    """One quantisation or Huffman table; ``used`` once a scan decodes with it."""

    body: bytes
    used: bool = False


@dataclass(slots=True)
class _Tables:
    """A segment of tables, written with those that are used."""

    marker: int
    tables: list[_Table]

    @property
    def data(self) -> bytes:
        """The segment, empty where no table of it is used."""
        body = b"".join(table.body for table in self.tables if table.used)
        return _segment(self.marker, body) if body else b""


@dataclass(slots=True)
class _Cleaner:
    """Goes from segment to segment and keeps the parts that make up the picture."""

    data: bytes
    is_ls: bool
    parts: list[bytes | _Tables] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    active: dict[tuple[int, int], _Table] = field(default_factory=dict)
    components: dict[int, int] = field(default_factory=dict)
    frame: int = 0
    colours: dict[str, int] = field(default_factory=dict)

    def run(self) -> bytes:
        """The codestream that is left."""
        if self.data[:2] != b"\xff\xd8":
            raise DecodeError("the frame is no JPEG codestream (it does not begin with SOI)")
        self.parts.append(self.data[:2])
        at = 2
        while True:
            marker, at = self._marker(at)
            if marker in {None, EOI}:
                break
            if marker == 0x01:  # TEM stands alone
                self.names.add("reserved markers")
                continue
            length = int.from_bytes(self.data[at : at + 2], "big")
            if length < 2 or at + length > len(self.data):
                raise TruncatedError("the JPEG codestream ends inside a segment")
            content, at = self.data[at + 2 : at + length], at + length
            self._take(int(marker or 0), content)
            if marker == SOS:
                at = self._entropy(at)
        if marker == EOI:
            rest = self.data[at:]
            if rest.strip(b"\0") or len(rest) > 1:
                self.names.add(_BEHIND)
        self._note_unused()
        return b"".join(part if isinstance(part, bytes) else part.data for part in self.parts) + b"\xff\xd9"

    def _marker(self, at: int) -> tuple[int | None, int]:
        """The next marker and where its segment goes on; None where only padding is left."""
        # The usual case: one FF, then the marker.
        if self.data[at : at + 1] == b"\xff" and self.data[at + 1 : at + 2] not in {b"", b"\0", b"\xff"}:
            return self.data[at + 1], at + 2
        if not self.data[at:].strip(b"\0\xff"):
            return None, at
        if self.data[at] != 0xFF:
            raise DecodeError(f"a marker was expected at byte {at} of the JPEG codestream")
        start = at
        while at < len(self.data) and self.data[at] == 0xFF:
            at += 1
        if at - start > 1:
            self.names.add("fill bytes")
        return self.data[at], at + 1

    def _take(self, marker: int, content: bytes) -> None:
        if marker in _FRAMES:
            self._frame(marker, content)
        elif marker == SOS:
            self._scan(content)
        elif marker in {DQT, DHT}:
            self._tables(marker, content)
        elif marker in _KEPT:
            self.parts.append(_segment(marker, content[:2] if marker in {DRI, DNL} else content))
        elif marker == 0xF8 and self.is_ls:
            self._parameters(content)
        elif 0xE0 <= marker <= 0xEF:
            self._application(marker, content)
        else:
            self.names.add("COM" if marker == 0xFE else "reserved markers")

    def _frame(self, marker: int, content: bytes) -> None:
        count = content[5] if len(content) > 5 else 0
        if len(content) < 6 + 3 * count:
            raise DecodeError("the JPEG frame header is damaged")
        self.frame = marker
        self.components = {content[6 + 3 * i]: content[8 + 3 * i] for i in range(count)}
        self._exactly(marker, content, 6 + 3 * count)

    def _scan(self, content: bytes) -> None:
        count = content[0] if content else 0
        if len(content) < 4 + 2 * count:
            raise DecodeError("the JPEG scan header is damaged")
        first, last = content[1 + 2 * count], content[3 + 2 * count]
        for i in range(count):
            component, tables = content[1 + 2 * i], content[2 + 2 * i]
            for key in self._needed(component, tables, first, last):
                if key in self.active:
                    self.active[key].used = True
        self._exactly(SOS, content, 4 + 2 * count)

    def _needed(self, component: int, tables: int, first: int, last: int) -> list[tuple[int, int]]:
        """The tables with which a scan decodes a component (T.81 F, G and H)."""
        # JPEG-LS has no tables, arithmetic coding no Huffman tables.
        if self.frame == 0xF7 or self.frame >= 0xC9:
            return [(DQT, self.components.get(component, 0))] if self.frame != 0xF7 else []
        dc, ac = (DHT, tables >> 4), (DHT, 16 + (tables & 15))
        # Lossless: differences have one table, and nothing is quantised.
        if self.frame in {0xC3, 0xC7}:
            return [dc]
        quantisation = (DQT, self.components.get(component, 0))
        if self.frame not in {0xC2, 0xC6}:
            return [quantisation, dc, ac]
        # A scan of AC coefficients of a progressive JPEG.
        if first:
            return [quantisation, ac]
        # Later DC scans are single bits, without a table (T.81 G.1.2.1).
        return [quantisation, dc] if not last >> 4 else [quantisation]

    def _tables(self, marker: int, content: bytes) -> None:
        found: list[_Table] = []
        at = 0
        while at < len(content):
            kind = content[at]
            if marker == DQT:
                size = 1 + (128 if kind >> 4 else 64)
                key = (DQT, kind & 15)
            else:
                size = 17 + sum(content[at + 1 : at + 17])
                key = (DHT, 16 * (kind >> 4) + (kind & 15))
            # What is left in the segment is no whole table, and nothing reads it.
            if at + size > len(content):
                self.names.add("bytes behind a table")
                break
            table = _Table(content[at : at + size])
            self.active[key] = table
            found.append(table)
            at += size
        self.parts.append(_Tables(marker, found))

    def _note_unused(self) -> None:
        if any(not table.used for part in self.parts if isinstance(part, _Tables) for table in part.tables):
            self.names.add("unused tables")

    def _parameters(self, content: bytes) -> None:
        """LSE of JPEG-LS: thresholds (1) and large sizes (4) are numbers; mapping tables could be anything."""
        if content[:1] == b"\x01":
            self._exactly(0xF8, content, 11)
        elif content[:1] == b"\x04":
            self.parts.append(_segment(0xF8, content[:10]))
        else:
            raise UnsupportedError("the JPEG-LS codestream has a mapping table, which could hold anything")

    def _application(self, marker: int, content: bytes) -> None:
        """JFIF, Adobe and HP's segment say how the components are to be read: they stay, without anything else."""
        name = f"APP{marker - 0xE0}"
        if marker == 0xE0 and content[:5] == b"JFIF\0" and "JFIF" not in self.colours:
            self.colours["JFIF"] = len(self.parts)
            # The last two bytes say that there is no thumbnail.
            kept = content[:12].ljust(12, b"\0") + b"\0\0"
            self.parts.append(_segment(marker, kept))
        elif marker == 0xEE and content[:5] == b"Adobe" and len(content) >= 12:
            kept = content[:12]  # of several, the last one counts
            if "Adobe" in self.colours:
                self.parts[self.colours["Adobe"]] = b""
            self.colours["Adobe"] = len(self.parts)
            self.parts.append(_segment(marker, kept))
        elif marker == 0xE8 and content[:4] == b"mrfx" and self.is_ls and len(content) > 4:
            kept = content[:5]
            self.parts.append(_segment(marker, kept))
        else:
            kept = b""
        if kept != content:
            self.names.add(name)

    def _exactly(self, marker: int, content: bytes, length: int) -> None:
        if len(content) > length:
            self.names.add("bytes behind a header")
        self.parts.append(_segment(marker, content[:length]))

    def _entropy(self, at: int) -> int:
        found = (_END_LS if self.is_ls else _END).search(self.data, at)
        end = len(self.data) if found is None else found.start()
        while end > at and found is not None and self.data[end - 1] == 0xFF:
            end -= 1  # fill bytes before the marker
        coded = self.data[at:end] if found is not None else self.data[at:end].rstrip(b"\0\xff")
        if not self.is_ls and b"\xff\xff" in coded:
            coded = _FILLED_RESTART.sub(rb"\xff\1", coded)
            self.names.add("fill bytes")
        self.parts.append(coded)
        return end


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def clean_jpeg(data: bytes, *, is_ls: bool) -> tuple[bytes, frozenset[str]]:
    """The codestream without anything beside its picture, ending with EOI, and the names of what went.

    Raises DecodeError or TruncatedError where its segments do not lead to its end, UnsupportedError for mapping tables.
    """
    cleaner = _Cleaner(data, is_ls)
    return cleaner.run(), frozenset(cleaner.names)
