"""The compiled loops over coded data (``_walk.c``), where the build could make them."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.jpeg.huffman import Lookup

PADDING = 512
"""Bytes that ``_walk.c`` may look at behind the data."""

REASONS = {
    1: "no such DC code",
    2: "no such AC code",
    3: "a block of more than 64 coefficients",
    4: "it ends in the middle of a block",
    5: "a DC value that a sequential JPEG cannot hold",
    7: "a DC value beyond black or white",
    8: "a value of more bits than a coefficient has",
    9: "a run of blocks goes on beyond the last one",
}
_TOO_MANY, _ENDS_EARLY = 3, 4


@cache
def library() -> ctypes.CDLL | None:
    """The library; None where the package was built without a C compiler."""
    path = Path(__file__).with_name("_walk.so")
    try:
        found = ctypes.CDLL(str(path))
        for loop in (
            found.dcmaudit_walk,
            found.dcmaudit_lossless,
            found.dcmaudit_unpack,
            found.dcmaudit_runs,
            found.dcmaudit_progressive_dc,
            found.dcmaudit_progressive_ac,
        ):
            loop.restype = ctypes.c_int
    except (OSError, AttributeError):
        return None
    return found


def walk(
    found: ctypes.CDLL,
    data: bytes,
    mcus: int,
    plan: tuple[tuple[int, Lookup], ...],
    state: tuple[int, list[int]],
    coefficients: npt.NDArray[np.int16] | None = None,
    limits: tuple[int, ...] | None = None,
) -> tuple[int, list[int], str | None]:
    """The bit behind ``mcus`` MCUs, the DC value of each component there, and what is damaged (or None).

    ``data`` has ``PADDING`` bytes behind its last; ``state`` is the first bit and the DC values before it.
    ``coefficients`` receives the blocks in coding order, axes (block, 64); it must be zero. ``limits`` are the most
    that the DC values of each component may be away from 0.
    """
    position = ctypes.c_int64(state[0])
    dc = (ctypes.c_int64 * len(state[1]))(*state[1])
    blocks = len(plan)
    component = (ctypes.c_int32 * blocks)(*[place for place, _ in plan])
    pointers = ctypes.c_void_p * blocks
    code = found.dcmaudit_walk(
        ctypes.c_char_p(data),
        ctypes.c_int64(8 * (len(data) - PADDING)),
        ctypes.c_int64(mcus),
        ctypes.c_int32(blocks),
        component,
        pointers(*[tables.dc.ctypes.data for _, tables in plan]),
        pointers(*[tables.ac.ctypes.data for _, tables in plan]),
        pointers(*[tables.quick.ctypes.data for _, tables in plan]),
        ctypes.byref(position),
        dc,
        ctypes.c_void_p(None if coefficients is None else coefficients.ctypes.data),
        None if limits is None else (ctypes.c_int64 * len(limits))(*limits),
    )
    return position.value, list(dc), REASONS[code] if code else None


def walk_lossless(
    found: ctypes.CDLL,
    data: bytes,
    shape: tuple[int, int, int],
    tables: tuple[npt.NDArray[np.int32], ...],
    predictor: int,
    bits: tuple[int, int],
    out: npt.NDArray[np.uint16] | None = None,
) -> tuple[int, int, str | None]:
    """The bit behind one restart interval of a lossless JPEG, the bits that were cut off, and what is damaged.

    ``data`` has ``PADDING`` bytes behind its last; ``shape`` is (lines, columns, components), ``tables`` one lookup
    table a component. ``bits`` are the bits that the samples are coded with and those that each keeps. ``out``, of
    that shape and C-contiguous, receives the samples.
    """
    rows, columns, components = shape
    position, wrapped = ctypes.c_int64(0), ctypes.c_int32(0)
    lines = np.empty(2 * columns * components, np.uint16)
    code = found.dcmaudit_lossless(
        ctypes.c_char_p(data),
        ctypes.c_int64(8 * (len(data) - PADDING)),
        ctypes.c_int64(rows),
        ctypes.c_int64(columns),
        ctypes.c_int32(components),
        (ctypes.c_void_p * components)(*[table.ctypes.data for table in tables]),
        ctypes.c_int32(predictor),
        ctypes.c_int32(bits[0]),
        ctypes.c_int32(bits[1]),
        ctypes.c_void_p(lines.ctypes.data),
        ctypes.c_void_p(out.ctypes.data if out is not None else None),
        ctypes.byref(position),
        ctypes.byref(wrapped),
    )
    return position.value, wrapped.value, REASONS[code] if code else None


def walk_progressive_dc(
    found: ctypes.CDLL,
    data: bytes,
    mcus: int,
    plan: tuple[tuple[int, npt.NDArray[np.int32]], ...],
    low: int,
    limits: tuple[int, ...],
) -> tuple[int, str | None]:
    """The bit behind the first DC scan's interval of a progressive JPEG, and what is damaged (or None).

    ``plan`` has each block's component and table (code length * 256 + symbol), ``limits`` what DC values may be.
    """
    position, blocks = ctypes.c_int64(0), len(plan)
    code = found.dcmaudit_progressive_dc(
        ctypes.c_char_p(data),
        ctypes.c_int64(8 * (len(data) - PADDING)),
        ctypes.c_int64(mcus),
        ctypes.c_int32(blocks),
        (ctypes.c_int32 * blocks)(*[place for place, _ in plan]),
        (ctypes.c_void_p * blocks)(*[table.ctypes.data for _, table in plan]),
        ctypes.c_int32(low),
        (ctypes.c_int64 * len(limits))(*limits),
        ctypes.byref(position),
    )
    return position.value, REASONS[code] if code else None


def walk_progressive_ac(
    found: ctypes.CDLL,
    data: bytes,
    blocks: range,
    shape: tuple[int, int],
    table: npt.NDArray[np.int32],
    band: tuple[int, int],
    most: int,
    seen: npt.NDArray[np.uint8],
) -> tuple[int, str | None]:
    """The bit behind an AC scan's interval of a progressive JPEG, and what is damaged (or None).

    ``blocks`` are those of the interval in the scan, ``shape`` the blocks in a row of the scan and as stored in
    ``seen``, axes (block, 64), which has 1 for each coefficient that is not zero, and gets them. ``most`` is the
    number of bits a value can have, 0 in a refinement.
    """
    position = ctypes.c_int64(0)
    code = found.dcmaudit_progressive_ac(
        ctypes.c_char_p(data),
        ctypes.c_int64(8 * (len(data) - PADDING)),
        ctypes.c_int64(blocks.start),
        ctypes.c_int64(len(blocks)),
        ctypes.c_int64(shape[0]),
        ctypes.c_int64(shape[1]),
        ctypes.c_void_p(table.ctypes.data),
        ctypes.c_int32(band[0]),
        ctypes.c_int32(band[1]),
        ctypes.c_int32(most),
        ctypes.c_void_p(seen.ctypes.data),
        ctypes.byref(position),
    )
    return position.value, REASONS[code] if code else None


def unpack(found: ctypes.CDLL, segment: bytes, into: npt.NDArray[np.uint8]) -> tuple[int, str | None]:
    """Unpack an RLE segment into ``into``, one axis of any step; the bytes that were read, and what is wrong."""
    used = ctypes.c_int64(0)
    code = found.dcmaudit_unpack(
        ctypes.c_char_p(segment),
        ctypes.c_int64(len(segment)),
        ctypes.c_void_p(into.ctypes.data),
        ctypes.c_int64(into.strides[0]),
        ctypes.c_int64(len(into)),
        ctypes.byref(used),
    )
    reasons = {_TOO_MANY: "a run goes on beyond the last pixel", _ENDS_EARLY: "it ends before the last pixel"}
    return len(segment) if code == _ENDS_EARLY else used.value, reasons.get(code)


def runs(found: ctypes.CDLL, segment: bytes, pixels: int) -> bytes | None:
    """The runs of an RLE segment that make up ``pixels`` bytes, and nothing else of it; None where it is damaged."""
    into = np.empty(max(1, len(segment)), np.uint8)
    written = ctypes.c_int64(0)
    code = found.dcmaudit_runs(
        ctypes.c_char_p(segment),
        ctypes.c_int64(len(segment)),
        ctypes.c_void_p(into.ctypes.data),
        ctypes.c_int64(pixels),
        ctypes.byref(written),
    )
    return None if code else into[: written.value].tobytes()
