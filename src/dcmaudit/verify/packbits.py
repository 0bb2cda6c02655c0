"""RLE frames looked at run by run: nothing in them but the runs that fill the frame (PS3.5 annex G)."""

from __future__ import annotations

import struct
from itertools import pairwise

from dcmaudit.errors import DecodeError

_NOTHING, _FAR = 128, 1 << 62
_STEPS = (*(code + 2 for code in range(_NOTHING)), 1 + _FAR, *(2 for _ in range(_NOTHING + 1, 256)))
_FILLS = (*(code + 1 for code in range(_NOTHING)), 0, *(257 - code for code in range(_NOTHING + 1, 256)))
"""By the byte that begins a run: its length, which leads out of the data where it says nothing, and its pixels."""


def fault_of_rewritten(data: bytes, pixels: int) -> str | None:
    """In words what an RLE frame of ``pixels`` pixels carries beside its runs, None for nothing."""
    bounds, names_more = _bounds(data)
    if names_more:
        return "its header names more than its segments"
    # The header has 64 bytes, whatever it names (PS3.5 G.5).
    if bounds[0] != 64:
        return "bytes stand before its first segment"
    for start, end in pairwise(bounds):
        runs, has_nothing, at = _runs(data, start, end, pixels)
        if has_nothing:
            return "it has runs that say nothing"
        rest = data[at:end]
        if rest not in {b"", b"\0"} or (rest and len(runs) % 2 == 0):
            return f"{len(rest)} bytes stand behind the last pixel of a segment"
    return None


def fault_of_kept(before: bytes, after: bytes, pixels: int) -> str | None:
    """In words what a frame of which nothing was asked has other than its original, None for nothing.

    Runs that say nothing and bytes behind the last pixel of a segment may be gone.
    """
    fault = fault_of_rewritten(after, pixels)
    if fault is not None:
        return fault
    old, new = (
        [_runs(data, start, end, pixels)[0] for start, end in pairwise(_bounds(data)[0])] for data in (before, after)
    )
    return None if old == new else "its runs are others"


def _bounds(data: bytes) -> tuple[list[int], bool]:
    """Where the segments begin, and the end; whether the header names more of them than it counts."""
    if len(data) < 64:
        raise DecodeError("the RLE frame ends inside its header")
    count, *offsets = struct.unpack("<16L", data[:64])
    bounds = [*offsets[:count], len(data)]
    if not 1 <= count <= 15 or bounds[0] < 64 or any(a > b for a, b in pairwise(bounds)):
        raise DecodeError("the RLE frame's segment offsets are wrong")
    return bounds, any(offsets[count:])


def _runs(data: bytes, at: int, end: int, pixels: int) -> tuple[bytes, bool, int]:
    """The runs of a segment without those that say nothing, whether there are such, and where its last pixel ends."""
    kept, start, has_nothing = list[bytes](), at, False
    steps, fills = _STEPS, _FILLS  # a frame has tens of thousands of runs
    while True:
        while pixels > 0 and at < end:
            code = data[at]
            at += steps[code]
            pixels -= fills[code]
        # A run that says nothing leads far out of the data, so that the quick loop needs no test for it.
        if at < _FAR:
            break
        at -= _FAR
        kept.append(data[start : at - 1])
        has_nothing, start = True, at
    kept.append(data[start:at])
    return b"".join(kept), has_nothing, at
