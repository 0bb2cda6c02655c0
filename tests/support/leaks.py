"""A search for what the blacked area's pixels said, in every byte of a written file."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np

_RUN, _DISTINCT = 32, 8


def runs(values: bytes) -> set[bytes]:
    """Runs of 32 bytes with 8 distinct values."""
    pieces = (values[at : at + _RUN] for at in range(0, len(values) - _RUN + 1, 4))
    return {piece for piece in pieces if len(set(piece)) >= _DISTINCT}


def forms(cells: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """The cells of an area as somebody might keep them: raw, at other depths, by columns, in the other byte order."""
    flat = np.ascontiguousarray(cells)
    yield "raw", flat.tobytes()
    yield "by columns", np.ascontiguousarray(np.swapaxes(flat, 0, 1)).tobytes()
    yield "upside down", np.ascontiguousarray(flat[::-1]).tobytes()
    if flat.itemsize == 2:
        yield "other order", flat.byteswap().tobytes()
        for shift in range(9):
            yield f"8 bits from bit {shift}", (flat >> shift & 0xFF).astype(np.uint8).tobytes()
    else:
        for shift in range(1, 9):
            yield f"16 bits, up by {shift}", (flat.astype(np.uint16) << shift).tobytes()


def found_in(data: bytes, cells: np.ndarray) -> str | None:
    """In which form a run of the cells is in ``data``, None where it is in none."""
    encoded = base64_of(data)
    for name, values in forms(cells):
        wanted = runs(values)
        for where, text in (("as it is", data), ("in base64", encoded)):
            if any(one in text for one in wanted):
                return f"{name}, {where}"
    return None


def base64_of(data: bytes) -> bytes:
    """What every long enough word of base64 in the data says."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    words = bytes(c if c in alphabet else 32 for c in data).split()
    return b"".join(base64.b64decode(word[: len(word) // 4 * 4]) for word in words if len(word) >= 4 * _RUN // 3)
