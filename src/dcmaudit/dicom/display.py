"""What the header says about showing values: palettes, modality transformation, windows and tables, frame by frame."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dcmaudit.codecs.samples import Lut, Palette, Window, window_problem
from dcmaudit.dicom.attributes import Attributes
from dcmaudit.dicom.header import Header
from dcmaudit.errors import HeaderError

_SHARED = 0x52009229
_LONGEST_LUT = 1 << 16


def palette_of(attributes: Attributes, *, signed: bool) -> Palette:
    """The three tables of PALETTE COLOR, segments expanded (PS3.3 C.7.6.3.1.5 and C.7.9.2).

    ``signed`` is whether stored values are: the descriptor's first mapped value is read the same way.
    Raises HeaderError where a table is missing or contradicts its descriptor.
    """
    tables = []
    for number, name in ((1, "Red"), (2, "Green"), (3, "Blue")):
        descriptor = attributes.integers(0x00281100 | number, signed=signed)
        if len(descriptor) < 3:
            raise HeaderError(f"the {name} Palette Color Lookup Table Descriptor is missing or short")
        entries, first, bits = descriptor[0] & 0xFFFF, descriptor[1], descriptor[2]
        # 0 stands for 65,536, which does not fit into the word (PS3.3 C.7.6.3.1.5).
        entries = entries or _LONGEST_LUT
        # Some writers give an unsigned first value the VR SS.
        if not signed and first < 0:
            first &= 0xFFFF
        plain = attributes.raw(0x00281200 | number)
        segmented = attributes.raw(0x00281220 | number)
        little = getattr(attributes.element(0x00281200 | number), "is_little_endian", True)
        # Both must not be there (PS3.3 C.7.9); where they are, the plain one is followed.
        if segmented is not None and plain is None:
            little = getattr(attributes.element(0x00281220 | number), "is_little_endian", True)
            data = _expanded(_segments(segmented, bits, little=little), bits)
        elif plain is not None:
            data = _words(plain, bits, entries, little=little)
            if len(plain) < 2 * entries:
                bits = 8  # one byte an entry, whatever the descriptor says
        else:
            raise HeaderError(f"the {name} Palette Color Lookup Table is missing")
        if len(data) < entries:
            raise HeaderError(f"the {name} Palette Color Lookup Table has {len(data)} of {entries} entries")
        # Descriptors say 8 bits beside entries of 16, and 16 beside entries that fill only the lower byte.
        deep = bits > 8 or int(data.max(initial=0)) > 255
        tables.append(Lut(first, 16 if deep else 8, data[:entries]))
    return Palette(*tables)


def _words(value: bytes, bits: int, entries: int, *, little: bool) -> npt.NDArray[np.uint16]:
    """Table values: 16-bit words, or one byte each where there are too few bytes for words."""
    if len(value) in {entries, entries + entries % 2} or (bits <= 8 and len(value) < 2 * entries):
        data = np.frombuffer(value, np.uint8)
        if not little:
            data = np.frombuffer(value[: len(value) // 2 * 2], "<u2").astype(">u2").view(np.uint8)
        return data.astype(np.uint16)
    return np.frombuffer(value[: len(value) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)


def _segments(value: bytes, bits: int, *, little: bool) -> npt.NDArray[np.uint16]:
    """Segment data: 16-bit words, or bytes where entries have 8 bits (written as words in big endian, PS3.5 8.1.1)."""
    even = value[: len(value) // 2 * 2]
    if bits > 8:
        return np.frombuffer(even, "<u2" if little else ">u2").astype(np.uint16)
    return np.frombuffer(even if little else np.frombuffer(even, "<u2").astype(">u2").tobytes(), np.uint8).astype(
        np.uint16
    )


def _expanded(words: npt.NDArray[np.uint16], bits: int) -> npt.NDArray[np.uint16]:
    """Discrete (0), linear (1) and indirect (2) segments written out (PS3.3 C.7.9.2)."""
    out: list[int] = []
    _expand([int(word) for word in words], bits, out, depth=0)
    return np.array(out, np.uint16)


def _expand(words: list[int], bits: int, out: list[int], *, depth: int, count: int | None = None) -> None:
    at = 0
    while at + 1 < len(words) and (count is None or count > 0) and len(out) <= _LONGEST_LUT:
        kind, length = words[at], words[at + 1]
        at += 2
        if kind == 0:
            out.extend(words[at : at + length])
            at += length
        elif kind == 1 and at < len(words):
            # It goes on from the value before it, and there is none (PS3.3 C.7.9.2.2).
            if not out:
                raise HeaderError("a segmented lookup table begins with a linear segment")
            start, end = out[-1], words[at]
            out.extend(round(start + (end - start) * (i + 1) / length) for i in range(min(length, _LONGEST_LUT)))
            at += 1
        elif kind == 2 and at < len(words) - (0 if bits > 8 else 3):
            # Not allowed (PS3.3 C.7.9.2.3), and it could lead to itself.
            if depth:
                raise HeaderError("a segmented lookup table has an indirect segment inside an indirect one")
            step = 2 if bits > 8 else 4
            place = sum(words[at + i] << (i * (16 if bits > 8 else 8)) for i in range(step)) if at + step <= len(
                words) else 0  # fmt: skip
            place = place // 2 if bits > 8 else place
            _expand(words[place:], bits, out, depth=1, count=length)
            at += step
        else:
            raise HeaderError(f"a segmented lookup table has a segment of the unknown type {kind}")
        if count is not None:
            count -= 1


def groups_of(header: Header, frame: int, macro: int) -> list[Attributes]:
    """The items of a functional group macro that hold for a frame: its own, else the shared one (PS3.3 C.7.6.16)."""
    own = header.frame_groups.item(frame) if header.frame_groups is not None else None
    for holder in (own, header.attributes.item(_SHARED, 0)):
        found = holder.items(macro) if holder is not None else []
        if found:
            return found
    return []


def modality_of(header: Header, frame: int, *, signed: bool) -> tuple[float, float] | Lut | None:
    """The modality transformation of a frame: a table, or (slope, intercept); None where there is none."""
    attributes = header.attributes
    # A Modality LUT Sequence excludes a rescale (PS3.3 C.11.1); where both are there the table is followed.
    for item in attributes.items(0x00283000):
        lut = _lut(item, signed=signed)
        if lut is not None:
            return lut
    for source in (*groups_of(header, frame, 0x00289145), attributes):
        slope, intercept = source.decimals(0x00281053), source.decimals(0x00281052)
        # A slope of 0 would make every value equal, and hide all of the picture.
        if slope and intercept and math.isfinite(slope[0]) and math.isfinite(intercept[0]) and slope[0] != 0:
            return slope[0], intercept[0]
    return None


def windows_of(header: Header, frame: int) -> tuple[Window, ...]:
    """The VOI windows of a frame, in the order of the header; also those that cannot be applied, see ``voi_choice``."""
    for source in (*groups_of(header, frame, 0x00289132), header.attributes):
        centers, widths = source.decimals(0x00281050), source.decimals(0x00281051)
        function = source.code(0x00281056) or "LINEAR"
        windows = tuple(
            # A window is a pair: what stands behind the shorter of the two lists has no partner (PS3.3 C.11.2.1.2).
            Window(center, width, function)
            for center, width in zip(centers, widths, strict=False)
        )
        if windows:
            return windows
    return ()


def display_notes(header: Header) -> list[str]:
    """What the header says about showing values and is not followed, in words; by the windows of the first frame.

    PresentationLUTShape must agree with PhotometricInterpretation (PS3.3 C.8.11.3.1.2: IDENTITY with MONOCHROME2,
    INVERSE with MONOCHROME1). Where it does not, programs differ, and here the latter decides.
    """
    attributes, found = header.attributes, []
    photometric, shape = attributes.code(0x00280004), attributes.code(0x20500020)
    # PresentationLUTShape (2050,0020) says in other words what PhotometricInterpretation says.
    usual = {"MONOCHROME1": "INVERSE", "MONOCHROME2": "IDENTITY"}.get(photometric or "")
    if usual and shape in {"INVERSE", "IDENTITY"} and shape != usual:
        found.append(
            f"PresentationLUTShape {shape} contradicts {photometric}, which is followed; other programs may invert it"
        )
    windows = windows_of(header, 0) if usual else ()
    problem = window_problem(windows[0]) if windows else None
    if problem:
        found.append(f"{problem}: the VOI view shows the full range instead")
    return found


def voi_luts_of(attributes: Attributes, *, signed: bool) -> tuple[Lut, ...]:
    """The VOI lookup tables (PS3.3 C.11.2), malformed ones left out."""
    tables = (_lut(item, signed=signed) for item in attributes.items(0x00283010))
    return tuple(table for table in tables if table is not None)


def _lut(item: Attributes, *, signed: bool) -> Lut | None:
    descriptor = item.integers(0x00283002, signed=signed)
    if len(descriptor) < 3:
        return None
    entries, first, bits = (descriptor[0] & 0xFFFF) or _LONGEST_LUT, descriptor[1], descriptor[2]
    raw = item.raw(0x00283006)
    if raw is not None:
        data = _words(raw, bits, entries, little=getattr(item.element(0x00283006), "is_little_endian", True))
    else:
        data = np.array([value & 0xFFFF for value in item.integers(0x00283006)], np.uint16)
    return Lut(first, bits, data[:entries]) if len(data) >= entries and 1 <= bits <= 16 else None
