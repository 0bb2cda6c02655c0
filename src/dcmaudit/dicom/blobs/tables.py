"""Look-up tables (PS3.3 C.11.1, C.11.2, C.7.9): whether their data are as long as declared, and a table at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LUT_DATA, LUT_DESCRIPTOR = 0x00283006, 0x00283002
PLAIN_PALETTES = {0x00281201: 0x00281101, 0x00281202: 0x00281102, 0x00281203: 0x00281103, 0x00281204: 0x00281104}
LARGE_PALETTES = {0x00281211: 0x00281111, 0x00281212: 0x00281112, 0x00281213: 0x00281113}
"""Retired ones, whose number of entries takes two words."""
SEGMENTED = {0x00281221: 0x00281101, 0x00281222: 0x00281102, 0x00281223: 0x00281103, 0x00281224: 0x00281104}
"""Segmented palettes (PS3.3 C.7.9.2): a segment says in two words or four bytes what at least one entry is."""
DESCRIPTORS = {LUT_DATA: LUT_DESCRIPTOR, **PLAIN_PALETTES}
"""LUT data by tag, and the element that describes them."""
PALETTES = frozenset({*PLAIN_PALETTES, *LARGE_PALETTES, *SEGMENTED, 0x00281214, 0x00281200})
_MOST_TURNS = 0.2
"""Part of the steps of a table that may change direction: windows and curves rise or fall, pictures go up and down."""


def fault_of_table(tag: int, data: bytes, numbers: Callable[[int], tuple[int, ...]], *, palette: bool) -> str | None:
    """Why LUT data could hold a picture, in words; None where they are as long as declared and go one way.

    ``numbers`` gives the values of an element beside them, ``palette`` says whether the image is PALETTE COLOR.
    """
    # A palette is defined for PALETTE COLOR alone (PS3.3 C.7.6.3.1.5); beside other images nothing shows it.
    if tag in PALETTES and not palette:
        return "a palette beside an image that uses none"
    descriptor = numbers(DESCRIPTORS[tag]) if tag in DESCRIPTORS else ()
    if tag in SEGMENTED:
        return _fault_of_segments(data, numbers(SEGMENTED[tag]))
    if len(descriptor) < 3:
        return "LUT data without a descriptor"
    # 0 stands for 65,536 entries (PS3.3 C.11.1.1.1).
    entries = descriptor[0] % 65536 or 65536
    if len(data) > entries * 2:
        return f"{len(data)} bytes of LUT data, {entries * 2} are declared"
    return "LUT data that rise and fall as a picture does" if tag == LUT_DATA and _turns(data, entries) else None


def _fault_of_segments(data: bytes, descriptor: tuple[int, ...]) -> str | None:
    if len(descriptor) < 3:
        return "a segmented palette without a descriptor"
    most = 6 * (descriptor[0] % 65536 or 65536)
    return f"{len(data)} bytes of segments for {most // 6} entries" if len(data) > most else None


def _turns(data: bytes, entries: int) -> bool:
    values = np.frombuffer(data, np.uint8 if len(data) < entries * 2 else "<u2").astype(np.int64)
    # Nobody knows the byte order of OW here for sure: the smoother reading counts.
    little = _share_of_turns(values)
    return min(little, _share_of_turns(np.frombuffer(data, ">u2").astype(np.int64) if len(data) % 2 == 0 else values)) \
        > _MOST_TURNS  # fmt: skip


def _share_of_turns(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
    steps = np.sign(np.diff(values))
    steps = steps[steps != 0]
    return float(np.mean(steps[1:] != steps[:-1])) if len(steps) > 1 else 0.0
