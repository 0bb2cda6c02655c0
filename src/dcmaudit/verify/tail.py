"""What stands behind the last frame of bits or cells: it belongs to nothing, and stays as it was or becomes 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Reader = Callable[[int, int], bytes]
"""Bytes of a value: from an offset, a number of them, fewer at its end."""

_CHUNK = 1 << 20


def same_behind(before: Reader, after: Reader, used: int, length: int, *, swapped: bool) -> bool:
    """Whether two values of ``length`` bytes are the same behind their first ``used`` bits, or the second is 0 there.

    ``swapped``: the bytes of each 16-bit word stand the other way round (OW in big endian, PS3.5 7.3).
    """
    word = used // 16 * 2
    if used % 16:
        bits = [_bits(read(word, 2), swapped=swapped)[used % 16 :] for read in (before, after)]
        if not np.array_equal(bits[0], bits[1]) and bits[1].any():
            return False
        word += 2
    return all(
        (new := after(at, size)) == before(at, size) or not any(new)
        for at in range(word, length, _CHUNK)
        for size in [min(_CHUNK, length - at)]
    )


def _bits(data: bytes, *, swapped: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    if swapped and len(data) == 2:
        data = data[::-1]
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
