"""What a file says of how it was cleaned: methods, their codes, and who did it (PS3.15 E.1.1, E.3.1; PS3.3 C.12.1)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from dcmaudit.codecs.syntaxes import TransferSyntax
from dcmaudit.model import PlaneKind
from dcmaudit.model.redaction import OverlayPolicy, RedactionPlan
from dcmaudit.redact.elements.attributes import NewValue, Raw, element_bytes

METHOD, METHODS, EQUIPMENT = 0x00120063, 0x00120064, 0x0018A001
_NAME = b"dcmaudit"
_PURPOSE = ("109104", "De-identifying Equipment")
MEANINGS = {
    "113101": "Clean Pixel Data Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}
"""Options of PS3.15 as PS3.16 CID 7050 codes them: without the profile itself, which dcmaudit does not claim."""


def method_value(raw: Raw, plan: RedactionPlan) -> NewValue | None:
    """The new value of Deidentification Method, None where it stays: what is there comes first."""
    if plan.options.marking is None:
        return None
    text, there = plan.options.marking.method.encode("ascii"), (raw(METHOD) or b"").strip(b" \0")
    # A file that is redacted again says so once.
    if text in [part.strip(b" \0") for part in there.split(b"\\")]:
        return None
    return NewValue("LO", b"\\".join([there, text] if there else [text]))


def added_items(raw: Raw, plan: RedactionPlan, syntax: TransferSyntax) -> dict[int, bytes]:
    """Items that join those of the method codes and of the contributing equipment, by tag; nothing that is there."""
    found: dict[int, bytes] = {}
    there = raw(METHODS) or b""
    if codes := [code for code in method_codes(plan) if code.encode() not in there]:
        found[METHODS] = b"".join(_code_item(code, MEANINGS[code], syntax) for code in codes)
    if plan.options.marking is not None:
        own = _equipment(plan.options.marking.version, syntax)
        if own not in (raw(EQUIPMENT) or b""):
            found[EQUIPMENT] = own
    return found


def method_codes(plan: RedactionPlan) -> tuple[str, ...]:
    """The codes of PS3.16 CID 7050 that are true of the file: those of a clean picture, and those that are claimed."""
    codes: list[str] = []
    if plan.options.says_clean:
        codes.append("113101")
        # 113103 is about graphics: true where they are gone, or were looked at with the rest.
        if plan.options.overlays is OverlayPolicy.REMOVE or any(
            group.kind in {PlaneKind.OVERLAY, PlaneKind.EMBEDDED_OVERLAY} for group in plan.listing.groups
        ):
            codes.append("113103")
    claimed = () if plan.options.marking is None else plan.options.marking.codes
    return (*codes, *(code for code in claimed if code not in codes))


def _equipment(version: str, syntax: TransferSyntax) -> bytes:
    return _item(
        (
            (0x00080070, NewValue("LO", _NAME)),
            (0x00081090, NewValue("LO", _NAME)),
            (0x00181020, NewValue("LO", version.encode("ascii"))),
            (0x0040A170, NewValue("SQ", _code_item(*_PURPOSE, syntax))),
        ),
        syntax,
    )


def _code_item(value: str, meaning: str, syntax: TransferSyntax) -> bytes:
    """An item of a code sequence (PS3.3 8.8)."""
    texts = ((0x00080100, "SH", value), (0x00080102, "SH", "DCM"), (0x00080104, "LO", meaning))
    return _item([(tag, NewValue(vr, text.encode())) for tag, vr, text in texts], syntax)


def _item(elements: Sequence[tuple[int, NewValue]], syntax: TransferSyntax) -> bytes:
    """An item of defined length."""
    content = b"".join(element_bytes(tag, value, syntax) for tag, value in elements)
    return struct.pack(f"{'<' if syntax.little_endian else '>'}HHL", 0xFFFE, 0xE000, len(content)) + content
