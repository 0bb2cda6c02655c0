"""Whether an item of an Icon Image Sequence is one plain picture, and nothing beside it (PS3.3 F.7, C.7.6.3)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dcmaudit.redact.elements.spans import UNDEFINED, Span
from dcmaudit.redact.elements.tables import PALETTES, table_length

ROWS, COLUMNS, SAMPLES, FRAMES = 0x00280010, 0x00280011, 0x00280002, 0x00280008
ALLOCATED, STORED, HIGH, PIXELS = 0x00280100, 0x00280101, 0x00280102, 0x7FE00010
_ALLOWED = frozenset({
    ROWS, COLUMNS, SAMPLES, FRAMES, ALLOCATED, STORED, HIGH, PIXELS, 0x00280004, 0x00280006, 0x00280034, 0x00280103,
    0x00280106, 0x00280107, *PALETTES, *PALETTES.values(),
})  # fmt: skip
_LONGEST = 64
"""Bytes of any other element: numbers and code strings."""


def is_plain_icon(spans: Sequence[Span], raw: Callable[[Span], bytes], order: str) -> bool:
    """Whether the elements of one item are those of one native frame, each of the length that it has to have.

    Bits beside the stored ones must be off, and at most one zero may follow the pixels.
    """
    there = {span.tag: span for span in spans if span.tag & 0xFFFF}
    if len(there) != len(spans) or PIXELS not in there or not all(map(_is_allowed, there.values())):
        return False
    pixels = there[PIXELS]
    large = {PIXELS, *PALETTES}
    # A compressed icon could hold a picture of any size.
    if pixels.length == UNDEFINED or any(s.end - s.value > _LONGEST for tag, s in there.items() if tag not in large):
        return False
    values = {tag: raw(span) for tag, span in there.items() if tag != PIXELS}
    for tag in PALETTES.keys() & there.keys():
        length = there[tag].end - there[tag].value
        if table_length(tag, length, values.get, order) != length:
            return False
    kind = values.get(0x00280004, b"").strip(b" \0").decode("latin-1")
    if kind not in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL"}:
        return False
    if values.get(FRAMES, b"1").strip(b" \0") not in {b"", b"1"}:
        return False
    return _holds_one_frame(raw(pixels), {tag: _number(value, order) for tag, value in values.items()}, order)


def _is_allowed(span: Span) -> bool:
    """Whether an element describes a picture, or is a short one of numbers or words (some name the instance)."""
    group = span.tag >> 16
    is_short = span.end - span.value <= _LONGEST and span.length != UNDEFINED
    is_word = group % 2 == 0 and group < 0x5000 and span.vr not in {b"SQ", b"UN", b"OB", b"OW"}
    return span.tag in _ALLOWED or (is_short and is_word and group != 0x0088)


def _holds_one_frame(data: bytes, numbers: Mapping[int, int], order: str) -> bool:
    allocated = numbers.get(ALLOCATED, 0)
    stored = numbers.get(STORED, allocated)
    high = numbers.get(HIGH, stored - 1)
    bits = numbers.get(ROWS, 0) * numbers.get(COLUMNS, 0) * numbers.get(SAMPLES, 1) * allocated
    if not bits or allocated not in {1, 8, 16} or not 1 <= stored <= high + 1 <= allocated:
        return False
    used = -(-bits // 8)
    if len(data) < used or data[used:] not in {b"", b"\0"}:
        return False
    if allocated == 1:
        # Bits behind the last pixel belong to nothing.
        return bits % 8 == 0 or not data[used - 1] >> bits % 8
    # Bits of the cells beside the stored ones.
    beside = ((1 << allocated) - 1) & ~(((1 << stored) - 1) << (high - stored + 1))
    kind = np.uint8 if allocated == 8 else np.dtype(f"{order}u2")
    return not beside or not (np.frombuffer(data, kind, bits // allocated) & beside).any()


def _number(value: bytes, order: str) -> int:
    return int(struct.unpack(f"{order}H", value[:2])[0]) if len(value) >= 2 else 0
