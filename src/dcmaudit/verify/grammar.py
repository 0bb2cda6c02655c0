"""What a redacted file may say that its original did not: fixed words, codes and forms, byte for byte.

A redactor that wants to hide the original needs room for it. What is new is therefore compared with what the plan and
the original allow, built here anew, and never judged by whether it looks harmless.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from dcmaudit.verify.vrs import LONG

SENTENCES = (b"Areas of the pixels were blacked out by dcmaudit",)
"""What may be added to DerivationDescription."""
IMPLEMENTATION = b"2.25.224012331466403266107938103287187540913"
VERSION = b"DCMAUDIT"
"""How dcmaudit names itself in the file meta information."""
CODES = {b"113101": b"Clean Pixel Data Option", b"113103": b"Clean Graphics Option"}
"""Methods of de-identification (PS3.16 CID 7050) with their meanings."""
_MADE_UID = re.compile(rb"2\.25\.(0|[1-9][0-9]{0,38})")
_LARGEST_TEXT = 1024


def is_made_uid(value: bytes) -> bool:
    """Whether a UID is one that anybody may make from a UUID (PS3.5 B.2): it names nothing, and holds 16 bytes."""
    return _MADE_UID.fullmatch(value) is not None and int(value[5:]) < 1 << 128


def bare(value: bytes) -> bytes:
    """A text without what pads it."""
    return value.strip(b" \0")


def padded(value: bytes, vr: str | None) -> bytes:
    """A text of even length: one blank behind an odd one, one 00 behind a UID (PS3.5 6.2)."""
    return value + (b"\0" if vr in {"UI", "OB", "UN"} else b" ") * (len(value) % 2)


def is_text(new: bytes | None, wanted: bytes, vr: str | None) -> bool:
    """Whether a value is this text, padded as the standard says and with nothing else."""
    return new in {padded(wanted, vr), padded(wanted, "CS")}


def derived(value: bytes) -> bytes:
    """A bare ImageType or FrameType whose first value is DERIVED; the others stay (PS3.3 C.7.6.1.1.2)."""
    first, *others = value.split(b"\\")
    return value if first.strip() == b"DERIVED" else b"\\".join([b"DERIVED", *others])


def descriptions(old: bytes) -> set[bytes]:
    """What may stand in DerivationDescription where it was ``old`` (bare, empty where there was none)."""
    joined = {b"; ".join([old, sentence]) if old else sentence for sentence in SENTENCES}
    return {old, *(text for text in joined if len(text) <= _LARGEST_TEXT)} if old else joined


def head(tag: int, vr: str | None, length: int, *, little: bool) -> bytes:
    """Tag, VR (None in implicit encoding) and length of an element; reserved bytes are 00 (PS3.5 7.1.2)."""
    order = "<" if little else ">"
    start = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if vr is None:
        return start + struct.pack(f"{order}L", length)
    if vr in LONG:
        return start + vr.encode("latin-1") + b"\0\0" + struct.pack(f"{order}L", length)
    return start + vr.encode("latin-1") + struct.pack(f"{order}H", length)


def code_items(codes: Iterable[bytes], *, implicit: bool, little: bool) -> bytes:
    """Method codes as items of a code sequence: value, scheme and meaning, each length defined (PS3.3 8.8)."""
    items = b""
    for code in codes:
        content = b""
        for tag, vr, text in ((0x00080100, "SH", code), (0x00080102, "SH", b"DCM"), (0x00080104, "LO", CODES[code])):
            value = padded(text, vr)
            content += head(tag, None if implicit else vr, len(value), little=little) + value
        items += head(0xFFFEE000, None, len(content), little=little) + content
    return items
