"""How a codestream was made, read from its header, so that the rewritten one can keep it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dcmaudit.errors import DecodeError


class Family(Enum):
    """The standard that a codestream follows."""

    JPEG = "JPEG"
    JPEG_LOSSLESS = "JPEG lossless"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    HTJ2K = "High-Throughput JPEG 2000"
    JPEG_XL = "JPEG XL"


class Progression(Enum):
    """Order of the packets of a JPEG 2000 codestream; the value is that of its COD segment."""

    LRCP = 0
    RLCP = 1
    RPCL = 2
    PCRL = 3
    CPRL = 4


@dataclass(frozen=True, slots=True)
class OriginalParameters:
    """What a codestream's header says. Fields that its family does not have are None.

    ``precision`` is the bits of a sample in the codestream, which may be more than BitsStored. ``sof`` is the
    second byte of the frame header's marker; ``near`` the largest error of JPEG-LS (0: exact); ``interleave`` its
    ILV; ``reversible``, ``mct``, ``progression``, ``levels``, ``layers`` and ``has_tlm`` are JPEG 2000's;
    ``sampling`` is (h, v) for each component of a JPEG, or the (x, y) steps of JPEG 2000; ``transform`` the Adobe
    segment's colour transform.
    """

    family: Family
    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    sof: int | None = None
    predictor: int | None = None
    near: int | None = None
    interleave: int | None = None
    reversible: bool | None = None
    mct: bool | None = None
    progression: Progression | None = None
    levels: int | None = None
    layers: int | None = None
    has_tlm: bool | None = None
    sampling: tuple[tuple[int, int], ...] = ()
    transform: int | None = None


def original_parameters(codestream: bytes) -> OriginalParameters:
    """The parameters of a JPEG, JPEG-LS or JPEG 2000 codestream (also in a JP2 file).

    Raises DecodeError where the bytes begin none of them, or the header is damaged.
    """
    try:
        if codestream[:2] == b"\xff\xd8":
            return _jpeg(codestream)
        if codestream[:4] == b"\xff\x4f\xff\x51":
            return _jpeg_2000(codestream)
        # Some writers put a whole JP2 file into a frame, though only a codestream is allowed (PS3.5 A.4.4).
        if codestream[4:8] == b"jP  ":
            return _jpeg_2000(codestream[codestream.index(b"\xff\x4f\xff\x51") :])
    except (struct.error, IndexError, ValueError) as error:
        raise DecodeError("the header of the codestream is damaged or ends early") from error
    raise DecodeError("the frame is no JPEG, JPEG-LS or JPEG 2000 codestream")


def segments(data: bytes, at: int) -> Iterator[tuple[int, bytes, int]]:
    """(second marker byte, body, start) of each marker segment from byte ``at``; markers alone have no body.

    Ends behind the first SOS (FFDA) or SOT (FF90) segment. DecodeError where something else than a segment
    stands.
    """
    while True:
        start = at
        if data[at] != 0xFF:
            raise DecodeError(f"a marker was expected at byte {at} of the codestream")
        while data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2 or at + 2 + length > len(data):
            raise DecodeError(f"marker FF{marker:02X} at byte {at} of the codestream has length {length}")
        yield marker, data[at + 4 : at + 2 + length], start
        at += 2 + length
        if marker in {0xDA, 0x90}:
            return


def _jpeg(data: bytes) -> OriginalParameters:
    sof: int | None = None
    frame = b""
    transform: int | None = None
    scan = b""
    for marker, body, _ in segments(data, 2):
        # C4, C8 and CC lie among the frame headers and are DHT, a reserved one and DAC (T.81 table B.1).
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}):
            sof, frame = marker, body
        elif marker == 0xEE and body[:5] == b"Adobe":
            transform = body[11]
        elif marker == 0xDA:
            scan = body
    if sof is None:
        raise DecodeError("the JPEG codestream has no frame header (SOF)")
    precision, rows, columns, samples = struct.unpack_from(">BHHB", frame)
    sampling = tuple((frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15) for i in range(samples))
    # Ss, Se and AhAl (T.81 B.2.3): in lossless JPEG Ss is the predictor, in JPEG-LS they are NEAR, ILV and the point
    # transform.
    last = scan[1 + 2 * scan[0] :]
    family = {0xF7: Family.JPEG_LS, 0xC3: Family.JPEG_LOSSLESS}.get(sof, Family.JPEG)
    return OriginalParameters(
        family, rows, columns, samples, precision, sof=sof, sampling=sampling, transform=transform,
        predictor=last[0] if family is Family.JPEG_LOSSLESS else None,
        near=last[0] if family is Family.JPEG_LS else None,
        interleave=last[1] if family is Family.JPEG_LS else None,
    )  # fmt: skip


def _jpeg_2000(data: bytes) -> OriginalParameters:
    found = {marker: body for marker, body, _ in segments(data, 2)}
    size, style = found[0x51], found.get(0x52)
    if style is None:
        raise DecodeError("the JPEG 2000 codestream has no coding style (COD)")
    _, x1, y1, x0, y0 = struct.unpack_from(">HIIII", size)
    (samples,) = struct.unpack_from(">H", size, 34)
    depths = [size[36 + 3 * i] for i in range(samples)]
    progression, layers, mct, levels = struct.unpack_from(">BHBB", style, 1)
    return OriginalParameters(
        # Part 15 says itself by a capabilities segment (CAP) or by bit 6 of the code block style.
        Family.HTJ2K if 0x50 in found or style[8] & 0x40 else Family.JPEG_2000,
        y1 - y0, x1 - x0, samples, max((d & 0x7F) + 1 for d in depths), any(d & 0x80 for d in depths),
        sampling=tuple((size[37 + 3 * i], size[38 + 3 * i]) for i in range(samples)),
        reversible=style[9] == 1, mct=bool(mct), progression=Progression(progression), levels=levels, layers=layers,
        has_tlm=0x55 in found,
    )  # fmt: skip
