"""RLE frames without bytes that say nothing (PS3.5 annex G)."""

from __future__ import annotations

import struct
from itertools import pairwise

from dcmaudit.codecs.jpeg.loops import library, runs
from dcmaudit.errors import DamagedError, TruncatedError


def clean_rle(data: bytes, pixels: int) -> tuple[bytes, frozenset[str]]:
    """The frame with each segment's runs alone, padded to an even length, and the names of what went.

    Raises TruncatedError where it ends inside its header, DamagedError where a segment does not hold all ``pixels``.
    """
    if len(data) < 64:
        raise TruncatedError("the RLE frame ends inside its header")
    count, *offsets = struct.unpack("<16L", data[:64])
    if not 1 <= count <= 15:
        raise DamagedError(f"the RLE frame has {count} segments, 1 to 15 are allowed")
    segments = [_runs(data[a:b], pixels) for a, b in pairwise([*offsets[:count], len(data)])]
    # Even lengths, and offsets that follow from them (PS3.5 annex G).
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    places, at = list[int](), 64
    for segment in segments:
        places.append(at)
        at += len(segment)
    made = struct.pack("<16L", count, *places, *[0] * (15 - count)) + b"".join(segments)
    same = made == data or made == data + b"\0" or made + b"\0" == data
    return made, frozenset() if same else frozenset({"bytes that say nothing"})


def _runs(segment: bytes, pixels: int) -> bytes:
    found = library()
    kept = runs(found, segment, pixels) if found is not None else _slowly(segment, pixels)
    if kept is None:
        raise DamagedError(f"an RLE segment does not hold {pixels} pixels")
    return kept


def _slowly(segment: bytes, pixels: int) -> bytes | None:
    """What ``runs`` does, without the compiled loop."""
    parts: list[bytes] = []
    at = done = 0
    while done < pixels:
        if at >= len(segment):
            return None
        code = segment[at]
        # 128 does nothing, as often as it is written: a place to hide bytes.
        if code == 128:
            at += 1
            continue
        size = code + 2 if code < 128 else 2
        done += code + 1 if code < 128 else 257 - code
        parts.append(segment[at : at + size])
        at += size
    return b"".join(parts) if done == pixels and at <= len(segment) else None
