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
CODES = {
    b"113101": b"Clean Pixel Data Option",
    b"113103": b"Clean Graphics Option",
    b"113104": b"Clean Structured Content Option",
    b"113105": b"Clean Descriptors Option",
    b"113106": b"Retain Longitudinal Temporal Information Full Dates Option",
    b"113107": b"Retain Longitudinal Temporal Information Modified Dates Option",
    b"113108": b"Retain Patient Characteristics Option",
    b"113109": b"Retain Device Identity Option",
    b"113111": b"Retain Safe Private Option",
    b"113112": b"Retain Institution Identity Option",
}
"""Methods of de-identification (PS3.16 CID 7050) with their meanings."""
_PURPOSE = {b"109104": b"De-identifying Equipment"}
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
    # Behind what was there, as an earlier derivation stays true.
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


def code_items(codes: Iterable[bytes], *, implicit: bool, little: bool) -> tuple[bytes, ...]:
    """Method codes, each as an item of a code sequence: value, scheme and meaning (PS3.3 8.8)."""
    return tuple(_code_item(code, CODES[code], implicit=implicit, little=little) for code in codes)


def equipment_item(version: bytes, *, implicit: bool, little: bool) -> bytes:
    """Who de-identified the file, as an item of the Contributing Equipment Sequence (PS3.3 C.12.1)."""
    ((code, meaning),) = _PURPOSE.items()
    purpose = _code_item(code, meaning, implicit=implicit, little=little)
    values = ((0x00080070, "LO", b"dcmaudit"), (0x00081090, "LO", b"dcmaudit"), (0x00181020, "LO", version),
              (0x0040A170, "SQ", purpose))  # fmt: skip
    return _item(values, implicit=implicit, little=little)


def _code_item(code: bytes, meaning: bytes, *, implicit: bool, little: bool) -> bytes:
    values = ((0x00080100, "SH", code), (0x00080102, "SH", b"DCM"), (0x00080104, "LO", meaning))
    return _item(values, implicit=implicit, little=little)


def _item(values: Iterable[tuple[int, str, bytes]], *, implicit: bool, little: bool) -> bytes:
    """An item of defined length."""
    content = b""
    for tag, vr, text in values:
        value = padded(text, vr)
        content += head(tag, None if implicit else vr, len(value), little=little) + value
    return head(0xFFFEE000, None, len(content), little=little) + content
