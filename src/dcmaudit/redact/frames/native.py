"""Native pixel data and overlays, patched in place: the output already holds the original bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.base import Cells
from dcmaudit.codecs.encode import NativeLayout, native_bytes
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.overlays import ClassicOverlay
from dcmaudit.model import Box

_CHUNK = 1 << 20
Bits = npt.NDArray[np.uint8]


def patch_frame(
    out: BinaryIO, value_at: int, reader: FrameReader, frame: int, cells: Cells, rows: range | None = None
) -> None:
    """Put the cells of one frame where it lies in the value that begins at ``value_at`` of ``out``.

    ``rows`` are those that changed, None for all: others need not be written again. Frames of single bits share
    bytes with their neighbours, whose bits stay.
    """
    layout, little = reader.layout, reader.syntax.little_endian
    swapped = not little and layout.bits_allocated <= 8 and reader.element.vr != "OB"
    # Frames of single bits may share a byte with their neighbours (PS3.5 8.1.1).
    if layout.bits_allocated == 1:
        flat = np.moveaxis(cells, 2, 0) if layout.planar and cells.ndim == 3 else cells
        _patch_bits(out, value_at, frame * layout.frame_bits, flat.ravel(), swapped=swapped)
        return
    native = NativeLayout(layout.bits_allocated, planar=layout.planar, big_endian=not little, subsampled=layout.halved)
    size = layout.frame_bits // 8
    start = frame * size
    # Rows lie one behind the other.
    if rows is not None and not swapped and not layout.planar:
        row_size = size // layout.rows
        cells, start, size = cells[rows.start : rows.stop], start + rows.start * row_size, len(rows) * row_size
    data = b"".join(native_bytes([cells], native))[:size]
    if swapped:
        _patch_swapped(out, value_at, start, data)
        return
    out.seek(value_at + start)
    out.write(data)


def put_rows(out: BinaryIO, at: int, window: FrameReader, cells: Cells) -> None:
    """Put whole rows of a frame at ``at`` of ``out``; ``window`` is the reader of these rows alone."""
    layout = window.layout
    native = NativeLayout(layout.bits_allocated, planar=layout.planar, big_endian=not window.syntax.little_endian,
                          subsampled=layout.halved)  # fmt: skip
    out.seek(at)
    out.write(b"".join(native_bytes([cells], native))[: window.element.length])


def shared_chroma(boxes: Sequence[Box], columns: int) -> tuple[Box, ...]:
    """Boxes widened to pairs of columns: in native YBR_FULL_422 both pixels of a pair have one colour."""
    return tuple(Box(box.left // 2 * 2, box.top, min(columns, -(-box.right // 2) * 2), box.bottom) for box in boxes)


def clear_overlay(out: BinaryIO, value_at: int, place: ClassicOverlay, frame: int, boxes: Sequence[Box]) -> None:
    """Switch the bits of one overlay frame off inside the boxes (overlay pixels)."""
    first = frame * place.frame_bits
    bits = _bits_at(out, value_at, first, place.size.area, swapped=place.swapped)
    picture = bits.reshape(place.size.height, place.size.width)
    for box in boxes:
        picture[box.top : box.bottom, box.left : box.right] = 0
    _patch_bits(out, value_at, first, picture.ravel(), swapped=place.swapped)


def clear_behind(out: BinaryIO, value_at: int, used: int, length: int, *, swapped: bool) -> int:
    """Switch off what stands behind the first ``used`` bits of a value of ``length`` bytes: it belongs to nothing.

    Returns how many bytes stand there, 0 where they were off already.
    """
    start, changed = used // 16 * 2, False
    while start < length:
        out.seek(value_at + start)
        data = out.read(min(_CHUNK, length - start))
        if not data:
            break
        kept = max(0, used - 8 * start)
        new = _low_bits(_swap(data) if swapped else data, kept)
        new = _swap(new) if swapped else new
        if new != data:
            changed = True
            out.seek(value_at + start)
            out.write(new)
        start += len(data)
    return length - used // 8 if changed else 0


def _low_bits(data: bytes, count: int) -> bytes:
    """The first bits of ``data``, the others off."""
    whole, rest = divmod(count, 8)
    kept = data[:whole] + (bytes([data[whole] & (1 << rest) - 1]) if rest and whole < len(data) else b"")
    return kept.ljust(len(data), b"\0")


def _window(first: int, count: int, *, swapped: bool) -> tuple[int, int]:
    start, end = first // 8, -(-(first + count) // 8)
    return (start // 2 * 2, -(-end // 2) * 2) if swapped else (start, end)


def _bits_at(out: BinaryIO, value_at: int, first: int, count: int, *, swapped: bool) -> Bits:
    start, end = _window(first, count, swapped=swapped)
    out.seek(value_at + start)
    data = _swap(out.read(end - start)) if swapped else out.read(end - start)
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return bits[first - start * 8 :][:count].copy()


def _patch_bits(out: BinaryIO, value_at: int, first: int, bits: Cells, *, swapped: bool) -> None:
    start, end = _window(first, bits.size, swapped=swapped)
    out.seek(value_at + start)
    data = out.read(end - start)
    whole = np.unpackbits(np.frombuffer(_swap(data) if swapped else data, np.uint8), bitorder="little").copy()
    at = first - start * 8
    whole[at : at + bits.size] = bits != 0
    packed = np.packbits(whole, bitorder="little").tobytes()
    out.seek(value_at + start)
    out.write(_swap(packed) if swapped else packed)


def _patch_swapped(out: BinaryIO, value_at: int, start: int, data: bytes) -> None:
    first, end = start // 2 * 2, -(-(start + len(data)) // 2) * 2
    out.seek(value_at + first)
    whole = bytearray(_swap(out.read(end - first)))
    whole[start - first : start - first + len(data)] = data
    out.seek(value_at + first)
    out.write(_swap(bytes(whole)))


def _swap(data: bytes) -> bytes:
    """The bytes of each 16-bit word the other way round (OW in big endian, PS3.5 7.3); an odd last byte stays."""
    even = len(data) // 2 * 2
    return np.frombuffer(data[:even], ">u2").astype("<u2").tobytes() + data[even:]
