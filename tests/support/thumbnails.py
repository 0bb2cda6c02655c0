"""JPEG codestreams with segments and thumbnails, made by hand."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

SMALL = np.ascontiguousarray(np.broadcast_to((np.arange(40, dtype=np.uint8) * 6)[:, None], (40, 48)))
"""A small picture that JPEG keeps nearly as it is."""


def jpeg(array: np.ndarray, **how: object) -> bytes:
    """A JPEG file without anything that is not needed."""
    out = io.BytesIO()
    Image.fromarray(array).save(out, "JPEG", **how)
    data = out.getvalue()
    return data[:2] + data[2 + 18 :] if data[2:4] == b"\xff\xe0" else data


def segment(marker: int, body: bytes) -> bytes:
    """A marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def exif(tags: dict[int, tuple[int, int, bytes | int]], data: bytes, *, order: str = "<") -> bytes:
    """The body of an APP1 segment whose second directory has ``tags`` (an int value -1 is where ``data`` lie)."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", 8)
    first = struct.pack(f"{order}HL", 0, 14)
    size = 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, (kind, count, value) in sorted(tags.items()):
        width = {1: 1, 3: 2, 4: 4}[kind]
        if isinstance(value, bytes) and len(value) > 4:
            entries += struct.pack(f"{order}HHLL", tag, kind, count, 14 + size + len(data) + len(behind))
            behind += value
        elif isinstance(value, bytes):
            entries += struct.pack(f"{order}HHL", tag, kind, count) + value.ljust(4, b"\0")
        else:
            number = 14 + size if value == -1 else value
            code = {1: "B", 2: "H", 4: "L"}[width]
            entries += struct.pack(f"{order}HHL{code}", tag, kind, count, number).ljust(12, b"\0")
    second = struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}L", 0)
    return b"Exif\0\0" + head + first + second + data + behind


def exif_jpeg(data: bytes, *, order: str = "<", length: int | None = None) -> bytes:
    """The same with a JPEG thumbnail."""
    return exif({0x0103: (3, 1, 6), 0x0201: (4, 1, -1), 0x0202: (4, 1, length or len(data))}, data, order=order)


def with_thumbnail(frame: np.ndarray, thumbnail: np.ndarray = SMALL) -> bytes:
    """A JPEG file of ``frame`` with an EXIF thumbnail."""
    data = jpeg(frame)
    return data[:2] + segment(0xE1, exif_jpeg(jpeg(thumbnail))) + data[2:]
