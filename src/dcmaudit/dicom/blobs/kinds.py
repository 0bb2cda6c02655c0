"""What may be in an element: whether its length and VR are what PS3.6 says, and whether its bytes are content."""

from __future__ import annotations

from functools import cache, lru_cache

from dcmaudit.dicom.dictionary import one_vr, private_vr, standard_vm, standard_vr
from dcmaudit.model.vrs import BYTE_VRS, NUMBER_SIZES, TEXT_LENGTHS

KEPT = frozenset({
    0x00420011, 0x00181638, 0x00221531, 0x003A032E, 0x00640009, 0x00686300, 0x04000115, 0x04000120, 0x04000310,
    0x04000404, 0x04000520,
})  # fmt: skip
_KEPT_GROUPS = frozenset({0x0014, 0x0066, 0x006A, 0x0070, 0x0080, 0x300A, 0x4010, 0x5400, 0x5600})


@lru_cache(maxsize=4096)
def is_right(tag: int, vr: str | None, length: int) -> bool:
    """Whether a standard element of that VR (None: not written) and length can be what PS3.6 says that it is."""
    kind, times = standard_vr(tag), standard_vm(tag)
    if kind is None or times is None:
        return False
    if vr in BYTE_VRS and kind != "SQ" and not any(one in BYTE_VRS for one in kind.split(" or ")):
        return False
    # A sequence that was written as UN is still to be looked into; as OB it is something else.
    if vr in BYTE_VRS and kind == "SQ":
        return False
    written = vr if vr is not None and vr not in BYTE_VRS else kind.split(" or ")[0]
    one = NUMBER_SIZES.get(written) or 4 * TEXT_LENGTHS.get(written, 0)  # a character takes four bytes at most
    most = times.split("-")[-1]
    return not one or not most.isdigit() or length <= one * int(most) + int(most)


def is_content(tag: int) -> bool:
    """Whether bytes of an element are content of their own, which stays and is named as not audited.

    Documents, waveforms, spectra, surfaces, curves and sound, calibrations, certificates.
    """
    group = tag >> 16
    is_curve = 0x5000 <= group <= 0x50FF and tag & 0xFFFF in {0x3000, 0x200C}
    return tag in KEPT or group in _KEPT_GROUPS or is_curve


def vr_of(tag: int, written: str | None, creator: str | None) -> str:
    """The VR as it is written, or as a dictionary has it; UN where nobody knows."""
    if written is not None and written != "UN":
        return written
    if tag >> 16 & 1:
        # Elements 10 to FF of a private group reserve its blocks (PS3.5 7.8.1).
        if 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"  # a private creator
        return private_vr(tag, creator) if creator else "UN"
    # Group lengths are retired outside of group 2 (PS3.5 7.2), and still written.
    if tag & 0xFFFF == 0:
        return "UL"
    return one_vr(tag)


@cache
def is_known(tag: int) -> bool:
    """Whether PS3.6 knows an element; lengths of groups are known."""
    return tag & 0xFFFF == 0 or one_vr(tag) != "UN"


@cache
def most_values(tag: int) -> int | None:
    """The most values that the standard allows, None for any number."""
    if tag & 0xFFFF == 0:
        return 1
    most = (standard_vm(tag) or "1").rpartition("-")[2]
    return None if "n" in most else int(most)
