"""Which elements a redacted file has other than its original (PS3.3 C.7.6.1, PS3.15 E.3)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from dcmaudit.codecs.syntaxes import TransferSyntax
from dcmaudit.dicom.header import Header
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan
from dcmaudit.model.vrs import LONG_VRS, padded

IMAGE_TYPE, DERIVATION = 0x00080008, 0x00082111
BURNED_IN, LOSSY = 0x00280301, 0x00282110
PHOTOMETRIC, PLANAR = 0x00280004, 0x00280006
DESCRIPTION = b"Areas of the pixels were blacked out by dcmaudit"

STALE = {
    0x00280106: "smallest pixel value",
    0x00280107: "largest pixel value",
    0x00280110: "smallest pixel value in plane",
    0x00280111: "largest pixel value in plane",
    0x4FFE0001: "MAC parameters",
    0xFFFAFFFA: "digital signatures",
    0x7FE00001: "extended offset table",
    0x7FE00002: "extended offset table lengths",
}
"""Elements that the original's pixels or bytes made true; they are left out (the offset tables are made anew)."""


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value to write in place of whatever was there; ``data`` is encoded but not padded."""

    vr: str
    data: bytes


Changes = dict[int, NewValue | None]
"""What becomes of elements that differ: a new value, or None for an element that is left out."""


Raw = Callable[[int], bytes | None]
"""The value of a top-level element as it lies in the file, None where it is absent."""


def changes(header: Header, raw: Raw, plan: RedactionPlan, *, strips: bool) -> Changes:
    """Every top-level element that differs, pixel data, icons, UIDs and private elements apart.

    ``strips``: bits outside the stored range are cleared.
    """
    found: Changes = dict.fromkeys(STALE)
    overlays: list[int] = []
    if plan.options.overlays is OverlayPolicy.REMOVE:
        overlays = _overlay_elements(header, embedded_only=False)
    elif plan.options.remove_high_bits:
        overlays = _overlay_elements(header, embedded_only=True)
    found |= dict.fromkeys(overlays)
    if overlays or strips or not plan.is_empty:
        found |= _derived(raw)
    if plan.options.says_clean:
        found[BURNED_IN] = NewValue("CS", b"NO")
    return found


def transcoding_changes(header: Header, *, colour: bool) -> Changes:
    """What differs beside in a file whose lossy frames are stored lossless now: they stay lossy compressed images."""
    found: Changes = {LOSSY: NewValue("CS", b"01")}
    if colour:
        found[PHOTOMETRIC], found[PLANAR] = NewValue("CS", b"RGB"), _us(0, header.syntax)
    return found


def _derived(raw: Raw) -> Changes:
    """ImageType value 1 becomes DERIVED (C.7.6.1.1.2), an empty one has none; the description joins what is there."""
    found: Changes = {}
    image_type = raw(IMAGE_TYPE)
    if image_type is not None and image_type.strip(b" \0"):
        values = image_type.strip(b" \0").split(b"\\")
        # Value 1 says whether pixel values are those of the device (PS3.3 C.7.6.1.1.2).
        if values[0].strip() != b"DERIVED":
            found[IMAGE_TYPE] = NewValue("CS", b"\\".join([b"DERIVED", *values[1:]]))
    before = (raw(DERIVATION) or b"").strip(b" \0")
    if DESCRIPTION not in before:
        joined = before + b"; " + DESCRIPTION if before else DESCRIPTION
        # ST holds 1024 characters (PS3.5 6.2).
        found[DERIVATION] = NewValue("ST", joined if len(joined) <= 1024 else before)
    return found


def element_bytes(tag: int, value: NewValue, syntax: TransferSyntax) -> bytes:
    """One whole element, padded to an even length (PS3.5 6.2)."""
    data = padded(value.data, value.vr)
    return element_head(tag, value.vr, len(data), syntax) + data


def element_head(tag: int, vr: str, length: int, syntax: TransferSyntax) -> bytes:
    """Tag, VR and length of an element in the data set's encoding."""
    order = "<" if syntax.little_endian else ">"
    head = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if syntax.implicit:
        return head + struct.pack(f"{order}L", length)
    # Two reserved bytes, then four of length (PS3.5 7.1.2).
    if vr in LONG_VRS:
        return head + vr.encode() + b"\0\0" + struct.pack(f"{order}L", length)
    return head + vr.encode() + struct.pack(f"{order}H", length)


def _overlay_elements(header: Header, *, embedded_only: bool) -> list[int]:
    tags = [*header.attributes.tags(), *header.kept]
    groups = {tag >> 16 for tag in tags if 0x6000 <= tag >> 16 <= 0x60FE and not tag >> 16 & 1}
    if embedded_only:
        with_data = {tag >> 16 for tag in tags if tag & 0xFFFF == 0x3000}
        # An overlay with OverlayData of its own lies in no bit of the cells.
        groups = {group for group in groups - with_data if header.attributes.integer(group << 16 | 0x0102)}
    return [tag for tag in tags if tag >> 16 in groups]


def _us(number: int, syntax: TransferSyntax) -> NewValue:
    return NewValue("US", struct.pack("<H" if syntax.little_endian else ">H", number))
