"""Stray bits: bits of the pixel cells outside the stored range that no 60xx group claims, and that say something."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dcmaudit.codecs.cells import Cells
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.errors import DicomError

_PIECE = 512 << 10
"""Bytes of a native frame that are searched at once: they stay in the cache of a core."""


@dataclass(slots=True)
class StrayScan:
    """The frames in which each stray bit is set, and in words the frames that could not be searched."""

    bits: dict[int, Sequence[int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def scan_frames(
    image: FrameReader,
    mask_of: Callable[[int], int],
    progress: Callable[[int, int], None] | None,
    stop: Callable[[], bool] | None,
) -> StrayScan | None:
    """Search the bits of ``mask_of(frame)`` in every frame, one in memory at a time; None where ``stop()`` said so."""
    frames: dict[int, array[int]] = {}
    failed: list[int] = []
    for frame in range(image.count):
        if stop is not None and stop():
            return None
        try:
            found = _search(image, frame, mask_of(frame))
        except (DicomError, MemoryError):
            failed.append(frame)
        else:
            for bit in range(found.bit_length()):
                if found >> bit & 1:
                    frames.setdefault(bit, array("L")).append(frame)
        if progress is not None:
            progress(frame + 1, image.count)
    problems = []
    if failed:
        what = f"frame {failed[0] + 1}" if len(failed) == 1 else f"{len(failed)} frames, the first is {failed[0] + 1},"
        problems.append(f"{what} cannot be decoded, so that the unused bits were not searched")
    return StrayScan({bit: _compact(numbers) for bit, numbers in frames.items()}, problems)


def _compact(numbers: array[int]) -> Sequence[int]:
    """Frames in a row as a range, others as a tuple: both can be compared and hashed."""
    whole = range(numbers[0], numbers[-1] + 1)
    return whole if len(whole) == len(numbers) else tuple(numbers)


def _search(image: FrameReader, frame: int, mask: int) -> int:
    layout = image.layout
    if not mask:
        return 0
    precision = image.precision(frame)
    if precision is not None and layout.low == 0 and precision <= layout.bits_stored:
        return 0  # the codestream itself has no bit there; what its sign extension puts there is no plane
    found = 0
    for reader, place in _pieces(image, frame):
        cells, _ = reader.cells(place)
        found |= stray_bits(cells, mask, high=layout.high, signed=layout.signed)
    return found


def _pieces(image: FrameReader, frame: int) -> list[tuple[FrameReader, int]]:
    """Readers and numbers of frames that make up one frame: small pieces of its rows, or all of it at once."""
    layout = image.layout
    rows = max(1, _PIECE // max(1, layout.frame_bits // 8 // layout.rows))
    windows = [image.rows_of(frame, range(top, min(layout.rows, top + rows))) for top in range(0, layout.rows, rows)]
    pieces = [(window, 0) for window in windows if window is not None]
    return pieces if len(pieces) == len(windows) else [(image, frame)]


def stray_bits(cells: Cells, mask: int, *, high: int, signed: bool) -> int:
    """The bits of ``mask`` that are set somewhere and are not a plain repetition of the sign in bit ``high``.

    A signed image may fill the bits above ``high`` with its sign or with zeros: neither is stray. Below the stored
    range anything but zero is.
    """
    found = _ored(cells) & mask
    above = mask & ~((1 << (high + 1)) - 1)
    if signed and found & above:
        kind = np.dtype(f"i{cells.dtype.itemsize}")
        width = cells.dtype.itemsize * 8
        sign = np.right_shift(np.left_shift(cells, width - 1 - high).view(kind), width - 1).view(cells.dtype)
        differing = int(np.bitwise_or.reduce(np.bitwise_xor(cells, sign), axis=None)) & above
        found &= differing | ~above
    return found


def _ored(cells: Cells) -> int:
    """All cells or-ed together; several at a time where they fill whole words of 64 bits."""
    if not cells.flags.c_contiguous or cells.nbytes % 8 or cells.itemsize == 8:
        return int(np.bitwise_or.reduce(cells, axis=None))
    word = int(np.bitwise_or.reduce(cells.reshape(-1).view(np.uint64)))
    width, found = 8 * cells.itemsize, 0
    while word:
        found |= word & ((1 << width) - 1)
        word >>= width
    return found
