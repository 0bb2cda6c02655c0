"""Values in which a picture could hide: by their size, by how they begin, and by what PS3.6 says of their element."""

from __future__ import annotations

import re
from functools import lru_cache

from pydicom.datadict import get_entry

from dcmaudit.model.vrs import BYTE_VRS

LEAST = 576
"""Bytes of a picture of 24 x 24 pixels: fewer hold nothing that a person could read."""

_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "AT": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
_CHARACTERS = {"AE": 16, "AS": 4, "CS": 16, "DA": 26, "DS": 16, "DT": 54, "IS": 12, "LO": 64, "LT": 10240, "PN": 324,
               "SH": 16, "ST": 1024, "TM": 28, "UI": 64}  # fmt: skip
"""Bytes of one value of each type of numbers, and characters of one of each type of text (PS3.5 table 6.2-1)."""

_ANYWHERE = re.compile(
    rb"\xff\xd8\xff[\xc0-\xfe]|\xff\x4f\xff\x51|\0\0\0\x0cjP  |\0\0\0\x0cJXL |\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP"
    rb"|8BPS\0|%PDF-|/9j/[24]|iVBORw0KGgo|R0lGODlh|R0lGODdh|/0//UQ|AAAADGpQICA",
    re.DOTALL,
)
_BEGINNING = re.compile(rb"\s*(II\*\0|MM\0\*|BM....\0\0\0\0|\xff\x0a[\x01-\xff]|P[1-7]\s\d|SUkq|TU0AK|Qk0)", re.DOTALL)


def has_signature(value: bytes) -> bool:
    """Whether a value holds the first bytes of a picture, as they are or as base64."""
    return _ANYWHERE.search(value) is not None or _BEGINNING.match(value) is not None


@lru_cache(maxsize=4096)
def known_vr(tag: int) -> tuple[str, str] | None:
    """VR and VM of a standard element (PS3.6), None for one that is unknown."""
    try:
        entry = get_entry(tag)
    except KeyError:
        return None
    return str(entry[0]), str(entry[1])


@lru_cache(maxsize=4096)
def is_right(tag: int, vr: str | None, length: int) -> bool:
    """Whether a standard element of that VR (None: not written) and length can be what PS3.6 says that it is."""
    known = known_vr(tag)
    if known is None:
        return False
    kind, times = known
    if vr in BYTE_VRS and kind != "SQ" and not any(one in BYTE_VRS for one in kind.split(" or ")):
        return False
    if vr in BYTE_VRS and kind == "SQ":
        return False
    written = vr if vr is not None and vr not in BYTE_VRS else kind.split(" or ")[0]
    one = _SIZES.get(written) or 4 * _CHARACTERS.get(written, 0)  # a character takes four bytes at most
    most = times.split("-")[-1]
    return not one or not most.isdigit() or length <= one * int(most) + int(most)


KEPT = frozenset({
    0x00420011, 0x00181638, 0x00221531, 0x003A032E, 0x00640009, 0x00686300, 0x04000115, 0x04000120, 0x04000310,
    0x04000404, 0x04000520,
})  # fmt: skip
_KEPT_GROUPS = frozenset({0x0014, 0x0066, 0x006A, 0x0070, 0x0080, 0x300A, 0x4010, 0x5400, 0x5600})


def is_content(tag: int) -> bool:
    """Whether bytes of an element are content of their own, which stays and is named as not audited.

    Documents, waveforms, spectra, surfaces, curves and sound, calibrations, certificates.
    """
    group = tag >> 16
    is_curve = 0x5000 <= group <= 0x50FF and tag & 0xFFFF in {0x3000, 0x200C}
    return tag in KEPT or group in _KEPT_GROUPS or is_curve
