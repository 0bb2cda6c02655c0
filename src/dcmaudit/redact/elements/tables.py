"""Look-up tables: how much of their data their descriptors account for (PS3.3 C.7.6.3.1.5, C.11.1)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

from dcmaudit.dicom.blobs.tables import LARGE_PALETTES, LUT_DATA, LUT_DESCRIPTOR, PLAIN_PALETTES, SEGMENTED

PALETTES = {**PLAIN_PALETTES, **LARGE_PALETTES}
DESCRIBED = {LUT_DATA: LUT_DESCRIPTOR, 0x00281408: 0x00281407, **PALETTES}
"""Data of tables, and the descriptors that say how many entries they have."""
PALETTE_TAGS = frozenset({*PALETTES, *PALETTES.values(), *SEGMENTED})

Read = Callable[[int], bytes | None]
"""The value of an element of the same data set or item, None where it is absent."""


def table_length(tag: int, length: int, read: Read, order: str) -> int | None:
    """How many of the ``length`` bytes of a table are its entries; None where nothing says how many it has."""
    described = read(DESCRIBED[tag])
    if described is None or len(described) < 6:
        return None
    words: tuple[int, ...] = struct.unpack(f"{order}{len(described) // 2}H", described[: len(described) // 2 * 2])
    if tag in LARGE_PALETTES and len(words) >= 5:
        entries, bits = words[0] << 16 | words[1], words[4]
    else:
        # 0 stands for 65,536 (PS3.3 C.7.6.3.1.5).
        entries, bits = words[0] or 1 << 16, words[2]
    packed = entries + entries % 2
    # Two entries of eight bits to a word, the last one padded.
    if bits <= 8 and packed <= length < 2 * entries:
        return packed
    return min(length, 2 * entries)


def most_of_segments(tag: int, read: Read, order: str) -> int | None:
    """The most bytes that a segmented palette can need: three words for each of its entries (C.7.9.2)."""
    described = read(SEGMENTED[tag])
    if described is None or len(described) < 6:
        return None
    entries: int = struct.unpack(f"{order}H", described[:2])[0]
    return 6 * (entries or 1 << 16)


def is_supplemental(values: Mapping[int, bytes]) -> bool:
    """Whether palettes beside grey values colour some of them (PixelPresentation, PS3.3 C.8.16.2)."""
    return values.get(0x00089205, b"").strip(b" \0") in {b"COLOR", b"MIXED"}
