"""Private elements that PS3.15 table E.3.10-1 ("Safe Private Attributes") calls safe to retain.

Written down from that table, row by row: private creator, group, low byte of the element, VR. It says which
elements hold nothing that identifies a person *in their attributes*; those of VR OB and SQ (codec content, volume
payloads) may hold the picture itself, with whatever is burned into it, so that "safe" does not mean "looked at".
"""

from __future__ import annotations

_SYNGO = {(0x7FD1, 0x01): "OB", (0x7FD1, 0x09): "UI", (0x7FD1, 0x10): "OB", (0x7FD1, 0x11): "OB"}
SAFE_PRIVATE: dict[str, dict[tuple[int, int], str]] = {
    "Philips PET Private Group": {(0x7053, 0x00): "DS", (0x7053, 0x09): "DS"},
    "ELSCINT1": {
        (0x00E1, 0x21): "DS", (0x00E1, 0x50): "DS", (0x01E1, 0x26): "CS", (0x01F1, 0x01): "CS", (0x01F1, 0x07): "DS",
        (0x01F1, 0x26): "DS", (0x01F1, 0x27): "DS",
    },
    "GEMS_ACQU_01": {(0x0019, 0x23): "DS", (0x0019, 0x24): "DS", (0x0019, 0x27): "DS", (0x0019, 0x9E): "LO"},
    "GEMS_PARM_01": {(0x0043, 0x27): "SH", (0x0043, 0x39): "IS", (0x0043, 0x6F): "DS"},
    "GEMS_HELIOS_01": {(0x0045, 0x01): "SS", (0x0045, 0x02): "FL"},
    "GEMS_SERS_01": {(0x0025, 0x07): "SL"},
    "GEIIS PACS": {(0x0903, 0x10): "US", (0x0903, 0x11): "US", (0x0903, 0x12): "US"},
    "HOLOGIC, Inc.": {
        (0x7E01, 0x01): "LO", (0x7E01, 0x02): "SH", (0x7E01, 0x10): "SQ", (0x7E01, 0x11): "SQ", (0x7E01, 0x12): "OB",
    },
    "NQHeader": {
        (0x0099, 0x01): "UI", (0x0099, 0x02): "UI", (0x0099, 0x04): "SS", (0x0099, 0x05): "LT", (0x0099, 0x10): "FL",
        (0x0099, 0x20): "SH", (0x0099, 0x21): "FL",
    },
    "NQLeft": {(0x0199, number): "FL" for number in range(0x01, 0x17)},
    "NQRight": {(0x0299, number): "FL" for number in range(0x01, 0x17)},
    "Philips Imaging DD 001": {(0x2001, 0x03): "FL", (0x2001, 0x04): "CS"},
    "Philips MR Imaging DD 001": {(0x2005, 0x0D): "FL", (0x2005, 0x0E): "FL"},
    "SIEMENS MR HEADER": {
        (0x0019, 0x0C): "IS", (0x0019, 0x0D): "CS", (0x0019, 0x0E): "FD", (0x0019, 0x27): "FD",
    },
    "SIEMENS Ultrasound SC2000": {
        (0x0119, 0x00): "LO", (0x0119, 0x01): "OB", (0x0119, 0x02): "SQ", (0x0119, 0x03): "SQ", (0x0119, 0x04): "OB",
        (0x0119, 0x05): "UL", (0x0119, 0x06): "UL", (0x0119, 0x07): "UL", (0x0119, 0x08): "UL", (0x0119, 0x09): "SS",
        (0x0119, 0x10): "SH", (0x0119, 0x11): "UN", (0x0119, 0x12): "UN", (0x0119, 0x13): "IS", (0x0119, 0x21): "SH",
        (0x0129, 0x00): "SQ", (0x0129, 0x02): "UI", (0x0129, 0x03): "UN", (0x0129, 0x04): "UN", (0x0129, 0x05): "UN",
        (0x0129, 0x06): "SQ", (0x0129, 0x07): "UI", (0x0129, 0x08): "OB", (0x0129, 0x09): "SQ", (0x0129, 0x10): "OB",
        (0x0129, 0x11): "SQ", (0x0129, 0x12): "UI", (0x0129, 0x20): "SQ", (0x0129, 0x21): "OB", (0x0129, 0x22): "OB",
        (0x0129, 0x29): "OB", (0x0129, 0x30): "CS", (0x0139, 0x01): "SL", (0x0149, 0x01): "FD", (0x0149, 0x02): "FD",
        (0x0149, 0x03): "FD", **_SYNGO,
    },
    "SIEMENS SYNGO ULTRA-SOUND TOYON DATA STREAMING": _SYNGO,
}  # fmt: skip
_MAY_HOLD_PICTURES = {"OB", "SQ", "UN"}


def is_safe_private(creator: str | None, tag: int) -> bool:
    """Whether the table lists the element ``tag`` of the block that ``creator`` has reserved, whatever it holds."""
    return (tag >> 16, tag & 0xFF) in SAFE_PRIVATE.get((creator or "").strip(" \0"), {})


def cannot_hold_a_picture(creator: str | None, tag: int) -> bool:
    """Whether the table lists the element, and with a VR of numbers or words."""
    vr = SAFE_PRIVATE.get((creator or "").strip(" \0"), {}).get((tag >> 16, tag & 0xFF))
    return vr is not None and vr not in _MAY_HOLD_PICTURES
