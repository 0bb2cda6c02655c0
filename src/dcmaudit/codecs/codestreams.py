"""The headers of codestreams, read without a decoder: size, precision, colour, and whether the end is there.

Ours because decoders tell little of it, and only after they took the memory that a damaged header asks for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dcmaudit.errors import DecodeError, TruncatedError

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
_SOF = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
JPEG_LS_FRAME = 0xF7
_EXACT = {0xC3, 0xC7, 0xCB, 0xCF}
"""Frame headers of the lossless processes (T.81 table B.1)."""
# TEM, RST0 to RST7 and SOI have no length (T.81 table B.1).
_ALONE = {0x01, *range(0xD0, 0xD9)}


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What stands before the first scan of a JPEG (ISO 10918-1) or JPEG-LS (ISO 14495-1) codestream.

    ``frame`` is the second byte of the SOF marker (0xC0 baseline ... 0xC3 lossless, 0xF7 JPEG-LS). ``transform`` is
    the Adobe marker's colour transform, None without that marker. ``subsampled`` says that the components have
    different sampling factors, ``near`` is the largest error of JPEG-LS (0 where it is exact, and for JPEG).
    """

    frame: int
    precision: int
    rows: int
    columns: int
    components: tuple[int, ...]
    jfif: bool
    transform: int | None
    subsampled: bool = False
    near: int = 0

    @property
    def is_lossy(self) -> bool:
        """Whether decoded values can differ from those that were encoded."""
        # JPEG-LS has one frame header for both of its syntaxes: only NEAR tells whether values were changed.
        return self.near > 0 if self.frame == JPEG_LS_FRAME else self.frame not in _EXACT


def jpeg_header(data: bytes) -> JpegHeader:
    """The header of a JPEG or JPEG-LS codestream.

    Raises DecodeError where there is none, TruncatedError where the data end inside it.
    """
    # Each codestream begins with SOI, nothing before it (T.81 B.2.1).
    if data[:2] != b"\xff\xd8":
        raise DecodeError("the frame is no JPEG codestream (it does not begin with SOI)")
    at, jfif, found = 2, False, None
    transform: int | None = None
    near = 0
    while True:
        marker, body, at = _segment(data, at)
        if marker in _SOF:
            found = _frame_header(marker, body)
        elif marker == 0xE0:
            jfif = jfif or body[:5] == b"JFIF\0"
        # APP14 of Adobe: its last byte says whether components were transformed (T.872, 6.5.3).
        elif marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
            transform = body[11]
        elif marker in {SOS, EOI}:
            if marker == SOS and found and found[0] == JPEG_LS_FRAME and len(body) >= 3:
                near = body[-3]  # ISO 14495-1 C.2.3
            break
    if found is None:
        raise DecodeError("the JPEG codestream has no frame header before its first scan")
    precision, rows, columns, components, subsampled = found[1:]
    return JpegHeader(found[0], precision, rows, columns, components, jfif, transform, subsampled, near)


def _segment(data: bytes, at: int) -> tuple[int, bytes, int]:
    while True:
        if at + 2 > len(data):
            raise TruncatedError("the JPEG codestream ends inside its header")
        if data[at] != 0xFF:
            raise DecodeError("the JPEG codestream's header is damaged")
        # Any number of FF may stand before a marker (T.81 B.1.1.2).
        if data[at + 1] == 0xFF:  # fill byte
            at += 1
            continue
        break
    marker = data[at + 1]
    if marker in _ALONE or marker == EOI:
        return marker, b"", at + 2
    if at + 4 > len(data):
        raise TruncatedError("the JPEG codestream ends inside its header")
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    if at + 2 + length > len(data):
        raise TruncatedError("the JPEG codestream ends inside its header")
    # The length counts its own two bytes (T.81 B.1.1.4); one that says less would lead nowhere for ever.
    return marker, data[at + 4 : at + 2 + length], at + 2 + max(2, length)


def _frame_header(marker: int, body: bytes) -> tuple[int, int, int, int, tuple[int, ...], bool]:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise DecodeError("the JPEG frame header is damaged")
    precision, rows, columns, count = struct.unpack(">BHHB", body[:6])
    # Hi and Vi share a byte (T.81 B.2.2): equal bytes, equal sampling.
    subsampled = len({body[7 + 3 * i] for i in range(count)}) > 1
    return marker, precision, rows, columns, tuple(body[6 + 3 * i] for i in range(count)), subsampled


def ends_with_eoi(data: bytes) -> bool:
    """Whether the last marker is EOI, whatever padding follows it.

    Inside entropy-coded data FF is always followed by 00 (or, in JPEG-LS, a byte below 80), so that the last FF D9
    can only be the end; a few writers pad with other bytes than zero.
    """
    tail = data[-64:] if len(data) > 64 else data
    return b"\xff\xd9" in tail


@dataclass(frozen=True, slots=True)
class J2kHeader:
    """The image and tile size (SIZ) and multiple component transformation (COD) of a JPEG 2000 codestream."""

    start: int
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool
    transformed: bool
    subsampled: bool
    high_throughput: bool
    reversible: bool = False


def j2k_header(data: bytes) -> J2kHeader:
    """The header of a JPEG 2000 codestream (ISO 15444-1 annex A), also inside the JP2 boxes DICOM does not allow.

    Raises DecodeError where there is none, TruncatedError where the data end inside it.
    """
    start = 0 if data[:4] == b"\xff\x4f\xff\x51" else data.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start < 0:
        raise DecodeError("the frame is no JPEG 2000 codestream (no SOC and SIZ markers)")
    at = start + 4
    if len(data) < at + 38:
        raise TruncatedError("the JPEG 2000 codestream ends inside its header")
    x1, y1, x0, y0 = struct.unpack(">4L", data[at + 4 : at + 20])
    count = struct.unpack(">H", data[at + 36 : at + 38])[0]
    parts = data[at + 38 : at + 38 + 3 * count]
    if count == 0 or len(parts) < 3 * count:
        raise TruncatedError("the JPEG 2000 codestream ends inside its header")
    # The highest bit of Ssiz is the sign, the others the depth less one (T.800 A.5.1).
    depths = [part & 0x7F for part in parts[::3]]
    at += struct.unpack(">H", data[at : at + 2])[0]
    style = _coding_style(data, at)
    return J2kHeader(
        start=start,
        rows=y1 - y0,
        columns=x1 - x0,
        components=count,
        precision=max(depths) + 1,
        signed=bool(parts[0] & 0x80),
        transformed=style.transformed,
        subsampled=any(part != 1 for i, part in enumerate(parts) if i % 3),
        high_throughput=style.high_throughput,
        reversible=style.reversible,
    )


@dataclass(slots=True)
class _Style:
    transformed: bool = False
    high_throughput: bool = False
    reversible: bool = False


def _coding_style(data: bytes, at: int) -> _Style:
    found, kernels = _Style(), set[int]()
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in {0x90, 0xD9}:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        # COD (T.800 A.6.1): the multiple component transformation, and as last byte the wavelet: 1 is the reversible
        # 5-3.
        if data[at + 1] == 0x52 and length >= 12 and at + 14 <= len(data):
            found.transformed = data[at + 8] != 0
            kernels.add(data[at + 13])
        elif data[at + 1] == 0x53:
            kernels.add(0)  # a component of its own style: not looked into
        # CAP: only codestreams of part 15 and later parts have it.
        elif data[at + 1] == 0x50:
            found.high_throughput = True
        at += 2 + max(2, length)
    # A COC or a component with another wavelet makes the whole frame one that may be lossy.
    found.reversible = kernels == {1}
    return found


def require_whole_j2k(data: bytes, header: J2kHeader) -> None:
    """Follow the tile-part lengths to the end of the codestream, and count the tiles (ISO 15444-1 A.4.2).

    TruncatedError where the lengths lead nowhere, or where tiles or tile-parts are missing: a decoder shows those as a
    plain area and says nothing.
    """
    at, tiles = header.start + 2, _Tiles(_tile_count(data, header.start + 4))
    while True:
        if at + 2 > len(data):
            raise TruncatedError("the JPEG 2000 codestream ends before its EOC marker")
        marker = data[at : at + 2]
        if marker == b"\xff\xd9":
            break
        # Lengths that were followed to here lead to markers alone, unless bytes are missing or too many.
        if marker[:1] != b"\xff" or at + 12 > len(data):
            raise TruncatedError("the JPEG 2000 codestream is damaged or ends early: a tile-part leads nowhere")
        if marker == b"\xff\x90":
            length = tiles.take(data[at + 4 : at + 12])
            if length == 0:  # the last tile-part reaches up to EOC
                if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
                    raise TruncatedError("the JPEG 2000 codestream ends before its EOC marker")
                break
            at += max(12, length)
        else:
            at += 2 + max(2, struct.unpack(">H", data[at + 2 : at + 4])[0])
    tiles.require_all()


def _tile_count(data: bytes, size: int) -> int:
    """How many tiles cover the image, by the SIZ segment whose length stands at ``size`` (B.3)."""
    x1, y1, _, _, width, height, left, top = _ints(">8L", data[size + 4 : size + 36])
    if not width or not height:
        raise DecodeError("the JPEG 2000 codestream has tiles of no size")
    return -(-max(0, x1 - left) // width) * -(-max(0, y1 - top) // height)


class _Tiles:
    """Which tile-parts were met: for each tile how many, and how many there are to be (0: not told)."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._parts: dict[int, tuple[int, int]] = {}

    def take(self, segment: bytes) -> int:
        """Take in the body of an SOT segment; the length of its tile-part comes back."""
        tile, length, part, parts = _ints(">HLBB", segment)
        met, told = self._parts.get(tile, (0, 0))
        if tile >= self._count or part != met:
            raise TruncatedError(
                f"the JPEG 2000 codestream is damaged: part {part + 1} of tile {tile + 1} is out of order"
            )
        self._parts[tile] = met + 1, parts or told
        return length

    def require_all(self) -> None:
        """TruncatedError where a tile or one of its parts is missing."""
        if len(self._parts) < self._count:
            missing = self._count - len(self._parts)
            raise TruncatedError(f"the JPEG 2000 codestream lacks {missing} of its {self._count} tiles")
        # Fewer than were told: an OpenJPEG of old told one too few where its files had a part a resolution.
        if any(met < told for met, told in self._parts.values()):
            raise TruncatedError("the JPEG 2000 codestream lacks parts of a tile")


def _ints(layout: str, data: bytes) -> tuple[int, ...]:
    return struct.unpack(layout, data)
