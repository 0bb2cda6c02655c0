"""Lossless JPEG and JPEG-LS codestreams that were written anew: nothing in them but what their picture needs.

For lossless JPEG (ITU-T T.81 annex H) the entropy-coded data are walked to their last bit; for JPEG-LS (T.87) the
decoder does that, for it refuses data that go on behind the last sample.
"""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg import loops, walk_over
from dcmaudit.errors import DecodeError
from dcmaudit.verify.segments import DHT, LOSSLESS, LS, LSE, SOS, Piece, Segments, fault_of_segments, segments

_ALLOWED = frozenset({0, 0xE0, 0xEE, DHT, SOS, 0xDD})


def fault_of_lossless(data: bytes) -> str | None:  # noqa: PLR0911 - one return a rule
    """In words what a lossless JPEG carries beside its picture, None for nothing; DecodeError for a damaged one."""
    found = segments(data)
    fault = fault_of_segments(found)
    if fault is not None:
        return fault
    frame = found.frame
    strange = [piece for piece in found.pieces if piece.kind not in {*_ALLOWED, LOSSLESS}]
    if frame.kind != LOSSLESS or strange:
        return "it has segments that lossless JPEG does not need"
    # Lossless processes quantise nothing: Tq is 0 (T.81 table B.2).
    if any(frame.body[i + 2] for i in range(6, len(frame.body), 3)):
        return "it names quantisation tables"
    for piece in found.pieces:
        if piece.kind == DHT and (len(set(piece.body[16:])) != len(piece.body) - 16 or max(piece.body[16:]) > 16):
            return "a Huffman table has symbols that no sample needs"
        # Se and Ah are 0 (T.81 table B.3).
        if piece.kind == SOS and (piece.body[-2] or piece.body[-1] >> 4):
            return "its scan header says more than it has to"
        if piece.kind == SOS and any(piece.body[i + 1] & 15 for i in range(1, 1 + 2 * piece.body[0], 2)):
            return "its scan header names tables that it does not need"
    walked = walk_over(data)
    # The quick walk has seen every sample; where it cannot tell, each scan is walked below.
    if walked.sound and walked.tight and not walked.wrapped:
        return None
    return _fault_of_scans(found)


def _fault_of_scans(found: Segments) -> str | None:
    """Walk each scan to its last bit."""
    tables: dict[int, Piece] = {}
    restart, frame, scan = 0, found.frame.body, b""
    rows, columns = struct.unpack(">HH", frame[1:5])
    for piece in found.pieces:
        if piece.kind == DHT:
            tables[piece.number] = piece
        elif piece.kind == 0xDD:
            restart = int.from_bytes(piece.body, "big")
        elif piece.kind == SOS:
            scan = piece.body
        elif piece.kind == 0:
            # Not allowed (T.81 H.1.1), and the walk would lose its place.
            if restart and restart % columns:
                return "its restart intervals are parts of lines"
            chosen = [_windows(tables[scan[i + 1] >> 4]) for i in range(1, 1 + 2 * scan[0], 2)]
            shape = rows, columns, restart // columns or rows
            fault = _fault_of_data(piece.body, shape, chosen, (scan[-3], frame[0] - scan[-1]))
            if fault is not None:
                return fault
    return None


def _fault_of_data(
    data: bytes, shape: tuple[int, int, int], tables: list[npt.NDArray[np.int32]], coded: tuple[int, int]
) -> str | None:
    """Walk the restart intervals of a scan; ``coded`` is its predictor and the bits of its samples."""
    rows, columns, step = shape
    parts = _intervals(data)
    if len(parts) != -(-rows // step):
        return "its restart intervals are not as many as it says"
    for number, part in enumerate(parts):
        here = min(step, rows - number * step), columns, len(tables)
        plain = part.replace(b"\xff\x00", b"\xff")
        end, beyond = _walked(plain, here, tables, coded)
        if beyond:
            return "samples have more bits than it says"
        left = 8 * len(plain) - end
        if not 0 <= left < 8:
            return f"{left // 8} bytes stand behind the last sample of a scan"
        if left and plain[-1] & ((1 << left) - 1) != (1 << left) - 1:
            return "the bits that fill up its last byte are not all 1"
    return None


def _intervals(data: bytes) -> list[bytes]:
    """The restart intervals of entropy-coded data; an FF in them is followed by 00 or a restart marker alone."""
    found, start = list[bytes](), 0
    at = data.find(b"\xff")
    while at >= 0 and at + 1 < len(data):
        if data[at + 1]:
            found.append(data[start:at])
            start = at + 2
        at = data.find(b"\xff", at + 2)
    return [*found, data[start:]]


def _walked(
    data: bytes, shape: tuple[int, int, int], tables: list[npt.NDArray[np.int32]], coded: tuple[int, int]
) -> tuple[int, int]:
    """The bit behind the last sample, and bits of samples that do not fit; DecodeError where the data are damaged."""
    library = loops.library()
    if library is not None:
        padded = data + b"\xff" * loops.PADDING
        bits = coded[1], coded[1]
        end, beyond, damage = loops.walk_lossless(library, padded, shape, tuple(tables), coded[0], bits)
        if damage:
            raise DecodeError(f"damaged entropy-coded data of a lossless JPEG: {damage}")
        return end, beyond
    at, padded = 0, data + b"\xff" * 8
    quick = [table.tolist() for table in tables]
    for _ in range(shape[0] * shape[1]):
        for table in quick:
            entry = table[(int.from_bytes(padded[at >> 3 : (at >> 3) + 3], "big") >> (8 - (at & 7))) & 0xFFFF]
            if not entry or at > 8 * len(data):
                raise DecodeError("damaged entropy-coded data of a lossless JPEG")
            size = entry & 31
            at += (entry >> 5) + (0 if size == 16 else size)
    return at, 0


def _windows(table: Piece) -> npt.NDArray[np.int32]:
    """For each 16 bits the code that they begin with: its length * 32 and its symbol, 0 for none (annex C)."""
    counts, symbols = table.body[:16], table.body[16:]
    out, code, place = np.zeros(1 << 16, np.int32), 0, 0
    for length, count in enumerate(counts, 1):
        for symbol in symbols[place : place + count]:
            first = code << (16 - length)
            if first >= 1 << 16:
                raise DecodeError("a Huffman table has more codes than its lengths allow")
            out[first : first + (1 << (16 - length))] = length * 32 + symbol
            code += 1
        place += count
        code <<= 1
    return out


def fault_of_ls(data: bytes) -> str | None:
    """In words what a JPEG-LS codestream carries beside its picture, None for nothing."""
    found = segments(data)
    fault = fault_of_segments(found)
    if fault is not None:
        return fault
    frame = found.frame
    # 0 is coded data, DD the restart interval.
    if frame.kind != LS or any(piece.kind not in {0, LS, LSE, SOS, 0xDD} for piece in found.pieces):
        return "it has segments that JPEG-LS does not need"
    # No subsampling, no table: nothing else is coded here.
    if any(frame.body[i + 1 : i + 3] != b"\x11\0" for i in range(6, len(frame.body), 3)):
        return "its frame header says more than it has to"
    for piece in found.pieces:
        if piece.kind == LSE and piece.body != _preset(frame.body[0]):
            return "its preset parameters are not the default ones"
        if piece.kind == SOS and (piece.body[-1] or any(piece.body[i + 1] for i in range(1, 1 + 2 * piece.body[0], 2))):
            return "its scan header says more than it has to"
    return None


def _preset(precision: int) -> bytes:
    """The default preset parameters of a precision for exact coding, as LSE holds them (T.87, C.2.4.1.1)."""
    most = (1 << precision) - 1
    if most >= 128:
        factor = (min(most, 4095) + 128) // 256
        basic = (factor + 2, factor * 4 + 3, factor * 17 + 4)
    else:
        factor = 256 // (most + 1)
        basic = (max(2, 3 // factor), max(3, 7 // factor), max(4, 21 // factor))
    return struct.pack(">B5H", 1, most, *basic, 64)
