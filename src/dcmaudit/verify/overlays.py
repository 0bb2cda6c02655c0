"""Overlays in OverlayData, and icons, compared with their originals."""

from __future__ import annotations

from collections.abc import Sequence

from dcmaudit.dicom.frames import FrameReader
from dcmaudit.dicom.header import Header, Kept
from dcmaudit.dicom.icons import Icon
from dcmaudit.dicom.overlays import ClassicOverlay, classic_bits
from dcmaudit.dicom.parts import Parts
from dcmaudit.dicom.plane_samples import samples_of
from dcmaudit.dicom.second_decoders import first_decoder
from dcmaudit.errors import DcmauditError
from dcmaudit.model import Box, IconAddress, OverlayAddress, PlaneGroup
from dcmaudit.model.proof import PlaneProof
from dcmaudit.verify.black import fault_inside, mask_of
from dcmaudit.verify.cells import bits_of, left_inside
from dcmaudit.verify.dataset import Element
from dcmaudit.verify.demands import Boxes
from dcmaudit.verify.record import Record
from dcmaudit.verify.tail import same_behind

OVERLAYS, ICONS = "overlays", "icons"
_OF_ICONS = frozenset({
    *(0x00280000 | number for number in (0, 2, 4, 6, 0x10, 0x11, 0x34, 0x100, 0x101, 0x102, 0x103)),
    *(0x00280000 | number for number in (0x1101, 0x1102, 0x1103, 0x1201, 0x1202, 0x1203)),
    0x7FE00000, 0x7FE00010,
})  # fmt: skip
"""Elements of a plain icon: how its one frame is coded, and the frame (PS3.3 F.7)."""


def compare_overlay(
    record: Record, before: Parts, after: Parts, group: PlaneGroup, everywhere: Boxes, single: dict[int, Boxes]
) -> list[PlaneProof]:
    """Compare one classic overlay, frame by frame and bit by bit; what was asked comes back as compared.

    ``everywhere`` are the boxes of every frame, ``single`` those of single ones, in overlay pixels.
    """
    old, new = before.overlays.places.get(group.number), after.overlays.places.get(group.number)
    name = f"overlay {group.number:04X}"
    if not isinstance(old, ClassicOverlay) or not isinstance(new, ClassicOverlay):
        record.fail(OVERLAYS, name, "it is no overlay of its own any more")
        return []
    # Bits could not be held against each other.
    if (old.size, old.frame_bits) != (new.size, new.frame_bits):
        record.fail(OVERLAYS, name, "its size is another")
        return []
    proofs: list[PlaneProof] = []
    for frame in group.frames:
        where = f"{name} frame {frame + 1}"
        boxes = tuple(dict.fromkeys((*everywhere, *single.get(frame, ()))))
        try:
            a, b = classic_bits(before.header, old, frame), classic_bits(after.header, new, frame)
        except DcmauditError as error:
            record.fail(OVERLAYS, where, error.message)
            continue
        inside = mask_of(boxes, old.size.height, old.size.width)
        wrong = int(((a != b) & ~inside).sum())
        record.require(OVERLAYS, where, f"{wrong} bits differ outside the rectangles", holds=not wrong)
        if boxes:
            lit = int(b[inside].sum())
            record.require(OVERLAYS, where, f"{lit} bits inside the rectangles are still on", holds=not lit)
            proofs.append(PlaneProof(OverlayAddress(group.number, frame), boxes, boxes, ("numpy",)))
    used = (len(group.frames) - 1) * old.frame_bits + old.size.area
    _compare_rest(record, name, before.header, old, after.header, new, used)
    return proofs


def _compare_rest(record: Record, name: str, header: Header, old: ClassicOverlay, other: Header,
                  new: ClassicOverlay, used: int) -> None:  # fmt: skip
    """What stands behind the last frame: the bits of its last word, and whole bytes."""
    lengths = length_of(old.value), length_of(new.value)
    least = -(-used // 16) * 2  # the words that its frames need; more belongs to nothing
    record.require(OVERLAYS, name, f"its data have {lengths[1]} bytes instead of {lengths[0]}",
                   holds=lengths[1] == lengths[0] or least == lengths[1] < lengths[0])  # fmt: skip
    same = same_behind(
        lambda at, length: _read(header, old.value, at, length),
        lambda at, length: _read(other, new.value, at, length),
        used,
        min(lengths),
        swapped=old.swapped,
    )
    record.require(OVERLAYS, name, "what stands behind its last frame differs", holds=same)


def length_of(value: Kept | bytes) -> int:
    """Bytes of an OverlayData value."""
    return value.length if isinstance(value, Kept) else len(value)


def _read(header: Header, value: Kept | bytes, start: int, length: int) -> bytes:
    if isinstance(value, Kept):
        return header.body.read_at(value.offset + start, max(0, min(length, value.length - start)))
    return value[start : start + length]


def _behind(reader: FrameReader) -> bytes:
    """The bytes behind the first frame of an icon."""
    size = -(-reader.layout.frame_bits // 8)
    return reader.body.read_at(reader.element.offset + size, max(0, reader.element.length - size))


def is_plain_icon(icon: Icon, elements: Sequence[Element]) -> bool:
    """Whether an icon is one native frame of plain values and nothing else, which can be blacked where it lies."""
    reader = icon.reader
    if reader is None or reader.element.fragments is not None or any(e.tag not in _OF_ICONS for e in elements):
        return False
    layout = reader.layout
    size = -(-layout.frame_bits // 8)
    # Icons have eight bits and more (PS3.3 F.7); others are left out as a whole.
    if layout.bits_allocated == 1 or layout.floating or reader.element.length != size + size % 2:
        return False
    try:
        cells = bits_of(reader.cells(0)[0])
    except DcmauditError:
        return False
    return not (cells & cells.dtype.type(layout.unclaimed_mask)).any() and not reader.body.read_at(
        reader.element.offset + size, size % 2
    ).strip(b"\0")


def compare_icon(record: Record, old: Icon, new: Icon, boxes: Boxes, *, whole: bool) -> PlaneProof | None:
    """Compare an icon in which ``boxes`` were to be blacked, or all of it."""
    where = f"icon {old.number + 1}"
    if old.reader is None or new.reader is None:
        record.fail(ICONS, where, "it cannot be read")
        return None
    layout = old.reader.layout
    if not record.require(ICONS, where, "it is described in another way", holds=layout == new.reader.layout):
        return None
    boxes = (Box.whole(layout.size),) if whole else boxes
    try:
        (a, _), (b, meaning) = old.reader.cells(0), new.reader.cells(0)
        samples = samples_of(b, meaning, new.reader, new.header, 0)
    except DcmauditError as error:
        record.fail(ICONS, where, error.message)
        return None
    inside = mask_of(boxes, layout.rows, layout.columns)
    differs = bits_of(a) != bits_of(b)
    differs = differs.any(axis=2) if differs.ndim == 3 else differs
    wrong = int((differs & ~inside).sum())
    record.require(ICONS, where, f"{wrong} pixels differ outside the rectangles", holds=not wrong)
    lit = 0 if layout.floating or layout.bits_allocated == 1 else left_inside(bits_of(b), layout, inside, 0)
    record.require(ICONS, where, f"bits beside the values are on in {lit} pixels of the rectangles", holds=not lit)
    holds = _behind(new.reader) in {_behind(old.reader), bytes(len(_behind(old.reader)))}
    record.require(ICONS, where, "what stands behind its frame differs", holds=holds)
    fault = fault_inside(samples, inside)
    record.require(ICONS, where, f"inside the rectangles: {fault}", holds=fault is None)
    return PlaneProof(IconAddress(old.number), boxes, boxes, (first_decoder(new.reader),))
