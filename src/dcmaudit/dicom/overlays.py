"""Overlays (PS3.3 C.9.2): what the 60xx groups describe, and the bits of the classic ones."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.layout import FRAME_LIMIT
from dcmaudit.dicom.attributes import is_in_fragments
from dcmaudit.dicom.blobs import looks_like
from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header, Kept
from dcmaudit.errors import TruncatedError
from dcmaudit.model import PlaneGroup, PlaneKind, Point, Size

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ClassicOverlay:
    """Where the bits of one OverlayData lie. ``frame_bits`` is a declared frame, ``size`` what of it is there.

    ``joined`` says that the value was written in fragments, which are joined here; DICOM knows no such thing.
    """

    group: int
    value: Kept | bytes
    frame_bits: int
    size: Size
    swapped: bool
    joined: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddedOverlay:
    """An overlay in bit ``bit`` of the cells; its frame k of ``count`` lies in image frame ``first_frame + k``."""

    group: int
    bit: int
    first_frame: int
    count: int

    def covers(self, frame: int) -> bool:
        """Whether the bit belongs to this overlay in that image frame."""
        return 0 <= frame - self.first_frame < self.count


Overlay = ClassicOverlay | EmbeddedOverlay


@dataclass(slots=True)
class FoundOverlays:
    """The overlays of a data set: as planes, as places, and in words what of them cannot be shown."""

    groups: list[PlaneGroup]
    places: dict[int, Overlay]
    missing: list[tuple[str, str]]
    notes: list[str]


def find_overlays(header: Header, image: FrameReader | None) -> FoundOverlays:
    """Every 60xx group of the data set, the even groups 6000 to 60FE, in order."""
    found = FoundOverlays([], {}, [], [])
    present = sorted({tag >> 16 for tag in (*header.attributes.tags(), *header.kept)})
    for group in present:
        # The standard ends at 601E (PS3.5 7.6); some writers go on, and odd groups are private.
        if 0x6000 <= group <= 0x60FF and group % 2 == 0:
            _find(header, image, group, found)
    return found


def _find(header: Header, image: FrameReader | None, group: int, found: FoundOverlays) -> None:
    base, attributes = group << 16, header.attributes
    name = f"overlay {group:04X}"
    value: Kept | bytes | None = header.kept.get(base | 0x3000) or attributes.raw(base | 0x3000)
    is_joined = value is not None and is_in_fragments(attributes.element(base | 0x3000))
    bit = attributes.integer(base | 0x0102) or 0
    rows, columns = attributes.integer(base | 0x0010), attributes.integer(base | 0x0011)
    # Without OverlayData the overlay lies in a bit of the pixel cells, as older editions of the standard had it.
    if value is None and bit == 0 and (attributes.integer(base | 0x0100) or 1) == 1:
        if rows is not None or columns is not None:
            found.notes.append(
                f"{name}: it has neither OverlayData nor a bit of the pixel data: there is nothing to see"
            )
        return
    if value is None:
        _embedded(header, image, group, bit, found)
        return
    if not rows or not columns or rows < 1 or columns < 1:
        found.missing.append((name, f"OverlayRows is {rows}, OverlayColumns is {columns}: at least 1 is allowed"))
        return
    if rows * columns > FRAME_LIMIT:
        found.missing.append((name, f"{columns} x {rows} pixels are more than are decoded at once"))
        return
    size = Size(columns, rows)
    # OverlayData must not be encapsulated (PS3.5 A.4); some converters do it to every OW element.
    if is_joined and isinstance(value, bytes):
        frames = max(1, attributes.integer(base | 0x0015) or 1)
        value, problem = joined_fragments(value, -(-frames * size.area // 8))
        if problem is not None:
            found.missing.append((name, problem))
            return
        found.notes.append(f"{name}: OverlayData are in fragments, which were joined")
    _classic(header, group, value, size, found, is_joined=is_joined)


def joined_fragments(value: bytes, expected: int) -> tuple[bytes, str | None]:
    """The bytes in the items of a value of undefined length; why they are no bits of an overlay, None where they are.

    ``expected`` bytes are wanted: where the first item holds more than those, it is taken for an offset table.
    """
    items: list[bytes] = []
    at = 0
    while at + 8 <= len(value):
        group, number, length = struct.unpack("<HHL", value[at : at + 8])
        if (group, number) != (0xFFFE, 0xE000) or at + 8 + length > len(value):
            return b"", "OverlayData of undefined length hold something else than fragments"
        items.append(value[at + 8 : at + 8 + length])
        at += 8 + length
    rest = b"".join(items[1:])
    # The first item is an offset table where the others alone have the right length.
    if items and len(items[0]) % 4 == 0 and expected <= len(rest) <= expected + 1:
        items = items[1:]
    joined = b"".join(items)
    look = looks_like(joined) or looks_like(rest)
    return joined, None if look is None else f"OverlayData are compressed: fragments that look like {look.value}"


def _classic(
    header: Header, group: int, value: Kept | bytes, size: Size, found: FoundOverlays, *, is_joined: bool
) -> None:
    base, attributes = group << 16, header.attributes
    name = f"overlay {group:04X}"
    length = value.length if isinstance(value, Kept) else len(value)
    # NumberOfFramesInOverlay is there only where an overlay has several frames (PS3.3 C.9.3).
    declared = max(1, attributes.integer(base | 0x0015) or 1)
    bits, available = length * 8, length * 8 // size.area
    frames = declared
    # Shown as bits, letters that have a byte a pixel are a pattern that nobody can read.
    cell = attributes.integer(base | 0x0100) or 1
    if cell > 1 and length >= declared * size.area * cell // 8:
        reason = f"OverlayBitsAllocated is {cell}: of OverlayData only 1 bit a pixel is shown as a picture"
        found.missing.append((f"{name}, as pixels of {cell} bits", reason))
    # The last byte is missing because its bits were counted in whole ones.
    if 0 < declared * size.area - bits < 8:
        # Writers that round half a byte down; the pixels that are not there are off.
        found.notes.append(f"{name}: OverlayData are {declared * size.area - bits} bits too short")
        bits, available = declared * size.area, declared
    if bits < declared * size.area:
        frames = available
        if available == 0:
            rows = bits // size.width
            reason = f"OverlayData hold {rows} of {size.height} rows"
            found.missing.append((f"{name}, the rows that are missing", reason))
            if rows == 0:
                return
            frames, size_there = 1, Size(size.width, rows)
        else:
            size_there = size
            reason = f"OverlayData hold {available} of {declared} frames"
            found.missing.append((f"{name}, the frames that are missing", reason))
    else:
        size_there = size
        if length - -(-declared * size.area // 8) > 1:
            found.notes.append(f"{name}: OverlayData are longer than declared")
            # A frame more is shown where it is surely one; bits that pad a byte are not.
            frames = max(declared, available) if declared * size.area % 8 == 0 or available > declared + 1 else declared
    # Words of a big endian file have their two bytes the other way round; OB is bytes in any file (PS3.5 7.3).
    swapped = not header.syntax.little_endian and header.attributes.vr(base | 0x3000) != "OB"
    if isinstance(value, Kept):
        swapped = not header.syntax.little_endian and value.vr != "OB"
    place = ClassicOverlay(group, value, size.area, size_there, swapped, is_joined)
    found.places[group] = place
    # ImageFrameOrigin counts from 1; where it is absent the overlay begins at the first frame.
    origin_frame = max(1, attributes.integer(base | 0x0051) or 1) - 1
    found.groups.append(
        PlaneGroup(PlaneKind.OVERLAY, group, range(frames), size_there, _origin(header, base), origin_frame)
    )
    rest = _unused_tail(header, place, length, frames)
    if rest:
        found.missing.append((f"{name}, behind its last frame", f"{rest} bytes of OverlayData belong to no frame"))


def _unused_tail(header: Header, place: ClassicOverlay, length: int, frames: int) -> int:
    used = -(-frames * place.frame_bits // 8)
    if length - used <= 1:
        return 0
    tail = _read(header, place.value, used, min(length - used, 1 << 20))
    return length - used if length - used > len(tail) or tail.strip(b"\0") else 0


def _embedded(header: Header, image: FrameReader | None, group: int, bit: int, found: FoundOverlays) -> None:
    base, attributes = group << 16, header.attributes
    name = f"overlay {group:04X}"
    if image is None:
        found.missing.append((name, f"it lies in bit {bit} of pixel data that cannot be read"))
        return
    layout = image.layout
    # No bit of a cell has that number.
    if layout.floating or not 0 <= bit < layout.bits_allocated:
        allowed = f"0 to {layout.bits_allocated - 1} are allowed with BitsAllocated {layout.bits_allocated}"
        found.missing.append((name, f"OverlayBitPosition is {bit}: {allowed}"))
        return
    if layout.low <= bit <= layout.high:
        found.notes.append(f"{name}: bit {bit} is also a bit of the stored values")
    first = max(1, attributes.integer(base | 0x0051) or 1) - 1
    declared = attributes.integer(base | 0x0015)
    count = max(0, image.count - first)
    # Frames that the image lacks are named; further image frames have no overlay in that bit.
    if declared is not None and 0 < declared != count:
        if declared > count:
            reason = f"{declared} frames from image frame {first + 1} on, the image has {image.count}"
            found.missing.append((f"{name}, the frames that are missing", reason))
        count = min(declared, count)
    if count:
        found.places[group] = EmbeddedOverlay(group, bit, first, count)
        found.groups.append(
            PlaneGroup(PlaneKind.EMBEDDED_OVERLAY, group, range(count), layout.size, _origin(header, base), first)
        )


def _origin(header: Header, base: int) -> Point:
    """OverlayOrigin is (row, column), counted from 1, and may be negative; absent, the image's own origin."""
    values = header.attributes.integers(base | 0x0050, signed=True)
    return Point(values[1] - 1, values[0] - 1) if len(values) >= 2 else Point(0, 0)


def classic_bits(header: Header, place: ClassicOverlay, frame: int) -> Bits:
    """One frame of a classic overlay, (rows, columns) of 0 and 1; the first pixel is the lowest bit (PS3.5 8.1.2)."""
    first = frame * place.frame_bits
    wanted = place.size.area
    start, end = first // 8, -(-(first + wanted) // 8)
    if place.swapped:
        start, end = start // 2 * 2, -(-end // 2) * 2
    data = _read(header, place.value, start, end - start)
    # More than the last byte is missing.
    if len(data) * 8 <= first - start * 8 + wanted - 8:
        raise TruncatedError(f"the file ends inside OverlayData of group {place.group:04X}")
    if place.swapped:
        data = np.frombuffer(data.ljust(end - start, b"\0"), "<u2").astype(">u2").tobytes()
    data = data.ljust(end - start, b"\0")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return bits[first - start * 8 :][:wanted].reshape(place.size.height, place.size.width)


def _read(header: Header, value: Kept | bytes, start: int, length: int) -> bytes:
    if isinstance(value, Kept):
        return header.body.read_at(value.offset + start, min(length, max(0, value.length - start)))
    return value[start : start + length]


def claimed_mask(places: Iterable[Overlay], frame: int) -> int:
    """The bits of the pixel cells of one image frame that embedded overlays account for.

    An overlay may cover some of the frames only (ImageFrameOrigin, NumberOfFramesInOverlay); in the others its bit
    is as unclaimed as any, and what stands in it must be shown.
    """
    mask = 0
    for place in places:
        if isinstance(place, EmbeddedOverlay) and place.covers(frame):
            mask |= 1 << place.bit
    return mask
